"""Tables of delimited text (CSV, TSV and their kin): every row is either in the table or set aside with a reason."""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

import numpy as np

from heldout.errors import DataError
from heldout.records import SetAside, Table
from heldout.sources.columns import CellEncoder
from heldout.sources.decode import decode_text
from heldout.sources.dialect import DELIMITER_NAMES, Dialect, choose_dialect, choose_quoting, scan_rows
from heldout.sources.header import HeaderDecision, decide_header, repair_names

Row = tuple[int, int, list[str]]

_HEAD_ROWS = 1_000
_BLOCK_ROWS = 20_000
_TEXT_SHOWN = 120
# More than one row in twenty of another width means a wrong delimiter or two tables (assumption).
_RAGGED_LIMIT, _RAGGED_FREE = 0.05, 2
_FOOTER_ROWS = 10


def read_delimited(
    raw: bytes,
    *,
    name: str,
    header: str = "auto",
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Table:
    r"""The table in the bytes of a delimited text file, cells exactly as written.

    Args:
        raw: content of the file.
        name: file name for messages.
        header: "auto", "yes" or "no".
        delimiter: one character, or None to find it.
        encoding: codec name, or None to find it.

    Returns:
        The table; lines without a place in it (title, comment, footnote, too many or too few cells, a repeated
        header, rows of empty cells) stand in `set_aside`.

    Raises:
        DataError: undecidable delimiter or header, quotes that do not close, no rows below the header, or more
            than 5 % of the rows with another number of cells.

    Example:
        >>> table = read_delimited(b"age;sex\n63;M\n67;F\n", name="t.csv")
        >>> [column.name for column in table.columns], table.lines.tolist()
        (['age', 'sex'], [2, 3])
        >>> read_delimited(b"age;sex\n", name="t.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: t.csv has a header (age, sex) but no rows below it
          -> check that the export was finished
    """
    text, notes = decode_text(raw, name=name, encoding=encoding)
    dialect, found = choose_dialect(text, name=name, delimiter=delimiter)
    try:
        gathered, layout = _gather(text, dialect, header, name)
    except csv.Error as error:
        dialect, gathered, layout = _read_again(text, dialect, header, name, error)
        found += (f"{name}: quotation marks are unbalanced and were read as ordinary characters",)
    if gathered.multiline and dialect.quoting:
        # The sample may not show quotes that swallow line ends further down.
        better, _ = choose_quoting(text, dialect.delimiter)
        if not better.quoting:
            dialect = better
            gathered, layout = _gather(text, dialect, header, name)
            found += (f"{name}: quotation marks are unbalanced and were read as ordinary characters",)
    gathered.check(layout, name)
    return _build_table(gathered, layout, name, (*notes, *found))


@dataclass
class Layout:
    """Where the table stands in the file.

    Args:
        names: unique column names.
        header_cells: the header as read, to recognise repetitions; empty without a header.
        notes: sentences on header and names.
        delimiter: for showing rows that were set aside.
    """

    names: tuple[str, ...]
    header_cells: list[str]
    notes: tuple[str, ...]
    delimiter: str

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names)


