"""From a pixel or a point of a signal to its tensor position and back, with its value before and after scaling."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.errors import RecipeError
from heldout.recipe.arrays import encode_array
from heldout.recipe.match import check_state, suggest_name
from heldout.recipe.raw_pixels import find_area
from heldout.recipe.record import ArrayPlan, ArrayState, Recipe, Role, Slot
from heldout.records import Kind


@dataclass(frozen=True)
class PointExplanation:
    """The way of one number of a picture or signal into the network's input.

    Args:
        array: name of the picture or signal.
        at: (row, column, channel) or (point, channel), from 0.
        position: where in the encoded row.
        before: the number as read, after all files were brought to one size.
        after: the number that the network gets.
        rule: what is done in between.
        sentence: all of it in words.
        file: the file it comes from, where that is known.
        unit: the part of the file that was read, such as the extension of a FITS file.
    """

    array: str
    at: tuple[int, ...]
    position: int
    before: float
    after: float
    rule: str
    sentence: str
    file: str = ""
    unit: str = ""


def find_array_plan(recipe: Recipe, name: str) -> tuple[int, ArrayPlan]:
    """Give the first tensor position of a picture or signal, and what is done to it.

    Raises:
        RecipeError: the recipe has none of this name.

    Example:
        >>> find_array_plan(Recipe((), ()), "photo")
        Traceback (most recent call last):
        heldout.errors.RecipeError: the recipe has no picture or signal 'photo'
    """
    start = recipe.n_slots
    for plan in recipe.arrays:
        if plan.name == name:
            return start, plan
        start += plan.size
    near = suggest_name(name, [plan.name for plan in recipe.arrays])
    raise RecipeError(f"the recipe has no picture or signal {name!r}", hint=near)


def explain_point(
    recipe: Recipe,
    name: str,
    values: NDArray[np.generic],
    at: tuple[int, ...],
    *,
    state: int = 0,
    file: str = "",
    file_size: tuple[int, int] | None = None,
) -> PointExplanation:
    """Recompute the way of one pixel or point: its tensor position, its value as read and as the network gets it.

    Args:
        recipe: the recipe.
        name: of the picture or signal.
        values: [*shape], one example as read.
        at: (row, column, channel) of a picture, (point, channel) of a signal, from 0; the channel may be left out
            where there is one.
        state: which fitted state.
        file: where the example comes from.
        file_size: rows and columns of the picture in its file: then the pixels of the file are named, too.

    Raises:
        RecipeError: no such picture, signal, state or place.
    """
    start, plan = find_array_plan(recipe, name)
    fitted = recipe.states[check_state(recipe, state)].arrays[recipe.arrays.index(plan)]
    place = _check_place(plan, at)
    offset = int(np.ravel_multi_index(place, plan.shape))
    before, after = float(values[place]), float(encode_array(plan, fitted, values[None])[0, offset])
    rule = _say_rule(plan, fitted, place[-1])
    where = f" of {file!r}" if file else ""
    part = f", {plan.policy.unit}" if plan.policy.unit else ""
    sentence = (
        f"{name}{where}{part}: {_name_place(plan, place)} = {before:.6g} as read{_say_size(plan)}"
        f"{_say_area(plan, place, file_size)}: "
        f"[{start + offset}] = {after:.6g}; {rule}"
    )
    return PointExplanation(
        name, place, start + offset, before, after, rule, sentence, file, plan.policy.unit
    )


def _check_place(plan: ArrayPlan, at: tuple[int, ...]) -> tuple[int, ...]:
    names = ("row", "column", "channel") if plan.policy.height else ("point", "channel")
    place = (*at, 0) if len(at) == len(names) - 1 and plan.shape[-1] == 1 else tuple(at)
    if len(place) != len(names):
        wanted = ", ".join(names)
        raise RecipeError(
            f"{plan.policy.kind.value} {plan.name!r} has a number at each ({wanted}), got {tuple(at)}",
            hint=f"say at=({wanted}), counted from 0; its size is {' x '.join(map(str, plan.shape))}",
        )
    for what, number, side in zip(names, place, plan.shape, strict=True):
        if not 0 <= number < side:
            raise RecipeError(
                f"{plan.policy.kind.value} {plan.name!r} has no {what} {number}; it has {what}s 0 to {side - 1}"
            )
    return place


def _name_place(plan: ArrayPlan, place: tuple[int, ...]) -> str:
    channel = plan.policy.channels[place[-1]]
    if plan.policy.kind is Kind.PICTURE:
        return f"row {place[0]}, column {place[1]}, {channel}"
    told = ""
    if plan.policy.fit == "grid":
        low = plan.policy.start + plan.policy.step * place[0]
        told = f" ({plan.policy.axis} {low:.6g} to {low + plan.policy.step:.6g})"
    return f"point {place[0]}{told}, {channel}"


def _say_size(plan: ArrayPlan) -> str:
    """Say that pixels are counted after all files were brought to one size."""
    if plan.policy.fit == "exact":
        return ""
    return f" and brought to {' x '.join(map(str, plan.shape[:-1]))} ({plan.policy.fit})"


def _say_area(plan: ArrayPlan, place: tuple[int, ...], size: tuple[int, int] | None) -> str:
    """Say which pixels of the file lie there."""
    if size is None or plan.policy.kind is not Kind.PICTURE:
        return ""
    area = find_area(plan.policy, size, (place[0], place[1]))
    if area is None:
        return f", outside the file of {size[0]} x {size[1]}"
    (top, bottom), (left, right) = area
    return f" from rows {top} to {bottom}, columns {left} to {right} of the file of {size[0]} x {size[1]}"


def _say_rule(plan: ArrayPlan, fitted: ArrayState, channel: int) -> str:
    steps = []
    if plan.stretch == "asinh":
        low, high = fitted.low[channel], fitted.high[channel]
        steps.append(
            f"clipped to {low:.6g} to {high:.6g}, less {fitted.middle[channel]:.6g}, divided by "
            f"{fitted.width[channel]:.6g}, asinh"
        )
    if plan.stretch == "zscale" and plan.policy.channels[channel] != "mask":
        steps.append(f"clipped to {fitted.low[channel]:.6g} to {fitted.high[channel]:.6g} (zscale)")
    if plan.scaling == "each":
        steps.append("less the example's own mean, divided by its own spread")
    elif (fitted.center[channel], fitted.spread[channel]) != (0.0, 1.0):
        steps.append(f"less {fitted.center[channel]:.6g}, divided by {fitted.spread[channel]:.6g}")
    return "; then ".join(steps) or "as it is"


def locate_array_position(recipe: Recipe, position: int) -> tuple[ArrayPlan, tuple[int, ...]]:
    """Give the picture or signal that a tensor position belongs to, and the place in it.

    Raises:
        RecipeError: the position belongs to no picture or signal.

    Example:
        >>> locate_array_position(Recipe((), ()), 3)
        Traceback (most recent call last):
        heldout.errors.RecipeError: there is no position 3; the recipe fills 0 to -1
    """
    start = recipe.n_slots
    for plan in recipe.arrays:
        if start <= position < start + plan.size:
            place = np.unravel_index(position - start, plan.shape)
            return plan, tuple(int(number) for number in place)
        start += plan.size
    raise RecipeError(f"there is no position {position}; the recipe fills 0 to {recipe.n_features - 1}")


def describe_array_position(
    recipe: Recipe, position: int, *, state: int = 0
) -> tuple[Slot, str, float | None, float | None, str]:
    """Say what a tensor position of a picture or signal means.

    Args:
        recipe: the recipe.
        position: a position behind the columns' slots.
        state: which fitted state.

    Returns:
        a slot that names it, the rule, the number as read at which the network gets 0, how much one unit is there
        (None where every example has its own scale), and all of it in words.
    """
    plan, place = locate_array_position(recipe, position)
    fitted = recipe.states[check_state(recipe, state)].arrays[recipe.arrays.index(plan)]
    slot = Slot(position, plan.name, Role.VALUE, _name_place(plan, place), "sd")
    rule, channel = _say_rule(plan, fitted, place[-1]), place[-1]
    sentence = f"[{position}] {slot.label} of {plan.name!r}"
    if plan.scaling == "each":
        return slot, rule, None, None, f"{sentence}: {rule}"
    center, unit = fitted.center[channel], fitted.spread[channel]
    if plan.stretch == "asinh" and plan.policy.channels[channel] != "mask":
        width = fitted.width[channel]
        unit *= math.cosh(center) * width
        center = math.sinh(center) * width + fitted.middle[channel]
    sentence += f": 0 is {center:.6g}, one unit is {unit:.6g} there"
    return slot, rule, center, unit, sentence
