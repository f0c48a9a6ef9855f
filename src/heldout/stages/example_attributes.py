"""Properties of pictures, signals, texts and sequences by which rows fall into groups: brightness, length, language."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from heldout.recipe import measure_kept
from heldout.records import CodeArray, DoubleArray, Kind
from heldout.stages.losing import share_unknown
from heldout.stages.measuring import measure_array, measure_sequences, name_languages, spread_levels
from heldout.stages.preparing import Prepared


def measure_examples(prepared: Prepared) -> Iterator[tuple[str, DoubleArray]]:
    """Give each property with its number for every row of the table, NaN where a row has none.

    Nothing here is fitted but the vocabulary of texts: each row is asked about by the state that was not fitted on it.

    Args:
        prepared: columns, arrays and recipe.

    Returns:
        pairs of a name in the users' words and float64 [N].
    """
    for array in prepared.arrays:
        yield from measure_array(array, np.arange(len(array.values)))
    for column in prepared.columns:
        if column.spec.kind is Kind.TEXT and column.spec.used:
            kept = measure_kept(prepared.recipe, column)
            if kept is not None and kept.unknown is not None:
                yield f"{kept.unit} of {column.spec.name}", spread_levels(kept.lengths, column.codes)
                name = f"share of unknown {kept.unit} in {column.spec.name}"
                yield name, share_unknown(kept, column.codes, prepared.split)
        elif column.spec.kind is Kind.SEQUENCE:
            yield from measure_sequences(column)


def name_examples(prepared: Prepared) -> Iterator[tuple[str, CodeArray, tuple[str, ...]]]:
    """Give each property that has names and no numbers: the language of a text.

    Args:
        prepared: columns.

    Returns:
        triples of a name, int32 [N] codes (-1 where there is no text, or one whose language is not told), and the names
        of the levels.
    """
    yield from name_languages(prepared.columns)
