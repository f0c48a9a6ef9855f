"""What the numbers of an encoded row are to a network: numbers in any order, or the words of a text."""

from __future__ import annotations

import numpy as np

from heldout.letters import list_letters
from heldout.recipe.record import OpUse, Recipe
from heldout.recipe.steps.bases import Bases, count_bases
from heldout.recipe.steps.tokens import Numbering, count_vocabulary, split_tokens
from heldout.records import MARK_CHANNELS, IndexArray, InputLayout, Kind, TypedColumn

LONGEST_TOKENS = (
    400  # longer texts keep their two ends: assumption, 95 % of film reviews are shorter than 600 words
)
SHORTEST_TOKENS = 16
# Words of a text that has an order of its own, beside other columns (assumption): names have two to five at the median,
# job titles three, the shortest messages and reviews at hand eight to twelve.
FEWEST_OF_PROSE = 6
# texts of a row with a table of word vectors each (assumption: a fourth adds weights, not sense)
MOST_BRANCHES = 3


def plan_tokens(
    columns: tuple[TypedColumn, ...], fit_rows: tuple[IndexArray, ...], *, has_arrays: bool = False
) -> tuple[tuple[str, int], ...]:
    """Name the texts that are read as rows of word numbers, with the length of these rows.

    Each has words and a branch of its own. A text is read so where it is the only feature, or where half of its cells
    have six words or more in the fit rows of every fold: names and job titles beside other columns stay weights of
    words. Of more than three such texts those with most words are read so.

    Args:
        columns: all columns, typed.
        fit_rows: int64 positions of each fold's fit rows; nothing else is looked at.
        has_arrays: True where pictures or signals stand beside the columns.

    Returns:
        pairs of a column's name and its length: the 95 % quantile of the number of words in the fit rows, at least 16
        and at most 400.

    Example:
        >>> plan_tokens((), ())
        ()
    """
    used = [c for c in columns if c.spec.used and c.spec.kind not in (Kind.IDENTIFIER, Kind.CONSTANT)]
    planned: list[tuple[float, str, int]] = []
    for column in used:
        if column.spec.kind is not Kind.TEXT:
            continue
        seen = _count_words(column, fit_rows)
        middle = min((float(np.median(one)) if one.size else 0.0 for one in seen), default=0.0)
        if middle >= FEWEST_OF_PROSE or (not has_arrays and len(used) == 1):
            longest = max((float(np.quantile(one, 0.95)) for one in seen if one.size), default=0.0)
            length = int(np.clip(round(longest), SHORTEST_TOKENS, LONGEST_TOKENS))
            planned.append((middle, column.spec.name, length))
    planned.sort(key=lambda one: -one[0])
    return tuple((name, length) for _, name, length in planned[:MOST_BRANCHES])


def _count_words(column: TypedColumn, fit_rows: tuple[IndexArray, ...]) -> list[IndexArray]:
    """Count the words of each text, fold by fold; cells without a text are left out."""
    counts = np.array([len(split_tokens(text)) for text in column.levels] or [0])
    codes = column.codes
    return [counts[codes[rows[codes[rows] >= 0]]] for rows in fit_rows]


def find_layout(recipe: Recipe) -> InputLayout | None:
    """Say what the numbers of an encoded row are to a network; None for numbers in any order.

    Returns:
        The layout of the only text, sequence, picture or signal where nothing else is in the row; "joined" where
        several kinds stand one after the other.

    Example:
        >>> find_layout(Recipe((), ())) is None
        True
    """
    parts: list[InputLayout] = []
    for place, plan in enumerate(recipe.columns):
        for number, use in enumerate(plan.ops):
            if use.slots:
                fitted = tuple(state.columns[place].fitted[number] for state in recipe.states)
                _add_part(parts, _find_part(use, fitted))
    for array in recipe.arrays:
        marks = tuple(at for at, channel in enumerate(array.policy.channels) if channel in MARK_CHANNELS)
        parts.append(InputLayout(array.policy.kind.value, array.shape, marks=marks))
    if all(part.kind == "numbers" for part in parts):
        return None
    return parts[0] if len(parts) == 1 else InputLayout("joined", (recipe.n_features,), parts=tuple(parts))


def is_bytes_only(recipe: Recipe) -> bool:
    """Whether pictures of bytes are all there is: they are kept as bytes, once for all folds.

    Example:
        >>> is_bytes_only(Recipe((), ()))
        False
    """
    return recipe.n_slots == 0 and len(recipe.arrays) == 1 and recipe.arrays[0].policy.dtype == "uint8"


def _find_part(use: OpUse, fitted: tuple[object, ...]) -> InputLayout:
    width = len(use.slots)
    numberings = [one for one in fitted if isinstance(one, Numbering)]
    if numberings:
        vocabulary = max(count_vocabulary(one) for one in numberings)
        return InputLayout("tokens", (width,), vocabulary, numberings[0].length)
    if isinstance(fitted[0], Bases):
        letters = list_letters(fitted[0].alphabet)
        return InputLayout(
            "signal", count_bases(fitted[0]), letters=letters, both_strands=fitted[0].both_strands
        )
    return InputLayout("numbers", (width,))


def _add_part(parts: list[InputLayout], part: InputLayout) -> None:
    """Add what follows in the row; plain numbers side by side are one part."""
    if parts and part.kind == parts[-1].kind == "numbers":
        parts[-1] = InputLayout("numbers", (parts[-1].shape[0] + part.shape[0],))
    else:
        parts.append(part)
