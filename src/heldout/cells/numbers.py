"""Numbers in cells, by a closed grammar: what is not surely one number is none."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from heldout.cells.characters import clean_cell

_FLOAT32_MAX = float(np.finfo(np.float32).max)
_EXPONENT = r"(?:\s?[x*\u00b7]\s?10(?:\^|\*\*)[+-]?[0-9]{1,3}|[eE][+-]?[0-9]+)?"
_POWER = re.compile(r"\s?[x*\u00b7]\s?10(?:\^|\*\*)")
_PLAIN = {
    mark: re.compile(rf"[+-]?(?:[0-9]+(?:{re.escape(mark)}[0-9]*)?|{re.escape(mark)}[0-9]+){_EXPONENT}")
    for mark in ".,"
}
# One group alone ("1,234") may as well be a decimal: groups count only when repeated or followed by a decimal.
_GROUPED = {
    ".": re.compile(
        r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]*)?|,[0-9]{3}\.[0-9]+|(?:'[0-9]{3})+(?:\.[0-9]+)?)"
        r"|[+-]?[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]*)?"
    ),
    ",": re.compile(
        r"[+-]?[0-9]{1,3}(?:(?:\.[0-9]{3}){2,}(?:,[0-9]*)?|\.[0-9]{3},[0-9]+|(?:'[0-9]{3})+(?:,[0-9]+)?)"
    ),
}
_BEGINNINGS, _ENDS = frozenset("0123456789+-.,"), frozenset("0123456789.,")
_BARE_POWER = re.compile(r"10\^[+-]?[0-9]{1,3}")


def parse_number(text: str, *, decimal: str = ".", thousands: str = "") -> float | None:
    """The number that a cell holds, or None when it is not surely one.

    The grammar is closed: sign (also the typographic minus), digits (also full-width), one decimal separator,
    exponent (also written as a power of ten), thousands groups (also Swiss and Indian ones) where no other reading
    exists or where the column's separator is known. Percent, units, ranges, `<0.5`, `inf` and `nan` are not
    numbers here, nor is anything beyond single precision: networks compute in float32.

    Args:
        text: the cell, blanks around it allowed.
        decimal: "." or ",".
        thousands: the column's thousands separator where it is known (",", ".", " " or "'"), else "".

    Returns:
        A finite float or None.

    Example:
        >>> parse_number(" 63 "), parse_number("1,234,567.5"), parse_number("\u22123.2")
        (63.0, 1234567.5, -3.2)
        >>> parse_number("1,234"), parse_number("5O.1"), parse_number("nan"), parse_number("1e39")
        (None, None, None, None)
        >>> parse_number("3,5", decimal=","), parse_number("1,234", thousands=","), parse_number("12,34,567")
        (3.5, 1234.0, 1234567.0)
        >>> parse_number("4.5 \u00d7 10\u2079")
        4500000000.0
    """
    clean = clean_cell(text)
    if thousands:
        number = _parse_grouped(clean, decimal, thousands)
        if number is not None or thousands == (".", ",")[decimal == "."]:
            return _bound(number) if number is not None else _parse_plain(clean, decimal, thousands)
    return _parse_plain(clean, decimal, "")


def _parse_plain(clean: str, decimal: str, thousands: str) -> float | None:
    # Words and numbers with a unit are told by their ends, without three patterns each.
    if not clean or clean[0] not in _BEGINNINGS or clean[-1] not in _ENDS:
        return None
    if _PLAIN[decimal].fullmatch(clean):
        plain = clean if decimal == "." else clean.replace(",", ".")
        return _bound(_to_float(plain))
    if not thousands and _GROUPED[decimal].fullmatch(clean):
        groups = "," if decimal == "." else "."
        return _bound(float(clean.replace("'", "").replace(groups, "").replace(",", ".")))
    if _BARE_POWER.fullmatch(clean):
        return _bound(float("1e" + clean[3:]))
    return None


def _to_float(plain: str) -> float:
    return float(plain) if "10" not in plain else float(_POWER.sub("e", plain))


def _bound(number: float | None) -> float | None:
    return number if number is not None and abs(number) <= _FLOAT32_MAX else None


@lru_cache(maxsize=16)
def _grouped_pattern(decimal: str, thousands: str) -> re.Pattern[str]:
    mark, dot = re.escape(thousands), re.escape(decimal)
    groups = rf"[0-9]{{1,3}}(?:{mark}[0-9]{{3}})+"
    if thousands == ",":
        groups = rf"(?:{groups}|[0-9]{{1,2}}(?:,[0-9]{{2}})+,[0-9]{{3}})"
    return re.compile(rf"[+-]?{groups}(?:{dot}[0-9]*)?")


def _parse_grouped(clean: str, decimal: str, thousands: str) -> float | None:
    if not _grouped_pattern(decimal, thousands).fullmatch(clean):
        return None
    return float(clean.replace(thousands, "").replace(decimal, "."))


def is_repaired_number(text: str) -> bool:
    """True when a cell that holds a number had to be repaired: other characters, thousands groups, powers of ten.

    Example:
        >>> is_repaired_number("\u22123.2"), is_repaired_number("-3.2")
        (True, False)
    """
    clean = text.strip()
    return (
        not clean.isascii()
        or "'" in clean
        or " " in clean
        or "^" in clean
        or clean.count(",") + clean.count(".") > 1
    )


def is_zero_padded(text: str) -> bool:
    """True for whole numbers with leading zeros, such as postal codes; their zeros carry meaning.

    Example:
        >>> is_zero_padded("00412"), is_zero_padded("0"), is_zero_padded("0.5")
        (True, False, False)
    """
    clean = text.strip()
    return len(clean) > 1 and clean[0] == "0" and clean.isascii() and clean.isdigit()
