"""New rows in, predictions out: what does not fit is refused or flagged, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntFlag

import numpy as np

from heldout.bundle.checks import (
    CellFlags,
    ColumnCount,
    check_kind,
    check_unit,
    check_unseen,
    flag_cells,
    match_columns,
    note_rates,
)
from heldout.bundle.forward import BLOCK, predict_features
from heldout.bundle.record import Bundle, list_inputs, merge_rates
from heldout.cells import type_column
from heldout.errors import DataError
from heldout.recipe import ColumnPlan, FitRates, Role, apply_recipe
from heldout.records import BoolArray, IndexArray, Prediction, StatusArray, Table, Task, TypedColumn
from heldout.sources import name_rows

# Rows encoded at once: bounds the memory of a prediction to states * 64 MB.
CHUNK = 8192
MOST_NUMBERS = 16_000_000


class RowFlag(IntFlag):
    """What a reader of one prediction must know about its row; bits of one byte.

    Example:
        >>> RowFlag.MISSING | RowFlag.UNSEEN
        <RowFlag.MISSING|UNSEEN: 3>
    """

    MISSING = 1
    UNSEEN = 2
    UNPARSED = 4
    OUTSIDE = 8
    CENSORED = 16
    EMPTY = 32


@dataclass(frozen=True)
class FlaggedCells:
    """The rows of one column that hold one kind of odd cell.

    Args:
        flag: what is odd.
        column: its name as in the table.
        rows: int64, positions.
    """

    flag: RowFlag
    column: str
    rows: IndexArray


@dataclass(frozen=True)
class PredictionReport:
    """Predictions with everything that was noticed about their rows.

    Args:
        prediction: one row per row of the table, in its order.
        lines: int64 [N], line number of each row in its file.
        flags: uint8 [N], `RowFlag` bits: a missing cell, a category that was never fitted, a cell that cannot be
            read, a number far outside the fit rows' range, a number given as "below" or "above", no value at all.
        columns: counts per needed column.
        notes: one sentence each: columns not used, shares that have grown, rows set aside by the reader.
        refused: what would have been refused, had `allow_shift` not been given.
        source: what was predicted.
        target: name of the target.
        task: what is predicted.
        classes: class names in the order of `prediction.values`; empty for regression.
        flagged: the flags again, by column.
        named: the column that names examples (file or id) and its text per row; ("", ()) for tables of cells.
    """

    prediction: Prediction
    lines: IndexArray
    flags: StatusArray
    columns: tuple[ColumnCount, ...]
    notes: tuple[str, ...]
    refused: tuple[str, ...]
    source: str
    target: str
    task: Task
    classes: tuple[str, ...]
    named: tuple[str, tuple[str, ...]] = ("", ())
    flagged: tuple[FlaggedCells, ...] = ()


def predict_table(bundle: Bundle, table: Table, *, allow_shift: bool = False) -> PredictionReport:
    """Predict the rows of a table after checking that it is like the data the networks know.

    Columns are matched by exact name; other order, further columns and the target's presence change no bit.

    Args:
        bundle: a loaded bundle.
        table: the new rows as read; none gives a report without rows.
        allow_shift: predict although a column seems to be in another unit or to hold too many new categories; what
            was overridden stands in `refused`.

    Returns:
        The report.

    Raises:
        DataError: a column is missing (with the nearest name), is of another kind (with line and value), seems to
            be in another unit (with both medians), or holds more new categories than the limit. All are named.
    """
    plans = list_inputs(bundle.recipe)
    raws = match_columns(table, tuple(plan.spec.source or plan.spec.name for plan in plans))
    typed = tuple(type_column(raw, plan.spec) for raw, plan in zip(raws, plans, strict=True))
    rates = [merge_rates(bundle.recipe, plan.spec.name) for plan in plans]
    flags = tuple(flag_cells(column, rate) for column, rate in zip(typed, rates, strict=True))
    prediction, unseen = _predict_chunks(bundle, typed, table)
    unseen = [cells & ~flag.missing & ~flag.unparsed for cells, flag in zip(unseen, flags, strict=True)]
    counts = tuple(map(_count_cells, typed, flags, unseen, rates))
    limits = bundle.limits
    kinds = [check_kind(*one, table=table, limits=limits) for one in zip(raws, counts, flags, strict=True)]
    units = [check_unit(*one) for one in zip(typed, counts, flags, strict=True)]
    shifts = [refusal for refusal, _ in units] + [check_unseen(count, limits) for count in counts]
    refused = tuple(sentence for sentence in shifts if sentence)
    _refuse(table, [sentence for sentence in kinds if sentence], () if allow_shift else refused)
    notes = [*_note_table(bundle, table), *(note for _, note in units if note)]
    flagged = _list_flagged(plans, flags, unseen)
    return PredictionReport(
        prediction=prediction,
        lines=table.lines,
        flagged=flagged,
        flags=_flag_rows(flagged, flags, len(table.lines), has_arrays=bool(bundle.recipe.arrays)),
        columns=counts,
        notes=(*notes, *(note for count in counts for note in note_rates(count, limits))),
        refused=refused,
        source=table.source,
        target=bundle.target,
        task=bundle.task,
        classes=bundle.classes,
        named=name_rows(table),
    )


def _count_cells(column: TypedColumn, flags: CellFlags, unseen: BoolArray, rates: FitRates) -> ColumnCount:
    return ColumnCount(
        name=column.spec.name,
        kind=column.spec.kind,
        n_rows=len(column.status),
        missing=int(flags.missing.sum()),
        unparsed=int(flags.unparsed.sum()),
        unseen=int(unseen.sum()),
        outside=int(flags.outside.sum()),
        fit=rates,
    )


def _predict_chunks(
    bundle: Bundle, typed: tuple[TypedColumn, ...], table: Table
) -> tuple[Prediction, list[BoolArray]]:
    """Predict chunk by chunk, and find each column's cells in categories that no state knows."""
    slots: dict[str, int] = {
        slot.column: slot.position for slot in bundle.recipe.layout if slot.role is Role.UNSEEN
    }
    n_rows = len(table.lines)
    n_at_once = max(BLOCK, min(CHUNK, MOST_NUMBERS // max(bundle.recipe.n_features, 1)))
    unseen = [np.zeros(n_rows, np.bool_) for _ in typed]
    parts = []
    for first in range(0, max(n_rows, 1), n_at_once):
        rows = np.arange(first, min(first + n_at_once, n_rows))
        features = [
            apply_recipe(bundle.recipe, typed, arrays=table.arrays, state=state, rows=rows)
            for state in range(len(bundle.recipe.states))
        ]
        for column, cells in zip(typed, unseen, strict=True):
            if column.spec.name in slots:
                at = slots[column.spec.name]
                cells[rows] = np.all([encoded[:, at] > 0 for encoded in features], axis=0)
        parts.append(predict_features(bundle, features))
    return _join(parts), unseen


def _join(parts: list[Prediction]) -> Prediction:
    return Prediction(
        values=np.concatenate([part.values for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        low=np.concatenate([part.low for part in parts]),
        high=np.concatenate([part.high for part in parts]),
    )


def _refuse(table: Table, kinds: list[str], shifts: tuple[str, ...]) -> None:
    sentences = [*kinds, *shifts]
    if not sentences:
        return
    hint = (
        "correct the cells (blank means missing)"
        if kinds
        else "convert the units, or train on rows like these"
    )
    if shifts:
        hint += "; if the numbers are right as they stand, allow it with --allow-shift (allow_shift=True in Python)"
    raise DataError("\n".join(f"{table.source}: {sentence}" for sentence in sentences), hint=hint)


def _list_flagged(
    plans: Sequence[ColumnPlan], flags: tuple[CellFlags, ...], unseen: list[BoolArray]
) -> tuple[FlaggedCells, ...]:
    """Say which cells are odd, column by column; columns and kinds without any are left out."""
    found = []
    for plan, flag, cells in zip(plans, flags, unseen, strict=True):
        for mask, bit in (
            (flag.missing, RowFlag.MISSING),
            (cells, RowFlag.UNSEEN),
            (flag.unparsed, RowFlag.UNPARSED),
            (flag.outside, RowFlag.OUTSIDE),
            (flag.censored, RowFlag.CENSORED),
        ):
            if mask.any():
                found.append(FlaggedCells(bit, plan.spec.name, np.flatnonzero(mask)))
    return tuple(found)


def _flag_rows(
    flagged: tuple[FlaggedCells, ...], flags: tuple[CellFlags, ...], n_rows: int, *, has_arrays: bool
) -> StatusArray:
    rows = np.zeros(n_rows, np.uint8)
    for item in flagged:
        rows[item.rows] |= np.uint8(item.flag)
    empty = np.full(n_rows, not has_arrays)
    for flag in flags:
        empty &= flag.missing | flag.unparsed
    rows[empty] |= np.uint8(RowFlag.EMPTY)
    return rows


def _note_table(bundle: Bundle, table: Table) -> tuple[str, ...]:
    """Note what of the table was not used."""
    notes = list(table.notes)
    known = {plan.spec.source or plan.spec.name for plan in bundle.recipe.columns} | {bundle.target}
    extra = [column.name for column in table.columns if column.name not in known]
    if extra:
        shown = ", ".join(repr(name[:60]) for name in extra[:10]) + (", ..." if len(extra) > 10 else "")
        notes.append(f"{len(extra)} columns the networks do not know are not used: {shown}")
    if any(column.name == bundle.target for column in table.columns):
        notes.append(f"the target {bundle.target!r} is in the table; it is not used for the prediction")
    if table.set_aside:
        lines = ", ".join(str(row.line) for row in table.set_aside[:10]) + (
            ", ..." if len(table.set_aside) > 10 else ""
        )
        notes.append(
            f"{len(table.set_aside)} rows were set aside while reading and have no prediction: lines {lines}"
        )
    return tuple(notes)
