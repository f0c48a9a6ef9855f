"""`set@1`: a cell that lists items as one slot per known item, the share of rare and new items, and their number."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.onehot import hash_text
from heldout.recipe.steps.standardize import SCALE_RULES, Scale, check_scale, fit_scale, scale_values
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import FloatArray

MOST_ITEMS = 10_000
MOST_RARE = 50_000_000
# How typed cells join their items.
JOIN = "; "
_SHOWN = (Role.CATEGORY, Role.RARE)
_TAIL = (Role.RARE, Role.LENGTH)


@dataclass(frozen=True)
class ItemsAsked:
    """Asked: which items get a slot of their own.

    Args:
        most_items: at most so many, those in most fit rows (1 to 10,000).
        fewest_rows: an item in fewer fit rows goes to `<rare>` (at least 2).
    """

    most_items: int = 64
    fewest_rows: int = 2


@dataclass(frozen=True, eq=False)
class Items:
    """Fitted: which items are known.

    Args:
        known: items with a slot of their own, sorted.
        length: scale of the number of items.
        rare: uint64, sorted 64-bit hashes of the rare items.
    """

    known: tuple[str, ...]
    length: Scale
    rare: NDArray[np.uint64]


def split_set(text: str) -> list[str]:
    """The items of a typed set cell.

    Example:
        >>> split_set("bone pain; Genu varum")
        ['bone pain', 'Genu varum']
    """
    return [item for item in text.split(JOIN) if item]


def _fit(cells: Cells, asked: ItemsAsked) -> Items:
    weight = np.bincount(cells.codes[cells.outcome == Outcome.VALUE], minlength=len(cells.levels))
    rows_with: Counter[str] = Counter()
    lengths: list[int] = []
    for text, rows in zip(cells.levels, weight.tolist(), strict=True):
        items = split_set(text)
        lengths.append(len(items))
        for item in set(items) if rows else ():
            rows_with[item] += rows
    frequent = [item for item, rows in rows_with.items() if rows >= asked.fewest_rows]
    frequent.sort(key=lambda item: (-rows_with[item], item))
    known = set(frequent[: asked.most_items])
    rare = sorted(hash_text(item) for item in rows_with if item not in known)
    counted = np.repeat(np.array(lengths, np.float64), weight) if lengths else np.zeros(0)
    return Items(
        tuple(sorted(known)), fit_scale(np.sort(counted), may_transform=False), np.array(rare, np.uint64)
    )


def _plan(states: tuple[Items, ...]) -> tuple[SlotPlan, ...]:
    items = sorted({item for state in states for item in state.known})
    plans = [SlotPlan(Role.CATEGORY, item, "yes/no") for item in items]
    return (
        *plans,
        SlotPlan(Role.RARE, "<rare>", "share"),
        SlotPlan(Role.LENGTH, "<number of items>", "sd"),
    )


def _apply(cells: Cells, fitted: Items, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    offset_of = {slot.label: offset for offset, slot in enumerate(slots) if slot.role is Role.CATEGORY}
    known = {item: offset_of[item] for item in fitted.known if item in offset_of}
    has_value = np.flatnonzero(cells.outcome == Outcome.VALUE)
    used, row_of = np.unique(cells.codes[has_value], return_inverse=True)
    block = np.zeros((used.size, len(slots)), np.float32)
    lengths = np.zeros(used.size)
    for row, code in enumerate(used.tolist()):
        items = split_set(cells.levels[code])
        lengths[row] = len(items)
        for item in items:
            if item in known:
                block[row, known[item]] = 1.0
            elif fitted.rare.size:
                # New items count with the rare ones, whose slot is trained; without any it stays zero.
                block[row, -2] += 1.0 / len(items)
    block[:, -1] = scale_values(lengths, fitted.length)
    made[has_value] = block[row_of]
    return made


def _describe(fitted: Items) -> str:
    return (
        f"1 in the slot of each of its items, {len(fitted.known)} items known, {fitted.rare.size} rare; share of rare "
        f"and new items; standardized number of items; without a value: 0"
    )


def _check(fitted: Items, slots: tuple[Slot, ...]) -> str:
    labels = [slot.label for slot in slots if slot.role is Role.CATEGORY]
    if tuple(slot.role for slot in slots[len(labels) :]) != _TAIL or len(set(labels)) != len(labels):
        return "expected distinct item slots, then the rare share and the number of items"
    if len(set(fitted.known)) != len(fitted.known):
        return "a known item is listed twice"
    return check_scale(fitted.length)


def _decode(numbers: FloatArray, fitted: Items, slots: tuple[Slot, ...]) -> str | None:
    lit = [
        slot.label for number, slot in zip(numbers, slots, strict=True) if number > 0 and slot.role in _SHOWN
    ]
    return JOIN.join(lit) or None


STEP = Step(
    name="set@1",
    asked_record=ItemsAsked,
    fitted_record=Items,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    decode=_decode,
    asked_rules={
        "most_items": Rule("count", low=1, high=MOST_ITEMS),
        "fewest_rows": Rule("count", low=2, high=1_000_000_000),
    },
    fitted_rules={
        "known": Rule("texts", longest=MOST_ITEMS),
        "length": Rule("record", record=Scale, rules=SCALE_RULES),
        "rare": Rule("array", dtype="uint64", longest=MOST_RARE),
    },
)
