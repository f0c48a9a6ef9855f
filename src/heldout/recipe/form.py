"""The recipe as canonical JSON plus arrays, read back strictly: closed vocabulary, bounds on everything."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from heldout.errors import RecipeError
from heldout.recipe.form_arrays import read_array_plans, read_array_states
from heldout.recipe.json_text import parse_json
from heldout.recipe.record import (
    SCHEMA,
    ArrayPlan,
    ColumnPlan,
    ColumnState,
    FitRates,
    OpUse,
    Recipe,
    Role,
    Slot,
    State,
)
from heldout.recipe.rules import (
    Rule,
    Rules,
    check_keys,
    read_array,
    read_fields,
    read_list,
    read_value,
    shorten,
)
from heldout.recipe.steps.step import Step
from heldout.recipe.steps.table import STEPS
from heldout.records import ColumnSpec, Kind

MOST_COLUMNS = 1_000_000
MOST_SLOTS = 5_000_000
MOST_STATES = 1_000
MOST_OPS = 8
GRAMMARS = (
    "template",
    "pair",
    "range",
    "spread",
    "variant",
    "region",
    "pedigree",
    "clock",
    "list",
    "letters",
    "encoding",
)
_DIRECTIVE = re.compile(r"%([^YymdHMSfjbBaApIzZGuV%-])")

SPEC_RULES: Rules = {
    "name": Rule("text"),
    "kind": Rule("choice", choices=tuple(kind.value for kind in Kind)),
    "why": Rule("text"),
    "decided": Rule("choice", choices=("auto", "user")),
    "missing_words": Rule("texts", longest=10_000),
    "true_words": Rule("texts", longest=10_000),
    "false_words": Rule("texts", longest=10_000),
    "date_format": Rule("text", longest=200),
    "decimal": Rule("choice", choices=(".", ",")),
    "used": Rule("flag"),
    "source": Rule("text"),
    "grammar": Rule("choice", choices=("", *GRAMMARS)),
    "pattern": Rule("text", longest=200),
    "part": Rule("text", longest=200),
    "unit": Rule("text", longest=40),
    "thousands": Rule("choice", choices=("", ",", ".", " ", "'")),
    "spellings": Rule("texts", longest=20_000),
    "low": Rule("maybe number"),
    "high": Rule("maybe number"),
    "beyond": Rule("choice", choices=("clip", "impossible")),
    "question": Rule("text", longest=2_000),
}
SLOT_RULES: Rules = {
    "position": Rule("count", low=0, high=MOST_SLOTS),
    "role": Rule("choice", choices=tuple(role.value for role in Role)),
    "label": Rule("text"),
    "unit": Rule("text", longest=40),
}
RATE_RULES: Rules = {
    "missing": Rule("number", low=0.0, high=1.0),
    "unseen": Rule("number", low=0.0, high=1.0),
    "unparsed": Rule("number", low=0.0, high=1.0),
    "low": Rule("maybe number"),
    "median": Rule("maybe number"),
    "high": Rule("maybe number"),
}
FITTED_ON_RULES: Rules = {"rows": Rule("count", low=1, high=10**12), "sha256": Rule("text", longest=64)}


def recipe_to_json(recipe: Recipe) -> tuple[str, dict[str, np.ndarray]]:
    """Write a recipe as text that people can read and diff, and arrays for what is long.

    One line per column, so that a changed column is one changed line. Canonical: sorted keys, shortest floats
    that read back to the same bits, ASCII only (so that no character can disguise another), never NaN. Equal
    recipes give equal text.

    Returns:
        The JSON text, and arrays by name "state/column/step/field".

    Example:
        >>> text, arrays = recipe_to_json(Recipe((), ()))
        >>> '"schema": "heldout/recipe/1"' in text, arrays
        (True, {})
    """
    arrays: dict[str, np.ndarray] = {}
    columns = _write_lines([_write_text(_write_plan(plan)) for plan in recipe.columns])
    states = _write_lines([_write_state(recipe, index, arrays) for index in range(len(recipe.states))])
    kept = _write_lines([_write_text(write_record(plan)) for plan in recipe.arrays])
    head = f'"arrays": {kept},\n"columns": {columns},\n"schema": {_write_text(SCHEMA)}'
    return f'{{{head},\n"states": {states}}}\n', arrays


def recipe_hash(recipe: Recipe) -> str:
    """Give the identity of the preprocessing: sha256 of the canonical text and all arrays.

    Example:
        >>> len(recipe_hash(Recipe((), ())))
        64
    """
    text, arrays = recipe_to_json(recipe)
    digest = hashlib.sha256(text.encode("ascii"))
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode("ascii"))
        digest.update(array.astype(array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def recipe_from_json(text: str, arrays: dict[str, np.ndarray]) -> Recipe:
    """Read a recipe strictly; anything unknown, missing or out of bounds is refused.

    The file is data only: step names are keys of a fixed table, nothing in it is ever run.

    Args:
        text: the JSON text.
        arrays: the arrays by name.

    Raises:
        RecipeError: naming the place, what was found and what was expected.

    Example:
        >>> recipe_from_json('{"schema": "heldout/recipe/9", "columns": [], "states": []}', {})
        Traceback (most recent call last):
        heldout.errors.RecipeError: recipe: schema 'heldout/recipe/9' is not known to this version
          -> this version reads 'heldout/recipe/1'
    """
    given = parse_json(text)
    if isinstance(given, dict) and given.get("schema", SCHEMA) != SCHEMA:
        raise RecipeError(
            f"recipe: schema {shorten(given['schema'])} is not known to this version",
            hint=f"this version reads {SCHEMA!r}",
        )
    check_keys(given, ("schema", "arrays", "columns", "states"), "recipe")
    columns = [
        _read_plan(item, f"column {index}")
        for index, item in enumerate(read_list(given["columns"], MOST_COLUMNS, "columns"))
    ]
    _check_layout(columns)
    kept = read_array_plans(given["arrays"])
    waiting = dict(arrays)
    states = [
        _read_state(item, (columns, kept), waiting, index)
        for index, item in enumerate(read_list(given["states"], MOST_STATES, "states"))
    ]
    if waiting:
        raise RecipeError(f"recipe: array {shorten(min(map(str, waiting)))} belongs to no step")
    return Recipe(tuple(columns), tuple(states), kept)


def write_record(record: object) -> dict[str, Any]:
    """Write a frozen dataclass as JSON values; its arrays are left out, they stand beside the text.

    Example:
        >>> write_record(State(3, "ab", ()))
        {'rows': 3, 'sha256': 'ab', 'columns': [], 'arrays': []}
    """
    made: dict[str, Any] = {}
    for item in fields(record):  # type: ignore[arg-type]
        value = getattr(record, item.name)
        if is_dataclass(value):
            made[item.name] = write_record(value)
        elif not isinstance(value, np.ndarray):
            made[item.name] = list(value) if isinstance(value, tuple) else value
    return made


def _write_plan(plan: ColumnPlan) -> dict[str, Any]:
    return {
        "read": write_record(plan.spec),
        "why": plan.why,
        "ops": [
            {
                "op": use.op,
                "asked": write_record(use.asked),
                "slots": [
                    {
                        "position": slot.position,
                        "role": slot.role.value,
                        "label": slot.label,
                        "unit": slot.unit,
                    }
                    for slot in use.slots
                ],
            }
            for use in plan.ops
        ],
    }


def _write_text(made: object) -> str:
    # Without blanks: a fifth of the text of a wide recipe would be blanks otherwise.
    return json.dumps(made, sort_keys=True, allow_nan=False, separators=(",", ":"))


def _write_lines(items: list[str]) -> str:
    return "[\n" + ",\n".join(items) + "\n]" if items else "[]"


def _write_state(recipe: Recipe, index: int, arrays: dict[str, np.ndarray]) -> str:
    state = recipe.states[index]
    columns = []
    for number, (plan, column) in enumerate(zip(recipe.columns, state.columns, strict=True)):
        fitted = []
        for place, (use, values) in enumerate(zip(plan.ops, column.fitted, strict=True)):
            fitted.append({"op": use.op, "values": write_record(values)})
            for name, rule in STEPS[use.op].fitted_rules.items():
                if rule.kind == "array":
                    arrays[f"{index}/{number}/{place}/{name}"] = getattr(values, name)
        columns.append(_write_text({"fitted": fitted, "rates": write_record(column.rates)}))
    fitted_on = _write_text({"rows": state.rows, "sha256": state.sha256})
    kept = _write_lines([_write_text(write_record(one)) for one in state.arrays])
    return f'{{"arrays": {kept},\n"columns": {_write_lines(columns)},\n"fitted_on": {fitted_on}}}'


def _read_plan(given: object, where: str) -> ColumnPlan:
    check_keys(given, ("read", "why", "ops"), where)
    plan: dict[str, Any] = given  # type: ignore[assignment]
    read = read_fields(plan["read"], SPEC_RULES, f"{where}, 'read'")
    bad = _DIRECTIVE.search(read["date_format"])
    if bad:
        raise RecipeError(
            f"{where}: date format {read['date_format']!r} has the unknown directive {bad.group()!r}"
        )
    spec = ColumnSpec(**{**read, "kind": Kind(read["kind"])})
    where = f"column {shorten(spec.name)}"
    why = read_value(plan["why"], Rule("text"), f"{where}, 'why'")
    ops = tuple(
        _read_use(item, spec.name, f"{where}, step {index}")
        for index, item in enumerate(read_list(plan["ops"], MOST_OPS, f"{where}, 'ops'"))
    )
    if not ops:
        raise RecipeError(f"{where}: there is no step; a column that is not used needs 'drop@1'")
    return ColumnPlan(spec, ops, why)


def _find_step(name: object, where: str) -> Step:
    if not isinstance(name, str) or name not in STEPS:
        known = ", ".join(STEPS)
        raise RecipeError(
            f"{where}: step {shorten(name)} is not known to this version", hint=f"known steps: {known}"
        )
    return STEPS[name]


def _read_use(given: object, column: str, where: str) -> OpUse:
    check_keys(given, ("op", "asked", "slots"), where)
    use: dict[str, Any] = given  # type: ignore[assignment]
    step = _find_step(use["op"], where)
    asked = step.asked_record(**read_fields(use["asked"], step.asked_rules, f"{where}, 'asked'"))
    slots = []
    for item in read_list(use["slots"], MOST_SLOTS, f"{where}, 'slots'"):
        slot = read_fields(item, SLOT_RULES, f"{where}, slot")
        slots.append(Slot(slot["position"], column, Role(slot["role"]), slot["label"], slot["unit"]))
    if not slots and step.name != "drop@1":
        raise RecipeError(f"{where}: {step.name} fills no slot")
    return OpUse(step.name, asked, tuple(slots))


def _check_layout(columns: list[ColumnPlan]) -> None:
    names: set[str] = set()
    position = 0
    for plan in columns:
        if plan.spec.name in names:
            raise RecipeError(f"column {shorten(plan.spec.name)} is there twice")
        names.add(plan.spec.name)
        steps = [use.op for use in plan.ops]
        if "drop@1" in steps and len(steps) > 1:
            raise RecipeError(f"column {shorten(plan.spec.name)}: 'drop@1' must stand alone")
        _check_kind(plan)
        for slot in (slot for use in plan.ops for slot in use.slots):
            if slot.position != position:
                raise RecipeError(
                    f"column {shorten(slot.column)}: slot position {slot.position}, expected {position}"
                )
            position += 1


# steps by kind of column; one of the first tuple begins
_STEPS_OF_KIND: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.NUMBER: (("standardize@1",), ("piecewise@1", "missing@1", "censored@1")),
    Kind.DATE: (("date@1",), ("missing@1",)),
    Kind.TEXT: (("words@1", "tokens@1"), ("missing@1",)),
    Kind.SET: (("set@1",), ("missing@1",)),
    Kind.SEQUENCE: (("bases@1", "kmers@1"), ("kmers@1", "missing@1")),
    Kind.CATEGORY: (("onehot@1",), ()),
    Kind.YES_NO: (("onehot@1",), ()),
}


def _check_kind(plan: ColumnPlan) -> None:
    """Refuse a step on a kind of column whose cells it cannot take."""
    first, further = _STEPS_OF_KIND.get(plan.spec.kind, ((), ()))
    steps = [use.op for use in plan.ops]
    for index, op in enumerate(steps):
        if op != "drop@1" and (op not in (*first, *further) or op in steps[:index]):
            raise RecipeError(
                f"column {shorten(plan.spec.name)}: {op} is not for {plan.spec.kind.value}, or is there twice"
            )
    if steps[0] not in (*first, "drop@1"):
        raise RecipeError(
            f"column {shorten(plan.spec.name)}: the first step is {steps[0]}, expected {' or '.join(first)}"
        )


def _read_state(
    given: object,
    declared: tuple[list[ColumnPlan], tuple[ArrayPlan, ...]],
    waiting: dict[str, np.ndarray],
    index: int,
) -> State:
    plans, kept = declared
    where = f"state {index}"
    check_keys(given, ("fitted_on", "arrays", "columns"), where)
    state: dict[str, Any] = given  # type: ignore[assignment]
    fitted_on = read_fields(state["fitted_on"], FITTED_ON_RULES, f"{where}, 'fitted_on'")
    if not re.fullmatch("[0-9a-f]{64}", fitted_on["sha256"]):
        raise RecipeError(f"{where}: {shorten(fitted_on['sha256'])} is not a sha256 in hexadecimal digits")
    items = read_list(state["columns"], MOST_COLUMNS, f"{where}, 'columns'")
    if len(items) != len(plans):
        raise RecipeError(f"{where}: {len(items)} columns, but the recipe declares {len(plans)}")
    columns = tuple(
        _read_column_state(item, plan, waiting, f"{index}/{number}")
        for number, (item, plan) in enumerate(zip(items, plans, strict=True))
    )
    arrays = read_array_states(state["arrays"], kept, where)
    return State(fitted_on["rows"], fitted_on["sha256"], columns, arrays)


def _read_column_state(
    given: object, plan: ColumnPlan, waiting: dict[str, np.ndarray], place: str
) -> ColumnState:
    where = f"state {place.split('/')[0]}, column {shorten(plan.spec.name)}"
    check_keys(given, ("fitted", "rates"), where)
    state: dict[str, Any] = given  # type: ignore[assignment]
    rates = FitRates(**read_fields(state["rates"], RATE_RULES, f"{where}, 'rates'"))
    items = read_list(state["fitted"], MOST_OPS, f"{where}, 'fitted'")
    if len(items) != len(plan.ops):
        raise RecipeError(f"{where}: {len(items)} fitted steps, but {len(plan.ops)} are declared")
    fitted = []
    for number, (item, use) in enumerate(zip(items, plan.ops, strict=True)):
        fitted.append(_read_fitted(item, use, waiting, (f"{place}/{number}", where)))
    return ColumnState(tuple(fitted), rates)


def _read_fitted(given: object, use: OpUse, waiting: dict[str, np.ndarray], place: tuple[str, str]) -> object:
    prefix, where = place
    check_keys(given, ("op", "values"), where)
    item: dict[str, Any] = given  # type: ignore[assignment]
    if item["op"] != use.op:
        raise RecipeError(f"{where}: fitted values of {shorten(item['op'])}, but {use.op} is declared")
    step = STEPS[use.op]
    values = read_fields(item["values"], step.fitted_rules, f"{where}, {use.op}")
    for name, rule in step.fitted_rules.items():
        if rule.kind == "array":
            key = f"{prefix}/{name}"
            if key not in waiting:
                raise RecipeError(f"{where}: array {key!r} is missing")
            values[name] = read_array(waiting.pop(key), rule, f"{where}, array {key!r}")
    fitted = step.fitted_record(**values)
    wrong = step.check(fitted, use.slots)
    if wrong:
        raise RecipeError(f"{where}, {use.op}: {wrong}")
    return fitted
