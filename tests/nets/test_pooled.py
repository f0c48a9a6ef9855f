"""The linear network of a shrunken picture beside sums written out; the steps of the first residual convolution."""

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from heldout.nets import Net, list_layers
from heldout.nets.convolution import convolve
from heldout.nets.pooled import count_fields, pool_fields
from heldout.nets.residual import MOST_PLACES, find_first_stride, list_residual_stages


def average_fields(x):
    """Each field by itself, with what it holds at the edge."""
    side = -(-max(x.shape[1:3]) // 16)
    rows, columns = (-(-length // side) for length in x.shape[1:3])
    fields = [
        [x[:, r * side : (r + 1) * side, c * side : (c + 1) * side].mean(axis=(1, 2)) for c in range(columns)]
        for r in range(rows)
    ]
    return np.stack([np.stack(row, axis=1) for row in fields], axis=1)


@pytest.mark.parametrize("shape", [(8, 8, 3), (16, 16, 1), (17, 5, 2), (64, 64, 1), (50, 33, 3), (1, 40, 1)])
def test_fields_are_the_means_of_what_they_hold(shape):
    x = np.random.default_rng(0).normal(size=(4, *shape)).astype(np.float32)
    pooled = pool_fields(jnp.asarray(x))
    assert pooled.shape[1:] == count_fields(shape)
    np.testing.assert_allclose(pooled, average_fields(x), atol=1e-5)


def test_no_picture_has_more_weights_than_sixteen_fields_a_side():
    for side in (1, 16, 40, 300):
        (layer,) = list_layers(Net("pooled", (side, side, 3), 10))
        assert layer.arrays[0].shape[0] <= 16


def test_small_pictures_stay_as_they_are():
    x = jnp.asarray(np.random.default_rng(1).normal(size=(2, 16, 12, 3)))
    np.testing.assert_array_equal(pool_fields(x), x)


@pytest.mark.parametrize("side", [20, 48, 49, 96, 97, 200])
def test_the_first_residual_convolution_reads_every_pixel_and_leaves_few_places(side):
    stride = find_first_stride((side, side, 1))
    first, second = list_residual_stages(Net("residual", (side, side, 1), 2, channels=(2,), kernel=3))[:2]
    kernel = first.arrays[0].shape[0]
    assert kernel >= stride
    assert second.uses == (-(-side // stride)) ** 2 <= MOST_PLACES**2
    seen = np.zeros(side, bool)
    x = jnp.eye(side)[:, None, :, None]  # a picture for each column with one bright pixel
    made = convolve(x, jnp.ones((1, kernel, 1, 1)), stride=stride)
    seen |= np.asarray(made).any(axis=(1, 2, 3))
    assert seen.all()


def test_steps_of_two_are_those_of_the_textbook():
    rng = np.random.default_rng(2)
    x, weight = (rng.normal(size=shape).astype(np.float32) for shape in ((2, 50, 7, 3), (3, 3, 3, 4)))
    theirs = lax.conv_general_dilated(x, weight, (2, 2), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    np.testing.assert_allclose(convolve(jnp.asarray(x), jnp.asarray(weight), stride=2), theirs, atol=1e-4)
