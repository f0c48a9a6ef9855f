"""Columns of a table: encode cells once per distinct text, find a column, take rows, fingerprint."""

from __future__ import annotations

import difflib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import DataError
from heldout.packed import pack_texts
from heldout.records import CodeArray, IndexArray, RawColumn, Table
from heldout.sources.stacks import hash_arrays, take_arrays

_NAMES_SHOWN = 40
_NEAREST_CUTOFF = 0.6
# A column whose first rows hold this share of distinct texts is numbered at the end, one column at a time: the
# numbering takes some 90 bytes per distinct text (measured on 5 million cells, CPython 3.11).
_JUDGED_ROWS, _DISTINCT_SHARE = 10_000, 0.5
_SEPARATOR = "\x1e"


class CellEncoder:
    """The distinct texts of one column in order of first appearance, filled block by block.

    Encoding by blocks keeps only codes of the rows already read in memory, not their texts.

    Example:
        >>> encoder = CellEncoder()
        >>> encoder.add(["a", "b", "a", None])
        >>> encoder.finish("x")
        RawColumn(name='x', codes=array([ 0,  1,  0, -1], dtype=int32), levels=('a', 'b'))
    """

    def __init__(self) -> None:
        self._index: defaultdict[str, int] = defaultdict()
        self._index.default_factory = self._index.__len__
        self._blocks: list[CodeArray] = []
        self._waiting: list[Sequence[str | None] | _Packed] = []
        self._n_rows = 0

    def add(self, cells: Sequence[str | None]) -> None:
        """Append the cells of further rows; None is a true null."""
        if self._waiting or self._is_mostly_distinct():
            self._waiting.append(_pack_cells(cells))
        else:
            self._number(cells)
        self._n_rows += len(cells)

    def _is_mostly_distinct(self) -> bool:
        return self._n_rows >= _JUDGED_ROWS and len(self._index) > _DISTINCT_SHARE * self._n_rows

    def _number(self, cells: Sequence[str | None]) -> None:
        index = self._index
        if None in cells:
            codes = [-1 if cell is None else index[cell] for cell in cells]
            self._blocks.append(np.array(codes, dtype=np.int32))
            return
        # __getitem__ of a defaultdict is the fastest way to number texts by first appearance.
        number: Callable[[str], int] = index.__getitem__
        self._blocks.append(np.fromiter(map(number, cells), np.int32, len(cells)))  # type: ignore[arg-type]

    def finish(self, name: str) -> RawColumn:
        """Return the encoded column and forget it."""
        while self._waiting:
            block = self._waiting.pop(0)
            self._number(block.unpack() if isinstance(block, _Packed) else block)
        codes = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.int32)
        column = RawColumn(name, codes, pack_texts(tuple(self._index)))
        # The numbering takes more memory than the texts and refers to itself: it must be gone before the next column
        # is numbered, and not only when cycles are collected.
        self._index.clear()
        self._index.default_factory = None
        self.__init__()
        return column


@dataclass(frozen=True)
class _Packed:
    """Cells of a column that differ in almost every row, as one text until the column is numbered."""

    text: str

    def unpack(self) -> list[str]:
        return self.text.split(_SEPARATOR)


def _pack_cells(cells: Sequence[str | None]) -> Sequence[str | None] | _Packed:
    if None in cells or not cells:
        return cells
    text = _SEPARATOR.join(cells)  # type: ignore[arg-type]
    return _Packed(text) if text.count(_SEPARATOR) == len(cells) - 1 else cells


def encode_cells(name: str, cells: Sequence[str | None]) -> RawColumn:
    """One column from its cell texts, stored once per distinct text.

    Args:
        name: column name.
        cells: texts as read; None is a true null (code -1).

    Returns:
        The column; codes int32 [N].

    Example:
        >>> encode_cells("age", ["63", "?", "63"]).levels
        ('63', '?')
    """
    encoder = CellEncoder()
    encoder.add(cells)
    return encoder.finish(name)


