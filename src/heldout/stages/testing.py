"""Seventh stage: the test is opened once; scores with intervals, and the simple predictors beside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from heldout.baselines import (
    BaselineData,
    BaselineOutput,
    fit_baselines,
    predict_persistence,
    stack_raw,
)
from heldout.bundle import Bundle
from heldout.bundle.forward import predict_features
from heldout.bundle.score import square_errors
from heldout.evidence.label_scores import find_label_losses
from heldout.evidence.looks import start_shown, update_shown
from heldout.evidence.score import compare_losses, find_class_losses, score_predictions
from heldout.label_sets import look_up
from heldout.records import (
    MIN_ROWS,
    Baseline,
    CodeArray,
    DoubleArray,
    Fold,
    IndexArray,
    Kind,
    Prediction,
    Score,
    Split,
    Target,
    Task,
)
from heldout.seal import SealedTest, append_shown, count_openings, list_shown
from heldout.settings import Settings
from heldout.split import find_copies
from heldout.stages.delivering import Delivered
from heldout.stages.preparing import Prepared, encode_other_rows
from heldout.stages.reading import Reading
from heldout.stages.simple_rows import count_beside, plain_features, take_texts
from heldout.stages.workplace import Workplace

JOURNAL, SHOWN = ".journal.jsonl", ".shown.jsonl"  # every opening, and the score that may be shown after it
RARE_PREVALENCE = 0.10
SEEN_IN_PARTS = (
    Kind.TEXT,
    Kind.DATE,
    Kind.SEQUENCE,
)  # their cells are no numbers: boosting sees what they become
CLASS_METRICS = {
    Task.BINARY: ("accuracy", "balanced accuracy", "auc", "f1", "logloss"),
    Task.MULTICLASS: ("accuracy", "balanced accuracy", "auc", "logloss"),
    Task.MULTILABEL: ("label accuracy", "micro f1", "auc", "exact match", "logloss"),
}
ORDER_METRICS = ("quadratic kappa", "rank error")  # follow the primary one of classes in order
NUMBER_METRICS = ("rmse", "mae", "r2")


@dataclass(frozen=True)
class Scores:
    """Scores of the delivered networks and of the baselines.

    Args:
        metrics: the metrics, the primary one first.
        development: on validation rows, each predicted by networks that had not fitted it.
        test: on the sealed rows; empty when there are none.
        test_without_copies: the same without test rows that have a copy among the development rows.
        baselines: simple predictors, on the test rows where there are any, else on the validation rows.
        test_rows: predictions of the test rows and their labels; None without a test set.
        openings_before: how often these data's test rows had been opened by other studies.
        opened: time of the opening.
        best_shown: after a repeated opening, what the Ladder rule lets stand as the best score; else "".
    """

    metrics: tuple[str, ...]
    development: tuple[Score, ...]
    test: tuple[Score, ...]
    test_without_copies: tuple[Score, ...]
    baselines: tuple[Baseline, ...]
    test_rows: tuple[Prediction, DoubleArray] | None
    openings_before: int = 0
    opened: str = ""
    best_shown: str = ""


def name_metrics(target: Target, settings: Settings, values: DoubleArray) -> tuple[str, ...]:
    """Name the metrics, the primary one first; it is fixed before the test is opened.

    Below 10 % prevalence of the rarest class the balanced accuracy comes second; where labels are held by less than
    10 % of the rows on average, F1 of all labels comes first, as answering none would be right nearly always. Of
    classes in order, those that count steps follow the primary one.

    Args:
        target: the target.
        settings: `metric`.
        values: float64, development rows' target.
    """
    metrics = list_metrics(target.task, ordered=target.ordered)
    if settings.metric != "auto":
        return put_first(settings.metric.replace("_", " "), metrics)
    if target.task is Task.MULTILABEL:
        is_rare = look_up(target, values).mean() < RARE_PREVALENCE
        return put_first("micro f1", metrics) if is_rare else metrics
    if target.task is not Task.REGRESSION:
        rarest = np.bincount(values.astype(int), minlength=len(target.classes)).min() / len(values)
        if rarest >= RARE_PREVALENCE:
            return (
                "accuracy",
                *(metric for metric in metrics if metric not in ("accuracy", "balanced accuracy")),
                "balanced accuracy",
            )
    return metrics


def list_metrics(task: Task, *, ordered: bool = False) -> tuple[str, ...]:
    """List the metrics of a task.

    Args:
        task: what is predicted.
        ordered: the classes are steps of a scale.

    Example:
        >>> list_metrics(Task.MULTICLASS, ordered=True)
        ('accuracy', 'quadratic kappa', 'rank error', 'balanced accuracy', 'auc', 'logloss')
    """
    first, *rest = NUMBER_METRICS if task is Task.REGRESSION else CLASS_METRICS[task]
    return (first, *(ORDER_METRICS if ordered else ()), *rest)


def put_first(primary: str, metrics: tuple[str, ...]) -> tuple[str, ...]:
    """Give the metrics with the primary one first."""
    return (primary, *(metric for metric in metrics if metric != primary))


def score_rows(
    truth: DoubleArray, prediction: Prediction, target: Target, *, metrics: tuple[str, ...], unit: IndexArray
) -> tuple[Score, ...]:
    """Score predictions of some rows by every metric that they allow."""
    if len(truth) == 0:
        return ()
    return score_predictions(
        truth,
        prediction.values,
        metrics=metrics,
        task=target.task,
        unit=unit,
        labels=None if target.task is Task.REGRESSION else prediction.labels,
    )


def row_losses(values: DoubleArray, truth: DoubleArray, bundle: Bundle) -> DoubleArray:
    """Compute each row's log-loss, or squared error in units of the learned target's variance: float64 [n].

    Of several labels a row the log-loss is their sum.

    These are the units of the tolerance, so that a difference can be held against it.
    """
    if bundle.task is Task.REGRESSION:
        return square_errors(bundle, values[:, 0], truth)
    if bundle.task is Task.MULTILABEL:
        return find_label_losses(values, truth)
    return find_class_losses(values, truth)


def correct_scores(
    scores: tuple[Score, ...], corrected: dict[str, tuple[float, float, float]]
) -> tuple[Score, ...]:
    """Put the bootstrap's estimate of the whole choice in place of the winner's own score, which is flattering.

    Args:
        scores: of the delivered networks on the rows they were chosen on.
        corrected: metric -> estimate, low, high.
    """
    changed = []
    for item in scores:
        if item.metric in corrected:
            value, low, high = corrected[item.metric]
            how = "BBC bootstrap of the whole choice, 95 % interval"
            changed.append(replace(item, value=value, low=low, high=high, method=how))
        else:
            changed.append(
                replace(item, method=f"{item.method}; not corrected for the choice made on these rows")
            )
    return tuple(changed)


def predict_test(prepared: Prepared, delivered: Delivered) -> Prediction:
    """Predict the sealed rows, without their labels, by the bundle's own forward pass."""
    return predict_features(delivered.bundle, encode_other_rows(prepared, prepared.split.test))


