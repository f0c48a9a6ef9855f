"""`date@1`: a date as standardized days and year, and as positions on the circles of year, week and day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.standardize import (
    SCALE_RULES,
    Scale,
    check_scale,
    fit_scale,
    scale_values,
    take_values,
    unscale_value,
)
from heldout.recipe.steps.step import NothingAsked, SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import DoubleArray, FloatArray

# 0001-01-01 and 9999-12-31: what a calendar can name.
FIRST_DAY, LAST_DAY = -719_162.0, 2_932_896.0
_ALWAYS = ("day", "year", "month sin", "month cos", "weekday sin", "weekday cos")
_HOURS = ("hour sin", "hour cos")


@dataclass(frozen=True)
class Calendar:
    """Fitted: the scales of days and years.

    Args:
        days: scale of the days since 1970-01-01.
        years: scale of the calendar year.
        months: True when the fit rows hold more than one month.
        weekdays: True when the fit rows hold more than one weekday.
        hours: True when a fit row holds a time of day other than midnight.
    """

    days: Scale
    years: Scale
    months: bool
    weekdays: bool
    hours: bool


def take_parts(days: DoubleArray) -> DoubleArray:
    """Read calendar parts off days since 1970-01-01, the same in every time zone.

    Args:
        days: float64 [n]; bounded here to the years 1 to 9999.

    Returns:
        float64 [n, 4]: year, month 0 to 11, weekday 0 (Monday) to 6, hour 0 to below 24.

    Example:
        >>> import numpy as np
        >>> take_parts(np.array([0.5])).tolist()
        [[1970.0, 0.0, 3.0, 12.0]]
    """
    bounded = np.clip(days, FIRST_DAY, LAST_DAY)
    whole = np.floor(bounded)
    months = whole.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    # 1970-01-01 was a Thursday.
    parts = [1970 + months // 12, months % 12, (whole + 3) % 7, (bounded - whole) * 24.0]
    return np.stack(parts, axis=1).astype(np.float64)


def _fit(cells: Cells, asked: NothingAsked) -> Calendar:
    days = np.clip(take_values(cells), FIRST_DAY, LAST_DAY)
    parts = take_parts(days)
    return Calendar(
        days=fit_scale(days, may_transform=False),
        years=fit_scale(parts[:, 0], may_transform=False),
        months=bool(np.unique(parts[:, 1]).size > 1),
        weekdays=bool(np.unique(parts[:, 2]).size > 1),
        hours=bool((parts[:, 3] > 0).any()),
    )


def _plan(states: tuple[Calendar, ...]) -> tuple[SlotPlan, ...]:
    labels = _ALWAYS + _HOURS if any(state.hours for state in states) else _ALWAYS
    return tuple(
        SlotPlan(Role.PART, label, "sd" if label in ("day", "year") else "share") for label in labels
    )


def _apply(cells: Cells, fitted: Calendar, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    has_value = cells.outcome == Outcome.VALUE
    days = cells.values[has_value]
    parts = take_parts(days)
    circles = {
        "month": (1, 12.0, fitted.months),
        "weekday": (2, 7.0, fitted.weekdays),
        "hour": (3, 24.0, fitted.hours),
    }
    for offset, slot in enumerate(slots):
        if slot.label == "day":
            made[has_value, offset] = scale_values(days, fitted.days)
        elif slot.label == "year":
            made[has_value, offset] = scale_values(parts[:, 0], fitted.years)
        else:
            name, wave = slot.label.split(" ")
            index, period, is_used = circles[name]
            angle = parts[:, index] * (2.0 * np.pi / period)
            if is_used:
                made[has_value, offset] = np.sin(angle) if wave == "sin" else np.cos(angle)
    return made


def _describe(fitted: Calendar) -> str:
    unused = [name for name in ("months", "weekdays", "hours") if not getattr(fitted, name)]
    text = f"days since 1970-01-01: mean {unscale_value(0.0, fitted.days):.6g}, "
    text += f"one sd is {fitted.days.scale * fitted.days.spread:.6g} days; without a value: 0"
    return f"{text}; always 0, since the fit rows hold only one: {', '.join(unused)}" if unused else text


def _check(fitted: Calendar, slots: tuple[Slot, ...]) -> str:
    labels = tuple(slot.label for slot in slots)
    if labels not in (_ALWAYS, _ALWAYS + _HOURS) or any(slot.role is not Role.PART for slot in slots):
        return f"expected the parts {', '.join(_ALWAYS)} (and {', '.join(_HOURS)})"
    return check_scale(fitted.days) or check_scale(fitted.years)


def _decode(numbers: FloatArray, fitted: Calendar, slots: tuple[Slot, ...]) -> float:
    return unscale_value(float(numbers[0]), fitted.days)


STEP = Step(
    name="date@1",
    asked_record=NothingAsked,
    fitted_record=Calendar,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    decode=_decode,
    fitted_rules={
        "days": Rule("record", record=Scale, rules=SCALE_RULES),
        "years": Rule("record", record=Scale, rules=SCALE_RULES),
        "months": Rule("flag"),
        "weekdays": Rule("flag"),
        "hours": Rule("flag"),
    },
)
