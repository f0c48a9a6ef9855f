"""Which groups of rows are compared: all values of all attributes and all pairs of them that hold enough rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import DataError
from heldout.evidence.paired import Units, sum_units
from heldout.records import Attribute, BoolArray, IndexArray

LEAST_ROWS, LEAST_SHARE, LEAST_UNITS = 20, 0.01, 5
MOST_SLICES = 1000  # with 20,000 rows 999 permutations of so many groups take a few seconds
MOST_PAIRED = 40  # attributes that are paired with each other, declared ones first
LEAST_NAMED_ROWS = 5  # a smaller group is counted and not named: its name would be a cell of somebody
MOST_NAMED = 30


@dataclass(frozen=True)
class Candidates:
    """Groups to compare, and those that are too small.

    Args:
        parts: for each group its one or two levels.
        members: bool [C, M].
        declared: bool [C], groups that the user asked about.
        too_small: "name (n rows)" of single values with too few rows, declared ones first, as far as they can be
            named.
        n_too_small: how many single values had too few rows.
        n_left_out: groups with enough rows that were not compared, because there are too many.
    """

    parts: tuple[tuple[str, ...], ...]
    members: BoolArray
    declared: BoolArray
    too_small: tuple[str, ...] = ()
    n_too_small: int = 0
    n_left_out: int = 0


@dataclass(frozen=True)
class _Found:
    parts: tuple[str, ...]
    rows: BoolArray
    declared: bool


def take_rows(attributes: Sequence[Attribute], rows: IndexArray) -> tuple[Attribute, ...]:
    """Give the attributes of some rows only.

    Args:
        attributes: of all rows.
        rows: int64 positions.

    Example:
        >>> sex = Attribute("sex", np.array([0, 1, 1], np.int32), ("sex = f", "sex = m"))
        >>> take_rows([sex], np.array([2]))[0].codes
        array([1], dtype=int32)
    """
    return tuple(replace(item, codes=item.codes[rows]) for item in attributes)


def mark_slice(attributes: Sequence[Attribute], parts: Sequence[str]) -> BoolArray:
    """Say which rows belong to a group that is named by its levels.

    Args:
        attributes: of the rows.
        parts: levels, e.g. ("sex = f", "age 61 to 77").

    Returns:
        bool [M].

    Raises:
        DataError: no attribute has such a level.

    Example:
        >>> sex = Attribute("sex", np.array([0, 1, 1], np.int32), ("sex = f", "sex = m"))
        >>> mark_slice([sex], ["sex = m"])
        array([False,  True,  True])
        >>> mark_slice([sex], ["sex = x"])
        Traceback (most recent call last):
        heldout.errors.DataError: no attribute has the level 'sex = x'
    """
    marked = []
    for part in parts:
        owner = next((item for item in attributes if part in item.levels), None)
        if owner is None:
            raise DataError(f"no attribute has the level {part!r}")
        marked.append(owner.codes == owner.levels.index(part))
    return np.logical_and.reduce(marked)


def find_least_rows(n_rows: int) -> int:
    """Give the number of rows below which a group is too small to judge.

    Example:
        >>> find_least_rows(300), find_least_rows(5000)
        (20, 50)
    """
    return max(LEAST_ROWS, int(np.ceil(LEAST_SHARE * n_rows)))


def list_slices(attributes: Sequence[Attribute], units: Units, *, most: int = MOST_SLICES) -> Candidates:
    """List all single values and pairs of attributes that hold enough rows and units, as their rest does.

    Which groups are compared depends on their sizes alone, never on the losses. Groups of the same rows appear once,
    under the simplest name. Where there are more than `most`, the largest pairs stay.

    Args:
        attributes: of the M rows.
        units: which rows belong together.
        most: groups at most.

    Raises:
        DataError: an attribute has codes for another number of rows.

    Example:
        >>> from heldout.evidence.paired import index_units
        >>> sex = Attribute("sex", (np.arange(60) % 3 > 0).astype(np.int32), ("sex = f", "sex = m"))
        >>> list_slices([sex], index_units(range(60))).parts
        (('sex = f',), ('sex = m',))
    """
    for item in attributes:
        if item.codes.size != units.code.size:
            raise DataError(
                f"attribute {item.name!r} has {item.codes.size} codes for {units.code.size} rows",
                hint="give one code per row",
            )
    ordered = sorted(attributes, key=lambda item: not item.declared)
    least = find_least_rows(units.code.size)
    small = list(_list_small(ordered, least))
    singles = list(_list_singles(ordered, least))
    judged = [item for item in singles if _is_enough(item.rows, units, least)]
    small += [
        (item.parts[0], int(item.rows.sum()), item.declared)
        for item in singles
        if _is_small(item.rows, units, least)
    ]
    pairs = [
        item for item in _list_pairs(ordered[:MOST_PAIRED], least) if _is_enough(item.rows, units, least)
    ]
    pairs.sort(key=lambda item: (not item.declared, -int(item.rows.sum())))
    kept = _drop_copies([*judged, *pairs])
    n_left_out = max(0, len(kept) - most)
    kept = kept[:most]
    small.sort(key=lambda item: not item[2])
    named = [(name, rows) for name, rows, declared in small if rows >= LEAST_NAMED_ROWS or declared]
    return Candidates(
        parts=tuple(item.parts for item in kept),
        members=np.stack([item.rows for item in kept]) if kept else np.zeros((0, units.code.size), bool),
        declared=np.array([item.declared for item in kept], bool),
        too_small=tuple(f"{name} ({rows} rows)" for name, rows in named[:MOST_NAMED]),
        n_too_small=len(small),
        n_left_out=n_left_out,
    )


def measure_overlap(one: BoolArray, other: BoolArray) -> float:
    """Give the Jaccard index of two groups: rows in both over rows in either.

    Example:
        >>> measure_overlap(np.array([True, True, False]), np.array([True, False, False]))
        0.5
    """
    either = int((one | other).sum())
    return int((one & other).sum()) / either if either else 0.0


def _count_levels(item: Attribute) -> IndexArray:
    return np.bincount(item.codes[item.codes >= 0], minlength=len(item.levels))


def _list_small(attributes: Sequence[Attribute], least: int) -> Iterator[tuple[str, int, bool]]:
    """Name, rows and whether it was declared, of each value with too few rows."""
    for item in attributes:
        counts = _count_levels(item)
        for code in np.flatnonzero((counts > 0) & (counts < least)):
            yield item.levels[code], int(counts[code]), item.declared


def _list_singles(attributes: Sequence[Attribute], least: int) -> Iterator[_Found]:
    for item in attributes:
        for code in np.flatnonzero(_count_levels(item) >= least):
            yield _Found((item.levels[code],), item.codes == code, item.declared)


def _list_pairs(attributes: Sequence[Attribute], least: int) -> Iterator[_Found]:
    for index, one in enumerate(attributes):
        for other in attributes[index + 1 :]:
            both = (one.codes >= 0) & (other.codes >= 0)
            width = max(len(other.levels), 1)
            joint = one.codes[both].astype(np.int64) * width + other.codes[both]
            codes, counts = np.unique(joint, return_counts=True)
            for code in codes[counts >= least]:
                first, second = divmod(int(code), width)
                rows = (one.codes == first) & (other.codes == second)
                yield _Found((one.levels[first], other.levels[second]), rows, one.declared and other.declared)


def _is_enough(rows: BoolArray, units: Units, least: int) -> bool:
    return not _is_small(rows, units, least) and not _is_small(~rows, units, least)


def _is_small(rows: BoolArray, units: Units, least: int) -> bool:
    if int(rows.sum()) < least:
        return True
    return units.n_units < rows.size and count_units(rows, units) < LEAST_UNITS


def count_units(rows: BoolArray, units: Units) -> int:
    """Count the units that have a row in a group.

    Example:
        >>> from heldout.evidence.paired import index_units
        >>> count_units(np.array([True, True, False]), index_units([4, 4, 9]))
        1
    """
    return int((sum_units(rows.astype(np.float64), units) > 0).sum())


def _drop_copies(found: list[_Found]) -> list[_Found]:
    seen: set[bytes] = set()
    kept = []
    for item in found:
        key = np.packbits(item.rows).tobytes()
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return kept
