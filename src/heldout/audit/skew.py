"""How heavy are the tails?"""

from __future__ import annotations

import numpy as np

from heldout.audit.input import (
    AuditInput,
    is_classification,
    list_features,
    pass_check,
    read_target,
    skip_check,
)
from heldout.records import DoubleArray, Finding, Kind, Severity

FAR = 10.0  # robust standard deviations; a normal column never gets there
CAPPED_SHARE = 0.01


def check_skew(data: AuditInput) -> tuple[Finding, ...]:
    """Values far from the middle (counted, never removed), and a target that piles up at its end.

    Args:
        data: the audit's input.

    Returns:
        HO213 (far values) and HO214 (capped target).
    """
    return _report_far(data), _report_cap(data)


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
    present = values[np.isfinite(values)]
    if not len(present):
        return 0
    low, middle, high = np.quantile(present, [0.25, 0.5, 0.75])
    width = (high - low) / 1.349
    return int((np.abs(present - middle) > FAR * width).sum()) if width > 0 else 0


def _report_far(data: AuditInput) -> Finding:
    numbers = [column for column in list_features(data) if column.spec.kind is Kind.NUMBER]
    if not numbers:
        return skip_check("HO213", "far values", "there is no column of numbers")
    counts = {column.spec.name: count_far(column.values[data.rows]) for column in numbers}
    worst = sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])
    if not worst:
        return pass_check("HO213", "far values", f"none in {len(numbers)} columns of numbers (10 robust sd)")
    total = sum(counts.values())
    return Finding(
        "HO213",
        "far values",
        Severity.INFO,
        f"{total} cells in {len(worst)} of {len(numbers)} columns of numbers lie more than 10 robust standard "
        f"deviations from the median: {', '.join(f'{name!r} {counts[name]}' for name in worst[:8])}",
        column=worst[0],
        rows=total,
        action="kept; the recipe's scaling must bear them",
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
                action="kept; the true values of these rows are unknown if it was",
            )
    return pass_check(
        "HO214", "capped target", "the target does not pile up at its smallest or largest value"
    )
