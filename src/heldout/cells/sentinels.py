"""Numbers that may stand for a missing value (-999, 0, 99): found and asked about, never guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.cells.keynames import split_name
from heldout.records import DoubleArray, IndexArray

CODES = (-1.0, -9.0, -99.0, -999.0, -9999.0, -99999.0, -7.0, -8.0, -77.0, -88.0) + (
    99.0, 999.0, 9999.0, 99999.0, 999999.0, 9.0, 88.0, 888.0, 777.0, -1000.0, 99.9, 999.9, 99.99, 999.99, 9999.99,
    -99.9, -999.9, -999.99, -32768.0, 32767.0, -2147483648.0,
)  # fmt: skip
_FEWEST_DISTINCT, _FEWEST_CELLS, _GAP, _FAR = 8, 2, 5.0, 3.0
# In standard deviations of the other values, and as a share of all cells: the false zeros of pima lie 0.67 and more
# apart, or are 49 % of their column; the zeros of fares and of an air humidity 0.23 and 0.36, and are below 2 %.
_NEAR_ZERO, _MANY_ZEROS = 0.5, 0.1
# Impossible values by the words of a column's name: physiology and definitions, with a wide margin.
_POSSIBLE = {
    "age": (0.0, 125.0),
    "ph": (0.0, 14.0),
    "percent": (0.0, 100.0),
    "pct": (0.0, 100.0),
    "bmi": (5.0, 250.0),
    "heartrate": (0.0, 500.0),
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 360.0),
    "humidity": (0.0, 105.0),
}


@dataclass(frozen=True)
class Suspect:
    """A number that may not be a measurement.

    Args:
        value: the number.
        count: cells that hold it.
        reason: why it stands out, in words with numbers.
        limits: smallest and largest possible value, where these are known; else empty.
    """

    value: float
    count: int
    reason: str
    limits: tuple[float, ...] = ()


def find_sentinels(values: DoubleArray, counts: IndexArray) -> tuple[Suspect, ...]:
    """Numbers that stand apart from all others as missing codes do.

    Codes of nines and -1 stand out when they lie beyond the other values by more than their spread; zeros when
    they come several times and the smallest other value is many steps away.

    Args:
        values: float64 [n], distinct numbers of the column.
        counts: int64 [n], cells of each.

    Example:
        >>> values = np.array([0.0, *range(60, 90)])
        >>> [s.value for s in find_sentinels(values, np.array([5, *[2] * 30]))]
        [0.0]
        >>> find_sentinels(np.arange(30.0), np.full(30, 2))
        ()
    """
    order = np.argsort(values)
    ordered, times = values[order], counts[order]
    if len(ordered) < _FEWEST_DISTINCT:
        return ()
    found = [_judge_code(code, ordered, times) for code in CODES if code in ordered]
    inner = ordered[~np.isin(ordered, [one.value for one in found if one is not None])]
    found.append(_judge_zero(ordered, times) if len(inner) and inner[0] == 0.0 else None)
    return tuple(one for one in found if one is not None)


def _judge_code(code: float, ordered: DoubleArray, times: IndexArray) -> Suspect | None:
    place = int(np.searchsorted(ordered, code))
    count = int(times[place])
    rest, weight = np.delete(ordered, place), np.delete(times, place)
    # A second code beside the first must not hide it.
    kept = ~np.isin(rest, CODES)
    rest, weight = rest[kept], weight[kept]
    if count < _FEWEST_CELLS or len(rest) < _FEWEST_DISTINCT:
        return None
    low, high = float(rest[0]), float(rest[-1])
    gap = low - code if code < low else code - high
    if gap <= 0:
        return None
    if code == -1.0:
        # The only negative value of a column of zero or more.
        is_apart = low >= 0 and (
            gap >= _GAP * _measure_step(rest) or count >= _GAP * float(np.median(weight))
        )
    else:
        q1, q3 = _weigh_quantiles(rest, weight)
        is_apart = (code < 0 <= low and gap >= _GAP * _measure_step(rest)) or gap > max(
            _FAR * (q3 - q1), high - low
        )
        is_apart = is_apart or (
            gap >= _GAP * _measure_step(rest) and count >= _GAP * float(np.median(weight)) and gap > q3 - q1
        )
    if not is_apart:
        return None
    return Suspect(code, count, f"{count} cells are {code:g}, all others lie from {low:g} to {high:g}")


def _judge_zero(ordered: DoubleArray, times: IndexArray) -> Suspect | None:
    kept = (ordered > 0) & ~np.isin(ordered, CODES)
    rest = ordered[kept]
    count = int(times[0]) if ordered[0] == 0.0 else int(times[np.searchsorted(ordered, 0.0)])
    if len(rest) < _FEWEST_DISTINCT or count < _FEWEST_CELLS:
        return None
    low, step = float(rest[0]), _measure_step(rest)
    # An amount that starts at zero has small values too; a measurement of the living does not.
    if low < _GAP * step or low < 0.05 * float(np.median(rest)):
        return None
    q1, q3 = _weigh_quantiles(rest, times[kept])
    # A few zeros that lie no farther from the next value than values of the column usually lie apart are its low end.
    if low < _NEAR_ZERO * (q3 - q1) / 1.349 and count < _MANY_ZEROS * int(times.sum()):
        return None
    return Suspect(
        0.0,
        count,
        f"{count} cells are 0, the next smallest value is {low:g} and values there lie {step:g} apart",
    )


def _measure_step(rest: DoubleArray) -> float:
    """The usual distance of neighbouring values at the lower end."""
    steps = np.diff(rest[: max(12, len(rest) // 10)][:40])
    return float(np.median(steps)) if len(steps) else float("inf")


def _weigh_quantiles(values: DoubleArray, weight: IndexArray) -> tuple[float, float]:
    heap = np.cumsum(weight) / weight.sum()
    return float(values[np.searchsorted(heap, 0.25)]), float(values[np.searchsorted(heap, 0.75)])


def find_impossible(values: DoubleArray, counts: IndexArray, *, name: str) -> Suspect | None:
    """Values that cannot be, by what the column's name says it holds.

    Args:
        values: distinct numbers.
        counts: cells of each.
        name: column name.

    Example:
        >>> find_impossible(np.array([4.0, 300.0]), np.array([20, 2]), name="age_years").reason
        '2 cells lie outside 0 to 125, as 300 does'
    """
    words = split_name(name)
    limits = next((_POSSIBLE[word] for word in words if word in _POSSIBLE), None)
    if limits is None:
        return None
    outside = (values < limits[0]) | (values > limits[1])
    if not outside.any() or counts[outside].sum() > 0.2 * counts.sum():
        # Where many values lie outside, the name means something else.
        return None
    example = float(values[outside][0])
    count = int(counts[outside].sum())
    reason = f"{count} cells lie outside {limits[0]:g} to {limits[1]:g}, as {example:g} does"
    return Suspect(example, count, reason, limits)
