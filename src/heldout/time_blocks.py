"""Forward blocks: every part of a split lies later in time than what it judges."""

from __future__ import annotations

import numpy as np

from heldout.errors import DataError
from heldout.records import DoubleArray, Fold, IndexArray

PIECES = 30  # pieces per block; the pieces are the units of intervals, since neighbours in time resemble each other


def order_by_time(rows: IndexArray, *, time: DoubleArray, unit: IndexArray) -> tuple[IndexArray, DoubleArray]:
    """Sort rows by the last time of their unit.

    A unit stays whole, and it goes where its last row goes: then no fit row lies later than the border, though a
    later part may hold earlier rows of a unit that continues.

    Args:
        rows: int64 positions to sort.
        time: float64 [N], days.
        unit: int64 [N].

    Returns:
        The sorted positions and the time that each is sorted by, both of the length of `rows`.

    Raises:
        DataError: a row has no time, or all times are equal.

    Example:
        >>> order_by_time(np.arange(4), time=np.array([3.0, 1.0, 2.0, 4.0]), unit=np.array([0, 1, 0, 2]))
        (array([1, 0, 2, 3]), array([1., 3., 3., 4.]))
        >>> order_by_time(np.arange(2), time=np.array([1.0, np.nan]), unit=np.arange(2))
        Traceback (most recent call last):
        heldout.errors.DataError: 1 of 2 rows have no time, first row 2
          -> repair the cells of the time column, or leave --time out
    """
    absent = ~np.isfinite(time[rows])
    if absent.any():
        raise DataError(
            f"{int(absent.sum())} of {len(rows)} rows have no time, first row {int(rows[absent][0]) + 1}",
            hint="repair the cells of the time column, or leave --time out",
        )
    _, inverse = np.unique(unit[rows], return_inverse=True)
    last = np.full(int(inverse.max(initial=0)) + 1, -np.inf)
    np.maximum.at(last, inverse, time[rows])
    key = last[inverse]
    if key.min() == key.max():
        raise DataError(
            f"all {len(rows)} rows have the same time, so that nothing is earlier or later",
            hint="name another time column, or leave --time out",
        )
    order = np.lexsort((rows, key))
    return rows[order], key[order]


def cut_blocks(key: DoubleArray, shares: list[float]) -> list[slice]:
    """Cut sorted rows into consecutive blocks, only where the time changes.

    Args:
        key: float64 [N], sorted times.
        shares: wanted share of each block, in order of time; scaled to sum to 1.

    Returns:
        Slices of `key`, without empty ones: fewer than asked when equal times leave no room.

    Example:
        >>> cut_blocks(np.array([1.0, 1.0, 1.0, 2.0, 3.0]), [0.5, 0.5])
        [slice(0, 3, None), slice(3, 5, None)]
    """
    borders = np.concatenate([[0], np.flatnonzero(np.diff(key)) + 1, [len(key)]])
    wanted = np.cumsum(shares) / np.sum(shares) * len(key)
    nearest = borders[np.abs(borders[None, :] - wanted[:, None]).argmin(axis=1)]
    cuts = np.unique(np.concatenate([[0], nearest, [len(key)]]))
    return [slice(int(start), int(stop)) for start, stop in zip(cuts[:-1], cuts[1:], strict=True)]


def make_forward_folds(
    rows: IndexArray, key: DoubleArray, *, shares: list[float], gap: int = 0
) -> tuple[Fold, ...]:
    """Folds whose fit rows are everything before the validation block.

    Args:
        rows: int64 positions sorted by time.
        key: float64, the time of each of them.
        shares: share of the first fit block and of each validation block after it.
        gap: rows left out at the end of each fit part, 0 or more.

    Returns:
        One fold per validation block; positions sorted.

    Raises:
        DataError: the gap leaves no fit rows, or equal times leave one block.

    Example:
        >>> folds = make_forward_folds(np.arange(6), np.arange(6.0), shares=[1.0, 1.0, 1.0], gap=1)
        >>> [(fold.fit.tolist(), fold.validation.tolist()) for fold in folds]
        [([0], [2, 3]), ([0, 1, 2], [4, 5])]
    """
    blocks = cut_blocks(key, shares)
    if len(blocks) < 2:
        raise DataError(
            f"equal times leave a single block of {len(rows)} rows, so that nothing later can judge it",
            hint="name a time column with more different times, or leave --time out",
        )
    folds = []
    for block in blocks[1:]:
        stop = block.start - gap
        if stop <= 0:
            raise DataError(
                f"a gap of {gap} rows leaves no fit rows before the block that starts at row {block.start + 1} of "
                f"{len(rows)} in order of time",
                hint=f"use --gap below {blocks[1].start}",
            )
        folds.append(Fold(np.sort(rows[:stop]), np.sort(rows[block])))
    return tuple(folds)


def number_pieces(parts: list[IndexArray], *, time: DoubleArray, unit: IndexArray) -> IndexArray:
    """Number pieces of consecutive rows within each part: the units that intervals resample.

    Args:
        parts: positions of the parts (first fit block, validation blocks, test), disjoint.
        time: float64 [N], days.
        unit: int64 [N]; a unit is never cut within a part.

    Returns:
        int64 [N]; rows outside all parts get numbers of their own.

    Example:
        >>> number_pieces([np.arange(60)], time=np.arange(60.0), unit=np.arange(60))[:5]
        array([0, 0, 1, 1, 2])
    """
    result = np.full(len(unit), -1, dtype=np.int64)
    count = 0
    for part in parts:
        _, inverse = np.unique(unit[part], return_inverse=True)
        last = np.full(int(inverse.max(initial=0)) + 1, -np.inf)
        np.maximum.at(last, inverse, time[part])
        order = np.lexsort((part, last[inverse]))
        for piece in cut_blocks(last[inverse][order], [1.0] * PIECES):
            result[part[order[piece]]] = count
            count += 1
    outside = result < 0
    result[outside] = count + np.arange(int(outside.sum()))
    return result
