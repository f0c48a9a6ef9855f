"""How numbers of the evidence are written, once for all sentences."""

from __future__ import annotations

import math

from heldout.records import Task


def say_change(value: float, *, scale: float = 1.0) -> str:
    """Write a difference with its sign and with digits that suit the tolerance.

    Args:
        value: a difference of losses.
        scale: the tolerance it is compared with; small tolerances get more digits.

    Returns:
        e.g. "+0.021"; "unbounded" for an infinite end.

    Example:
        >>> say_change(0.02134, scale=0.014), say_change(-0.0002134, scale=0.0004)
        ('+0.021', '-0.00021')
    """
    if math.isnan(value):
        return "unknown"
    if math.isinf(value):
        return "unbounded"
    digits = min(8, max(3, 1 - math.floor(math.log10(scale)))) if 0 < scale < 0.01 else 3
    text = f"{value:+.{digits}f}"
    return text.replace("-0." + "0" * digits, "+0." + "0" * digits) if float(text) == 0 else text


def say_interval(low: float, high: float, *, level: int, scale: float = 1.0) -> str:
    """Write an interval with its level.

    Args:
        low: lower end.
        high: upper end.
        level: in percent.
        scale: see `say_change`.

    Returns:
        e.g. "90 % interval -0.010 to +0.052".

    Example:
        >>> say_interval(-0.0101, 0.052, level=90)
        '90 % interval -0.010 to +0.052'
    """
    return f"{level} % interval {say_change(low, scale=scale)} to {say_change(high, scale=scale)}"


def say_estimate(interval: tuple[float, float, float], *, scale: float = 1.0) -> str:
    """Write an estimate with its 95 % interval.

    Args:
        interval: estimate, low, high.
        scale: see `say_change`.

    Example:
        >>> say_estimate((0.02, -0.01, 0.05))
        '+0.020 (95 % interval -0.010 to +0.050)'
    """
    return f"{say_change(interval[0], scale=scale)} ({say_interval(*interval[1:], level=95, scale=scale)})"


def say_harm(
    lost: tuple[float, float, float], *, tolerance: float, how: str = "", is_share: bool = True
) -> str:
    """Write how a score changed, in its own sign, from how much of it was lost.

    Args:
        lost: how much lower the score is than it could be: estimate, low, high; below zero where it is higher.
        tolerance: the loss of score from which on it is harmed.
        how: what the two ends are, e.g. "90 % interval ".
        is_share: True for shares of rows, written in points; False for numbers such as R2.

    Example:
        >>> say_harm((0.039, 0.034, 0.044), tolerance=0.01, how="90 % interval ")
        'changes by -3.9 points (90 % interval -4.4 to -3.4; harm begins below -1)'
        >>> say_harm((-0.05, -0.08, -0.02), tolerance=0.02, is_share=False)
        'changes by +0.050 (+0.020 to +0.080; harm begins below -0.020)'
    """
    estimate, low, high = (_say_points(-value) if is_share else say_change(-value) for value in lost)
    unit = " points" if is_share else ""
    limit = f"{-100 * tolerance:g}" if is_share else f"{-tolerance:.3f}"
    return f"changes by {estimate}{unit} ({how}{high} to {low}; harm begins below {limit})"


def _say_points(share: float) -> str:
    if not math.isfinite(share):
        return say_change(share)
    text = f"{100 * share:+.1f}"
    return "+0.0" if text == "-0.0" else text


def name_loss(task: Task) -> str:
    """Give the name of the loss that verdicts are made on.

    Args:
        task: binary, multiclass or regression.

    Returns:
        "log-loss" or "squared error (standardized target)".

    Example:
        >>> name_loss(Task.BINARY)
        'log-loss'
    """
    return "squared error (standardized target)" if task is Task.REGRESSION else "log-loss"
