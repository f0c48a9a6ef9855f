"""Find the recipe's columns among the columns of a table, by name."""

from __future__ import annotations

import difflib

from heldout.errors import RecipeError
from heldout.recipe.record import ColumnPlan, Recipe
from heldout.records import TypedColumn


def match_columns(recipe: Recipe, columns: tuple[TypedColumn, ...]) -> tuple[TypedColumn | None, ...]:
    """Find the column of each plan; order does not matter and further columns are ignored.

    Args:
        recipe: the recipe.
        columns: typed columns with unique names and equally many rows.

    Returns:
        One column per plan; None for a dropped column that is not there.

    Raises:
        RecipeError: a column is missing, there twice, read as another kind, or of another length.

    Example:
        >>> match_columns(Recipe((), ()), ())
        ()
    """
    by_name: dict[str, TypedColumn] = {}
    for column in columns:
        if column.spec.name in by_name:
            raise RecipeError(
                f"column {column.spec.name!r} is there twice", hint="give each column its own name"
            )
        by_name[column.spec.name] = column
    lengths = {column.status.size for column in columns}
    if len(lengths) > 1:
        raise RecipeError(f"columns have different numbers of rows: {sorted(lengths)}")
    return tuple(_match_one(plan, by_name) for plan in recipe.columns)


def find_plan(recipe: Recipe, name: str) -> int:
    """Find a column's index in the recipe.

    Raises:
        RecipeError: no such column, with the nearest name.

    Example:
        >>> find_plan(Recipe((), ()), "age")
        Traceback (most recent call last):
        heldout.errors.RecipeError: the recipe has no column 'age'
    """
    names = [plan.spec.name for plan in recipe.columns]
    if name not in names:
        raise RecipeError(f"the recipe has no column {name!r}", hint=suggest_name(name, names))
    return names.index(name)


def check_state(recipe: Recipe, state: int) -> int:
    """Refuse a state the recipe does not have.

    Raises:
        RecipeError: no such state.

    Example:
        >>> check_state(Recipe((), ()), 0)
        Traceback (most recent call last):
        heldout.errors.RecipeError: the recipe has no state 0; it has 0
    """
    if not 0 <= state < len(recipe.states):
        raise RecipeError(f"the recipe has no state {state}; it has {len(recipe.states)}")
    return state


def is_dropped(plan: ColumnPlan) -> bool:
    """Say whether a column fills no slot.

    Example:
        >>> from heldout.records import ColumnSpec, Kind
        >>> is_dropped(ColumnPlan(ColumnSpec("id", Kind.IDENTIFIER, ""), (), ""))
        True
    """
    return not any(use.slots for use in plan.ops)


def suggest_name(name: str, names: list[str]) -> str:
    """Write a hint with the nearest name, or "".

    Example:
        >>> suggest_name("agge", ["age", "sex"])
        "did you mean 'age'?"
    """
    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else ""


def _match_one(plan: ColumnPlan, by_name: dict[str, TypedColumn]) -> TypedColumn | None:
    name = plan.spec.name
    column = by_name.get(name)
    if is_dropped(plan):
        return column
    if column is None:
        hint = suggest_name(name, list(by_name)) or "the columns there are: " + ", ".join(
            map(repr, list(by_name)[:20])
        )
        raise RecipeError(f"column {name!r} is missing", hint=hint)
    if column.spec.kind is not plan.spec.kind:
        raise RecipeError(
            f"column {name!r} is read as {column.spec.kind.value}, but the recipe was fitted on {plan.spec.kind.value}",
            hint="read new rows with the column specs of the recipe",
        )
    return column
