"""For whom the model fails: every group of rows against the rest, all at once.

"No difference shown" is never "no difference": groups with too few rows are named as such, and the largest excess that
cannot be excluded stands beside every silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtrit

from heldout.errors import DataError
from heldout.evidence.intervals import bound_grouped_share, bound_share
from heldout.evidence.max_t import Contrasts, adjust_max_t, contrast_groups, find_limit
from heldout.evidence.paired import NOT_KNOWN, Units, index_units
from heldout.evidence.slices import (
    LEAST_NAMED_ROWS,
    LEAST_ROWS,
    LEAST_UNITS,
    MOST_PAIRED,
    Candidates,
    count_units,
    find_least_rows,
    list_slices,
    mark_slice,
    measure_overlap,
)
from heldout.evidence.wording import say_change
from heldout.ranks import find_ranks
from heldout.records import (
    Attribute,
    BoolArray,
    DoubleArray,
    IndexArray,
    SealedSlice,
    Slice,
    Subgroups,
)

ALPHA = 0.05  # chance of any false "worse" over everything searched
MOST_OVERLAP = 0.5  # of two groups that share more than this (Jaccard), only the simpler one is listed
MOST_LISTED = 12
LEAST_FAVOURABLE = 3  # groups shown where none is shown to be worse
NOMINAL = 1.64  # a group whose other rows are not even nominally worse is explained by the part of it that is
LEAST_ROWS_FOR_INTERVAL = 10


@dataclass(frozen=True)
class _Judged:
    """All candidates with corrected p values and bounds."""

    found: Candidates
    raw: Contrasts
    p: DoubleArray
    rank_p: DoubleArray
    low: DoubleArray
    high: DoubleArray
    limit: DoubleArray
    worse: BoolArray


def find_subgroups(
    losses: ArrayLike,
    hits: ArrayLike | None,
    *,
    attributes: Sequence[Attribute],
    unit: ArrayLike,
    declared: tuple[str, ...] = (),
    least: float = 0.0,
    seed: int = 0,
) -> Subgroups:
    """Find the groups of rows for which the loss is higher than for all others, with one error rate for all of them.

    All single values and pairs of attributes with at least 20 rows (1 %) and 5 units are compared with their rest by
    Welch's t of the loss; a group is "worse" when its statistic exceeds what the largest of all reaches in 5 % of
    data sets without any difference. Declared attributes are one family, all others a second one, each at half the
    error rate.

    Args:
        losses: [M] or [S, M], loss of each row by networks that had not fitted it; seeds are averaged.
        hits: [M] or [S, M], prediction right; None for regression.
        attributes: of the same rows.
        unit: int [M], unit of each row.
        declared: names of attributes to test first, besides those that are marked so.
        least: tolerance; a smaller difference does not matter and names no group.
        seed: of the permutations.

    Returns:
        `Subgroups` with at most 12 groups that are worse (nested ones merged), all declared ones, and where none is
        worse the three least favourable ones.

    Raises:
        DataError: shapes do not agree, a loss is not finite, or a declared attribute is not there.

    Source:
        Westfall and Young 1993, "Resampling-based multiple testing" (max-T).

    Example:
        >>> rng = np.random.default_rng(0)
        >>> site = Attribute("site", np.repeat([0, 1, 2, 3], 50).astype(np.int32), tuple(f"site = {c}" for c in "abcd"))
        >>> losses = rng.exponential(0.3, 200) + np.where(site.codes == 2, 0.6, 0.0)
        >>> find_subgroups(losses, None, attributes=[site], unit=range(200)).slices[0].name
        'site = c'
        >>> find_subgroups(losses, None, attributes=[site], unit=range(200), declared=("sex",))
        Traceback (most recent call last):
        heldout.errors.DataError: there is no attribute 'sex' to test for
          -> attributes are site
    """
    per_row = _average(losses)
    right = None if hits is None else _average(hits)
    units = index_units(unit)
    found = list_slices(_mark_declared(attributes, declared), units)
    if not found.parts:
        small = _show_small(found, _mark_declared(attributes, declared), per_row, right, units)
        return replace(_find_nothing(found, per_row, units), slices=tuple(small))
    judged = _judge(found, per_row, units, alpha=ALPHA, seed=seed)
    judged = replace(judged, worse=judged.worse & (judged.raw.difference > least))
    worse = _merge(judged, per_row, units)
    listed = [*np.flatnonzero(found.declared), *(i for i in worse if not found.declared[i])]
    if not worse:
        others = np.flatnonzero(~found.declared)
        listed += others[np.argsort(-judged.raw.t[others], kind="stable")][:LEAST_FAVOURABLE].tolist()
    slices = [_describe(int(index), judged, per_row, right, units) for index in listed]
    slices += _show_small(found, _mark_declared(attributes, declared), per_row, right, units)
    slices = tuple(sorted(slices, key=lambda item: item.outcome != "worse"))
    return Subgroups(
        sentence=_say_subgroups(slices, judged, ALPHA),
        slices=slices,
        n_searched=len(found.parts),
        n_rows=per_row.size,
        loss=float(per_row.mean()),
        too_small=found.too_small,
        n_too_small=found.n_too_small,
        notes=_list_notes(found, attributes),
    )


def measure_slices(
    slices: Sequence[Slice],
    losses: ArrayLike,
    *,
    hits: ArrayLike | None,
    attributes: Sequence[Attribute],
    unit: ArrayLike,
) -> tuple[Slice, ...]:
    """Show groups that were listed before on rows that had no part in finding them (the sealed test rows).

    Nothing is chosen here, so each interval is that of one group.

    Args:
        slices: listed groups.
        losses: [M], losses of the sealed rows.
        hits: [M], prediction right; None for regression.
        attributes: of the sealed rows, with the same levels as in the search.
        unit: int [M], unit of each row.

    Returns:
        the same groups with `test` filled.

    Example:
        >>> measure_slices((), np.zeros(3), hits=None, attributes=(), unit=range(3))
        ()
    """
    per_row, units = _average(losses), index_units(unit)
    right = None if hits is None else _average(hits)
    measured = []
    for item in slices:
        rows = mark_slice(attributes, item.parts)
        measured.append(replace(item, test=_measure_sealed(rows, per_row, right, units)))
    return tuple(measured)


def _average(values: ArrayLike) -> DoubleArray:
    given = np.asarray(values, dtype=np.float64)
    return given.mean(axis=0) if given.ndim == 2 else given


def _mark_declared(attributes: Sequence[Attribute], declared: tuple[str, ...]) -> list[Attribute]:
    names = [item.name for item in attributes]
    for name in declared:
        if name not in names:
            raise DataError(
                f"there is no attribute {name!r} to test for", hint=f"attributes are {', '.join(names[:20])}"
            )
    return [replace(item, declared=item.declared or item.name in declared) for item in attributes]


def _judge(found: Candidates, per_row: DoubleArray, units: Units, *, alpha: float, seed: int) -> _Judged:
    raw = contrast_groups(per_row, found.members, units, seed=seed)
    ranks = contrast_groups(find_ranks(per_row), found.members, units, seed=seed)
    n = len(found.parts)
    p, rank_p, low, high, limit = (np.ones(n) for _ in range(5))
    both = bool(found.declared.any())
    for family in (found.declared, ~found.declared):
        if not family.any():
            continue
        level = alpha / 2 if both else alpha
        up, down = find_limit(raw.null[:, family], level), find_limit(-raw.null[:, family], level)
        p[family] = np.minimum(1.0, adjust_max_t(raw.t[family], raw.null[:, family]) * alpha / level)
        rank_p[family] = np.minimum(1.0, adjust_max_t(ranks.t[family], ranks.null[:, family]) * alpha / level)
        low[family] = raw.difference[family] - up * raw.se[family]
        high[family] = raw.difference[family] + down * raw.se[family]
        limit[family] = up
    return _Judged(found, raw, p, rank_p, low, high, limit, (raw.t > limit) & (p <= alpha))


def _merge(judged: _Judged, per_row: DoubleArray, units: Units) -> list[int]:
    """Worse groups worth a line of their own: the simplest of those that overlap, worst first."""
    found, t = judged.found, judged.raw.t
    order = sorted(np.flatnonzero(judged.worse).tolist(), key=lambda i: (len(found.parts[i]), -t[i]))
    kept: list[int] = []
    for index in order:
        rows = found.members[index]
        if any(measure_overlap(rows, found.members[other]) > MOST_OVERLAP for other in kept):
            continue
        parents = [other for other in kept if set(found.parts[other]) < set(found.parts[index])]
        within = [
            _find_t(rows[found.members[o]], per_row[found.members[o]], units.code[found.members[o]])
            for o in parents
        ]
        # inside a worse group every part of it looks worse than the rest: it must also be worse than its own group
        if all(value > judged.limit[index] for value in within):
            kept.append(index)
    kept = [index for index in kept if not _is_explained(index, kept, judged, per_row, units)]
    return sorted(kept, key=lambda i: -t[i])[:MOST_LISTED]


def _is_explained(index: int, kept: list[int], judged: _Judged, per_row: DoubleArray, units: Units) -> bool:
    """Whether what is left of a group without its worse part is not even nominally worse than all others."""
    parts, members = judged.found.parts, judged.found.members
    inner = [other for other in kept if set(parts[index]) < set(parts[other])]
    if not inner or judged.found.declared[index]:
        return False
    inside = np.logical_or.reduce(members[inner])
    others = ~inside
    return _find_t(members[index][others], per_row[others], units.code[others]) < NOMINAL


def _find_t(rows: BoolArray, values: DoubleArray, unit: IndexArray) -> float:
    """Give t of a group against the rest of some rows; minus infinity where one of them is too small."""
    units = index_units(unit)
    if min(rows.sum(), (~rows).sum()) < LEAST_ROWS // 2:
        return float("-inf")
    return float(contrast_groups(values, rows[None], units, seed=0, n_draws=1).t[0])


def _describe(
    index: int, judged: _Judged, per_row: DoubleArray, right: DoubleArray | None, units: Units
) -> Slice:
    rows, parts = judged.found.members[index], judged.found.parts[index]
    return Slice(
        name=" and ".join(parts),
        parts=parts,
        declared=bool(judged.found.declared[index]),
        n_rows=int(rows.sum()),
        n_units=count_units(rows, units),
        loss=float(per_row[rows].mean()),
        difference=(
            float(judged.raw.difference[index]),
            float(judged.low[index]),
            float(judged.high[index]),
        ),
        p=float(judged.p[index]),
        rank_p=float(judged.rank_p[index]),
        accuracy=_bound_accuracy(rows, right, units),
        outcome="worse" if judged.worse[index] else "no difference shown",
    )


def _show_small(
    found: Candidates,
    attributes: Sequence[Attribute],
    per_row: DoubleArray,
    right: DoubleArray | None,
    units: Units,
) -> list[Slice]:
    """Show the groups that were asked about and are too small, each with its own interval and no claim."""
    parts = [(level,) for item in attributes if item.declared for level in item.levels]
    small = []
    for part in parts:
        rows = mark_slice(attributes, part)
        is_judged = any((rows == other).all() for other in found.members)
        if is_judged or rows.sum() < LEAST_NAMED_ROWS:
            continue
        one = _measure_sealed(rows, per_row, right, units)
        small.append(
            Slice(
                name=part[0],
                parts=part,
                declared=True,
                n_rows=one.n_rows,
                n_units=one.n_units,
                loss=one.loss,
                difference=one.difference,
                p=float("nan"),
                rank_p=float("nan"),
                accuracy=one.accuracy,
                outcome="too small to judge",
            )
        )
    return small[:MOST_LISTED]


def _bound_accuracy(rows: BoolArray, right: DoubleArray | None, units: Units) -> tuple[float, float, float]:
    if right is None or not rows.any():
        return NOT_KNOWN
    hits = right[rows]
    if units.n_units == rows.size:
        return (float(hits.mean()), *bound_share(float(hits.sum()), float(hits.size)))
    low, high, _ = bound_grouped_share(hits, index_units(units.code[rows]))
    return float(hits.mean()), low, high


def _measure_sealed(
    rows: BoolArray, per_row: DoubleArray, right: DoubleArray | None, units: Units
) -> SealedSlice:
    n_rows, n_units = int(rows.sum()), count_units(rows, units) if rows.any() else 0
    small = n_rows < LEAST_ROWS or n_units < LEAST_UNITS
    if n_rows == 0 or n_rows == rows.size:
        loss = float(per_row.mean()) if n_rows else float("nan")
        return SealedSlice(n_rows, n_units, loss, NOT_KNOWN, _bound_accuracy(rows, right, units), small)
    found = contrast_groups(per_row, rows[None], units, seed=0, n_draws=1)
    difference, se = float(found.difference[0]), float(found.se[0])
    half = float("nan")
    if min(n_rows, rows.size - n_rows) >= LEAST_ROWS_FOR_INTERVAL and n_units >= LEAST_UNITS:
        half = float(stdtrit(min(n_units, units.n_units - 1) - 1, 0.975)) * se
    return SealedSlice(
        n_rows=n_rows,
        n_units=n_units,
        loss=float(per_row[rows].mean()),
        difference=(difference, difference - half, difference + half),
        accuracy=_bound_accuracy(rows, right, units),
        too_small=small,
    )


def _find_nothing(found: Candidates, per_row: DoubleArray, units: Units) -> Subgroups:
    least = find_least_rows(per_row.size)
    of_units = f" of {LEAST_UNITS} groups" if units.n_units < per_row.size else ""
    sentence = (
        f"Cannot tell for whom it fails: no part of the {per_row.size} rows holds at least {least} rows{of_units} and "
        "leaves as many others to compare with."
    )
    return Subgroups(sentence, (), 0, per_row.size, float(per_row.mean()), found.too_small, found.n_too_small)


def _list_notes(found: Candidates, attributes: Sequence[Attribute]) -> tuple[str, ...]:
    notes = []
    if found.n_left_out:
        notes.append(f"{found.n_left_out} smaller pairs of values were not compared: there are too many.")
    if len(attributes) > MOST_PAIRED:
        notes.append(f"Pairs were formed among the first {MOST_PAIRED} of {len(attributes)} attributes.")
    return tuple(notes)


def _say_subgroups(slices: tuple[Slice, ...], judged: _Judged, alpha: float) -> str:
    n, rows = len(judged.found.parts), judged.found.members.shape[1]
    how = f"{n} groups of {rows} rows compared at once"
    worse = [item for item in slices if item.outcome == "worse"]
    if worse:
        first = "; ".join(_say_slice(item) for item in worse[:3])
        more = f"; and {len(worse) - 3} more" if len(worse) > 3 else ""
        return f"It fails more for: {first}{more} ({how}, any false alarm at most {100 * alpha:g} %)."
    widest = int(judged.high.argmax())
    return (
        f"No group is shown to be worse than the rest ({how}). That does not prove that there is none: an excess of up "
        f"to {say_change(float(judged.high[widest]))} is not excluded for "
        f"{' and '.join(judged.found.parts[widest])} ({int(judged.found.members[widest].sum())} rows)."
    )


def _say_slice(item: Slice) -> str:
    right = "" if np.isnan(item.accuracy[0]) else f", right in {100 * item.accuracy[0]:.0f} %"
    estimate, low, _ = item.difference
    return (
        f"{item.name} ({item.n_rows} rows{right}): loss {say_change(estimate)} against the others, "
        f"at least {say_change(low)}"
    )
