"""Rows that almost repeat another: kept together where that was asked for, told where declared parts cut them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from heldout.audit.near import (
    FEWEST_COLUMNS,
    FEWEST_ROWS,
    MOST_ROWS,
    embed_rows,
    find_known,
    find_near,
    is_comparable,
)
from heldout.cells import declare_columns, type_table
from heldout.errors import UsageError
from heldout.links import LARGE_UNIT_SHARE, Links, NearPairs
from heldout.near_copies import connect_pairs
from heldout.one_cell import find_one_cell
from heldout.records import PART_TEST, PART_VALIDATION, IndexArray, RawColumn, Table, TypedColumn
from heldout.settings import Settings

# Near rows across parts count where asked rows have one this many times as often as rows of one part have: in a table
# of coarse columns rows are alike because what they describe is alike (clean splits of 12 tables, bench/near_copies).
MORE_THAN_USUAL = 2.0
# At most: a likeness of 1 is that of exact copies, and rows at no distance may differ in a text, which has none.
MOST_LIKENESS = 0.99
_HOW = (
    "they agree in every cell but one, or lie much nearer to each other than rows of one part do (likeness: share of "
    "cells that agree, or one less the distance over the usual one, in which texts are not compared)"
)


def join_near_rows(links: Links, table: Table, settings: Settings, unused: Mapping[str, str]) -> Links:
    """Keep rows together that almost repeat one another in their numbers and categories.

    Only on request (`keep_near_rows`): copies of pictures and texts are copies whatever they show, but two rows of a
    few numbers may be alike because what they describe is alike. Reads features only, never the target, so that rows
    that will be sealed may be looked at.

    Args:
        links: what is kept together already.
        table: all rows.
        settings: how columns are read.
        unused: columns that are no features, with the reason.

    Returns:
        The links with larger units and a sentence with numbers; unchanged units, and a sentence that says so, where
        too little can be compared or families would leave too little to split.

    Raises:
        UsageError: more different rows than can be compared with each other.
    """
    everything = np.arange(len(table.lines))
    specs = declare_columns(table, rows=everything, overrides=settings.columns, unused=unused)
    used = type_table(table, [spec for spec in specs if spec.used])
    rows = np.unique(links.first_of_duplicate)
    columns = [column for column in used if is_comparable(column, rows)]
    if len(columns) < FEWEST_COLUMNS or len(rows) < FEWEST_ROWS:
        why = f"{len(columns)} comparable columns and {len(rows)} different rows are too few to find near copies"
        return replace(links, notes=(*links.notes, f"near rows were not looked for: {why}"))
    if len(rows) > MOST_ROWS:
        raise UsageError(
            f"keep_near_rows compares every row with every other: {len(rows):,} different rows are more than "
            f"{MOST_ROWS:,}",
            hint="leave it out and name what near rows share with --group",
        )
    found = find_near(embed_rows(columns, rows, np.random.default_rng(0)), rows)
    if not len(found.rows):
        note = f"no row almost repeats another in {len(columns)} columns"
        return replace(links, notes=(*links.notes, note))
    pairs = np.stack([found.rows, found.partner], axis=1)
    joined = connect_pairs(links.unit, pairs)
    what = (
        f"{len(found.rows):,} of {len(rows):,} different rows almost repeat another one in {len(columns)} columns "
        f"(within {found.limit:.3g}, where the usual distance to the nearest is {found.median:.3g})"
    )
    largest = int(np.bincount(joined).max())
    if largest > max(LARGE_UNIT_SHARE * len(everything), np.bincount(links.unit).max()):
        note = f"{what}; kept together, one unit would hold {largest:,} rows, so they were not kept together"
        return replace(links, notes=(*links.notes, note))
    note = f"{what}; they stay on one side of every split, as asked"
    return replace(links, unit=joined, notes=(*links.notes, note), alike=np.concatenate([links.alike, pairs]))


def pair_parts(
    links: Links, table: Table, columns: tuple[RawColumn, ...], settings: Settings, unused: Mapping[str, str]
) -> Links:
    """Find rows of a declared test or validation part that almost repeat a row that may be fitted.

    Declared parts are never moved; such rows join a unit, as exact copies do, so that the test score is given with and
    without them. Reads features only, never the target.

    Args:
        links: what belongs together already; exact copies are left to it.
        table: all rows, with declared parts.
        columns: the features as read.
        settings: how columns are read.
        unused: columns that are no features, with the reason.

    Returns:
        The links with the pairs, or the same ones where there are no parts or too little to compare.
    """
    if table.part is None or table.arrays or len(columns) < FEWEST_COLUMNS:
        return links
    specs = declare_columns(
        table, rows=np.arange(len(table.lines)), overrides=settings.columns, unused=unused
    )
    typed = type_table(table, [spec for spec in specs if spec.used])
    found = []
    for part in (
        PART_TEST,
        PART_VALIDATION,
    ):  # each against the parts before it, which are chosen or fitted by
        asked, known = np.flatnonzero(table.part == part), np.flatnonzero(table.part < part)
        first = links.first_of_duplicate
        asked = asked[~np.isin(first[asked], first[known])]
        own = known[np.unique(first[known], return_index=True)[1]]
        # Rows that repeat another of their part say how coarse the columns are, before any row is near.
        usual = 1 - len(own) / max(len(known), 1)
        if len(asked) and len(own) >= FEWEST_ROWS:
            comparable = [column for column in typed if is_comparable(column, own)]
            found += [
                _pair_equal(columns, own, asked, usual=usual),
                _pair_close(comparable, own, asked, usual=usual),
            ]
    pairs, likeness = _keep_likest(found)
    if not len(pairs):
        return links
    near = NearPairs("the rows", "rows", np.sort(pairs, axis=1), likeness, _HOW)
    n_rows = len(np.unique(pairs[:, 0]))
    note = (
        f"{n_rows:,} rows of a declared part almost repeat a row of another part, which may be fitted: {_HOW}"
    )
    return replace(
        links, unit=connect_pairs(links.unit, pairs), notes=(*links.notes, note), near=(*links.near, near)
    )


def _pair_equal(
    columns: tuple[RawColumn, ...], known: IndexArray, asked: IndexArray, *, usual: float
) -> tuple[IndexArray, np.ndarray]:
    pairs = find_one_cell(columns, known, asked)
    if len(pairs):
        usual = max(usual, len(np.unique(find_one_cell(columns, known, known))) / len(known))
        if len(np.unique(pairs[:, 0])) <= MORE_THAN_USUAL * usual * len(asked):
            pairs = pairs[:0]
    return pairs, np.full(len(pairs), min(1 - 1 / len(columns), MOST_LIKENESS))


def _pair_close(
    columns: list[TypedColumn], known: IndexArray, asked: IndexArray, *, usual: float
) -> tuple[IndexArray, np.ndarray]:
    none = np.zeros((0, 2), np.int64), np.zeros(0)
    if len(columns) < FEWEST_COLUMNS:
        return none
    # As many pairs as are compared within one file: above, evenly chosen rows of the test, and of the known ones.
    known = _thin(known, MOST_ROWS)
    asked = _thin(asked, MOST_ROWS)
    rows = np.concatenate([known, asked])
    points = embed_rows(columns, rows, np.random.default_rng(0))
    ends = np.arange(len(known)), np.arange(len(known), len(rows))
    found = find_known(points, *ends)
    if len(found.rows) <= MORE_THAN_USUAL * max(usual, found.usual) * len(asked):
        return none
    likeness = np.minimum(1 - found.distance / max(found.median, 1e-300), MOST_LIKENESS)
    return np.stack([rows[found.rows], rows[found.partner]], axis=1), likeness


def _thin(rows: IndexArray, most: int) -> IndexArray:
    return rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64))]


def _keep_likest(found: list[tuple[IndexArray, np.ndarray]]) -> tuple[IndexArray, np.ndarray]:
    """Each pair once, the most alike first."""
    pairs = np.concatenate([each for each, _ in found]) if found else np.zeros((0, 2), np.int64)
    likeness = np.concatenate([each for _, each in found]) if found else np.zeros(0)
    order = np.argsort(-likeness, kind="stable")
    _, first = np.unique(pairs[order], axis=0, return_index=True)
    kept = order[np.sort(first)]
    return pairs[kept], likeness[kept]
