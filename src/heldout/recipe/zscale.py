"""The display limits of astronomers: where the background and faint things lie, bright ones cut off."""

from __future__ import annotations

import numpy as np

from heldout.records import DoubleArray

SAMPLES = 10_000  # numbers looked at; IRAF takes 1,000 of one image, here they come from many
# The constants of IRAF's zscale.
CONTRAST, KEPT_SHARE, REJECT, FEWEST, ROUNDS = 0.25, 0.5, 2.5, 5, 5
_GROWN = 0.01  # share of the numbers that are rejected beside a rejected one


def find_limits(values: DoubleArray, *, samples: int = SAMPLES) -> tuple[float, float]:
    """Find the lower and upper limit of display: a straight line through the sorted numbers without its far ends.

    The slope of that line, divided by 0.25, leads from the median to both limits; where more than half of the numbers
    do not lie on a line, the limits are the smallest and the largest number.

    Args:
        values: float64, finite, at least one.
        samples: how many are looked at, evenly spaced.

    Returns:
        lower and upper limit, both among or between the numbers.

    Source:
        IRAF's task `display`, zscale; the same numbers as astropy.visualization.ZScaleInterval.

    Example:
        >>> find_limits(np.array([3.0, 3.0, 3.0]))
        (3.0, 3.0)
        >>> star = np.append(np.linspace(-1, 1, 999), 1e6)
        >>> find_limits(star)[1] < 10
        True
    """
    flat = values.reshape(-1)
    taken = np.sort(flat[:: max(1, int(flat.size / samples))][:samples])
    low, high, n = float(taken[0]), float(taken[-1]), len(taken)
    slope = _fit_line(taken)
    if slope is None:
        return low, high
    middle, center = float(np.median(taken)), (n - 1) // 2
    step = slope / CONTRAST
    return max(low, middle - (center - 1) * step), min(high, middle + (n - center) * step)


def _fit_line(ordered: DoubleArray) -> float | None:
    """Slope of the line through the numbers after far ones were left out; None where too few are left."""
    n = len(ordered)
    least, width = max(FEWEST, int(n * KEPT_SHARE)), max(1, int(n * _GROWN))
    place, is_bad, slope = np.arange(n), np.zeros(n, np.bool_), 0.0
    last, n_good = n + 1, n
    for _ in range(ROUNDS):
        if n_good >= last or n_good < least:
            break
        x, y = place[~is_bad], ordered[~is_bad]
        x_middle, y_middle = x.mean(), y.mean()
        slope = float(((x - x_middle) * (y - y_middle)).sum() / np.square(x - x_middle).sum())
        away = ordered - y_middle - slope * (place - x_middle)
        is_bad |= np.abs(away) > REJECT * away[~is_bad].std()
        is_bad = np.convolve(is_bad, np.ones(width), mode="same") > 0.5
        last, n_good = n_good, int((~is_bad).sum())
    return slope if n_good >= least else None
