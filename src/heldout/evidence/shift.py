"""Do new rows look like the development rows? A test per column for a shifted location or more missing cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, stdtr

from heldout.errors import DataError
from heldout.records import DoubleArray

FALSE_DISCOVERY_RATE = 0.05
MIN_ROWS_PER_SIDE = 10


@dataclass(frozen=True)
class ColumnShift:
    """How one column differs between development rows and new rows.

    Args:
        name: the column.
        difference: new mean minus development mean, in standard deviations of the development rows.
        missing_difference: new share of missing cells minus the development share.
        p: smaller of the two tests, doubled; NaN where a side has too few values.
        adjusted: p after Benjamini-Hochberg over the columns.
        is_shifted: True when the adjusted p is at most 0.05.
    """

    name: str
    difference: float
    missing_difference: float
    p: float
    adjusted: float
    is_shifted: bool


def adjust_discovery(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p values so that at most 5 % of the named columns are named falsely (Benjamini-Hochberg).

    Args:
        p_values: one per column; NaN entries are not tested and stay NaN.

    Returns:
        adjusted p values in the same order.

    Source:
        Benjamini and Hochberg 1995, JRSS B 57:289.

    Example:
        >>> adjust_discovery([0.01, 0.04, 0.03])
        (0.03, 0.04, 0.04)
    """
    given = np.asarray(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(given))
    order = tested[np.argsort(given[tested], kind="stable")]
    steps = given[order] * order.size / np.arange(1, order.size + 1)
    adjusted = given.copy()
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(steps[::-1])[::-1])
    return tuple(float(value) for value in adjusted)


def domain_shift(
    development: DoubleArray, new: DoubleArray, *, names: Sequence[str]
) -> tuple[ColumnShift, ...]:
    """Compare every numeric column of new rows with the development rows.

    A score on rows of another kind says nothing about the old ones. Means are compared by Welch's t (variances may
    differ), missing shares by two proportions. Rows are taken as independent.

    Args:
        development: float64 [N, D], NaN where missing.
        new: float64 [M, D], NaN where missing, columns in the same order.
        names: D column names.

    Returns:
        one `ColumnShift` per column, most significant first; untested ones last.

    Raises:
        DataError: the shapes do not agree.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> found = domain_shift(rng.normal(size=(200, 2)), rng.normal(size=(99, 2)) + [0, 2], names=["a", "b"])
        >>> [item.name for item in found if item.is_shifted]
        ['b']
    """
    old, fresh = np.asarray(development, dtype=np.float64), np.asarray(new, dtype=np.float64)
    if old.ndim != 2 or fresh.ndim != 2 or not old.shape[1] == fresh.shape[1] == len(names):
        raise DataError(
            f"development rows {old.shape}, new rows {fresh.shape}, {len(names)} names: expected equal columns",
            hint="encode both with the same recipe",
        )
    found = [_compare_column(old[:, i], fresh[:, i]) for i in range(len(names))]
    adjusted = adjust_discovery([item[2] for item in found])
    shifts = [
        ColumnShift(name, *values, p, bool(p <= FALSE_DISCOVERY_RATE))
        for name, values, p in zip(names, found, adjusted, strict=True)
    ]
    return tuple(sorted(shifts, key=lambda item: np.inf if np.isnan(item.p) else item.p))


def _compare_column(old: DoubleArray, fresh: DoubleArray) -> tuple[float, float, float]:
    kept_old, kept_new = old[~np.isnan(old)], fresh[~np.isnan(fresh)]
    missing = _compare_shares(len(old) - len(kept_old), len(old), len(fresh) - len(kept_new), len(fresh))
    if min(len(kept_old), len(kept_new)) < MIN_ROWS_PER_SIDE:
        return float("nan"), missing[0], missing[1]
    difference = float(kept_new.mean() - kept_old.mean())
    parts = np.array([kept_old.var(ddof=1) / len(kept_old), kept_new.var(ddof=1) / len(kept_new)])
    total = float(parts.sum())
    if total == 0:
        p_mean = 1.0 if difference == 0 else 0.0
    else:
        df = total**2 / float((parts**2 / [len(kept_old) - 1, len(kept_new) - 1]).sum())
        p_mean = 2 * float(stdtr(df, -abs(difference) / np.sqrt(total)))
    spread = float(kept_old.std(ddof=1))
    if spread > 0:
        standardized = difference / spread
    else:
        standardized = 0.0 if difference == 0 else float(np.sign(difference)) * float("inf")
    tests = [p_mean] if np.isnan(missing[1]) else [p_mean, missing[1]]
    return standardized, missing[0], min(1.0, len(tests) * min(tests))


def _compare_shares(k_old: int, n_old: int, k_new: int, n_new: int) -> tuple[float, float]:
    """Difference of two shares and its p value; no p value when nothing is missing anywhere or a side is small."""
    if min(n_old, n_new) == 0:
        return float("nan"), float("nan")
    difference = k_new / n_new - k_old / n_old
    pooled = (k_old + k_new) / (n_old + n_new)
    if pooled in (0.0, 1.0) or min(n_old, n_new) < MIN_ROWS_PER_SIDE:
        return difference, float("nan")
    se = float(np.sqrt(pooled * (1 - pooled) * (1 / n_old + 1 / n_new)))
    return difference, float(2 * ndtr(-abs(difference) / se))
