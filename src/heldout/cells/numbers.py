"""Numbers in cells, by a closed grammar: what is not surely one number is none."""

from __future__ import annotations

import re

import numpy as np

_FLOAT32_MAX = float(np.finfo(np.float32).max)
_EXPONENT = r"(?:[eE][+-]?[0-9]{1,4})?"
_MINUS_SIGNS = str.maketrans(
    {"\u2212": "-", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\ufe63": "-", "\uff0d": "-"}
)
_PLAIN = {
    mark: re.compile(rf"[+-]?(?:[0-9]+(?:{re.escape(mark)}[0-9]*)?|{re.escape(mark)}[0-9]+){_EXPONENT}")
    for mark in ".,"
}
# One group alone ("1,234") may as well be a decimal: groups count only when repeated or followed by a decimal.
_GROUPED = {
    ".": re.compile(
        r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3}){2,}(?:\.[0-9]*)?|,[0-9]{3}\.[0-9]+|(?:'[0-9]{3})+(?:\.[0-9]+)?)"
    ),
    ",": re.compile(
        r"[+-]?[0-9]{1,3}(?:(?:\.[0-9]{3}){2,}(?:,[0-9]*)?|\.[0-9]{3},[0-9]+|(?:'[0-9]{3})+(?:,[0-9]+)?)"
    ),
}


def parse_number(text: str, *, decimal: str = ".") -> float | None:
    """The number that a cell holds, or None when it is not surely one.

    The grammar is closed: sign (also the typographic minus), digits, one decimal separator, exponent, thousands
    groups where no other reading exists. Percent, units, ranges, `<0.5`, `inf` and `nan` are not numbers here,
    nor is anything beyond single precision: networks compute in float32.

    Args:
        text: the cell, blanks around it allowed.
        decimal: "." or ",".

    Returns:
        A finite float or None.

    Example:
        >>> parse_number(" 63 "), parse_number("1,234,567.5"), parse_number("\u22123.2")
        (63.0, 1234567.5, -3.2)
        >>> parse_number("1,234"), parse_number("5O.1"), parse_number("nan"), parse_number("1e39")
        (None, None, None, None)
        >>> parse_number("3,5", decimal=",")
        3.5
    """
    clean = text.strip()
    if not clean.isascii():
        clean = clean.translate(_MINUS_SIGNS)
    if _PLAIN[decimal].fullmatch(clean):
        number = float(clean if decimal == "." else clean.replace(",", "."))
    elif _GROUPED[decimal].fullmatch(clean):
        thousands = "," if decimal == "." else "."
        number = float(clean.replace("'", "").replace(thousands, "").replace(",", "."))
    else:
        return None
    return number if abs(number) <= _FLOAT32_MAX else None


def is_repaired_number(text: str) -> bool:
    """True when a cell that holds a number had to be repaired: typographic minus or thousands groups.

    Example:
        >>> is_repaired_number("\u22123.2"), is_repaired_number("-3.2")
        (True, False)
    """
    clean = text.strip()
    return not clean.isascii() or "'" in clean or clean.count(",") + clean.count(".") > 1


def is_zero_padded(text: str) -> bool:
    """True for whole numbers with leading zeros, such as postal codes; their zeros carry meaning.

    Example:
        >>> is_zero_padded("00412"), is_zero_padded("0"), is_zero_padded("0.5")
        (True, False, False)
    """
    clean = text.strip()
    return len(clean) > 1 and clean[0] == "0" and clean.isascii() and clean.isdigit()
