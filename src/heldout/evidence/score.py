"""Scores of predictions on rows that decided nothing, each with an interval or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from heldout.errors import DataError, UsageError
from heldout.evidence.intervals import (
    NO_INTERVAL,
    Interval,
    bound_auc,
    bound_grouped_share,
    bound_mean_auc,
    bound_share,
    draw_bags,
    summarise_bags,
)
from heldout.evidence.label_scores import LABEL_MEASURES
from heldout.evidence.measures import (
    Case,
    Measured,
    finish_bootstrap,
    measure_hits,
    measure_mean,
    refuse_interval,
)
from heldout.evidence.order_scores import ORDER_MEASURES
from heldout.evidence.paired import INTERVAL_ALPHA, compare_paired, index_units, sum_units
from heldout.ranks import find_auc
from heldout.records import MIN_ROWS, DoubleArray, IndexArray, Score, Task

CLASS_METRICS = ("accuracy", "balanced accuracy", "auc", "f1", "logloss")
NUMBER_METRICS = ("r2", "rmse", "mae")
METRICS_OF = {  # of classes in order also those of `ORDER_MEASURES`
    Task.BINARY: CLASS_METRICS,
    Task.MULTICLASS: (*CLASS_METRICS, *ORDER_MEASURES),
    Task.MULTILABEL: tuple(LABEL_MEASURES),
    Task.REGRESSION: NUMBER_METRICS,
}
MIN_CLASS_DELONG = 50
INFLUENCE_ABOVE = 10_000  # rows times classes from which a bootstrap of areas takes seconds and is not needed
LOSS_CLIP = float(np.exp(-15.0))  # as in training: one row weighs at most 15 nats


def score_predictions(
    truth: ArrayLike,
    values: ArrayLike,
    *,
    metrics: Sequence[str],
    task: Task,
    unit: ArrayLike | None = None,
    labels: ArrayLike | None = None,
    seed: int = 0,
) -> tuple[Score, ...]:
    """Score predictions by each metric with its 95 % interval.

    Accuracy has an exact interval from two rows on (Clopper-Pearson; with groups Korn-Graubard from 10 groups on).
    Balanced accuracy combines the exact intervals of the classes' recalls. AUC: DeLong on the logit scale from 50
    rows of each class on, else a bootstrap. Log-loss, rmse, mae: bootstrap-t. F1 and r2: percentile bootstrap.
    Of several labels a row: the share of right labels, F1 of all pairs of row and label, the mean AUC, and the share of
    rows with every label right. Of classes in order: kappa with quadratic weights (percentile bootstrap), steps off.
    Units are resampled whole. Under 30 rows (or 30 groups) the bootstraps are not honest and the ends are NaN.

    Args:
        truth: [M], class index, or the number in the user's unit; [M, labels] ones and zeros of several labels a row.
        values: [M, C] probabilities of classes or labels, or [M] / [M, 1] numbers.
        metrics: names from `METRICS_OF[task]` (an underscore may stand for the space).
        task: binary, multiclass, multilabel or regression.
        unit: int [M], groups; None when rows are independent.
        labels: int [M], predicted class where a decision threshold other than the largest probability is used;
            [M, labels] ones and zeros, where another than one half.
        seed: of the bootstraps.

    Returns:
        one `Score` per metric, in the order asked.

    Raises:
        UsageError: a metric that the task does not have.
        DataError: shapes do not agree, a value is not a number, or a class index is out of range.

    Example:
        >>> scores = score_predictions([1] * 16, np.tile([0.2, 0.8], (16, 1)), metrics=["accuracy"], task=Task.BINARY)
        >>> scores[0].value, round(scores[0].low, 3), scores[0].high
        (1.0, 0.794, 1.0)
        >>> score_predictions([1.0], [1.0], metrics=["auc"], task=Task.REGRESSION)
        Traceback (most recent call last):
        heldout.errors.UsageError: metric 'auc' for a regression target
          -> choose from r2, rmse, mae
    """
    allowed = METRICS_OF[task]
    names = [name.replace("_", " ") for name in metrics]
    for name in names:
        if name not in allowed:
            article = {Task.REGRESSION: "regression", Task.MULTILABEL: "multilabel"}.get(task, "class")
            raise UsageError(
                f"metric {name!r} for a {article} target", hint=f"choose from {', '.join(allowed)}"
            )
    case = _read_case(truth, values, task, (unit, labels, seed))
    return tuple(_score(name, case) for name in names)


def compare_losses(loss_a: ArrayLike, loss_b: ArrayLike, unit: ArrayLike) -> tuple[float, float, float]:
    """Give the mean difference of two predictors' losses on the same rows with its 95 % interval.

    Args:
        loss_a: [M] or [S, M], e.g. the network.
        loss_b: the same rows, e.g. a baseline; [M] is used for every seed of the other.
        unit: int [M], the unit of each row.

    Returns:
        (estimate, low, high) of a minus b; negative means a is better.

    Raises:
        DataError: the rows do not agree.

    Example:
        >>> compare_losses([1.0, 2.0], [0.5, 1.5], [0, 1])
        (0.5, 0.5, 0.5)
    """
    one, other = np.atleast_2d(np.asarray(loss_a)), np.atleast_2d(np.asarray(loss_b))
    if one.shape[-1] != other.shape[-1] or (1 not in (len(one), len(other)) and len(one) != len(other)):
        raise DataError(
            f"losses of shapes {one.shape} and {other.shape}: expected the same rows and seeds",
            hint="score both on the same rows",
        )
    bounds = compare_paired(one - other, unit, alpha=INTERVAL_ALPHA)
    return float(bounds.mean), float(bounds.low), float(bounds.high)


def _read_case(truth: ArrayLike, values: ArrayLike, task: Task, rest: tuple) -> Case:
    unit, labels, seed = rest
    target, given = np.asarray(truth, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if given.ndim == 1:
        given = given[:, None]
    if task is Task.MULTILABEL:
        return _read_labels(target, given, rest)
    if target.ndim != 1 or target.size == 0 or given.ndim != 2 or len(given) != target.size:
        raise DataError(f"{target.shape} true values and {given.shape} predictions: expected one row each")
    if not (np.isfinite(target).all() and np.isfinite(given).all()):
        bad = int((~np.isfinite(target) | ~np.isfinite(given).all(axis=1)).argmax())
        raise DataError(
            f"row {bad}: true value {target[bad]}, prediction {given[bad].tolist()}; expected numbers"
        )
    units = index_units(np.arange(target.size) if unit is None else unit)
    if units.code.size != target.size:
        raise DataError(f"{units.code.size} units for {target.size} rows: expected one per row")
    if task is Task.REGRESSION:
        return Case(target, given, np.zeros(0, dtype=np.int64), units, seed)
    if given.shape[1] == 1:
        given = np.hstack([1 - given, given])
    _refuse_classes(target, given)
    predicted = given.argmax(axis=1) if labels is None else np.asarray(labels)
    if predicted.shape != target.shape:
        raise DataError(f"{predicted.shape} predicted labels for {target.size} rows: expected one per row")
    return Case(target, given, predicted.astype(np.int64), units, seed)


def _read_labels(target: DoubleArray, given: DoubleArray, rest: tuple) -> Case:
    unit, labels, seed = rest
    if target.ndim != 2 or target.size == 0 or given.shape != target.shape:
        raise DataError(
            f"{target.shape} true labels and {given.shape} probabilities: expected one row each, and one column a label"
        )
    if not np.isin(target, (0.0, 1.0)).all() or not ((given >= 0) & (given <= 1)).all():
        raise DataError("labels must be 0 or 1, and their probabilities from 0 to 1")
    units = index_units(np.arange(len(target)) if unit is None else unit)
    predicted = given >= 0.5 if labels is None else np.asarray(labels)
    if units.code.size != len(target) or predicted.shape != target.shape:
        raise DataError(
            f"{units.code.size} units and {predicted.shape} answers for labels of shape {target.shape}: expected one "
            "unit a row and one answer a label"
        )
    return Case(target, given, predicted.astype(np.int64), units, seed)


def _refuse_classes(target: DoubleArray, given: DoubleArray) -> None:
    wrong = (target < 0) | (target >= given.shape[1]) | (target != np.floor(target))
    if wrong.any():
        bad = int(wrong.argmax())
        raise DataError(
            f"row {bad}: class index {target[bad]}, expected a whole number below {given.shape[1]}"
        )
    sums = given.sum(axis=1)
    off = (np.abs(sums - 1) > 1e-3) | (given < -1e-9).any(axis=1)
    if off.any():
        bad = int(off.argmax())
        raise DataError(
            f"row {bad}: probabilities {given[bad].tolist()} are negative or sum to {sums[bad]:.4f}, expected 1",
            hint="give probabilities, not logits",
        )


def _score(name: str, case: Case) -> Score:
    measures = LABEL_MEASURES if case.truth.ndim == 2 else MEASURES
    value, interval, method = measures[name](name, case)
    return Score(name, value, interval[0], interval[1], case.n_rows, case.units.n_units, method)


def _score_accuracy(_: str, case: Case) -> Measured:
    return measure_hits((case.labels == case.truth).astype(np.float64), case)


def _score_balanced(_: str, case: Case) -> Measured:
    """Mean recall; its interval combines the exact ones of the recalls by square-and-add (Zou and Donner 2008)."""
    present = np.unique(case.truth)
    hits = (case.labels == case.truth).astype(np.float64)
    recalls, lows, highs = [], [], []
    for label in present:
        rows = case.truth == label
        recalls.append(float(hits[rows].mean()))
        if case.is_grouped:
            low, high, _effective = bound_grouped_share(hits[rows], index_units(case.units.code[rows]))
        else:
            low, high = bound_share(float(hits[rows].sum()), float(rows.sum()))
        lows.append(low)
        highs.append(high)
    value, spread = float(np.mean(recalls)), np.array(recalls)
    absent = case.values.shape[1] - present.size
    note = f"; {absent} classes have no rows here" if absent else ""
    if case.truth.size < MIN_ROWS:
        return value, NO_INTERVAL, refuse_interval(case) + note
    down = float(np.sqrt(((spread - lows) ** 2).sum())) / present.size
    up = float(np.sqrt(((spread - highs) ** 2).sum())) / present.size
    if np.isnan(down + up):
        return value, NO_INTERVAL, f"no interval: a class has under 10 independent units{note}"
    exact = "Korn-Graubard" if case.is_grouped else "Clopper-Pearson"
    return value, (max(0.0, value - down), min(1.0, value + up)), f"{exact} per class, combined{note}"


def _score_auc(_: str, case: Case) -> Measured:
    n_classes = case.values.shape[1]
    counts = np.bincount(case.truth.astype(np.int64), minlength=n_classes)
    asked = [1] if n_classes == 2 else [label for label in range(n_classes) if counts[label] > 0]
    if np.count_nonzero(counts) < 2:
        return float("nan"), NO_INTERVAL, "not defined: all rows are of one class"
    value = float(np.mean([find_auc(case.values[:, label], case.truth == label) for label in asked]))
    kind = "" if n_classes == 2 else f"one against the rest, mean of {len(asked)} classes; "
    why = refuse_interval(case)
    if why:
        return value, NO_INTERVAL, kind + why
    perfect = value in (0.0, 1.0) and counts.min() >= 2
    if n_classes == 2 and not case.is_grouped and (counts.min() >= MIN_CLASS_DELONG or perfect):
        interval = bound_auc(case.values[:, 1], case.truth == 1)
        return value, interval, "exact, disjoint pairs" if perfect else "DeLong on the logit scale"
    if case.truth.size * len(asked) > INFLUENCE_ABOVE:
        tables = [(case.values[:, label], case.truth == label) for label in asked]
        return value, bound_mean_auc(tables, case.units), kind + "influence of units on the logit scale"
    interval = _bootstrap_auc(case, asked)
    if np.isnan(interval[0]):
        return value, interval, kind + "no interval: the resamples do not differ or lack a class"
    return value, interval, kind + "percentile bootstrap of units"


def _bootstrap_auc(case: Case, asked: Sequence[int]) -> Interval:
    orders = [np.unique(case.values[:, label], return_inverse=True)[1].reshape(-1) for label in asked]
    found = []
    for bags in draw_bags(case.units.n_units, case.seed):
        for weights in bags[:, case.units.code]:
            areas = [
                _weigh_auc(o, case.truth == label, weights) for o, label in zip(orders, asked, strict=True)
            ]
            found.append(float(np.mean(areas)))
    return summarise_bags(np.array(found))


def _weigh_auc(order: IndexArray, positive: np.ndarray, weights: DoubleArray) -> float:
    above = np.bincount(order, weights=weights * positive)
    below = np.bincount(order, weights=weights * ~positive)
    total = above.sum() * below.sum()
    if total == 0:
        return float("nan")
    return float((above * (np.cumsum(below) - below / 2)).sum() / total)


def _score_f1(_: str, case: Case) -> Measured:
    n_classes = case.values.shape[1]
    truth = case.truth.astype(np.int64)
    asked = [1] if n_classes == 2 else sorted({*truth.tolist(), *case.labels.tolist()})
    rows = np.stack(
        [
            part
            for label in asked
            for part in (
                (truth == label) & (case.labels == label),
                (truth == label).astype(np.int64) + (case.labels == label),
            )
        ]
    ).astype(np.float64)

    def measure(sums: DoubleArray) -> DoubleArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            each = 2 * sums[:, 0::2] / sums[:, 1::2]
        return np.nan_to_num(each, nan=0.0).mean(axis=1)

    components = sum_units(rows, case.units).T
    value = float(measure(components.sum(axis=0, keepdims=True))[0])
    kind = "positive class; " if n_classes == 2 else f"mean of {len(asked)} classes; "
    return finish_bootstrap(value, kind, case, components=components, measure=measure)


def _score_r2(_: str, case: Case) -> Measured:
    centered = (
        case.truth - case.truth.mean()
    )  # r2 does not depend on the origin; large offsets would lose digits
    error = case.truth - case.values[:, 0]
    rows = np.stack([error**2, centered, centered**2, np.ones_like(error)])

    def measure(sums: DoubleArray) -> DoubleArray:
        total = sums[:, 2] - sums[:, 1] ** 2 / sums[:, 3]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(total > 0, 1 - sums[:, 0] / total, np.nan)

    components = sum_units(rows, case.units).T
    value = float(measure(components.sum(axis=0, keepdims=True))[0])
    return finish_bootstrap(value, "", case, components=components, measure=measure)


def find_class_losses(values: DoubleArray, truth: DoubleArray) -> DoubleArray:
    """Compute the log-loss of each row: float64 [M], in nats, at most 15 as in training.

    Args:
        values: float64 [M, C], probabilities.
        truth: [M], class index.

    Example:
        >>> find_class_losses(np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([0, 1])).round(4)
        array([ 0.6931, 15.    ])
    """
    picked = values[np.arange(len(truth)), truth.astype(np.int64)]
    return np.maximum(-np.log(np.maximum(picked, LOSS_CLIP)), 0.0)


def _score_mean(name: str, case: Case) -> Measured:
    if name == "logloss":
        losses = find_class_losses(case.values, case.truth)
    else:
        error = np.abs(case.truth - case.values[:, 0])
        losses = error**2 if name == "rmse" else error
    value, interval, method = measure_mean(losses, case)
    if name == "rmse":
        value, interval = float(np.sqrt(value)), (float(np.sqrt(interval[0])), float(np.sqrt(interval[1])))
    return value, interval, method


MEASURES = {
    "accuracy": _score_accuracy,
    "balanced accuracy": _score_balanced,
    "auc": _score_auc,
    "f1": _score_f1,
    "logloss": _score_mean,
    "rmse": _score_mean,
    "mae": _score_mean,
    "r2": _score_r2,
    **ORDER_MEASURES,
}