@dataclass
class Gathered:
    """Rows sorted into the table and the set-aside while reading."""

    encoders: list[CellEncoder]
    lines: list[int] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    ragged: list[SetAside] = field(default_factory=list)
    blank: int = 0
    multiline: int = 0
    last_good_line: int = 0
    block: list[list[str]] = field(default_factory=list)

    def take(self, row: Row, layout: Layout) -> None:
        """Put one row where it belongs."""
        first, last, cells = row
        self.multiline += last > first
        if len(cells) == layout.width and any(cells) and cells != layout.header_cells:
            self.block.append(cells)
            self.lines.append(first)
            self.last_good_line = first
            if len(self.block) >= _BLOCK_ROWS:
                self.flush()
        elif not cells:
            self.blank += 1
        else:
            self._put_aside(first, cells, layout)

    def _put_aside(self, line: int, cells: list[str], layout: Layout) -> None:
        text = layout.delimiter.join(cells)[:_TEXT_SHOWN]
        if cells == layout.header_cells:
            self.set_aside.append(SetAside(line, "repeats the header", text))
        elif not any(cell.strip() for cell in cells):
            self.set_aside.append(SetAside(line, "all cells are empty", text))
        elif cells[0].lstrip().startswith("#"):
            self.set_aside.append(SetAside(line, "comment line", text))
        else:
            reason = f"{len(cells)} cells where the table has {layout.width}"
            self.ragged.append(SetAside(line, reason, text))

    def flush(self) -> None:
        """Encode the rows read so far and forget their texts."""
        if self.block:
            for encoder, cells in zip(self.encoders, zip(*self.block, strict=True), strict=True):
                encoder.add(cells)
            self.block = []

    def check(self, layout: Layout, name: str) -> None:
        """Refuse a table without rows or with too many rows of another width; a footer does not count.

        Raises:
            DataError: see above.
        """
        footer = [row for row in self.ragged if row.line > self.last_good_line]
        counted = (
            self.ragged[: len(self.ragged) - len(footer)] if len(footer) <= _FOOTER_ROWS else self.ragged
        )
        n_rows = len(self.lines)
        if len(counted) > max(_RAGGED_FREE, _RAGGED_LIMIT * (n_rows + len(counted))):
            worst = counted[0]
            mark = DELIMITER_NAMES.get(layout.delimiter, repr(layout.delimiter))
            raise DataError(
                f"{name}: {len(counted)} of {n_rows + len(counted)} rows do not have {layout.width} cells (delimiter "
                f"{mark}); the first is line {worst.line} with {worst.reason.split(' where')[0]}: {worst.text!r}",
                hint="correct these lines, split files that hold two tables, or say --delimiter",
            )
        if n_rows == 0 and layout.header_cells:
            shown = ", ".join(layout.names[:10])
            raise DataError(
                f"{name} has a header ({shown}) but no rows below it",
                hint="check that the export was finished",
            )
        if n_rows == 0:
            raise DataError(f"{name} has no rows", hint="check that the export was finished")


def _gather(text: str, dialect: Dialect, header: str, name: str) -> tuple[Gathered, Layout]:
    rows = scan_rows(text, dialect)
    head = list(islice(rows, _HEAD_ROWS))
    layout, before, rest = find_layout(head, dialect, header=header, name=name)
    gathered = Gathered([CellEncoder() for _ in layout.names], set_aside=before)
    _take_all(gathered, chain(rest, rows), layout)
    return gathered, layout


def _take_all(gathered: Gathered, rows: Iterable[Row], layout: Layout) -> None:
    for row in rows:
        gathered.take(row, layout)
    gathered.flush()


def _read_again(
    text: str, dialect: Dialect, header: str, name: str, error: csv.Error
) -> tuple[Dialect, Gathered, Layout]:
    """Second reading after quotes broke below the sample: with the quoting that fits the whole text."""
    better, _ = choose_quoting(text, dialect.delimiter)
    line = _count_lines(scan_rows(text, dialect)) + 1
    if better == dialect:
        raise DataError(
            f"{name}: a quotation mark is not closed or not doubled in the row that begins in line {line} ({error})",
            hint='correct that line: quotes inside a quoted cell are doubled ("")',
        )
    try:
        gathered, layout = _gather(text, better, header, name)
    except csv.Error as again:
        raise DataError(
            f"{name}: quotation marks are unbalanced from line {line} on ({again})",
            hint='correct that line: quotes inside a quoted cell are doubled ("")',
        ) from None
    return better, gathered, layout


def _count_lines(rows: Iterator[Row]) -> int:
    reached = 0
    with contextlib.suppress(csv.Error):
        for _, last, _cells in rows:
            reached = last
    return reached


