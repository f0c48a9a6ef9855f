"""Deal units of rows to parts so that every part gets its share of every class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.records import DoubleArray, IndexArray

GREEDY_UNITS = 20_000  # the largest units are placed one by one (about 15 us each), smaller ones by strata


def deal_units(
    unit: IndexArray, stratum: IndexArray, *, shares: Sequence[float], rng: np.random.Generator
) -> IndexArray:
    """Give every unit to one part, with sizes and strata as close to the shares as whole units allow.

    Units of several rows are placed first, largest first, each where the squared excess over the wanted counts
    grows least (the idea of scikit-learn's StratifiedGroupKFold, extended to unequal shares and to the total size,
    without which its folds get lopsided). Units of one row then fill what is missing, class by class.

    Args:
        unit: int64 [N], rows with equal numbers stay together.
        stratum: int64 [N], class or target bin of each row, numbers from 0.
        shares: wanted share of the rows of each part, all above 0; they are scaled to sum to 1.
        rng: the source of all ties and shuffles.

    Returns:
        int64 [N], the part of each row, 0 to len(shares) - 1.

    Example:
        >>> unit, label = np.array([0, 0, 1, 1, 2, 3]), np.array([0, 0, 1, 1, 0, 1])
        >>> part = deal_units(unit, label, shares=(0.5, 0.5), rng=np.random.default_rng(0))
        >>> np.bincount(part), len({(int(u), int(p)) for u, p in zip(unit, part)})
        (array([3, 3]), 4)
    """
    ids, inverse, sizes = np.unique(unit, return_inverse=True, return_counts=True)
    n_strata = int(stratum.max(initial=0)) + 1
    weights = np.asarray(shares, dtype=np.float64)
    # The last column counts all rows, so that the parts' sizes are balanced like one more class.
    totals = np.append(np.bincount(stratum, minlength=n_strata), len(unit)).astype(np.float64)
    wanted = np.outer(weights / weights.sum(), np.maximum(totals, 1e-9))
    given = np.zeros_like(wanted)
    cells = _count_cells(inverse.reshape(-1), stratum, n_units=len(ids))
    order = rng.permutation(len(ids))
    order = order[np.argsort(-sizes[order], kind="stable")]
    n_greedy = min(int((sizes > 1).sum()), GREEDY_UNITS)
    part = np.full(len(ids), -1, dtype=np.int64)
    _place_greedily(order[:n_greedy], cells, part=part, given=given, wanted=wanted)
    _fill_strata(order[n_greedy:], cells, sizes, part=part, given=given, wanted=wanted)
    return part[inverse.reshape(-1)]


@dataclass(frozen=True)
class _Cells:
    """Row counts of the (unit, stratum) pairs that occur, sorted by unit; `start[u]` to `start[u + 1]` is unit u."""

    owner: IndexArray
    stratum: IndexArray
    count: DoubleArray
    start: IndexArray


def _count_cells(owner: IndexArray, stratum: IndexArray, *, n_units: int) -> _Cells:
    n_strata = int(stratum.max(initial=0)) + 1
    pairs, count = np.unique(owner * n_strata + stratum, return_counts=True)
    owners = pairs // n_strata
    start = np.searchsorted(owners, np.arange(n_units + 1))
    return _Cells(owners, pairs % n_strata, count.astype(np.float64), start)


def _place_greedily(
    units: IndexArray, cells: _Cells, *, part: IndexArray, given: DoubleArray, wanted: DoubleArray
) -> None:
    """Place units one by one where the scaled squared excess grows least; writes `part` and `given`."""
    for number in units:
        span = slice(cells.start[number], cells.start[number + 1])
        columns = np.append(cells.stratum[span], wanted.shape[1] - 1)
        rows = np.append(cells.count[span], cells.count[span].sum())
        growth = rows * (2 * (given[:, columns] - wanted[:, columns]) + rows) / wanted[:, columns]
        best = int(np.argmin(growth.sum(axis=1)))
        part[number] = best
        given[best, columns] += rows


def _fill_strata(
    units: IndexArray,
    cells: _Cells,
    sizes: IndexArray,
    *,
    part: IndexArray,
    given: DoubleArray,
    wanted: DoubleArray,
) -> None:
    """Deal the small units (in random order, largest first) by their main class; writes `part` and `given`."""
    # The most frequent stratum of each unit, the first one at ties.
    main = cells.stratum[np.lexsort((cells.stratum, -cells.count, cells.owner))][cells.start[:-1]][units]
    for size in np.unique(sizes[units])[::-1]:
        same_size = sizes[units] == size
        for stratum in np.unique(main[same_size]):
            chosen = units[same_size & (main == stratum)]
            quota = _share_out(len(chosen), given=given, wanted=wanted, column=int(stratum))
            part[chosen] = np.repeat(np.arange(len(quota)), quota)
            inside = np.isin(cells.owner, chosen)
            np.add.at(given, (part[cells.owner[inside]], cells.stratum[inside]), cells.count[inside])
            given[:, -1] += quota * float(size)


def _share_out(n_units: int, *, given: DoubleArray, wanted: DoubleArray, column: int) -> IndexArray:
    """How many of n units each part gets: in proportion to what it lacks, whole numbers by largest remainder."""
    lack = np.maximum(wanted[:, column] - given[:, column], 0)
    ideal = n_units * (lack / lack.sum() if lack.sum() > 0 else wanted[:, column] / wanted[:, column].sum())
    quota = np.floor(ideal + 1e-9).astype(np.int64)
    # At ties of the remainder the part that lacks most rows overall goes first, so that leftovers of many small
    # classes do not all fall to the first part.
    order = np.lexsort((given[:, -1] / wanted[:, -1], -np.round(ideal - quota, 9)))
    quota[order[: n_units - int(quota.sum())]] += 1
    return quota
