"""Metrics of several labels a row, and how well each single label is found."""

from __future__ import annotations

import numpy as np

from heldout.evidence.intervals import NO_INTERVAL, bound_mean_auc
from heldout.evidence.measures import (
    Case,
    Measured,
    finish_bootstrap,
    measure_hits,
    measure_mean,
    refuse_interval,
)
from heldout.evidence.paired import sum_units
from heldout.ranks import find_auc
from heldout.records import DoubleArray

LABEL_CLIP = float(np.exp(-15.0))  # as in training: one label weighs at most 15 nats


def find_label_losses(values: DoubleArray, truth: DoubleArray) -> DoubleArray:
    """Compute the log-loss of each row, the sum over its labels: float64 [M], in nats.

    Args:
        values: float64 [M, labels], probabilities.
        truth: float64 [M, labels], ones and zeros.

    Example:
        >>> find_label_losses(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])).round(4)
        array([1.3863])
    """
    given = np.where(truth > 0.5, values, 1.0 - values)
    return -np.log(np.clip(given, LABEL_CLIP, 1.0)).sum(axis=1)


def _measure_accuracy(_: str, case: Case) -> Measured:
    """Share of labels that are right (1 - Hamming loss), each row's share counted once."""
    wrong = (case.labels != case.truth).mean(axis=1)
    value, (low, high), method = measure_mean(wrong, case)
    return 1.0 - value, (1.0 - high, 1.0 - low), method


def _measure_exact(_: str, case: Case) -> Measured:
    return measure_hits((case.labels == case.truth).all(axis=1).astype(np.float64), case)


def _measure_micro_f1(_: str, case: Case) -> Measured:
    """F1 of all pairs of row and label together."""
    both = (case.labels * case.truth).sum(axis=1)
    rows = np.stack([both, case.labels.sum(axis=1) + case.truth.sum(axis=1)]).astype(np.float64)

    def measure(sums: DoubleArray) -> DoubleArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.nan_to_num(2 * sums[:, 0] / sums[:, 1], nan=0.0)

    components = sum_units(rows, case.units).T
    value = float(measure(components.sum(axis=0, keepdims=True))[0])
    return finish_bootstrap(value, "all labels together; ", case, components=components, measure=measure)


def _measure_auc(_: str, case: Case) -> Measured:
    n_with = case.truth.sum(axis=0)
    asked = np.flatnonzero((n_with > 0) & (n_with < case.n_rows))
    if not len(asked):
        return float("nan"), NO_INTERVAL, "not defined: no label has rows with and without it"
    tables = [(case.values[:, label], case.truth[:, label] > 0.5) for label in asked]
    value = float(np.mean([find_auc(*table) for table in tables]))
    absent = case.values.shape[1] - len(asked)
    kind = f"mean of {len(asked)} labels{f', {absent} without rows on both sides' if absent else ''}; "
    why = refuse_interval(case)
    interval = NO_INTERVAL if why else bound_mean_auc(tables, case.units)
    if not why and np.isnan(interval[0]):
        why = "no interval: the areas do not vary"
    return value, interval, kind + (why or "influence of units on the logit scale")


def _measure_loss(_: str, case: Case) -> Measured:
    value, interval, method = measure_mean(find_label_losses(case.values, case.truth), case)
    return value, interval, f"sum over labels; {method}"


LABEL_MEASURES = {
    "label accuracy": _measure_accuracy,
    "exact match": _measure_exact,
    "micro f1": _measure_micro_f1,
    "auc": _measure_auc,
    "logloss": _measure_loss,
}
