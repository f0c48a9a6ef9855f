"""Pictures and signals as numbers: center and spread by channel, and a stretch for faint skies, from fit rows only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from heldout.errors import RecipeError
from heldout.recipe.record import ArrayPlan, ArrayState
from heldout.recipe.zscale import find_limits
from heldout.records import ArrayColumn, ByteScales, DoubleArray, FloatArray, IndexArray, Kind

SCALINGS = ("set", "each")
STRETCHES = ("none", "asinh", "zscale")
CHOICES = ("auto", *STRETCHES)
MASK = "mask"  # the channel that says where nothing was observed
# Numbers looked at for quantiles: their sampling error is far below the pixel noise (assumption).
SAMPLED = 1_000_000
CLIPPED_SHARE = 0.001
# A picture whose brightest thousandth lies more than so many background spreads above the background is stretched;
# of 8-bit photographs it is 2 to 6, of a star or galaxy on dark sky 30 to 1000 (Lupton et al. 1999 use asinh).
HEAVY_TAIL = 20.0
# A spread below the rounding of float32 beside the largest number is no spread: a share, because fluxes come in units
# that make them 1e-17 or 1e-32 as well as 1e+9.
LEAST_SHARE = float(np.finfo(np.float32).eps)
BYTES_AT_ONCE = 1000  # pictures counted at once
ENCODED_AT_ONCE = 1000  # examples scaled in float64 at once, so that they take no memory beside the tensors


def plan_arrays(
    arrays: tuple[ArrayColumn, ...],
    fit_rows: tuple[IndexArray, ...],
    *,
    scaling: str = "set",
    stretch: str = "auto",
) -> tuple[ArrayPlan, ...]:
    """Decide what is done to each array, the same for all states.

    Args:
        arrays: pictures and signals of all rows.
        fit_rows: for each state the positions of its fit rows; only these are looked at.
        scaling: "set" or "each", for signals; pictures are always scaled by set.
        stretch: "none", "asinh" or "zscale", for pictures of numbers (FITS images, 16 bit); "auto" takes asinh where
            the brightest points lie far above the background, else none.

    Raises:
        RecipeError: an unknown scaling or stretch, or a stretch where there are no pictures of numbers.

    Example:
        >>> plan_arrays((), ())
        ()
        >>> plan_arrays((), (), scaling="row")
        Traceback (most recent call last):
        heldout.errors.RecipeError: scaling 'row' is not known; choose set or each
    """
    if scaling not in SCALINGS:
        raise RecipeError(f"scaling {scaling!r} is not known; choose {' or '.join(SCALINGS)}")
    if stretch not in CHOICES:
        raise RecipeError(
            f"stretch {stretch!r} is not known; choose {', '.join(CHOICES[:-1])} or {CHOICES[-1]}"
        )
    if stretch in STRETCHES[1:] and not any(_is_stretchable(array) for array in arrays):
        raise RecipeError(
            f"stretch {stretch!r} was asked for, but there are no pictures of numbers (FITS images, 16 bit)",
            hint="leave out the stretch: bytes and signals are scaled as they are",
        )
    plans = []
    for array in arrays:
        chosen = _choose_stretch(array, fit_rows, stretch)
        own = scaling if array.kind is Kind.SIGNAL else "set"
        why = _tell(own, chosen, is_asked=stretch != "auto")
        plans.append(ArrayPlan(array.name, array.policy, own, chosen, why))
    return tuple(plans)


def _is_stretchable(array: ArrayColumn) -> bool:
    return array.kind is Kind.PICTURE and array.values.dtype != np.uint8


def _choose_stretch(array: ArrayColumn, fit_rows: tuple[IndexArray, ...], asked: str) -> str:
    if not _is_stretchable(array):
        return "none"
    if asked != "auto":
        return asked
    return "asinh" if any(_measure_tail(array, rows) > HEAVY_TAIL for rows in fit_rows) else "none"


def _tell(scaling: str, stretch: str, *, is_asked: bool) -> str:
    what = (
        "every signal is brought to mean 0 and spread 1 by its own numbers"
        if scaling == "each"
        else "each channel is brought to mean 0 and spread 1 of the fit rows"
    )
    if stretch == "none":
        return what
    reason = "as asked" if is_asked else "the brightest points lie far above the background"
    if stretch == "zscale":
        return f"{reason}: clipped to the zscale limits of the fit rows, then {what}"
    return f"{reason}: asinh of the background's units, then {what}"


def fit_arrays(
    plans: tuple[ArrayPlan, ...], arrays: tuple[ArrayColumn, ...], rows: IndexArray
) -> tuple[ArrayState, ...]:
    """Fit center, spread and stretch of each array on some rows alone.

    Args:
        plans: from `plan_arrays`.
        arrays: the arrays, in any order.
        rows: int64 positions of the fit rows.

    Raises:
        RecipeError: an array is missing or has another shape.

    Example:
        >>> fit_arrays((), (), np.arange(3))
        ()
    """
    return tuple(_fit_array(plan, find_array(plan, arrays), rows) for plan in plans)


def find_array(plan: ArrayPlan, arrays: tuple[ArrayColumn, ...]) -> ArrayColumn:
    """Give the array of a plan.

    Raises:
        RecipeError: there is none of this name, or its examples have another shape or type.
    """
    for array in arrays:
        if array.name == plan.name:
            if array.values.shape[1:] != plan.shape or array.values.dtype != np.dtype(plan.policy.dtype):
                raise RecipeError(
                    f"{plan.name!r} holds {array.values.dtype} examples of shape {array.values.shape[1:]}, the recipe "
                    f"was fitted on {plan.policy.dtype} {plan.shape}",
                    hint="read new examples by the policies of the recipe",
                )
            return array
    there = ", ".join(repr(array.name) for array in arrays) or "none"
    raise RecipeError(f"the {plan.policy.kind.value} {plan.name!r} is missing; arrays there are: {there}")


def _fit_array(plan: ArrayPlan, array: ArrayColumn, rows: IndexArray) -> ArrayState:
    n = len(plan.policy.channels)
    zeros, ones = np.zeros(n), np.ones(n)
    low, high, middle, width = zeros, zeros, zeros, ones
    if plan.stretch == "asinh":
        low, high, middle, width = _fit_stretch(array, rows)
    elif plan.stretch == "zscale":
        points = _sample(array, rows)
        low, high = np.array([find_limits(points[:, channel]) for channel in range(n)]).T
    center, spread = zeros, ones
    if plan.scaling == "set":
        center, spread = _measure(plan, array, rows, (low, high, middle, width))
    is_mask = np.array([channel == MASK for channel in plan.policy.channels])
    fields = (
        np.where(is_mask, 0.0, low),
        np.where(is_mask, 1.0, high),
        np.where(is_mask, 0.0, middle),
        np.where(is_mask, 1.0, width),
        np.where(is_mask, 0.0, center),
        np.where(is_mask, 1.0, spread),
    )
    return ArrayState(*(tuple(float(number) for number in field) for field in fields))


def _sample(array: ArrayColumn, rows: IndexArray) -> DoubleArray:
    """Numbers of evenly spaced fit rows: float64 [points, channels]."""
    size = int(np.prod(array.values.shape[1:-1]))
    n_taken = max(1, min(len(rows), SAMPLED // max(size, 1)))
    taken = np.sort(rows)[np.linspace(0, len(rows) - 1, n_taken).round().astype(int)]
    return np.asarray(array.values[taken], np.float64).reshape(-1, array.values.shape[-1])


def _measure_tail(array: ArrayColumn, rows: IndexArray) -> float:
    """How many background spreads the brightest thousandth lies above the background, in the worst channel."""
    low, high, middle, width = _fit_stretch(array, rows)
    is_real = np.array([channel != MASK for channel in array.policy.channels])
    return float(((high - middle) / width)[is_real].max(initial=0.0))


def _fit_stretch(
    array: ArrayColumn, rows: IndexArray
) -> tuple[DoubleArray, DoubleArray, DoubleArray, DoubleArray]:
    points = _sample(array, rows)
    low, middle, high = np.quantile(points, [CLIPPED_SHARE, 0.5, 1.0 - CLIPPED_SHARE], axis=0)
    # the median distance from the median is 0.6745 standard deviations of a normal background
    width = np.median(np.abs(points - middle), axis=0) / 0.6745
    width = np.where(width > LEAST_SHARE * np.abs(middle), width, points.std(axis=0))
    return low, high, middle, _replace_none(width, np.abs(points).max(axis=0))


def _replace_none(spread: DoubleArray, largest: DoubleArray) -> DoubleArray:
    """Give the spread, and 1 where there is none beside the largest number: what is constant becomes 0."""
    return np.where(spread > LEAST_SHARE * largest, spread, 1.0)


def _measure(
    plan: ArrayPlan, array: ArrayColumn, rows: IndexArray, stretch: tuple[DoubleArray, ...]
) -> tuple[DoubleArray, DoubleArray]:
    """Center and spread by channel over all fit rows: float64 [channels] each."""
    if array.values.dtype == np.uint8:
        return _measure_bytes(array.values, rows)
    total, square, largest = (np.zeros(array.values.shape[-1]) for _ in range(3))
    count = 0
    shift = _sample(array, rows[:1]).mean(axis=0)  # keeps the sum of squares exact for numbers far from zero
    shift = _stretch(shift[None], stretch, plan.stretch)[0]
    for part in _cut(rows):
        points = np.asarray(array.values[part], np.float64).reshape(-1, array.values.shape[-1])
        points = _stretch(points, stretch, plan.stretch)
        largest, points = np.maximum(largest, np.abs(points).max(axis=0)), points - shift
        total, square, count = (
            total + points.sum(axis=0),
            square + (points**2).sum(axis=0),
            count + len(points),
        )
    mean = total / count
    spread = np.sqrt(np.maximum(square / count - mean**2, 0.0))
    return mean + shift, _replace_none(spread, largest)


def _measure_bytes(values: NDArray[np.generic], rows: IndexArray) -> tuple[DoubleArray, DoubleArray]:
    """Exact center and spread of bytes from their counts, whatever the number of pictures."""
    n_channels = values.shape[-1]
    counts = np.zeros((n_channels, 256))
    for part in _cut(rows):
        points = np.asarray(values[part]).reshape(-1, n_channels)
        counts += np.stack([np.bincount(points[:, c], minlength=256) for c in range(n_channels)])
    shares, grid = counts / counts.sum(axis=1, keepdims=True), np.arange(256)
    center = shares @ grid
    variance = (shares * (grid - center[:, None]) ** 2).sum(axis=1)
    return center, np.sqrt(np.maximum(variance, 1.0))


def _cut(rows: IndexArray) -> Iterator[IndexArray]:
    ordered = np.sort(rows)  # memory maps are read in their order
    for first in range(0, len(ordered), BYTES_AT_ONCE):
        yield ordered[first : first + BYTES_AT_ONCE]


def _stretch(points: DoubleArray, stretch: tuple[DoubleArray, ...], how: str) -> DoubleArray:
    low, high, middle, width = stretch
    if how == "none":
        return points
    if how == "zscale":
        return np.clip(points, low, high)
    return np.arcsinh((np.clip(points, low, high) - middle) / width)


def encode_array(plan: ArrayPlan, state: ArrayState, values: NDArray[np.generic]) -> FloatArray:
    """Bring examples to the numbers that a network sees.

    Args:
        plan: what is done.
        state: fitted numbers.
        values: [n, *shape], as read.

    Returns:
        float32 [n, size], every example flattened.

    Example:
        >>> from heldout.records import ArrayPolicy
        >>> plan = ArrayPlan("s", ArrayPolicy(Kind.SIGNAL, "float32", ("flux",), length=2), "set", "none", "")
        >>> state = ArrayState((0.0,), (0.0,), (0.0,), (1.0,), (1.0,), (2.0,))
        >>> encode_array(plan, state, np.array([[[1.0], [5.0]]], np.float32)).tolist()
        [[0.0, 2.0]]
    """
    if plan.policy.dtype == "uint8":  # in float32, as the compiled program scales the bytes that it takes
        return _center(plan, state, np.asarray(values, np.float32))
    made = np.empty((len(values), plan.size), np.float32)
    for first in range(0, len(values), ENCODED_AT_ONCE):
        part = np.asarray(values[first : first + ENCODED_AT_ONCE], np.float64)
        made[first : first + len(part)] = _center(plan, state, _reshape_light(plan, state, part))
    return made


def _reshape_light(plan: ArrayPlan, state: ArrayState, points: DoubleArray) -> DoubleArray:
    """Stretch, and scale by each example's own numbers, where the plan says so; in float64, whatever the unit."""
    is_mask = np.array([channel == MASK for channel in plan.policy.channels])
    if plan.stretch != "none":
        fields = (state.low, state.high, state.middle, state.width)
        stretched = _stretch(points, tuple(np.array(field) for field in fields), plan.stretch)
        points = np.where(is_mask, points, stretched)
    return np.where(is_mask, points, _scale_each(points)) if plan.scaling == "each" else points


