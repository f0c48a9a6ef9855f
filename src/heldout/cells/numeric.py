"""Columns of numbers: how many cells are numbers, which decimal separator, and numbers that are codes or keys."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from heldout.cells.numbers import is_zero_padded, parse_number
from heldout.cells.tally import Present, Tally, is_key_name, split_name
from heldout.errors import DataError
from heldout.records import BoolArray, DoubleArray, Kind

_MOSTLY = 0.95
_PADDED_SHARE = 0.02
_FEWEST_ROWS = 8
# A counter over shuffled, cut or filtered rows still fills at least a tenth of its range (assumption).
_COUNTER_DENSITY = 0.1
_CODE_LEVELS, _CODE_SHARE, _KEY_SHARE = 100, 0.05, 0.5
_YEARS = (1500, 2100)
_LETTER_CODE = re.compile(r"\s*[A-Za-z]{1,3}[0-9]{1,5}(?:[.-][0-9]{1,3})?\s*")
_FEWEST_CODES = 5
_MANY_KEYS, _LARGE_KEY, _NEARLY_UNIQUE = 50, 1_000, 0.9
_SURE_COMMA = re.compile(r".*,(?:[0-9]{1,2}|[0-9]{4,})(?:[eE][+-]?[0-9]+)?\s*|\s*[+-]?0?,[0-9]+\s*")


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
        rises: True when the numbers rise from row to row throughout.
        padded_share: cells with leading zeros over cells that are numbers.
        unparsed: distinct cell texts that are no numbers.
        has_letter_codes: True when the other cells are codes such as V57 and E909 (diagnoses), so that the numbers
            are codes as well.
        looks_keyed: True when nearly all numbers are large, whole and different, as keys are.
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


def measure_numbers(tally: Tally, present: Present, *, decimal: str) -> NumberEvidence:
    """Count the numbers among the cells that are not missing.

    Args:
        tally: the column's cells at the deciding rows.
        present: those that are not missing.
        decimal: decimal separator, "." or ",".

    Example:
        >>> from heldout.cells.tally import keep_present, tally_column
        >>> from heldout.records import RawColumn
        >>> tally = tally_column(RawColumn("x", np.arange(3, dtype=np.int32), ("1", "2", "5O")), np.arange(3))
        >>> measure_numbers(tally, keep_present(tally, ("",)), decimal=".").unparsed
        ('5O',)
    """
    parsed = [parse_number(text, decimal=decimal) for text in present.texts]
    is_number = np.array([number is not None for number in parsed], dtype=bool)
    numbers = np.array([number for number in parsed if number is not None], dtype=np.float64)
    counts = present.counts[is_number]
    n_parsed = int(counts.sum())
    distinct = np.unique(numbers)
    padded = np.array([is_zero_padded(text) for text in present.texts], dtype=bool) & is_number
    is_whole = bool((distinct == np.round(distinct)).all())
    is_large = len(distinct) >= _MANY_KEYS and float(distinct[0]) >= _LARGE_KEY
    return NumberEvidence(
        share=n_parsed / present.n_cells if present.n_cells else 0.0,
        n_parsed=n_parsed,
        n_distinct=len(distinct),
        low=float(distinct[0]) if len(distinct) else float("nan"),
        high=float(distinct[-1]) if len(distinct) else float("nan"),
        is_whole=is_whole,
        is_unique=len(distinct) == n_parsed,
        rises=_check_rise(tally, decimal) if len(distinct) == n_parsed else False,
        padded_share=float(present.counts[padded].sum() / n_parsed) if n_parsed else 0.0,
        unparsed=tuple(text for text, good in zip(present.texts, is_number, strict=True) if not good),
        has_letter_codes=_find_letter_codes(present, ~is_number),
        looks_keyed=is_whole and is_large and len(distinct) >= _NEARLY_UNIQUE * n_parsed,
    )


def _find_letter_codes(present: Present, is_other: BoolArray) -> bool:
    coded = (
        np.array([_LETTER_CODE.fullmatch(text) is not None for text in present.texts], dtype=bool) & is_other
    )
    n_coded, n_other = int(present.counts[coded].sum()), int(present.counts[is_other].sum())
    # Slips of the pen are all different; codes are many, alike, and come back.
    return (
        int(coded.sum()) >= _FEWEST_CODES and n_coded >= _MOSTLY * n_other and n_coded >= 2 * int(coded.sum())
    )


def _check_rise(tally: Tally, decimal: str) -> bool:
    used = np.unique(tally.codes[tally.codes >= 0])
    value: DoubleArray = np.full(len(tally.levels) + 1, np.nan)
    for code in used:
        number = parse_number(tally.levels[code], decimal=decimal)
        value[code] = np.nan if number is None else number
    ordered = value[tally.codes]
    return bool((np.diff(ordered[~np.isnan(ordered)]) > 0).all())


def choose_decimal(present: Present, *, column: str) -> str:
    """The decimal separator of a column: the point, or the comma when its cells prove it.

    Args:
        present: cells that are not missing.
        column: column name for the refusal.

    Returns:
        "." or ",".

    Raises:
        DataError: the cells are numbers with a comma that may be a decimal comma or a thousands separator.

    Example:
        >>> choose_decimal(Present(("3,5", "4"), np.array([1, 1]), 2, 0, ""), column="ldl")
        ','
        >>> choose_decimal(Present(("1,234", "4"), np.array([1, 1]), 2, 0, ""), column="pop")
        Traceback (most recent call last):
        heldout.errors.DataError: column 'pop': '1,234' may be 1234 or 1.234
          -> if the comma is the decimal separator: [columns."pop"] decimal = "," in heldout.toml; else remove it
    """
    with_comma = [text for text in present.texts if "," in text]
    if (
        not with_comma
        or _share_of_numbers(present, ".") >= _MOSTLY
        or _share_of_numbers(present, ",") < _MOSTLY
    ):
        return "."
    if any(_SURE_COMMA.fullmatch(text) for text in with_comma):
        return ","
    digits = with_comma[0].strip()
    raise DataError(
        f"column {column!r}: {digits!r} may be {digits.replace(',', '')} or {digits.replace(',', '.')}",
        hint=f'if the comma is the decimal separator: [columns."{column}"] decimal = "," in heldout.toml; '
        "else remove it",
    )


def _share_of_numbers(present: Present, decimal: str) -> float:
    good = [parse_number(text, decimal=decimal) is not None for text in present.texts]
    return float(present.counts[np.array(good, dtype=bool)].sum() / max(present.n_cells, 1))


def judge_codes(tally: Tally, evidence: NumberEvidence) -> tuple[Kind, str] | None:
    """Identifier or category, with the reason, for numbers that only name things; None for measured numbers.

    Leading zeros mark codes. Whole numbers are keys when they count the rows or when they are (nearly) unique under
    a name such as id or nr; few whole numbers under such a name are category codes. Numbers with a fraction are
    never keys.

    Args:
        tally: the column's cells at the deciding rows.
        evidence: what its numbers look like.

    Example:
        >>> from heldout.cells.tally import keep_present, tally_column
        >>> from heldout.records import RawColumn
        >>> raw = RawColumn("No", np.arange(9, dtype=np.int32), tuple("123456789"))
        >>> tally = tally_column(raw, np.arange(9))
        >>> judge_codes(tally, measure_numbers(tally, keep_present(tally, ("",)), decimal="."))
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
    if not is_key_name(tally.name) or not is_many:
        return None
    if share <= _CODE_SHARE and evidence.n_distinct <= _CODE_LEVELS:
        return Kind.CATEGORY, (
            f"{evidence.n_distinct} whole numbers in {evidence.n_parsed} cells, and the name says they are keys"
        )
    if share >= _KEY_SHARE or evidence.n_distinct > _CODE_LEVELS:
        return Kind.IDENTIFIER, (
            f"{evidence.n_distinct} whole numbers in {evidence.n_parsed} cells, and the name says they are keys"
        )
    return None
