"""Properties of pictures, signals, texts and sequences by which rows fall into groups: brightness, length, language."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from heldout.languages import UNKNOWN, guess_language
from heldout.letters import NUCLEOTIDES
from heldout.recipe import count_unknown
from heldout.records import ArrayColumn, CodeArray, DoubleArray, Kind, TypedColumn
from heldout.stages.preparing import Prepared

MASK = "mask"
AT_ONCE = 500  # examples read at once: 25 MB of pictures of 64 x 64 pixels


def measure_examples(prepared: Prepared) -> Iterator[tuple[str, DoubleArray]]:
    """Give each property with its number for every row of the table, NaN where a row has none.

    Nothing here is fitted but the vocabulary of texts, which is the first state's: a word no fit row holds is unknown.

    Args:
        prepared: columns, arrays and recipe.

    Returns:
        pairs of a name in the users' words and float64 [N].
    """
    for array in prepared.arrays:
        yield from _measure_array(array)
    for column in prepared.columns:
        if column.spec.kind is Kind.TEXT and column.spec.used:
            lengths, unknown = count_unknown(prepared.recipe, column)
            yield f"words of {column.spec.name}", _by_row(lengths, column.codes)
            if unknown is not None:
                shares = unknown / np.maximum(lengths, 1)
                yield f"share of unknown words in {column.spec.name}", _by_row(shares, column.codes)
        elif column.spec.kind is Kind.SEQUENCE:
            yield from _measure_sequences(column)


def name_examples(prepared: Prepared) -> Iterator[tuple[str, CodeArray, tuple[str, ...]]]:
    """Give each property that has names and no numbers: the language of a text.

    Args:
        prepared: columns.

    Returns:
        triples of a name, int32 [N] codes (-1 where there is no text, or one whose language is not told), and the names
        of the levels.
    """
    for column in prepared.columns:
        if column.spec.kind is Kind.TEXT and column.spec.used:
            of_level = [guess_language(text) for text in column.levels]
            names = sorted(set(of_level) - {UNKNOWN})
            number = {name: code for code, name in enumerate(names)} | {UNKNOWN: -1}
            numbers = np.array([*(number[name] for name in of_level), -1], np.int32)
            levels = tuple(f"language of {column.spec.name} = {name}" for name in names)
            yield f"language of {column.spec.name}", numbers[column.codes], levels


def _by_row(of_level: DoubleArray, codes: CodeArray) -> DoubleArray:
    return np.append(of_level, np.nan)[codes]


def _measure_array(array: ArrayColumn) -> Iterator[tuple[str, DoubleArray]]:
    """Mean and spread over the channels that hold values, and the share that was not observed."""
    is_mask = np.array([channel == MASK for channel in array.policy.channels])
    n = len(array.values)
    mean, spread, absent = np.full(n, np.nan), np.full(n, np.nan), np.zeros(n)
    for first in range(0, n, AT_ONCE):
        part = np.asarray(array.values[first : first + AT_ONCE], np.float64)
        flat = part[..., ~is_mask].reshape(len(part), -1)
        mean[first : first + AT_ONCE], spread[first : first + AT_ONCE] = flat.mean(axis=1), flat.std(axis=1)
        if is_mask.any():
            absent[first : first + AT_ONCE] = part[..., is_mask].reshape(len(part), -1).mean(axis=1)
    words = ("brightness", "contrast") if array.kind is Kind.PICTURE else ("level", "spread")
    yield f"{words[0]} of {array.name}", mean
    yield f"{words[1]} of {array.name}", spread
    if absent.any():
        yield f"share not observed of {array.name}", absent


def _measure_sequences(column: TypedColumn) -> Iterator[tuple[str, DoubleArray]]:
    letters = [level.upper() for level in column.levels]
    lengths = np.array([float(len(text)) for text in letters])
    yield f"length of {column.spec.name}", _by_row(lengths, column.codes)
    known = np.array([sum(map(text.count, "ACGTU")) for text in letters], float)
    if letters and all(set(text) <= NUCLEOTIDES | set("-.") for text in letters):
        strong = np.array([text.count("G") + text.count("C") for text in letters], float)
        yield f"GC share of {column.spec.name}", _by_row(strong / np.maximum(known, 1), column.codes)
