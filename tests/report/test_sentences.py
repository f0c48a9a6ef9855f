"""Numbers and sentences claim no more than their intervals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.evidence.intervals import bound_share
from heldout.records import Answer, Baseline, ChosenVerdict, Score
from heldout.report import sentences

NAN = float("nan")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.5, "0.500"),
        (12.345, "12.3"),
        (123.45, "123"),
        (1234.5, "1,234"),
        (-0.0123, "-0.012"),
        (5, "5"),
        (0.9999, "0.9999"),
    ],
)
def test_numbers_have_sensible_digits(value: float, shown: str) -> None:
    assert sentences.format_number(value) == shown


@given(st.floats(allow_nan=True, allow_infinity=True))
@settings(max_examples=200)
def test_every_number_can_be_shown_and_imperfect_is_never_perfect(value: float) -> None:
    shown = sentences.format_number(value)
    assert shown
    if 0.9 < value < 1 - 1e-9:
        assert float(shown) < 1


@given(st.text())
@settings(max_examples=200)
def test_shown_text_has_no_control_character(text: str) -> None:
    shown = sentences.show_text(text)
    assert not any(
        ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 or 0xD800 <= ord(letter) < 0xE000 for letter in shown
    )
    shown.encode("utf-8")


def test_terminal_and_direction_tricks_become_visible() -> None:
    assert sentences.show_text("a\x1b[2Jb\u202ec") == "a\\x1b[2Jb\\u202ec"
    assert sentences.show_text("\ud800") == "\\ud800"


@given(st.floats(-1, 1), st.floats(0, 1), st.floats(0.001, 0.5))
@settings(max_examples=200)
def test_difference_is_judged_by_its_interval_alone(low: float, width: float, tolerance: float) -> None:
    high = low + width
    word = sentences.judge_difference(low, high, tolerance=tolerance)
    assert (word == "equivalent") == (-tolerance <= low and high <= tolerance)
    if word == "better":
        assert high < 0
    if word == "worse":
        assert low > 0
    if low < 0 < high and not -tolerance <= low <= high <= tolerance:
        assert word == "cannot tell"


def test_unknown_interval_or_tolerance_allows_no_claim() -> None:
    assert sentences.judge_difference(NAN, 0.1, tolerance=0.1) == "cannot tell"
    assert sentences.judge_difference(-0.001, 0.001, tolerance=NAN) == "cannot tell"


@pytest.mark.parametrize("low", [-0.3, -0.02])
def test_wide_interval_is_never_called_no_difference(low: float) -> None:
    said = sentences.describe_baseline(Baseline("linear", (), (0.0, low, 0.3), ""), tolerance=0.01)
    assert said.startswith("Cannot tell")
    assert "no difference" not in said.lower()


def test_score_without_interval_says_why() -> None:
    score = Score("logloss", 0.4, NAN, NAN, 20, 20, "under 30 rows")
    assert "no interval: under 30 rows" in sentences.describe_score(score)
    assert sentences.describe_frequency(score) == ""


def test_almost_perfect_accuracy_is_not_called_all() -> None:
    said = sentences.describe_frequency(Score("accuracy", 0.9971, 0.991, 0.9999, 2000, 2000, "exact"))
    assert said.startswith("More than 99 of 100")
    assert "between 99 and just under 100 is" in said  # all of 100 were possible only without one wrong row


@pytest.mark.parametrize(
    ("right", "said"),
    [(138, "between 94 and just under 100 is"), (140, "between 97 and 100 is"), (1, "above 0 and 4 is")],
)
def test_all_of_100_is_plausible_only_where_no_row_was_wrong(right: int, said: str) -> None:
    low, high = bound_share(right, 140)
    assert said in sentences.describe_frequency(Score("accuracy", right / 140, low, high, 140, 140, "exact"))


@pytest.mark.parametrize(
    ("answer", "said"),
    [("yes", "Yes, better than guessing"), ("no", "Not shown"), ("undecided", "Cannot tell")],
)
def test_skill_is_repeated_as_judged(answer: str, said: str) -> None:
    verdict = ChosenVerdict("undecided", "HO100", "", (Answer("skill", answer, 0, 0, 0, 0),))
    assert sentences.answer_skill(verdict) == said


def test_infinite_and_tiny_numbers() -> None:
    assert sentences.format_number(math.inf) == "infinite"
    assert sentences.format_number(-math.inf) == "minus infinite"
    assert sentences.format_change(-0.00004) == "-0.00004"
    assert sentences.format_change(NAN) == "not known"
