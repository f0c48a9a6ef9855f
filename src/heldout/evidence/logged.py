"""What curves logged by another tool can say, and what they cannot: one verdict, overfitting in time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import DataError
from heldout.evidence.codes import LOGGED_CODES
from heldout.evidence.curve_rule import (
    DELTA_SHARE,
    SMALLEST_ROWS,
    CurveRule,
    find_rows_needed,
    find_threshold,
)
from heldout.evidence.logged_records import (
    LoggedCurves,
    LoggedSettings,
    LoggedVerdict,
    check_settings,
)
from heldout.evidence.logged_words import judge_accuracy, list_answers, say_verdict, suggest_logging
from heldout.records import DoubleArray


@dataclass(frozen=True)
class _Means:
    """Curves on their common epochs: values [S, T], mean curve, and the best position."""

    epochs: DoubleArray
    values: DoubleArray
    mean: DoubleArray
    best: int
    notes: tuple[str, ...]


def judge_logged(curves: Sequence[LoggedCurves], settings: LoggedSettings) -> LoggedVerdict:
    """Judge curves of which only means over the validation rows are known.

    "Overfit" is the only claim: the last logged epoch is worse than the best one beyond the tolerance and chance.
    A flat or falling curve is "undecided", since the spread over rows, and so the chance of having missed a rise,
    is not in the log. Whether another size would be better needs another size.

    Args:
        curves: one per seed of one configuration; compared on the epochs they share.
        settings: rows, tolerance, kind of loss.

    Returns:
        `LoggedVerdict`.

    Raises:
        DataError: fewer than two epochs, or curves without common epochs.
        UsageError: settings that cannot be.

    Source:
        Rule and error rates: measured on simulated studies, see `heldout.evidence.curve_rule`.

    Example:
        >>> rise = LoggedCurves("a.csv", np.arange(4.0), np.array([0.6, 0.3, 0.5, 0.8]))
        >>> judge_logged([rise], LoggedSettings(n_validation=2000, n_classes=2)).word
        'overfit'
        >>> judge_logged([rise], LoggedSettings(n_classes=2)).word
        'cannot tell'
    """
    check_settings(settings)
    means = _average_curves(curves)
    rule, notes = _make_rule(curves, means, settings)
    excess, best = float(means.mean[-1] - means.mean[means.best]), float(means.mean[means.best])
    why_not = _find_obstacle(means, settings)
    known = not why_not or settings.n_validation is None and rule.loss != "other"
    threshold = math.nan if why_not else find_threshold(rule, excess, best=best)
    word = "cannot tell" if why_not else "overfit" if excess > threshold else "undecided"
    verdict = LoggedVerdict(
        word=word,
        code={item.title: item.code for item in LOGGED_CODES}[word],
        sentence="",
        answers=(),
        excess=excess,
        threshold=threshold,
        delta=rule.delta,
        largest_tolerance=excess - (threshold - rule.delta),
        best_epoch=float(means.epochs[means.best]),
        best_loss=best,
        last_epoch=float(means.epochs[-1]),
        onset=math.nan if why_not else _find_onset(means, rule),
        n_seeds=len(curves),
        rows_needed=find_rows_needed(rule, excess, best=best) if known else 0,
        second=judge_accuracy(curves, means.epochs, settings),
        rests_on=(*notes, *means.notes),
        log_next_time=suggest_logging(curves),
    )
    axis = curves[0].axis
    told = replace(verdict, sentence=say_verdict(verdict, why_not, rule, axis))
    return replace(told, answers=list_answers(told, known=known))


def _average_curves(curves: Sequence[LoggedCurves]) -> _Means:
    """Put the curves of several seeds on their common epochs.

    Args:
        curves: at least one.

    Returns:
        means with a note where epochs were left out.

    Raises:
        DataError: none, fewer than two epochs, or seeds that share fewer than two.
    """
    if not curves:
        raise DataError("no curves to judge", hint="give at least one log")
    for curve in curves:
        if curve.epochs.size < 2:
            raise DataError(
                f"{curve.source}: {curve.epochs.size} validation losses; at least two epochs are needed to see a rise",
                hint="train longer, or log the validation loss at every epoch",
            )
    shared = curves[0].epochs
    for curve in curves[1:]:
        shared = np.intersect1d(shared, curve.epochs)
    if shared.size < 2:
        spans = ", ".join(f"{item.source}: {item.epochs[0]:g} to {item.epochs[-1]:g}" for item in curves)
        raise DataError(
            f"the {len(curves)} logs share {shared.size} epochs ({spans})",
            hint="parts of one training belong into one file; seeds are logged at the same epochs",
        )
    values = np.stack([item.val_loss[np.isin(item.epochs, shared)] for item in curves])
    mean = values.mean(axis=0)
    longest = max(item.epochs.size for item in curves)
    notes = (
        (f"The logs have unequal lengths: judged up to {curves[0].axis} {shared[-1]:g}, which all reach.",)
        if longest > shared.size
        else ()
    )
    return _Means(shared, values, mean, int(mean.argmin()), notes)


def _make_rule(
    curves: Sequence[LoggedCurves], means: _Means, settings: LoggedSettings
) -> tuple[CurveRule, tuple[str, ...]]:
    loss = settings.loss or "log-loss"
    notes = []
    if not settings.loss:
        notes.append("The loss is taken to be log-loss in nats (cross-entropy); --loss says otherwise.")
    if settings.loss == "squared error":
        notes.append(
            "The spread of squared errors over rows is bounded by a derived formula, tried on few simulated studies."
        )
    delta, note = _find_tolerance(curves, means, settings, loss)
    notes.append(note)
    drop = means.values[:, -1] - means.values[:, means.best]
    spread = float(drop.var(ddof=1)) if len(drop) > 1 else 0.0
    rows = settings.n_validation or SMALLEST_ROWS
    if len(drop) == 1:
        notes.append("One training: the verdict holds for this one network, not for others of its kind.")
    notes.append(
        "It speaks of the weights at the last logged epoch; weights restored from the best epoch are another matter."
    )
    return CurveRule(loss, delta, rows, len(drop), spread), tuple(notes)


def _find_tolerance(
    curves: Sequence[LoggedCurves], means: _Means, settings: LoggedSettings, loss: str
) -> tuple[float, str]:
    """The tolerance with the sentence that says where it comes from."""
    share = f"{100 * DELTA_SHARE:g} %"
    if settings.tolerance is not None:
        return settings.tolerance, f"Tolerance {settings.tolerance:.3g}, as given."
    if settings.constant_loss is not None:
        delta = DELTA_SHARE * settings.constant_loss
        return delta, f"Tolerance {delta:.3g}: {share} of the constant loss {settings.constant_loss:.4g}."
    if settings.n_classes is not None and loss == "log-loss":
        delta = DELTA_SHARE * math.log(settings.n_classes)
        words = f"{share} of ln {settings.n_classes}, which supposes classes of equal size (unequal: less)"
        return delta, f"Tolerance {delta:.3g}: {words}; --constant-loss says it exactly."
    first = float(max([means.mean[0], *(item.train_loss[0] for item in curves if item.train_loss.size)]))
    floor = math.log(2) if loss == "log-loss" else 0.0
    delta = DELTA_SHARE * max(first, floor, 0.0)
    what = "ln 2 (two equal classes)" if floor >= first else f"the first logged loss {first:.4g}"
    words = f"Tolerance {delta:.3g}, assumed: {share} of {what}, as the loss of the constant prediction is unknown"
    return delta, f"{words}; --constant-loss or --classes says it."


def _find_obstacle(means: _Means, settings: LoggedSettings) -> str:
    if settings.loss == "other":
        return "how far such a loss varies from row to row is unknown"
    if float(means.values.min()) < 0:
        return f"a loss of {means.values.min():.4g} is neither log-loss nor a squared error"
    if settings.n_validation is None:
        return "the number of validation rows is unknown (--n-validation)"
    if settings.n_validation < SMALLEST_ROWS:
        return f"{settings.n_validation} validation rows; the rule was measured from {SMALLEST_ROWS} rows on"
    return ""


def _find_onset(means: _Means, rule: CurveRule) -> float:
    best = float(means.mean[means.best])
    for position in range(means.best + 1, means.mean.size):
        excess = float(means.mean[position]) - best
        rise = means.values[:, position] - means.values[:, means.best]
        here = replace(rule, seed_variance=float(rise.var(ddof=1)) if len(rise) > 1 else 0.0)
        if excess > find_threshold(here, excess, best=best):
            return float(means.epochs[position])
    return math.nan
