"""How gates are written: one way to say fired, passed and not applicable."""

from __future__ import annotations

import numpy as np

from heldout.evidence.codes import find_code
from heldout.evidence.paired import PairedBounds, Units, compare_paired
from heldout.records import DoubleArray, Gate

# several gates look at the same losses: together they may fire falsely in 5 % of clean studies
STRICT_ALPHA = 0.01
UNKNOWN = (float("nan"), float("nan"), float("nan"), float("nan"))


def skip_gate(code: str, why: str) -> Gate:
    """Give a gate that does not apply here.

    Args:
        code: `HO3xx`.
        why: why not, a sentence without a full stop.

    Returns:
        `Gate` in the state "not applicable".

    Example:
        >>> skip_gate("HO310", "a number is predicted").state
        'not applicable'
    """
    return Gate(code, find_code(code).title, "not applicable", f"{why[0].upper()}{why[1:]}.")


def write_gate(
    code: str,
    sentence: str,
    *,
    fired: bool,
    overrides: bool = False,
    numbers: tuple[float, float, float, float] = UNKNOWN,
    action: str = "",
) -> Gate:
    """Give a gate that was asked.

    Args:
        code: `HO3xx`.
        sentence: what was found, with its numbers.
        fired: whether it found what it looks for.
        overrides: whether that can move the score by more than the tolerance (only if it fired).
        numbers: estimate, low, high, tolerance.
        action: what to do if it fired.

    Returns:
        `Gate`, "fired" or "passed".

    Example:
        >>> write_gate("HO311", "No network diverged.", fired=False).state
        'passed'
    """
    state = "fired" if fired else "passed"
    return Gate(
        code,
        find_code(code).title,
        state,
        sentence,
        fired and overrides,
        *numbers,
        action if fired else "",
    )


def bound_means(
    losses: np.ndarray, one: DoubleArray, other: DoubleArray, units: Units, *, alpha: float
) -> PairedBounds:
    """Give the difference of two weighted means of the same row losses with its crossed bounds.

    Both means share rows, so that their difference varies by the influence of each row on both, not by its loss.

    Args:
        losses: [S, M] losses.
        one: float64 [M], weights of the first mean; they sum to one.
        other: float64 [M], weights of the second mean.
        units: rows that belong together.
        alpha: one-sided error rate of each bound.

    Returns:
        scalar `PairedBounds`, first mean minus second.

    Example:
        >>> from heldout.evidence.paired import index_units
        >>> first, all_rows = np.array([1.0, 0.0]), np.array([0.5, 0.5])
        >>> float(bound_means(np.array([[1.0, 3.0]]), first, all_rows, index_units([0, 1]), alpha=0.05).mean)
        -1.0
    """
    values = losses.astype(np.float64)
    mean = values.mean(axis=0)
    left, right = float(one @ mean), float(other @ mean)
    influence = one.size * (one * (values - left) - other * (values - right))
    return compare_paired(influence + (left - right), units, alpha=alpha)