def name_nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name nearest to a word, or None: for "did you mean" in refusals.

    Args:
        word: what was asked for.
        known: the names that exist.

    Example:
        >>> name_nearest("AGE", ["sex", "age"])
        'age'
        >>> name_nearest("xyz", ["sex", "age"]) is None
        True
    """
    by_fold = {name.casefold().strip(): name for name in known}
    near = difflib.get_close_matches(word.casefold().strip(), list(by_fold), n=1, cutoff=_NEAREST_CUTOFF)
    return by_fold[near[0]] if near else None


def find_column(table: Table, name: str) -> RawColumn:
    """The column with this name.

    Args:
        table: where to look.
        name: exact column name.

    Raises:
        DataError: there is no such column; names the nearest one and lists all.

    Example:
        >>> table = Table((encode_cells("num", ["0", "1"]),), np.array([2, 3]), "heart.csv")
        >>> find_column(table, "num").levels
        ('0', '1')
        >>> find_column(table, "nun")
        Traceback (most recent call last):
        heldout.errors.DataError: no column 'nun' in heart.csv; its columns are: num
          -> did you mean 'num'?
    """
    for column in table.columns:
        if column.name == name:
            return column
    names = [column.name for column in table.columns]
    near = name_nearest(name, names)
    hint = f"did you mean {near!r}?" if near else "give one of the names above, exactly as written there"
    raise DataError(f"no column {name!r} in {table.source}; its columns are: {list_names(names)}", hint=hint)


def list_names(names: Sequence[str]) -> str:
    """Names separated by commas, cut after 40.

    Example:
        >>> list_names(["a", "b"])
        'a, b'
    """
    shown = ", ".join(names[:_NAMES_SHOWN])
    left = len(names) - _NAMES_SHOWN
    return shown if left <= 0 else f"{shown} and {left} more"


def take_rows(table: Table, rows: IndexArray) -> Table:
    """The table restricted to some rows, in the order given.

    Args:
        table: any table.
        rows: int64 positions in 0..n-1, repeats allowed.

    Returns:
        A table whose levels hold only the texts that are left, again in order of first appearance.

    Raises:
        DataError: a position lies outside the table.

    Example:
        >>> table = Table((encode_cells("x", ["a", "b", "c"]),), np.array([2, 3, 4]), "t.csv")
        >>> take_rows(table, np.array([2, 0])).columns[0].levels
        ('c', 'a')
    """
    rows = np.asarray(rows, dtype=np.int64)
    n = len(table.lines)
    outside = rows[(rows < 0) | (rows >= n)]
    if outside.size:
        raise DataError(f"row position {outside[0]} does not exist: {table.source} has {n} rows")
    columns = tuple(
        compact_levels(RawColumn(column.name, column.codes[rows], column.levels)) for column in table.columns
    )
    part = None if table.part is None else table.part[rows]
    arrays = take_arrays(table.arrays, rows)
    return replace(table, columns=columns, lines=table.lines[rows], part=part, arrays=arrays)


def compact_levels(raw: RawColumn) -> RawColumn:
    """The same cells with only the levels that occur, in order of first appearance.

    Example:
        >>> compact_levels(RawColumn("x", np.array([2, 0, 2], np.int32), ("a", "b", "c"))).levels
        ('c', 'a')
    """
    found, first, inverse = np.unique(raw.codes, return_index=True, return_inverse=True)
    is_text = found >= 0
    order = np.argsort(first[is_text], kind="stable")
    new_code = np.full(len(found), -1, dtype=np.int32)
    new_code[np.flatnonzero(is_text)[order]] = np.arange(len(order), dtype=np.int32)
    texts = tuple(raw.levels)
    levels = pack_texts([texts[code] for code in found[is_text][order].tolist()])
    return RawColumn(raw.name, new_code[inverse.reshape(-1)], levels)


def fingerprint_table(table: Table) -> str:
    """The sha256 of all names and cells in order: two tables with the same cells have the same fingerprint.

    Line numbers, notes, the source's name and the declared parts do not count, so that the same data read from
    another file or format is known again.

    Args:
        table: any table whose levels stand in order of first appearance (as every reader here makes them).

    Returns:
        64 hexadecimal digits.

    Example:
        >>> table = Table((encode_cells("x", ["a", "b"]),), np.array([2, 3]), "t.csv")
        >>> fingerprint_table(table)[:12]
        '606ffb904ff3'
    """
    digest = hashlib.sha256()
    digest.update(f"heldout table 1;{len(table.columns)};{len(table.lines)};".encode())
    for column in table.columns:
        for text in (column.name, *column.levels):
            cell = text.encode("utf-8", "surrogatepass")
            # The length in front keeps ("ab", "c") and ("a", "bc") apart.
            digest.update(b"%d:%b" % (len(cell), cell))
        digest.update(b"|%d|" % len(column.levels))
        digest.update(np.ascontiguousarray(column.codes, dtype="<i4").tobytes())
    if table.arrays:
        digest.update(hash_arrays(table.arrays))
    return digest.hexdigest()
