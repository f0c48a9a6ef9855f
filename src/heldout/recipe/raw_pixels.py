"""Which pixel of a file lies where in the picture that a network gets, and back, where files were resized."""

from __future__ import annotations

import math
from typing import NamedTuple

from heldout.errors import RecipeError
from heldout.records import ArrayPolicy, Kind

# The middle of a pixel may lie on the edge of another one: both ways round it the same way.
_ROUNDING = 1e-9


class Axis(NamedTuple):
    """How one side of a file becomes one side of the array.

    Args:
        start: first place of the file that is taken, in its pixels; above 0 where the centre is cropped.
        step: pixels of the file for each of the array.
        before: pixels of the array before the first one of the file, where it is padded.
        n: pixels of the array that come from the file.
        side: pixels of the file.
    """

    start: float
    step: float
    before: int
    n: int
    side: int


def find_pixel(policy: ArrayPolicy, size: tuple[int, int], at: tuple[int, int]) -> tuple[int, int]:
    """Give the pixel of the array in which the middle of a pixel of the file lies.

    Args:
        policy: how the pictures were brought to one size.
        size: rows and columns of the file, as it is seen (turned as its EXIF data say).
        at: row and column in the file, from 0.

    Returns:
        row and column in the array, from 0.

    Raises:
        RecipeError: the file has no such pixel, the pixel was cropped away, or the array is no picture.

    Example:
        >>> policy = ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), 4, 4, fit="crop")
        >>> find_pixel(policy, (8, 16), (2, 5))
        (1, 0)
        >>> find_pixel(policy, (8, 16), (2, 3))
        Traceback (most recent call last):
        heldout.errors.RecipeError: column 3 of the file was cropped away: columns 4 to 11 of 16 reach the network
    """
    found = []
    for name, axis, place in zip(("row", "column"), _map_axes(policy, size), at, strict=True):
        if not 0 <= place < axis.side:
            raise RecipeError(f"the file has no {name} {place}; it has {name}s 0 to {axis.side - 1}")
        inside = math.floor((place + 0.5 - axis.start) / axis.step + _ROUNDING)
        if not 0 <= inside < axis.n:
            first, last = _cover(axis, 0)[0], _cover(axis, axis.n - 1)[1]
            raise RecipeError(
                f"{name} {place} of the file was cropped away: {name}s {first} to {last} of {axis.side} reach the "
                "network"
            )
        found.append(axis.before + inside)
    return found[0], found[1]


def find_area(
    policy: ArrayPolicy, size: tuple[int, int], at: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Give the pixels of the file that one pixel of the array covers; None where it is padding.

    Where pictures become smaller, pixels just beside the area have a small weight in it, too (bicubic scaling).

    Args:
        policy: how the pictures were brought to one size.
        size: rows and columns of the file, as it is seen.
        at: row and column in the array, from 0.

    Returns:
        first and last row, first and last column, from 0, both included.

    Raises:
        RecipeError: the array is no picture, or a file of another size where one size was expected.

    Example:
        >>> find_area(ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), 4, 4, fit="pad"), (8, 16), (1, 0))
        ((0, 3), (0, 3))
        >>> find_area(ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), 4, 4, fit="pad"), (8, 16), (0, 0))
    """
    areas = []
    for axis, place in zip(_map_axes(policy, size), at, strict=True):
        if not 0 <= place - axis.before < axis.n:
            return None
        areas.append(_cover(axis, place - axis.before))
    return areas[0], areas[1]


def _cover(axis: Axis, inside: int) -> tuple[int, int]:
    """Pixels of the file whose middle lies in a pixel of the array; where it is smaller than one, the one it is in."""
    low, high = (axis.start + axis.step * (inside + end) for end in (0, 1))
    first, last = math.ceil(low - 0.5 - _ROUNDING), math.ceil(high - 0.5 - _ROUNDING) - 1
    if last < first:
        first = last = math.floor((low + high) / 2)
    return max(first, 0), min(last, axis.side - 1)


def _map_axes(policy: ArrayPolicy, size: tuple[int, int]) -> tuple[Axis, Axis]:
    """Map both sides by the same rules as the readers of pictures and of FITS images."""
    if policy.kind is not Kind.PICTURE:
        raise RecipeError(f"a {policy.kind.value} has no pixels", hint="name its place by (point, channel)")
    target = (policy.height, policy.width)
    if policy.fit == "exact" and size != target:
        raise RecipeError(
            f"a file of {size[0]} x {size[1]} pixels where {target[0]} x {target[1]} were expected"
        )
    ratios = [new / old for new, old in zip(target, size, strict=True)]
    if size == target or policy.fit in ("exact", "scale"):
        steps = [1 / ratio for ratio in ratios]
        made = [Axis(0.0, step, 0, new, old) for step, new, old in zip(steps, target, size, strict=True)]
    elif policy.fit == "pad":
        inner = [max(1, round(old * min(ratios))) for old in size]
        made = [
            Axis(0.0, old / n, (new - n) // 2, n, old)
            for old, n, new in zip(size, inner, target, strict=True)
        ]
    else:
        step = 1 / max(ratios)
        made = [
            Axis((old - new * step) / 2, step, 0, new, old) for old, new in zip(size, target, strict=True)
        ]
    return made[0], made[1]