def train_baselines(
    reading: Reading,
    prepared: Prepared,
    folds: tuple[Fold, ...],
    settings: Settings,
    *,
    workplace: Workplace | None = None,
) -> tuple[BaselineOutput, ...]:
    """Fit the simple predictors on the folds of the delivered networks; test labels are not read.

    One that does not fit into what is left of the budget is left out, and a note says so.
    """

    def affords(name: str, seconds: float) -> bool:
        if workplace is None or workplace.can_afford(f"baseline-{name.replace(' ', '-')}", seconds):
            return True
        workplace.note(f"the budget is used up: {name} was not fitted as a simple predictor")
        return False

    split = prepared.split
    raw, is_category = stack_raw(prepared.columns, split.development)
    test_raw, _ = stack_raw(prepared.columns, split.test)
    data = BaselineData(
        features=plain_features(prepared, split.development),
        raw=raw,
        is_category=is_category,
        test_features=plain_features(prepared, split.test)[0],
        test_raw=test_raw,
        target=reading.target.values[split.development],
        task=reading.target.task,
        n_classes=len(reading.target.classes),
        weight=prepared.source.weight,
        sets=prepared.source.sets,
        sees_features=any(c.spec.used and c.spec.kind in SEEN_IN_PARTS for c in prepared.columns),
        has_arrays=bool(prepared.arrays),
        texts=take_texts(prepared, split.development),
        test_texts=take_texts(prepared, split.test),
        n_beside=count_beside(prepared),
        shares=prepared.source.shares,
    )
    return fit_baselines(data, folds, seed=settings.seed, affords=affords)


