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
