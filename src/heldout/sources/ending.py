"""How a text ends: a last line without a line end may be one in which the file was cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from heldout.records import Table

_FEWEST_ROWS = 10


@dataclass
class Ending:
    r"""The last line of a text, remembered while the lines go by.

    Example:
        >>> ending = Ending()
        >>> list(ending.watch(iter(["a,b\n", "1,"]))), ending.is_open
        (['a,b\n', '1,'], True)
    """

    last: str = ""

    def watch(self, lines: Iterator[str]) -> Iterator[str]:
        """The lines as they are."""
        for line in lines:
            self.last = line
            yield line

    @property
    def is_open(self) -> bool:
        """True when the last line has no line end."""
        return bool(self.last) and not self.last.endswith(("\n", "\r"))


def looks_cut(cells: list[str], width: int, numeric: tuple[int, ...]) -> bool:
    """True when a last line without a line end is the beginning of a row: what it holds is what such a row holds.

    Args:
        cells: of the line, fewer than a row has.
        width: cells of a row.
        numeric: positions of the columns of numbers or dates.

    Example:
        >>> looks_cut(["99", "1.5", "0."], 4, (0, 1, 2, 3)), looks_cut(["Source: WHO", " 2020"], 4, (0, 1, 2, 3))
        (True, False)
    """
    if not 0 < len(cells) < width or not any(cell.strip() for cell in cells):
        return False
    held = [cells[place] for place in numeric if place < len(cells)]
    has_digits = all(not cell.strip() or any(mark.isdigit() for mark in cell) for cell in held)
    is_bare = len(cells) == 1 and (not held or " " in cells[0].strip())
    return has_digits and not is_bare and (bool(held) or 2 * len(cells) >= width)


def tell_short_end(table: Table, numeric: tuple[int, ...], last_line: int) -> Table:
    """The table with a note where its last cell is shorter than every other of its column, as a cut-off number is.

    Args:
        table: as read from a text whose last line has no line end.
        numeric: positions of the columns of numbers.
        last_line: number of the text's last line.
    """
    n_rows = len(table.lines)
    if n_rows < _FEWEST_ROWS or len(table.columns) - 1 not in numeric or int(table.lines[-1]) != last_line:
        return table
    column = table.columns[-1]
    codes = column.codes
    cell = column.levels[codes[-1]].strip() if codes[-1] >= 0 else ""
    others = [len(column.levels[code].strip()) for code in set(codes[:-1].tolist()) if code >= 0]
    if len(cell) >= min(others, default=0):
        return table
    note = (
        f"{table.source}: line {last_line}, the last one, has no line end, and its last cell ({cell!r}) is "
        f"shorter than every other of {column.name!r}: the file may be cut off; the row was kept"
    )
    return replace(table, notes=(*table.notes, note))