def find_layout(
    head: Sequence[Row], dialect: Dialect, *, header: str, name: str
) -> tuple[Layout, list[SetAside], list[Row]]:
    """Width, title lines and names of the table that begins in the first rows.

    Args:
        head: the first rows of the file.
        dialect: how they were parsed.
        header: "auto", "yes" or "no".
        name: file name for messages.

    Returns:
        The layout, the lines above the table (set aside), and the rows of `head` that belong below the header.

    Raises:
        DataError: only blank lines, or a header whose width differs from the rows.

    Example:
        >>> head = [(1, 1, ["Results"]), (2, 2, ["a", "b"]), (3, 3, ["1", "2"]), (4, 4, ["3", "4"])]
        >>> layout, above, rest = find_layout(head, Dialect(","), header="auto", name="t.csv")
        >>> layout.names, above[0].text, len(rest)
        (('a', 'b'), 'Results', 2)
    """
    filled = [row for row in head if any(cell.strip() for cell in row[2])]
    if not filled:
        raise DataError(f"{name} holds only blank lines", hint="check that the export was finished")
    counts = Counter(len(row[2]) for row in filled)
    # The widest of equally frequent widths: short lines are more often notes than rows.
    width = max(counts.items(), key=lambda item: (item[1], item[0]))[0]
    start = next(i for i, row in enumerate(head) if len(row[2]) == width and any(c.strip() for c in row[2]))
    above = [row for row in head[:start] if row[2]]
    body = [row[2] for row in head[start + 1 :] if len(row[2]) == width]
    first = head[start][2]
    decision = _decide(first, body, header, name)
    if above and not decision.is_header and header != "no":
        return _read_narrow_header(head, start, width, dialect, name)
    before = [_set_above(row, width, dialect) for row in above]
    notes = (decision.note,) if decision.note else ()
    if not decision.is_header:
        names = tuple(f"column_{i}" for i in range(1, width + 1))
        return Layout(names, [], notes, dialect.delimiter), before, list(head[start:])
    names, repairs = repair_names(first, name=name)
    return Layout(names, first, (*notes, *repairs), dialect.delimiter), before, list(head[start + 1 :])


def _decide(first: list[str], body: list[list[str]], header: str, name: str) -> HeaderDecision:
    if body:
        return decide_header(first, body, header=header, name=name)
    # A single row: with nothing to compare, words are names and the file has no rows.
    has_digit = any(any(character.isdigit() for character in cell) for cell in first)
    return HeaderDecision(header == "yes" or (header == "auto" and not has_digit))


def _set_above(row: Row, width: int, dialect: Dialect) -> SetAside:
    text = dialect.delimiter.join(row[2])[:_TEXT_SHOWN]
    if row[2][0].lstrip().startswith("#"):
        return SetAside(row[0], "comment line", text)
    return SetAside(row[0], f"above the table: {len(row[2])} cells where the table has {width}", text)


def _read_narrow_header(
    head: Sequence[Row], start: int, width: int, dialect: Dialect, name: str
) -> tuple[Layout, list[SetAside], list[Row]]:
    """A header one cell shorter than its rows: row names without a title (as R writes them)."""
    above = [row for row in head[:start] if row[2]]
    nearest = above[-1]
    n_cells = len(nearest[2])
    if n_cells == 1 or nearest[2][0].lstrip().startswith("#"):
        # A title or comment directly above rows without names.
        names = tuple(f"column_{i}" for i in range(1, width + 1))
        note = f"{name} has no header: the first full row holds data; columns are named column_1 to column_{width}"
        before = [_set_above(row, width, dialect) for row in above]
        return Layout(names, [], (note,), dialect.delimiter), before, list(head[start:])
    last_cells = [row[2][-1] for row in head[start:] if len(row[2]) == width]
    if n_cells != width - 1 or not any(cell.strip() for cell in last_cells):
        raise DataError(
            f"{name}: line {nearest[0]} has {n_cells} cells, the rows below it have {width}: cannot tell which name "
            f"belongs to which column ({dialect.delimiter.join(nearest[2])[:_TEXT_SHOWN]!r})",
            hint="correct that line, or say --header no to set it aside",
        )
    names, repairs = repair_names(["", *nearest[2]], name=name)
    note = f"{name}: the header has one cell less than the rows; the first column was taken as row names"
    before = [_set_above(row, width, dialect) for row in above[:-1]]
    return Layout(names, nearest[2], (note, *repairs), dialect.delimiter), before, list(head[start:])


def _build_table(gathered: Gathered, layout: Layout, name: str, notes: tuple[str, ...]) -> Table:
    columns = tuple(
        encoder.finish(column) for encoder, column in zip(gathered.encoders, layout.names, strict=True)
    )
    more: list[str] = []
    if gathered.blank:
        more.append(
            f"{name}: {gathered.blank} blank {'line was' if gathered.blank == 1 else 'lines were'} skipped"
        )
    aside = sorted([*gathered.set_aside, *gathered.ragged], key=lambda row: row.line)
    if aside:
        lines = ", ".join(f"line {row.line} ({row.reason})" for row in aside[:3])
        left = f" and {len(aside) - 3} more" if len(aside) > 3 else ""
        more.append(f"{name}: {len(aside)} rows were set aside: {lines}{left}")
    return Table(
        columns=columns,
        lines=np.array(gathered.lines, dtype=np.int64),
        source=name,
        notes=(*notes, *layout.notes, *more),
        set_aside=tuple(aside),
    )
