"""The cells of one column at the rows that decide: distinct texts with counts, split into missing and present."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from heldout.cells.missing import choose_words, is_missing, prepare_words
from heldout.cells.plain import read_plain
from heldout.cells.quantities import Quantity
from heldout.records import CodeArray, DoubleArray, IndexArray, RawColumn

_EXAMPLES = 3


@dataclass(frozen=True)
class Tally:
    """Distinct texts of a column at some rows.

    Args:
        name: column name.
        texts: distinct cell texts as read, present and missing alike.
        counts: int64, number of rows of each.
        n_null: rows with a true null.
        n_rows: rows looked at.
        codes: int32, codes of the rows in table order (to see whether values only ever rise).
        levels: the column's levels, for `codes`.
        kept: what `keep_present` gave for each vocabulary, so that judges share it.
    """

    name: str
    texts: tuple[str, ...]
    counts: IndexArray
    n_null: int
    n_rows: int
    codes: CodeArray
    levels: tuple[str, ...]
    kept: dict[tuple[str, ...], Present] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def plain(self) -> DoubleArray:
        """The numbers of the texts that are plain numbers, NaN for the others (see `read_plain`)."""
        return read_plain(self.texts)

    @cached_property
    def text_words(self) -> tuple[str, ...]:
        """The missing words that hold in a column of texts."""
        others = take_others(self.texts, self.plain)
        return choose_words(others, among_numbers=False, n_numbers=len(self.texts) - len(others))


@dataclass(frozen=True)
class Present:
    """The cells of a tally that are not missing, under one vocabulary of missing words.

    Args:
        texts: distinct texts as read.
        counts: int64, number of rows of each.
        n_cells: rows with a cell, the sum of `counts`.
        n_missing: rows without one.
        words: the missing words that occurred, with their counts, for the evidence.
        known: numbers of the plain texts where they are known already, else None.
        parsed: what `readings.parse_cells` gave for each pair of separators, so that judges share it.
    """

    texts: tuple[str, ...]
    counts: IndexArray
    n_cells: int
    n_missing: int
    words: str
    known: DoubleArray | None = field(default=None, repr=False, compare=False)
    parsed: dict[tuple[str, str], list[float | Quantity | None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def plain(self) -> DoubleArray:
        """The numbers of the texts that are plain numbers, NaN for the others (see `read_plain`)."""
        return read_plain(self.texts) if self.known is None else self.known

    @cached_property
    def others(self) -> list[str]:
        """The texts that are no plain numbers."""
        return take_others(self.texts, self.plain)


def take_others(texts: Sequence[str], plain: DoubleArray) -> list[str]:
    """The texts that are no plain numbers, in their order.

    Args:
        texts: distinct texts.
        plain: float64 [n], from `read_plain`.

    Example:
        >>> take_others(["1", "x"], np.array([1.0, np.nan]))
        ['x']
    """
    return [texts[place] for place in np.flatnonzero(np.isnan(plain)).tolist()]


def tally_column(raw: RawColumn, rows: IndexArray) -> Tally:
    """Count the distinct texts of a column at some rows.

    Args:
        raw: the column.
        rows: int64 positions; their order does not matter.

    Example:
        >>> raw = RawColumn("x", np.array([0, 1, 0, -1], np.int32), ("a", "b"))
        >>> tally_column(raw, np.array([0, 2, 3])).texts
        ('a',)
    """
    codes = raw.codes[np.sort(np.asarray(rows, dtype=np.int64))]
    counts = np.bincount(codes[codes >= 0], minlength=len(raw.levels)).astype(np.int64)
    used = np.flatnonzero(counts)
    levels = tuple(raw.levels)
    texts = levels if len(used) == len(levels) else tuple(levels[code] for code in used.tolist())
    return Tally(raw.name, texts, counts[used], int((codes < 0).sum()), len(codes), codes, levels)


def keep_present(tally: Tally, words: Collection[str]) -> Present:
    """The cells that are not missing.

    Args:
        tally: counted cells.
        words: folded missing words.

    Example:
        >>> raw = RawColumn("x", np.array([0, 1, 0, -1], np.int32), ("a", "?"))
        >>> keep_present(tally_column(raw, np.arange(4)), ("", "?")).n_missing
        2
    """
    key = tuple(words)
    if key not in tally.kept:
        tally.kept[key] = _split_missing(tally, key)
    return tally.kept[key]


def _split_missing(tally: Tally, words: Collection[str]) -> Present:
    ready = prepare_words(words)
    # A plain number is missing only as one of the words that are numbers.
    absent = np.isin(tally.plain, list(ready.sentinels))
    for place in np.flatnonzero(np.isnan(tally.plain)).tolist():
        absent[place] = is_missing(tally.texts[place], ready)
    kept = np.flatnonzero(~absent)
    found = [f"{tally.texts[i].strip()!r} {tally.counts[i]}" for i in np.flatnonzero(absent)]
    if tally.n_null:
        found.append(f"null {tally.n_null}")
    counts = tally.counts[kept]
    n_cells = int(counts.sum())
    texts = tally.texts if len(kept) == len(tally.texts) else tuple(tally.texts[i] for i in kept.tolist())
    return Present(texts, counts, n_cells, tally.n_rows - n_cells, ", ".join(found[:5]), tally.plain[kept])


def describe_missing(present: Present) -> str:
    """The end of an evidence sentence: how many cells are missing and as which words.

    Example:
        >>> describe_missing(Present(("a",), np.array([3]), 3, 0, ""))
        'none missing'
    """
    return f"{present.n_missing} missing ({present.words})" if present.n_missing else "none missing"


def show_examples(texts: Sequence[str]) -> str:
    """Some cells for an evidence sentence.

    Example:
        >>> show_examples(["<0.5", "n.n."])
        "'<0.5', 'n.n.'"
    """
    return ", ".join(repr(text.strip()[:40]) for text in texts[:_EXAMPLES])
