"""From characters to tensor positions: the words of a text with their numbers, the letters of a sequence."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from heldout.recipe.match import check_state, find_plan
from heldout.recipe.record import OpUse, Recipe
from heldout.recipe.steps.bases import STEP as BASES
from heldout.recipe.steps.bases import Bases, locate_base
from heldout.recipe.steps.tokens import (
    FIRST_WORD,
    PADDING,
    SHAPES,
    UNKNOWN,
    Numbering,
    cut_text,
    keep_ends,
    locate_text,
    number_unknown,
)
from heldout.recipe.view import Cells, Outcome
from heldout.records import Kind

Fitted = TypeVar("Fitted")


@dataclass(frozen=True)
class WordTrace:
    """One word, or pair of neighbouring words, on its way into the network.

    Args:
        word: as the recipe reads it, in lower case.
        start: first character of the raw cell, from 0.
        stop: one after the last character.
        number: its number; 1 is an unknown word, 0 is nothing (a pair without a number).
        position: where in the encoded row; -1 for a word in the middle of a text that is too long.
    """

    word: str
    start: int
    stop: int
    number: int
    position: int


@dataclass(frozen=True)
class LetterTrace:
    """One letter of a sequence on its way into the network.

    Args:
        letter: as it stands in the cell.
        start: its character of the raw cell, from 0.
        place: its place in the sequence, from 1.
        positions: where in the encoded row, one for each letter of the alphabet; empty beyond the letters kept.
        numbers: what stands there.
    """

    letter: str
    start: int
    place: int
    positions: tuple[int, ...]
    numbers: tuple[float, ...]


def trace_words(recipe: Recipe, name: str, text: str, *, state: int = 0) -> tuple[WordTrace, ...]:
    """Follow each word of a text, then each pair of neighbours, from its characters to its tensor position.

    Args:
        recipe: the recipe.
        name: a text column.
        text: the cell exactly as it stands in the file.
        state: which fitted state.

    Returns:
        words in their order, then the pairs that have a position; nothing for a column whose words have no places.

    Raises:
        RecipeError: no such column or state.

    Example:
        >>> trace_words(Recipe((), ()), "review", "good")
        Traceback (most recent call last):
        heldout.errors.RecipeError: the recipe has no column 'review'
    """
    found = _find_step(recipe, name, state, Numbering)
    if found is None:
        return ()
    use, fitted = found
    tokens, spans = cut_text(text, fitted), locate_text(text, fitted)
    first = use.slots[0].position
    kept = [int(place) for place in keep_ends([str(place) for place in range(len(tokens))], fitted.length)]
    number_of = {word: FIRST_WORD + place for place, word in enumerate(fitted.words)}
    position = {place: first + order for order, place in enumerate(kept)}
    words = [
        WordTrace(word, *span, number_of.get(word) or number_unknown(word), position.get(place, -1))
        for place, (word, span) in enumerate(zip(tokens, spans, strict=True))
    ]
    if not fitted.has_pairs:
        return tuple(words)
    pair_of = {pair: FIRST_WORD + len(fitted.words) + place for place, pair in enumerate(fitted.pairs)}
    pairs = []
    for order, (one, other) in enumerate(zip(kept[:-1], kept[1:], strict=True)):
        pair = f"{tokens[one]} {tokens[other]}"
        where = (spans[one][0], spans[other][1])
        pairs.append(WordTrace(pair, *where, pair_of.get(pair, PADDING), first + fitted.length + order))
    return (*words, *pairs)


def trace_letters(recipe: Recipe, name: str, text: str, *, state: int = 0) -> tuple[LetterTrace, ...]:
    """Follow each letter of a sequence from its character to its tensor positions.

    Args:
        recipe: the recipe.
        name: a sequence column.
        text: the cell exactly as it stands in the file; blanks and line breaks are no letters.
        state: which fitted state.

    Returns:
        all letters in their order; nothing for a column that is not read letter by letter.

    Raises:
        RecipeError: no such column or state.
    """
    found = _find_step(recipe, name, state, Bases)
    characters = [(place, letter) for place, letter in enumerate(text) if not letter.isspace()]
    if found is None or not characters:
        return ()
    use, fitted = found
    first, letters = use.slots[0].position, "".join(letter for _, letter in characters)
    nothing = np.zeros(0)
    cells = Cells(
        name,
        Kind.SEQUENCE,
        np.array([Outcome.VALUE], np.uint8),
        np.zeros(0, np.int8),
        nothing,
        np.zeros(1, np.int32),
        (letters,),
    )
    made = BASES.apply(cells, fitted, use.slots)[0]
    traces = []
    for place, (start, letter) in enumerate(characters, 1):
        offsets = locate_base(fitted, place)
        positions = tuple(first + offset for offset in offsets)
        numbers = tuple(float(made[offset]) for offset in offsets)
        traces.append(LetterTrace(letter, start, place, positions, numbers))
    return tuple(traces)


def shift_words(words: tuple[WordTrace, ...], by: int) -> tuple[WordTrace, ...]:
    """Move the characters, where the traced text is a part of a cell.

    Example:
        >>> shift_words((WordTrace("a", 0, 1, 2, 0),), 3)[0].start
        3
    """
    return tuple(replace(word, start=word.start + by, stop=word.stop + by) for word in words)


def say_word(word: WordTrace) -> str:
    """Say where a word lies and where it goes.

    Example:
        >>> say_word(WordTrace("waste", 2, 7, 57, 1)), say_word(WordTrace("so", 8, 10, 5, -1))
        ("characters 2 to 6 'waste': [1] = 57", "characters 8 to 9 'so': left out, in the middle of a long text")
    """
    where = f"characters {word.start} to {word.stop - 1} {word.word!r}"
    if word.position < 0:
        return f"{where}: left out, in the middle of a long text"
    told = {UNKNOWN: " (an unknown word)", PADDING: " (a pair without a number)"}
    told |= {UNKNOWN + 1 + place: f" (unknown: {shape})" for place, shape in enumerate(SHAPES)}
    note = told.get(word.number, "")
    return f"{where}: [{word.position}] = {word.number}{note}"


def say_letter(letter: LetterTrace) -> str:
    """Say where a letter lies and where it goes.

    Example:
        >>> say_letter(LetterTrace("G", 5, 4, (12, 13, 14, 15), (0.0, 0.0, 1.0, 0.0)))
        "character 5, position 4 'G': [12] to [15] = 0, 0, 1, 0"
    """
    where = f"character {letter.start}, position {letter.place} {letter.letter!r}"
    if not letter.positions:
        return f"{where}: left out, beyond the letters that are kept"
    numbers = ", ".join(f"{number:.4g}" for number in letter.numbers)
    return f"{where}: [{letter.positions[0]}] to [{letter.positions[-1]}] = {numbers}"


def _find_step(recipe: Recipe, name: str, state: int, kind: type[Fitted]) -> tuple[OpUse, Fitted] | None:
    index = find_plan(recipe, name)
    fitted = recipe.states[check_state(recipe, state)].columns[index].fitted
    for use, values in zip(recipe.columns[index].ops, fitted, strict=True):
        if isinstance(values, kind) and use.slots:
            return use, values
    return None
