"""Raw cells to typed values with a status each; the work is done once per distinct text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from heldout.cells.dates import parse_date
from heldout.cells.missing import is_missing, is_sentinel, prepare_words
from heldout.cells.numbers import is_repaired_number, parse_number
from heldout.cells.yesno import parse_yes_no
from heldout.errors import DataError
from heldout.records import ColumnSpec, Kind, RawColumn, Status, Table, TypedColumn

_VALUE_KINDS = (Kind.NUMBER, Kind.DATE, Kind.YES_NO)


def type_table(table: Table, specs: Sequence[ColumnSpec]) -> tuple[TypedColumn, ...]:
    """Every declared column of a table, typed.

    Args:
        table: raw cells; may be new data.
        specs: declarations; columns are found by name, further columns of the table are left alone.

    Returns:
        One `TypedColumn` per declaration, in the order of `specs`.

    Raises:
        DataError: a declared column is not in the table.

    Example:
        >>> table = Table((RawColumn("x", np.zeros(1, np.int32), ("5",)),), np.array([2]), "t.csv")
        >>> type_table(table, [ColumnSpec("x", Kind.NUMBER, "declared")])[0].values
        array([5.])
        >>> type_table(table, [ColumnSpec("y", Kind.NUMBER, "declared")])
        Traceback (most recent call last):
        heldout.errors.DataError: t.csv lacks 1 of 1 declared columns: y
          -> its columns are: x
    """
    by_name = {column.name: column for column in table.columns}
    lacking = [spec.name for spec in specs if spec.name not in by_name]
    if lacking:
        raise DataError(
            f"{table.source} lacks {len(lacking)} of {len(specs)} declared columns: {', '.join(lacking[:20])}",
            hint=f"its columns are: {', '.join(list(by_name)[:40])}",
        )
    return tuple(type_column(by_name[spec.name], spec) for spec in specs)


def type_column(raw: RawColumn, spec: ColumnSpec) -> TypedColumn:
    """The cells of one column as values or codes, with what became of each.

    A cell that does not fit becomes UNPARSED with no value; it never changes the column's kind.

    Args:
        raw: cells as read.
        spec: how to read them.

    Returns:
        For number, date and yes/no: `values` float64 [N], NaN where there is none. For the other kinds: `codes`
        int32 [N] into stripped texts, -1 where missing.

    Example:
        >>> raw = RawColumn("x", np.array([0, 1, 2, -1], np.int32), ("5", "5O", "?"))
        >>> typed = type_column(raw, ColumnSpec("x", Kind.NUMBER, "declared", missing_words=("", "?")))
        >>> typed.values, [Status(status).name for status in typed.status]
        (array([ 5., nan, nan, nan]), ['OK', 'UNPARSED', 'MISSING', 'MISSING'])
    """
    if spec.kind in _VALUE_KINDS:
        return _type_values(raw, spec)
    return _type_texts(raw, spec)


def cell_text(raw: RawColumn, row: int) -> str | None:
    """One cell exactly as read, None for a true null.

    Args:
        raw: the column.
        row: position 0..n-1.

    Example:
        >>> cell_text(RawColumn("x", np.array([0, -1], np.int32), (" a",)), 0)
        ' a'
    """
    code = int(raw.codes[row])
    return None if code < 0 else raw.levels[code]


def _type_values(raw: RawColumn, spec: ColumnSpec) -> TypedColumn:
    read = _choose_reader(spec)
    words = prepare_words(spec.missing_words)
    # One entry more than levels: code -1 (null) looks up the last one.
    values = np.full(len(raw.levels) + 1, np.nan)
    status: NDArray[np.uint8] = np.full(len(raw.levels) + 1, Status.MISSING, dtype=np.uint8)
    for code, text in enumerate(raw.levels):
        if is_missing(text, words):
            status[code] = Status.SENTINEL if is_sentinel(text, words) else Status.MISSING
            continue
        value = read(text)
        if value is None:
            status[code] = Status.UNPARSED
        else:
            values[code] = value
            is_repaired = spec.kind is Kind.NUMBER and is_repaired_number(text)
            status[code] = Status.REPAIRED if is_repaired else Status.OK
    return TypedColumn(spec, status[raw.codes], values[raw.codes], np.zeros(0, dtype=np.int32))


def _choose_reader(spec: ColumnSpec) -> Callable[[str], float | None]:
    if spec.kind is Kind.NUMBER:
        return lambda text: parse_number(text, decimal=spec.decimal)
    if spec.kind is Kind.DATE:
        return lambda text: parse_date(text, date_format=spec.date_format)
    return lambda text: parse_yes_no(text, true_words=spec.true_words, false_words=spec.false_words)


def _type_texts(raw: RawColumn, spec: ColumnSpec) -> TypedColumn:
    words = prepare_words(spec.missing_words)
    index: dict[str, int] = {}
    codes = np.full(len(raw.levels) + 1, -1, dtype=np.int32)
    status: NDArray[np.uint8] = np.full(len(raw.levels) + 1, Status.MISSING, dtype=np.uint8)
    for code, text in enumerate(raw.levels):
        if is_sentinel(text, words):
            status[code] = Status.SENTINEL
        elif not is_missing(text, words):
            codes[code] = index.setdefault(text.strip(), len(index))
            status[code] = Status.OK
    return TypedColumn(spec, status[raw.codes], np.zeros(0), codes[raw.codes], tuple(index))
