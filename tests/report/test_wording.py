from __future__ import annotations

import pytest

from heldout.records import Answer, Finding, Severity
from heldout.report.wording import (
    format_moment,
    say_times,
    split_title,
    tell_answer,
    tell_finding,
    write_sentence,
)


@pytest.mark.parametrize(
    ("clause", "sentence"),
    [
        ("rows of another population", "Rows of another population."),
        ("rung 0 has the lowest loss.", "Rung 0 has the lowest loss."),
        ("heart.csv: 14 cells a line", "heart.csv: 14 cells a line."),
        ("n_rows is a column", "n_rows is a column."),
        ("what do they stand for?", "What do they stand for?"),
        ("'oldPeak' lowers the loss", "'oldPeak' lowers the loss."),
        ("  ", ""),
    ],
)
def test_clauses_become_sentences_and_names_stay(clause: str, sentence: str) -> None:
    assert write_sentence(clause) == sentence


def test_a_column_is_named_once() -> None:
    found = Finding("HO217", "people", Severity.INFO, "column 'it's \"x\"': 2 groups", "other", 9)
    assert tell_finding(found) == "Column 'it's \"x\"': 2 groups."  # another column: it stays
    assert (
        tell_finding(Finding("HO217", "p", Severity.INFO, "column 'sex': 2 groups", "sex", 9)) == "2 groups."
    )


def test_an_answer_is_not_repeated_before_its_reason() -> None:
    answer = Answer(
        "underfit", "undecided", 0.1, 0, 0.2, 0.1, "leaning no", "underfit: undecided (leaning no) - why."
    )
    assert tell_answer(answer) == "Why."


def test_a_remedy_without_a_title_keeps_its_sentence() -> None:
    assert split_title("l2 0.1: no clear difference: really") == ("L2 0.1", "no clear difference: really")
    assert split_title("No remedy was tried.") == ("", "No remedy was tried.")


def test_moments_and_times() -> None:
    assert format_moment("2026-11-23T11:40:21+02:00") == "2026-11-23 11:40"
    assert format_moment("2026-11-23T11:40:21") == "2026-11-23 11:40"
    assert format_moment("") == ""
    assert say_times(1200) == "1,200 times"
