"""`standardize@1`: a number clipped, made less skewed where needed, and scaled to mean 0 and variance 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import LARGEST, Rule
from heldout.recipe.steps.step import NothingAsked, SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import DoubleArray, FloatArray

# Beyond this, squares and cubes of numbers would leave float64; such cells are clipped and counted.
BIGGEST = 1e100
# Assumptions, not studied: a normal sample of 100 rows has |skew| < 2 and kurtosis < 20 practically always, an
# exponential one has skew 2, a log-normal one (sigma 1) skew 6.
SKEW_LIMIT = 2.0
KURTOSIS_LIMIT = 20.0
FEWEST_DISTINCT = 10
NORMAL_QUARTILES = 1.349
NORMAL_TAILS = 3.290
CLIP_SHARE = 0.001
CLIP_SPREADS = 3.0


@dataclass(frozen=True)
class Scale:
    """Fitted: clip to [low, high], (x - middle) / spread, asinh or nothing, (t - center) / scale.

    Args:
        low: smallest number that is not clipped, in units of the column.
        high: largest number that is not clipped.
        middle: median of the fit rows.
        spread: robust standard deviation of the fit rows, above 0.
        transform: "none" or "asinh".
        center: mean after the transform.
        scale: standard deviation after the transform; 0 when the fit rows hold one value, then the slot stays 0.
        clipped: number of fit rows that were clipped.
        why: why this transform, with the numbers it rests on.
    """

    low: float
    high: float
    middle: float
    spread: float
    transform: str
    center: float
    scale: float
    clipped: int
    why: str


def take_values(cells: Cells) -> DoubleArray:
    """Sort the numbers of the cells that have one, bounded to +-1e100.

    Returns:
        float64, ascending; the order of rows cannot change anything computed from it.

    Example:
        >>> import numpy as np
        >>> from heldout.records import Kind
        >>> nothing = np.zeros(0, np.int32)
        >>> cells = Cells("a", Kind.NUMBER, np.array([0, 1, 0], np.uint8), np.zeros(0, np.int8),
        ...     np.array([3.0, np.nan, 1.0]), nothing, ())
        >>> take_values(cells).tolist()
        [1.0, 3.0]
    """
    return np.sort(np.clip(cells.values[cells.outcome == Outcome.VALUE], -BIGGEST, BIGGEST))


def take_quantile(ordered: DoubleArray, share: float) -> float:
    """Read a quantile off sorted numbers, linear between neighbours (numpy's default, without its overhead).

    Args:
        ordered: float64 [n], ascending, n >= 1.
        share: 0 to 1.

    Example:
        >>> import numpy as np
        >>> take_quantile(np.array([1.0, 2.0, 4.0]), 0.75)
        3.0
    """
    position = share * (ordered.size - 1)
    below = int(position)
    lower = float(ordered[below])
    if below + 1 >= ordered.size:
        return lower
    return lower + (float(ordered[below + 1]) - lower) * (position - below)


def fit_scale(ordered: DoubleArray, *, may_transform: bool = True) -> Scale:
    """Fit the scaling of sorted numbers so that a few wild ones cannot squeeze all others together.

    The clip limits are the 0.1 % and 99.9 % quantiles, but never beyond the third number from either end (in small
    data these quantiles are the outliers), widened by 3 robust standard deviations. When skew or kurtosis of the
    clipped numbers is large, asinh((x - median) / spread) is used: linear near the median, logarithmic far out,
    defined for negative numbers.

    Args:
        ordered: float64 [n], ascending, finite; n may be 0.
        may_transform: False for dates.

    Example:
        >>> import numpy as np
        >>> fit_scale(np.arange(11.0)).transform
        'none'
        >>> fit_scale(np.zeros(5)).scale
        0.0
    """
    if ordered.size == 0:
        return _make_flat(0.0, "no fit row has a value")
    if ordered[0] == ordered[-1]:
        return _make_flat(
            float(ordered[0]), f"all {ordered.size} fit rows with a value hold {ordered[0]:.6g}"
        )
    distinct = 1 + int(np.count_nonzero(ordered[1:] != ordered[:-1]))
    middle = take_quantile(ordered, 0.5)
    spread = _take_spread(ordered, middle)
    low, high = _take_limits(ordered, spread, distinct)
    clipped = int(np.count_nonzero((ordered < low) | (ordered > high)))
    inner = (np.clip(ordered, low, high) - middle) / spread
    transform, why = _choose_transform(inner, distinct) if may_transform else ("none", "dates stay linear")
    inner = np.arcsinh(inner) if transform == "asinh" else inner
    center, scale = float(inner.mean()), float(inner.std())
    if not scale > 0.0:
        return _make_flat(middle, f"the {ordered.size} fit rows with a value do not differ measurably")
    return Scale(low, high, middle, spread, transform, center, scale, clipped, why)


def scale_values(values: DoubleArray, fitted: Scale) -> DoubleArray:
    """Scale numbers by fitted values.

    Args:
        values: float64 [n], finite.
        fitted: from `fit_scale`.

    Returns:
        float64 [n], finite; zeros when the fit rows hold one value only.

    Example:
        >>> import numpy as np
        >>> fitted = fit_scale(np.array([-1.0, 0.0, 1.0]))
        >>> scale_values(np.array([0.0]), fitted).tolist()
        [0.0]
    """
    if fitted.scale == 0.0:
        return np.zeros(values.size)
    inner = (np.clip(values, fitted.low, fitted.high) - fitted.middle) / fitted.spread
    inner = np.arcsinh(inner) if fitted.transform == "asinh" else inner
    return (inner - fitted.center) / fitted.scale


def unscale_value(number: float, fitted: Scale) -> float:
    """Go back from the scaled number to the units of the column.

    Example:
        >>> import numpy as np
        >>> fitted = fit_scale(np.array([10.0, 20.0, 30.0]))
        >>> round(unscale_value(float(scale_values(np.array([25.0]), fitted)[0]), fitted), 9)
        25.0
    """
    inner = number * fitted.scale + fitted.center
    # asinh of anything that float64 holds is below 720; beyond, sinh would overflow.
    inner = float(np.sinh(min(max(inner, -700.0), 700.0))) if fitted.transform == "asinh" else inner
    return min(max(inner * fitted.spread + fitted.middle, fitted.low), fitted.high)


def measure_unit(number: float, fitted: Scale) -> float:
    """Say how much one unit of the scaled number is in units of the column, at this place of the scale.

    Example:
        >>> import numpy as np
        >>> round(measure_unit(0.0, fit_scale(np.array([10.0, 20.0, 30.0]))), 3)
        8.165
    """
    slope = fitted.scale * fitted.spread
    if fitted.transform == "asinh":
        slope *= float(np.cosh(min(max(number * fitted.scale + fitted.center, -700.0), 700.0)))
    return slope


def _make_flat(value: float, why: str) -> Scale:
    return Scale(value, value, value, 1.0, "none", 0.0, 0.0, 0, why)


def _take_spread(ordered: DoubleArray, middle: float) -> float:
    spread = (take_quantile(ordered, 0.75) - take_quantile(ordered, 0.25)) / NORMAL_QUARTILES
    if not spread > 0.0:
        spread = (take_quantile(ordered, 0.95) - take_quantile(ordered, 0.05)) / NORMAL_TAILS
    if not spread > 0.0:
        spread = float(ordered.std())
    # Keeps (x - middle) / spread far from the end of float64 when nearly all numbers agree.
    farthest = max(middle - float(ordered[0]), float(ordered[-1]) - middle)
    return max(spread, farthest * 1e-12, float(np.finfo(np.float64).tiny))


def _take_limits(ordered: DoubleArray, spread: float, distinct: int) -> tuple[float, float]:
    if distinct <= 2:
        return float(ordered[0]), float(ordered[-1])
    share = max(CLIP_SHARE, min(2.0 / max(ordered.size - 1, 1), 0.25))
    low = take_quantile(ordered, share) - CLIP_SPREADS * spread
    high = take_quantile(ordered, 1.0 - share) + CLIP_SPREADS * spread
    return low, high


def _choose_transform(inner: DoubleArray, distinct: int) -> tuple[str, str]:
    if distinct <= FEWEST_DISTINCT:
        return "none", f"{distinct} distinct values: too few to speak of a tail"
    skew, kurtosis = _measure_tails(inner)
    found = f"skew {skew:.3g}, kurtosis {kurtosis:.3g} on {inner.size} fit rows"
    if abs(skew) <= SKEW_LIMIT and kurtosis <= KURTOSIS_LIMIT:
        return "none", found
    after, after_kurtosis = _measure_tails(np.arcsinh(inner))
    if abs(after) < abs(skew) or after_kurtosis < kurtosis:
        return (
            "asinh",
            f"{found} (limits {SKEW_LIMIT:g} and {KURTOSIS_LIMIT:g}); skew {after:.3g} after asinh",
        )
    return "none", f"{found}; asinh would not help"


def _measure_tails(inner: DoubleArray) -> tuple[float, float]:
    away = inner - inner.mean()
    largest = float(np.abs(away).max())
    if not largest > 0.0:
        return 0.0, 0.0
    away = away / largest
    square = away * away
    variance = float(square.mean())
    return float((square * away).mean()) / variance**1.5, float((square * square).mean()) / variance**2


def _fit(cells: Cells, asked: NothingAsked) -> Scale:
    return fit_scale(take_values(cells))


def _plan(states: tuple[Scale, ...]) -> tuple[SlotPlan, ...]:
    return (SlotPlan(Role.VALUE, unit="sd"),)


def _apply(cells: Cells, fitted: Scale, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, 1), np.float32)
    has_value = cells.outcome == Outcome.VALUE
    made[has_value, 0] = scale_values(cells.values[has_value], fitted)
    return made


def _describe(fitted: Scale) -> str:
    if fitted.scale == 0.0:
        return f"always 0: {fitted.why}"
    inner = f"(x - {fitted.middle:.6g}) / {fitted.spread:.6g}"
    inner = f"asinh({inner})" if fitted.transform == "asinh" else inner
    return (
        f"clip to {fitted.low:.6g} .. {fitted.high:.6g} ({fitted.clipped} fit rows clipped), "
        f"({inner} - {fitted.center:.6g}) / {fitted.scale:.6g}; without a value: 0, the mean; {fitted.why}"
    )


def check_scale(fitted: Scale) -> str:
    """Say what does not fit together in a scale read from a file, or "".

    Example:
        >>> check_scale(Scale(2.0, 1.0, 0.0, 1.0, "none", 0.0, 1.0, 0, ""))
        'low 2 is above high 1'
    """
    if fitted.low > fitted.high:
        return f"low {fitted.low:g} is above high {fitted.high:g}"
    if fitted.scale == 0.0:
        return ""
    # Monotone in between, so that the two ends are the largest numbers.
    with np.errstate(over="ignore"):
        ends = scale_values(np.array([fitted.low, fitted.high]), fitted)
    return "" if np.abs(ends).max() <= np.finfo(np.float32).max else "the scaled numbers would leave float32"


def _check(fitted: Scale, slots: tuple[Slot, ...]) -> str:
    if [slot.role for slot in slots] != [Role.VALUE]:
        return f"expected one value slot, got {len(slots)} slots"
    return check_scale(fitted)


def _decode(numbers: FloatArray, fitted: Scale, slots: tuple[Slot, ...]) -> float:
    return unscale_value(float(numbers[0]), fitted)


SCALE_RULES = {
    "low": Rule("number"),
    "high": Rule("number"),
    "middle": Rule("number"),
    "spread": Rule("number", low=float(np.finfo(np.float64).tiny), high=LARGEST),
    "transform": Rule("choice", choices=("none", "asinh")),
    "center": Rule("number"),
    "scale": Rule("number", low=0.0),
    "clipped": Rule("count", low=0),
    "why": Rule("text", longest=1000),
}

STEP = Step(
    name="standardize@1",
    asked_record=NothingAsked,
    fitted_record=Scale,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    decode=_decode,
    fitted_rules=SCALE_RULES,
)
