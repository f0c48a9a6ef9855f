"""Dates in cells, by a closed list of formats; day and month are never guessed."""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence

from heldout.cells.calendars import SERIAL_FORMAT, compile_format, match_date, read_days
from heldout.cells.plain import read_plain_days
from heldout.errors import DataError, UsageError
from heldout.toml_lines import paste_column

_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
_ISO_TIMES = (*_TIMES, "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f", "T%H:%M:%S%z", " %H:%M:%S%z", "T%H:%M:%S.%f%z")
_SAFE_DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d. %B %Y",
    "%a %d %b %Y",
    "%a, %d %b %Y",
    "%d-%b-%y",
    "%d %b %y",
    "%d.%m.%y",
)
# Written alike in several orders; each set is decided together.
_ORDERS = (
    ("%d/%m/%Y", "%m/%d/%Y"),
    ("%d-%m-%Y", "%m-%d-%Y"),
    ("%d/%m/%y", "%m/%d/%y"),
    ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d"),
)
SAFE_FORMATS = tuple(
    day + time for day in _SAFE_DAYS for time in (_ISO_TIMES if day.startswith("%Y") else _TIMES)
)
ORDER_PAIRS = tuple((first + time, second + time) for first, second in _ORDERS[:3] for time in _TIMES)
_ORDER_SETS = tuple(tuple(day + time for day in days) for days in _ORDERS for time in _TIMES)
_ORDER_OF = {form: forms for forms in _ORDER_SETS for form in forms}
COMPACT_FORMAT = "%Y%m%d"
_MONTH_FORMATS = ("%Y-%m", "%b %Y", "%m/%Y")
_ALL_FORMATS = (*SAFE_FORMATS, *itertools.chain.from_iterable(_ORDER_SETS), *_MONTH_FORMATS)
_DATE_SHAPE = re.compile(
    r"\s*([0-9]{4}[-/.][0-9]{1,2}(?:[-/.][0-9]|\s*$)"
    r"|[0-9]{1,2}[./ -]{1,2}([0-9]{1,2}|[^\W\d_]{3,10}\.?)[./ -]{1,2}[0-9]{2}"
    r"|[^\W\d_]{3,10}\.?,? [0-9])"
)
_LETTERS, _BLANKS = re.compile(r"[^\W\d_]+"), re.compile(r"\s+")
_TO_NINE = str.maketrans("012345678", "9" * 9)
SEPARATOR = " | "
_PROBES = 50
_MOSTLY, _VALID, _FEWEST_COMPACT = 0.95, 0.8, 8
_COMPACT_YEARS = ("19", "20")


def parse_date(text: str, *, date_format: str) -> float | None:
    """Days since 1970-01-01 (with fraction), or None when the cell is no date in this format.

    Args:
        text: the cell, blanks around it allowed.
        date_format: a strptime format, or several joined by " | ", tried in turn. Month names are read in English,
            German, French, Spanish and Italian whatever the locale. Times with a zone are converted to UTC; others
            are taken as they stand. Years of two digits: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068.

    Example:
        >>> parse_date("1970-01-02", date_format="%Y-%m-%d")
        1.0
        >>> parse_date("1970-02-30", date_format="%Y-%m-%d") is None
        True
    """
    if SEPARATOR not in date_format:
        return read_days(text, date_format)
    for form in date_format.split(SEPARATOR):
        days = read_days(text, form)
        if days is not None:
            return days
    return None


def check_date_format(date_format: str, *, column: str) -> str:
    """The format itself, after checking that it names a full date.

    Args:
        date_format: a strptime format as the user wrote it, or several joined by " | ".
        column: column name for the message.

    Raises:
        UsageError: it does not name year, month and day.

    Example:
        >>> check_date_format("%d/%m/%Y", column="visit")
        '%d/%m/%Y'
        >>> check_date_format("DD/MM/YYYY", column="visit")
        Traceback (most recent call last):
        heldout.errors.UsageError: date_format 'DD/MM/YYYY' of column 'visit' does not name year, month and day
          -> use strptime codes, e.g. "%d/%m/%Y" or "%Y-%m-%d %H:%M"
    """
    for form in date_format.split(SEPARATOR):
        pattern = compile_format(form)
        names = set(pattern.groupindex) if pattern is not None else set()
        has_day = {"d", "b"} <= names or {"d", "m"} <= names or "j" in names
        if form != SERIAL_FORMAT and not (has_day and names & {"Y", "y"}):
            raise UsageError(
                f"date_format {date_format!r} of column {column!r} does not name year, month and day",
                hint='use strptime codes, e.g. "%d/%m/%Y" or "%Y-%m-%d %H:%M"',
            )
    return date_format


