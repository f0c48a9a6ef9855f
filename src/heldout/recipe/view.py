"""Cells as the steps see them, and views that physically hold only the fit rows."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from heldout.errors import RecipeError
from heldout.records import (
    CodeArray,
    DoubleArray,
    IndexArray,
    Kind,
    Status,
    StatusArray,
    TypedColumn,
)

NUMERIC_KINDS = (Kind.NUMBER, Kind.DATE)
YES_NO_LEVELS = ("no", "yes")


class Outcome(IntEnum):
    """What the recipe can do with one cell."""

    VALUE = 0
    MISSING = 1
    UNPARSED = 2
    UNSEEN = 3


@dataclass(frozen=True)
class Cells:
    """Cells of one column, reduced to what the steps need.

    Args:
        name: column name.
        kind: what the column is read as.
        outcome: uint8 [n], an `Outcome` per cell.
        censored: int8 [n]; -1 for "below the value", +1 for "above the value", else 0. Empty where no cell is.
        values: float64 [n]; empty for category, yes/no, text and identifier.
        codes: int32 [n], index into `levels`; -1 without a value. Empty for number and date.
        levels: the distinct texts.
    """

    name: str
    kind: Kind
    outcome: StatusArray
    censored: NDArray[np.int8]
    values: DoubleArray
    codes: CodeArray
    levels: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of cells."""
        return int(self.outcome.size)


@dataclass(frozen=True)
class FitView:
    """The fit rows and nothing else: what fitted values are computed from.

    There is no way from here to the other rows: the arrays are copies, and texts that only other rows hold are not
    among the levels.

    Args:
        columns: cells of each column at the fit rows, rows in ascending order, levels sorted.
        rows: number of fit rows.
        sha256: of the sorted row positions.
    """

    columns: tuple[Cells, ...]
    rows: int
    sha256: str


_OUTCOME_OF = np.zeros(256, np.uint8)
_OUTCOME_OF[[Status.MISSING, Status.SENTINEL]] = Outcome.MISSING
_OUTCOME_OF[Status.UNPARSED] = Outcome.UNPARSED
_OUTCOME_OF[Status.UNSEEN] = Outcome.UNSEEN
_CENSORED_OF = np.zeros(256, np.int8)
_CENSORED_OF[Status.CENSORED_BELOW] = -1
_CENSORED_OF[Status.CENSORED_ABOVE] = 1
_NO_CENSORED = np.zeros(0, np.int8)
_NO_VALUES = np.zeros(0, np.float64)
_NO_CODES = np.zeros(0, np.int32)


def take_cells(column: TypedColumn, rows: IndexArray | None = None) -> Cells:
    """Reduce a typed column to the cells of some rows.

    The status decides: a cell marked missing has no value even if a number stands there; a number that is not
    finite is missing (NaN) or unparsed (infinite), so that no step ever meets one.

    Args:
        column: the typed column.
        rows: int64 positions, any order; None for all rows.

    Returns:
        Copies of the cells, in the order of `rows`.

    Raises:
        RecipeError: the column's arrays do not fit together.

    Example:
        >>> import numpy as np
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec(name="age", kind=Kind.NUMBER, why="")
        >>> column = TypedColumn(spec, np.array([0, 2], np.uint8), np.array([41.0, np.nan]), np.zeros(0, np.int32))
        >>> take_cells(column).outcome.tolist()
        [0, 1]
    """
    spec = column.spec
    status = column.status if rows is None else column.status[rows]
    outcome = _OUTCOME_OF[status]
    if spec.kind in NUMERIC_KINDS:
        _check_length(column, column.values.size)
        values = np.array(column.values if rows is None else column.values[rows], np.float64)
        _mark_non_finite(outcome, values)
        censored = _CENSORED_OF[status]
        censored = censored if censored.any() else _NO_CENSORED
        return Cells(spec.name, spec.kind, outcome, censored, values, _NO_CODES, ())
    codes, levels = _take_codes(column, rows)
    outcome[(outcome == Outcome.VALUE) & (codes < 0)] = Outcome.MISSING
    return Cells(spec.name, spec.kind, outcome, _NO_CENSORED, _NO_VALUES, codes, levels)


