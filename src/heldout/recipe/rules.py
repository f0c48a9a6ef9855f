"""Closed rules for the fields of a recipe file: what is read strictly is also what the JSON Schema publishes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heldout.errors import RecipeError

LARGEST = 1e101
LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class Rule:
    """What one field may hold.

    Args:
        kind: "number", "maybe number", "count", "text", "choice", "texts", "numbers", "flag", "record" or "array".
        low: smallest number allowed (also of each item).
        high: largest number allowed.
        longest: most characters of a text, or most items of a list or array.
        choices: the allowed words, for kind "choice".
        dtype: dtype of an array; arrays stand beside the JSON text.
        record: the frozen dataclass of a nested record, for kind "record".
        rules: the rules of its fields.
    """

    kind: str
    low: float = -LARGEST
    high: float = LARGEST
    longest: int = LONGEST_TEXT
    choices: tuple[str, ...] = ()
    dtype: str = ""
    record: type | None = None
    rules: dict[str, Rule] = field(default_factory=dict)


Rules = dict[str, Rule]


def read_fields(given: object, rules: Rules, where: str) -> dict[str, Any]:
    """Read one JSON object by its rules: every field there, no other field, every value in bounds.

    Args:
        given: what the JSON parser returned.
        rules: the allowed fields; those of kind "array" do not stand in the text.
        where: the place in the file, for the message.

    Returns:
        The checked values; lists as tuples, numbers as float.

    Raises:
        RecipeError: naming the place, the field, what was found and what was expected.

    Example:
        >>> read_fields({"rows": 3}, {"rows": Rule("count", low=1)}, "state 0")
        {'rows': 3}
        >>> read_fields({"rows": True}, {"rows": Rule("count", low=1)}, "state 0")
        Traceback (most recent call last):
        heldout.errors.RecipeError: state 0, 'rows': expected a whole number from 1 to 1e+101, got True
    """
    written = {name: rule for name, rule in rules.items() if rule.kind != "array"}
    check_keys(given, tuple(written), where)
    fields: dict[str, Any] = given  # type: ignore[assignment]
    return {name: read_value(fields[name], rule, f"{where}, {name!r}") for name, rule in written.items()}


def check_keys(given: object, names: tuple[str, ...], where: str) -> None:
    """Refuse anything but an object with exactly these keys.

    Raises:
        RecipeError: not an object, a missing key, or an unknown key.

    Example:
        >>> check_keys({"op": "drop@1", "code": "x"}, ("op",), "column 'a'")
        Traceback (most recent call last):
        heldout.errors.RecipeError: column 'a': unknown key 'code'; known: 'op'
    """
    if not isinstance(given, dict):
        raise RecipeError(f"{where}: expected an object, got {shorten(given)}")
    for name in names:
        if name not in given:
            raise RecipeError(f"{where}: key {name!r} is missing")
    for name in given:
        if name not in names:
            raise RecipeError(f"{where}: unknown key {shorten(name)}; known: {', '.join(map(repr, names))}")


def read_list(given: object, longest: int, where: str) -> list[Any]:
    """Refuse anything but a list of at most so many items.

    Raises:
        RecipeError: not a list, or too long.

    Example:
        >>> read_list([1, 2], 1, "states")
        Traceback (most recent call last):
        heldout.errors.RecipeError: states: at most 1 items are allowed, got 2
    """
    if not isinstance(given, list):
        raise RecipeError(f"{where}: expected a list, got {shorten(given)}")
    if len(given) > longest:
        raise RecipeError(f"{where}: at most {longest} items are allowed, got {len(given)}")
    return given


def read_value(given: object, rule: Rule, where: str) -> Any:  # noqa: ANN401 - the type follows from the rule
    """Read one value by its rule.

    Raises:
        RecipeError: another type, or out of bounds.

    Example:
        >>> read_value("asinh", Rule("choice", choices=("none", "asinh")), "transform")
        'asinh'
        >>> read_value("exec", Rule("choice", choices=("none", "asinh")), "transform")
        Traceback (most recent call last):
        heldout.errors.RecipeError: transform: expected one of 'none', 'asinh', got 'exec'
    """
    if rule.kind == "maybe number" and given is None:
        return None
    if rule.record is not None:
        return rule.record(**read_fields(given, rule.rules, where))
    if rule.kind in ("number", "maybe number"):
        return _read_number(given, rule, where)
    if rule.kind == "count":
        return _read_count(given, rule, where)
    if rule.kind == "flag":
        if not isinstance(given, bool):
            raise RecipeError(f"{where}: expected true or false, got {shorten(given)}")
        return given
    if rule.kind == "choice":
        if not isinstance(given, str) or given not in rule.choices:
            expected = ", ".join(map(repr, rule.choices))
            raise RecipeError(f"{where}: expected one of {expected}, got {shorten(given)}")
        return given
    if rule.kind == "texts":
        return tuple(_read_text(item, Rule("text"), where) for item in read_list(given, rule.longest, where))
    if rule.kind == "numbers":
        return tuple(_read_number(item, rule, where) for item in read_list(given, rule.longest, where))
    return _read_text(given, rule, where)


def read_array(given: object, rule: Rule, where: str) -> np.ndarray:
    """Check one array: dtype, one axis, length, all numbers finite and in bounds.

    Returns:
        A read-only copy, so that a record holding it stays frozen.

    Raises:
        RecipeError: anything else.

    Example:
        >>> import numpy as np
        >>> read_array(np.array([1.0, np.nan]), Rule("array", dtype="float64", longest=9), "idf")
        Traceback (most recent call last):
        heldout.errors.RecipeError: idf: number 1 is nan; expected from -1e+101 to 1e+101
    """
    if not isinstance(given, np.ndarray) or given.dtype != np.dtype(rule.dtype) or given.ndim != 1:
        found = f"{given.dtype} {given.shape}" if isinstance(given, np.ndarray) else shorten(given)
        raise RecipeError(f"{where}: expected an array of {rule.dtype} with one axis, got {found}")
    if given.size > rule.longest:
        raise RecipeError(f"{where}: at most {rule.longest} numbers are allowed, got {given.size}")
    if given.dtype.kind == "f":
        bad = np.flatnonzero(~((given >= rule.low) & (given <= rule.high)))
        if bad.size:
            raise RecipeError(
                f"{where}: number {bad[0]} is {given[bad[0]]}; expected from {rule.low:g} to {rule.high:g}"
            )
    kept = given.copy()
    kept.flags.writeable = False
    return kept


def describe_rules(rules: Rules) -> dict[str, Any]:
    """Write rules as a closed JSON Schema object.

    Example:
        >>> describe_rules({"rows": Rule("count", low=1, high=9)})["properties"]
        {'rows': {'type': 'integer', 'minimum': 1, 'maximum': 9}}
    """
    written = {name: rule for name, rule in rules.items() if rule.kind != "array"}
    return close_object({name: _describe_rule(rule) for name, rule in written.items()})


def close_object(properties: dict[str, Any]) -> dict[str, Any]:
    """Write the JSON Schema of an object with exactly these keys.

    Example:
        >>> close_object({"a": {}})["required"]
        ['a']
    """
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(properties),
        "additionalProperties": False,
    }


def shorten(given: object) -> str:
    """Show a value in at most 60 characters.

    Example:
        >>> shorten("a" * 100) == repr("a" * 56)[:57] + "..."
        True
    """
    if isinstance(given, (dict, list)):
        return f"{'an object' if isinstance(given, dict) else 'a list'} of {len(given)} items"
    if isinstance(given, int) and not isinstance(given, bool) and given.bit_length() > 256:
        return f"a whole number of {given.bit_length()} bits"
    text = repr(given[:100]) if isinstance(given, str) else repr(given)
    return text if len(text) <= 60 else text[:57] + "..."


def _read_number(given: object, rule: Rule, where: str) -> float:
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not rule.low <= given <= rule.high:
        raise RecipeError(
            f"{where}: expected a number from {rule.low:g} to {rule.high:g}, got {shorten(given)}"
        )
    return float(given)


def _read_count(given: object, rule: Rule, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not rule.low <= given <= rule.high:
        raise RecipeError(
            f"{where}: expected a whole number from {rule.low:g} to {rule.high:g}, got {shorten(given)}"
        )
    return given


def _read_text(given: object, rule: Rule, where: str) -> str:
    if not isinstance(given, str):
        raise RecipeError(f"{where}: expected a text, got {shorten(given)}")
    if len(given) > rule.longest:
        raise RecipeError(f"{where}: at most {rule.longest} characters are allowed, got {len(given)}")
    return given


def _describe_rule(rule: Rule) -> dict[str, Any]:
    bounds = {"minimum": _whole(rule.low), "maximum": _whole(rule.high)}
    if rule.kind == "number":
        return {"type": "number", **bounds}
    if rule.kind == "maybe number":
        return {"type": ["number", "null"], **bounds}
    if rule.kind == "count":
        return {"type": "integer", **bounds}
    if rule.record is not None:
        return describe_rules(rule.rules)
    if rule.kind == "flag":
        return {"type": "boolean"}
    if rule.kind == "choice":
        return {"enum": list(rule.choices)}
    if rule.kind == "texts":
        items = {"type": "string", "maxLength": LONGEST_TEXT}
        return {"type": "array", "items": items, "maxItems": rule.longest}
    if rule.kind == "numbers":
        return {"type": "array", "items": {"type": "number", **bounds}, "maxItems": rule.longest}
    return {"type": "string", "maxLength": rule.longest}


def _whole(number: float) -> float:
    return int(number) if math.isfinite(number) and abs(number) < 2**53 and number == int(number) else number
