import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.random_bits import Stream
from heldout.remedies.augmentation import light

STREAM = Stream(3, 4, 5, 11)
change_brightness, change_contrast = jax.jit(light.change_brightness), jax.jit(light.change_contrast)
blur, sharpen = jax.jit(light.blur), jax.jit(light.sharpen)


def draw_pictures(n_rows=500, side=6, channels=2):
    return np.random.default_rng(0).normal(size=(n_rows, side, side, channels)).astype(np.float32)


def test_brightness_moves_whole_pictures_within_the_strength_in_standard_deviations():
    x = draw_pictures()
    moved = np.asarray(change_brightness(STREAM, jnp.asarray(x), 0.4)) - x
    assert np.ptp(moved, axis=(1, 2, 3)).max() < 1e-5
    assert np.abs(moved).max() <= 0.4 + 1e-6
    assert moved.std() == pytest.approx(0.4 / np.sqrt(3), rel=0.1)
    assert abs(moved.mean()) < 0.05


def test_contrast_keeps_means_and_changes_spreads_by_the_ratios_named():
    x = draw_pictures() + 3.0
    after = np.asarray(change_contrast(STREAM, jnp.asarray(x), 0.5))
    np.testing.assert_allclose(after.mean(axis=(1, 2)), x.mean(axis=(1, 2)), atol=1e-5)
    ratio = after.std(axis=(1, 2)) / x.std(axis=(1, 2))
    np.testing.assert_allclose(ratio[:, 0], ratio[:, 1], rtol=1e-4)  # all channels alike
    assert ratio.min() >= 1 / 1.5 - 1e-4
    assert ratio.max() <= 1.5 + 1e-4
    assert abs(np.log(ratio).mean()) < 0.05


def test_blur_keeps_flat_pictures_and_takes_detail_from_others():
    x = draw_pictures()
    after = np.asarray(blur(STREAM, jnp.asarray(x), 1.0))
    assert (after.std(axis=(1, 2)) <= x.std(axis=(1, 2)) + 1e-5).all()
    assert after.std() < 0.8 * x.std()
    np.testing.assert_allclose(blur(STREAM, jnp.ones((3, 5, 7, 1)), light.LARGEST_BLUR), 1.0, atol=1e-6)


def test_sharpening_raises_detail_and_keeps_flat_pictures():
    x = draw_pictures()
    after = np.asarray(sharpen(STREAM, jnp.asarray(x), 2.0))
    assert after.std() > 1.3 * x.std()
    np.testing.assert_allclose(sharpen(STREAM, jnp.ones((3, 5, 7, 1)), 2.0), 1.0, atol=1e-5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (2, 2)])
def test_pictures_smaller_than_the_window_are_no_trouble(shape):
    x = jnp.ones((2, *shape, 1)) * 3.0
    for change in (blur, sharpen):
        np.testing.assert_allclose(change(STREAM, x, 1.0), x, rtol=1e-5)
