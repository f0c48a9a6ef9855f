"""Times of day and durations written with colons, as hours."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heldout.cells.characters import clean_cell
from heldout.errors import DataError
from heldout.toml_lines import paste_column

_COLONS = re.compile(
    r"([0-9]{1,4}):([0-5][0-9])(?::([0-5][0-9](?:\.[0-9]+)?))?\s*([ap]\.?m\.?)?", re.IGNORECASE
)
HOURS_FIRST, MINUTES_FIRST = "h:m", "m:s"
_MOSTLY = 0.95


def parse_clock(text: str, *, pattern: str = HOURS_FIRST) -> float | None:
    """Hours of a time of day or of a duration such as "2:35 pm" or "1:23:45", else None.

    Args:
        text: the cell.
        pattern: "h:m" when two numbers are hours and minutes, "m:s" for minutes and seconds; three numbers are
            always hours, minutes and seconds.

    Example:
        >>> parse_clock("2:30 pm"), parse_clock("36:00:00"), parse_clock("1:30", pattern="m:s"), parse_clock("7:61")
        (14.5, 36.0, 0.025, None)
    """
    found = _COLONS.fullmatch(clean_cell(text))
    if found is None:
        return None
    first, second, third = int(found[1]), int(found[2]), float(found[3] or 0.0)
    if found[4]:
        if not 1 <= first <= 12:
            return None
        return first % 12 + (12 if found[4][0] in "pP" else 0) + second / 60 + third / 3600
    if pattern == MINUTES_FIRST and not found[3]:
        return first / 60 + second / 3600
    return first + second / 60 + third / 3600


def find_clock(levels: Sequence[str], counts: Sequence[int], *, column: str) -> str:
    """Say "h:m" when at least 95 % of the cells are times written with colons, "" when not.

    Args:
        levels: distinct cell texts that are not missing.
        counts: number of rows of each.
        column: column name for the refusal.

    Raises:
        DataError: two numbers beyond 24 hours: hours and minutes, or minutes and seconds.

    Example:
        >>> find_clock(["14:30", "2:00"], [1, 1], column="t"), find_clock(["1:128", "1:64"], [1, 1], column="titre")
        ('h:m', '')
        >>> find_clock(["75:30", "12:15"], [1, 1], column="lap")
        Traceback (most recent call last):
        heldout.errors.DataError: column 'lap': '75:30' may be hours:minutes or minutes:seconds
          -> write it as 75:30:00 or as 00:75:30, or leave the column out: columns."lap".kind = "ignore"
    """
    good = [parse_clock(text) is not None for text in levels]
    total = sum(counts)
    if (
        not total
        or sum(count for count, is_good in zip(counts, good, strict=True) if is_good) < _MOSTLY * total
    ):
        return ""
    for text, is_good in zip(levels, good, strict=True):
        clean = clean_cell(text)
        if is_good and clean.count(":") == 1 and int(clean.split(":")[0]) >= 24:
            raise DataError(
                f"column {column!r}: {clean!r} may be hours:minutes or minutes:seconds",
                hint=f"write it as {clean}:00 or as 00:{clean}, or leave the column out: "
                f"{paste_column(column, 'kind', 'ignore')}",
            )
    return HOURS_FIRST
