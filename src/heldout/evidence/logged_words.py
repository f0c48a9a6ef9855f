"""The sentences of a verdict on logged curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heldout.evidence.curve_rule import ACCURACY_TOLERANCE, CurveRule, bound_accuracy_drop
from heldout.evidence.gates.floor import gate_training_loss
from heldout.evidence.logged_records import LoggedCurves, LoggedSettings, LoggedVerdict
from heldout.evidence.wording import say_change, say_harm
from heldout.records import Answer, DoubleArray

EASIER_SHARE = 0.5  # validation below this share of the training loss is told (assumption)

_NOT_FROM_CURVES = {
    "too big": "one smaller network of the same data would decide",
    "underfit": "one larger network would decide: a high loss may be the noise of the data",
    "skill": "the losses of the rows, and of the constant prediction on them, would decide",
    "memorising": "a network trained on permuted labels would decide",
}


def say_verdict(verdict: LoggedVerdict, why_not: str, rule: CurveRule, axis: str) -> str:
    """Say the verdict with its numbers.

    Args:
        verdict: everything but the sentence.
        why_not: why there is no verdict, or "".
        rule: rows and seeds behind it.
        axis: "epoch" or "step".

    Returns:
        two to four sentences.
    """
    scale = verdict.delta
    curve = (
        f"Validation loss is lowest at {axis} {verdict.best_epoch:g} ({verdict.best_loss:.4g}) and "
        f"{say_change(verdict.excess, scale=scale)} at the last one, {verdict.last_epoch:g}"
    )
    if why_not:
        rows = (
            f" With at least {verdict.rows_needed:,} validation rows this would be overfit."
            if verdict.rows_needed
            else ""
        )
        return f"Cannot tell: {why_not}. {curve}.{rows}"
    basis = f"{rule.n_seeds} seed{'s' if rule.n_seeds > 1 else ''} x {rule.n_validation:,} validation rows"
    limit = f"{verdict.threshold:.3g} (tolerance {scale:.3g} and what chance can do)"
    if verdict.word == "overfit":
        onset = "" if math.isnan(verdict.onset) else f" It shows from {axis} {verdict.onset:g} on."
        tolerance = f" It holds for every tolerance below {verdict.largest_tolerance:.3g}."
        return f"Overfit in time ({basis}). {curve}, above {limit}.{onset}{tolerance}"
    if verdict.excess <= 0:
        return f"Undecided ({basis}). {curve}: no rise was logged; longer training may bring one."
    return f"Undecided ({basis}). {curve}, not above {limit}."


def judge_accuracy(
    curves: Sequence[LoggedCurves], epochs: DoubleArray, settings: LoggedSettings
) -> Answer | None:
    """Say whether accuracy falls too, between its own best epoch and the last.

    A rising loss with steady accuracy is over-confidence, which harms only who uses the probabilities. The headline
    stays with the loss.

    Args:
        curves: one per seed.
        epochs: the epochs that were judged.
        settings: number of validation rows.

    Returns:
        `Answer` about "accuracy" with the fall as a share; None where a curve has no accuracy.
    """
    kept = [item for item in curves if item.val_accuracy.size]
    if len(kept) != len(curves):
        return None
    shared = epochs
    for item in kept:
        shared = np.intersect1d(shared, item.accuracy_epochs)
    if shared.size < 2:
        return None
    values = np.stack([item.val_accuracy[np.isin(item.accuracy_epochs, shared)] for item in kept])
    mean = values.mean(axis=0)
    best = int(mean.argmax())
    drop = values[:, best] - values[:, -1]
    fall = float(drop.mean())
    words = f"Accuracy: {mean[best]:.3f} at {kept[0].axis} {shared[best]:g}, {mean[-1]:.3f} at the last one"
    tolerance = ACCURACY_TOLERANCE
    if settings.n_validation is None:
        sentence = f"{words}; whether that is chance is unknown without the number of validation rows."
        return Answer("accuracy", "undecided", fall, math.nan, math.nan, tolerance, sentence=sentence)
    spread = float(drop.var(ddof=1)) / len(drop) if len(drop) > 1 else 0.0
    low, high = bound_accuracy_drop(
        float(mean[best]), float(mean[-1]), n_validation=settings.n_validation, seed_variance=spread
    )
    told = say_harm((fall, low, high), tolerance=tolerance)
    if low > tolerance:
        word, meaning = "yes", "it falls too"
    elif high < tolerance:
        word, meaning = "no", "it is not harmed; a rising loss alone means over-confidence"
    else:
        word, meaning = "undecided", "a fall of more than one percentage point is neither shown nor excluded"
    sentence = f"{words}: {meaning}; it {told}."
    return Answer("accuracy", word, fall, low, high, tolerance, sentence=sentence)


def list_answers(verdict: LoggedVerdict, *, known: bool) -> tuple[Answer, ...]:
    """Give the five answers, of which curves can give one.

    Args:
        verdict: with its sentence.
        known: whether a number of rows that would decide can be named.

    Returns:
        overtrained, too big, underfit, skill, memorising.
    """
    word = {"overfit": "yes", "undecided": "undecided"}.get(verdict.word, "undecided")
    low = verdict.excess - (verdict.threshold - verdict.delta)
    needs = []
    if word == "undecided" and known and verdict.rows_needed:
        needs.append(f"The same rise on {verdict.rows_needed:,} validation rows would be overfit.")
    if word == "undecided":
        needs.append("The losses of the single validation rows would decide sooner (heldout.callbacks).")
        if verdict.n_seeds == 1:
            needs.append(
                "Four more seeds would show whether the rise belongs to this network or to its kind."
            )
    overtrained = Answer(
        "overtrained",
        word,
        verdict.excess,
        low,
        math.nan,
        verdict.delta,
        sentence=verdict.sentence,
        would_decide=tuple(needs),
    )
    unknown = math.nan
    others = tuple(
        Answer(
            question,
            "not applicable",
            unknown,
            unknown,
            unknown,
            verdict.delta,
            sentence=f"{question}: not available from the curves of one configuration.",
            would_decide=(f"{words[0].upper()}{words[1:]}.",),
        )
        for question, words in _NOT_FROM_CURVES.items()
    )
    return (overtrained, *others)


def suggest_logging(curves: Sequence[LoggedCurves]) -> tuple[str, ...]:
    """Say what to log next time so that more can be said.

    Args:
        curves: one per seed.

    Returns:
        noun phrases, the most useful first.
    """
    advice = ["the loss of every validation row at some twenty epochs (heldout.callbacks)"]
    if len(curves) < 5:
        advice.append(f"{5 - len(curves)} more seeds of the same configuration, one log each")
    advice.append("one larger and one smaller network on the same rows")
    if any(not item.train_loss.size for item in curves):
        advice.append("the training loss, in evaluation mode and without penalty")
    if any(not item.val_accuracy.size for item in curves):
        advice.append("a second metric such as accuracy")
    return tuple(advice)


def check_floor(curves: Sequence[LoggedCurves], settings: LoggedSettings) -> str:
    """Say where the training loss is too high for the training accuracy: outputs squashed twice, for example.

    A penalty that is part of the logged loss looks alike, so this is a warning and changes no verdict.

    Args:
        curves: one per seed.
        settings: number of classes, and of validation rows (which stands in for the fit rows, usually more).

    Returns:
        a warning; "" where nothing is wrong or the log does not say.

    Example:
        >>> two = np.arange(2.0)
        >>> curve = LoggedCurves("a", two, two, two, np.array([0.7, 0.588]), train_accuracy=0.858)
        >>> check_floor([curve], LoggedSettings(n_validation=20_000, n_classes=2))[:52]
        'Training loss 0.588 with 85.8 % right, above 0.409, '
    """
    known = settings.n_classes and settings.n_validation and settings.loss in ("", "log-loss")
    if not known or not all(item.train_loss.size and math.isfinite(item.train_accuracy) for item in curves):
        return ""
    gate = gate_training_loss(
        float(np.mean([item.train_loss[-1] for item in curves])),
        float(np.mean([item.train_accuracy for item in curves])),
        n_rows=settings.n_validation or 0,
        n_classes=settings.n_classes or 0,
    )
    if gate.state != "fired":
        return ""
    return f"{gate.sentence} Unless a penalty is part of that loss: {gate.action}. [{gate.code}]"


def describe_gap(curves: Sequence[LoggedCurves]) -> str:
    """Say how far training and validation loss lie apart at the end, without drawing a conclusion from it.

    Args:
        curves: one per seed.

    Returns:
        one sentence; "" without training losses.

    Example:
        >>> curve = LoggedCurves("a", np.arange(2.0), np.array([0.6, 0.5]), np.arange(2.0), np.array([0.5, 0.1]))
        >>> describe_gap([curve])
        'At the end the training loss is 0.1 and the validation loss 0.5. A gap alone is not overfitting.'
    """
    if not all(item.train_loss.size for item in curves):
        return ""
    train = float(np.mean([item.train_loss[-1] for item in curves]))
    validation = float(np.mean([item.val_loss[-1] for item in curves]))
    if 0 <= validation < EASIER_SHARE * train:
        return (
            f"At the end the training loss is {train:.4g} and the validation loss only {validation:.4g}: unless "
            "dropout, a penalty or the moving weights of the epoch raise the training loss, look for copies, for a "
            "leak and for another mix of rows. Losses of single rows would decide. [HO309]"
        )
    return (
        f"At the end the training loss is {train:.4g} and the validation loss {validation:.4g}. "
        "A gap alone is not overfitting."
    )
