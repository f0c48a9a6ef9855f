"""The text of a recipe as plain values, with nothing left to interpretation."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from heldout.errors import RecipeError
from heldout.recipe.rules import shorten

LONGEST_FILE = 256 * 1024 * 1024


def _refuse_constant(word: str) -> NoReturn:
    raise RecipeError(f"recipe: {word} is not a number that JSON allows")


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise RecipeError(f"recipe: key {shorten(twice)} is there twice in one object")
    return made


def parse_json(text: str) -> Any:  # noqa: ANN401 - JSON holds anything until it is checked
    """Parse the text of a recipe; what JSON leaves open is refused.

    Raises:
        RecipeError: no valid JSON, a key that is there twice, NaN or infinity, too long or too deep.

    Example:
        >>> parse_json('{"a": 1, "a": 2}')
        Traceback (most recent call last):
        heldout.errors.RecipeError: recipe: key 'a' is there twice in one object
    """
    if not isinstance(text, str):
        raise RecipeError(f"recipe: expected a text, got {type(text).__name__}")
    if len(text) > LONGEST_FILE:
        raise RecipeError(f"recipe: {len(text)} characters; at most {LONGEST_FILE} are allowed")
    try:
        return json.loads(text, object_pairs_hook=_refuse_repeats, parse_constant=_refuse_constant)
    except RecipeError:
        raise
    except RecursionError:
        raise RecipeError("recipe: nested too deeply for a recipe") from None
    except ValueError as error:
        raise RecipeError(f"recipe: not valid JSON: {str(error)[:200]}") from None
