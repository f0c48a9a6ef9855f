"""Early stopping on recorded curves: three rules read by one function, and what the lecture's faults cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from heldout.errors import DataError, UsageError
from heldout.evidence.crossfit import has_diverged, make_crossfit_folds
from heldout.evidence.paired import INTERVAL_ALPHA, compare_paired
from heldout.evidence.wording import name_loss, say_change, say_interval
from heldout.records import ConfigurationRun, DoubleArray, JudgeSettings

RULES = ("best", "patience", "lecture")
FAULT_READS_TEST, FAULT_PREVIOUS, FAULT_WORSE_WEIGHTS = (
    "reads the test loss",
    "compares with the previous epoch only",
    "keeps the worse weights",
)


@dataclass(frozen=True)
class StoppingRule:
    """When training stops and which weights are kept; a check is one epoch of the recorded curve.

    Args:
        name: "best", "patience" or "lecture"; see `find_stop`.
        patience: checks in a row without improvement before "patience" stops, at least 1.
        min_delta: how much lower a loss must be to count as improvement, at least 0.
        smoothing: share of the smoothed loss before in the smoothed loss now, 0 (raw) to below 1.

    Raises:
        UsageError: an unknown name or a number outside its range.

    Example:
        >>> StoppingRule("patience", patience=0)
        Traceback (most recent call last):
        heldout.errors.UsageError: patience 0: expected a whole number of at least 1
          -> patience 1 stops at the first check that is no improvement
    """

    name: str = "best"
    patience: int = 5
    min_delta: float = 0.0
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.name not in RULES:
            raise UsageError(
                f"unknown rule of early stopping {self.name!r}", hint=f"one of {', '.join(RULES)}"
            )
        if self.patience < 1 or int(self.patience) != self.patience:
            raise UsageError(
                f"patience {self.patience}: expected a whole number of at least 1",
                hint="patience 1 stops at the first check that is no improvement",
            )
        if not self.min_delta >= 0:
            raise UsageError(
                f"min_delta {self.min_delta}: expected at least 0", hint="0 counts any improvement"
            )
        if not 0 <= self.smoothing < 1:
            raise UsageError(
                f"smoothing {self.smoothing}: expected at least 0 and below 1",
                hint="0 reads the loss as it is",
            )


@dataclass(frozen=True)
class Stop:
    """What a rule makes of a curve.

    Args:
        epoch: the last check that is trained, 1-based.
        kept: the check whose weights are kept, 1-based.
        has_fired: whether the rule ended the training, rather than the curve.
    """

    epoch: int
    kept: int
    has_fired: bool


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


def find_stop(rule: StoppingRule, curve: ArrayLike) -> Stop:
    """Read a curve of validation losses by a rule: where training stops, and which weights are kept.

    The only place where a curve is read: for the report, and for networks that stop while they are trained (they ask
    after every epoch with the curve so far, and stop once `has_fired`).

    - "best" never stops and keeps the lowest loss.
    - "patience" stops after `patience` losses in a row that are not more than `min_delta` below the lowest one that
      counted before, and keeps the lowest loss seen, fired or not.
    - "lecture" is the pseudocode of lectures: go on while the loss is lower than at the epoch before; it keeps the
      weights after the first rise, which are the worse ones. The pseudocode reads the test loss; this one is given the
      validation loss, because the test is sealed.

    With `smoothing` the first two read the smoothed curve, to stop and to choose. The losses 5 4 4 3 3 3 by the rule
    with patience, min_delta 0, epochs from 1:

    | patience | losses in a row without improvement     | stops after | keeps |
    |----------|-----------------------------------------|-------------|-------|
    | 1        | epoch 3 (4 is not below 4)              | 3           | 2     |
    | 2        | epochs 5 and 6 (3 is not below 3)       | 6           | 4     |
    | 3        | never three in a row                    | 6 (the end) | 4     |

    Keras writes "number of epochs with no improvement after which training will be stopped"; there patience 0 and 1 do
    the same thing (both stop at the first such epoch), which reads as if 1 allowed one bad epoch. Here 0 is refused.

    Args:
        rule: the rule.
        curve: loss per check, first check first; NaN never counts as an improvement.

    Returns:
        the stop; `epoch` is the last check when the rule never fires.

    Raises:
        DataError: the curve is empty or has no number.

    Source:
        Prechelt 1998, "Early stopping - but when?"

    Example:
        >>> [find_stop(StoppingRule("patience", patience=p), [5, 4, 4, 3, 3, 3]).kept for p in (1, 2, 3)]
        [2, 4, 4]
        >>> find_stop(StoppingRule("lecture"), [0.9, 0.7, 0.71, 0.4])
        Stop(epoch=3, kept=3, has_fired=True)
        >>> find_stop(StoppingRule("best"), [])
        Traceback (most recent call last):
        heldout.errors.DataError: a curve of shape (0,) without numbers: expected one loss per epoch
          -> log the validation loss of every epoch
    """
    losses = _read_curve(curve)
    if rule.name == "lecture":
        rises = np.flatnonzero(~(losses[1:] < losses[:-1]))
        stop = int(rises[0]) + 2 if rises.size else len(losses)
        return Stop(stop, stop, bool(rises.size))
    losses = smooth_curve(losses, rule.smoothing)
    stop = _wait(losses, rule) if rule.name == "patience" else 0
    seen = losses[: stop or len(losses)]
    kept = int(np.where(np.isnan(seen), np.inf, seen).argmin()) + 1
    return Stop(len(seen), kept, stop > 0)


def smooth_curve(curve: ArrayLike, smoothing: float) -> DoubleArray:
    """Give the exponentially smoothed curve: each value is `smoothing` of the one before and the rest of the loss.

    Args:
        curve: loss per check; NaN stays NaN and leaves the average as it was.
        smoothing: 0 (as it is) to below 1.

    Example:
        >>> smooth_curve([4.0, 2.0, 2.0], 0.5).tolist()
        [4.0, 3.0, 2.5]
    """
    values, average = np.array(curve, dtype=np.float64), np.nan
    for place, loss in enumerate(values):
        if np.isnan(loss):
            continue
        average = loss if np.isnan(average) else smoothing * average + (1.0 - smoothing) * loss
        values[place] = average
    return values


def _wait(losses: DoubleArray, rule: StoppingRule) -> int:
    """Give the check, 1-based, after which patience is used up; 0 if it never is."""
    reference, waited = np.inf, 0
    for index, loss in enumerate(losses):
        if loss < reference - rule.min_delta:
            reference, waited = loss, 0
            continue
        waited += 1
        if waited >= rule.patience:
            return index + 1
    return 0


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
    rule = StoppingRule("lecture")
    kept = np.array([[find_stop(rule, curve).kept - 1 for curve in side.T] for side in curves])  # [2, S]
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
    bounds = compare_paired(difference, settings.unit, alpha=INTERVAL_ALPHA)
    cost, low, high = float(bounds.mean), float(bounds.low), float(bounds.high)
    scale, n_seeds = settings.delta, difference.shape[0]
    sentence = (
        f"The rule {fault}: {meaning} {say_change(cost, scale=scale)} {name_loss(settings.task)} "
        f"({say_interval(low, high, level=95, scale=scale)}; {n_seeds} "
        f"seed{'s' * (n_seeds != 1)} x {difference.shape[1]} rows)."
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
