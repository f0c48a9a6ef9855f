"""How the cells of a line are told apart, and the strict parsing of lines by that."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

DELIMITER_NAMES = {
    ",": "comma",
    ";": "semicolon",
    "\t": "tab",
    "|": "vertical bar",
    " ": "blanks",
    ":": "colon",
    "^": "caret",
    "~": "tilde",
    "\x1f": "unit separator",
    "\x01": "control character 1",
}
# The csv module refuses cells above 131,072 characters by default; long texts and sequences exceed that.
_FIELD_LIMIT = min(sys.maxsize, 2**31 - 1)


@dataclass(frozen=True)
class Dialect:
    """How the cells of a line are told apart.

    Args:
        delimiter: one character; a blank stands for any run of blanks and tabs.
        quoting: False when quotation marks are ordinary characters.
        skip_blanks: True when blanks after a delimiter do not belong to the cell (needed for `a, "b, c"`).
        escape: character that takes the meaning off the next one, or None when quotes are doubled.
        quote: the quotation mark.
        breaks: columns of fixed width: the positions where each begins; then there is no delimiter.
    """

    delimiter: str
    quoting: bool = True
    skip_blanks: bool = False
    escape: str | None = None
    quote: str = '"'
    breaks: tuple[int, ...] = ()


def scan_rows(text: str | Iterable[str], dialect: Dialect) -> Iterator[tuple[int, int, list[str]]]:
    r"""Rows of a text as (first line, last line, cells), strictly parsed.

    Args:
        text: the whole text, or its lines; lines end with LF, CRLF or CR.
        dialect: how to tell cells apart.

    Yields:
        1-based numbers of the first and last line, and the cells; a blank line has no cells.

    Raises:
        csv.Error: the quotation marks do not fit the dialect.

    Example:
        >>> list(scan_rows('a,"b' + chr(10) + 'c"', Dialect(",")))
        [(1, 2, ['a', 'b\nc'])]
    """
    lines = io.StringIO(text, newline="") if isinstance(text, str) else text
    if dialect.breaks:
        for number, line in enumerate(lines, start=1):
            yield number, number, slice_line(line, dialect.breaks)
        return
    reader = open_reader(lines, dialect)
    before = 0
    for cells in reader:
        yield before + 1, reader.line_num, cells
        before = reader.line_num


def open_reader(lines: Iterable[str], dialect: Dialect) -> Any:  # noqa: ANN401 - the reader type of csv has no public name
    """The strict reader of the csv module for a dialect with a delimiter.

    Args:
        lines: with their line ends.
        dialect: how to tell cells apart.

    Example:
        >>> next(open_reader(["a   b"], Dialect(" ")))
        ['a', 'b']
    """
    csv.field_size_limit(_FIELD_LIMIT)
    if dialect.delimiter == " ":
        # Not a generator: it would end at the first error, and lines after it would be lost.
        lines = map(partial(_trim_line, dialect), lines)
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quotechar=dialect.quote,
        quoting=csv.QUOTE_MINIMAL if dialect.quoting else csv.QUOTE_NONE,
        skipinitialspace=dialect.skip_blanks or dialect.delimiter == " ",
        escapechar=dialect.escape,
        doublequote=dialect.escape is None,
        strict=True,
    )


def slice_line(line: str, breaks: tuple[int, ...]) -> list[str]:
    """The cells of a line whose columns begin at fixed positions; a blank line has none.

    Example:
        >>> slice_line("ab  c ", (0, 4))
        ['ab', 'c']
    """
    line = line.rstrip("\r\n")
    if not line.strip():
        return []
    ends = (*breaks[1:], len(line))
    return [line[begin:end].strip() for begin, end in zip(breaks, ends, strict=True)]


def _trim_line(dialect: Dialect, line: str) -> str:
    end = line[len(line.rstrip("\r\n")) :]
    # Quoted cells may hold runs of blanks that belong to them.
    if dialect.quoting and dialect.quote in line:
        return line.rstrip() + end
    return " ".join(line.split()) + end
