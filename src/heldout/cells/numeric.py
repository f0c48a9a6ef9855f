"""Columns of numbers: how many cells are numbers, and numbers that are codes or keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from heldout.cells.keynames import (
    is_bare_person,
    is_code_name,
    is_key_name,
    is_loose_person,
    is_person_key,
    split_name,
)
from heldout.cells.numbers import is_zero_padded
from heldout.cells.readings import NumberForm, read_number, read_numbers
from heldout.cells.tally import Present, Tally
from heldout.records import BoolArray, DoubleArray, IndexArray, Kind, Status
from heldout.toml_lines import paste_column

_MOSTLY = 0.95
_PADDED_SHARE = 0.02
_FEWEST_ROWS = 8
# A counter over shuffled, cut or filtered rows still fills at least a tenth of its range (assumption).
_COUNTER_DENSITY = 0.1
_CODE_LEVELS, _CODE_SHARE, _KEY_SHARE = 100, 0.05, 0.5
_YEARS = (1500, 2100)
_LETTER_CODE = re.compile(r"\s*[A-Za-z]{1,3}[0-9]{1,5}(?:[.-][0-9]{1,3})?\s*")
_FEWEST_CODES = 5
_MANY_PERSONS = 10  # fewer numbers under "patient" or "family" may be how many there are (assumption)
_MANY_KEYS, _LARGE_KEY, _NEARLY_UNIQUE = 50, 1_000, 0.9


@dataclass(frozen=True)
class NumberEvidence:
    """What the numbers in a column look like.

    Args:
        share: cells that are numbers over all cells that are not missing.
        n_parsed: cells that are numbers.
        n_distinct: distinct numbers.
        low: smallest number (NaN without numbers).
        high: largest number.
        is_whole: True when all are whole numbers.
        is_unique: True when no number occurs twice.
        rises: True when all are whole numbers that rise from row to row throughout.
        padded_share: cells with leading zeros over cells that are numbers, where all numbers are whole.
        unparsed: distinct cell texts that are no numbers.
        has_letter_codes: True when the other cells are codes such as V57 and E909 (diagnoses), so that the numbers
            are codes as well.
        looks_keyed: True when nearly all numbers are large, whole and different, as keys are.
        numbers: float64, the distinct numbers, rising.
        times: int64, cells of each.
        n_limits: cells that are limits ("<0.5").
    """

    share: float
    n_parsed: int
    n_distinct: int
    low: float
    high: float
    is_whole: bool
    is_unique: bool
    rises: bool
    padded_share: float
    unparsed: tuple[str, ...]
    has_letter_codes: bool
    looks_keyed: bool
    numbers: DoubleArray
    times: IndexArray
    n_limits: int


def measure_numbers(tally: Tally, present: Present, *, form: NumberForm) -> NumberEvidence:
    """Count the numbers among the cells that are not missing.

    Args:
        tally: the column's cells at the deciding rows.
        present: those that are not missing.
        form: how the column writes numbers.

    Example:
        >>> from heldout.cells.tally import keep_present, tally_column
        >>> from heldout.records import RawColumn
        >>> tally = tally_column(RawColumn("x", np.arange(3, dtype=np.int32), ("1", "2", "5O")), np.arange(3))
        >>> measure_numbers(tally, keep_present(tally, ("",)), form=NumberForm()).unparsed
        ('5O',)
    """
    values, status = read_numbers(present, form)
    is_number = status != Status.UNPARSED
    numbers = values[is_number]
    counts = present.counts[is_number]
    n_parsed = int(counts.sum())
    distinct, place = np.unique(numbers, return_inverse=True)
    times = np.bincount(place, weights=counts, minlength=len(distinct)).astype(np.int64)
    is_limit = (status == Status.CENSORED_BELOW) | (status == Status.CENSORED_ABOVE)
    is_whole = bool((distinct == np.round(distinct)).all()) and not form.unit
    padded = np.zeros(len(values), np.bool_)
    if is_whole:
        padded = np.array([is_zero_padded(text) for text in present.texts], dtype=bool) & is_number
    is_large = len(distinct) >= _MANY_KEYS and float(distinct[0]) >= _LARGE_KEY
    is_unique = len(distinct) == n_parsed
    return NumberEvidence(
        share=n_parsed / present.n_cells if present.n_cells else 0.0,
        n_parsed=n_parsed,
        n_distinct=len(distinct),
        low=float(distinct[0]) if len(distinct) else float("nan"),
        high=float(distinct[-1]) if len(distinct) else float("nan"),
        is_whole=is_whole,
        is_unique=is_unique,
        rises=is_unique
        and is_whole
        and _check_rise(tally, form, dict(zip(present.texts, values.tolist(), strict=True))),
        padded_share=float(present.counts[padded].sum() / n_parsed) if n_parsed else 0.0,
        unparsed=tuple(present.texts[place] for place in np.flatnonzero(~is_number).tolist()),
        has_letter_codes=_find_letter_codes(present, ~is_number),
        looks_keyed=is_whole and is_large and len(distinct) >= _NEARLY_UNIQUE * n_parsed,
        numbers=distinct,
        times=times,
        n_limits=int(present.counts[is_limit].sum()),
    )


def _find_letter_codes(present: Present, is_other: BoolArray) -> bool:
    coded = is_other.copy()
    for place in np.flatnonzero(is_other).tolist():
        coded[place] = _LETTER_CODE.fullmatch(present.texts[place]) is not None
    n_coded, n_other = int(present.counts[coded].sum()), int(present.counts[is_other].sum())
    # Slips of the pen are all different; codes are many, alike, and come back.
    return (
        int(coded.sum()) >= _FEWEST_CODES and n_coded >= _MOSTLY * n_other and n_coded >= 2 * int(coded.sum())
    )


def _check_rise(tally: Tally, form: NumberForm, read: dict[str, float]) -> bool:
    used = np.unique(tally.codes[tally.codes >= 0])
    value: DoubleArray = np.full(len(tally.levels) + 1, np.nan)
    for code in used:
        text = tally.levels[code]
        if text in read:
            value[code] = read[text]
        else:
            # A missing word such as -999 is a number too.
            found = read_number(text, form)
            value[code] = np.nan if found is None else found[0]
    ordered = value[tally.codes]
    return bool((np.diff(ordered[~np.isnan(ordered)]) > 0).all())


def judge_codes(tally: Tally, evidence: NumberEvidence) -> tuple[Kind, str] | None:
    """Identifier or category, with the reason, for numbers that only name things; None for measured numbers.

    Leading zeros mark codes. Whole numbers are keys when they count the rows, when they come under a name such as id
    or nr and are not few (few are category codes), and under the name of persons in any number. Under a name such as
    code or zip they are category codes. Numbers with a fraction are never keys.

    Args:
        tally: the column's cells at the deciding rows.
        evidence: what its numbers look like.

    Example:
        >>> from heldout.cells.tally import keep_present, tally_column
        >>> from heldout.records import RawColumn
        >>> raw = RawColumn("No", np.arange(9, dtype=np.int32), tuple("123456789"))
        >>> tally = tally_column(raw, np.arange(9))
        >>> judge_codes(tally, measure_numbers(tally, keep_present(tally, ("",)), form=NumberForm()))
        (<Kind.IDENTIFIER: 'identifier'>, '9 whole numbers that rise from row to row without repeats (1 to 9)')
    """
    if not evidence.is_whole:
        return None
    is_many = evidence.n_parsed >= _FEWEST_ROWS
    share = evidence.n_distinct / evidence.n_parsed
    if evidence.padded_share >= _PADDED_SHARE:
        kind = Kind.IDENTIFIER if is_many and share >= _MOSTLY else Kind.CATEGORY
        return kind, f"{evidence.n_distinct} numbers with leading zeros are codes, not amounts"
    spread = evidence.high - evidence.low + 1
    is_year = "year" in split_name(tally.name) and _YEARS[0] <= evidence.low <= evidence.high <= _YEARS[1]
    is_counter = evidence.rises and evidence.n_parsed >= _COUNTER_DENSITY * spread and not is_year
    if is_many and is_counter:
        return Kind.IDENTIFIER, (
            f"{evidence.n_parsed} whole numbers that rise from row to row without repeats "
            f"({evidence.low:.0f} to {evidence.high:.0f})"
        )
    kind = _judge_name(tally.name, evidence, share) if is_many and evidence.n_distinct > 2 else None
    if kind is None:
        return None
    what = "codes" if is_code_name(tally.name) and kind is Kind.CATEGORY else "keys"
    return (
        kind,
        f"{evidence.n_distinct} whole numbers in {evidence.n_parsed} cells, and the name says they are {what}",
    )


def _judge_name(name: str, evidence: NumberEvidence, share: float) -> Kind | None:
    """What whole numbers are by their name; a name alone never makes few of them more than codes.

    Source: of 189 columns of whole numbers under such names in SortingHat's training part none is an amount.
    """
    if is_person_key(name):
        return Kind.IDENTIFIER
    if is_bare_person(name):
        return Kind.IDENTIFIER if evidence.n_distinct >= _MANY_PERSONS else None
    if is_key_name(name):
        if split_name(name) == ("no",) and share < _NEARLY_UNIQUE:
            return None  # nitric oxide
        return (
            Kind.CATEGORY if share <= _CODE_SHARE and evidence.n_distinct <= _CODE_LEVELS else Kind.IDENTIFIER
        )
    return Kind.CATEGORY if is_code_name(name) and share < _MOSTLY else None


def ask_keys(name: str, n_distinct: int, n_cells: int) -> str:
    """What is asked about keys that come back, where the name leaves open what they name; "" where it does not.

    Args:
        name: the column.
        n_distinct: different keys.
        n_cells: cells with one.

    Example:
        >>> ask_keys("site_id", 60, 600)[:42]
        '60 different keys in 600 cells, left out: '
        >>> ask_keys("patient_id", 60, 600), ask_keys("order_id", 600, 600)
        ('', '')
    """
    is_open = is_loose_person(name) or (is_key_name(name) and not is_person_key(name))
    if not is_open or not 2 < n_distinct < _KEY_SHARE * n_cells or n_distinct > _CODE_LEVELS:
        return ""
    return (
        f"{n_distinct} different keys in {n_cells} cells, left out: if rows of one are to stay together, --group; if "
        f"they are kinds of things that come back: {paste_column(name, 'kind', 'category')}"
        + (f", if they are amounts: {paste_column(name, 'kind', 'number')}" if is_loose_person(name) else "")
    )
