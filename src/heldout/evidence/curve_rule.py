"""The rule for mean curves: how far the last epoch must lie above the best one before chance cannot explain it.

A log holds means over the validation rows, not the rows, so the standard error cannot be computed and is bounded
by what was measured on simulated studies. Every constant of that bound stands here, so that it can be measured again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from heldout.errors import UsageError

# The per-row difference of log-loss between the last and the best epoch has at most this standard deviation times
# the root of its mean e. Measured: 300 simulated binary tasks x 6 networks, 90 % quantile .35/.61/1.17/2.55/4.83 at
# e = .02/.06/.2/.6/2, so 2.5 to 3.4 times the root. On a second suite (bench/curve_rule.py, 130 tasks a kind, fresh
# seeds) the 90 % quantile was 1.06 times this bound for two classes and 1.02 times for three to ten.
LOG_LOSS_SPREAD = 3.0
# Squared error: with f2 = f1 + g the difference is g^2 - 2 g r, so its variance is about 4 L e + 2 e^2 for a best
# loss L and normal g. Derived; with the factor 2 the 90 % quantile of the standard deviation was 1.16 times the bound
# on 130 simulated regressions (bench/curve_rule.py), and the width below covers the rest.
SQUARED_ERROR_FACTOR = 2.0
# Standard errors that the excess must exceed beside the tolerance. Measured with the spread above: false alarms
# 0.2 % with one seed, 0 % with five; power 0.45, and 0.7 from 350 rows on. Second suite, one seed, 60/200/1000 rows:
# false alarms 0 of 720 (two classes), 0 of 870 (more), 0 of 1200 (regression); power .28/.52/.79, .40/.66/.86,
# .17/.53/.82.
WIDTH = 1.8
SMALLEST_ROWS = 16  # the suite behind the constants begins here
DELTA_SHARE = 0.02  # of the constant predictor's loss, as everywhere
ACCURACY_TOLERANCE = 0.01  # one percentage point

LOSS_KINDS = ("log-loss", "squared error", "other")


@dataclass(frozen=True)
class CurveRule:
    """What a comparison of two points of a mean curve is held against.

    Args:
        loss: "log-loss" or "squared error".
        delta: tolerance in loss units.
        n_validation: validation rows m behind each point.
        n_seeds: seeds S behind the mean curve.
        seed_variance: variance over seeds of (last - best); 0 with one seed.
    """

    loss: str
    delta: float
    n_validation: int
    n_seeds: int = 1
    seed_variance: float = 0.0


def find_threshold(rule: CurveRule, excess: float, *, best: float) -> float:
    """Give what an excess must exceed to be called overfitting: delta + 1.8 standard errors.

    The standard error grows with the excess itself, since networks that got worse by much got worse by very
    different amounts on different rows.

    Args:
        rule: tolerance, rows, seeds.
        excess: loss at the later epoch minus loss at the best one, not negative.
        best: loss at the best epoch (only squared error needs it).

    Returns:
        the threshold in loss units.

    Raises:
        UsageError: a loss without a measured bound.

    Example:
        The Keras log of a network on 25,000 film reviews, excess 0.535:

        >>> round(find_threshold(CurveRule("log-loss", 0.02 * math.log(2), 25_000), 0.535, best=0.28), 4)
        0.0388
    """
    rows = bound_row_variance(rule.loss, max(excess, 0.0), best=best) / rule.n_validation
    return rule.delta + WIDTH * math.sqrt(rows + rule.seed_variance / rule.n_seeds)


def bound_row_variance(loss: str, excess: float, *, best: float) -> float:
    """Give the largest plausible variance over rows of the loss difference with a given mean.

    Args:
        loss: "log-loss" or "squared error".
        excess: mean difference e, at least 0.
        best: loss at the better of the two epochs.

    Returns:
        variance in squared loss units.

    Raises:
        UsageError: a loss without a measured bound.

    Example:
        >>> bound_row_variance("log-loss", 0.04, best=0.3)
        0.36
        >>> bound_row_variance("other", 0.04, best=0.3)
        Traceback (most recent call last):
        heldout.errors.UsageError: no bound is known for the loss 'other'
    """
    if loss == "log-loss":
        return LOG_LOSS_SPREAD**2 * excess
    if loss == "squared error":
        return SQUARED_ERROR_FACTOR * (4 * best * excess + 2 * excess**2)
    raise UsageError(
        f"no bound is known for the loss {loss!r}", hint="the curve rule knows log-loss and squared error"
    )


def find_rows_needed(rule: CurveRule, excess: float, *, best: float) -> int:
    """Give the number of validation rows from which on the same excess would be overfitting.

    Args:
        rule: tolerance and seeds; its own number of rows does not matter.
        excess: loss at the last epoch minus loss at the best one.
        best: loss at the best epoch.

    Returns:
        rows, at least 16; 0 when no number of rows would do (excess within the tolerance or within the seeds).

    Example:
        >>> find_rows_needed(CurveRule("log-loss", 0.014, 1), 0.1, best=0.3)
        395
        >>> find_rows_needed(CurveRule("log-loss", 0.014, 1), 0.01, best=0.3)
        0
    """
    room = ((excess - rule.delta) / WIDTH) ** 2 - rule.seed_variance / rule.n_seeds
    if excess <= rule.delta or room <= 0:
        return 0
    return max(SMALLEST_ROWS, math.ceil(bound_row_variance(rule.loss, excess, best=best) / room))


def bound_accuracy_drop(
    before: float, after: float, *, n_validation: int, seed_variance: float = 0.0
) -> tuple[float, float]:
    """Give the two bounds of a drop in accuracy, from the two shares alone.

    The rows of both epochs are the same, so errors largely cancel; without the rows the sum of the two binomial
    variances is the largest they can have.

    Args:
        before: accuracy at the best epoch, 0..1.
        after: accuracy at the last epoch, 0..1.
        n_validation: validation rows.
        seed_variance: variance of the mean drop over seeds, already divided by their number.

    Returns:
        drop minus and plus 1.8 standard errors; above 0.01 the first shows a drop, below it the second excludes one.

    Example:
        >>> [round(bound, 3) for bound in bound_accuracy_drop(0.889, 0.850, n_validation=25_000)]
        [0.034, 0.044]
    """
    rows = (before * (1 - before) + after * (1 - after)) / n_validation
    half = WIDTH * math.sqrt(rows + seed_variance)
    return before - after - half, before - after + half
