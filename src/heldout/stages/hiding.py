"""What is hidden from a network as one: a column, a word, a k-mer, a region of a picture, a stretch of a signal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from heldout.recipe import ArrayPlan, Recipe, Role, Slot
from heldout.recipe.steps.tokens import PADDING, UNKNOWN
from heldout.records import BoolArray, FloatArray, IndexArray, Kind

# Regions of about four pixels, so that a stroke or an eye is one or two of them (assumption).
REGION_PIXELS, FEWEST_REGIONS, MOST_REGIONS = 4, 4, 8
MOST_STRETCHES, SHORTEST_STRETCH = 20, 3
PERMUTE, ZERO, TOKENS = "permute", "zero", "tokens"
WORD, PAIR = "word", "pair of words"
_OWN_UNITS = (Role.TOKEN, Role.BASE, Role.KMER)  # of these roles there are finer units than the column


@dataclass(frozen=True, eq=False)
class Unit:
    """Something of a row that is hidden as one.

    Args:
        name: in the user's words: a column's name, else "'waste of'", "k-mer GTAA of promoter", "rows 0 to 6, columns
            21 to 27 of picture", "points 100 to 149 of flux".
        kind: "column", "word", "pair of words", "k-mer", "stretch" or "region".
        how: "permute" (another row's numbers), "zero" (the mean of a scaled number, nothing for a word) or "tokens" (a
            word becomes an unknown one, pairs that it is part of become padding).
        positions: places in the flat row; of a word all places of the text.
        numbers: the word's or pair's number in each fitted state (tokens only).
        length: so many first places are words, pairs follow (tokens only).
    """

    name: str
    kind: str
    how: str
    positions: IndexArray
    numbers: tuple[int, ...] = ()
    length: int = 0

    @property
    def is_held(self) -> bool:
        """Whether only rows that hold it can tell anything."""
        return self.kind in (WORD, PAIR)


def list_units(recipe: Recipe) -> tuple[Unit, ...]:
    """List what can be hidden in an encoded row, in its order; words of texts as tokens are listed elsewhere.

    Example:
        >>> list_units(Recipe((), ()))
        ()
    """
    units: list[Unit] = []
    columns: dict[str, list[Slot]] = {}
    for slot in recipe.layout:
        columns.setdefault(slot.column, []).append(slot)
    for name, slots in columns.items():
        units += _list_column(name, slots)
    start = recipe.n_slots
    for plan in recipe.arrays:
        units += _list_picture(plan, start) if plan.policy.kind is Kind.PICTURE else _list_signal(plan, start)
        start += plan.size
    return tuple(units)


def _list_column(name: str, slots: list[Slot]) -> Iterator[Unit]:
    rest = [slot for slot in slots if slot.role not in _OWN_UNITS]
    if rest:
        roles = ", ".join(dict.fromkeys(slot.role.value for slot in rest))
        whole = name if len(rest) == len(slots) else f"{roles} of {name}"
        yield Unit(whole, "column", PERMUTE, _places(rest))
    for slot in slots:
        if slot.role is Role.WORD:
            yield Unit(f"{slot.label!r} in {name}", WORD, ZERO, _places([slot]))
        elif slot.role is Role.KMER:
            yield Unit(f"k-mer {slot.label} of {name}", "k-mer", PERMUTE, _places([slot]))
    bases = [slot for slot in slots if slot.role is Role.BASE]
    if bases:
        yield from _list_bases(name, bases)


def _list_bases(name: str, slots: list[Slot]) -> Iterator[Unit]:
    """Stretches of a sequence, counted from 1; another sequence's letters keep the shares of the letters there."""
    first = [slot.label.split()[1] for slot in slots]  # "position 12 G"
    n_channels = first.count(first[0])
    for low, high in _cut(len(slots) // n_channels):
        where = f"positions {low + 1} to {high}" if high - low > 1 else f"position {high}"
        chosen = slots[low * n_channels : high * n_channels]
        yield Unit(f"{where} of {name}", "stretch", PERMUTE, _places(chosen))


def _list_signal(plan: ArrayPlan, start: int) -> Iterator[Unit]:
    policy = plan.policy
    n_channels = len(policy.channels)
    for low, high in _cut(policy.length):
        where = f"points {low} to {high - 1}" if high - low > 1 else f"point {low}"
        told = ""
        if policy.fit == "grid":
            ends = [policy.start + policy.step * place for place in (low, high)]
            told = f" ({policy.axis} {ends[0]:.6g} to {ends[1]:.6g})"
        positions = np.arange(start + low * n_channels, start + high * n_channels)
        yield Unit(f"{where} of {plan.name}{told}", "stretch", ZERO, positions)


def _list_picture(plan: ArrayPlan, start: int) -> Iterator[Unit]:
    height, width, n_channels = plan.shape
    places = start + np.arange(plan.size).reshape(height, width, n_channels)
    for top, below in _cut_side(height):
        for left, right in _cut_side(width):
            name = f"rows {top} to {below - 1}, columns {left} to {right - 1} of {plan.name}"
            yield Unit(name, "region", ZERO, places[top:below, left:right].ravel())


def _cut(length: int) -> list[tuple[int, int]]:
    n_parts = max(1, min(MOST_STRETCHES, length // SHORTEST_STRETCH))
    ends = np.linspace(0, length, n_parts + 1).round().astype(int).tolist()
    return list(pairwise(ends))


def _cut_side(side: int) -> list[tuple[int, int]]:
    n_parts = min(side, int(np.clip(side // REGION_PIXELS, FEWEST_REGIONS, MOST_REGIONS)))
    ends = np.linspace(0, side, n_parts + 1).round().astype(int).tolist()
    return list(pairwise(ends))


def _places(slots: list[Slot]) -> IndexArray:
    return np.array([slot.position for slot in slots], np.int64)


def mark_held(unit: Unit, x: FloatArray, *, fold: int) -> BoolArray:
    """Mark the rows that hold a word; for anything else all rows.

    Args:
        unit: what is looked for.
        x: float32 [n, D], encoded by the fold's state.
        fold: which state.

    Returns:
        bool [n].

    Example:
        >>> word = Unit("'good'", WORD, TOKENS, np.arange(3), (7,), 3)
        >>> mark_held(word, np.array([[7, 2, 0], [2, 2, 0]], np.float32), fold=0).tolist()
        [True, False]
    """
    if unit.how == TOKENS:
        return np.asarray((x[:, unit.positions] == unit.numbers[fold]).any(axis=1))
    if unit.is_held:
        return np.asarray((x[:, unit.positions] != 0).any(axis=1))
    return np.ones(len(x), np.bool_)


def hide_unit(unit: Unit, x: FloatArray, other: FloatArray, *, fold: int) -> FloatArray:
    """Give rows in which something is hidden.

    A phrase is taken away wherever the network could read it: the pair's own number, its two words there, and the
    pairs that these are part of.

    Args:
        unit: what is hidden.
        x: float32 [n, D].
        other: float32 [n, D], rows whose numbers replace those that are permuted.
        fold: which state encoded them.

    Returns:
        float32 [n, D], a copy.

    Example:
        >>> word = Unit("'good'", WORD, TOKENS, np.arange(5), (7,), 3)
        >>> row = np.array([[7, 2, 3, 8, 9]], np.float32)  # three words, two pairs
        >>> hide_unit(word, row, row, fold=0).tolist()
        [[1.0, 2.0, 3.0, 0.0, 9.0]]
    """
    made = x.copy()
    if unit.how == PERMUTE:
        made[:, unit.positions] = other[:, unit.positions]
    elif unit.how == ZERO:
        made[:, unit.positions] = 0.0
    else:
        _hide_tokens(unit, made, unit.numbers[fold])
    return made


def _hide_tokens(unit: Unit, x: FloatArray, number: int) -> None:
    """Replace in place; x is a copy."""
    start = int(unit.positions[0])
    words = x[:, start : start + unit.length]
    pairs = x[:, start + unit.length : start + len(unit.positions)]
    if unit.kind == PAIR:
        found = pairs == number
        is_hit = np.pad(found, ((0, 0), (0, 1))) | np.pad(found, ((0, 0), (1, 0)))
    else:
        is_hit = words == number
    words[is_hit] = UNKNOWN
    if pairs.shape[1]:
        pairs[is_hit[:, :-1] | is_hit[:, 1:]] = PADDING
