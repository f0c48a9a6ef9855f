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
