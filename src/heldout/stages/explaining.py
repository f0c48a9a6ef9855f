"""From a raw cell to the network's input and back, for a finished study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from heldout.bundle import load_bundle
from heldout.cells import cell_text, type_column
from heldout.errors import UsageError
from heldout.recipe import CellExplanation, PositionExplanation, explain_cell, explain_position
from heldout.records import ColumnSpec
from heldout.sources import find_column, name_nearest, read_table


def explain_raw(
    folder: Path,
    source: Any,  # noqa: ANN401 - a path or any data frame
    row: int,
    column: str,
    *,
    fold: int,
) -> CellExplanation:
    """Recompute the way of one raw cell through the study's recipe.

    Args:
        folder: the study.
        source: path or frame.
        row: position of the row, from 0.
        column: column name; for a column that is taken apart each of its parts is explained.
        fold: fitted state.

    Raises:
        UsageError: the recipe has no such column, or the table no such row.
    """
    recipe = load_bundle(folder).recipe
    specs = {plan.spec.name: plan.spec for plan in recipe.columns}
    if column not in specs:
        near = name_nearest(column, specs)
        hint = f"did you mean {near!r}?" if near else f"columns are {', '.join(list(specs)[:12])}"
        raise UsageError(f"the recipe has no column {column!r}", hint=hint)
    table = read_table(source)
    if not 0 <= row < len(table.lines):
        raise UsageError(f"row {row} is not in the table", hint=f"it has rows 0 to {len(table.lines) - 1}")
    raw = find_column(table, specs[column].source or column)
    text = cell_text(raw, row) or ""

    def explain(spec: ColumnSpec) -> CellExplanation:
        return replace(explain_cell(recipe, spec.name, type_column(raw, spec), row, state=fold), raw=text)

    parts = tuple(explain(spec) for spec in specs.values() if spec.source == column)
    whole = explain(specs[column])
    if not parts:
        return whole
    told = "; ".join(part.sentence for part in parts)
    return replace(whole, parts=parts, sentence=f"{column} = {text!r} is taken apart: {told}")


def explain_input(folder: Path, position: int, *, fold: int) -> PositionExplanation:
    """Say what one position of the network's input means.

    Args:
        folder: the study.
        position: from 0.
        fold: fitted state.
    """
    return explain_position(load_bundle(folder).recipe, position, state=fold)
