"""Tables from JSON lines (one object a line) and from a JSON list of objects."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from heldout.errors import DataError
from heldout.records import IndexArray, Ledger, SetAside, Table
from heldout.sources.columns import encode_cells
from heldout.sources.decode import decode_text
from heldout.sources.header import repair_names
from heldout.sources.item_lists import write_items

_BAD_LIMIT = 0.05
_TEXT_SHOWN = 120


class _RepeatedKeyError(ValueError):
    pass


def _build_row(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise _RepeatedKeyError("a key occurs twice in the object")
    return row


# Numbers stay as written: "1.50" is not 1.5 until a column is declared to hold numbers.
_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_build_row)


def read_jsonl(raw: bytes, *, name: str, encoding: str | None = None) -> Table:
    """The table in JSON lines, numbers exactly as written; a missing key or null is a null cell.

    Args:
        raw: content of the file: one object a line, or one list of objects.
        name: file name for messages.
        encoding: codec name, or None to find it.

    Returns:
        The table; lines that are no object are set aside.

    Raises:
        DataError: more than 5 % of the lines are no objects, a cell is nested (but for lists of names), or there are no
            rows.

    Example:
        >>> read_jsonl(b'{"age": 63.10, "sex": null}', name="t.jsonl").columns[0].levels
        ('63.10',)
        >>> read_jsonl(b'{"age": [1]}', name="t.jsonl")
        Traceback (most recent call last):
        heldout.errors.DataError: t.jsonl, line 1, column 'age': a list is no single cell (['1'])
          -> only lists of names are read as lists; put numbers into columns of their own
    """
    text, notes = decode_text(raw, name=name, encoding=encoding)
    is_list = text.lstrip().startswith("[")
    rows, aside = _parse_list(text, name) if is_list else _parse_lines(text)
    if len(aside) > _BAD_LIMIT * (len(rows) + len(aside)):
        raise DataError(
            f"{name}: {len(aside)} of {len(rows) + len(aside)} lines are no JSON objects; the first is line "
            f"{aside[0].line}: {aside[0].text!r} ({aside[0].reason})",
            hint='one object a line was expected, e.g. {"age": 63, "sex": "M"}',
        )
    if not rows or not any(row for _, row in rows):
        raise DataError(f"{name} has no rows", hint="check that the export was finished")
    keys = list(dict.fromkeys(key for _, row in rows for key in row))
    names, repairs = repair_names(keys, name=name)
    columns = tuple(
        encode_cells(
            column, [_write_value(row.get(key), f"{name}, line {line}, column {key!r}") for line, row in rows]
        )
        for key, column in zip(keys, names, strict=True)
    )
    if aside:
        notes += (f"{name}: {len(aside)} lines were set aside: line {aside[0].line} ({aside[0].reason})",)
    lines = np.array([line for line, _ in rows], dtype=np.int64)
    ledger = _account(text, lines, len(aside), is_list=is_list)
    return Table(columns, lines, name, (*notes, *repairs), tuple(aside), ledger=ledger)


def _account(text: str, lines: IndexArray, n_aside: int, *, is_list: bool) -> Ledger:
    n_used = len(lines)
    if is_list:
        return Ledger(rows=n_used, used=n_used)
    pieces = text.split("\n")
    return Ledger(
        rows=n_used + n_aside,
        used=n_used,
        quarantined=n_aside,
        lines=text.count("\n") + (not text.endswith("\n")),
        lines_used=n_used,
        lines_quarantined=n_aside,
        lines_blank=sum(not piece.strip() for piece in pieces) - (not pieces[-1]),
    )


def _parse_lines(text: str) -> tuple[list[tuple[int, dict[str, Any]]], list[SetAside]]:
    rows: list[tuple[int, dict[str, Any]]] = []
    aside: list[SetAside] = []
    # Not splitlines(): JSON texts may hold other line separators than LF and CRLF.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = _DECODER.decode(line)
        except (json.JSONDecodeError, _RepeatedKeyError, RecursionError) as error:
            aside.append(SetAside(number, f"no JSON object: {error}", line[:_TEXT_SHOWN]))
            continue
        if isinstance(row, dict):
            rows.append((number, row))
        else:
            aside.append(SetAside(number, "no JSON object", line[:_TEXT_SHOWN]))
    return rows, aside


def _parse_list(text: str, name: str) -> tuple[list[tuple[int, dict[str, Any]]], list[SetAside]]:
    try:
        items = _DECODER.decode(text)
    except (json.JSONDecodeError, _RepeatedKeyError, RecursionError) as error:
        raise DataError(
            f"{name} is no valid JSON: {error}", hint="check that the export was finished"
        ) from None
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise DataError(
                f"{name}, element {number} is no JSON object", hint="a list of objects was expected"
            )
    return list(enumerate(items, start=1)), []


def _write_value(cell: object, where: str) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, list):
        return write_items(cell, where=where)
    raise DataError(
        f"{where}: a {type(cell).__name__} is no single cell",
        hint="flatten nested values into columns of their own",
    )
