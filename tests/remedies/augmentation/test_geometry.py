import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.random_bits import Stream
from heldout.remedies.augmentation.geometry import (
    resample,
    rotate_matrix,
    shear_matrix,
    turn,
    zoom_matrix,
)

STREAM = Stream(3, 4, 5, 7)
QUARTER = [[0.0, 1.0], [-1.0, 0.0]]


def draw_pictures(n_rows=4, height=6, width=6, channels=2):
    return np.random.default_rng(0).normal(size=(n_rows, height, width, channels)).astype(np.float32)


@jax.jit
def move_all_ways(x):
    matrices = [matrix(STREAM, len(x), 1.0) for matrix in (zoom_matrix, shear_matrix)]
    return resample(x, rotate_matrix(STREAM, len(x), 180.0) @ matrices[0] @ matrices[1])


def repeat(matrix, n_rows):
    return jnp.tile(jnp.array(matrix, jnp.float32), (n_rows, 1, 1))


def test_the_unit_matrix_changes_nothing_bit_for_bit():
    x = draw_pictures(height=5, width=8)
    np.testing.assert_array_equal(jax.jit(resample)(jnp.asarray(x), repeat(np.eye(2), 4)), x)


def test_a_quarter_turn_is_a_quarter_turn():
    x = draw_pictures()
    turned = np.asarray(jax.jit(resample)(jnp.asarray(x), repeat(QUARTER, 4)))
    np.testing.assert_allclose(turned, np.rot90(x, 1, axes=(1, 2)), atol=1e-5)


def test_twice_as_far_reads_a_reflection_at_the_outermost_pixels():
    row = jnp.arange(5.0).reshape(1, 1, 5, 1)
    seen = resample(row, repeat([[1.0, 0.0], [0.0, 2.0]], 1))
    assert seen.ravel().tolist() == [2.0, 0.0, 2.0, 4.0, 2.0]  # places -2, 0, 2, 4, 6


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3)])
def test_pictures_of_one_row_or_column_are_no_trouble_and_no_value_is_invented(shape):
    x = draw_pictures(50, *shape)
    seen = np.asarray(move_all_ways(jnp.asarray(x)))
    assert (seen <= x.max(axis=(1, 2), keepdims=True) + 1e-5).all()
    assert (seen >= x.min(axis=(1, 2), keepdims=True) - 1e-5).all()


def test_angles_sizes_and_slants_fill_their_range_evenly():
    n = 4000
    turned = np.asarray(rotate_matrix(STREAM, n, 30.0))
    angles = np.degrees(np.arctan2(turned[:, 0, 1], turned[:, 0, 0]))
    np.testing.assert_allclose(np.linalg.det(turned), 1.0, atol=1e-5)
    assert np.abs(angles).max() <= 30.001
    assert angles.std() == pytest.approx(30 / np.sqrt(3), rel=0.05)
    steps = np.log(np.asarray(zoom_matrix(STREAM, n, 0.5))[:, 0, 0])
    assert np.abs(steps).max() <= np.log(1.5) + 1e-6
    assert steps.std() == pytest.approx(np.log(1.5) / np.sqrt(3), rel=0.05)
    slants = np.asarray(shear_matrix(STREAM, n, 0.2))[:, 1, 0]
    assert slants.std() == pytest.approx(0.2 / np.sqrt(3), rel=0.05)


@pytest.mark.parametrize(("side", "n_positions"), [((6, 6), 8), ((6, 4), 4)])
def test_turned_pictures_take_all_other_positions_equally_often(side, n_positions):
    n = 4000
    x = np.tile(draw_pictures(1, *side), (n, 1, 1, 1))
    after = np.asarray(jax.jit(turn)(STREAM, jnp.asarray(x), 1.0))
    one = x[0]
    positions = [
        mirror(turned) for turned in quarter_turns(one) for mirror in (lambda p: p, lambda p: p[:, ::-1])
    ]
    counts = [
        int((after == position).all(axis=(1, 2, 3)).sum())
        for position in positions
        if position.shape == one.shape
    ]
    assert len(counts) == n_positions
    assert counts[0] == 0  # as it was
    assert sum(counts) == n
    expected = n / (n_positions - 1)
    assert all(abs(count - expected) < 5 * np.sqrt(expected) for count in counts[1:])


def quarter_turns(picture):
    return [np.rot90(picture, times) for times in range(4)]


def test_the_stated_share_is_turned():
    x = draw_pictures(2000)
    same = (np.asarray(jax.jit(turn)(STREAM, jnp.asarray(x), 0.3)) == x).all(axis=(1, 2, 3)).mean()
    assert same == pytest.approx(0.7, abs=0.05)
