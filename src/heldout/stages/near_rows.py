"""Rows that almost repeat another, kept together where that was asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from heldout.audit.near import FEWEST_COLUMNS, FEWEST_ROWS, MOST_ROWS, embed_rows, find_near, is_comparable
from heldout.cells import declare_columns, type_table
from heldout.errors import UsageError
from heldout.links import LARGE_UNIT_SHARE, Links
from heldout.near_copies import connect_pairs
from heldout.records import Table
from heldout.settings import Settings


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