def _center(plan: ArrayPlan, state: ArrayState, points: FloatArray | DoubleArray) -> FloatArray:
    center, spread = np.array(state.center, points.dtype), np.array(state.spread, points.dtype)
    return ((points - center) / spread).astype(np.float32).reshape(len(points), plan.size)


def _scale_each(points: DoubleArray) -> DoubleArray:
    """Scale every example by its own mean and spread, by channel; a constant one becomes zeros."""
    axes = tuple(range(1, points.ndim - 1))
    mean, spread = points.mean(axis=axes, keepdims=True), points.std(axis=axes, keepdims=True)
    return (points - mean) / _replace_none(spread, np.abs(points).max(axis=axes, keepdims=True))


def list_scales(plan: ArrayPlan, states: tuple[ArrayState, ...]) -> ByteScales:
    """Give the scales of bytes for the compiled program, which takes pictures as they are stored.

    Example:
        >>> from heldout.records import ArrayPolicy
        >>> plan = ArrayPlan("p", ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), 2, 2), "set", "none", "")
        >>> list_scales(plan, (ArrayState((0.0,), (0.0,), (0.0,), (1.0,), (9.0,), (2.0,)),)).center.tolist()
        [[9.0]]
    """
    if plan.policy.dtype != "uint8":
        raise RecipeError(
            f"{plan.name!r} holds {plan.policy.dtype} numbers; only bytes are scaled in the program"
        )
    center = np.array([state.center for state in states], np.float32)
    return ByteScales(center, np.array([state.spread for state in states], np.float32))
