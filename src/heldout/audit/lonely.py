"""Does a column know anything but the answer? A noisy copy of it moves with no other column once it is known."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata, t

from heldout.audit.input import AuditInput, is_classification, list_features
from heldout.records import DoubleArray, IndexArray, Kind, TypedColumn

# An honest measurement moves with some other one within a class: with age, with size, with how it was taken.
LEVEL = 0.05
FEWEST_ROWS, FEWEST_OTHERS = 60, 2
MOST_ROWS, MOST_OTHERS, MOST_LEVELS = 20_000, 100, 4
N_BINS = 20


def find_lonely(data: AuditInput, names: list[str]) -> frozenset[str]:
    """Which number columns are unrelated to all other columns among rows of one target.

    Args:
        data: the audit's input.
        names: columns that predict the target; others are not asked.

    Returns:
        Names of those with no correlation to any other feature within classes (or at equal targets) at 5 % after
        Bonferroni; none where there are fewer than 60 rows or 2 other columns.
    """
    if not names:
        return frozenset()
    rows = data.rows[:: max(1, len(data.rows) // MOST_ROWS)]
    features = [
        column for column in list_features(data) if column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE)
    ]
    target = data.target.values[rows]
    lonely = []
    for column in features:
        if column.spec.name not in names or column.spec.kind is not Kind.NUMBER:
            continue
        known = np.isfinite(column.values[rows])
        others = [item for item in features if item is not column][:MOST_OTHERS]
        if known.sum() < FEWEST_ROWS or len(others) < FEWEST_OTHERS:
            continue
        stratum = number_strata(target[known], classes=is_classification(data))
        table = np.concatenate([_spread(item, rows[known]) for item in others], axis=1)
        own = make_scores(column.values[rows][known])
        if measure_tie(own, table, stratum) > LEVEL:
            lonely.append(column.spec.name)
    return frozenset(lonely)


def measure_tie(own: DoubleArray, others: DoubleArray, stratum: IndexArray) -> float:
    """Probability of so strong a correlation with any other column if there were none within the strata.

    Args:
        own: float64 [n].
        others: float64 [n, m].
        stratum: int64 [n], rows with (about) one target.

    Returns:
        p of the largest correlation, times the number of columns, at most 1.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> shared = rng.normal(size=300)
        >>> near = shared + rng.normal(size=300)
        >>> measure_tie(shared, np.stack([near, rng.normal(size=300)], axis=1), np.zeros(300, np.int64)) < 1e-9
        True
    """
    size = np.bincount(stratum).astype(np.float64)
    left = len(own) - int((size > 0).sum())
    if left < FEWEST_ROWS // 2:
        return 0.0

    def centre(values: DoubleArray) -> DoubleArray:
        mean = np.bincount(stratum, weights=values) / np.maximum(size, 1)
        return values - mean[stratum]

    one = centre(own)
    many = np.stack([centre(part) for part in others.T], axis=1)
    power = np.sqrt((one**2).sum() * (many**2).sum(axis=0))
    usable = power > 1e-9 * len(own)
    if not usable.any():
        return 0.0
    r = np.clip((one @ many[:, usable]) / power[usable], -0.999999, 0.999999)
    p_values = 2 * t.sf(np.abs(r) * np.sqrt((left - 1) / (1 - r**2)), left - 1)
    return float(min(1.0, p_values.min() * usable.sum()))


def number_strata(target: DoubleArray, *, classes: bool) -> IndexArray:
    """Rows with one class, or in one twentieth of the target's distribution.

    Args:
        target: float64 [n].
        classes: True for classes.
    """
    if classes:
        return np.unique(target, return_inverse=True)[1].reshape(-1)
    n_bins = min(N_BINS, max(1, len(target) // 10))
    return (
        ((rankdata(target, method="average") - 0.5) * n_bins / len(target))
        .astype(np.int64)
        .clip(0, n_bins - 1)
    )


def make_scores(values: DoubleArray) -> DoubleArray:
    """Numbers as normal scores of their ranks, so that no single one rules a correlation; 0 where there is none.

    Args:
        values: float64 [n].

    Example:
        >>> make_scores(np.array([1.0, 1e9, np.nan])).round(2).tolist()
        [-0.67, 0.67, 0.0]
    """
    scores = np.zeros(len(values))
    known = np.isfinite(values)
    if known.any():
        scores[known] = ndtri((rankdata(values[known]) - 0.5) / known.sum())
    return scores


def _spread(column: TypedColumn, rows: IndexArray) -> DoubleArray:
    if len(column.values):
        values = column.values[rows]
        return np.stack([make_scores(values), np.isnan(values).astype(np.float64)], axis=1)
    codes = column.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=1)
    frequent = np.argsort(-counts, kind="stable")[:MOST_LEVELS]
    return np.stack([(codes == code).astype(np.float64) for code in frequent], axis=1)
