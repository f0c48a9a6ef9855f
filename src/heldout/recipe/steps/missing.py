"""`missing@1`: indicators for cells without a value, missing and unparsed apart, only where fit rows have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.step import NothingAsked, SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import FloatArray


@dataclass(frozen=True)
class Absent:
    """Fitted: how many fit rows have no value.

    Args:
        missing: fit rows that are missing.
        unparsed: fit rows that could not be read.
    """

    missing: int
    unparsed: int


def _fit(cells: Cells, asked: NothingAsked) -> Absent:
    counts = np.bincount(cells.outcome, minlength=len(Outcome))
    return Absent(int(counts[Outcome.MISSING]), int(counts[Outcome.UNPARSED]))


def _plan(states: tuple[Absent, ...]) -> tuple[SlotPlan, ...]:
    plans = []
    if any(state.missing for state in states):
        plans.append(SlotPlan(Role.MISSING, unit="yes/no"))
    if any(state.unparsed for state in states):
        plans.append(SlotPlan(Role.UNPARSED, unit="yes/no"))
    return tuple(plans)


def _apply(cells: Cells, fitted: Absent, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    for offset, slot in enumerate(slots):
        if slot.role is Role.MISSING and fitted.missing:
            made[:, offset] = cells.outcome == Outcome.MISSING
            if not fitted.unparsed:
                # Without a trained slot of its own an unparsed cell is still a cell without a value.
                made[:, offset] += cells.outcome == Outcome.UNPARSED
        if slot.role is Role.UNPARSED and fitted.unparsed:
            made[:, offset] = cells.outcome == Outcome.UNPARSED
    return made


def _describe(fitted: Absent) -> str:
    unparsed = f"{fitted.unparsed} unparsed"
    if fitted.missing and not fitted.unparsed:
        unparsed += ", so an unparsed cell counts as missing"
    return f"1 where there is no value (fit rows: {fitted.missing} missing, {unparsed})"


def _check(fitted: Absent, slots: tuple[Slot, ...]) -> str:
    roles = [slot.role for slot in slots]
    allowed = ([Role.MISSING, Role.UNPARSED], [Role.MISSING], [Role.UNPARSED], [])
    return "" if roles in allowed else "expected at most one missing and one unparsed slot"


STEP = Step(
    name="missing@1",
    asked_record=NothingAsked,
    fitted_record=Absent,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    fitted_rules={"missing": Rule("count", low=0), "unparsed": Rule("count", low=0)},
)
