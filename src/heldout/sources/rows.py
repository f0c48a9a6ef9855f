"""Rows of a text with exact line numbers, in which a stray quotation mark costs its own line and no other."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterable, Iterator

from heldout.errors import DataError
from heldout.sources.dialect import Dialect, open_reader, slice_line

# first line, last line, cells, fault; a row with a fault holds its whole line as one cell
Row = tuple[int, int, list[str], str]

OPEN_QUOTE = "a quotation mark is not closed or not doubled"
# A cell of more lines or characters than this is an open quotation mark (assumption), and so many of them are no
# accident but another dialect.
_MOST_LINES, _MOST_CHARACTERS, MOST_FAULTS = 10_000, 50_000_000, 200
# How many lines inside a quoted cell must look like whole rows to be taken for rows (assumption).
_INNER_ROWS = 3


class _TooLongError(Exception):
    pass


class _LineFeed:
    """The lines of a text, with those of the present row at hand, so that they can be read again."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self.taken: list[str] = []
        self._size = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self.taken.append(line)
        if len(self.taken) > 1:
            self._size += len(line)
            if len(self.taken) > _MOST_LINES or self._size > _MOST_CHARACTERS:
                raise _TooLongError
        return line

    def begin(self) -> None:
        """Forget the lines of the last row."""
        self.taken = []
        self._size = 0

    def return_rest(self) -> str:
        """Give all lines of the present row but the first back to be read again."""
        self._again.extendleft(reversed(self.taken[1:]))
        return self.taken[0]


def read_rows(
    lines: Iterable[str], dialect: Dialect, *, width: int = 0, name: str = "", most_faults: int = MOST_FAULTS
) -> Iterator[Row]:
    r"""The rows of a text; where quotation marks do not fit, one line is given up and reading goes on below it.

    A row that spans lines is believed only when it has the usual number of cells and its lines are no rows of their
    own; else a stray quotation mark has swallowed rows.

    Args:
        lines: the lines of the text with their line ends.
        dialect: how to tell cells apart.
        width: the usual number of cells; 0 when it is not known yet.
        name: file name for messages.
        most_faults: how many lines may be given up.

    Yields:
        1-based first and last line, cells (none for a blank line), and what is wrong with the row or "".

    Raises:
        DataError: more lines than that have quotation marks that do not fit.

    Example:
        >>> lines = ["a,b\n", '1,"x\n', "2,y\n", '3,"z"\n']
        >>> [(first, cells, fault) for first, _, cells, fault in read_rows(lines, Dialect(","), width=2)][1:3]
        [(2, ['1,"x\n'], 'a quotation mark is not closed or not doubled'), (3, ['2', 'y'], '')]
    """
    if dialect.breaks:
        for number, line in enumerate(lines, start=1):
            yield number, number, slice_line(line, dialect.breaks), ""
        return
    feed = _LineFeed(iter(lines))
    reader = open_reader(feed, dialect)
    number, n_faults = 1, 0
    while True:
        feed.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _TooLongError):
            cells = None
        n_lines = len(feed.taken)
        if cells is not None and (n_lines == 1 or _is_one_row(cells, feed.taken, dialect, width)):
            yield number, number + n_lines - 1, cells, ""
            number += n_lines
            continue
        n_faults += 1
        if n_faults > most_faults:
            raise DataError(
                f"{name}: in more than {most_faults} lines {OPEN_QUOTE}; the last is line {number}",
                hint='correct the export: quotes inside a quoted cell are doubled ("")',
            )
        yield number, number, [feed.return_rest()], OPEN_QUOTE
        number += 1


def _is_one_row(cells: list[str], lines: list[str], dialect: Dialect, width: int) -> bool:
    if not width:
        return True
    if len(cells) != width:
        return False
    inner = lines[1:-1]
    if width < 3 or len(inner) < _INNER_ROWS:
        return True
    return any(line.count(dialect.delimiter) != width - 1 for line in inner)
