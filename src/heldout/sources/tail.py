"""The end of a table: totals and notes that are filled up to the width of a row, found by arithmetic and taken off."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from heldout.records import DoubleArray, RawColumn, SetAside, Table
from heldout.sources.columns import take_rows

_WORDS = frozenset(
    {
        "total", "totals", "grand total", "sum", "sums", "subtotal", "mean", "average", "avg", "median", "max", "min",
        "maximum", "minimum", "gesamt", "gesamtsumme", "summe", "insgesamt", "mittelwert", "durchschnitt", "somme",
        "moyenne", "total général", "suma", "media", "promedio", "totale", "somma", "overall", "all", "totaal",
    }
)  # fmt: skip
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_MOST_TOTALS = 5
_LEAST_ROWS, _ENOUGH_ROWS = 3, 10


def set_tail_aside(table: Table, numeric: tuple[int, ...]) -> Table:
    """The table without totals and notes at its end; each stands in `set_aside` with its arithmetic.

    A last row is a row of totals when its numbers are the sums, means, medians, largest or smallest values of the
    rows above in every column, and it says so ("Total") or lacks what every other row has in the first column. Words
    without fitting numbers only give a note.

    Args:
        table: as read.
        numeric: positions of the columns that hold numbers.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> columns = (encode_cells("name", ["a", "b", "c", "Total"]), encode_cells("n", ["1", "2", "4", "7"]))
        >>> table = set_tail_aside(Table(columns, np.arange(2, 6), "t.csv"), (1,))
        >>> len(table.lines), table.set_aside[0].reason
        (3, "totals row ('Total'): 1 of 1 numbers are sums of the rows above")
    """
    table = _take_off_notes(table)
    n_rows = len(table.lines)
    n_tail = 0
    while n_tail < _MOST_TOTALS and n_rows - n_tail > _LEAST_ROWS and _is_suspect(table, n_rows - n_tail - 1):
        n_tail += 1
    asides: list[SetAside] = []
    notes: list[str] = []
    body = np.arange(n_rows - n_tail)
    for row in range(n_rows - n_tail, n_rows):
        word = _find_word(table, row)
        n_numbers, n_fit, kind = _compare(table, row, body, numeric)
        # One number may be the largest by chance, but hardly the sum.
        is_bare = kind == "sums" and len(body) >= _ENOUGH_ROWS and _count_filled(table, row) == n_numbers
        if n_numbers and n_fit == n_numbers and (word or n_numbers > 1 or is_bare):
            said = f" ({word!r})" if word else ""
            reason = f"totals row{said}: {n_fit} of {n_numbers} numbers are {kind} of the rows above"
            asides.append(SetAside(int(table.lines[row]), reason, _show_row(table, row), "dropped"))
        elif word and _count_filled(table, row) == 1:
            reason = f"totals row ({word!r}) without numbers"
            asides.append(SetAside(int(table.lines[row]), reason, _show_row(table, row), "dropped"))
        elif word:
            notes.append(
                f"{table.source}: line {table.lines[row]} says {word!r} but its numbers are no totals of the rows "
                "above; it was kept as a row"
            )
    if notes:
        table = replace(table, notes=(*table.notes, *notes))
    return _take_off(table, asides, "dropped") if asides else table


def _read_cell(table: Table, place: int, row: int) -> str:
    column = table.columns[place]
    code = column.codes[row]
    return column.levels[code].strip() if code >= 0 else ""


def _show_row(table: Table, row: int) -> str:
    return ",".join(_read_cell(table, place, row) for place in range(len(table.columns)))[:120]


def _count_filled(table: Table, row: int) -> int:
    return sum(bool(_read_cell(table, place, row)) for place in range(len(table.columns)))


def _find_word(table: Table, row: int) -> str:
    """The word for totals in the first filled cell of a row."""
    for place in range(len(table.columns)):
        cell = _read_cell(table, place, row)
        if cell:
            return cell if cell.rstrip(":").casefold() in _WORDS else ""
    return ""


def _is_suspect(table: Table, row: int) -> bool:
    """A word for totals that no other row begins with, or an empty first cell that no other row has."""
    first = table.columns[0]
    cell = _read_cell(table, 0, row)
    if _find_word(table, row):
        return not cell or int(np.sum(first.codes == first.codes[row])) == 1
    if cell:
        return False
    # All rows above have a first cell; several rows of totals may follow each other.
    blank = [code for code, text in enumerate(first.levels) if not text.strip()]
    return not np.isin(first.codes[: max(0, row - _MOST_TOTALS)], [*blank, -1]).any()


def _compare(table: Table, row: int, body: np.ndarray, numeric: tuple[int, ...]) -> tuple[int, int, str]:
    """How many numbers the row has in columns of numbers, how many of them are totals, and of which kind."""
    fits: dict[str, int] = {}
    n_numbers = 0
    for place in numeric:
        cell = _read_cell(table, place, row)
        if not _NUMBER.fullmatch(cell):
            continue
        values = _parse_numbers(table.columns[place], body)
        if not len(values):
            continue
        n_numbers += 1
        decimals = len(cell.split(".")[1]) if "." in cell and "e" not in cell.lower() else 0
        totals = {
            "sums": values.sum(),
            "means": values.mean(),
            "medians": float(np.median(values)),
            "largest values": values.max(),
            "smallest values": values.min(),
        }
        for kind, total in totals.items():
            if abs(float(cell) - total) <= 0.51 * 10.0**-decimals + 1e-9 * abs(total):
                fits[kind] = fits.get(kind, 0) + 1
    kind = max(fits, key=lambda kind: fits[kind], default="")
    return n_numbers, fits.get(kind, 0), kind


def _parse_numbers(column: RawColumn, rows: np.ndarray) -> DoubleArray:
    parsed = np.array(
        # Not every blank that a text is stripped of is one to float().
        [
            float(text) if _NUMBER.fullmatch(text) else np.nan
            for text in (*(level.strip() for level in column.levels), "")
        ]
    )
    values = parsed[column.codes[rows]]
    return values[~np.isnan(values)]


def _take_off_notes(table: Table) -> Table:
    """Notes below the table, filled up with delimiters: a text in the first cell of a row and nothing else."""
    n_columns, n_rows = len(table.columns), len(table.lines)
    if n_columns < 3:
        return table
    asides: list[SetAside] = []
    while n_rows - len(asides) > _LEAST_ROWS and len(asides) < _MOST_TOTALS:
        row = n_rows - len(asides) - 1
        filled = [place for place in range(n_columns) if _read_cell(table, place, row)]
        if filled != [0] or " " not in _read_cell(table, 0, row):
            break
        line = int(table.lines[row])
        asides.append(
            SetAside(
                line,
                f"note below the table: 1 of {n_columns} cells is filled",
                _show_row(table, row),
                "footer",
            )
        )
    return _take_off(table, asides, "footer") if asides and _is_unusual(table, len(asides)) else table


def _is_unusual(table: Table, n_tail: int) -> bool:
    """No other row has only its first cell filled."""
    rows = np.arange(len(table.lines) - n_tail)
    is_alone = np.ones(len(rows), dtype=bool)
    for column in table.columns[1:]:
        blank = np.array([not text.strip() for text in column.levels] + [True])
        is_alone &= blank[column.codes[rows]]
        if not is_alone.any():
            return True
    return False


def _take_off(table: Table, asides: list[SetAside], kind: str) -> Table:
    lines = {row.line for row in asides}
    kept = np.flatnonzero(~np.isin(table.lines, list(lines)))
    # A quoted cell may span lines: the lines of a row reach to the next row's first line at most.
    shorter = take_rows(table, kept)
    n_taken = len(table.lines) - len(kept)
    ledger = table.ledger
    if ledger is not None and kind == "dropped":
        ledger = replace(
            ledger,
            used=ledger.used - n_taken,
            dropped=ledger.dropped + n_taken,
            lines_used=ledger.lines_used - n_taken,
            lines_dropped=ledger.lines_dropped + n_taken,
        )
    elif ledger is not None:
        ledger = replace(
            ledger,
            rows=ledger.rows - n_taken,
            used=ledger.used - n_taken,
            lines_used=ledger.lines_used - n_taken,
            lines_outside=ledger.lines_outside + n_taken,
        )
    told = tuple(f"{table.source}: line {row.line} was set aside: {row.reason}" for row in asides)
    aside = tuple(sorted((*table.set_aside, *asides), key=lambda row: row.line))
    return replace(shorter, set_aside=aside, notes=(*table.notes, *told), ledger=ledger)
