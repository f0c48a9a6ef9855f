"""A bundle on rows whose target is known: predictions and losses per row, for external validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.bundle.predict import PredictionReport, predict_table
from heldout.bundle.record import Bundle
from heldout.errors import DataError
from heldout.evidence.label_scores import find_label_losses
from heldout.evidence.score import find_class_losses
from heldout.label_sets import look_up
from heldout.records import BoolArray, DoubleArray, IndexArray, Prediction, Table, Target, Task

KINDS = {Task.BINARY: "class", Task.MULTICLASS: "class", Task.MULTILABEL: "labels", Task.REGRESSION: "number"}


@dataclass(frozen=True)
class ScoredRows:
    """Predictions and losses of the rows whose target is known.

    Args:
        rows: int64 [N], their positions in the table.
        prediction: predictions of these rows, in this order.
        truth: float64 [N], index into the bundle's classes, or the number in user units; [N, labels] ones and zeros.
        losses: float64 [N], log-loss in nats of the delivered probabilities (of several labels the sum), or squared
            error in units of the development rows' standard deviation (of the logarithm if the target was learned as
            such).
        hits: bool [N], prediction right (the class, or every label); empty for regression.
        report: the whole prediction report.
    """

    rows: IndexArray
    prediction: Prediction
    truth: DoubleArray
    losses: DoubleArray
    hits: BoolArray
    report: PredictionReport


def score_table(bundle: Bundle, table: Table, target: Target, *, allow_shift: bool = False) -> ScoredRows:
    """Predict rows and compare with their known target; intervals and baselines are made elsewhere.

    Args:
        bundle: a loaded bundle.
        table: the rows as read.
        target: their target, positions as in the table.
        allow_shift: see `predict_table`.

    Returns:
        One entry per row with a target.

    Raises:
        DataError: the target is of another task, holds classes the bundle does not know (both sets are shown), or
            is not positive where its logarithm was learned; or the table is refused (see `predict_table`).
    """
    truth = _map_truth(bundle, target)
    report = predict_table(bundle, table, allow_shift=allow_shift)
    rows = np.flatnonzero(~np.isnan(truth)).astype(np.int64)
    truth, prediction = look_up(target, truth[rows]), take_rows(report.prediction, rows)
    if bundle.task is Task.REGRESSION:
        losses, hits = square_errors(bundle, prediction.values[:, 0], truth), np.zeros(0, np.bool_)
    elif bundle.task is Task.MULTILABEL:
        losses = find_label_losses(prediction.values, truth)
        hits = (prediction.labels == truth).all(axis=1)
    else:
        losses = find_class_losses(prediction.values, truth)
        hits = prediction.labels == truth
    return ScoredRows(rows=rows, prediction=prediction, truth=truth, losses=losses, hits=hits, report=report)


def _map_truth(bundle: Bundle, target: Target) -> DoubleArray:
    """Give the target in the bundle's own class indices: labels are matched by name, never by position."""
    if KINDS[bundle.task] != KINDS[target.task]:
        raise DataError(
            f"the target {target.name!r} was read as {target.task.value}, the bundle predicts {bundle.task.value}",
            hint="say the task, or give the column the bundle was trained on",
        )
    if bundle.task is Task.MULTILABEL and target.classes != bundle.classes:
        raise DataError(
            f"the target {target.name!r} has the labels {_show(target.classes)}, the bundle knows "
            f"{_show(bundle.classes)}, in this order",
            hint="read the target with the labels of the bundle",
        )
    if bundle.task in (Task.REGRESSION, Task.MULTILABEL):
        return np.asarray(target.values, np.float64)
    unknown = [name for name in target.classes if name not in bundle.classes]
    if unknown:
        raise DataError(
            f"the target {target.name!r} holds {_show(target.classes)}, the bundle knows {_show(bundle.classes)}; "
            f"unknown: {_show(tuple(unknown))}",
            hint="map the labels to the bundle's with target_map",
        )
    index = np.array([bundle.classes.index(name) for name in target.classes] + [np.nan])
    known = ~np.isnan(target.values)
    return index[np.where(known, target.values, len(target.classes)).astype(np.int64)]


def square_errors(bundle: Bundle, predicted: DoubleArray, truth: DoubleArray) -> DoubleArray:
    """Compute squared errors in units of the development rows' variance, of the logarithm if that was learned.

    Args:
        bundle: task and units.
        predicted: float64 [N], predictions in user units.
        truth: float64 [N], the target in user units.

    Returns:
        float64 [N].

    Raises:
        DataError: the logarithm was learned and a target is zero or negative.
    """
    if bundle.target_log:
        bad = np.flatnonzero(truth <= 0)
        if bad.size:
            raise DataError(
                f"the target {bundle.target!r} is {truth[bad[0]]!r}, but its logarithm was learned",
                hint="leave out the rows whose target is zero or negative",
            )
        # a simple predictor may go below zero, where there is no logarithm
        truth, predicted = np.log(truth), np.log(np.maximum(predicted, truth.min() / 10))
    return np.square((predicted - truth) / bundle.target_spread)


def take_rows(prediction: Prediction, rows: IndexArray) -> Prediction:
    """Give the predictions of some rows.

    Args:
        prediction: of all rows.
        rows: int64, positions.
    """
    return Prediction(
        values=prediction.values[rows],
        labels=prediction.labels[rows] if prediction.labels.size else prediction.labels,
        low=prediction.low[rows] if prediction.low.size else prediction.low,
        high=prediction.high[rows] if prediction.high.size else prediction.high,
    )


def _show(names: tuple[str, ...]) -> str:
    return (
        "{" + ", ".join(repr(name[:60]) for name in names[:20]) + (", ..." if len(names) > 20 else "") + "}"
    )
