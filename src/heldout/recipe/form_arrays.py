"""Pictures and signals of a recipe read back from JSON as strictly as its columns."""

from __future__ import annotations

from heldout.errors import RecipeError
from heldout.recipe.arrays import SCALINGS, STRETCHES
from heldout.recipe.record import ArrayPlan, ArrayState
from heldout.recipe.rules import Rule, Rules, read_fields, read_list
from heldout.records import ArrayPolicy, Kind

MOST_ARRAYS = 100
MOST_CHANNELS = 10_000
LONGEST_SIDE = 1_000_000
# float32 begins at 1e-45, so that no spread of what was read is smaller; a flux per hertz is 1e-32
LEAST_WIDTH = 1e-50

POLICY_RULES: Rules = {
    "kind": Rule("choice", choices=(Kind.PICTURE.value, Kind.SIGNAL.value)),
    "dtype": Rule("choice", choices=("uint8", "float32")),
    "channels": Rule("texts", longest=MOST_CHANNELS),
    "height": Rule("count", low=0, high=LONGEST_SIDE),
    "width": Rule("count", low=0, high=LONGEST_SIDE),
    "length": Rule("count", low=0, high=LONGEST_SIDE),
    "fit": Rule("choice", choices=("exact", "scale", "crop", "pad", "stretch", "grid")),
    "divisor": Rule("number", low=1e-30),
    "start": Rule("number"),
    "step": Rule("number"),
    "axis": Rule("text", longest=1_000),
    "unit": Rule("text", longest=1_000),
    "why": Rule("text"),
}
PLAN_RULES: Rules = {
    "name": Rule("text"),
    "policy": Rule("record", record=ArrayPolicy, rules=POLICY_RULES),
    "scaling": Rule("choice", choices=SCALINGS),
    "stretch": Rule("choice", choices=STRETCHES),
    "why": Rule("text"),
}
_NUMBERS = Rule("numbers", longest=MOST_CHANNELS)
_WIDTHS = Rule("numbers", low=LEAST_WIDTH, longest=MOST_CHANNELS)
STATE_RULES: Rules = {
    "low": _NUMBERS,
    "high": _NUMBERS,
    "middle": _NUMBERS,
    "width": _WIDTHS,
    "center": _NUMBERS,
    "spread": _WIDTHS,
}


def read_array_plans(given: object) -> tuple[ArrayPlan, ...]:
    """Read what is done to each array.

    Args:
        given: what the JSON parser returned.

    Raises:
        RecipeError: another shape of file, a name that is there twice, or sizes that are none.

    Example:
        >>> read_array_plans([])
        ()
        >>> read_array_plans({})
        Traceback (most recent call last):
        heldout.errors.RecipeError: arrays: expected a list, got an object of 0 items
    """
    plans = []
    for number, item in enumerate(read_list(given, MOST_ARRAYS, "arrays")):
        where = f"array {number}"
        fields = read_fields(item, PLAN_RULES, where)
        policy: ArrayPolicy = fields["policy"]
        fields["policy"] = ArrayPolicy(**{**vars(policy), "kind": Kind(policy.kind)})
        plan = ArrayPlan(**fields)
        sides = (policy.height, policy.width) if plan.policy.kind is Kind.PICTURE else (policy.length,)
        others = (policy.length,) if plan.policy.kind is Kind.PICTURE else (policy.height, policy.width)
        if min(sides) < 1 or any(others) or not policy.channels:
            raise RecipeError(f"{where}: a {plan.policy.kind.value} of shape {plan.shape} cannot be")
        if any(plan.name == other.name for other in plans):
            raise RecipeError(f"array {plan.name!r} is there twice")
        plans.append(plan)
    return tuple(plans)


def read_array_states(given: object, plans: tuple[ArrayPlan, ...], where: str) -> tuple[ArrayState, ...]:
    """Read the fitted numbers of each array.

    Args:
        given: what the JSON parser returned.
        plans: the arrays declared.
        where: the place in the file, for messages.

    Raises:
        RecipeError: another number of arrays or channels than declared.

    Example:
        >>> read_array_states([], (), "state 0")
        ()
    """
    items = read_list(given, MOST_ARRAYS, f"{where}, 'arrays'")
    if len(items) != len(plans):
        raise RecipeError(f"{where}: {len(items)} arrays, but the recipe declares {len(plans)}")
    states = []
    for item, plan in zip(items, plans, strict=True):
        place = f"{where}, array {plan.name!r}"
        fields = read_fields(item, STATE_RULES, place)
        for name, numbers in fields.items():
            if len(numbers) != len(plan.policy.channels):
                raise RecipeError(
                    f"{place}, {name!r}: {len(numbers)} numbers for {len(plan.policy.channels)} channels"
                )
        states.append(ArrayState(**fields))
    return tuple(states)
