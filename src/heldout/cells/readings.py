"""One cell of a column of numbers: its value in the column's unit, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.cells.numbers import is_repaired_number, parse_number
from heldout.cells.quantities import Quantity, parse_quantity, settle_quantity
from heldout.cells.spellings import read_spelling
from heldout.cells.tally import Present
from heldout.records import DoubleArray, Status, StatusArray

_FEWEST_PROBED, _PROBES = 5_000, 500
_CENSORED = {-1: Status.CENSORED_BELOW, 1: Status.CENSORED_ABOVE}


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    Args:
        decimal: "." or ",".
        thousands: the thousands separator, or "".
        unit: the column's unit, or "".
        name_words: lower-case words of the column's name; they say the substance of a concentration.
        words: (folded word, text it is read as) pairs, flat: "trace" as "<0.5".
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    name_words: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


def read_number(text: str, form: NumberForm) -> tuple[float, Status] | None:
    """A cell's value in the column's unit with its status, or None when it is not surely one.

    Args:
        text: the cell.
        form: how the column writes numbers.

    Returns:
        The value; for a limit ("<0.5") the limit itself, its status says below or above.

    Example:
        >>> read_number("<0.5", NumberForm()), read_number("2 lb", NumberForm(unit="kg"))[0]
        ((0.5, <Status.CENSORED_BELOW: 4>), 0.90718474)
        >>> read_number("2 lb", NumberForm()) is None
        True
    """
    if form.words:
        text = read_spelling(text.strip(), dict(zip(form.words[::2], form.words[1::2], strict=True)))
    return _settle_cell(text, _parse_cell(text, form.decimal, form.thousands), form)


def parse_cells(present: Present, *, decimal: str, thousands: str) -> list[float | Quantity | None]:
    """What each distinct cell of a column holds before its unit is known: a number, a quantity, or None for neither.

    Each text is parsed once per pair of separators, whichever judge asks first.

    Args:
        present: cells that are not missing.
        decimal: "." or ",".
        thousands: the thousands separator, or "".

    Example:
        >>> parse_cells(Present(("5", "x"), np.ones(2, int), 2, 0, ""), decimal=".", thousands="")
        [5.0, None]
    """
    key = (decimal, thousands)
    if key not in present.parsed:
        plain = take_plain(present.plain, decimal, thousands)
        cells: list[float | Quantity | None] = list(plain.tolist())
        for place in np.flatnonzero(np.isnan(plain)).tolist():
            cells[place] = _parse_cell(present.texts[place], decimal, thousands)
        present.parsed[key] = cells
    return present.parsed[key]


def probe_share(present: Present) -> float:
    """About which share of the cells are numbers or quantities, by a sample of them; 1 where the texts are few.

    Reading every cell of a column of keys or notes as a number only to find that hardly one is takes longer than all
    else; a sample of 500 tells a share below a tenth from one above four fifths.

    Args:
        present: cells that are not missing.

    Returns:
        0 to 1; a cell counts with either decimal separator.

    Example:
        >>> probe_share(Present(("5", "x"), np.ones(2, int), 2, 0, ""))
        1.0
    """
    if len(present.texts) < _FEWEST_PROBED:
        return 1.0
    # By chance, but always the same: a fixed step could fall in step with the rows.
    drawn = np.random.default_rng(0).integers(0, present.n_cells, _PROBES)
    good = 0
    for place in np.searchsorted(np.cumsum(present.counts), drawn, side="right").tolist():
        text = present.texts[place]
        good += any(_parse_cell(text, *marks) is not None for marks in ((".", ""), (",", ""), (",", ".")))
    return good / _PROBES


def take_plain(plain: DoubleArray, decimal: str, thousands: str) -> DoubleArray:
    """The numbers of plain texts where the column's separators leave them their meaning, else NaN throughout.

    Args:
        plain: float64 [n], from `plain.read_plain`.
        decimal: "." or ",".
        thousands: the thousands separator, or "".

    Example:
        >>> take_plain(np.array([1.5]), ".", ","), take_plain(np.array([1.5]), ",", "")
        (array([1.5]), array([nan]))
    """
    return plain if decimal == "." != thousands else np.full(len(plain), np.nan)


def read_numbers(present: Present, form: NumberForm) -> tuple[DoubleArray, StatusArray]:
    """`read_number` of each distinct cell of a column: the values, and what became of each.

    Args:
        present: cells that are not missing.
        form: how the column writes numbers.

    Returns:
        float64 [n], NaN for a text that is no number, and uint8 [n], a `Status` each (`UNPARSED` for those).

    Example:
        >>> read_numbers(Present(("<0.5", "x"), np.ones(2, int), 2, 0, ""), NumberForm())
        (array([0.5, nan]), array([4, 6], dtype=uint8))
    """
    found = parse_cells(present, decimal=form.decimal, thousands=form.thousands)
    values = take_plain(present.plain, form.decimal, form.thousands).copy()
    status = np.full(len(values), Status.OK, np.uint8)
    for place in np.flatnonzero(np.isnan(values)).tolist():
        text = present.texts[place]
        one = _settle_cell(text, found[place], form) if not form.words else read_number(text, form)
        values[place], status[place] = (np.nan, Status.UNPARSED) if one is None else one
    return values, status


def _parse_cell(text: str, decimal: str, thousands: str) -> float | Quantity | None:
    number = parse_number(text, decimal=decimal, thousands=thousands)
    return number if number is not None else parse_quantity(text, decimal=decimal, thousands=thousands)


def _settle_cell(text: str, found: float | Quantity | None, form: NumberForm) -> tuple[float, Status] | None:
    if found is None:
        return None
    if not isinstance(found, Quantity):
        return found, Status.REPAIRED if is_repaired_number(text) else Status.OK
    settled = settle_quantity(found, unit=form.unit, name_words=form.name_words)
    if settled is None:
        return None
    value, is_converted = settled
    if found.bound:
        return value, _CENSORED[found.bound]
    is_repaired = is_converted or found.is_about or not found.unit or not text.strip().isascii()
    return value, Status.REPAIRED if is_repaired else Status.OK
