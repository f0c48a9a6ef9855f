"""Any table, JSON lines, dictionary of lists or frame: columns by name, nothing known about the tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from heldout.adapters.record import LogFormat, Opened, RawLog, Series
from heldout.errors import DataError
from heldout.records import RawColumn, Table

MISSING_WORDS = frozenset({"", "na", "n/a", "none", "null", "-"})


def read_plain(opened: Opened) -> RawLog:
    """The log in a table or in a dictionary of lists.

    Args:
        opened: kind "table" or "json".

    Returns:
        every column as a series.

    Raises:
        DataError: JSON of another form.
    """
    if opened.table is not None:
        return convert_table(opened.table, opened.source)
    return convert_history(opened.data, opened.source)


def convert_table(table: Table, source: str) -> RawLog:
    """Every column of a table as a series; rows that were set aside are told.

    Args:
        table: cells as text.
        source: for messages.
    """
    notes = tuple(f"Line {item.line} was not used: {item.reason}." for item in table.set_aside[:5])
    if len(table.set_aside) > 5:
        notes = (*notes, f"{len(table.set_aside)} lines in all were not used.")
    return RawLog(source, tuple(_convert_column(column, table) for column in table.columns), notes)


def convert_history(data: object, source: str) -> RawLog:
    """A dictionary of lists (a Keras history, a frame as JSON) as series, one position per epoch.

    Args:
        data: name -> list of numbers (None for none), or name -> {position: number}.
        source: for messages.

    Raises:
        DataError: another form, or a value that is no number.

    Example:
        >>> convert_history({"loss": [0.5, 0.4], "val_loss": [0.6, None]}, "x").series[1].values
        array([0.6])
        >>> convert_history({"loss": 0.5}, "x")
        Traceback (most recent call last):
        heldout.errors.DataError: x: 'loss' holds 0.5, expected a list with one number per epoch
          -> give the history as name -> list of numbers
    """
    if not isinstance(data, Mapping) or not data:
        raise DataError(
            f"{source}: a history of type {type(data).__name__}, expected name -> list of numbers",
            hint="give a dictionary of lists, a list of dictionaries, or a file of the tool",
        )
    return RawLog(source, tuple(_convert_list(str(name), value, source) for name, value in data.items()))


def parse_cell(text: str) -> float | None:
    """A number, None for a missing cell.

    Args:
        text: the cell.

    Raises:
        ValueError: neither.

    Example:
        >>> parse_cell(" 0.5"), parse_cell("NA"), parse_cell("nan")
        (0.5, None, nan)
    """
    stripped = text.strip()
    return None if stripped.lower() in MISSING_WORDS else float(stripped)


def _convert_column(column: RawColumn, table: Table) -> Series:
    parsed = [_try_cell(text) for text in column.levels]
    values, lines, unreadable = [], [], []
    for code, line in zip(column.codes, table.lines, strict=True):
        value = None if code < 0 else parsed[code]
        if value is None:
            continue
        if isinstance(value, str):
            unreadable.append((int(line), value))
        else:
            values.append(value)
            lines.append(int(line))
    return Series(
        column.name.strip(),
        np.array(values, dtype=np.float64),
        np.array(lines, dtype=np.int64),
        unreadable=tuple(unreadable),
    )


def _try_cell(text: str) -> float | str | None:
    try:
        return parse_cell(text)
    except ValueError:
        return text.strip()


def _convert_list(name: str, given: object, source: str) -> Series:
    values = list(given.values()) if isinstance(given, Mapping) else given
    if not isinstance(values, Sequence | np.ndarray) or isinstance(values, str):
        raise DataError(
            f"{source}: {name!r} holds {given!r}, expected a list with one number per epoch",
            hint="give the history as name -> list of numbers",
        )
    numbers, lines = [], []
    for position, value in enumerate(values, start=1):
        if value is None:
            continue
        try:
            numbers.append(float("" if isinstance(value, bool) else value))
        except (TypeError, ValueError):
            where = f"{source}: {name!r} at position {position}"
            raise DataError(
                f"{where} holds {value!r}, expected a number", hint="give one number per epoch"
            ) from None
        lines.append(position)
    return Series(
        name, np.array(numbers, dtype=np.float64), np.array(lines, dtype=np.int64), length=len(values)
    )


FORMAT = LogFormat(
    "plain",
    "any CSV, Parquet, JSON lines, JSON of lists, frame; columns guessed by name",
    matches=lambda opened: opened.kind in ("table", "json"),
    read=read_plain,
)
