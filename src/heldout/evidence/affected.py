"""Who is affected: which rows something concerns, and whether it concerns one group more often than the others.

One function behind every finding of the audit. The comparison of one group's share with that of the others is here
too, for the rule against extreme numbers (`dropped`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from heldout.counts import count_things
from heldout.errors import DataError
from heldout.evidence.intervals import bound_clustered_share, bound_grouped_share, bound_share
from heldout.evidence.paired import NOT_KNOWN, index_units
from heldout.ranks import adjust_discoveries
from heldout.records import Attribute, BoolArray, DoubleArray, IndexArray, LevelShare, RowsAffected, RowSet

LEAST_FLAGGED = 5  # fewer rows belong to nobody's group, and naming one would name them
LEAST_NAMED_ROWS = 5  # as in `slices`: the name of a smaller group would be a cell of somebody
LEAST_TESTED = 10  # rows of a group, and of all others, from which on shares are compared (a convention)
FALSE_DISCOVERY = 0.05
LEAST_ODDS = (
    1.2  # odds of the group over those of the others; among many rows less is sure and matters to nobody
)
MOST_LEVELS = 12  # groups of one property that are listed
MOST_GROUPS = (
    30  # declared groups that are compared one by one: more are people or families, and only counted
)
MOST_TOLD = 2  # properties in the sentence
NOT_RANDOM = "who is affected is not random"


@dataclass(frozen=True, eq=False)
class Property:
    """A property of all rows of a table, and what it is asked as.

    Args:
        of: "label", "part", "group" or "subgroup".
        attribute: codes for all N rows of the table; -1 where the property is not known or may not be read.
        unit: int64 [N]; rows of one unit may resemble each other, so that tests count one of them.
        is_named: its levels may be named and compared; else it is only counted in how many of them rows stand.
    """

    of: str
    attribute: Attribute
    unit: IndexArray
    is_named: bool = True


@dataclass(frozen=True, eq=False)
class _Layout:
    """How the rows looked at fall into the levels of one property and the units within them."""

    asked: Property
    known: BoolArray
    codes: IndexArray
    one: BoolArray  # of the known rows: one of each unit
    cell: IndexArray  # of the known rows: number of its level and unit together
    level: IndexArray  # of each cell
    size: IndexArray  # of each cell
    n_rows: IndexArray  # of each level
    n_units: IndexArray  # of each level


@dataclass(frozen=True, eq=False)
class _Counts:
    """Rows of each level of one property that are affected, with p values and what intervals need."""

    layout: _Layout
    n_affected: IndexArray
    spread: DoubleArray
    p: DoubleArray


def affected(
    rows: Sequence[RowSet],
    *,
    properties: Sequence[Property],
    looked_at: IndexArray,
    lines: IndexArray,
    unit: IndexArray,
    seed: int = 0,
) -> tuple[RowsAffected, ...]:
    """Say of several sets of rows which they are and whose, corrected for all of them at once.

    Each group's share has its exact interval and is tested against all other rows (Fisher's exact test, one-sided)
    where both hold at least 10 rows; the p values of all groups and all sets are adjusted together. Where rows come in
    units (families, copies) one row of each unit, drawn at random, is counted in the tests.

    Args:
        rows: what each finding concerns.
        properties: by what the rows are told apart; a set's own columns (`defined_by`) are left out.
        looked_at: int64 [m], the rows that were searched where a set does not say otherwise.
        lines: int64 [N], line of each row in its file.
        unit: int64 [N], rows that belong together, for the interval of the share of all rows.
        seed: of the draw of rows from units.

    Returns:
        one record for each set, in their order.

    Raises:
        DataError: a property has codes for another number of rows, or a row is affected that was not looked at.

    Source:
        Clopper and Pearson 1934, Biometrika 26:404; Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, 289.

    Example:
        >>> sex = Attribute("sex", np.repeat([0, 1], [120, 180]).astype(np.int32), ("sex = f", "sex = m"))
        >>> found = affected(
        ...     [RowSet(np.array([*range(28), 298, 299]))],
        ...     properties=[Property("subgroup", sex, np.arange(300))],
        ...     looked_at=np.arange(300),
        ...     lines=np.arange(300) + 2,
        ...     unit=np.arange(300),
        ... )
        >>> print(found[0].sentence)  # doctest: +NORMALIZE_WHITESPACE
        30 of 300 rows (10.0 %, 6.8 to 14.0 %): 23.3 % of sex = f (n=120), 1.1 % of sex = m (n=180), q < 0.001: who is
        affected is not random
    """
    for item in properties:
        if item.attribute.codes.size != lines.size or item.unit.size != lines.size:
            raise DataError(
                f"property {item.attribute.name!r} has {item.attribute.codes.size} codes and {item.unit.size} units "
                f"for {lines.size} rows",
                hint="give one of each per row of the table",
            )
    usual = [_lay_out(item, looked_at, seed=seed) for item in properties]
    counted = [list(_count_set(item, usual, looked_at, seed)) for item in rows]
    p = [levels.p for levels_of_set in counted for levels in levels_of_set]
    q = iter(np.split(_adjust(np.concatenate(p)), np.cumsum([len(one) for one in p])[:-1]) if p else [])
    return tuple(
        _describe(item, [(levels, next(q)) for levels in found], (looked_at, lines, unit))
        for item, found in zip(rows, counted, strict=True)
    )


def compare_shares(
    inside: IndexArray, size: IndexArray, total: IndexArray | int, n_rows: IndexArray | int
) -> DoubleArray:
    """Give the exact probability of at least so many affected rows in a group if rows are affected at random.

    Args:
        inside: int64 [C], affected rows of each group.
        size: int64 [C], rows of each group.
        total: affected rows in all.
        n_rows: rows in all.

    Returns:
        float64 [C], Fisher's one-sided p values.

    Example:
        >>> compare_shares(np.array([3, 0]), np.array([3, 3]), 3, 6).round(6).tolist()
        [0.05, 1.0]
    """
    return np.clip(stats.hypergeom.sf(inside - 1, n_rows, total, size), 0.0, 1.0)


def exceed_odds(inside: IndexArray, size: IndexArray, total: int, n_rows: int) -> BoolArray:
    """Say which groups' odds of being affected are at least 1.2 times those of all other rows.

    Args:
        inside: int64 [C], affected rows of each group.
        size: int64 [C], rows of each group.
        total: affected rows in all.
        n_rows: rows in all.

    Returns:
        bool [C]; half a row is added to each count.

    Example:
        >>> exceed_odds(np.array([5200, 6000]), np.array([50000, 50000]), 10000, 100000).tolist()
        [False, True]
    """
    rest_size, rest_hit = n_rows - size, total - inside
    odds, other = (inside + 0.5) * (rest_size - rest_hit + 0.5), (size - inside + 0.5) * (rest_hit + 0.5)
    return odds >= LEAST_ODDS * other


def draw_rows(unit: IndexArray, rows: IndexArray, *, seed: int) -> BoolArray:
    """Mark one row of each unit, drawn at random: these rows may be counted as independent.

    Args:
        unit: int64 [N].
        rows: int64 [m], positions to draw from.
        seed: of the draw.

    Returns:
        bool [m].

    Example:
        >>> int(draw_rows(np.array([4, 4, 7]), np.arange(3), seed=0).sum())
        2
    """
    order = np.random.default_rng((seed, len(rows))).permutation(len(rows))
    first = np.unique(unit[rows][order], return_index=True)[1]
    drawn = np.zeros(len(rows), np.bool_)
    drawn[order[first]] = True
    return drawn


def _lay_out(asked: Property, rows: IndexArray, *, seed: int) -> _Layout:
    codes = asked.attribute.codes[rows].astype(np.int64)
    known, n_levels = codes >= 0, len(asked.attribute.levels)
    codes = codes[known]
    keys = np.unique(asked.unit[rows], return_inverse=True)[1].reshape(-1)[known] * max(n_levels, 1) + codes
    found, cell, size = np.unique(keys, return_inverse=True, return_counts=True)
    level = found % max(n_levels, 1)
    return _Layout(
        asked,
        known,
        codes,
        draw_rows(asked.unit, rows, seed=seed)[known],
        cell.reshape(-1),
        level,
        size,
        _bin(codes, n_levels),
        _bin(level, n_levels),
    )


def _count_set(item: RowSet, usual: Sequence[_Layout], looked_at: IndexArray, seed: int) -> Iterator[_Counts]:
    """Count the levels of each property among the rows of a set; none for few rows."""
    if len(item.rows) < LEAST_FLAGGED:
        return
    rows = looked_at if item.looked_at is None else item.looked_at
    flags = np.isin(rows, item.rows)
    if int(flags.sum()) != len(item.rows):
        raise DataError(
            f"{len(item.rows)} rows are affected, of which {int(flags.sum())} were looked at: expected all of them once"
        )
    for layout in usual:
        if layout.asked.attribute.name in item.defined_by:
            continue
        own = layout if item.looked_at is None else _lay_out(layout.asked, rows, seed=seed)
        yield _count_levels(own, flags[own.known])


def _count_levels(layout: _Layout, flags: BoolArray) -> _Counts:
    n_levels = len(layout.n_rows)
    hit = np.bincount(layout.cell, weights=flags, minlength=len(layout.size))
    n_affected = _bin(layout.codes[flags], n_levels)
    share = n_affected / np.maximum(layout.n_rows, 1)
    residual = hit - share[layout.level] * layout.size
    spread = np.bincount(layout.level, weights=residual**2, minlength=n_levels).astype(np.float64)
    size, inside = _bin(layout.codes[layout.one], n_levels), _bin(layout.codes[layout.one & flags], n_levels)
    p = np.full(n_levels, np.nan)
    total, n_rows = int(inside.sum()), int(size.sum())
    if _is_named(layout.asked) and 0 < total < n_rows:
        # Only where they are used: those of 16,667 groups of 100,000 rows took 1.3 s a finding.
        enough = (size >= LEAST_TESTED) & (n_rows - size >= LEAST_TESTED)
        p[enough] = compare_shares(inside[enough], size[enough], total, n_rows)
    return _Counts(layout, n_affected, spread, p)


def _is_named(asked: Property) -> bool:
    return asked.is_named and (asked.of != "group" or len(asked.attribute.levels) <= MOST_GROUPS)


def _bin(codes: np.ndarray, n_levels: int) -> IndexArray:
    return np.bincount(codes, minlength=n_levels).astype(np.int64)


def _adjust(p: DoubleArray) -> DoubleArray:
    tested, q = np.isfinite(p), np.full(len(p), np.nan)
    if tested.any():
        q[tested] = adjust_discoveries(p[tested])
    return q


def _describe(
    item: RowSet, counted: list[tuple[_Counts, DoubleArray]], table: tuple[IndexArray, IndexArray, IndexArray]
) -> RowsAffected:
    looked_at, lines, unit = table
    rows = looked_at if item.looked_at is None else item.looked_at
    n_affected, n_rows = len(item.rows) + len(item.lines), 0 if item.lines else len(rows)
    share = NOT_KNOWN
    if n_rows:
        share = (n_affected / n_rows, *_bound(np.isin(rows, item.rows), unit[rows]))
    levels = [(counts.layout.asked.attribute, tuple(_list_levels(counts, q))) for counts, q in counted]
    return RowsAffected(
        n_affected,
        n_rows,
        share,
        tuple(sorted((*lines[item.rows].tolist(), *item.lines))),
        tuple(level for _, of_property in levels for level in of_property),
        _say(n_affected, n_rows, share=share, levels=levels),
        tuple(_list_notes(item, [counts for counts, _ in counted])),
    )


def _bound(flags: BoolArray, unit: IndexArray) -> tuple[float, float]:
    """Exact 95 % interval of a share; where rows come in units, of as many rows as they are worth."""
    if len(np.unique(unit)) == len(unit):
        return bound_share(float(flags.sum()), float(len(flags)))
    return bound_grouped_share(flags.astype(np.float64), index_units(unit))[:2]


def _list_levels(counts: _Counts, q: DoubleArray) -> Iterator[LevelShare]:
    """Levels in their own order: those shown to be concerned more, and the largest of the others."""
    layout = counts.layout
    hits, sizes = counts.n_affected, layout.n_rows
    rest_size, rest_hit = int(sizes.sum()) - sizes, int(hits.sum()) - hits
    more = (q < FALSE_DISCOVERY) & exceed_odds(hits, sizes, int(hits.sum()), int(sizes.sum()))
    named = np.flatnonzero((sizes >= LEAST_NAMED_ROWS) & _is_named(layout.asked))
    kept = sorted(named.tolist(), key=lambda i: (not more[i], -sizes[i]))[:MOST_LEVELS]
    for index in sorted(kept):
        hit, size, n_units = int(hits[index]), int(sizes[index]), int(layout.n_units[index])
        bounds = bound_share(float(hit), float(size))
        if n_units < size:
            bounds = bound_clustered_share(hit / size, size, n_units, spread=float(counts.spread[index]))[:2]
        yield LevelShare(
            of=layout.asked.of,
            name=layout.asked.attribute.levels[index],
            n_affected=hit,
            n_rows=size,
            share=(hit / size, *bounds),
            rest=float(rest_hit[index] / rest_size[index]) if rest_size[index] else float("nan"),
            q=float(q[index]),
            is_more=bool(more[index]),
        )


def _list_notes(item: RowSet, counted: list[_Counts]) -> Iterator[str]:
    if item.lines:
        yield "these lines are no rows of the table: whose they are is not known"
    elif len(item.rows) < LEAST_FLAGGED:
        yield "too few rows to say whose"
    is_told = False
    for counts in counted:
        asked, unknown = counts.layout.asked, len(item.rows) - int(counts.n_affected.sum())
        if asked.of == "label" and unknown and not is_told:
            is_told = True
            yield f"the label of {count_things(unknown, 'row')} of them is not known, or may not be read"
        if asked.of == "group" and counts.n_affected.any():
            n_groups, most = int((counts.n_affected > 0).sum()), int(counts.n_affected.max())
            of_all = count_things(int((counts.layout.n_rows > 0).sum()), "group")
            yield f"they stand in {n_groups:,} of {of_all}, at most {most:,} in one"


def _say(
    n_affected: int,
    n_rows: int,
    *,
    share: tuple[float, float, float],
    levels: Sequence[tuple[Attribute, tuple[LevelShare, ...]]],
) -> str:
    """The rows and their share, and the groups that are concerned more often, where there are any."""
    if not n_rows:
        return count_things(n_affected, "line")
    ends = "" if math.isnan(share[1]) else f", {100 * share[1]:.1f} to {100 * share[2]:.1f} %"
    opening = f"{n_affected:,} of {count_things(n_rows, 'row')} ({100 * share[0]:.1f} %{ends})"
    told = []
    for attribute, of_property in levels:
        more = [level for level in of_property if level.is_more]
        if more:
            first = min(more, key=lambda level: level.q)
            other = next((item for item in of_property if item is not first), None)
            told.append((first.q, _say_level(first, other if len(attribute.levels) == 2 else None)))
    if not told:
        return opening
    return f"{opening}: {'; '.join(text for _, text in sorted(told)[:MOST_TOLD])}: {NOT_RANDOM}"


def _say_level(level: LevelShare, other: LevelShare | None) -> str:
    against = f" against {100 * level.rest:.1f} % of the others"
    if other is not None:
        against = f", {100 * other.share[0]:.1f} % of {other.name} (n={other.n_rows:,})"
    q = "q < 0.001" if level.q < 0.001 else f"q = {level.q:.2g}"
    return f"{100 * level.share[0]:.1f} % of {level.name} (n={level.n_rows:,}){against}, {q}"
