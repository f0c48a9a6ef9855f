"""Look-alike characters."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells.characters import clean_cell, fold_text, squeeze_blanks


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("\u22123.2", "-3.2"),
        ("\uff11\uff12.5", "12.5"),
        ("7\u00a0%", "7 %"),
        ("\u200b5\ufeff", "5"),
        ("10\u2079/l", "10^9/l"),
        ("m\u00b2", "m^2"),
        ("10\u207b\u00b3", "10^-3"),
        ("\u22640.5", "<=0.5"),
        ("5\u203211\u2033", "5'11\""),
        ("\u03bcg", "\u00b5g"),
        (" a ", "a"),
    ],
)
def test_what_looks_alike_is_replaced(text: str, clean: str) -> None:
    assert clean_cell(text) == clean


@given(st.text(max_size=20))
@settings(max_examples=200, deadline=None)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    once = clean_cell(text)
    assert clean_cell(once) == once
    assert squeeze_blanks(squeeze_blanks(text)) == squeeze_blanks(text)


def test_raised_digits_never_become_plain_ones() -> None:
    assert clean_cell("10\u2079") != "109"


def test_texts_are_compared_without_case_and_blanks() -> None:
    assert fold_text(" Genu \u00a0 Varum\u200b") == "genu varum"
