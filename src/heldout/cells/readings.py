"""One cell of a column of numbers: its value in the column's unit, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.cells.numbers import is_repaired_number, parse_number
from heldout.cells.quantities import Quantity, parse_quantity, settle_quantity
from heldout.cells.tally import Present
from heldout.records import Status

_CENSORED = {-1: Status.CENSORED_BELOW, 1: Status.CENSORED_ABOVE}


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    Args:
        decimal: "." or ",".
        thousands: the thousands separator, or "".
        unit: the column's unit, or "".
        name_words: lower-case words of the column's name; they say the substance of a concentration.
    """

    decimal: str = "."
    thousands: str = ""
    unit: str = ""
    name_words: tuple[str, ...] = ()


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
    return _settle_cell(text, _parse_cell(text, form.decimal, form.thousands), form)


def parse_cells(present: Present, *, decimal: str, thousands: str) -> list[float | Quantity | None]:
    """What each distinct cell of a column holds before its unit is known: a number, a quantity, or None for neither.

    Each text is parsed once per pair of separators, whichever judge asks first.

    Args:
        present: cells that are not missing.
        decimal: "." or ",".
        thousands: the thousands separator, or "".

    Example:
        >>> import numpy as np
        >>> parse_cells(Present(("5", "x"), np.ones(2, int), 2, 0, ""), decimal=".", thousands="")
        [5.0, None]
    """
    key = (decimal, thousands)
    if key not in present.parsed:
        present.parsed[key] = [_parse_cell(text, decimal, thousands) for text in present.texts]
    return present.parsed[key]


def read_numbers(present: Present, form: NumberForm) -> list[tuple[float, Status] | None]:
    """`read_number` of each distinct cell of a column.

    Args:
        present: cells that are not missing.
        form: how the column writes numbers.

    Example:
        >>> import numpy as np
        >>> read_numbers(Present(("<0.5", "x"), np.ones(2, int), 2, 0, ""), NumberForm())
        [(0.5, <Status.CENSORED_BELOW: 4>), None]
    """
    found = parse_cells(present, decimal=form.decimal, thousands=form.thousands)
    return [_settle_cell(text, one, form) for text, one in zip(present.texts, found, strict=True)]


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
