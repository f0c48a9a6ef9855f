"""One cell of a column of numbers: its value in the column's unit, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from heldout.cells.numbers import is_repaired_number, parse_number
from heldout.cells.quantities import parse_quantity, settle_quantity
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
    number = parse_number(text, decimal=form.decimal, thousands=form.thousands)
    if number is not None:
        return number, Status.REPAIRED if is_repaired_number(text) else Status.OK
    quantity = parse_quantity(text, decimal=form.decimal, thousands=form.thousands)
    if quantity is None:
        return None
    settled = settle_quantity(quantity, unit=form.unit, name_words=form.name_words)
    if settled is None:
        return None
    value, is_converted = settled
    if quantity.bound:
        return value, _CENSORED[quantity.bound]
    is_repaired = is_converted or quantity.is_about or not quantity.unit or not text.strip().isascii()
    return value, Status.REPAIRED if is_repaired else Status.OK
