"""`drop@1`: a column that leaves the features, with the reason."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells
from heldout.records import FloatArray


@dataclass(frozen=True)
class DropAsked:
    """Asked: why the column leaves.

    Args:
        reason: one sentence.
    """

    reason: str


@dataclass(frozen=True)
class NothingFitted:
    """Nothing is fitted for a dropped column."""


def _fit(cells: Cells, asked: DropAsked) -> NothingFitted:
    return NothingFitted()


def _plan(states: tuple[NothingFitted, ...]) -> tuple[SlotPlan, ...]:
    return ()


def _apply(cells: Cells, fitted: NothingFitted, slots: tuple[Slot, ...]) -> FloatArray:
    return np.zeros((cells.size, 0), np.float32)


def _describe(fitted: NothingFitted) -> str:
    return "not used"


def _check(fitted: NothingFitted, slots: tuple[Slot, ...]) -> str:
    return "a dropped column has no slots" if slots else ""


STEP = Step(
    name="drop@1",
    asked_record=DropAsked,
    fitted_record=NothingFitted,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    asked_rules={"reason": Rule("text", longest=2000)},
)
