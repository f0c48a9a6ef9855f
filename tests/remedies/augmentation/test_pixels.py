import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.random_bits import Stream
from heldout.remedies.augmentation import pixels
from heldout.remedies.augmentation.pixels import LARGEST_SHIFT

STREAM = Stream(3, 4, 5, 2)
cut_out, flip, shift = jax.jit(pixels.cut_out), jax.jit(pixels.flip), jax.jit(pixels.shift)
N_ROWS, HEIGHT, WIDTH = 400, 12, 8


def draw_pictures(channels=2):
    return np.random.default_rng(0).normal(size=(N_ROWS, HEIGHT, WIDTH, channels)).astype(np.float32)


def move_by_hand(picture, down, right):
    """One picture moved by whole pixels, with zeros coming in."""
    moved = np.zeros_like(picture)
    for row in range(HEIGHT):
        for column in range(WIDTH):
            if 0 <= row - down < HEIGHT and 0 <= column - right < WIDTH:
                moved[row, column] = picture[row - down, column - right]
    return moved


def test_every_picture_is_moved_by_whole_pixels_within_the_strength():
    x = draw_pictures()
    after = np.asarray(shift(STREAM, jnp.asarray(x), 0.25))
    seen = set()
    for before, moved in zip(x, after, strict=True):
        found = [
            (down, right)
            for down in range(-3, 4)
            for right in range(-2, 3)
            if np.array_equal(move_by_hand(before, down, right), moved)
        ]
        assert len(found) == 1
        seen.update(found)
    assert len(seen) == 7 * 5  # every shift occurs, in both directions


def test_no_shift_is_larger_than_the_margin():
    x = jnp.ones((50, HEIGHT, WIDTH, 1))
    assert float(shift(STREAM, x, LARGEST_SHIFT).sum(axis=(1, 2, 3)).min()) >= (HEIGHT - 3) * (WIDTH - 2)


@pytest.mark.parametrize(("strength", "share"), [(0.5, 0.5), (1.0, 1.0), (0.1, 0.1)])
def test_the_stated_share_is_mirrored_and_the_rest_left_alone(strength, share):
    x = draw_pictures()
    after = np.asarray(flip(STREAM, jnp.asarray(x), strength))
    mirrored = np.array([np.array_equal(one, other[:, ::-1]) for one, other in zip(after, x, strict=True)])
    same = np.array([np.array_equal(one, other) for one, other in zip(after, x, strict=True)])
    assert (mirrored ^ same).all()
    assert abs(mirrored.sum() - share * N_ROWS) <= 5 * np.sqrt(N_ROWS * share * (1 - share))


def test_one_square_of_each_picture_is_blank():
    after = np.asarray(cut_out(STREAM, jnp.ones((N_ROWS, HEIGHT, WIDTH, 1)), 0.5))[..., 0]
    for picture in after:
        rows, columns = np.where(picture == 0)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert height <= 5 and width <= 5  # noqa: PT018 - one square
        assert (picture[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] == 0).all()
    blank = (after == 0).mean(axis=0)
    assert blank.min() > 0.02  # everywhere, the edges included
    assert 0.06 < blank.mean() < 16 / (HEIGHT * WIDTH) + 0.02


def test_signals_are_moved_in_time_all_channels_together():
    x = np.random.default_rng(0).normal(size=(300, 12, 2)).astype(np.float32)
    after = np.asarray(shift(STREAM, jnp.asarray(x), 0.25))
    seen = set()
    for before, moved in zip(x, after, strict=True):
        by_hand = {step: np.pad(before, ((3, 3), (0, 0)))[3 - step : 15 - step] for step in range(-3, 4)}
        found = [step for step, candidate in by_hand.items() if np.array_equal(candidate, moved)]
        assert len(found) == 1
        seen.update(found)
    assert seen == set(range(-3, 4))
