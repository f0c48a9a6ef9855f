import jax.numpy as jnp
import numpy as np
import pytest

from heldout.random_bits import Stream
from heldout.remedies.augmentation.numbers import add_noise

STREAM = Stream(3, 4, 5, 1)


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
