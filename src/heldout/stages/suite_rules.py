"""Rules of others on the same made tasks (lecture, patience, gap, Prechelt), and intervals of scores."""

from __future__ import annotations

import numpy as np

from heldout.evidence import StoppingRule, find_stop, score_predictions
from heldout.records import DoubleArray, FloatArray, Task
from heldout.stages.suite_checks import Judged
from heldout.stages.suite_studies import weigh_others
from heldout.stages.suite_training import SIZES
from heldout.suite import integrate_losses
from heldout.suite.promises import Mark

GAP_SHARE = 0.10
PATIENCE = 3
GL_PERCENT = 5.0
RULES = ("lecture", "patience 3", "gap 10 %", "Prechelt GL5", "validation minimum")
_TINY = 1e-9


def check_rules(judged: Judged) -> list[Mark]:
    """Ask the rules of others whether each configuration overfits in time, from its first network as they do.

    Args:
        judged: a study.

    Returns:
        marks "rule NAME: false yes" where it is untrue and "rule NAME: missed" where it is true.
    """
    marks = []
    for place, run in enumerate(judged.study.runs):
        validation = run.validation_curve[0].astype(float)
        train = run.train_curve[0].astype(float)
        is_true = judged.excess("overtrained", place) > judged.study.judge.delta
        for name, fires in apply_rules(validation, train).items():
            kind, value = ("missed", not fires) if is_true else ("false yes", fires)
            marks.append(judged.study.mark(f"rule {name}: {kind}", value))
    return marks


def apply_rules(validation: DoubleArray, train: DoubleArray) -> dict[str, bool]:
    """Say which rules call a pair of curves overfitted.

    Args:
        validation: loss per checkpoint.
        train: loss per checkpoint.

    Returns:
        name of the rule -> whether it fires.

    Source:
        Prechelt 1998 for generalization loss: 100 (loss / lowest loss so far - 1) above 5.

    Example:
        >>> apply_rules(np.array([0.5, 0.4, 0.41]), np.array([0.5, 0.4, 0.4]))["lecture"]
        True
    """
    lowest = np.minimum.accumulate(validation)
    loss_of_generality = 100 * (validation / np.maximum(lowest, _TINY) - 1)
    return {
        "lecture": bool((np.diff(validation) > 0).any()),
        "patience 3": find_stop(StoppingRule("patience", patience=PATIENCE), validation).epoch
        < len(validation),
        "gap 10 %": bool(validation[-1] > (1 + GAP_SHARE) * train[-1]),
        "Prechelt GL5": bool(loss_of_generality.max() > GL_PERCENT),
        "validation minimum": bool(validation[-1] > validation.min()),
    }


def check_scores(judged: Judged) -> list[Mark]:
    """Check the intervals of final scores: the rows of the study as a test set of the largest plain network.

    Probabilities are averaged over the study's seeds at the last epoch; for numbers the first seed is scored.

    Args:
        judged: a study.

    Returns:
        one mark for each interval that was given.
    """
    study, task = judged.study, judged.study.played.task
    views = study.played.views[-1][list(study.seeds)].astype(float)  # [S, L, V + F]
    if task.task is Task.REGRESSION:
        return _check_rmse(judged)
    chance = np.exp(-views).mean(axis=0).T  # [V + F, L]
    chance = np.hstack([1 - chance, chance]) if task.task is Task.BINARY else chance
    chance = np.clip(chance, 1e-7, 1)
    chance /= chance.sum(axis=1, keepdims=True)
    fit, n_validation = task.sizes.n_fit, task.sizes.n_validation
    labels = task.target[fit : fit + n_validation][study.rows]
    scores = score_predictions(
        labels, chance[study.rows], metrics=["logloss", "accuracy"], task=task.task, unit=study.judge.unit
    )
    picked = task.truth[np.arange(len(chance)), chance.argmax(axis=1)]
    expected = -(task.truth * np.log(chance)).sum(axis=1)
    marks = []
    for score, values, key in zip(scores, (expected, picked), ("log-loss", "accuracy"), strict=True):
        truth = _mix_rows(values, judged)
        if np.isfinite(score.low):
            marks.append(study.mark(f"score: {key}", score.low <= truth <= score.high))
    return marks


def _check_rmse(judged: Judged) -> list[Mark]:
    study, task = judged.study, judged.study.played.task
    losses = study.runs[len(SIZES) - 1].losses[-1, 0].astype(float)
    # Only the squared error of each row was recorded; a prediction that far from its target has the same rmse.
    scored = score_predictions(
        np.zeros(len(losses)), np.sqrt(losses), metrics=["rmse"], task=task.task, unit=study.judge.unit
    )[0]
    views = study.played.views[-1, study.seeds[0]].astype(float)
    # what one squared unit of the target is in units of the losses: the constant predictor has both
    unit_square = _find_unit(judged)
    truth = np.sqrt(_mix_rows(integrate_losses(task, views, unit_square), judged))
    return [study.mark("score: rmse", scored.low <= truth <= scored.high)] if np.isfinite(scored.low) else []


def _find_unit(judged: Judged) -> float:
    task = judged.study.played.task
    fit = task.target[: task.sizes.n_fit]
    held = task.target[task.sizes.n_fit : task.sizes.n_fit + task.sizes.n_validation]
    return float(judged.study.played.constant.mean() / np.square(held - fit.mean()).mean())


def _mix_rows(values: DoubleArray | FloatArray, judged: Judged) -> float:
    study = judged.study
    n_validation = study.played.task.sizes.n_validation
    fresh = values[n_validation:]
    is_grouped = study.judge.has_groups
    weight = 1.0 if is_grouped else weigh_others(len(fresh), len(study.rows))
    return float(weight * fresh.mean() + (1 - weight) * values[study.rows].mean())
