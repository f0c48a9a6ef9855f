"""What else a finished study shows: which class is taken for which, the worst mistakes, what the evidence lacks."""

from __future__ import annotations

import math

import numpy as np

from heldout.audit.input import pass_check, skip_check
from heldout.evidence.intervals import bound_grouped_share, bound_share
from heldout.evidence.label_scores import find_label_losses
from heldout.evidence.paired import index_units
from heldout.evidence.score import score_predictions
from heldout.label_sets import write_labels
from heldout.records import (
    MIN_ROWS,
    Baseline,
    DoubleArray,
    Finding,
    FloatArray,
    IndexArray,
    LabelScore,
    Prediction,
    Score,
    Severity,
    Split,
    Target,
    Task,
)
from heldout.report.content import Calibration, Confusion, LabelTable, Mistake, ReliabilityBin
from heldout.stages.preparing import Prepared

MOST_MISTAKES = 20
N_EXAMPLES = 2
N_BINS = 10
FEWEST_IN_BIN = 5  # under it the interval of a mean says nothing


def count_confusions(
    target: Target, truth: DoubleArray, *, labels: np.ndarray, unit: IndexArray, rows: str
) -> Confusion:
    """Count which class was answered for which, with the share of right answers of each class.

    Args:
        target: its classes.
        truth: float64 [M], class index of each row.
        labels: int [M], class answered.
        unit: int64 [M], group of each row.
        rows: which rows, in words.

    Returns:
        Counts [C][C] (truth, answer) and Clopper-Pearson intervals, on the effective size where rows come in groups.
    """
    n_classes = len(target.classes)
    given = truth.astype(np.int64)
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (given, labels.astype(np.int64)), 1)
    right = []
    for label in range(n_classes):
        hits = (labels[given == label] == label).astype(np.float64)
        right.append(_bound_hits(hits, unit[given == label]))
    return Confusion(rows, tuple(tuple(int(n) for n in row) for row in counts), tuple(right))


def _bound_hits(hits: DoubleArray, unit: IndexArray) -> tuple[float, float, float]:
    if not len(hits):
        return (math.nan, math.nan, math.nan)
    if len(np.unique(unit)) == len(unit):
        low, high = bound_share(float(hits.sum()), float(len(hits)))
    else:
        low, high, _ = bound_grouped_share(hits, index_units(unit))
    return (float(hits.mean()), low, high)


def list_mistakes(
    target: Target, truth: DoubleArray, *, prediction: Prediction, lines: IndexArray
) -> tuple[Mistake, ...]:
    """List the rows with the largest losses; they are shown only where the user asked to show rows.

    Args:
        target: task and classes.
        truth: float64 [M], class index or number; [M, labels] ones and zeros.
        prediction: of networks that had not fitted the rows.
        lines: int64 [M], line of each row in its file.

    Returns:
        at most 20, the worst first; of classes only rows that were answered wrongly.
    """
    if target.task is Task.REGRESSION:
        loss = np.abs(prediction.values[:, 0] - truth)
        worst = np.argsort(-loss, kind="stable")[:MOST_MISTAKES]
        return tuple(
            Mistake(int(lines[i]), f"{truth[i]:.6g}", f"{prediction.values[i, 0]:.6g}", float(loss[i]))
            for i in worst
        )
    if target.task is Task.MULTILABEL:
        return _list_label_mistakes(target, truth, prediction=prediction, lines=lines)
    given = truth.astype(np.int64)
    share = np.clip(prediction.values[np.arange(len(given)), given], 1e-12, 1.0)
    wrong = np.flatnonzero(prediction.labels != given)
    worst = wrong[np.argsort(share[wrong], kind="stable")][:MOST_MISTAKES]
    return tuple(
        Mistake(
            int(lines[i]),
            target.classes[given[i]],
            target.classes[int(prediction.labels[i])],
            float(-np.log(share[i])),
        )
        for i in worst
    )


