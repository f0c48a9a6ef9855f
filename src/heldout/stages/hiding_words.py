"""Which words and pairs of words of a text are worth hiding: in enough rows of both sides, and leant on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heldout.nets import Net, list_layers
from heldout.recipe import OpUse, Recipe
from heldout.recipe.steps.tokens import FIRST_WORD, Numbering
from heldout.records import DoubleArray, IndexArray
from heldout.stages.hiding import PAIR, TOKENS, WORD, Unit
from heldout.stages.probing import Network, Seen, lean_on_vectors

MOST_MEASURED = 120  # words whose rise is measured to find the forty that are judged


def list_words(
    recipe: Recipe, sides: tuple[Sequence[Seen], Sequence[Seen]], *, least: int
) -> tuple[Unit, ...]:
    """List the words and pairs that every state numbers and that enough rows of both sides hold.

    Args:
        recipe: whose texts.
        sides: fit rows and validation rows of each fold.
        least: rows of a side, over all folds, that must hold a word.

    Returns:
        in the order of the first state's numbers.
    """
    found: list[Unit] = []
    for place, plan in enumerate(recipe.columns):
        for number, use in enumerate(plan.ops):
            fitted = [state.columns[place].fitted[number] for state in recipe.states]
            numberings = [one for one in fitted if isinstance(one, Numbering)]
            if numberings and use.slots:
                told = "" if len(use.slots) == recipe.n_features else f" in {plan.spec.name}"
                found += [
                    replace(unit, name=unit.name + told) for unit in _list_step(numberings, use, sides, least)
                ]
    return tuple(found)


def _list_step(
    numberings: list[Numbering], use: OpUse, sides: tuple[Sequence[Seen], Sequence[Seen]], least: int
) -> list[Unit]:
    positions = np.arange(use.slots[0].position, use.slots[-1].position + 1)
    tables = [_number_items(one) for one in numberings]
    counts = [_count_rows(side, positions, tables) for side in sides]
    n_words = len(numberings[0].words)
    made = []
    for place, item in enumerate((*numberings[0].words, *numberings[0].pairs)):
        kind = WORD if place < n_words else PAIR
        key = (kind, item)
        if min(count.get(key, 0) for count in counts) < least or any(key not in table for table in tables):
            continue
        numbers = tuple(table[key] for table in tables)
        made.append(Unit(f"'{item}'", kind, TOKENS, positions, numbers, numberings[0].length))
    return made


def _number_items(fitted: Numbering) -> dict[tuple[str, str], int]:
    words = {(WORD, word): FIRST_WORD + place for place, word in enumerate(fitted.words)}
    start = FIRST_WORD + len(fitted.words)
    return words | {(PAIR, pair): start + place for place, pair in enumerate(fitted.pairs)}


def _count_rows(
    side: Sequence[Seen], positions: IndexArray, tables: list[dict[tuple[str, str], int]]
) -> dict[tuple[str, str], int]:
    """Count the rows that hold each word or pair, over the folds."""
    total: dict[tuple[str, str], int] = {}
    for seen in side:
        items = list(tables[seen.fold])
        counts = count_holders(seen, positions, FIRST_WORD + len(items))
        for item, count in zip(items, counts[FIRST_WORD:].tolist(), strict=True):
            total[item] = total.get(item, 0) + count
    return total


def count_holders(seen: Seen, positions: IndexArray, n_numbers: int) -> IndexArray:
    """Count the rows that hold each number at least once.

    Args:
        seen: rows.
        positions: places of the text in a row.
        n_numbers: numbers are below this one.

    Returns:
        int64 [n_numbers].
    """
    ordered = np.sort(seen.x[:, positions].astype(np.int64), axis=1)
    is_first = np.ones(ordered.shape, np.bool_)
    is_first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    return np.bincount(ordered[is_first], minlength=n_numbers)


def keep_leant_on(words: tuple[Unit, ...], network: Network, seen: Sequence[Seen]) -> tuple[Unit, ...]:
    """Keep the words that a network leans on most, by one backward pass over both sides' rows.

    What is common to fit and validation rows chooses, never their difference: a choice by the fit rows alone would
    make any word look learned by heart.

    Args:
        words: of all texts of a row; each text has a table of its own.
        network: the first fold's.
        seen: fit rows and validation rows of the first fold.
    """
    starts = np.array([int(word.positions[0]) for word in words])
    tables = {start: _find_table(network.net, start) for start in np.unique(starts).tolist()}
    if len(words) <= MOST_MEASURED or None in tables.values():
        return words
    numbers = np.array([word.numbers[seen[0].fold] for word in words])
    strength = np.zeros(len(words))
    for start, place in tables.items():
        own = np.flatnonzero(starts == start)
        strength[own] = _rate_words(network, seen, words[own[0]].positions, numbers[own], place=place or 0)
    kept = np.sort(np.argsort(-strength, kind="stable")[:MOST_MEASURED])
    return tuple(words[index] for index in kept.tolist())


def _rate_words(
    network: Network, seen: Sequence[Seen], positions: IndexArray, numbers: IndexArray, *, place: int
) -> DoubleArray:
    """Rate how much a network leans on words of one text, by what can be told apart."""
    leant = sum((lean_on_vectors(network, one, place=place) for one in seen), np.zeros(()))
    size = np.shape(network.layers[place][0])[0]
    held = sum((count_holders(one, positions, size) for one in seen), np.zeros((), np.int64))
    # a sum over n rows has a standard error that grows with the root of n
    return np.abs(leant[numbers]) / np.sqrt(np.maximum(held[numbers], 1))


def _find_table(net: Net, start: int) -> int | None:
    """Find the layer that holds the vectors of the text that begins at a place of the row."""
    sizes = [math.prod(part.shape) for part in net.parts]
    part = next((number for number in range(len(sizes)) if sum(sizes[:number]) == start), 0)
    wanted = f"embedding of part {part + 1}" if net.parts else "embedding"
    names = [layer.name for layer in list_layers(net)]
    return names.index(wanted) if wanted in names else None
