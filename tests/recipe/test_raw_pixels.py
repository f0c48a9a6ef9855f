"""Pixels of a file are found in the array where a reader put them, and back."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from heldout.errors import RecipeError
from heldout.recipe.raw_pixels import find_area, find_pixel
from heldout.records import ArrayPolicy, Kind
from heldout.sources.pictures import decode_picture


def make_policy(fit: str, height: int = 16, width: int = 16) -> ArrayPolicy:
    return ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), height, width, fit=fit)


def pack(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("fit", ["scale", "crop", "pad"])
@pytest.mark.parametrize("size", [(64, 96), (96, 64), (40, 40), (16, 16), (9, 13), (31, 77)])
def test_a_bright_square_of_the_file_lies_where_it_is_said_to_lie(fit: str, size: tuple[int, int]) -> None:
    """The reader itself is the judge: a block as large as a pixel of the array is brightest there."""
    policy, rng = make_policy(fit), np.random.default_rng(0)
    asked = 0
    for _ in range(12):
        at = (int(rng.integers(size[0])), int(rng.integers(size[1])))
        try:
            place = find_pixel(policy, size, at)
        except RecipeError:
            continue
        area = find_area(policy, size, place)
        assert area is not None
        (top, bottom), (left, right) = area
        assert top <= at[0] <= bottom
        assert left <= at[1] <= right
        values = np.zeros(size, np.uint8)
        values[top : bottom + 1, left : right + 1] = 255
        made = decode_picture(pack(values), policy)[..., 0].astype(int)
        assert made[place] >= 0.9 * made.max()
        asked += 1
    assert asked >= 3


@settings(max_examples=60, deadline=None)
@given(
    fit=st.sampled_from(("scale", "crop", "pad")),
    size=st.tuples(st.integers(4, 90), st.integers(4, 90)),
    target=st.tuples(st.integers(4, 32), st.integers(4, 32)),
)
def test_there_and_back(fit: str, size: tuple[int, int], target: tuple[int, int]) -> None:
    """Every pixel of the array that is no padding has an area; where files shrink, its pixels lead back to it."""
    policy = make_policy(fit, *target)
    for row in range(0, target[0], 3):
        for column in range(0, target[1], 3):
            area = find_area(policy, size, (row, column))
            if area is None:
                assert fit == "pad"
                continue
            (top, bottom), (left, right) = area
            assert 0 <= top <= bottom < size[0]
            assert 0 <= left <= right < size[1]
            if fit == "scale" and size[0] >= target[0] and size[1] >= target[1]:
                assert find_pixel(policy, size, (top, left)) == (row, column)
                assert find_pixel(policy, size, (bottom, right)) == (row, column)


def test_equal_sizes_stay_as_they_are() -> None:
    policy = make_policy("exact", 5, 6)
    assert find_pixel(policy, (5, 6), (4, 2)) == (4, 2)
    assert find_area(policy, (5, 6), (4, 2)) == ((4, 4), (2, 2))


def test_what_cannot_be_said_is_refused() -> None:
    with pytest.raises(RecipeError, match="the file has no row 8; it has rows 0 to 7"):
        find_pixel(make_policy("scale"), (8, 8), (8, 0))
    with pytest.raises(RecipeError, match="row 0 of the file was cropped away: rows 8 to 23 of 32"):
        find_pixel(make_policy("crop"), (32, 16), (0, 0))
    with pytest.raises(RecipeError, match="a file of 8 x 8 pixels where 16 x 16 were expected"):
        find_pixel(make_policy("exact"), (8, 8), (0, 0))
    signal = ArrayPolicy(Kind.SIGNAL, "float32", ("flux",), length=9)
    with pytest.raises(RecipeError, match="a signal has no pixels"):
        find_area(signal, (8, 8), (0, 0))
    assert find_area(make_policy("pad"), (8, 16), (0, 0)) is None
