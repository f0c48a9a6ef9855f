"""What a text or sequence loses on its way to the network: ends of long ones, and words without a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Recipe
from heldout.recipe.steps.bases import Bases
from heldout.recipe.steps.tokens import Numbering, cut_text
from heldout.recipe.steps.words import Vocabulary, split_words
from heldout.records import DoubleArray, IndexArray, TypedColumn

MOST_LOST = 20  # words named


@dataclass(frozen=True, eq=False)
class Kept:
    """What the networks get of each distinct text or sequence of a column.

    Args:
        unit: "words", "pieces" or "letters".
        limit: so many are kept of each; 0 for all.
        place: what a longer one loses, "middle" or "end"; "" where all is kept.
        lengths: float64 [levels], in units.
        unknown: float64 [K, levels], units that state k knows no number or weight for; None for letters.
    """

    unit: str
    limit: int
    place: str
    lengths: DoubleArray
    unknown: DoubleArray | None = None


def measure_kept(recipe: Recipe, column: TypedColumn) -> Kept | None:
    """Measure what the networks get of each distinct text or sequence.

    Args:
        recipe: fitted, with K states.
        column: any; N rows, `levels` distinct texts.

    Returns:
        None for columns that are no texts or sequences, or are not used.

    Example:
        >>> from heldout.records import ColumnSpec, Kind
        >>> spec = ColumnSpec("note", Kind.TEXT, "")
        >>> note = TypedColumn(spec, np.zeros(1, np.uint8), np.zeros(0), np.zeros(1, np.int32), ("a b",))
        >>> measure_kept(Recipe((), ()), note) is None
        True
    """
    states = _find_states(recipe, column)
    if not states:
        return None
    first = states[0]
    if isinstance(first, Bases):
        return Kept("letters", first.length, "end", np.array([float(len(text)) for text in column.levels]))
    split = [_choose_splitter(state) for state in states]
    if isinstance(first, Numbering) and first.merges:  # every state cuts words in its own way
        made = [[one(text) for text in column.levels] for one in split]
        counted = zip(states, made, strict=True)
        unknown = np.array(
            [_count(texts, {word: 1 for word in _list_known(state)}) for state, texts in counted]
        )
        lengths = np.mean([[float(len(text)) for text in texts] for texts in made], axis=0)
        return Kept("pieces", first.length, "middle", np.round(lengths), unknown[:, 0])
    texts = [split[0](text) for text in column.levels]
    masks: dict[str, int] = {}
    for number, state in enumerate(states):
        for word in _list_known(state):
            masks[word] = masks.get(word, 0) | 1 << number
    lengths = np.array([float(len(text)) for text in texts])
    limit, place = (first.length, "middle") if isinstance(first, Numbering) else (0, "")
    return Kept("words", limit, place, lengths, _count(texts, masks, n_states=len(states)))


def find_lost_words(
    recipe: Recipe, column: TypedColumn, held: tuple[IndexArray, ...]
) -> tuple[tuple[str, int], ...]:
    """Name the words that rows lose most often, as the network that has not fitted the row reads them.

    Args:
        recipe: fitted, with K states.
        column: of texts.
        held: for each state positions of rows it was not fitted on.

    Returns:
        (word, rows that lose it), the most frequent first, at most 20; none for letters.

    Example:
        >>> from heldout.records import ColumnSpec, Kind
        >>> spec = ColumnSpec("note", Kind.TEXT, "")
        >>> note = TypedColumn(spec, np.zeros(1, np.uint8), np.zeros(0), np.zeros(1, np.int32), ("a b",))
        >>> find_lost_words(Recipe((), ()), note, ())
        ()
    """
    states = _find_states(recipe, column)
    if not states or isinstance(states[0], Bases):
        return ()
    lost: Counter[str] = Counter()
    for state, rows in zip(states, held, strict=True):
        codes = column.codes[rows]
        weight = np.bincount(codes[codes >= 0], minlength=len(column.levels))
        known, split = set(_list_known(state)), _choose_splitter(state)
        for code in np.flatnonzero(weight).tolist():
            for word in set(split(column.levels[code])) - known:
                lost[word] += int(weight[code])
    ordered = sorted(lost.items(), key=lambda item: (-item[1], item[0]))
    return tuple(ordered[:MOST_LOST])


def _find_states(recipe: Recipe, column: TypedColumn) -> list[Numbering | Vocabulary | Bases]:
    """What each state fitted to read the column; empty where none of these steps does."""
    found: list[Numbering | Vocabulary | Bases] = []
    for place, plan in enumerate(recipe.columns):
        if plan.spec.name == column.spec.name:
            for state in recipe.states:
                fitted = state.columns[place].fitted
                found += [one for one in fitted if isinstance(one, Numbering | Vocabulary | Bases)][:1]
    return found


def _list_known(state: Numbering | Vocabulary | Bases) -> tuple[str, ...]:
    return () if isinstance(state, Bases) else state.words


def _choose_splitter(state: Numbering | Vocabulary | Bases) -> Callable[[str], list[str]]:
    if isinstance(state, Numbering):
        return lambda text: cut_text(text, state)
    return split_words


def _count(texts: Iterable[list[str]], masks: dict[str, int], *, n_states: int = 1) -> DoubleArray:
    """Unknown words of each text by state, float64 [K, levels]; bit k of a word's mask says that state k knows it."""
    made = []
    for words in texts:
        by_mask = Counter(masks.get(word, 0) for word in words)
        made.append([sum(n for mask, n in by_mask.items() if not mask >> k & 1) for k in range(n_states)])
    return np.array(made, np.float64).reshape(-1, n_states).T
