"""Numbers by a closed grammar."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells.numbers import is_repaired_number, is_zero_padded, parse_number

READ = {
    "0": 0.0,
    " 63 ": 63.0,
    "+5": 5.0,
    ".28": 0.28,
    "5.": 5.0,
    "-8.96E-06": -8.96e-6,
    "1.24E+18": 1.24e18,
    "\u22123.2": -3.2,
    "\u00a07\u00a0": 7.0,
    "1,234,567": 1234567.0,
    "1,234.5": 1234.5,
    "1'234": 1234.0,
    "00412": 412.0,
    "3.4e38": 3.4e38,
    "1e-300": 1e-300,
    "12,34,567": 1234567.0,
    "\uff15": 5.0,
    "4.5 \u00d7 10\u2079": 4.5e9,
    "10\u2079": 1e9,
    "1\u2019234": 1234.0,
}
NOT_READ = [
    "", " ", "-", ".", "e5", "1e", "5O.1", "12..3", "1.2.3", "1,234", "1,23", "1 234", "<0.5", "10-20",
    "7 %", "12 mg", "0x10", "1_000", "inf", "-Infinity", "nan", "NaN", "1e39", "-4e38", "1e99999", "\u0661\u0662",
    "1\u2070", "True", "--5", "+-5", "\n", "5\n6",
]  # fmt: skip


@pytest.mark.parametrize(("text", "number"), READ.items())
def test_numbers_are_read(text: str, number: float) -> None:
    assert parse_number(text) == number


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_not_surely_one_number_is_none(text: str) -> None:
    assert parse_number(text) is None


def test_with_a_decimal_comma_point_and_comma_change_places() -> None:
    assert parse_number("3,5", decimal=",") == 3.5
    assert parse_number("1.234.567,5", decimal=",") == 1234567.5
    assert parse_number("1.234,5", decimal=",") == 1234.5
    assert parse_number("1.234", decimal=",") is None
    assert parse_number("3.5", decimal=",") is None


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
@settings(max_examples=100, deadline=None)
def test_every_single_precision_number_is_read_exactly(number: float) -> None:
    assert parse_number(repr(number)) == number
    assert parse_number(repr(number).replace(".", ","), decimal=",") == number


@given(st.text(st.sampled_from("0123456789.,'eE+- "), max_size=9))
@settings(max_examples=200, deadline=None)
def test_what_python_reads_is_read_alike_and_nothing_is_infinite(text: str) -> None:
    number = parse_number(text)
    try:
        reference = float(text)
    except ValueError:
        assert number is None or "," in text or "'" in text
        return
    if abs(reference) < 3e38:
        assert number == reference
    assert number is None or math.isfinite(number)


def test_marks_of_repair_and_padding() -> None:
    assert [is_repaired_number(text) for text in ("1'234", "1,234,567", "\u22125", "-5.5", " 5")] == [
        True, True, True, False, False
    ]  # fmt: skip
    assert [is_zero_padded(text) for text in ("007", "0", "0.07", "70", "00", "0a")] == [
        True, False, False, False, True, False
    ]  # fmt: skip
