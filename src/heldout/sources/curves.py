"""Signals of any length brought to one: kept, padded, stretched or averaged on a common axis; gaps become a mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.errors import DataError
from heldout.records import ArrayPolicy, DoubleArray, FloatArray, Kind

# Longer signals are averaged: a network of 2 cores sees a thousand of this length in seconds (assumption).
LONGEST = 1024
LEAST_POINTS = 4
# A common grid reaches over the part of the axis that at least this share of the signals covers.
_COVERED, _SAME_AXIS, _PAD_RATIO = 0.5, 1e-6, 2.0
_OBSERVED, _REACH, _FINER = 0.5, 1.5, 1.5


@dataclass(frozen=True)
class Curve:
    """One signal as read.

    Args:
        values: float32 [T, C], NaN where nothing was observed.
        axis: float64 [T], strictly increasing, or None where points are only counted.
    """

    values: FloatArray
    axis: DoubleArray | None = None


def order_curve(values: NDArray[np.generic], axis: NDArray[np.generic] | None) -> Curve:
    """A signal with its axis in order; points without a place on the axis are left out, equal places averaged.

    Args:
        values: [T, C].
        axis: [T] or None.

    Raises:
        DataError: fewer than 4 points, nothing observed, or no place on the axis.

    Example:
        >>> values = np.array([[1.0], [2.0], [3.0], [5.0], [7.0]])
        >>> order_curve(values, np.array([0, 2, 1, 3, 3])).values.ravel().tolist()
        [1.0, 3.0, 2.0, 6.0]
        >>> order_curve(np.full((9, 1), np.nan), None)
        Traceback (most recent call last):
        heldout.errors.DataError: no point of the signal was observed
    """
    numbers = values.astype(np.float32)
    numbers[~np.isfinite(numbers)] = np.nan
    if axis is not None:
        places = axis.astype(np.float64)
        known = np.isfinite(places)
        order = np.argsort(places[known], kind="stable")
        places, numbers = places[known][order], numbers[known][order]
        places, numbers = _merge_equal(places, numbers)
        axis = places
    if len(numbers) < LEAST_POINTS:
        raise DataError(f"a signal of {len(numbers)} points; at least {LEAST_POINTS} are needed")
    if np.isnan(numbers).all():
        raise DataError("no point of the signal was observed")
    return Curve(numbers, axis)


def _merge_equal(places: DoubleArray, numbers: FloatArray) -> tuple[DoubleArray, FloatArray]:
    unique, start, count = np.unique(places, return_index=True, return_counts=True)
    if len(unique) == len(places):
        return places, numbers
    known = np.isfinite(numbers)
    total = np.add.reduceat(np.where(known, numbers, 0), start, axis=0)
    seen = np.add.reduceat(known, start, axis=0)
    del count
    return unique, np.where(seen > 0, total / np.maximum(seen, 1), np.nan).astype(np.float32)


def decide_curve_policy(curves: Sequence[Curve], names: Sequence[str], *, axis: str = "") -> ArrayPolicy:
    """One length and one axis for all signals.

    Signals of one length and axis stay as they are up to 1,024 points. With an axis, they are averaged over the steps
    of a common grid that reaches as far as at least half of them do; without one, shorter signals are padded at the
    end, unless lengths differ too much: then all are stretched to one number of points.

    Args:
        curves: at least one.
        names: name of each channel.
        axis: name of the axis.

    Example:
        >>> curves = [Curve(np.zeros((length, 1), np.float32)) for length in (8, 10)]
        >>> policy = decide_curve_policy(curves, ["flux"])
        >>> policy.length, policy.fit, policy.channels
        (10, 'pad', ('flux', 'mask'))
    """
    lengths = np.array([len(curve.values) for curve in curves])
    longest = int(lengths.max())
    channels = (*names, "mask")
    if curves[0].axis is not None:
        ends = np.array([(curve.axis[0], curve.axis[-1]) for curve in curves if curve.axis is not None])
        span = float(ends[:, 1].max() - ends[:, 0].min())
        is_one = len(set(lengths)) == 1 and float(np.ptp(ends, axis=0).max()) <= _SAME_AXIS * max(
            span, 1e-300
        )
        if not (is_one and longest <= LONGEST):
            return _decide_grid(ends, lengths, channels, axis)
    elif len(set(lengths)) > 1 or longest > LONGEST:
        if longest <= min(LONGEST, _PAD_RATIO * float(np.median(lengths))):
            why = f"{lengths.min()} to {longest} points; shorter signals are padded at the end"
            return ArrayPolicy(Kind.SIGNAL, "float32", channels, length=longest, fit="pad", why=why)
        length = min(LONGEST, longest)
        why = f"{lengths.min()} to {longest} points; every signal is brought to {length} points over its own length"
        return ArrayPolicy(Kind.SIGNAL, "float32", channels, length=length, fit="stretch", why=why)
    why = f"all signals have {longest} points"
    return ArrayPolicy(Kind.SIGNAL, "float32", channels, length=longest, axis=axis, why=why)


def _decide_grid(
    ends: DoubleArray, lengths: NDArray[np.int64], channels: tuple[str, ...], axis: str
) -> ArrayPolicy:
    low, high = float(np.quantile(ends[:, 0], _COVERED)), float(np.quantile(ends[:, 1], 1 - _COVERED))
    covered = np.minimum(ends[:, 1], high) - np.maximum(ends[:, 0], low)
    if not high > low or float(np.mean(covered >= _COVERED * (high - low))) < _COVERED:
        raise DataError(
            f"the signals do not share a part of their axis: most begin after {low:.6g}, most end before {high:.6g}",
            hint="give the signals without the axis, or on a common one (phase, time since the start)",
        )
    usual = float(np.median((ends[:, 1] - ends[:, 0]) / np.maximum(lengths - 1, 1)))
    length = int(min(LONGEST, max(LEAST_POINTS, round((high - low) / usual) + 1 if usual > 0 else LONGEST)))
    step = (high - low) / (length - 1)
    why = f"averaged on {length} points of {axis or 'the axis'} from {low:.6g} to {high:.6g}"
    return ArrayPolicy(
        Kind.SIGNAL, "float32", channels, length=length, fit="grid", start=low, step=step, axis=axis, why=why
    )


def fit_curve(curve: Curve, policy: ArrayPolicy) -> FloatArray:
    """A signal as the policy says; the last channel is one where nothing was observed.

    Args:
        curve: from `order_curve`.
        policy: from `decide_curve_policy`, or from the bundle.

    Returns:
        float32 [length, channels with mask]; gaps are filled by straight lines, ends by the nearest value.

    Raises:
        DataError: another number of channels, another length where the policy is "exact" or "pad", or no axis where it
            has one.

    Example:
        >>> policy = ArrayPolicy(Kind.SIGNAL, "float32", ("y", "mask"), length=4, fit="pad")
        >>> fit_curve(Curve(np.array([[1], [np.nan], [3]], np.float32)), policy).tolist()
        [[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [3.0, 1.0]]
    """
    length, width = policy.length, len(policy.channels) - 1
    n_points = len(curve.values)
    if curve.values.shape[1] != width:
        raise DataError(
            f"{curve.values.shape[1]} channels where {width} were expected ({', '.join(policy.channels[:-1])})"
        )
    if policy.fit == "grid":
        if curve.axis is None:
            raise DataError(f"no axis where {policy.axis or 'one'} was expected")
        places, low, step = curve.axis, policy.start, policy.step
    elif policy.fit == "stretch":
        places, low, step = (np.arange(n_points) + 0.5) / n_points, 0.5 / length, 1 / length
    else:
        if n_points > length or (policy.fit == "exact" and n_points != length):
            raise DataError(f"{n_points} points where {length} were expected")
        places, low, step = np.arange(n_points, dtype=np.float64), 0.0, 1.0
    grid = np.asarray(low + step * np.arange(length), dtype=np.float64)
    cells = _find_cells(places)
    out = np.zeros((length, width + 1), np.float32)
    is_finer = step < _FINER * float(np.median(cells[:, 1] - cells[:, 0]))
    observed = np.ones(length)
    for channel in range(width):
        values = curve.values[:, channel].astype(np.float64)
        filled, share = _resample(places, values, cells, grid, step, is_finer=is_finer)
        out[:, channel] = filled
        observed = np.minimum(observed, share)
    out[:, width] = observed < _OBSERVED
    return out


def _find_cells(places: DoubleArray) -> DoubleArray:
    """float64 [T, 2], the stretch of the axis that each point speaks for: to the middle between neighbours, but never
    further than one and a half usual distances, so that a gap of the axis stays a gap."""  # noqa: D205, D209
    middle = (places[1:] + places[:-1]) / 2
    reach = _REACH * float(np.median(np.diff(places)))
    low = np.maximum(np.concatenate([[2 * places[0] - middle[0]], middle]), places - reach)
    high = np.minimum(np.concatenate([middle, [2 * places[-1] - middle[-1]]]), places + reach)
    return np.stack([low, high], axis=1)


def _resample(
    places: DoubleArray,
    values: DoubleArray,
    cells: DoubleArray,
    grid: DoubleArray,
    step: float,
    *,
    is_finer: bool,
) -> tuple[DoubleArray, DoubleArray]:
    """Values on the grid and the share of each step that was observed."""
    known = np.isfinite(values)
    if not known.any():
        return np.zeros(len(grid)), np.zeros(len(grid))
    low, high = grid - step / 2, grid + step / 2
    covered = _integrate(cells, known.astype(np.float64), low, high)
    line = np.interp(grid, places[known], values[known])
    if is_finer:
        return line, covered / step
    total = _integrate(cells, np.where(known, np.nan_to_num(values), 0.0), low, high)
    return np.where(covered > 1e-9 * step, total / np.maximum(covered, 1e-300), line), covered / step


def _integrate(cells: DoubleArray, density: DoubleArray, low: DoubleArray, high: DoubleArray) -> DoubleArray:
    """The integral over each step of a density that is constant within cells and zero between them."""
    total = np.zeros(2 * len(cells))
    total[1::2] = np.cumsum(density * (cells[:, 1] - cells[:, 0]))
    total[2::2] = total[1:-1:2]
    edges = cells.ravel()
    return np.interp(high, edges, total) - np.interp(low, edges, total)


def drop_empty_mask(values: FloatArray, policy: ArrayPolicy) -> tuple[FloatArray, tuple[str, ...]]:
    """The array and its channels without the mask when nothing is missing anywhere.

    Example:
        >>> drop_empty_mask(np.zeros((1, 2, 2), np.float32), ArrayPolicy(Kind.SIGNAL, "float32", ("y", "mask")))[1]
        ('y',)
    """
    if any(values[start : start + 1024, ..., -1].any() for start in range(0, len(values), 1024)):
        return values, policy.channels
    return values[..., :-1], policy.channels[:-1]
