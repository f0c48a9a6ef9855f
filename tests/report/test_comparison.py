from dataclasses import replace

import pytest

from heldout.report.comparison import (
    comparison_text,
    describe_hits,
    describe_scores,
    headline_comparison,
    list_rows,
)
from report.made_comparison import NAN, make_comparison, make_side


def test_both_stand_side_by_side():
    text = comparison_text(make_comparison())
    assert text.startswith("Cannot tell heart-1 from heart-2: validation log-loss")
    lines = text.splitlines()
    assert len(lines) <= 25
    row = next(line for line in lines if line.startswith("delivered"))
    assert row.count("rung 4 + dropout 0.3, 465 weights, epoch 31") == 2
    assert "They differ in: seed 0 / 3; preset quick / standard" in text
    assert "2025-03-02T10:13:00, 1 earlier look" in text
    assert "a second use of the test" in text


def test_however_much_differs_it_stays_on_one_screen():
    many = tuple((f"setting {i}", "a" * 60, "b" * 60) for i in range(90))
    content = make_comparison(differences=many, notes=("word " * 200,) * 9, sentence="word " * 400)
    text = comparison_text(content)
    assert len(text.splitlines()) <= 25
    assert text.rstrip().endswith("and more with --json or --out PAGE.html")


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("first is better", "heart-1 is better than heart-2"),
        ("second is better", "heart-2 is better than heart-1"),
        ("no difference that matters", "No difference that matters between heart-1 and heart-2"),
        ("same losses", "heart-1 and heart-2 have the same losses"),
        ("cannot tell", "Cannot tell heart-1 from heart-2"),
    ],
)
def test_every_outcome_has_its_headline(outcome, words):
    assert headline_comparison(make_comparison(outcome=outcome)) == words


def test_what_was_not_measured_is_said():
    bare = {"test_scores": (), "development_scores": (), "test_opened": "", "chosen_name": "", "word": ""}
    content = make_comparison(first=make_side(**bare), hits=(NAN, NAN, NAN))
    rows = {row[0]: row[1:] for row in list_rows(content)}
    assert rows["verdict"][0] == "none"
    assert rows["delivered"][0] == "none"
    assert rows["validation accuracy"][0] == "not measured"
    assert rows["test opened"][0] == "never"
    assert describe_hits(content) == ""
    assert describe_scores(content.first) == "no sealed rows were opened"
    assert "test opened" not in comparison_text(replace(content, second=content.first))


def test_a_score_without_an_honest_interval_says_so():
    score = replace(make_side().development_scores[0], low=NAN, high=NAN, n_rows=20)
    rows = {
        row[0]: row[1:] for row in list_rows(make_comparison(first=make_side(development_scores=(score,))))
    }
    assert rows["validation accuracy"][0] == "0.829 (no interval, 20 rows)"


def test_names_cannot_steer_the_terminal():
    text = comparison_text(make_comparison(first=make_side("a\x1b[2J\u202e"), sentence="\x07"))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\\x1b" in text
