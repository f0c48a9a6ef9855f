"""Probabilities that mean what they say: temperature, decision threshold for stated costs, prediction intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from heldout.errors import DataError, UsageError
from heldout.evidence.paired import index_units, sum_units
from heldout.records import DoubleArray

_LOG_LIMIT = 3.0  # temperatures from 0.05 to 20; beyond it the probabilities are all alike or all 0 and 1
N_BOOTSTRAP = 500


@dataclass(frozen=True)
class Threshold:
    """A decision threshold for stated costs.

    Args:
        threshold: the positive class is predicted when its calibrated probability is at least this.
        cost: mean cost per validation row at this threshold.
        cost_at_half: the same at 0.5.
        cost_never: the same when the positive class is never predicted.
        cost_always: the same when it is always predicted.
    """

    threshold: float
    cost: float
    cost_at_half: float
    cost_never: float
    cost_always: float


@dataclass(frozen=True)
class Reliability:
    """How far predicted probabilities are from observed frequencies.

    Args:
        error: expected calibration error, the mean distance over bins weighted by rows (0 is perfect).
        low: lower end of the 95 % bootstrap interval; NaN under 30 rows.
        high: upper end.
        predicted: float64 [B], mean predicted probability per bin.
        observed: float64 [B], observed frequency per bin.
        count: float64 [B], rows per bin.
    """

    error: float
    low: float
    high: float
    predicted: DoubleArray
    observed: DoubleArray
    count: DoubleArray


def apply_temperature(log_probabilities: ArrayLike, temperature: float) -> DoubleArray:
    """Give the log-probabilities after dividing by a temperature and normalising again.

    Args:
        log_probabilities: [M, C], natural logarithms.
        temperature: above 0; above 1 makes the predictions less sure.

    Returns:
        float64 [M, C].

    Raises:
        UsageError: the temperature is not positive.

    Example:
        >>> np.exp(apply_temperature(np.log([[0.8, 0.2]]), 2.0)).round(3)
        array([[0.667, 0.333]])
    """
    if not temperature > 0:
        raise UsageError(f"temperature {temperature}: expected a number above 0", hint="1 changes nothing")
    scaled = np.asarray(log_probabilities, dtype=np.float64) / temperature
    top = scaled.max(axis=1, keepdims=True)
    return scaled - top - np.log(np.exp(scaled - top).sum(axis=1, keepdims=True))


def fit_temperature(log_probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Fit the one number that makes probabilities honest, on validation rows before the test set is opened.

    Networks trained to the end are over-confident; one temperature corrects most of it and changes no prediction.

    Args:
        log_probabilities: [M, C] of validation rows; -inf is taken as 1e-12.
        labels: int [M], class index 0..C-1.

    Returns:
        temperature between 0.05 and 20; 1 when there is nothing to gain.

    Raises:
        DataError: shapes do not agree or there are no rows.

    Source:
        Guo et al. 2017, "On calibration of modern neural networks".

    Example:
        >>> sure = np.log([[0.99, 0.01]] * 4)
        >>> fit_temperature(sure, [0, 0, 0, 1]) > 2
        True
        >>> fit_temperature(sure, [0, 1])
        Traceback (most recent call last):
        heldout.errors.DataError: log-probabilities (4, 2) for 2 labels: expected one row per label
          -> give both for the same validation rows
    """
    given, truth = np.asarray(log_probabilities, dtype=np.float64), np.asarray(labels, dtype=np.int64)
    if given.ndim != 2 or len(given) != truth.size or truth.size == 0:
        raise DataError(
            f"log-probabilities {given.shape} for {truth.size} labels: expected one row per label",
            hint="give both for the same validation rows",
        )
    safe = np.maximum(given, np.log(1e-12))
    rows = np.arange(truth.size)

    def measure(log_temperature: float) -> float:
        return -float(apply_temperature(safe, float(np.exp(log_temperature)))[rows, truth].mean())

    # imported here: 0.4 s of processor time, which a verdict on curves has no use for
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        measure, bounds=(-_LOG_LIMIT, _LOG_LIMIT), method="bounded", options={"xatol": 1e-6}
    )
    return 1.0 if measure(0.0) <= float(found.fun) else float(np.exp(found.x))


def choose_threshold(costs: Mapping[str, float], probability: ArrayLike, positive: ArrayLike) -> Threshold:
    """Give the threshold with the lowest expected cost for calibrated probabilities, and its cost here.

    The threshold follows from the costs alone, not from the rows, so it is not tuned to them:
    false_alarm / (false_alarm + miss).

    Args:
        costs: {"miss": cost of a positive called negative, "false_alarm": cost of a negative called positive}.
        probability: [M], calibrated probability of the positive class on validation rows.
        positive: bool [M], whether the row is positive.

    Returns:
        `Threshold` with the expected cost per row at it, at 0.5, never and always.

    Raises:
        UsageError: costs are missing, unknown, not positive.
        DataError: shapes do not agree.

    Source:
        Elkan 2001, "The foundations of cost-sensitive learning".

    Example:
        >>> choose_threshold({"miss": 4, "false_alarm": 1}, [0.3, 0.1], [True, False]).threshold
        0.2
        >>> choose_threshold({"miss": 4}, [0.3], [True])
        Traceback (most recent call last):
        heldout.errors.UsageError: costs {'miss': 4}: expected two positive numbers, 'miss' and 'false_alarm'
          -> e.g. {'miss': 5, 'false_alarm': 1}
    """
    if set(costs) != {"miss", "false_alarm"} or not all(0 < value < np.inf for value in costs.values()):
        raise UsageError(
            f"costs {dict(costs)}: expected two positive numbers, 'miss' and 'false_alarm'",
            hint="e.g. {'miss': 5, 'false_alarm': 1}",
        )
    given, truth = np.asarray(probability, dtype=np.float64), np.asarray(positive, dtype=bool)
    if given.shape != truth.shape or given.ndim != 1 or given.size == 0:
        raise DataError(f"probabilities {given.shape} for {truth.shape} labels: expected one per row")
    miss, alarm = float(costs["miss"]), float(costs["false_alarm"])
    threshold = alarm / (alarm + miss)

    def price(called: np.ndarray) -> float:
        return float((miss * (truth & ~called) + alarm * (~truth & called)).mean())

    return Threshold(
        threshold,
        price(given >= threshold),
        price(given >= 0.5),
        price(np.zeros_like(truth)),
        price(np.ones_like(truth)),
    )


