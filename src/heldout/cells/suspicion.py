"""Whole numbers that may be codes: what the shipped classifier says about them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.cells.kindtrees import CONFIDENCE_LINE, weigh_kinds
from heldout.cells.missing import choose_words
from heldout.cells.numeric import NumberEvidence
from heldout.cells.portrait import N_SAMPLES, Portrait
from heldout.cells.tally import Present, Tally, describe_missing
from heldout.records import ColumnSpec, Kind
from heldout.toml_lines import paste_column

# With two values the reading makes no difference; with many a category of numbers is rare.
_FEWEST, _MOST = 3, 30
_MORE_LIKELY = 0.5
# A slot for each of so few numbers costs three slots more and can express any order of them; a number that no fit row
# holds is then unknown.
_FEW_CODES = 5
_YEARS = (1500, 2100)
_CATEGORY, _NUMBER = "categorical", "numeric"


def weigh_codes(spec: ColumnSpec, tally: Tally, present: Present, evidence: NumberEvidence) -> ColumnSpec:
    """The declaration of a column of numbers after asking the classifier whether its few whole numbers are codes.

    Confident: the column is a category. Not confident, but more likely a category than anything else: a category too
    where there are so few numbers that a slot for each can express any order of them; with more it stays a number and
    asks.

    Args:
        spec: the column read as numbers.
        tally: its cells.
        present: those that are not missing.
        evidence: what its numbers look like.
    """
    if not evidence.is_whole or not _FEWEST <= evidence.n_distinct <= _MOST or evidence.unparsed:
        return spec
    if _YEARS[0] <= evidence.low <= evidence.high <= _YEARS[1]:
        # A year to come would be an unseen category.
        return spec
    weighed = dict(weigh_kinds(paint_numbers(tally, present, evidence)))
    is_category, is_number = weighed[_CATEGORY], weighed[_NUMBER]
    is_harmless = evidence.n_distinct <= _FEW_CODES and is_category >= _MORE_LIKELY
    if is_category >= CONFIDENCE_LINE or is_harmless:
        unsure = (
            ""
            if is_category >= CONFIDENCE_LINE
            else ", a slot for each can express any order of them; a number that no fit row holds is then unknown"
        )
        why = (
            f"{evidence.n_distinct} whole numbers in {present.n_cells} cells, by name and values category codes "
            f"(confidence {is_category:.2f}{unsure}); {describe_missing(present)}"
        )
        words = (
            *choose_words((), among_numbers=False),
            *(w for w in spec.missing_words if w not in ("", "?")),
        )
        return replace(
            spec, kind=Kind.CATEGORY, why=why, missing_words=tuple(dict.fromkeys(words)), decimal="."
        )
    if is_category < _MORE_LIKELY:
        return spec
    return replace(
        spec,
        question=f"{evidence.n_distinct} whole numbers ({evidence.low:g} to {evidence.high:g}) may be codes (category "
        f"{is_category:.2f}, number {is_number:.2f}); say {paste_column(spec.name, 'kind', 'category')} "
        f"or {paste_column(spec.name, 'kind', 'number')}",
    )


def paint_numbers(tally: Tally, present: Present, evidence: NumberEvidence) -> Portrait:
    """The portrait of a column of numbers.

    Args:
        tally: its cells.
        present: those that are not missing.
        evidence: its numbers.
    """
    total = max(int(evidence.times.sum()), 1)
    mean = float((evidence.numbers * evidence.times).sum() / total)
    spread = float(np.sqrt(((evidence.numbers - mean) ** 2 * evidence.times).sum() / total))
    return Portrait(
        name=tally.name,
        n_cells=tally.n_rows,
        n_missing=present.n_missing,
        n_distinct=evidence.n_distinct,
        mean=mean,
        spread=spread,
        low=evidence.low,
        high=evidence.high,
        samples=tuple(text.strip() for text in present.texts[:N_SAMPLES]),
    )
