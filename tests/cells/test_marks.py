"""Decimal and thousands marks."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.marks import choose_marks
from heldout.cells.tally import Present
from heldout.errors import DataError


def choose(*texts: str, **said: str) -> tuple[str, str]:
    present = Present(texts, np.ones(len(texts), np.int64), len(texts), 0, "")
    marks = choose_marks(present, column="x", **said)  # type: ignore[arg-type]
    return marks.decimal, marks.thousands


@pytest.mark.parametrize(
    ("texts", "marks"),
    [
        (("3.5", "1,234.5"), (".", ",")),
        (("3,5", "1,234", "7"), (",", "")),
        (("0,125",), (",", "")),
        (("a,b", "3,5"), (".", "")),
        (("1,234", "2,345,678"), (".", ",")),
        (("1.234", "2.345.678"), (",", ".")),
        (("1.234,5", "1.234"), (",", ".")),
        (("1 234", "12 345", "7"), (".", " ")),
        (("1'234", "5"), (".", "'")),
        (("12,34,567", "1,234"), (".", ",")),
        (("1.234", "2.5"), (".", "")),
        (("1,234 kg", "2,5 kg"), (",", "")),
        (("$1,234", "$99"), (".", ",")),
    ],
)
def test_cells_decide(texts: tuple[str, ...], marks: tuple[str, str]) -> None:
    assert choose(*texts) == marks


def test_what_may_be_both_is_refused_with_the_line_to_paste() -> None:
    with pytest.raises(
        DataError, match=r"'1,234' may be 1234 or 1.234\n  -> say which.*thousands = \",\" .or decimal"
    ):
        choose("1,234", "45")
    assert choose("1,234", "45", thousands=",") == (".", ",")
    assert choose("1,234", "45", decimal=",") == (",", "")


@pytest.mark.parametrize("unit", ["", " kg", " kg/m2"])
@pytest.mark.parametrize("n_commas", [12, 30, 48])
def test_two_decimal_marks_are_asked_about(n_commas: int, unit: str) -> None:
    texts = [f"{10 + k},5{unit}" if k < n_commas else f"{10 + k}.5{unit}" for k in range(60)]
    with pytest.raises(
        DataError, match=r"'\d+.5.*' has a decimal point and '\d+,5.*' a decimal comma"
    ) as refusal:
        choose(*texts)
    assert 'columns."x".decimal = "."' in refusal.value.hint
    assert choose(*texts, decimal=".") == (".", "")


def test_a_few_cells_with_the_other_mark_are_misfits_and_no_question() -> None:
    assert choose(*(f"{k},5" if k < 3 else f"{k}.5" for k in range(60))) == (".", "")


def test_words_with_both_marks_are_no_numbers() -> None:
    assert choose("a 1,5", "b 2.5", "c", "d", "e 3,5") == (".", "")
