"""Early stopping on recorded curves: the rule with patience, the lecture's rule, and what the latter's faults cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from heldout.errors import DataError, UsageError
from heldout.evidence.crossfit import has_diverged, make_crossfit_folds
from heldout.evidence.paired import compare_paired
from heldout.evidence.wording import name_loss, say_change, say_interval
from heldout.records import ConfigurationRun, DoubleArray, JudgeSettings

FAULT_READS_TEST, FAULT_PREVIOUS, FAULT_WORSE_WEIGHTS = (
    "reads the test loss",
    "compares with the previous epoch only",
    "keeps the worse weights",
)


@dataclass(frozen=True)
class FaultCost:
    """What one fault of the lecture's stopping rule costs.

    Args:
        fault: one of the three faults.
        cost: in loss units; positive means the fault makes things worse (or look better than they are).
        low: lower end of the 95 % two-sided interval.
        high: upper end.
        sentence: in words with numbers.
    """

    fault: str
    cost: float
    low: float
    high: float
    sentence: str


def stop_epoch(curve: ArrayLike, *, patience: int, min_delta: float = 0.0) -> tuple[int, int]:
    """Give the epoch at which training stops and the epoch whose weights are kept.

    Training stops after `patience` consecutive checks without an improvement of more than `min_delta` over the best
    loss so far; the weights of the lowest loss seen are kept, whether or not the rule fired. With the losses
    5 4 4 3 3 3 and min_delta 0 (epochs from 1):

    | patience | checks without improvement, in a row   | stops at | keeps |
    |----------|----------------------------------------|----------|-------|
    | 1        | epoch 3 (4 is not below 4)              | 3        | 2     |
    | 2        | epochs 5 and 6 (3 is not below 3)       | 6        | 4     |
    | 3        | never three in a row                    | 6 (end)  | 4     |

    Keras writes "number of epochs with no improvement after which training stops"; there patience 0 and 1 do the
    same thing (both stop at the first such epoch), which reads as if 1 allowed one bad epoch. Here 0 is refused.

    Args:
        curve: validation loss per check, first check first; NaN never counts as an improvement.
        patience: checks without improvement before stopping, at least 1.
        min_delta: how much lower a loss must be to count, at least 0.

    Returns:
        (stop, best), both 1-based; `stop` is the last check when the rule never fires.

    Raises:
        UsageError: patience below 1 or min_delta below 0.
        DataError: the curve is empty or has no number.

    Source:
        Prechelt 1998, "Early stopping - but when?"

    Example:
        >>> stop_epoch([5, 4, 4, 3, 3, 3], patience=1), stop_epoch([5, 4, 4, 3, 3, 3], patience=2)
        ((3, 2), (6, 4))
        >>> stop_epoch([5, 4], patience=0)
        Traceback (most recent call last):
        heldout.errors.UsageError: patience 0: expected a whole number of at least 1
          -> patience 1 stops at the first check that is no improvement
    """
    if patience < 1 or int(patience) != patience:
        raise UsageError(
            f"patience {patience}: expected a whole number of at least 1",
            hint="patience 1 stops at the first check that is no improvement",
        )
    if not min_delta >= 0:
        raise UsageError(f"min_delta {min_delta}: expected at least 0", hint="0 counts any improvement")
    losses = _read_curve(curve)
    reference, waited, stop = np.inf, 0, len(losses)
    for index, loss in enumerate(losses):
        if loss < reference - min_delta:
            reference, waited = loss, 0
            continue
        waited += 1
        if waited >= patience:
            stop = index + 1
            break
    seen = np.where(np.isnan(losses[:stop]), np.inf, losses[:stop])
    return stop, int(seen.argmin()) + 1


def lecture_pseudocode(test_curve: ArrayLike) -> tuple[int, int]:
    """Give the stopping and the kept epoch of the rule as lectures write it, faults included.

    "While the loss on the test set is lower than in the previous epoch, go on." It reads the test loss, compares
    with the previous epoch only, and keeps the weights after the first rise, which are the worse ones.

    Args:
        test_curve: loss per epoch, first epoch first.

    Returns:
        (stop, kept), both 1-based and always equal: nothing is restored.

    Raises:
        DataError: the curve is empty or has no number.

    Example:
        >>> lecture_pseudocode([0.9, 0.7, 0.71, 0.4])
        (3, 3)
        >>> lecture_pseudocode([0.9, 0.7, 0.6])
        (3, 3)
    """
    losses = _read_curve(test_curve)
    rises = np.flatnonzero(~(losses[1:] < losses[:-1]))
    stop = int(rises[0]) + 2 if rises.size else len(losses)
    return stop, stop


def cost_of_faults(run: ConfigurationRun, settings: JudgeSettings) -> tuple[FaultCost, ...]:
    """Measure what each of the three faults of the lecture's rule costs on this data.

    The validation rows are halved by units: one half plays the test set that the rule reads, the other half is
    fresh; then they change places. Each seed stops by itself, as one network would. No test row is touched.
    Epochs are the recorded checkpoints.

    Args:
        run: a plain configuration, trained to the last epoch.
        settings: units and fold seed.

    Returns:
        three `FaultCost`: (1) how much better the lowest loss looks on the rows it was read from than on fresh ones,
        (2) what stopping at the first rise loses against the lowest loss of the same rows over the whole curve,
        (3) what keeping the weights after the rise loses against those before it.

    Raises:
        DataError: a network diverged.
    """
    if has_diverged(run):
        raise DataError(
            f"configuration {run.configuration.name!r} diverged: its stopping cannot be judged",
            hint="lower its learning rate",
        )
    half = make_crossfit_folds(settings.unit, settings.fold_seed, n_folds=2)
    losses = run.losses
    curves = np.stack(
        [losses[:, :, half == side].mean(axis=2, dtype=np.float64) for side in (0, 1)]
    )  # [2, E, S]
    kept = np.array([[lecture_pseudocode(curve)[1] - 1 for curve in side.T] for side in curves])  # [2, S]
    before = np.where(_has_risen(curves, kept), np.maximum(kept - 1, 0), kept)
    lowest = curves.argmin(axis=1)
    own, other = half, 1 - half
    differences = (
        # The other two faults repaired: the lowest epoch, as read on the row's own half and on the other half.
        (_pick(losses, lowest, other) - _pick(losses, lowest, own)),
        (_pick(losses, before, other) - _pick(losses, lowest, other)),
        (_pick(losses, kept, other) - _pick(losses, before, other)),
    )
    meanings = (
        "the lowest loss on rows that decided when to stop looks better than on fresh rows by",
        "stopping at the first rise costs, against the lowest loss of the whole curve,",
        "keeping the weights after the rise costs, against those before it,",
    )
    faults = (FAULT_READS_TEST, FAULT_PREVIOUS, FAULT_WORSE_WEIGHTS)
    return tuple(
        _price(fault, difference, meaning, settings)
        for fault, difference, meaning in zip(faults, differences, meanings, strict=True)
    )


def _price(fault: str, difference: np.ndarray, meaning: str, settings: JudgeSettings) -> FaultCost:
    bounds = compare_paired(difference, settings.unit, alpha=0.025)
    cost, low, high = float(bounds.mean), float(bounds.low), float(bounds.high)
    scale = settings.delta
    sentence = (
        f"The rule {fault}: {meaning} {say_change(cost, scale=scale)} {name_loss(settings.task)} "
        f"({say_interval(low, high, level=95, scale=scale)}; {difference.shape[0]} seeds x "
        f"{difference.shape[1]} rows)."
    )
    return FaultCost(fault, cost, low, high, sentence)


def _has_risen(curves: DoubleArray, kept: np.ndarray) -> np.ndarray:
    """Whether the rule stopped because of a rise rather than at the end of the curve."""
    previous = np.maximum(kept - 1, 0)
    at = np.take_along_axis(curves, kept[:, None, :], axis=1)[:, 0]
    return at >= np.take_along_axis(curves, previous[:, None, :], axis=1)[:, 0]


def _pick(losses: np.ndarray, epochs: np.ndarray, side: np.ndarray) -> np.ndarray:
    """Loss [S, M] of each row at the epoch that the given half chose for each seed."""
    n_seeds, n_rows = losses.shape[1:]
    return losses[epochs[side].T, np.arange(n_seeds)[:, None], np.arange(n_rows)[None, :]]


def _read_curve(curve: ArrayLike) -> DoubleArray:
    losses = np.asarray(curve, dtype=np.float64)
    if losses.ndim != 1 or losses.size == 0 or np.isnan(losses).all():
        raise DataError(
            f"a curve of shape {losses.shape} without numbers: expected one loss per epoch",
            hint="log the validation loss of every epoch",
        )
    return losses
