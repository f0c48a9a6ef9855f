"""Whom each finding concerns, as a line of the terminal, a small table of a page and plain values."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from heldout.records import Finding, LevelShare, RowsAffected
from heldout.report.groups import describe_interval

MOST_LINES = 12  # of the file, as a page names them
LEVEL_COLUMNS = ("whose", "rows concerned", "share (95 % interval)", "of the others", "q", "remark")


def tell_whose(finding: Finding) -> str:
    """Say whom a finding concerns more than others; empty where that is not shown.

    Args:
        finding: of the audit.

    Example:
        >>> from heldout.records import Severity
        >>> tell_whose(Finding("HO201", "exact duplicates", Severity.INFO, "30 of 300 rows repeat another one"))
        ''
    """
    found = finding.affected
    return found.sentence if found is not None and found.is_unequal else ""


def list_levels(found: RowsAffected) -> tuple[tuple[str, ...], ...]:
    """Give the rows of the table below a finding, in the order of `LEVEL_COLUMNS`.

    Args:
        found: whom the finding concerns.

    Example:
        >>> level = LevelShare("subgroup", "sex = f", 28, 120, (0.2333, 0.161, 0.319), 0.011, 0.0002, is_more=True)
        >>> list_levels(RowsAffected(30, 300, (0.1, 0.068, 0.14), levels=(level,)))
        (('sex = f', '28 of 120', '23.3 % (16.1 to 31.9 %)', '1.1 %', '< 0.001', 'more than the others'),)
    """
    return tuple(_list_level(level) for level in found.levels)


def name_lines(found: RowsAffected) -> str:
    """Name the first lines of the rows, and how many more there are; empty where they are hidden.

    Args:
        found: whom the finding concerns.

    Example:
        >>> name_lines(RowsAffected(2, 9, (0.2, 0.0, 0.6), (4, 7))), name_lines(RowsAffected(2, 9, (0.2, 0.0, 0.6)))
        ('lines 4, 7', '')
        >>> name_lines(RowsAffected(1, 9, (0.1, 0.0, 0.5), (4,), file="test"))
        'line 4 of the test file'
    """
    if not found.lines:
        return ""
    shown = ", ".join(map(str, found.lines[:MOST_LINES]))
    left = found.n_affected - min(len(found.lines), MOST_LINES)
    of_file = f" of the {found.file} file" if found.file else ""
    return f"line{'s' * (found.n_affected != 1)} {shown}" + (f" and {left:,} more" if left else "") + of_file


def hide_places(finding: Finding) -> Finding:
    """Give a finding without the lines of its rows; how many they are and whose stays.

    Args:
        finding: of the audit.
    """
    if finding.affected is None:
        return finding
    return replace(finding, affected=replace(finding.affected, lines=()))


def describe_affected(found: RowsAffected) -> dict[str, Any]:
    """Give whom a finding concerns as plain values for the JSON answer.

    Args:
        found: whom it concerns.
    """
    return {
        "n_affected": found.n_affected,
        "n_rows": found.n_rows,
        "share": describe_interval(found.share),
        "lines": list(found.lines),
        "file": found.file,
        "levels": [
            {
                "of": level.of,
                "name": level.name,
                "n_affected": level.n_affected,
                "n_rows": level.n_rows,
                "share": describe_interval(level.share),
                "rest": level.rest,
                "q": level.q,
                "is_more": level.is_more,
            }
            for level in found.levels
        ],
        "sentence": found.sentence,
        "notes": list(found.notes),
    }


def _list_level(level: LevelShare) -> tuple[str, ...]:
    share, low, high = level.share
    ends = "no honest interval" if math.isnan(low) else f"{100 * low:.1f} to {100 * high:.1f} %"
    if math.isnan(level.q):
        q, remark = "", "not compared"
    else:
        q = "< 0.001" if level.q < 0.001 else f"{level.q:.2g}"
        remark = "more than the others" if level.is_more else ""
    return (
        level.name,
        f"{level.n_affected:,} of {level.n_rows:,}",
        f"{100 * share:.1f} % ({ends})",
        "" if math.isnan(level.rest) else f"{100 * level.rest:.1f} %",
        q,
        remark,
    )
