"""`onehot@1`: one slot per known category, and separate slots for rare, missing, unseen and unparsed cells."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.cells.characters import fold_text
from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import CodeArray, FloatArray

MOST_VALUES = 10_000
MOST_RARE = 50_000_000
_LABEL_OF = {
    Role.RARE: "<rare>",
    Role.MISSING: "<missing>",
    Role.UNSEEN: "<unseen>",
    Role.UNPARSED: "<unparsed>",
}


@dataclass(frozen=True)
class CategoriesAsked:
    """Asked: which values get a slot of their own.

    Args:
        most_values: at most so many, the most frequent ones (1 to 10,000).
        rare_rows: a value in fewer fit rows goes to `<rare>` (at least 2).
        rare_share: a value in a smaller share of the fit rows goes to `<rare>` too (0 to 1).
    """

    most_values: int = 64
    rare_rows: int = 2
    rare_share: float = 0.001


@dataclass(frozen=True, eq=False)
class Categories:
    """Fitted: which texts are known.

    Args:
        known: texts with a slot of their own, sorted.
        missing: fit rows without a value.
        unparsed: fit rows that could not be read.
        rare: uint64, sorted 64-bit hashes of the rare texts: enough to tell rare from unseen, while the texts
            themselves, which may name a person, do not stand in the recipe.
    """

    known: tuple[str, ...]
    missing: int
    unparsed: int
    rare: NDArray[np.uint64]


def hash_text(text: str) -> int:
    """Hash a text to 64 bits, the same on every machine.

    Example:
        >>> hash_text("a") == hash_text("a"), hash_text("a") == hash_text("b")
        (True, False)
    """
    return int.from_bytes(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little"
    )


def fold_known(known: Iterable[str]) -> dict[str, str]:
    """Known texts by their folded form, for new spellings of them: case and blanks do not count.

    Two known texts with one folded form are two things here, and so are single letters: neither takes in a new one.

    Args:
        known: texts with a slot of their own.

    Example:
        >>> fold_known(["Male", "Fe male", "a", "AB", "ab"])
        {'male': 'Male', 'fe male': 'Fe male'}
    """
    folded = [(fold_text(text), text) for text in known]
    counts = Counter(key for key, _ in folded)
    return {key: text for key, text in folded if counts[key] == 1 and len(key) > 1}


def _fit(cells: Cells, asked: CategoriesAsked) -> Categories:
    has_value = cells.outcome == Outcome.VALUE
    counts = np.bincount(cells.codes[has_value], minlength=len(cells.levels))
    fewest = max(2, asked.rare_rows, math.ceil(asked.rare_share * cells.size))
    present = np.flatnonzero(counts)
    # A yes/no column has two values by declaration; neither is ever rare.
    frequent = [code for code in present if counts[code] >= fewest or cells.kind == "yes/no"]
    frequent.sort(key=lambda code: (-counts[code], cells.levels[code]))
    known = {int(code) for code in frequent[: asked.most_values]}
    rare = sorted(hash_text(cells.levels[code]) for code in present if int(code) not in known)
    absent = np.bincount(cells.outcome, minlength=len(Outcome))
    return Categories(
        known=tuple(sorted(cells.levels[code] for code in known)),
        missing=int(absent[Outcome.MISSING]),
        unparsed=int(absent[Outcome.UNPARSED]),
        rare=np.array(rare, np.uint64),
    )


def _plan(states: tuple[Categories, ...]) -> tuple[SlotPlan, ...]:
    labels = sorted({label for state in states for label in state.known})
    plans = [SlotPlan(Role.CATEGORY, label, "yes/no") for label in labels]
    roles = [Role.MISSING, Role.UNSEEN, Role.UNPARSED]
    if any(state.rare.size for state in states):
        roles.insert(0, Role.RARE)
    return (*plans, *(SlotPlan(role, _LABEL_OF[role], "yes/no") for role in roles))


def _apply(cells: Cells, fitted: Categories, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    made[np.arange(cells.size), _place_cells(cells, fitted, slots)] = 1.0
    return made


def _place_cells(cells: Cells, fitted: Categories, slots: tuple[Slot, ...]) -> CodeArray:
    """Find the offset of each cell's slot; a slot that no fit row filled is replaced by `<unseen>`."""
    special = {slot.role: offset for offset, slot in enumerate(slots) if slot.role is not Role.CATEGORY}
    unseen = special[Role.UNSEEN]
    offset_of = {slot.label: offset for offset, slot in enumerate(slots) if slot.role is Role.CATEGORY}
    known = {label: offset_of[label] for label in fitted.known if label in offset_of}
    rare = set(fitted.rare.tolist()) if Role.RARE in special else set()
    # Known by the fit rows but without a slot (a state added later): as good as rare.
    rare_known = set(fitted.known) - set(known) if rare else set()
    place = np.full(len(cells.levels) + 1, unseen, np.int32)
    folded = fold_known(known)
    for code, text in enumerate(cells.levels):
        if text in known:
            place[code] = known[text]
        elif rare and (text in rare_known or hash_text(text) in rare):
            place[code] = special[Role.RARE]
        elif (spelling := folded.get(fold_text(text))) is not None:
            place[code] = known[spelling]
    placed = place[cells.codes]
    placed[cells.outcome == Outcome.MISSING] = special[Role.MISSING] if fitted.missing else unseen
    placed[cells.outcome == Outcome.UNPARSED] = special[Role.UNPARSED] if fitted.unparsed else unseen
    placed[cells.outcome == Outcome.UNSEEN] = unseen
    return placed


def _describe(fitted: Categories) -> str:
    extra = [f"{fitted.rare.size} rare values"] if fitted.rare.size else []
    for count, word in ((fitted.missing, "missing"), (fitted.unparsed, "unparsed")):
        extra.append(f"{count} {word}" if count else f"none {word}, such cells go to <unseen>")
    return (
        f"1 in the slot of its value, {len(fitted.known)} values known, whatever their case and blanks (fit rows: "
        f"{'; '.join(extra)})"
    )


def _check(fitted: Categories, slots: tuple[Slot, ...]) -> str:
    labels = [slot.label for slot in slots if slot.role is Role.CATEGORY]
    roles = [slot.role for slot in slots[len(labels) :]]
    tail = [Role.MISSING, Role.UNSEEN, Role.UNPARSED]
    if roles not in (tail, [Role.RARE, *tail]) or len(set(labels)) != len(labels):
        return "expected distinct category slots, then (rare,) missing, unseen, unparsed"
    if len(set(fitted.known)) != len(fitted.known):
        return "a known value is listed twice"
    return ""


def _decode(numbers: FloatArray, fitted: Categories, slots: tuple[Slot, ...]) -> str | None:
    slot = slots[int(np.argmax(numbers))]
    return None if slot.role is Role.MISSING else slot.label


STEP = Step(
    name="onehot@1",
    asked_record=CategoriesAsked,
    fitted_record=Categories,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    decode=_decode,
    asked_rules={
        "most_values": Rule("count", low=1, high=MOST_VALUES),
        "rare_rows": Rule("count", low=2, high=1_000_000_000),
        "rare_share": Rule("number", low=0.0, high=1.0),
    },
    fitted_rules={
        "known": Rule("texts", longest=MOST_VALUES),
        "missing": Rule("count", low=0),
        "unparsed": Rule("count", low=0),
        "rare": Rule("array", dtype="uint64", longest=MOST_RARE),
    },
)
