"""What can be counted of whole examples before anything is fitted: brightness, length, share of letters, language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from heldout.languages import UNKNOWN, guess_language
from heldout.letters import NUCLEOTIDES
from heldout.near_texts import split_words
from heldout.recipe.arrays import MASK
from heldout.records import (
    ArrayColumn,
    CodeArray,
    ColumnSpec,
    DoubleArray,
    IndexArray,
    Kind,
    Status,
    TypedColumn,
)

AT_ONCE = 500  # examples read at once: 25 MB of pictures of 64 x 64 pixels


def list_properties(
    columns: tuple[TypedColumn, ...], arrays: tuple[ArrayColumn, ...], rows: IndexArray
) -> tuple[TypedColumn, ...]:
    """Give what can be counted of whole examples before anything is fitted, as columns that an audit can score.

    In place of unknown words, which follow from a fitted vocabulary, words that no other of these texts holds.

    Args:
        columns: all columns, typed.
        arrays: pictures and signals.
        rows: int64 [n], the rows to look at; no other example is read.

    Returns:
        Columns of all N rows, NaN or without a level outside `rows`; those that do not differ are left out.
    """
    taken = [_take_levels(column, rows) for column in columns if column.spec.used]
    made = [pair for array in arrays for pair in measure_array(array, rows)]
    for column in taken:
        if column.spec.kind is Kind.TEXT:
            made += _measure_words(column)
        elif column.spec.kind is Kind.SEQUENCE:
            made += measure_sequences(column)
    n_rows = max(
        (len(item) for item in (*(a.values for a in arrays), *(c.status for c in columns))), default=0
    )
    numbers = [_spread(name, values, rows, n_rows) for name, values in made]
    languages = [
        _spread(name, codes, rows, n_rows, levels) for name, codes, levels in name_languages(tuple(taken))
    ]
    return tuple(column for column in (*numbers, *languages) if _differs(column, rows))


def _take_levels(column: TypedColumn, rows: IndexArray) -> TypedColumn:
    """The cells of some rows with the levels that they hold; numbers are not asked for."""
    if column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE):
        return column
    codes = column.codes[rows]
    found = np.unique(codes[codes >= 0])
    within = np.where(codes >= 0, np.searchsorted(found, codes), -1).astype(np.int32)
    levels = tuple(column.levels[code] for code in found.tolist())
    return TypedColumn(column.spec, column.status[rows], column.values, within, levels)


def _spread(
    name: str, values: DoubleArray | CodeArray, rows: IndexArray, n_rows: int, levels: tuple[str, ...] = ()
) -> TypedColumn:
    spec = ColumnSpec(name, Kind.CATEGORY if levels else Kind.NUMBER, "counted of whole examples", used=False)
    whole = np.full(n_rows, -1.0 if levels else np.nan)
    whole[rows] = values
    status = np.full(n_rows, Status.OK, np.uint8)
    nothing = np.zeros(0)
    if levels:
        return TypedColumn(spec, status, nothing, whole.astype(np.int32), levels)
    return TypedColumn(spec, status, whole.astype(np.float64), np.zeros(0, np.int32))


def _differs(column: TypedColumn, rows: IndexArray) -> bool:
    cells = column.codes[rows] if column.levels else column.values[rows]
    return len(np.unique(cells[~np.isnan(cells)])) > 1


def name_languages(columns: tuple[TypedColumn, ...]) -> Iterator[tuple[str, CodeArray, tuple[str, ...]]]:
    """Give each property that has names and no numbers: the language of a text.

    Args:
        columns: all columns, typed.

    Returns:
        triples of a name, int32 [N] codes (-1 where there is no text, or one whose language is not told), and the names
        of the levels.
    """
    for column in columns:
        if column.spec.kind is Kind.TEXT and column.spec.used:
            of_level = [guess_language(text) for text in column.levels]
            names = sorted(set(of_level) - {UNKNOWN})
            number = {name: code for code, name in enumerate(names)} | {UNKNOWN: -1}
            numbers = np.array([*(number[name] for name in of_level), -1], np.int32)
            levels = tuple(f"language of {column.spec.name} = {name}" for name in names)
            yield f"language of {column.spec.name}", numbers[column.codes], levels


def spread_levels(of_level: DoubleArray, codes: CodeArray) -> DoubleArray:
    """Give each row the number of its level, NaN where it has none.

    Args:
        of_level: float64 [levels].
        codes: int32 [N], -1 where missing.

    Example:
        >>> spread_levels(np.array([3.0, 5.0]), np.array([1, -1, 0], np.int32))
        array([ 5., nan,  3.])
    """
    return np.append(of_level, np.nan)[codes]


def _measure_words(column: TypedColumn) -> Iterator[tuple[str, DoubleArray]]:
    words = [split_words(text) for text in column.levels]
    lengths = np.array([float(len(one)) for one in words])
    yield f"words of {column.spec.name}", spread_levels(lengths, column.codes)
    texts_with = Counter(word for one in words for word in set(one))
    alone = np.array([float(sum(texts_with[word] == 1 for word in one)) for one in words])
    yield (
        f"share of words of {column.spec.name} that no other text holds",
        spread_levels(alone / np.maximum(lengths, 1), column.codes),
    )


def measure_array(array: ArrayColumn, rows: IndexArray) -> Iterator[tuple[str, DoubleArray]]:
    """Mean and spread over the channels that hold values, and the share that was not observed.

    Args:
        array: pictures or signals.
        rows: int64 [n], those to look at.

    Returns:
        pairs of a name and float64 [n].
    """
    is_mask = np.array([channel == MASK for channel in array.policy.channels])
    n = len(rows)
    mean, spread, absent = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)
    for first in range(0, n, AT_ONCE):
        part = np.asarray(array.values[rows[first : first + AT_ONCE]], np.float64)
        flat = part[..., ~is_mask].reshape(len(part), -1)
        mean[first : first + AT_ONCE], spread[first : first + AT_ONCE] = flat.mean(axis=1), flat.std(axis=1)
        if is_mask.any():
            absent[first : first + AT_ONCE] = part[..., is_mask].reshape(len(part), -1).mean(axis=1)
    words = ("brightness", "contrast") if array.kind is Kind.PICTURE else ("level", "spread")
    yield f"{words[0]} of {array.name}", mean
    yield f"{words[1]} of {array.name}", spread
    if absent.any():
        yield f"share not observed of {array.name}", absent


def measure_sequences(column: TypedColumn) -> Iterator[tuple[str, DoubleArray]]:
    """Length, and of bases the share of G and C among those read, and the share of N.

    Args:
        column: of sequences.

    Returns:
        pairs of a name and float64, one for each cell.
    """
    letters = [level.upper() for level in column.levels]
    lengths = np.array([float(len(text)) for text in letters])
    yield f"length of {column.spec.name}", spread_levels(lengths, column.codes)
    known = np.array([sum(map(text.count, "ACGTU")) for text in letters], float)
    if letters and all(set(text) <= NUCLEOTIDES | set("-.") for text in letters):
        strong = np.array([text.count("G") + text.count("C") for text in letters], float)
        yield f"GC share of {column.spec.name}", spread_levels(strong / np.maximum(known, 1), column.codes)
        unread = np.array([text.count("N") for text in letters], float)
        if unread.any():
            yield (
                f"share of N in {column.spec.name}",
                spread_levels(unread / np.maximum(lengths, 1), column.codes),
            )