def find_date_format(levels: Sequence[str], counts: Sequence[int], *, column: str) -> str:
    """The formats that at least 95 % of the cells have, joined by " | ", or "" when the column holds no dates.

    Each cell must have one reading that is consistent with the column: day/month or month/day is decided by the
    cells that only one of them can read.

    Args:
        levels: distinct cell texts that are not missing.
        counts: number of rows of each.
        column: column name for the refusal.

    Raises:
        DataError: day/month and month/day both fit and give different dates.

    Example:
        >>> find_date_format(["2021-03-04", "2021-03-05", "7.3.2021"], [1, 1, 1], column="visit")
        '%Y-%m-%d | %d.%m.%Y'
        >>> find_date_format(["13/04/2021", "05/04/2021"], [1, 1], column="visit")
        '%d/%m/%Y'
        >>> find_date_format(["03/04/2021", "05/04/2021"], [1, 1], column="visit")
        Traceback (most recent call last):
        heldout.errors.DataError: column 'visit' may be day/month or month/day: '03/04/2021' reads both ways
          -> say which, in heldout.toml: columns."visit".date_format = "%d/%m/%Y" (or "%m/%d/%Y")
    """
    if not any(_DATE_SHAPE.match(text) for text in levels[:_PROBES]):
        return _find_compact(levels, counts)
    total = sum(counts)
    by_shape: dict[str, list[int]] = {}
    for place, text in enumerate(levels):
        by_shape.setdefault(_take_shape(text), []).append(place)
    chosen: Counter[str] = Counter()
    places: dict[tuple[str, ...], list[int]] = {}
    for members in by_shape.values():
        for forms in _list_forms(levels[members[0]]):
            places.setdefault(forms, []).extend(members)
            break
    shaped = sum(counts[place] for members in places.values() for place in members)
    serial = [place for place, text in enumerate(levels) if match_date(text, SERIAL_FORMAT)]
    n_serial = sum(counts[place] for place in serial)
    if shaped < total / 2 or shaped + n_serial < _MOSTLY * total:
        return ""
    for forms, members in places.items():
        form = (
            forms[0]
            if len(forms) == 1
            else _choose_order([levels[place] for place in members], forms, column)
        )
        chosen[form] += _count_days_of(
            [levels[place] for place in members], [counts[p] for p in members], form
        )
    if serial:
        chosen[SERIAL_FORMAT] += n_serial
    if sum(chosen.values()) < _VALID * total:
        return ""
    ordered = [form for form, count in sorted(chosen.items(), key=lambda item: (-item[1], item[0])) if count]
    return SEPARATOR.join(_settle_orders(ordered, column))


def _count_days_of(texts: list[str], counts: list[int], form: str) -> int:
    """Cells that are days of the calendar."""
    days = read_plain_days(texts, form)
    return sum(
        count
        for text, count, day in zip(texts, counts, days.tolist(), strict=True)
        if not math.isnan(day) or read_days(text, form) is not None
    )


def _take_shape(text: str) -> str:
    shape = text.strip().translate(_TO_NINE)
    if shape.isascii() and not any(character.isalpha() for character in shape):
        return " ".join(shape.split()) if "  " in shape else shape
    return _BLANKS.sub(" ", _LETTERS.sub("a", shape))


def _list_forms(text: str) -> list[tuple[str, ...]]:
    """The sets of formats that have a text's shape; a set holds the orders that cannot be told apart by shape."""
    found: list[tuple[str, ...]] = []
    for form in _ALL_FORMATS:
        if match_date(text, form):
            forms = _ORDER_OF.get(form, (form,))
            if forms not in found:
                found.append(forms)
    return found


def _choose_order(texts: list[str], forms: tuple[str, ...], column: str) -> str:
    days = [[read_days(text, form) for form in forms] for text in texts]
    sure = Counter(
        next(form for form, day in zip(forms, row, strict=True) if day is not None)
        for row in days
        if sum(day is not None for day in row) == 1
    )
    if sure:
        best, n_best = sure.most_common(1)[0]
        # A few cells of another order are slips; many are another source.
        if n_best >= _MOSTLY * sum(sure.values()):
            return best
        other = next(form for form in sure if form != best)
        raise DataError(
            f"column {column!r} holds dates in two orders: {n_best} cells are only {best}, {sure[other]} only {other}",
            hint=f"write them in one order, or say which holds: {paste_column(column, 'date_format', best)}",
        )
    for text, row in zip(texts, days, strict=True):
        if len({day for day in row if day is not None}) > 1:
            raise DataError(
                f"column {column!r} may be day/month or month/day: {text!r} reads both ways",
                hint=f"say which, in heldout.toml: {paste_column(column, 'date_format', forms[0])} (or "
                + ", ".join(f'"{form}"' for form in forms[1:])
                + ")",
            )
    return forms[0]


def _settle_orders(forms: list[str], column: str) -> list[str]:
    """Refuse a column whose formats are partly day first and partly month first with the same marks."""
    first = {form[:2] + form[2] for form in forms if form in _ORDER_OF}
    if {"%d/", "%m/"} <= first or {"%d-", "%m-"} <= first:
        raise DataError(
            f"column {column!r} holds dates in two orders: {', '.join(forms)}",
            hint=f"write them in one order, or say which hold: {paste_column(column, 'date_format', forms[0])}",
        )
    return forms


def _find_compact(levels: Sequence[str], counts: Sequence[int]) -> str:
    """Eight digits that are nearly all days of the calendar between 1900 and 2099."""
    if sum(counts) < _FEWEST_COMPACT or not levels[0].strip().startswith(_COMPACT_YEARS):
        return ""
    good = sum(
        count
        for text, count in zip(levels, counts, strict=True)
        if len(text.strip()) == 8
        and text.strip().startswith(_COMPACT_YEARS)
        and read_days(text, COMPACT_FORMAT) is not None
    )
    return COMPACT_FORMAT if good >= _MOSTLY * sum(counts) else ""