def compare_baselines(
    outputs: tuple[BaselineOutput, ...],
    reading: Reading,
    prepared: Prepared,
    delivered: Delivered,
    *,
    metrics: tuple[str, ...],
    test: tuple[Prediction, DoubleArray] | None,
    gap: int = 0,
) -> tuple[Baseline, ...]:
    """Score the simple predictors on the same rows as the network and compare row by row.

    Args:
        outputs: their predictions.
        reading: the data.
        prepared: split and folds.
        delivered: the network's development predictions.
        metrics: the study's metrics.
        test: the network's predictions of the test rows and their truth, once opened; None compares on the
            validation rows, with the network's loss corrected for having been chosen on them.
        gap: rows between what is known and what is predicted (time-ordered studies).
    """
    target, rows = reading.target, delivered.order
    own, truth = delivered.development, look_up(target, target.values[delivered.order])
    if test is not None:
        rows, (own, truth) = prepared.split.test, test
    judged = (target, metrics, prepared.split.unit[rows])
    return tuple(
        _compare(
            output.name,
            output.development if test is None else output.test,
            (own, truth),
            judged,
            delivered.bundle,
            optimism=delivered.optimism if test is None else 0.0,
        )
        for output in (*outputs, *_persistence(reading, rows, gap))
    )


def _persistence(reading: Reading, rows: IndexArray, gap: int) -> tuple[BaselineOutput, ...]:
    if reading.time is None or reading.target.task is not Task.REGRESSION:
        return ()
    known = reading.rows  # a row without a target has nothing to repeat: the last known one is
    place = np.searchsorted(known, rows)
    values = predict_persistence(reading.target.values[known], reading.time[known], place, gap=gap)[:, None]
    return (BaselineOutput("persistence", values, values),)


def _compare(
    name: str,
    values: DoubleArray,
    network: tuple[Prediction, DoubleArray],
    judged: tuple[Target, tuple[str, ...], IndexArray],
    bundle: Bundle,
    *,
    optimism: float,
) -> Baseline:
    (own, truth), (target, metrics, unit) = network, judged
    labels = _decide(values, target.task)
    scores = score_rows(truth, Prediction(values, labels), target, metrics=metrics, unit=unit)
    raw = compare_losses(row_losses(own.values, truth, bundle), row_losses(values, truth, bundle), unit)
    difference = (raw[0] + optimism, raw[1] + optimism, raw[2] + optimism)
    loss = "squared error" if target.task is Task.REGRESSION else "log-loss"
    how = ", corrected for the choice made on these rows" if optimism else ""
    interval = f"{difference[0]:+.3g}, 95 % {difference[1]:+.3g} to {difference[2]:+.3g}{how}"
    if difference[1] > 0:
        sentence = f"The {name} predictor is better than the network: {loss} of the network minus its own {interval}."
    elif difference[2] < 0:
        sentence = f"The network is better than the {name} predictor: difference in {loss} {interval}."
    else:
        sentence = f"No difference between the network and the {name} predictor is shown: {loss} {interval}."
    return Baseline(name, scores, difference, sentence)


def _decide(values: DoubleArray, task: Task) -> CodeArray:
    """The most probable class, or every label that is likelier than not."""
    if task is Task.REGRESSION:
        return np.zeros(0, np.int32)
    return (values >= 0.5 if task is Task.MULTILABEL else np.argmax(values, axis=1)).astype(np.int32)


