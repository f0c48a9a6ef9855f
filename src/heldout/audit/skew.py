"""How heavy are the tails?"""

from __future__ import annotations

import numpy as np

from heldout.audit.input import (
    AuditInput,
    is_classification,
    list_features,
    list_some,
    pass_check,
    read_target,
    skip_check,
)
from heldout.audit.wild import even_out
from heldout.cells import find_sentinels
from heldout.records import BoolArray, DoubleArray, Finding, Kind, RowSet, Severity

FAR = 10.0  # robust standard deviations; a normal column never gets there
CAPPED_SHARE = 0.01
MOST_MAPPED = 5


def check_skew(data: AuditInput) -> tuple[Finding, ...]:
    """Values far from the middle (counted, never removed), and a target that piles up at its end.

    Args:
        data: the audit's input.

    Returns:
        HO213 (far values, and a warning of its own where they are in the target) and HO214 (capped target).
    """
    return _report_far(data), *_report_far_target(data), _report_cap(data)


def count_far(values: DoubleArray) -> int:
    """Number of values more than ten robust standard deviations from the median.

    Args:
        values: float64, NaN allowed.

    Returns:
        The count; the robust standard deviation is the interquartile range over 1.349 (exact for the normal); 0
        when half of the values are equal and there is no such width.

    Example:
        >>> count_far(np.append(np.arange(100.0), [1e6, np.nan]))
        1
    """
    return int(find_far(values).sum())


def find_far(values: DoubleArray) -> BoolArray:
    """Mark values more than ten robust standard deviations from the median, as `count_far` counts them.

    Args:
        values: float64 [N], NaN allowed.

    Returns:
        bool [N].

    Example:
        >>> np.flatnonzero(find_far(np.append(np.arange(100.0), [1e6, np.nan]))).tolist()
        [100]
    """
    known = np.isfinite(values)
    if not known.any():
        return known
    low, middle, high = np.quantile(values[known], [0.25, 0.5, 0.75])
    width = (high - low) / 1.349
    far = np.zeros(len(values), np.bool_)
    far[known] = (width > 0) & (np.abs(values[known] - middle) > FAR * width)
    return far


def _report_far(data: AuditInput) -> Finding:
    numbers = [column for column in list_features(data) if column.spec.kind is Kind.NUMBER]
    if not numbers:
        return skip_check("HO213", "far values", "there is no column of numbers")
    far = {column.spec.name: find_far(column.values[data.rows]) for column in numbers}
    counts = {name: int(cells.sum()) for name, cells in far.items()}
    worst = sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])
    if not worst:
        return pass_check("HO213", "far values", f"none in {len(numbers)} columns of numbers (10 robust sd)")
    total, rows = sum(counts.values()), np.logical_or.reduce(list(far.values()))
    return Finding(
        "HO213",
        "far values",
        Severity.INFO,
        f"{total} cells in {len(worst)} of {len(numbers)} columns of numbers lie more than 10 robust standard "
        f"deviations from the median: {list_some([f'{name!r} {counts[name]}' for name in worst], 8)}",
        column=worst[0],
        rows=int(rows.sum()),
        where=RowSet(data.rows[rows], defined_by=tuple(worst)),
        action="kept; the recipe's scaling must bear them",
    )


def _report_far_target(data: AuditInput) -> tuple[Finding, ...]:
    """A target that cannot be meant: values far beyond all others on any scale, and codes for "missing".

    One such row rules the mean, the spread and every squared error, so that this is a warning where far features are
    not: they are clipped.
    """
    if is_classification(data):
        return ()
    values = read_target(data)
    found, counts = np.unique(values, return_counts=True)
    codes = {item.value: item.reason for item in find_sentinels(found, counts)}
    raw, even = np.abs(values - np.median(values)), np.abs(even_out(values))
    low, high = np.quantile(values, [0.25, 0.75])
    is_far = (raw > FAR * (high - low) / 1.349) & (even > FAR) & (high > low)
    odd = is_far | np.isin(values, list(codes))
    if not odd.any():
        return ()
    at = np.flatnonzero(odd)
    at = at[np.argsort(-raw[at], kind="stable")]
    told = list_some([f"'{values[place]:g}' in line {data.table.lines[data.rows[place]]}" for place in at], 8)
    why = (
        "; ".join(codes.values())
        or f"more than {FAR:g} robust standard deviations from all others on any scale"
    )
    maps = [f"--target-map '{value:.12g}='" for value in dict.fromkeys(values[at].tolist())]
    return (
        Finding(
            "HO213",
            "far values in the target",
            Severity.WARNING,
            f"{len(at)} of {len(values)} targets are far from the others ({why}): {told}. They rule every mean and "
            "every squared error; codes for a missing value, or slips?",
            column=data.target.name,
            rows=len(at),
            where=RowSet(data.rows[np.sort(at)], defined_by=(data.target.name,)),
            action=f"correct them, or set these rows aside with {' '.join(maps[:MOST_MAPPED])}"
            + (f" and so on for {len(maps) - MOST_MAPPED} more" if len(maps) > MOST_MAPPED else ""),
        ),
    )


def _report_cap(data: AuditInput) -> Finding:
    if is_classification(data):
        return skip_check("HO214", "capped target", "the target has classes")
    values = read_target(data)
    for end, word in ((values.max(), "largest"), (values.min(), "smallest")):
        count = int((values == end).sum())
        if count >= max(10, CAPPED_SHARE * len(values)) and len(np.unique(values)) > 30:
            return Finding(
                "HO214",
                "capped target",
                Severity.WARNING,
                f"{count} of {len(values)} rows ({100 * count / len(values):.1f} %) hold exactly the {word} target "
                f"value {end:g}: was it cut off there?",
                column=data.target.name,
                rows=count,
                where=RowSet(data.rows[values == end], defined_by=(data.target.name,)),
                action="kept; the true values of these rows are unknown if it was",
            )
    return pass_check(
        "HO214", "capped target", "the target does not pile up at its smallest or largest value"
    )
