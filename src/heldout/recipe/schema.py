"""The published JSON Schema of a recipe file, made from the same rules that read it."""

from __future__ import annotations

from typing import Any

from heldout.recipe.form import (
    FITTED_ON_RULES,
    MOST_COLUMNS,
    MOST_OPS,
    MOST_SLOTS,
    MOST_STATES,
    RATE_RULES,
    SLOT_RULES,
    SPEC_RULES,
)
from heldout.recipe.form_arrays import MOST_ARRAYS, PLAN_RULES, STATE_RULES
from heldout.recipe.record import SCHEMA
from heldout.recipe.rules import close_object, describe_rules
from heldout.recipe.steps.table import STEPS


def recipe_schema() -> dict[str, Any]:
    """Give the JSON Schema (draft 2020-12) of `recipe.json`; every object in it is closed.

    Example:
        >>> recipe_schema()["properties"]["schema"]
        {'const': 'heldout/recipe/1'}
    """
    made = close_object(
        {
            "schema": {"const": SCHEMA},
            "arrays": _list_of(describe_rules(PLAN_RULES), MOST_ARRAYS),
            "columns": _list_of(_describe_plan(), MOST_COLUMNS),
            "states": _list_of(_describe_state(), MOST_STATES),
        }
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "heldout recipe", **made}


def _list_of(items: dict[str, Any], longest: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": longest}


def _describe_plan() -> dict[str, Any]:
    slots = _list_of(describe_rules(SLOT_RULES), MOST_SLOTS)
    uses = [
        close_object({"op": {"const": step.name}, "asked": describe_rules(step.asked_rules), "slots": slots})
        for step in STEPS.values()
    ]
    ops = {**_list_of({"oneOf": uses}, MOST_OPS), "minItems": 1}
    return close_object({"read": describe_rules(SPEC_RULES), "why": {"type": "string"}, "ops": ops})


def _describe_state() -> dict[str, Any]:
    fitted = [
        close_object({"op": {"const": step.name}, "values": describe_rules(step.fitted_rules)})
        for step in STEPS.values()
    ]
    column = close_object(
        {"fitted": _list_of({"oneOf": fitted}, MOST_OPS), "rates": describe_rules(RATE_RULES)}
    )
    fitted_on = describe_rules(FITTED_ON_RULES)
    fitted_on["properties"]["sha256"] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    arrays = _list_of(describe_rules(STATE_RULES), MOST_ARRAYS)
    return close_object({"fitted_on": fitted_on, "arrays": arrays, "columns": _list_of(column, MOST_COLUMNS)})
