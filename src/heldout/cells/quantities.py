"""Numbers with something around them: units, limits ("<0.5"), percent, currencies, "3 of 5", 5'11"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from heldout.cells.characters import clean_cell
from heldout.cells.numbers import parse_number
from heldout.cells.units import Unit, convert_value, find_unit

_LONGEST = 60
_NUMBER = (
    r"[+-]?(?:[0-9](?:[0-9.,]|'(?=[0-9]{3}(?![0-9])))*|[.,][0-9]+)"
    r"(?:[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z])|\s?[x*\u00b7]\s?10\^[+-]?[0-9]{1,2}(?!/))?"
)
_CURRENCY = r"(?:US\$|\$|\u20ac|\u00a3|\u00a5|EUR|USD|GBP|JPY)"
_LIMIT = re.compile(
    r"(<=|>=|=<|=>|<|>|less than|below|under|more than|greater than|over|above|at least|at most|up to)\s*(.+)",
    re.IGNORECASE,
)
_ABOUT = re.compile(r"(?:~|\u2248|ca\.?|circa|approx\.?|about)\s*(.+)", re.IGNORECASE)
_SUFFIXED = re.compile(rf"({_NUMBER})\s*(.*)")
_PREFIXED = re.compile(rf"(-?)\s*({_CURRENCY})\s*({_NUMBER})")
_PIECE = re.compile(rf"({_NUMBER})\s*([A-Za-z\u00b5\u00b0'\"]+\.?)\s*(?:,|and)?\s*", re.IGNORECASE)
_UNIT_SHAPE = re.compile(
    r"[A-Za-z%\u2030$\u20ac\u00a3\u00a5\u00b5\u00b0\u212b\u00e5\u03a9/'\"][A-Za-z0-9%\u00b5\u00b0\u212b^/.$\u20ac* -]*"
)
_NOUN = re.compile(r"[A-Za-z][A-Za-z]{1,19}(?: [A-Za-z]{2,20}){0,2}\.?")
_OF = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(?:of|out of|/)\s*([0-9]+)", re.IGNORECASE)
_MILLION = {"k": 1e3, "thousand": 1e3, "million": 1e6, "mio": 1e6, "billion": 1e9}
_BELOW = {"<", "<=", "=<", "less than", "below", "under", "at most", "up to"}


@dataclass(frozen=True)
class Quantity:
    """What a cell says beyond a bare number.

    Args:
        value: the number.
        bound: -1 for "below the value", +1 for "above the value", 0 for the value itself.
        unit: the unit's name from the table, a noun as written, "of 5" for a rating, "" without one.
        is_about: True when the cell says that the number is rough ("~5").
    """

    value: float
    bound: int = 0
    unit: str = ""
    is_about: bool = False


def parse_quantity(text: str, *, decimal: str = ".", thousands: str = "") -> Quantity | None:
    r"""The number, limit and unit that a cell holds, or None when it is not surely one quantity.

    Closed grammar: a limit word or sign, a number, and a unit of the table or a plain noun. Several pieces are added
    where they are units of one dimension, from large to small (5'11", 2 h 30 min). Ranges, dates and pairs are none.

    Args:
        text: the cell.
        decimal: the column's decimal separator.
        thousands: the column's thousands separator, or "".

    Example:
        >>> parse_quantity("<0.5 mg/dL")
        Quantity(value=0.5, bound=-1, unit='mg/dl', is_about=False)
        >>> parse_quantity("5'11\"").unit, parse_quantity("1.2e3/\u00b5l").unit, parse_quantity("3 of 5").unit
        ('ft', '/µl', 'of 5')
        >>> parse_quantity("120/80 mmHg"), parse_quantity("10-20"), parse_quantity("M/0.75")
        (None, None, None)
    """
    if len(text) > _LONGEST:
        return None
    clean = clean_cell(text)
    if "0" <= clean[:1] <= "9" and not clean.endswith(
        "+"
    ):  # no limit, no rough value: most cells, by one look
        return _parse_inner(clean, decimal, thousands)
    limit = _LIMIT.fullmatch(clean)
    if limit:
        inner = _parse_inner(limit[2], decimal, thousands)
        bound = -1 if limit[1].lower() in _BELOW else 1
        return None if inner is None else Quantity(inner.value, bound, inner.unit)
    about = _ABOUT.fullmatch(clean)
    if about:
        inner = _parse_inner(about[1], decimal, thousands)
        return None if inner is None else Quantity(inner.value, 0, inner.unit, True)
    if clean.endswith("+") and clean[:-1].strip():
        inner = _parse_inner(clean[:-1].strip(), decimal, thousands)
        return None if inner is None else Quantity(inner.value, 1, inner.unit)
    return _parse_inner(clean, decimal, thousands)


def _parse_inner(clean: str, decimal: str, thousands: str) -> Quantity | None:
    number = parse_number(clean, decimal=decimal, thousands=thousands)
    if number is not None:
        return Quantity(number)
    rating = _OF.fullmatch(clean)
    if rating:
        number = parse_number(rating[1], decimal=decimal)
        return None if number is None else Quantity(number, 0, f"of {int(rating[2])}")
    money = None if "0" <= clean[:1] <= "9" else _PREFIXED.fullmatch(clean)
    if money:
        number = parse_number(money[1] + money[3], decimal=decimal, thousands=thousands)
        unit = find_unit(money[2])
        return None if number is None or unit is None else Quantity(number, 0, unit.name)
    if clean.startswith("/"):
        return None
    return _parse_suffixed(clean, decimal, thousands) or _parse_pieces(clean, decimal)


def _parse_suffixed(clean: str, decimal: str, thousands: str) -> Quantity | None:
    found = _SUFFIXED.fullmatch(clean)
    if not found or not found[2]:
        return None
    number = parse_number(found[1], decimal=decimal, thousands=thousands)
    if number is None:
        return None
    tail = found[2].strip()
    times = re.match(r"[x*\u00b7]\s*(10\^.+)", tail)
    unit = find_unit(times[1] if times else tail) if _UNIT_SHAPE.fullmatch(tail) or times else None
    if unit is not None:
        return Quantity(number, 0, unit.name)
    if tail.lower() in _MILLION:
        return Quantity(number * _MILLION[tail.lower()])
    # A noun needs a blank before it: "5O" and "12th" are no amounts of anything.
    has_blank = clean[len(found[1]) : len(found[1]) + 1] == " "
    return Quantity(number, 0, fold_noun(tail)) if has_blank and _NOUN.fullmatch(tail) else None


def _parse_pieces(clean: str, decimal: str) -> Quantity | None:
    at, total, first, last = 0, 0.0, None, None
    while at < len(clean):
        piece = _PIECE.match(clean, at)
        if piece is None:
            return None
        number, unit = parse_number(piece[1], decimal=decimal), find_unit(piece[2])
        if number is None or unit is None or unit.offset or (last is not None and unit.factor >= last.factor):
            return None
        first = first or unit
        converted = convert_value(number, unit, first)
        if converted is None:
            return None
        # A sign belongs to the whole: -1 h 30 min is -1.5 h.
        total += -converted if total < 0 else converted
        at, last = piece.end(), unit
    return Quantity(total, 0, first.name) if first is not None and last is not first else None


def fold_noun(text: str) -> str:
    """A counted noun in one form: lower case, singular.

    Example:
        >>> fold_noun("Beds"), fold_noun("bed"), fold_noun("glass")
        ('bed', 'bed', 'glass')
    """
    word = text.casefold().rstrip(".")
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def settle_quantity(
    quantity: Quantity, *, unit: str, name_words: tuple[str, ...] = ()
) -> tuple[float, bool] | None:
    """The value in the column's unit and whether it had to be converted; None when the units do not fit.

    A cell without a unit is taken to be in the column's unit.

    Args:
        quantity: what the cell says.
        unit: the column's unit, "" when it has none.
        name_words: lower-case words of the column's name (for concentrations).

    Example:
        >>> settle_quantity(Quantity(2.0, 0, "lb"), unit="kg")
        (0.90718474, True)
        >>> settle_quantity(Quantity(2.0, 0, "lb"), unit="cm") is None
        True
    """
    if not quantity.unit or quantity.unit == unit:
        return quantity.value, False
    given, wanted = find_unit(quantity.unit), find_unit(unit)
    if given is None or wanted is None:
        return None
    value = convert_value(quantity.value, given, wanted, name_words=name_words)
    return None if value is None else (value, True)


def name_unit(text: str) -> str:
    """The unit's name as the table writes it, else the text itself.

    Example:
        >>> name_unit("KG"), name_unit("beds")
        ('kg', 'beds')
    """
    unit: Unit | None = find_unit(text)
    return unit.name if unit is not None else text
