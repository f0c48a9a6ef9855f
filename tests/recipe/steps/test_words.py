import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.recipe.steps.words import STEP, WordsAsked, split_words
from heldout.recipe.view import make_view, take_cells
from recipe.sample_columns import text

TEXTS = ["red cat", "red dog", "red cat cat", "blue", None]


def fit(cells, **asked):
    view = make_view((text("a", cells),), np.arange(len(cells)))
    return STEP.fit(view.columns[0], WordsAsked(**asked))


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_words_are_lower_case_letters_digits_and_apostrophes(given_text):
    for word in split_words(given_text):
        assert all(letter.isalnum() or letter == "'" or letter.isnumeric() for letter in word) or any(
            ord(letter) > 127 for letter in word
        )
        assert not word.startswith("'")


def test_splitting_by_hand():
    assert split_words("It\u2019s 3 o'clock, 'quoted' -- Größe_2") == [
        "it's",
        "3",
        "o'clock",
        "quoted",
        "größe",
        "2",
    ]
    assert split_words("") == []


def test_the_vocabulary_counts_rows_not_occurrences():
    assert fit(TEXTS, fewest_rows=2).words == ("cat", "red")
    assert fit(TEXTS, fewest_rows=1, most_words=1).words == ("red",)
    assert fit(TEXTS, fewest_rows=9).words == ()


def test_weights_agree_with_the_formula():
    fitted = fit(TEXTS, fewest_rows=2)
    assert fitted.idf.tolist() == [math.log(5 / 3) + 1, math.log(5 / 4) + 1]
    assert fitted.gain == pytest.approx(math.sqrt(5 / 4))
    made = STEP.apply(take_cells(text("a", ["red cat cat tree", "tree", None])), fitted, STEP.plan((fitted,)))
    raw = np.array([(1 + math.log(2)) * fitted.idf[0], fitted.idf[1]])
    assert made[0, :2] == pytest.approx(fitted.gain * raw / np.linalg.norm(raw))
    assert made[:, 2] == pytest.approx([0.25, 1.0, 0.0])
    assert made[1, :2].tolist() == [0, 0]
    assert made[2].tolist() == [0, 0, 0, 0]


def test_the_unknown_slot_stays_dark_when_no_fit_row_has_unknown_words():
    fitted = fit(["a b", "a b"], fewest_rows=1)
    assert not fitted.unknown
    assert STEP.apply(take_cells(text("a", ["z"])), fitted, STEP.plan((fitted,)))[0, 2] == 0


def test_the_same_text_twice_counts_twice():
    assert fit(["cat", "cat", "dog"], fewest_rows=2).words == ("cat",)


def test_splitting_takes_linear_time():
    assert len(split_words("a'" * 200_000)) == 1
