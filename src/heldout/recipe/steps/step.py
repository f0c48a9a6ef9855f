"""What a step of the recipe is: a name with a version, closed rules, and pure functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from heldout.recipe.record import Role
from heldout.recipe.rules import Rules


@dataclass(frozen=True)
class SlotPlan:
    """A slot before it has a position.

    Args:
        role: what it stands for.
        label: the category, word, bin, ... or "".
        unit: the unit of its number.
    """

    role: Role
    label: str = ""
    unit: str = ""


@dataclass(frozen=True)
class NothingAsked:
    """The asked parameters of a step that has none."""


@dataclass(frozen=True)
class Step:
    """One step: a table row of pure functions and of the rules its records must obey.

    Every step keeps one promise: a slot that no fit row of a state has filled stays zero in that state (the one
    exception is `<unseen>`, which training fills by slot dropout). A network has no trained weight for such a slot,
    so filling it at prediction time would add noise.

    Args:
        name: name and version, e.g. "onehot@1".
        asked_record: frozen dataclass of asked parameters.
        fitted_record: frozen dataclass of fitted values.
        fit: (cells, asked) -> fitted; sees the cells of a view only.
        plan: (fitted of all states) -> slot plans, the same for all states.
        apply: (cells, fitted, slots) -> float32 [n, len(slots)], finite.
        describe: (fitted) -> one sentence with the fitted numbers.
        check: (fitted, slots) -> "" or what does not fit together, for records read from a file.
        decode: (numbers, fitted, slots) -> the value, text, or None; only where something can be read back.
        asked_rules: what the asked parameters may hold.
        fitted_rules: what the fitted values may hold.
    """

    name: str
    asked_record: type
    fitted_record: type
    fit: Callable[..., Any]
    plan: Callable[..., tuple[SlotPlan, ...]]
    apply: Callable[..., Any]
    describe: Callable[..., str]
    check: Callable[..., str]
    decode: Callable[..., Any] | None = None
    asked_rules: Rules = field(default_factory=dict)
    fitted_rules: Rules = field(default_factory=dict)
