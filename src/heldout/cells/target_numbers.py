"""A target of numbers that are not written plainly: decimal commas, thousands, units and currencies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.cells.kinds import declare_column
from heldout.cells.missing import MISSING_AMONG_NUMBERS, is_missing, prepare_words
from heldout.cells.numbers import parse_number
from heldout.cells.overrides import ColumnOverride, take_override
from heldout.cells.typed import type_column
from heldout.records import ColumnSpec, Kind, RawColumn, Status

_MOSTLY, _FEWEST_AMOUNTS = 0.9, 20
_SURE = (Status.OK, Status.REPAIRED)  # "<0.5" is a limit, not a number to learn


def write_plainly(
    raw: RawColumn, *, override: ColumnOverride | None = None, is_number: bool = False
) -> tuple[RawColumn, str]:
    """Rewrite a target's cells as plain numbers, read by the grammars of any column of numbers.

    Cells that are plain numbers already, and columns that are not mostly different amounts, stay as they are: "2 kg"
    and "5 kg" may as well be two classes. So do single cells that are no sure number; who reads the target refuses
    them with their line.

    Args:
        raw: the target column.
        override: what the user says of the column (decimal, thousands, unit).
        is_number: True where the task is known to be regression, however few the numbers are.

    Returns:
        The column, and how its numbers were read ("" where nothing was rewritten).

    Raises:
        DataError: cells with two readings, such as "1,234" throughout.

    Example:
        >>> raw = RawColumn("kg", np.array([0, 1, 2], np.int32), ("46,1", "73,8", "?"))
        >>> column, why = write_plainly(raw, is_number=True)
        >>> column.levels, why
        (('46.1', '73.8', '?'), "decimal comma, as in '46,1'")
        >>> write_plainly(RawColumn("kg", np.array([0, 1], np.int32), ("46.1", "73.8")))[1]
        ''
    """
    words = prepare_words(MISSING_AMONG_NUMBERS)
    odd = [text for text in raw.levels if not is_missing(text, words) and parse_number(text) is None]
    if not odd:
        return raw, ""
    rows = np.arange(len(raw.codes))
    spec = declare_column(raw, rows=rows, override=override)
    if is_number and spec.kind is Kind.IDENTIFIER:  # whole numbers that would be keys of a feature
        spec = declare_column(raw, rows=rows, override=replace(take_override(override), kind="number"))
    if spec.kind is not Kind.NUMBER:
        return raw, ""
    once = RawColumn(raw.name, np.arange(len(raw.levels), dtype=np.int32), raw.levels)
    typed = type_column(once, spec)
    is_sure = np.isin(typed.status, _SURE) & ~np.isnan(typed.values)
    numbers = np.unique(typed.values[is_sure])
    n_cells = sum(not is_missing(text, words) for text in raw.levels)
    is_amount = len(numbers) > _FEWEST_AMOUNTS or bool((numbers != np.round(numbers)).any())
    if not is_number and (not is_amount or is_sure.sum() < _MOSTLY * n_cells):
        return raw, ""
    levels = tuple(
        repr(value) if sure and parse_number(text) != value else text
        for text, value, sure in zip(raw.levels, typed.values.tolist(), is_sure.tolist(), strict=True)
    )
    return RawColumn(raw.name, raw.codes, levels), _tell(spec, odd[0])


def _tell(spec: ColumnSpec, example: str) -> str:
    told = []
    if spec.decimal == ",":
        told.append("decimal comma")
    if spec.thousands:
        told.append(f"thousands {spec.thousands!r}")
    if spec.unit:
        told.append(f"unit {spec.unit}")
    return f"{', '.join(told) or 'numbers'}, as in {example.strip()[:40]!r}"