def conformal_half_width(residuals: ArrayLike, *, level: float = 0.9) -> float:
    """Give the half width of a prediction interval that covers a fresh row with the stated chance.

    Holds for any network and any distribution, provided the validation rows are exchangeable with the new ones and
    the residuals are out of sample. It is one width for all rows.

    Args:
        residuals: [M], target minus prediction on validation rows (sign does not matter).
        level: coverage, between 0 and 1.

    Returns:
        the ceil((M+1) * level)-th smallest absolute residual.

    Raises:
        DataError: too few rows for the level, or a residual is not a number.
        UsageError: the level is not between 0 and 1.

    Source:
        Split conformal prediction: Vovk, Gammerman and Shafer 2005; Lei et al. 2018.

    Example:
        >>> conformal_half_width([1.0, -2.0, 3.0, 4.0], level=0.8)
        4.0
        >>> conformal_half_width([1.0, -2.0], level=0.9)
        Traceback (most recent call last):
        heldout.errors.DataError: 2 validation residuals: a 90 % interval needs at least 9
          -> lower the level or add validation rows
    """
    if not 0 < level < 1:
        raise UsageError(
            f"level {level}: expected a share between 0 and 1", hint="0.9 covers nine of ten rows"
        )
    sizes = np.sort(np.abs(np.asarray(residuals, dtype=np.float64)).ravel())
    if np.isnan(sizes).any():
        raise DataError(f"{int(np.isnan(sizes).sum())} of {sizes.size} residuals are not numbers")
    rank = int(np.ceil((sizes.size + 1) * level - 1e-9))
    if rank > sizes.size:
        needed = int(np.ceil(level / (1 - level) - 1e-9))
        raise DataError(
            f"{sizes.size} validation residuals: a {100 * level:g} % interval needs at least {needed}",
            hint="lower the level or add validation rows",
        )
    return float(sizes[rank - 1])


def measure_calibration(
    probability: ArrayLike,
    happened: ArrayLike,
    *,
    unit: ArrayLike | None = None,
    n_bins: int = 10,
    seed: int = 0,
) -> Reliability:
    """Compare predicted probabilities with observed frequencies in bins of equal numbers of rows.

    The expected calibration error is biased upwards on few rows (noise is distance too); the interval shows how
    little it may mean.

    Args:
        probability: [M], predicted probability that the event happens (positive class, or "the label is right").
        happened: bool [M].
        unit: int [M], groups moved as a whole by the bootstrap; rows when None.
        n_bins: at most this many bins; at least 5 rows each.
        seed: of the bootstrap.

    Returns:
        `Reliability`.

    Raises:
        DataError: shapes do not agree or there are no rows.

    Example:
        >>> measure_calibration([0.2] * 50, [True] * 10 + [False] * 40).error
        0.0
    """
    given, truth = np.asarray(probability, dtype=np.float64), np.asarray(happened, dtype=np.float64)
    if given.shape != truth.shape or given.ndim != 1 or given.size == 0:
        raise DataError(f"probabilities {given.shape} for {truth.shape} outcomes: expected one per row")
    units = index_units(np.arange(given.size) if unit is None else unit)
    used = max(1, min(n_bins, given.size // 5))
    edges = np.unique(np.quantile(given, np.arange(1, used) / used))
    codes = np.searchsorted(edges, given, side="left")
    member = np.eye(len(edges) + 1)[codes].T  # [B, M]
    sums = np.stack([sum_units(member * values, units) for values in (np.ones_like(given), given, truth)])
    total = sums.sum(axis=2)
    filled = total[0] > 0
    low = high = float("nan")
    if given.size >= 30 and units.n_units >= 10:
        draws = np.random.default_rng(seed).multinomial(
            units.n_units, np.full(units.n_units, 1 / units.n_units), size=N_BOOTSTRAP
        )
        errors = [_sum_distance(sums @ weights) for weights in draws.astype(np.float64)]
        low, high = (float(value) for value in np.quantile(errors, [0.025, 0.975]))
    count = total[0][filled]
    return Reliability(
        _sum_distance(total), low, high, total[1][filled] / count, total[2][filled] / count, count
    )


def _sum_distance(total: DoubleArray) -> float:
    """Sum over bins of |predicted - observed| times the share of rows; total is [3, B]: rows, predicted, observed."""
    return round(float(np.abs(total[1] - total[2]).sum() / total[0].sum()), 12)