def open_test(
    workplace: Workplace,
    reading: Reading,
    prepared: Prepared,
    delivered: Delivered,
    outputs: tuple[BaselineOutput, ...],
    *,
    settings: Settings,
    corrected: dict[str, tuple[float, float, float]],
) -> Scores:
    """Score the development rows, then open the test once and score the sealed rows.

    Everything that is scored (networks, calibration, threshold, metric, baselines) is fixed before the seal is
    broken; the opening stands in the journal first. Without a test set the scores of the development rows are
    corrected for the choice that was made on them, or say that they are not.

    Args:
        workplace: folder and events.
        reading: the data.
        prepared: split and recipe.
        delivered: the networks.
        outputs: predictions of the simple predictors.
        settings: metric.
        corrected: metric -> estimate and interval of the whole choice, by the BBC bootstrap.
    """
    target, split = reading.target, prepared.split
    known = target.values[delivered.order]
    metrics, truth = name_metrics(target, settings, known), look_up(target, known)
    development = ()
    if len(truth) >= MIN_ROWS:  # under thirty rows "cannot tell" is the answer, not a score
        development = score_rows(
            truth, delivered.development, target, metrics=metrics, unit=split.unit[delivered.order]
        )
    if len(split.test) == 0:
        # what was estimated on logarithms is no rmse in user units
        development = correct_scores(development, {} if settings.target_log else corrected)
        compared = compare_baselines(
            outputs, reading, prepared, delivered, metrics=metrics, test=None, gap=settings.gap
        )
        return Scores(metrics, development, (), (), compared if development else (), None)
    prediction = predict_test(prepared, delivered)
    name = str(workplace.folder.path.resolve().name)
    sealed = SealedTest(split, target.values, study=name)
    journal = workplace.folder.path.resolve().parent / JOURNAL
    # a resumed study opens its own test again; one that was deleted and run anew has looked before
    own = name if workplace.folder.resumed else ""
    before = count_openings(journal, split.fingerprint, except_study=own)
    labels = look_up(target, sealed.open("the study's one test", journal))
    test = score_rows(labels, prediction, target, metrics=metrics, unit=split.unit[split.test])
    return Scores(
        metrics=metrics,
        development=development,
        test=test,
        test_without_copies=_score_without_copies(labels, prediction, (reading, split), metrics),
        baselines=compare_baselines(
            outputs,
            reading,
            prepared,
            delivered,
            metrics=metrics,
            test=(prediction, labels),
            gap=settings.gap,
        ),
        test_rows=(prediction, labels),
        openings_before=before,
        opened=datetime.now(UTC).isoformat(timespec="seconds"),
        best_shown=show_best(
            journal.with_name(SHOWN),
            split,
            delivered.bundle,
            test=(prediction, labels),
            study=name,
            is_resumed=bool(own),
        ),
    )


def show_best(
    place: Path,
    split: Split,
    bundle: Bundle,
    *,
    test: tuple[Prediction, DoubleArray],
    study: str,
    is_resumed: bool,
) -> str:
    """Say what may be shown as the best score on rows that are looked at repeatedly, and note it for the next look.

    Whoever keeps the best of many looks at a test keeps the luckiest; by the Ladder rule a better score is shown only
    where it is better by a standard error.

    Args:
        place: the file of scores shown, beside the journal of openings.
        split: whose test rows were opened.
        bundle: the delivered networks.
        test: predictions of the test rows and their labels.
        study: name of the study.
        is_resumed: whether it is resumed; its earlier looks are this one.

    Returns:
        a sentence; "" at the first look.
    """
    prediction, labels = test
    loss = f"squared error{' of logarithms' * bundle.target_log}"
    if bundle.task is not Task.REGRESSION:
        what = "labels" if bundle.task is Task.MULTILABEL else "classes"
        loss = f"log-loss over {len(bundle.classes)} {what}"
    rows = {"split_seed": split.split_seed, "n": len(split.test), "loss": loss}
    seen = list_shown(place, split.fingerprint, except_study=study if is_resumed else "", **rows)
    shown = start_shown()
    if seen:
        shown = replace(shown, value=min(seen), looks=len(seen))
    now = update_shown(shown, row_losses(prediction.values, labels, bundle), split.unit[split.test])
    append_shown(place, {"shown": now.value, "shown_of": split.fingerprint, **rows, "study": study})
    if not seen:
        return ""
    if now.updated:
        change = f"{now.value:.4g}, before {shown.value:.4g}"
        return f"By the Ladder rule the best {loss} shown on these rows is now {change}."
    return (
        f"By the Ladder rule the best {loss} shown on these rows stays {shown.value:.4g}: this look is not lower by a "
        "standard error."
    )


def _score_without_copies(
    labels: DoubleArray, prediction: Prediction, of: tuple[Reading, Split], metrics: tuple[str, ...]
) -> tuple[Score, ...]:
    """Score the test rows that have no copy among the development rows (none of the user's own parts was moved)."""
    reading, split = of
    copies = find_copies(split, reading.links.unit)
    if len(copies) == 0:
        return ()
    kept = np.flatnonzero(~np.isin(split.test, copies))
    part = Prediction(
        prediction.values[kept], prediction.labels[kept] if prediction.labels.size else prediction.labels
    )
    return score_rows(labels[kept], part, reading.target, metrics=metrics, unit=split.unit[split.test[kept]])
