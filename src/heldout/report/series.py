"""Points to draw from recorded curves: thinning, bands over seeds, labels that do not overlap.

This is drawing, not judging: no number made here is claimed anywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from heldout.records import LINEAR_FAMILIES, ConfigurationRun, FloatArray
from heldout.report.content import StudyContent

MOST_POINTS = 60


@dataclass(frozen=True)
class CurvePoint:
    """One point of a curve with its spread over seeds.

    Args:
        at: epoch or number of weights.
        mean: mean over the seeds that are finite there; NaN when none is.
        low: lowest seed.
        high: highest seed.
        seeds: one value per seed, NaN where a training diverged.
    """

    at: int
    mean: float
    low: float
    high: float
    seeds: tuple[float, ...]


def thin_epochs(n_epochs: int, *, keep: int = 0, most: int = MOST_POINTS) -> tuple[int, ...]:
    """At most `most` epochs (1-based), evenly spread, always with the first, the last and `keep`.

    Args:
        n_epochs: length of the curve.
        keep: an epoch that must stay (the best one); 0 for none.
        most: how many points at most, at least 3.

    Example:
        >>> thin_epochs(10, keep=4, most=4)
        (1, 4, 6, 10)
        >>> thin_epochs(3)
        (1, 2, 3)
    """
    if n_epochs <= most:
        return tuple(range(1, n_epochs + 1))
    spread = {int(epoch) for epoch in np.linspace(1, n_epochs, most - 1).round()}
    return tuple(sorted(spread | ({keep} if 1 <= keep <= n_epochs else set())))


def summarize_seeds(values: FloatArray, *, at: int) -> CurvePoint:
    """One point from the values of all seeds [S]; diverged seeds count as absent.

    Example:
        >>> point = summarize_seeds(np.array([1.0, 3.0, np.inf], dtype=np.float32), at=7)
        >>> point.mean, point.low, point.high
        (2.0, 1.0, 3.0)
    """
    finite = values[np.isfinite(values)].astype(float)
    if finite.size == 0:
        return CurvePoint(at, math.nan, math.nan, math.nan, tuple(math.nan for _ in values))
    seeds = tuple(float(value) if np.isfinite(value) else math.nan for value in values)
    return CurvePoint(at, float(finite.mean()), float(finite.min()), float(finite.max()), seeds)


def follow_epochs(curve: FloatArray, *, keep: int = 0, most: int = MOST_POINTS) -> tuple[CurvePoint, ...]:
    """A curve [S, T] as at most `most` points.

    Example:
        >>> [point.mean for point in follow_epochs(np.array([[3.0, 2.0], [1.0, 2.0]], dtype=np.float32))]
        [2.0, 2.0]
    """
    epochs = thin_epochs(curve.shape[1], keep=keep, most=most)
    return tuple(summarize_seeds(curve[:, epoch - 1], at=epoch) for epoch in epochs)


def list_ladder(content: StudyContent) -> tuple[ConfigurationRun, ...]:
    """The plain runs of the ladder, smallest first; runs without any epoch are left out."""
    plain = [run for run in content.runs if not run.configuration.remedies and run.validation_curve.size]
    return tuple(sorted(plain, key=lambda run: run.configuration.rung.index))


def find_run(content: StudyContent, name: str) -> ConfigurationRun | None:
    """The run of one configuration, or None when it was not recorded."""
    found = (run for run in content.runs if run.configuration.name == name and run.validation_curve.size)
    return next(found, None)


def is_delivered_linear(content: StudyContent) -> bool:
    """Whether the delivered network has no hidden layer, and so is a linear model itself; False where unknown."""
    run = find_run(content, content.chosen_name)
    if run is None:
        return False
    rung = run.configuration.rung
    return rung.family in LINEAR_FAMILIES and not rung.widths


def find_best_epoch(content: StudyContent, run: ConfigurationRun) -> int:
    """The epoch marked as best: the judged one where there is one, else the lowest point of the drawn curve."""
    n_epochs = run.validation_curve.shape[1]
    judged = content.ladder.best_epoch if content.ladder else ()
    index = run.configuration.rung.index
    if not run.configuration.remedies and index < len(judged) and 1 <= judged[index] <= n_epochs:
        return judged[index]
    with np.errstate(over="ignore", invalid="ignore"):
        means = run.validation_curve.astype(float).mean(axis=0)
    return int(np.argmin(np.where(np.isfinite(means), means, np.inf))) + 1


def spread_labels(heights: list[float], *, gap: float) -> list[float]:
    """Heights moved apart so that labels at line ends do not overlap, in the order given.

    Args:
        heights: where the lines end.
        gap: smallest distance between two labels, in the same unit.

    Example:
        >>> spread_labels([1.0, 1.1, 5.0], gap=0.5)
        [1.0, 1.5, 5.0]
    """
    moved = list(heights)
    order = sorted(range(len(heights)), key=lambda index: heights[index])
    for below, above in zip(order, order[1:], strict=False):
        moved[above] = max(moved[above], moved[below] + gap)
    return moved


def find_top(values: list[float], *, reference: float) -> tuple[float, bool]:
    """The upper end of a loss axis, and whether something lies above it.

    One diverged or badly overfitted network would otherwise press all other curves flat.

    Args:
        values: everything that would be drawn.
        reference: a typical large loss (the constant guess or the first epoch); NaN when unknown.

    Example:
        >>> find_top([0.2, 2.0], reference=0.7), find_top([0.2, 90.0], reference=0.7)
        ((2.3, False), (2.8, True))
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return 1.0, False
    limit = 4 * reference if math.isfinite(reference) and reference > 0 else math.inf
    top = max(finite)
    if top > limit:
        return limit, True
    # The name of the reference line needs room of its own where the line runs near the upper edge.
    near = math.isfinite(reference) and 0.8 * top < reference < 1.2 * top
    top = 1.15 * max(top, reference) if near else 1.15 * top
    return (top if top > 0 else 1.0), False
