"""Dates in cells, by a closed list of formats; day and month are never guessed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence

from heldout.errors import DataError, UsageError

_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f")
_ISO_TIMES = (*_TIMES, "T%H:%M", "T%H:%M:%S", "T%H:%M:%S.%f", "T%H:%M:%S%z", " %H:%M:%S%z", "T%H:%M:%S.%f%z")
_SAFE_DAYS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%d.%m.%Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%b %d, %Y",
    "%d %B %Y",
    "%B %d, %Y",
)
# Written alike in both orders; each pair is tested together.
_TWO_ORDERS = (("%d/%m/%Y", "%m/%d/%Y"), ("%d-%m-%Y", "%m-%d-%Y"))
SAFE_FORMATS = tuple(
    day + time for day in _SAFE_DAYS for time in (_ISO_TIMES if day.startswith("%Y-") else _TIMES)
)
ORDER_PAIRS = tuple((first + time, second + time) for first, second in _TWO_ORDERS for time in _TIMES)
_DATE_SHAPE = re.compile(
    r"\s*([0-9]{4}[-/][0-9]{1,2}[-/][0-9]|[0-9]{1,2}[./ -]([0-9]{1,2}|[A-Za-z]{3,9})[./ -][0-9]{4}|[A-Za-z]{3,9} [0-9])"
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECONDS_A_DAY = 86_400.0
_PROBES = 20
_MOSTLY = 0.95


def parse_date(text: str, *, date_format: str) -> float | None:
    """Days since 1970-01-01 (with fraction), or None when the cell is no date in this format.

    Args:
        text: the cell, blanks around it allowed.
        date_format: a strptime format. Times with a zone are converted to UTC; others are taken as they stand.

    Example:
        >>> parse_date("1970-01-02", date_format="%Y-%m-%d")
        1.0
        >>> parse_date("1970-02-30", date_format="%Y-%m-%d") is None
        True
    """
    try:
        moment = datetime.datetime.strptime(text.strip(), date_format)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return (moment - _EPOCH).total_seconds() / _SECONDS_A_DAY


def check_date_format(date_format: str, *, column: str) -> str:
    """The format itself, after checking that it names a full date.

    Args:
        date_format: a strptime format as the user wrote it.
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
    sample = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    try:
        back = datetime.datetime.strptime(sample.strftime(date_format), date_format)
    except ValueError:
        back = None
    if back is None or (back.year, back.month, back.day) != (2001, 2, 3):
        raise UsageError(
            f"date_format {date_format!r} of column {column!r} does not name year, month and day",
            hint='use strptime codes, e.g. "%d/%m/%Y" or "%Y-%m-%d %H:%M"',
        )
    return date_format


def find_date_format(levels: Sequence[str], counts: Sequence[int], *, column: str) -> str:
    """The one format that at least 95 % of the cells have, or "" when the column holds no dates.

    Args:
        levels: distinct cell texts that are not missing.
        counts: number of rows of each.
        column: column name for the refusal.

    Raises:
        DataError: day/month and month/day both fit and give different dates.

    Example:
        >>> find_date_format(["2021-03-04", "2021-03-05"], [1, 1], column="visit")
        '%Y-%m-%d'
        >>> find_date_format(["13/04/2021", "05/04/2021"], [1, 1], column="visit")
        '%d/%m/%Y'
        >>> find_date_format(["03/04/2021", "05/04/2021"], [1, 1], column="visit")
        Traceback (most recent call last):
        heldout.errors.DataError: column 'visit' may be day/month or month/day: '03/04/2021' reads both ways
          -> say which, in heldout.toml: [columns."visit"] date_format = "%d/%m/%Y" (or "%m/%d/%Y")
    """
    if not levels or not any(_DATE_SHAPE.match(text) for text in levels[:_PROBES]):
        return ""
    for date_format in SAFE_FORMATS:
        if _measure_share(levels, counts, date_format) >= _MOSTLY:
            return date_format
    for day_first, month_first in ORDER_PAIRS:
        shares = _measure_share(levels, counts, day_first), _measure_share(levels, counts, month_first)
        if max(shares) < _MOSTLY:
            continue
        # A cell that only one order can read decides, unless the other order has such cells too.
        if min(shares) < _MOSTLY or (max(shares) == 1.0 and min(shares) < 1.0):
            return day_first if shares[0] > shares[1] else month_first
        differing = _find_differing(levels, day_first, month_first)
        if differing is None:
            return day_first
        raise DataError(
            f"column {column!r} may be day/month or month/day: {differing!r} reads both ways",
            hint=f'say which, in heldout.toml: [columns."{column}"] date_format = "{day_first}" (or "{month_first}")',
        )
    return ""


def _measure_share(levels: Sequence[str], counts: Sequence[int], date_format: str) -> float:
    # Most formats fail on the first cells already; strptime is slow.
    probes = levels[:_PROBES]
    if sum(parse_date(text, date_format=date_format) is not None for text in probes) < len(probes) / 4:
        return 0.0
    good = sum(
        count
        for text, count in zip(levels, counts, strict=True)
        if parse_date(text, date_format=date_format) is not None
    )
    return good / sum(counts)


def _find_differing(levels: Sequence[str], first: str, second: str) -> str | None:
    for text in levels:
        days = parse_date(text, date_format=first), parse_date(text, date_format=second)
        if None not in days and days[0] != days[1]:
            return text
    return None
