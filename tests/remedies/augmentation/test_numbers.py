import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.random_bits import Stream
from heldout.remedies.augmentation import numbers

STREAM = Stream(3, 4, 5, 1)
add_noise, scale_values = jax.jit(numbers.add_noise), jax.jit(numbers.scale_values)
swap_values = jax.jit(numbers.swap_values)


@pytest.mark.parametrize("strength", [0.1, 2.0])
def test_noise_has_mean_zero_and_the_spread_asked_for(strength):
    x = jnp.arange(12.0).reshape(1, 12) * jnp.ones((5000, 1))
    noise = np.asarray(add_noise(STREAM, x, strength) - x)
    assert abs(noise.mean()) < 5 * strength / np.sqrt(noise.size)
    assert noise.std() == pytest.approx(strength, rel=0.02)
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 0.08


def test_noise_is_new_at_every_step():
    x = jnp.zeros((4, 3))
    one, other = (add_noise(STREAM._replace(step=step), x, 1.0) for step in (0, 1))
    assert (one != other).all()


def test_signals_are_scaled_as_a_whole_by_the_ratios_named():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3000, 7, 2)).astype(np.float32))
    ratio = np.asarray(scale_values(STREAM, x, 0.5)) / np.asarray(x)
    assert np.ptp(ratio, axis=(1, 2)).max() < 1e-4
    assert ratio.min() >= 1 / 1.5 - 1e-4
    assert ratio.max() <= 1.5 + 1e-4
    assert abs(np.log(ratio).mean()) < 0.02


@pytest.mark.parametrize("strength", [0.1, 0.6])
def test_the_stated_share_of_features_takes_the_value_of_another_row(strength):
    n_rows, n_features = 400, 9
    x = np.arange(n_rows * n_features, dtype=np.float32).reshape(n_rows, n_features)
    after = np.asarray(swap_values(STREAM, jnp.asarray(x), strength))
    taken = after != x
    assert abs(taken.mean() - strength) < 5 * np.sqrt(strength * (1 - strength) / x.size)
    np.testing.assert_array_equal(after % n_features, x % n_features)  # of the same column
    distance = ((after // n_features - x // n_features) % n_rows)[taken]
    assert distance.min() >= 1  # never the row itself
    assert np.histogram(distance, bins=4, range=(1, n_rows))[0].min() > 0.15 * taken.sum()  # any other row


def test_slots_of_one_category_change_together():
    rng = np.random.default_rng(0)
    first, second = np.eye(3)[rng.integers(0, 3, 300)], np.eye(4)[rng.integers(0, 4, 300)]
    x = np.concatenate([first, rng.normal(size=(300, 1)), second, rng.normal(size=(300, 1))], axis=1)
    blocks = jnp.array([0, 0, 0, -1, 5, 5, 5, 5, -1])
    after = np.asarray(swap_values(STREAM, jnp.asarray(x.astype(np.float32)), 0.5, blocks=blocks))
    np.testing.assert_array_equal(after[:, :3].sum(axis=1), 1.0)
    np.testing.assert_array_equal(after[:, 4:8].sum(axis=1), 1.0)
    torn = np.asarray(swap_values(STREAM, jnp.asarray(x.astype(np.float32)), 0.5))
    assert (torn[:, :3].sum(axis=1) != 1.0).any()  # without blocks they would be torn apart


def test_a_batch_of_one_row_has_nobody_to_swap_with():
    x = jnp.ones((1, 3))
    assert swap_values(STREAM, x, 1.0).tolist() == x.tolist()
