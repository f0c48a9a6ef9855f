"""`censored@1`: indicators for numbers given as "below" or "above" a limit, only where fit rows have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.step import NothingAsked, SlotPlan, Step
from heldout.recipe.view import Cells
from heldout.records import FloatArray


@dataclass(frozen=True)
class Censored:
    """Fitted: how many fit rows stand for "less than" or "more than" their number.

    Args:
        below: fit rows such as "<0.5".
        above: fit rows such as ">100".
    """

    below: int
    above: int


def _fit(cells: Cells, asked: NothingAsked) -> Censored:
    return Censored(int(np.count_nonzero(cells.censored < 0)), int(np.count_nonzero(cells.censored > 0)))


def _plan(states: tuple[Censored, ...]) -> tuple[SlotPlan, ...]:
    plans = []
    if any(state.below for state in states):
        plans.append(SlotPlan(Role.BELOW, unit="yes/no"))
    if any(state.above for state in states):
        plans.append(SlotPlan(Role.ABOVE, unit="yes/no"))
    return tuple(plans)


def _apply(cells: Cells, fitted: Censored, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    if cells.censored.size == 0:
        return made
    for offset, slot in enumerate(slots):
        if slot.role is Role.BELOW and fitted.below:
            made[:, offset] = cells.censored < 0
        if slot.role is Role.ABOVE and fitted.above:
            made[:, offset] = cells.censored > 0
    return made


def _describe(fitted: Censored) -> str:
    return f"1 where the number is only a limit (fit rows: {fitted.below} below, {fitted.above} above)"


def _check(fitted: Censored, slots: tuple[Slot, ...]) -> str:
    roles = [slot.role for slot in slots]
    allowed = ([Role.BELOW, Role.ABOVE], [Role.BELOW], [Role.ABOVE], [])
    return "" if roles in allowed else "expected at most one below and one above slot"


STEP = Step(
    name="censored@1",
    asked_record=NothingAsked,
    fitted_record=Censored,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    fitted_rules={"below": Rule("count", low=0), "above": Rule("count", low=0)},
)