def make_view(columns: tuple[TypedColumn, ...], rows: IndexArray, *, n_rows: int | None = None) -> FitView:
    """Copy the fit rows out of the table: the only thing that fitting ever sees.

    Args:
        columns: all typed columns of the table.
        rows: int64 positions of the fit rows, each at most once, any order.
        n_rows: rows of the table where it has no columns, only arrays.

    Returns:
        A view that holds only those rows; it is the same for every order of `rows`.

    Raises:
        RecipeError: no rows, repeated rows, or rows outside the table.

    Example:
        >>> import numpy as np
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec(name="sex", kind=Kind.CATEGORY, why="")
        >>> sex = TypedColumn(spec, np.zeros(3, np.uint8), np.zeros(0), np.array([0, 1, 2], np.int32), ("m", "f", "x"))
        >>> make_view((sex,), np.array([1, 0])).columns[0].levels
        ('f', 'm')
        >>> make_view((sex,), np.array([7]))
        Traceback (most recent call last):
        heldout.errors.RecipeError: fit row 7 is outside the table of 3 rows
    """
    n_all = int(columns[0].status.size) if columns else n_rows or 0
    ordered = check_rows(rows, n_all)
    digest = hashlib.sha256(ordered.astype("<i8").tobytes()).hexdigest()
    return FitView(
        tuple(_relevel(take_cells(column, ordered)) for column in columns), int(ordered.size), digest
    )


def check_rows(rows: IndexArray, n_rows: int) -> IndexArray:
    """Sort fit row positions after checking them.

    Args:
        rows: integer positions.
        n_rows: rows of the table.

    Returns:
        int64, ascending.

    Raises:
        RecipeError: not integers, none, repeated, or outside the table.

    Example:
        >>> import numpy as np
        >>> check_rows(np.array([2, 0]), 3).tolist()
        [0, 2]
        >>> check_rows(np.array([1, 1]), 3)
        Traceback (most recent call last):
        heldout.errors.RecipeError: fit row 1 is named more than once
    """
    given = np.asarray(rows)
    if given.size == 0:
        raise RecipeError("there are no fit rows", hint="a recipe needs at least one row to fit on")
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer):
        raise RecipeError(
            f"fit rows must be a list of row positions, got {given.dtype} with shape {given.shape}"
        )
    ordered = np.sort(given.astype(np.int64))
    if ordered[0] < 0 or ordered[-1] >= n_rows:
        outside = int(ordered[0] if ordered[0] < 0 else ordered[-1])
        raise RecipeError(f"fit row {outside} is outside the table of {n_rows} rows")
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    if again.size:
        raise RecipeError(f"fit row {int(ordered[again[0]])} is named more than once")
    return ordered


def _check_length(column: TypedColumn, size: int) -> None:
    if size != column.status.size:
        raise RecipeError(
            f"column {column.spec.name!r}: {size} cells but {column.status.size} statuses; every cell needs one"
        )


def _mark_non_finite(outcome: StatusArray, values: DoubleArray) -> None:
    finite = np.isfinite(values)
    if finite.all():
        return
    usable = outcome == Outcome.VALUE
    outcome[usable & np.isinf(values)] = Outcome.UNPARSED
    outcome[usable & np.isnan(values)] = Outcome.MISSING


def _take_codes(column: TypedColumn, rows: IndexArray | None) -> tuple[CodeArray, tuple[str, ...]]:
    if column.spec.kind is Kind.YES_NO:
        _check_length(column, column.values.size)
        values = column.values if rows is None else column.values[rows]
        codes = np.where(np.isnan(values), -1, values != 0).astype(np.int32)
        return codes, YES_NO_LEVELS
    if column.spec.kind in (Kind.CONSTANT, Kind.IDENTIFIER) and column.codes.size == 0:
        # Never encoded, so that it may come without its texts.
        return np.full(column.status.size if rows is None else len(rows), -1, np.int32), ()
    _check_length(column, column.codes.size)
    codes = np.array(column.codes if rows is None else column.codes[rows], np.int32)
    if codes.size and int(codes.max()) >= len(column.levels):
        raise RecipeError(
            f"column {column.spec.name!r}: code {int(codes.max())} but only {len(column.levels)} distinct texts"
        )
    return codes, column.levels


def _relevel(cells: Cells) -> Cells:
    """Keep only the texts that these cells hold, sorted, so that nothing of other rows is left, not even order."""
    if cells.kind in NUMERIC_KINDS:
        return cells
    used = np.unique(cells.codes[cells.codes >= 0])
    ordered = sorted((cells.levels[code], int(code)) for code in used)
    new_code = np.full(len(cells.levels) + 1, -1, np.int32)
    for index, (_, code) in enumerate(ordered):
        new_code[code] = index
    codes = new_code[cells.codes]
    levels = tuple(text for text, _ in ordered)
    return Cells(cells.name, cells.kind, cells.outcome, cells.censored, cells.values, codes, levels)
