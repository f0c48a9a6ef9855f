"""Headers found and names repaired."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError, UsageError
from heldout.sources.header import decide_header, repair_names

NUMBERS = [["63", "M", "1.5"], ["67", "F", "2"], ["?", "M", "3"]]
TEXTS = [["ham", "hello you"], ["spam", "win"], ["ham", "bye"]]


@pytest.mark.parametrize(
    ("first", "body", "expected"),
    [
        (["age", "sex", "dose"], NUMBERS, True),
        (["41", "M", "2.5"], NUMBERS, False),
        # An unnamed index column or a missing first value does not count.
        (["", "sex", "dose"], NUMBERS, True),
        (["?", "M", "2.5"], NUMBERS, False),
        (["label", "text"], TEXTS, True),
        (["ham", "see you"], TEXTS, False),
        (["label", "label"], TEXTS, False),
        (["label", ""], TEXTS, False),
        (["label", "x" * 61], TEXTS, False),
        (["label", "7"], TEXTS, False),
    ],
)
def test_the_first_row_is_judged_by_contrast(first: list[str], body: list[list[str]], expected: bool) -> None:
    decision = decide_header(first, body, header="auto", name="t.csv")
    assert decision.is_header is expected
    if not expected:
        assert (
            f"columns are named column_1 to column_{len(first)}; say --header yes to change" in decision.note
        )


def test_a_guess_on_texts_alone_is_told() -> None:
    assert (
        "say --header no to change" in decide_header(["label", "text"], TEXTS, header="auto", name="t").note
    )
    assert decide_header(["age", "sex", "dose"], NUMBERS, header="auto", name="t").note == ""


def test_contradictions_and_unknown_words_are_refused() -> None:
    with pytest.raises(DataError, match="1 begin with a word and 1 with a number"):
        decide_header(["age", "M", "2010"], NUMBERS, header="auto", name="t.csv")
    with pytest.raises(UsageError, match="header 'maybe' is not known"):
        decide_header(["a"], [["b"]], header="maybe", name="t.csv")
    assert decide_header(["age", "M", "2010"], NUMBERS, header="yes", name="t.csv").is_header


def test_names_are_repaired_with_notes() -> None:
    names, notes = repair_names([" age", "age", "", "age#2", "a\nb", "column_3"], name="t.csv")
    assert names == ("age", "age#3", "column_3#2", "age#2", "a b", "column_3")
    assert "t.csv repeats column names" in notes[0]
    assert "without a name" in notes[1]


@given(st.lists(st.sampled_from(["", "a", "a ", "a#2", "column_1", "column_2"]), min_size=1, max_size=6))
@settings(max_examples=80, deadline=None)
def test_names_are_always_unique_and_first_names_stay(cells: list[str]) -> None:
    names, _ = repair_names(cells, name="t.csv")
    assert len(set(names)) == len(cells)
    assert all(names)
    for cell in cells:
        if cell.strip():
            assert cell.strip() in names
