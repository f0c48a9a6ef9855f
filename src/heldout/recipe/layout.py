"""What the numbers of an encoded row are to a network: numbers in any order, or the words of a text."""

from __future__ import annotations

import numpy as np

from heldout.recipe.record import Recipe
from heldout.recipe.steps.tokens import Numbering, count_vocabulary, split_tokens
from heldout.records import IndexArray, InputLayout, Kind, TypedColumn

LONGEST_TOKENS = (
    400  # longer texts keep their two ends: assumption, 95 % of film reviews are shorter than 600 words
)
SHORTEST_TOKENS = 16


def plan_tokens(columns: tuple[TypedColumn, ...], fit_rows: tuple[IndexArray, ...]) -> int:
    """Give the length of the word rows where a text is the only feature; 0 where it is not.

    Returns:
        The 95 % quantile of the number of words in the fit rows, at least 16 and at most 400.

    Example:
        >>> plan_tokens((), ())
        0
    """
    used = [c for c in columns if c.spec.used and c.spec.kind not in (Kind.IDENTIFIER, Kind.CONSTANT)]
    if len(used) != 1 or used[0].spec.kind is not Kind.TEXT:
        return 0
    counts = np.array([len(split_tokens(text)) for text in used[0].levels] or [0])
    codes = used[0].codes
    seen = [counts[codes[rows[codes[rows] >= 0]]] for rows in fit_rows]
    longest = max((float(np.quantile(one, 0.95)) for one in seen if one.size), default=0.0)
    return int(np.clip(round(longest), SHORTEST_TOKENS, LONGEST_TOKENS))


def find_layout(recipe: Recipe) -> InputLayout | None:
    """Say what the numbers of an encoded row are to a network; None for numbers in any order.

    Example:
        >>> find_layout(Recipe((), ())) is None
        True
    """
    uses = [(at, use) for at, plan in enumerate(recipe.columns) for use in plan.ops if use.slots]
    if len(uses) != 1 or uses[0][1].op != "tokens@1":
        return None
    fitted = [state.columns[uses[0][0]].fitted[0] for state in recipe.states]
    numberings = [one for one in fitted if isinstance(one, Numbering)]
    vocabulary = max(count_vocabulary(one) for one in numberings)
    return InputLayout("tokens", (recipe.n_features,), vocabulary, numberings[0].length)
