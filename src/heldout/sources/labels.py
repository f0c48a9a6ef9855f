"""Labels that lie in a table of their own, joined to examples by an id."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

import numpy as np

from heldout.errors import DataError
from heldout.records import RawColumn, SetAside, Table
from heldout.sources.columns import encode_cells, find_column, list_names, take_rows

# Columns of examples that may hold the id, in the order in which they are tried.
_ID_COLUMNS = ("id", "file", "accession")
_DIGITS = re.compile(r"\d+")
_MOSTLY = 0.9
# A column is taken for the id only where it names most examples and hardly repeats itself (assumptions).
_MATCHED, _DISTINCT = 0.8, 0.8


def find_key(table: Table, labels: Table) -> str:
    """The column of a table of labels that names most of the examples; "" when none does.

    Args:
        table: examples with a column `id`, `file` or `accession`.
        labels: one row an id.

    Example:
        >>> table = Table((encode_cells("file", ["a/x1.png", "a/x2.png"]),), np.array([1, 2]), "photos")
        >>> columns = (encode_cells("y", ["cat", "dog"]), encode_cells("name", ["x1", "x2"]))
        >>> find_key(table, Table(columns, np.array([2, 3]), "l.csv"))
        'name'
    """
    cells = replace(table, arrays=())
    for column in labels.columns:
        if len(column.levels) < _DISTINCT * len(labels.lines):
            continue
        try:
            joined = join_labels(cells, labels, column.name)
        except DataError:
            continue
        if len(joined.lines) >= _MATCHED * len(table.lines):
            return column.name
    return ""


def join_labels(table: Table, labels: Table, key: str) -> Table:
    """The examples with the columns of a table of labels, joined by an id.

    The id is compared as it stands first; then, until one way fits nearly all, by the name of the file, that name
    without its ending, the id without version and range, and the number at one place of the name.

    Args:
        table: examples with a column `id`, `file` or `accession`.
        labels: one row an id.
        key: the column of `labels` that holds the id.

    Returns:
        The examples that have a row of labels; the others are set aside. Columns of `labels` whose name is taken get
        the prefix `labels/`. Which way of comparing was used is said in a note.

    Raises:
        DataError: no such key, the same id twice with different labels, or not one example matches.

    Example:
        >>> table = Table((encode_cells("file", ["a/x1.png", "a/x2.png"]),), np.array([1, 2]), "photos")
        >>> columns = (encode_cells("name", ["x1", "x3"]), encode_cells("y", ["cat", "dog"]))
        >>> labels = Table(columns, np.array([2, 3]), "l.csv")
        >>> joined = join_labels(table, labels, "name")
        >>> joined.columns[1].levels, joined.set_aside[0].reason
        (('cat',), "no row of l.csv has its id 'x2'")
        >>> join_labels(table, labels, "y")
        Traceback (most recent call last):
        heldout.errors.DataError: no example of photos has an id in column 'y' of l.csv (e.g. 'a/x1.png'; there: 'cat')
          -> --key names the column of l.csv that holds the id: name, y
    """
    raw = find_column(labels, key)
    keys = [raw.levels[code].strip() if code >= 0 else "" for code in raw.codes]
    row_of = _index_rows(labels, keys, key)
    column, way, ids = _choose_way(table, row_of, labels, key)
    rows = np.array([row for row, text in enumerate(ids) if text in row_of], dtype=np.int64)
    aside = tuple(
        SetAside(
            int(table.lines[row]), f"no row of {labels.source} has its id {text!r}", text=text, kind="dropped"
        )
        for row, text in enumerate(ids)
        if text not in row_of
    )
    kept = take_rows(table, rows)
    theirs = np.array([row_of[ids[row]] for row in rows], dtype=np.int64)
    taken = {item.name for item in (*table.columns, *table.arrays)}
    joined = tuple(
        _take(item, theirs, f"labels/{item.name}" if item.name in taken else item.name)
        for item in labels.columns
        if item.name != key
    )
    unused = len(row_of) - len(set(theirs.tolist()))
    note = (
        f"{table.source}: {len(rows):,} of {len(ids):,} examples were joined to {labels.source} by {column!r} ({way}) "
        f"= {key!r}; {len(aside):,} examples without labels were set aside, {unused:,} rows of labels have no example"
    )
    ledger = table.ledger and replace(
        table.ledger,
        used=table.ledger.used - len(aside),
        dropped=table.ledger.dropped + len(aside),
        lines=0,
    )
    return replace(
        kept,
        columns=(*kept.columns, *joined),
        notes=(*table.notes, *labels.notes, note),
        set_aside=(*table.set_aside, *aside, *labels.set_aside),
        ledger=ledger,
    )


def _index_rows(labels: Table, keys: Sequence[str], key: str) -> dict[str, int]:
    row_of: dict[str, int] = {}
    for row, text in enumerate(keys):
        if not text:
            continue
        first = row_of.setdefault(text, row)
        others = (column for column in labels.columns if column.name != key)
        if first == row or all(column.codes[first] == column.codes[row] for column in others):
            continue
        raise DataError(
            f"lines {labels.lines[first]} and {labels.lines[row]} of {labels.source} have the same id {text!r} and "
            "differ elsewhere",
            hint="keep one row for each id",
        )
    return row_of


def _take(column: RawColumn, rows: np.ndarray, name: str) -> RawColumn:
    cells = [column.levels[code] if code >= 0 else None for code in column.codes[rows]]
    return encode_cells(name, cells)


def _choose_way(table: Table, row_of: dict[str, int], labels: Table, key: str) -> tuple[str, str, list[str]]:
    best: tuple[int, str, str, list[str]] = (0, "", "", [])
    example = ""
    for name in _ID_COLUMNS:
        column = next((item for item in table.columns if item.name == name), None)
        if column is None:
            continue
        texts = [column.levels[code] if code >= 0 else "" for code in column.codes]
        example = example or next(filter(None, texts), "")
        for way, ids in _list_ways(texts, row_of):
            hits = sum(text in row_of for text in ids)
            if hits > best[0]:
                best = (hits, name, way, ids)
            if hits >= _MOSTLY * len(texts):
                return name, way, ids
    if not best[0]:
        there = next(iter(row_of), "")
        raise DataError(
            f"no example of {table.source} has an id in column {key!r} of {labels.source} (e.g. {example!r}; there: "
            f"{there!r})",
            hint=f"--key names the column of {labels.source} that holds the id: "
            f"{list_names([item.name for item in labels.columns])}",
        )
    return best[1], best[2], best[3]


def _list_ways(texts: list[str], row_of: dict[str, int]) -> list[tuple[str, list[str]]]:
    simple: list[tuple[str, Callable[[str], str]]] = [
        ("as it stands", str.strip),
        ("name of the file", lambda text: PurePosixPath(text).name),
        ("name of the file without ending", _stem),
        ("without version and range", lambda text: re.split(r"[:/]", text)[0].partition(".")[0]),
        ("between the bars", lambda text: _between_bars(text, row_of)),
    ]
    ways = [(way, [change(text) for text in texts]) for way, change in simple]
    return [*ways, *_list_numbers(texts, row_of)]


def _stem(text: str) -> str:
    name = re.sub(r"\.(gz|xz)$", "", PurePosixPath(text).name)
    return name.rpartition(".")[0] or name


def _between_bars(text: str, row_of: dict[str, int]) -> str:
    """The part of an id such as gi|5817701|gb|AF142731.1| that is known."""
    return next((part for part in text.split("|") if part in row_of), text)


def _list_numbers(texts: list[str], row_of: dict[str, int]) -> list[tuple[str, list[str]]]:
    """Ids by the number at one place of the name, as written and without leading zeros; each must be unique."""
    groups = [_DIGITS.findall(PurePosixPath(text).name) for text in texts]
    width = min(map(len, groups), default=0)
    bare = {text.lstrip("0") or "0": text for text in row_of if text.isdecimal()}
    ways = []
    for place in range(width):
        written = [found[place] for found in groups]
        if max(Counter(written).values()) > 1:
            continue
        ways.append((f"number {place + 1} of the name", written))
        ways.append(
            (
                f"number {place + 1} of the name without leading zeros",
                [bare.get(text.lstrip("0") or "0", text) for text in written],
            )
        )
    return ways
