"""Curves logged by another tool, what a verdict on them needs, and the verdict itself, as records."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from heldout.errors import UsageError
from heldout.evidence.curve_rule import LOSS_KINDS
from heldout.records import Answer, DoubleArray

_EMPTY = np.zeros(0)


@dataclass(frozen=True)
class LoggedCurves:
    """One training as a tool logged it, one seed.

    Args:
        source: file (and column) it was read from.
        epochs: float64 [T], increasing positions of the validation losses, as logged.
        val_loss: float64 [T], finite.
        train_epochs: float64 [U], positions of the training losses, shifted to the middle of the epoch where the
            tool logs a running mean; empty when there is none.
        train_loss: float64 [U].
        accuracy_epochs: float64 [A], positions of the validation accuracy; empty when there is none.
        val_accuracy: float64 [A], 0..1.
        axis: "epoch" or "step".
        train_accuracy: last training accuracy, 0..1; NaN when there is none.
    """

    source: str
    epochs: DoubleArray
    val_loss: DoubleArray
    train_epochs: DoubleArray = field(default_factory=lambda: _EMPTY)
    train_loss: DoubleArray = field(default_factory=lambda: _EMPTY)
    accuracy_epochs: DoubleArray = field(default_factory=lambda: _EMPTY)
    val_accuracy: DoubleArray = field(default_factory=lambda: _EMPTY)
    axis: str = "epoch"
    train_accuracy: float = math.nan


@dataclass(frozen=True)
class LoggedSettings:
    """What a log does not say and a verdict needs.

    Args:
        n_validation: validation rows behind each value; None when unknown (then no verdict).
        constant_loss: loss of the constant prediction (class shares or mean), or None.
        n_classes: number of classes, used when the constant loss is unknown.
        tolerance: the tolerance itself, instead of 2 % of the constant loss.
        loss: "log-loss", "squared error" or "other"; "" means log-loss is assumed.
    """

    n_validation: int | None = None
    constant_loss: float | None = None
    n_classes: int | None = None
    tolerance: float | None = None
    loss: str = ""


@dataclass(frozen=True)
class LoggedVerdict:
    """What the curves say.

    Args:
        word: "overfit", "undecided" or "cannot tell".
        code: HO131, HO132 or HO133.
        sentence: the answer with its numbers.
        answers: overtrained first, then the questions that curves cannot answer.
        excess: mean validation loss at the last epoch minus at the best one.
        threshold: what the excess had to exceed; NaN without a verdict.
        delta: the tolerance.
        largest_tolerance: the excess is overfitting for every tolerance below this; NaN without a verdict.
        best_epoch: where the mean curve is lowest, as logged.
        best_loss: mean validation loss there.
        last_epoch: last common epoch, as logged.
        onset: first epoch after the best one whose own excess is above its threshold; NaN for none.
        n_seeds: curves.
        rows_needed: rows from which on the same excess would be overfitting; 0 when no number would do.
        second: whether the validation accuracy falls too; None when none was logged.
        rests_on: what was assumed, one sentence each.
        log_next_time: what to log so that more can be said.
    """

    word: str
    code: str
    sentence: str
    answers: tuple[Answer, ...]
    excess: float
    threshold: float
    delta: float
    largest_tolerance: float
    best_epoch: float
    best_loss: float
    last_epoch: float
    onset: float
    n_seeds: int
    rows_needed: int
    second: Answer | None = None
    rests_on: tuple[str, ...] = ()
    log_next_time: tuple[str, ...] = ()


def check_settings(settings: LoggedSettings) -> None:
    """Refuse settings that cannot be, before anything is read.

    Args:
        settings: rows, tolerance, kind of loss.

    Raises:
        UsageError: a number out of range or an unknown kind of loss.

    Example:
        >>> check_settings(LoggedSettings(n_validation=0))
        Traceback (most recent call last):
        heldout.errors.UsageError: the number of validation rows is 0: expected at least 1
    """
    if settings.n_validation is not None and settings.n_validation < 1:
        raise UsageError(
            f"the number of validation rows is {settings.n_validation!r}: expected at least 1",
            hint="give the number of rows behind each validation loss, --n-validation",
        )
    if settings.n_classes is not None and settings.n_classes < 2:
        raise UsageError(f"--classes {settings.n_classes!r}: expected at least 2")
    for name, value in (("constant loss", settings.constant_loss), ("tolerance", settings.tolerance)):
        if value is not None and not (math.isfinite(value) and value > 0):
            raise UsageError(f"the {name} is {value!r}: expected a positive number")
    if settings.loss not in ("", *LOSS_KINDS):
        raise UsageError(
            f"unknown kind of loss {settings.loss!r}", hint=f"expected one of {', '.join(LOSS_KINDS)}"
        )
