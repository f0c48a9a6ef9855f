"""Shrinking, hashing and laying over against stupid references."""

from __future__ import annotations

import numpy as np
import pytest
from tests.test_lookalikes import draw

from heldout.records import ArrayColumn, ArrayPolicy, Kind
from heldout.shrunk import MIRROR, Shrunk, hash_pictures, lay_over, shrink_pictures


def shrink(values: np.ndarray, channels: tuple[str, ...] = ("red", "green", "blue")) -> Shrunk:
    policy = ArrayPolicy(Kind.PICTURE, str(values.dtype), channels)
    return shrink_pictures(ArrayColumn("picture", Kind.PICTURE, values, policy))


def correlate(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one.reshape(-1), other.reshape(-1))[0, 1])


def lay_slowly(one: np.ndarray, other: np.ndarray) -> float:
    """The highest correlation of the middle of one with a part of the other, window by window."""
    up, across = (max(1, round(length / 8)) for length in one.shape)
    high, wide = one.shape[0] - 2 * up, one.shape[1] - 2 * across
    middle = one[up : up + high, across : across + wide]
    return max(
        correlate(middle, other[row : row + high, column : column + wide])
        for row in range(2 * up + 1)
        for column in range(2 * across + 1)
    )


@pytest.mark.parametrize("shape", [(32, 32), (24, 16), (9, 30)])
def test_laying_over_agrees_with_all_windows_one_by_one(shape: tuple[int, int]) -> None:
    values = draw(np.random.default_rng(0), 6)[:, : shape[0], : shape[1]]
    shrunk = shrink(values)
    candidates = np.array([[0, 1, 0], [2, 3, 0], [4, 5, 1], [1, 1, 0]])
    found = lay_over(shrunk, candidates, is_zoomed=False)
    bands = shrunk.bands.astype(float)
    truth = [
        lay_slowly(bands[one], bands[other][:, ::-1] if turned else bands[other])
        for one, other, turned in candidates.tolist()
    ]
    assert found.tolist() == pytest.approx(truth, abs=1e-4)
    assert found[3] == pytest.approx(1.0, abs=1e-4)


def test_zoom_and_half_size() -> None:
    values = draw(np.random.default_rng(1), 2, 64)
    values[1, :, :] = 0
    small = values[0][4:60, 4:60]  # the middle, enlarged to the whole
    from PIL import Image

    values[1] = np.asarray(Image.fromarray(small).resize((64, 64), Image.Resampling.BICUBIC))
    shrunk = shrink(values)
    pair = np.array([[0, 1, 0]])
    plain, zoomed = lay_over(shrunk, pair, is_zoomed=False)[0], lay_over(shrunk, pair)[0]
    assert zoomed > max(plain, 0.97)
    same = np.array([[0, 0, 0]])
    assert lay_over(shrunk, same, is_half=True, is_zoomed=False)[0] == pytest.approx(1.0, abs=1e-4)


def test_mirroring_a_picture_changes_the_signs_of_odd_frequencies() -> None:
    values = draw(np.random.default_rng(2), 5)
    points, mirrored = shrink(values).points, shrink(values[:, :, ::-1]).points
    np.testing.assert_allclose(mirrored, points * MIRROR, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(points, axis=1), 1.0, rtol=1e-5)


def test_hashes_survive_brightness_and_saving_and_differ_between_pictures() -> None:
    values = draw(np.random.default_rng(3), 40)
    noise = np.random.default_rng(4).normal(0, 3, values.shape)
    again = np.clip(values * 0.8 + 10 + noise, 0, 255).astype(np.uint8)
    one, other = hash_pictures(shrink(values)), hash_pictures(shrink(again))

    def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.array([int(bits).bit_count() for bits in first ^ second])

    assert np.median(distance(one, other)) <= 4
    assert np.median(distance(one, np.roll(one, 1))) >= 16


def test_flat_pictures_have_no_energy_and_masks_do_not_count() -> None:
    values = draw(np.random.default_rng(5), 4)
    values[2] = 90
    assert (shrink(values).energy > 0).tolist() == [True, True, False, True]
    mask = np.random.default_rng(6).integers(0, 2, (4, 32, 32, 1)) * 255
    whole = np.concatenate([values, mask.astype(np.uint8)], axis=3)
    np.testing.assert_array_equal(
        shrink(whole, ("red", "green", "blue", "alpha")).bands, shrink(values).bands
    )