def _list_label_mistakes(
    target: Target, truth: DoubleArray, *, prediction: Prediction, lines: IndexArray
) -> tuple[Mistake, ...]:
    losses = find_label_losses(prediction.values, truth)
    wrong = np.flatnonzero((prediction.labels != truth).any(axis=1))
    worst = wrong[np.argsort(-losses[wrong], kind="stable")][:MOST_MISTAKES]
    return tuple(
        Mistake(
            int(lines[i]),
            write_labels(target.classes, truth[i]),
            write_labels(target.classes, prediction.labels[i]),
            float(losses[i]),
        )
        for i in worst
    )


def score_labels(
    target: Target, truth: DoubleArray, *, prediction: Prediction, unit: IndexArray, rows: str
) -> LabelTable:
    """Score each label of a target with several labels a row as a yes or no of its own.

    Args:
        target: its labels.
        truth: float64 [M, labels], ones and zeros.
        prediction: of networks that had not fitted the rows.
        unit: int64 [M], group of each row.
        rows: which rows, in words.

    Returns:
        n, AUC and F1 of every label, the most frequent first.
    """
    found = []
    for at in np.argsort(-truth.sum(axis=0), kind="stable").tolist():
        chance, answer = prediction.values[:, at], prediction.labels[:, at]
        auc, f1 = score_predictions(
            truth[:, at], chance, metrics=("auc", "f1"), task=Task.BINARY, unit=unit, labels=answer
        )
        ends = ((item.value, item.low, item.high) for item in (auc, f1))
        n_with, n_answered = int(truth[:, at].sum()), int(answer.sum())
        found.append(LabelScore(target.classes[at], len(truth), n_with, n_answered, *ends))
    return LabelTable(rows, tuple(found))


def compare_numbers(truth: DoubleArray, predicted: DoubleArray, *, has_groups: bool) -> Calibration | None:
    """Compare predicted numbers with the true ones, in ten bins of equally many rows.

    Args:
        truth: float64 [M].
        predicted: float64 [M], by networks that had not fitted the row.
        has_groups: rows come in groups; the means then have no interval.

    Returns:
        None under 30 rows.
    """
    if len(truth) < MIN_ROWS:
        return None
    from scipy.stats import t

    parts = np.array_split(np.argsort(predicted, kind="stable"), N_BINS)
    bins = []
    for part in (part for part in parts if len(part)):
        mean, n = float(truth[part].mean()), len(part)
        half = math.nan
        if n >= FEWEST_IN_BIN and not has_groups:
            half = float(t.ppf(0.975, n - 1) * truth[part].std(ddof=1) / math.sqrt(n))
        bins.append(ReliabilityBin(float(predicted[part].mean()), mean, mean - half, mean + half, n))
    rows = "development rows, each predicted by networks that had not fitted it"
    return Calibration(math.nan, tuple(bins), rows)


def take_examples(prepared: Prepared) -> FloatArray | None:
    """Take two development rows in the units of training, for pages that may show rows.

    Args:
        prepared: encoded development rows.

    Returns:
        float32 [2, ...] of pictures, signals or tokens; None for tables of numbers.
    """
    source = prepared.source
    if source.layout is None or source.layout.kind not in ("picture", "signal", "tokens"):
        return None
    shown = np.asarray(source.features[0, :N_EXAMPLES], dtype=np.float32)
    if source.scales is not None:
        shown = (shown - source.scales.center[0]) / source.scales.spread[0]
    return shown.astype(np.float32)


def weigh_evidence(
    split: Split,
    scores: tuple[Score, ...],
    test: tuple[Score, ...],
    *,
    baselines: tuple[Baseline, ...],
    openings: int,
    n_known: int = 0,
    has_skill: bool = False,
) -> tuple[Finding, ...]:
    """Say what the evidence of this study lacks.

    Args:
        split: whether rows were sealed.
        scores: on development rows, the primary metric first.
        test: on the sealed rows; empty without them.
        baselines: simple predictors, compared on the same rows.
        openings: how often these test rows had been opened before.
        n_known: test rows whose unit (copy or group) also has development rows.
        has_skill: on development rows the network is shown to be better than a constant guess.

    Returns:
        HO401 to HO404, those without anything to say as passed or not applicable.
    """
    return (
        _weigh_openings(test, openings),
        _weigh_seal(split, n_known),
        _weigh_baselines(baselines),
        _weigh_agreement(scores, test, baselines if has_skill else ()),
    )


