"""Ranks, how well a number ranks rows of one kind above all others, and p values ranked among many.

scipy.stats has both, and takes 0.4 s of processor time to import; `heldout diagnose` must answer within one.
"""

from __future__ import annotations

import numpy as np

from heldout.records import BoolArray, DoubleArray


def find_ranks(values: DoubleArray) -> DoubleArray:
    """Give ranks from 1 up; equal values share the mean of theirs.

    Args:
        values: [M].

    Returns:
        float64 [M]; all NaN where a value is.

    Example:
        >>> find_ranks(np.array([7.0, 3.0, 7.0, 9.0]))
        array([2.5, 1. , 2.5, 4. ])
    """
    if np.isnan(values).any():
        return np.full(values.shape, np.nan)
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place.reshape(-1)]


def find_auc(score: DoubleArray, positive: BoolArray) -> float:
    """Give the area under the ROC curve; ties count half.

    Args:
        score: [M], higher means more positive.
        positive: bool [M], both classes present.

    Returns:
        0..1.

    Example:
        >>> find_auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
        0.875
    """
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    above = find_ranks(score)[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))


def adjust_discoveries(p_values: DoubleArray) -> DoubleArray:
    """Benjamini-Hochberg adjusted p-values.

    Args:
        p_values: float64 [N], in [0, 1].

    Returns:
        float64 [N]; rejecting those at most q keeps the expected share of false discoveries at q.

    Source: Benjamini and Hochberg 1995, J. R. Stat. Soc. B 57, 289.

    Example:
        >>> adjust_discoveries(np.array([0.01, 0.04, 0.03, 0.5])).round(4)
        array([0.04  , 0.0533, 0.0533, 0.5   ])
    """
    n_tests = len(p_values)
    order = np.argsort(p_values)[::-1]
    scaled = p_values[order] * n_tests / np.arange(n_tests, 0, -1)
    adjusted = np.empty(n_tests)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted
