"""Words among numbers that say "below what can be measured": trace, undetectable, negative."""

from __future__ import annotations

import numpy as np

from heldout.cells.characters import fold_text
from heldout.cells.readings import NumberForm, read_numbers
from heldout.cells.tally import Present
from heldout.records import Status

TRACE_WORDS = frozenset(
    [
        *("trace", "traces", "undetectable", "undetected", "not detected", "not detectable", "none detected"),
        *("nondetect", "non-detect", "below detection", "below detection limit", "below limit of detection"),
        *("below lod", "below loq", "<lod", "< lod", "<loq", "< loq", "<dl", "< dl", "bdl", "blq", "bloq"),
    ]
)
# Beside grades or a few codes these are answers of their own.
NEGATIVE_WORDS = frozenset({"neg", "neg.", "negative"})
_FEWEST_NUMBERS, _FEWEST_BESIDE_NEGATIVE = 3, 5
_MOSTLY = 0.95  # of the other cells must be bare numbers or limits with a sign, as in any column of numbers


def find_traces(present: Present, form: NumberForm) -> tuple[str, ...]:
    """What such words are read as: below the smallest positive number or limit of the column.

    None where they may mean something else: beside negative numbers (a logarithm has no smallest positive amount),
    beside grades such as "2+", beside other words ("negative" and "positive").

    Args:
        present: cells that are not missing.
        form: how the column writes numbers.

    Returns:
        (folded word, "<0.5") pairs, flat; empty without such words.

    Example:
        >>> cells = Present(("1.5", "3", "8.25", "Trace"), np.ones(4, int), 4, 0, "")
        >>> find_traces(cells, NumberForm())
        ('trace', '<1.5')
        >>> find_traces(Present(("neg", "trace", "1+", "2+", "3+"), np.ones(5, int), 5, 0, ""), NumberForm())
        ()
    """
    words = sorted({fold_text(text) for text in present.others} & (TRACE_WORDS | NEGATIVE_WORDS))
    if not words:
        return ()
    values, status = read_numbers(present, form)
    is_word = np.array([fold_text(text) in words for text in present.texts])
    is_grade = np.array([text.strip().endswith("+") for text in present.texts])
    is_number = (status != Status.UNPARSED) & ~is_grade
    numbers = np.unique(values[is_number])
    fewest = _FEWEST_BESIDE_NEGATIVE if NEGATIVE_WORDS & set(words) else _FEWEST_NUMBERS
    n_others = int(present.counts[~is_word].sum())
    is_amount = (
        len(numbers) >= fewest and numbers[0] >= 0 and present.counts[is_number].sum() >= _MOSTLY * n_others
    )
    if not is_amount:
        return ()
    limit = repr(float(numbers[numbers > 0][0])).removesuffix(".0")
    said = f"<{limit.replace('.', form.decimal)}"
    return tuple(part for word in words for part in (word, said))
