"""Does a column know anything but the answer? A noisy copy of it moves with no other column once it is known."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata, t

from heldout.audit.input import AuditInput, is_classification, list_features
from heldout.records import DoubleArray, IndexArray, Kind, TypedColumn

# An honest measurement moves with some other one within a class: with age, with size, with how it was taken. Where the
# other columns are unrelated to each other too (a simulation, an experiment), being alone says nothing.
LEVEL = 0.05
FEWEST_ROWS, FEWEST_OTHERS = 60, 2
MOST_ROWS, MOST_OTHERS, MOST_LEVELS = 20_000, 100, 4
N_BINS = 20
# Share of the other number columns that must move together. Measured on 21 real tables: at least 0.83 in each with
# several numbers; any line from 0.3 to 0.8 finds the same planted copies (75 of 84). Independent columns stay below.
SOCIABLE, MOST_ASKED = 0.75, 24


def find_lonely(data: AuditInput, names: list[str]) -> frozenset[str]:
    """Which number columns are unrelated to all other columns among rows of one target.

    Args:
        data: the audit's input.
        names: columns that predict the target; others are not asked.

    Returns:
        Names of those with no correlation to any other feature within classes (or at equal targets) at 5 % after
        Bonferroni, while at least three quarters of the other number columns have one; none where there are fewer than
        60 rows or 2 other number columns.
    """
    if not names:
        return frozenset()
    rows = data.rows[:: max(1, len(data.rows) // MOST_ROWS)]
    features = [
        column for column in list_features(data) if column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE)
    ]
    numbers = [column for column in features if column.spec.kind is Kind.NUMBER]
    lonely = []
    for column in numbers:
        if column.spec.name in names and _is_tied(data, column, features, rows) is False:
            others = [item for item in numbers if item is not column]
            asked = others[:: -(-len(others) // MOST_ASKED)] if others else []
            # A copy of the answer that is under suspicion must make no other column look sociable.
            rest = [item for item in features if item is not column]
            told = [tied for item in asked if (tied := _is_tied(data, item, rest, rows)) is not None]
            if len(told) >= FEWEST_OTHERS and np.mean(told) >= SOCIABLE:
                lonely.append(column.spec.name)
    return frozenset(lonely)


def _is_tied(
    data: AuditInput, column: TypedColumn, features: list[TypedColumn], rows: IndexArray
) -> bool | None:
    """Whether a column moves with any other one at equal targets; None where too little is known to tell."""
    known = rows[np.isfinite(column.values[rows])]
    others = [item for item in features if item is not column][:MOST_OTHERS]
    if len(known) < FEWEST_ROWS or not others:
        return None
    stratum = number_strata(data.target.values[known], classes=is_classification(data))
    table = np.concatenate([_spread(item, known) for item in others], axis=1)
    n_units = len(np.unique(data.split.unit[known]))
    if n_units - len(np.unique(stratum)) < FEWEST_ROWS // 2:
        return None
    return measure_tie(make_scores(column.values[known]), table, stratum, n_units=n_units) <= LEVEL


def measure_tie(
    own: DoubleArray, others: DoubleArray, stratum: IndexArray, *, n_units: int | None = None
) -> float:
    """Probability of so strong a correlation with any other column if there were none within the strata.

    Args:
        own: float64 [n].
        others: float64 [n, m].
        stratum: int64 [n], rows with (about) one target.
        n_units: independent units among the rows (patients), where several rows are one's; all rows by default.

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
    left = (len(own) if n_units is None else n_units) - int((size > 0).sum())
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
