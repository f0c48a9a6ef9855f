"""How well a reading fits a text: constant width, quotation marks that wrap cells, cells that hold one value."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from heldout.errors import DataError
from heldout.sources.decode import Text
from heldout.sources.dialect import Dialect, scan_rows, slice_line
from heldout.sources.rows import read_rows

_CLEAR = 0.99
_CELL_ROWS = 200
# Each open quotation mark may cost a pass over the rest of the sample.
_SAMPLE_FAULTS = 20
# Where quotes break rows, a few wrapped cells are quotations in a text; cells that are quoted because they must be
# are more (assumption).
_WRAPPED_SHARE = 0.2
# A delimiter inside a cell, unless a blank follows as in a sentence; a decimal comma is none.
_MIXED = re.compile(r"[;\t|^~\x1f\x01]\S|,\S|\t")
_DECIMAL = re.compile(r"\s*[+-]?[0-9]*,[0-9]+\s*")


@dataclass(frozen=True)
class WidthCheck:
    """How well a dialect fits: the most frequent number of cells and the share of lines in rows that have it.

    Args:
        share: lines in rows of modal width over all lines that are not blank, 0 to 1.
        width: modal number of cells.
        multiline: number of rows that span several lines.
        core: the same share from the first to the last row of modal width: titles and footnotes do not count.
        is_first: True when the first line that is not blank has modal width.
    """

    share: float
    width: int
    multiline: int
    core: float = 0.0
    is_first: bool = False


def check_width(text: str, dialect: Dialect) -> WidthCheck:
    """Parse a text with a dialect and measure how constant its width is.

    Args:
        text: the text, or a sample of whole lines.
        dialect: the dialect to test.

    Example:
        >>> check_width("a,b" + chr(10) + "c,d", Dialect(",")).share
        1.0
    """
    widths: list[tuple[int, int]] = []
    multiline = broken = reached = 0
    lines = io.StringIO(text, newline="")
    try:
        for first, last, cells, fault in read_rows(lines, dialect, most_faults=_SAMPLE_FAULTS):
            reached = last
            broken += bool(fault)
            if cells and not fault:
                widths.append((len(cells), last - first + 1))
                multiline += last > first
    except DataError:
        rest = islice(io.StringIO(text, newline=""), reached, None)
        broken += sum(not line.isspace() for line in rest)
    if not widths:
        return WidthCheck(0.0, 0, 0)
    counts: Counter[int] = Counter()
    for width, n_lines in widths:
        counts[width] += n_lines
    width, covered = max(counts.items(), key=lambda item: (item[1], item[0]))
    places = [place for place, (cells, _) in enumerate(widths) if cells == width]
    inside = sum(n_lines for _, n_lines in widths[places[0] : places[-1] + 1])
    return WidthCheck(
        share=covered / (sum(counts.values()) + broken),
        width=width,
        multiline=multiline,
        core=covered / (inside + broken),
        is_first=places[0] == 0,
    )


def choose_quoting(text: str, delimiter: str) -> tuple[Dialect, WidthCheck]:
    """The reading of quotation marks that gives the most constant width for a delimiter.

    Tried in order: doubled quotes, blanks skipped after delimiters, backslash escapes, apostrophes as quotation
    marks, quotes as ordinary characters. Quotes are switched off when every line then has the same width while the
    quoted reading swallows line ends or breaks, as in files of free text with unbalanced quotes.

    Args:
        text: the text, or a sample of whole lines.
        delimiter: one character.

    Example:
        >>> choose_quoting('ham' + chr(9) + '"oh' + chr(10) + 'spam' + chr(9) + 'win', chr(9))[0].quoting
        False
    """
    plain = Dialect(delimiter)
    best, fit = plain, check_width(text, plain)
    if '"' not in text:
        return _try_apostrophes(text, best, fit)
    # Blanks after delimiters matter only where a quotation mark follows them.
    variants = [replace(plain, skip_blanks=True)] if delimiter + ' "' in text else []
    if '\\"' in text:
        variants.append(replace(plain, escape="\\"))
    for variant in variants:
        variant_fit = check_width(text, variant)
        if variant_fit.share > fit.share:
            best, fit = variant, variant_fit
    if fit.share == 1.0 and fit.multiline == 0:
        return best, fit
    if fit.share < _CLEAR:
        variant, variant_fit = _try_apostrophes(text, best, fit)
        if variant_fit.share > fit.share:
            return variant, variant_fit
    unquoted = replace(plain, quoting=False)
    unquoted_fit = check_width(text, unquoted)
    least_share = 0.0 if fit.share == 1.0 else _WRAPPED_SHARE
    if unquoted_fit.width < 2 or is_quoted(text, unquoted, least_share=least_share):
        return best, fit
    if unquoted_fit.share == 1.0 or unquoted_fit.share > max(fit.share, _CLEAR):
        return unquoted, unquoted_fit
    return best, fit


def _try_apostrophes(text: str, plain: Dialect, fit: WidthCheck) -> tuple[Dialect, WidthCheck]:
    """Apostrophes are quotation marks when the width becomes constant by that, or stays so and they wrap cells."""
    if text.count("'") < 4:
        return plain, fit
    variant = replace(plain, quote="'")
    variant_fit = check_width(text, variant)
    if variant_fit.width < 2 or variant_fit.share < max(fit.share, _CLEAR):
        return plain, fit
    if variant_fit.share > fit.share or is_quoted(text, replace(plain, quoting=False), quote="'"):
        return variant, variant_fit
    return plain, fit


def is_quoted(
    text: str | Iterable[str], unquoted: Dialect, *, quote: str = '"', least_share: float = 0.0
) -> bool:
    """Whether quotation marks wrap cells: more cells begin and end with one than have a single one at an end.

    Args:
        text: the text or its lines.
        unquoted: a dialect with the delimiter, quotes off.
        quote: the mark to look for.
        least_share: how many wrapped cells there must be per row.

    Example:
        >>> is_quoted('"a","b"', Dialect(",", quoting=False)), is_quoted('"a,b', Dialect(",", quoting=False))
        (True, False)
    """
    wrapped = dangling = n_rows = 0
    with contextlib.suppress(csv.Error):
        for _, _, cells in scan_rows(text, unquoted):
            n_rows += 1
            for cell in cells:
                begins, ends = cell.startswith(quote), cell.endswith(quote)
                wrapped += begins and ends and len(cell) > 1
                dangling += begins != ends or cell == quote
    return wrapped > max(dangling, least_share * n_rows)


def measure_cells(text: str, dialect: Dialect) -> float:
    """The share of cells that look like one value: no further delimiter but in a number or after a word.

    Args:
        text: the text, or a sample of whole lines; the first 200 rows are looked at.
        dialect: the dialect to test.

    Example:
        >>> measure_cells("0,5;1,5", Dialect(";")), measure_cells("0,5;1,5", Dialect(","))
        (1.0, 0.6666666666666666)
    """
    n_cells = n_clean = 0
    with contextlib.suppress(csv.Error):
        for _, _, cells in islice(scan_rows(text, dialect), _CELL_ROWS):
            n_cells += len(cells)
            n_clean += sum(
                _MIXED.search(cell) is None or _DECIMAL.fullmatch(cell) is not None for cell in cells
            )
    return n_clean / n_cells if n_cells else 0.0


def find_breaks(lines: list[str]) -> tuple[int, ...]:
    """The positions where columns of fixed width begin, or none.

    A column begins where text follows at least two positions that are blank in every line (one would also stand
    between words of a text), and the first line must have one cell in each column.

    Args:
        lines: a sample of lines that are not blank.

    Example:
        >>> find_breaks(["id   city", "1    New York", "22   Oslo"])
        (0, 5)
        >>> find_breaks(["id city", "1 New York"])
        ()
    """
    longest = max(map(len, lines), default=0)
    if len(lines) < 3 or longest > 10_000 or any("\t" in line for line in lines):
        return ()
    is_blank = [True] * longest
    for line in lines:
        for place, sign in enumerate(line):
            if sign != " ":
                is_blank[place] = False
    begins = [
        place
        for place in range(longest)
        if not is_blank[place]
        and (place == 0 or (is_blank[place - 1] and all(is_blank[max(0, place - 2) : place])))
    ]
    if len(begins) < 2 or begins[0] != next(i for i in range(longest) if not is_blank[i]):
        return ()
    breaks = (0, *begins[1:])
    return breaks if all(slice_line(lines[0], breaks)) else ()


def cut_sample(text: str, characters: int, lines: int) -> str:
    r"""The first whole lines of a text, up to a number of characters and of lines.

    Example:
        >>> cut_sample("a" + chr(10) + "b" + chr(10) + "c", 100, 2)
        'a\nb\n'
    """
    taken: list[str] = []
    size = 0
    for line in islice(io.StringIO(text, newline=""), lines):
        size += len(line)
        if taken and size > characters:
            break
        taken.append(line)
    return "".join(taken)


def fits_unquoted(text: Text, dialect: Dialect, *, n_faults: int = 0) -> bool:
    """Whether lines are rows once quotation marks are ordinary characters, and these wrap no cells.

    Where quotes broke rows, the other reading must lose at most half as many.

    Args:
        text: the text; read to its end only as long as the lines fit.
        dialect: the quoted reading that is doubted.
        n_faults: rows that quotation marks broke.

    Example:
        >>> fits_unquoted(Text(b'a;"b' + bytes([10]) + b'c;d"', "utf-8", 2), Dialect(";"))
        True
    """
    unquoted = Dialect(dialect.delimiter, quoting=False)
    usual = n_other = 0
    for _, _, cells in scan_rows(text.lines(), unquoted):
        if not cells:
            continue
        usual = usual or len(cells)
        n_other += len(cells) != usual
        if n_other > n_faults // 2:
            return False
    if usual < 2:
        return False
    return not is_quoted(text.lines(), unquoted, least_share=_WRAPPED_SHARE if n_faults else 0.0)
