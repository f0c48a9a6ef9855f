"""Tables of delimited text (CSV, TSV and their kin): every row is either in the table or set aside with a reason."""

from __future__ import annotations

from pathlib import Path

from heldout.records import Table
from heldout.sources.decode import survey_text
from heldout.sources.dialect import Dialect
from heldout.sources.ending import Ending, tell_short_end
from heldout.sources.fit import check_width, fits_unquoted
from heldout.sources.grid import build_table, gather_rows, place_numeric
from heldout.sources.rivals import tell_rivals
from heldout.sources.rows import read_rows
from heldout.sources.vote import SAMPLE_CHARACTERS, SAMPLE_LINES, choose_dialect


def read_delimited(
    raw: bytes | Path,
    *,
    name: str,
    header: str = "auto",
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Table:
    r"""The table in a delimited text file, cells exactly as written.

    Args:
        raw: content of the file, or its path: then it is read in pieces and never held as a whole.
        name: file name for messages.
        header: "auto", "yes" or "no".
        delimiter: one character, or None to find it.
        encoding: codec name, or None to find it.

    Returns:
        The table; lines without a place in it (title, comment, footnote, too many or too few cells, a repeated
        header, rows of empty cells, totals) stand in `set_aside`, and `ledger` accounts for every line.

    Raises:
        DataError: undecidable delimiter or header, two tables in one file, no rows below the header, or more
            than 5 % of the rows with another number of cells or an open quotation mark.

    Example:
        >>> table = read_delimited(b"age;sex\n63;M\n67;F\n", name="t.csv")
        >>> [column.name for column in table.columns], table.lines.tolist()
        (['age', 'sex'], [2, 3])
        >>> read_delimited(b"age;sex\n", name="t.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: t.csv has a header (age, sex) but no rows below it
          -> check that the export was finished
    """
    text = survey_text(raw, name=name, encoding=encoding)
    sample = text.head(SAMPLE_CHARACTERS, SAMPLE_LINES)
    dialect, found = choose_dialect(sample, name=name, delimiter=delimiter)
    width = check_width(sample, dialect).width
    ending = Ending()
    rows = read_rows(ending.watch(text.lines()), dialect, width=width, name=name)
    gathered, layout = gather_rows(rows, dialect, header=header, name=name)
    is_doubtful = dialect.quoting and (gathered.multiline > 0 or gathered.faults > 0)
    if is_doubtful and fits_unquoted(text, dialect, n_faults=gathered.faults):
        # The sample may not show quotes that swallow line ends further down.
        dialect = Dialect(dialect.delimiter, quoting=False)
        rows = read_rows(ending.watch(text.lines()), dialect, width=width, name=name)
        gathered, layout = gather_rows(rows, dialect, header=header, name=name)
        found += (f"{name}: quotation marks are unbalanced and were read as ordinary characters",)
    if ending.is_open:
        gathered.mark_cut(layout, last_line=text.n_lines)
    table = build_table(gathered, layout, n_lines=text.n_lines, name=name, notes=(*text.notes, *found))
    table = tell_rivals(table, text.codec, text.rivals, text.strange)
    return tell_short_end(table, place_numeric(table, layout), text.n_lines) if ending.is_open else table
