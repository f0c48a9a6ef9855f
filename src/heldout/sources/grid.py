"""Rows sorted into the table and the set-aside, with a ledger; the same for text files and worksheets."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np

from heldout.errors import DataError
from heldout.records import Ledger, RawColumn, SetAside, Table
from heldout.sources.columns import CellEncoder
from heldout.sources.damage import find_damage, unwrap_formulas
from heldout.sources.dialect import DELIMITER_NAMES, Dialect
from heldout.sources.ending import looks_cut
from heldout.sources.header import is_heading, is_ruler
from heldout.sources.layout import TEXT_SHOWN, Layout, find_layout, find_second_table
from heldout.sources.ledger import check_ledger, tell_ledger
from heldout.sources.rows import OPEN_QUOTE, Row
from heldout.sources.tail import set_tail_aside

CUT_OFF = "the last line of the file has no line end and too few cells: the file was cut off in it"
_HEAD_ROWS = 1_000
_BLOCK_ROWS = 20_000
# More than one row in twenty of another width means a wrong delimiter or two tables (assumption).
_RAGGED_LIMIT, _RAGGED_FREE = 0.05, 2
_FOOTER_ROWS = 10
_RAGGED_KEPT = 500
_RULER_BEGINS = frozenset({"--", "==", ":-", "+-", "__", "", " -", " :"})


@dataclass
class Gathered:
    """Rows sorted into the table and the set-aside while reading."""

    encoders: list[CellEncoder]
    lines: array[int] = field(default_factory=lambda: array("q"))
    set_aside: list[SetAside] = field(default_factory=list)
    ragged: list[SetAside] = field(default_factory=list)
    ragged_cells: list[tuple[int, list[str]]] = field(default_factory=list)
    multiline: int = 0
    faults: int = 0
    last_good_line: int = 0
    last_blank_line: int = -1
    n_lines: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("used", "dropped", "comment", "blank"), 0)
    )
    ragged_lines: int = 0
    block: list[list[str]] = field(default_factory=list)

    def take(self, row: Row, layout: Layout, name: str) -> None:
        """Put one row where it belongs."""
        first, last, cells, fault = row
        if len(cells) == layout.width and not fault and any(cells) and cells != layout.header_cells:
            if cells[0][:2] in _RULER_BEGINS and is_ruler(cells):
                self._put_aside(row, layout)
                return
            if first == self.last_blank_line + 1 and self.lines:
                _refuse_second_header(first, cells, layout, name)
            self.block.append(cells)
            self.lines.append(first)
            self.last_good_line = last
            self.multiline += last > first
            self.n_lines["used"] += last - first + 1
            if len(self.block) >= _BLOCK_ROWS:
                self.flush()
        elif not cells or (len(cells) == 1 < layout.width and not cells[0].strip()):
            self.n_lines["blank"] += last - first + 1
            self.last_blank_line = last
        else:
            self._put_aside(row, layout)

    def _put_aside(self, row: Row, layout: Layout) -> None:
        line, last, cells, fault = row
        text = layout.delimiter.join(cells)[:TEXT_SHOWN]
        n_lines = last - line + 1
        if fault:
            self.faults += 1
            self._put_ragged(SetAside(line, fault, text.rstrip("\r\n")), n_lines, cells)
        elif cells == layout.header_cells:
            self.n_lines["dropped"] += n_lines
            self.set_aside.append(SetAside(line, "repeats the header", text, "dropped"))
        elif not any(cell.strip() for cell in cells):
            self.n_lines["dropped"] += n_lines
            self.last_blank_line = last
            self.set_aside.append(SetAside(line, "all cells are empty", text, "dropped"))
        elif is_ruler(cells):
            self.n_lines["comment"] += n_lines
            self.set_aside.append(SetAside(line, "ruler", text, "comment"))
        elif cells[0].lstrip().startswith("#"):
            self.n_lines["comment"] += n_lines
            self.set_aside.append(SetAside(line, "comment line", text, "comment"))
        else:
            reason = f"{len(cells)} cells where the table has {layout.width}"
            self._put_ragged(SetAside(line, reason, text), n_lines, cells)

    def _put_ragged(self, aside: SetAside, n_lines: int, cells: list[str]) -> None:
        self.ragged.append(aside)
        self.ragged_lines += n_lines
        if len(self.ragged_cells) < _RAGGED_KEPT:
            self.ragged_cells.append((aside.line, cells))

    def flush(self) -> None:
        """Encode the rows read so far and forget their texts."""
        if self.block:
            for encoder, cells in zip(self.encoders, zip(*self.block, strict=True), strict=True):
                encoder.add(cells)
            self.block = []

    def split_footer(self) -> tuple[list[SetAside], list[SetAside]]:
        """The rows of another width inside the table, and the lines below it."""
        open_ended = (OPEN_QUOTE, CUT_OFF)
        footer = [
            row for row in self.ragged if row.line > self.last_good_line and row.reason not in open_ended
        ]
        if len(footer) > _FOOTER_ROWS:
            return self.ragged, []
        below = {row.line for row in footer}
        return [row for row in self.ragged if row.line not in below], footer

    def mark_cut(self, layout: Layout, *, last_line: int) -> None:
        """Say of a last row that the file was cut off in it: it is a row, and no note below the table."""
        if not self.ragged_cells or self.ragged_cells[-1][0] != last_line != self.last_good_line + 1:
            return
        line, cells = self.ragged_cells[-1]
        last = self.ragged[-1]
        if line == last.line == last_line and looks_cut(cells, layout.width, layout.numeric):
            self.ragged[-1] = replace(last, reason=CUT_OFF)

    def check(self, layout: Layout, name: str) -> None:
        """Refuse a second table, a table without rows, or too many rows of another width; a footer does not count.

        Raises:
            DataError: see above.
        """
        counted, _ = self.split_footer()
        line = find_second_table(self.ragged_cells)
        if line:
            raise DataError(
                f"{name} holds two tables: another one begins in line {line}",
                hint="put each table in a file of its own",
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


def _refuse_second_header(line: int, cells: list[str], layout: Layout, name: str) -> None:
    if is_heading(cells, layout.numeric):
        shown = layout.delimiter.join(cells)[:TEXT_SHOWN]
        raise DataError(
            f"{name} seems to hold two tables: after a blank line, line {line} has words where the rows above have "
            f"numbers ({shown!r})",
            hint="put each table in a file of its own, or delete the blank line if that line is a row",
        )


def gather_rows(rows: Iterator[Row], dialect: Dialect, *, header: str, name: str) -> tuple[Gathered, Layout]:
    """All rows sorted, and the layout of the table they belong to.

    Args:
        rows: the rows of the file in order, each with its lines.
        dialect: how they were parsed.
        header: "auto", "yes" or "no".
        name: file name for messages.

    Raises:
        DataError: as `find_layout`.
    """
    head = list(islice(rows, _HEAD_ROWS))
    layout, rest = find_layout(head, dialect, header=header, name=name)
    gathered = Gathered([CellEncoder() for _ in layout.names], set_aside=list(layout.above))
    for row in chain(rest, rows):
        gathered.take(row, layout, name)
    gathered.flush()
    return gathered, layout


def build_table(
    gathered: Gathered, layout: Layout, *, n_lines: int, name: str, notes: tuple[str, ...]
) -> Table:
    """The table with its notes and its ledger, after every check.

    Args:
        gathered: the rows.
        layout: the columns.
        n_lines: lines of the file, counted independently of the parser.
        name: file name.
        notes: what was guessed before.

    Raises:
        DataError: two tables, no rows, or too many rows of another width.
    """
    gathered.check(layout, name)
    table = _assemble(gathered, layout, n_lines, name, notes)
    return check_ledger(set_tail_aside(table, place_numeric(table, layout)))


def _assemble(gathered: Gathered, layout: Layout, n_lines: int, name: str, notes: tuple[str, ...]) -> Table:
    columns = tuple(
        encoder.finish(column) for encoder, column in zip(gathered.encoders, layout.names, strict=True)
    )
    columns, more = _drop_empty(columns, layout, name)
    columns, unwrapped = unwrap_formulas(columns, name=name)
    damage = find_damage(columns, name=name, lines=gathered.lines)
    inside, footer = gathered.split_footer()
    footer = [SetAside(row.line, row.reason, row.text, "footer") for row in footer]
    aside = sorted([*gathered.set_aside, *inside, *footer], key=lambda row: row.line)
    n_dropped = sum(row.kind == "dropped" for row in aside)
    n_comments = sum(row.kind == "comment" for row in layout.above)
    lines_footer = gathered.ragged_lines if not inside else len(footer)
    ledger = Ledger(
        rows=len(gathered.lines) + len(inside) + n_dropped,
        used=len(gathered.lines),
        quarantined=len(inside),
        dropped=n_dropped,
        lines=n_lines,
        lines_used=gathered.n_lines["used"],
        lines_quarantined=gathered.ragged_lines - lines_footer,
        lines_dropped=gathered.n_lines["dropped"],
        lines_header=layout.n_lines_header,
        lines_outside=layout.n_lines_above + lines_footer,
        lines_comment=gathered.n_lines["comment"] + n_comments,
        lines_blank=gathered.n_lines["blank"],
    )
    return Table(
        columns=columns,
        lines=np.array(gathered.lines, dtype=np.int64),
        source=name,
        notes=(*notes, *layout.notes, *more, *unwrapped, *damage, *_tell_aside(aside, ledger, name)),
        set_aside=tuple(aside),
        ledger=ledger,
    )


def place_numeric(table: Table, layout: Layout) -> tuple[int, ...]:
    """Positions of the columns of numbers after empty columns were left out.

    Args:
        table: as read.
        layout: what was found before.
    """
    numeric = {layout.names[place] for place in layout.numeric}
    return tuple(place for place, column in enumerate(table.columns) if column.name in numeric)


def _drop_empty(
    columns: tuple[RawColumn, ...], layout: Layout, name: str
) -> tuple[tuple[RawColumn, ...], tuple[str, ...]]:
    """Leave out columns without a name and without any content, as delimiters at the end of lines make them."""
    is_last = True
    empty: set[int] = set()
    for place in range(len(columns) - 1, -1, -1):
        is_blank = not layout.given[place].strip() and not any(text.strip() for text in columns[place].levels)
        # Without a header a column in the middle may be one whose content is missing.
        is_last = is_last and is_blank
        if is_blank and (is_last or layout.header_cells):
            empty.add(place)
    if not empty or len(empty) == len(columns):
        return columns, ()
    shown = ", ".join(str(place + 1) for place in sorted(empty)[:20])
    verb = "column {} has" if len(empty) == 1 else "columns {} have"
    note = f"{name}: {verb.format(shown)} neither a name nor any content; left out"
    kept = tuple(column for place, column in enumerate(columns) if place not in empty)
    return kept, (note,)


def _tell_aside(aside: list[SetAside], ledger: Ledger, name: str) -> tuple[str, ...]:
    notes: list[str] = []
    if ledger.lines_blank:
        verb = "blank line was" if ledger.lines_blank == 1 else "blank lines were"
        notes.append(f"{name}: {ledger.lines_blank} {verb} skipped")
    if aside:
        lines = ", ".join(f"line {row.line} ({row.reason})" for row in aside[:3])
        left = f" and {len(aside) - 3} more" if len(aside) > 3 else ""
        notes.append(f"{name}: {len(aside)} rows were set aside: {lines}{left}")
        notes.append(tell_ledger(ledger, name))
    return tuple(notes)
