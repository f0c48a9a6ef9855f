"""Yes and no."""

from __future__ import annotations

import pytest

from heldout.cells.yesno import find_yes_no, parse_yes_no


@pytest.mark.parametrize(
    ("levels", "found"),
    [
        (["0", "1"], (("1",), ("0",))),
        (["0.0", "1.0", "1"], (("1",), ("0",))),
        (["True", "False"], (("true",), ("false",))),
        (["yes", "No", "Y", "1"], (("1", "y", "yes"), ("no",))),
        (["1", "2"], None),
        (["yes", "no", "maybe"], None),
        (["yes"], None),
        (["M", "F"], None),
        ([], None),
    ],
)
def test_yes_and_no_are_found(levels: list[str], found: object) -> None:
    assert find_yes_no(levels) == found


def test_words_are_read_in_any_case_and_numbers_by_value() -> None:
    read = [
        parse_yes_no(text, true_words=("1",), false_words=("0",)) for text in ("1", " 1.0", "0.0", "2", "yes")
    ]
    assert read == [1.0, 1.0, 0.0, None, None]
    words = [
        parse_yes_no(text, true_words=("pos", "2"), false_words=("neg", "1"))
        for text in ("POS", "neg", "2.0", "1.0")
    ]
    assert words == [1.0, 0.0, 1.0, 0.0]