def _weigh_openings(test: tuple[Score, ...], openings: int) -> Finding:
    code, title = "HO401", "test rows looked at before"
    if not test:
        return skip_check(code, title, "no test rows were opened")
    if not openings:
        return pass_check(code, title, "the journal knows of no earlier opening of these rows")
    return Finding(
        code,
        title,
        Severity.INFO,  # the score itself carries the warning
        f"these test rows had been opened {'once' if openings == 1 else f'{openings} times'} before: the score may be "
        "too high",
        action="keep rows that no study has seen for the last word",
    )


def _weigh_seal(split: Split, n_known: int) -> Finding:
    code, title = "HO402", "no untouched rows"
    if n_known:
        return Finding(
            code,
            title,
            Severity.WARNING,
            f"{n_known} of {len(split.test)} sealed rows are no untouched ones: they are copies of development rows or "
            "of a group that has some",
            action="read the score without them",
        )
    if len(split.test):
        return pass_check(code, title, f"{len(split.test)} rows were sealed before anything was trained")
    return Finding(
        code,
        title,
        Severity.INFO,
        f"no row was sealed: {split.why_no_test or 'no test set was made'}",
        action="the score is that of the procedure, on rows that each network had not fitted",
    )


def _weigh_baselines(baselines: tuple[Baseline, ...]) -> Finding:
    code, title = "HO403", "a simpler method is not beaten"
    judged = [item for item in baselines if item.name != "constant" and math.isfinite(item.difference[0])]
    if not judged:
        return skip_check(code, title, "no simple predictor but the constant one was compared")
    best = max(judged, key=lambda item: item.difference[0])
    estimate, low, high = best.difference
    numbers = f"loss {estimate:+.3f} (95 % interval {low:+.3f} to {high:+.3f}), network minus {best.name}"
    if high < 0:
        return pass_check(code, title, numbers)
    return Finding(
        code, title, Severity.INFO, numbers, action=f"consider the {best.name} model, which is simpler"
    )


def _weigh_agreement(
    scores: tuple[Score, ...], test: tuple[Score, ...], baselines: tuple[Baseline, ...]
) -> Finding:
    code, title = "HO404", "development and test disagree"
    constant = next((item for item in baselines if test and item.name == "constant"), None)
    if constant is not None and not constant.difference[2] < 0:
        estimate, low, high = constant.difference
        return Finding(
            code,
            title,
            Severity.WARNING,
            "on development rows the network is shown to be better than a constant guess, on the test rows it is not: "
            f"loss {estimate:+.3f} against it (95 % interval {low:+.3f} to {high:+.3f}; above 0 is worse)",
            action="do not use it before rows that no study has seen confirm it"
            if estimate < 0
            else "do not use it; ask how the test rows differ",
        )
    other = next((item for item in scores if test and item.metric == test[0].metric), None)
    if other is None:
        return skip_check(code, title, "there are not both a development and a test score")
    ends = (test[0].low, test[0].high, other.low, other.high)
    if not all(math.isfinite(end) for end in ends):
        return skip_check(code, title, "one of the two scores has no honest interval")
    told = (
        f"{test[0].metric} on test rows {test[0].value:.3f} ({ends[0]:.3f} to {ends[1]:.3f}), "
        f"on development rows {other.value:.3f} ({ends[2]:.3f} to {ends[3]:.3f})"
    )
    if ends[0] <= ends[3] and ends[2] <= ends[1]:
        return pass_check(code, title, f"the intervals overlap: {told}")
    return Finding(
        code,
        title,
        Severity.WARNING,
        f"the intervals do not overlap: {told}",
        action="the development estimate was optimistic, or the test rows come from elsewhere",
    )
