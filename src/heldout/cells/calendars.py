"""Dates read by a format, without the locale, the time zone or the day of the machine."""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january januar janvier enero gennaio",
            "feb february februar f\u00e9vrier febrero febbraio",
            "mar march m\u00e4rz m\u00e4r mars marzo",
            "apr april avril abril aprile",
            "may mai mayo maggio",
            "jun june juni juin junio giugno",
            "jul july juli juillet julio luglio",
            "aug august ao\u00fbt agosto",
            "sep sept september septembre septiembre settembre",
            "oct october okt oktober octobre octubre ottobre",
            "nov november novembre noviembre",
            "dec december dez dezember d\u00e9cembre diciembre dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
_DAY_NAMES = r"(?:mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun)[a-z]*"
_PIECES = {
    "Y": r"(?P<Y>[0-9]{4})",
    "y": r"(?P<y>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "H": r"(?P<H>[0-9]{1,2})",
    "I": r"(?P<I>[0-9]{1,2})",
    "M": r"(?P<M>[0-9]{1,2})",
    "S": r"(?P<S>[0-9]{1,2})",
    "f": r"(?P<f>[0-9]{1,9})",
    "b": r"(?P<b>[^\W\d_]{3,10})\.?",
    "B": r"(?P<b>[^\W\d_]{3,10})\.?",
    "p": r"(?P<p>[AaPp]\.?[Mm]\.?)",
    "z": r"(?P<z>Z|[+-][0-9]{2}:?[0-9]{2})",
    "j": r"(?P<j>[0-9]{1,3})",
    "a": _DAY_NAMES,
    "A": _DAY_NAMES,
    "%": "%",
}
_COMPACT = {"m": r"(?P<m>[0-9]{2})", "d": r"(?P<d>[0-9]{2})"}
_EPOCH = datetime.date(1970, 1, 1).toordinal()
# Days of a spreadsheet's 1900 calendar, counted from 1899-12-30 so that its false leap day does not matter.
_SPREADSHEET_EPOCH = datetime.date(1899, 12, 30).toordinal() - _EPOCH
_SERIAL = re.compile(r"[2-6][0-9]{4}(?:\.[0-9]+)?")
# POSIX: 69 to 99 are of the last century. Fixed, so that a result never depends on the day it is made.
_PIVOT = 69
SERIAL_FORMAT = "%serial"


@lru_cache(maxsize=512)
def compile_format(date_format: str) -> re.Pattern[str] | None:
    """The pattern of a strptime format, None when it holds a directive that is not read here.

    Example:
        >>> compile_format("%d.%m.%Y").fullmatch("3.4.2021").group("m")
        '4'
        >>> compile_format("%Q") is None
        True
    """
    pieces = _PIECES | _COMPACT if re.fullmatch("(%[YymdHMS])+", date_format) else _PIECES
    made, at = "", 0
    while at < len(date_format):
        character = date_format[at]
        if character != "%":
            made += r"\s+" if character == " " else re.escape(character)
            at += 1
            continue
        letter = date_format[at + 1 : at + 2]
        if letter == "-":  # a directive without padding, as some strftime write it
            at, letter = at + 1, date_format[at + 2 : at + 3]
        piece = pieces.get(letter)
        if piece is None or (piece.startswith("(?P<") and f"{piece[:5]}>" in made):
            return None
        made, at = made + piece, at + 2
    return re.compile(made, re.IGNORECASE)


def match_date(text: str, date_format: str) -> bool:
    """True when a text has the shape of a format, whether or not the calendar has such a day.

    Example:
        >>> match_date("31/02/2021", "%d/%m/%Y"), match_date("2021", "%d/%m/%Y")
        (True, False)
    """
    if date_format == SERIAL_FORMAT:
        return _SERIAL.fullmatch(text.strip()) is not None
    pattern = compile_format(date_format)
    return pattern is not None and pattern.fullmatch(text.strip()) is not None


def read_days(text: str, date_format: str) -> float | None:
    """Days since 1970-01-01 by one format, or None.

    Args:
        text: the cell.
        date_format: a strptime format, or "%serial" for a spreadsheet's day number.

    Example:
        >>> read_days("2 Jan 1970", "%d %b %Y"), read_days("25570", "%serial"), read_days("30 Feb 1970", "%d %b %Y")
        (1.0, 1.0, None)
    """
    clean = text.strip()
    if date_format == SERIAL_FORMAT:
        return float(clean) + _SPREADSHEET_EPOCH if _SERIAL.fullmatch(clean) else None
    pattern = compile_format(date_format)
    found = pattern.fullmatch(clean) if pattern is not None else None
    return None if found is None else _count_days(found.groupdict())


def _count_days(parts: dict[str, str]) -> float | None:
    year = _name_year(parts)
    month = _MONTHS.get(parts["b"].casefold()) if "b" in parts else int(parts.get("m", 1))
    if year is None or month is None:
        return None
    try:
        if "j" in parts:
            day = datetime.date(year, 1, 1).toordinal() + int(parts["j"]) - 1
        else:
            day = datetime.date(year, month, int(parts.get("d", 1))).toordinal()
    except ValueError:
        return None
    seconds = _count_seconds(parts)
    return None if seconds is None else day - _EPOCH + seconds / 86_400.0


def _name_year(parts: dict[str, str]) -> int | None:
    if "Y" in parts:
        return int(parts["Y"]) or None
    if "y" not in parts:
        return None
    short = int(parts["y"])
    return short + (1900 if short >= _PIVOT else 2000)


def _count_seconds(parts: dict[str, str]) -> float | None:
    hour = int(parts.get("H", parts.get("I", 0)))
    minute, second = int(parts.get("M", 0)), int(parts.get("S", 0))
    if "I" in parts:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if parts.get("p", "a")[0] in "pP" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    total = hour * 3600.0 + minute * 60.0 + second
    if "f" in parts:
        total += int(parts["f"]) / 10 ** len(parts["f"])
    zone = parts.get("z", "Z")
    if zone not in ("Z", "z"):
        minutes = int(zone[1:3]) * 60 + int(zone[-2:])
        total -= 60.0 * (minutes if zone[0] == "+" else -minutes)
    return total
