import numpy as np
import pytest

from heldout.recipe.record import Slot
from heldout.recipe.steps.tokens import (
    FIRST_WORD,
    PADDING,
    STEP,
    UNKNOWN,
    TokensAsked,
    count_vocabulary,
    keep_ends,
    split_tokens,
)
from heldout.recipe.view import make_view, take_cells
from recipe.sample_columns import text

TEXTS = ["a good film", "a bad film!", "good good <br />FILM", None, "a film"]
ASKED = TokensAsked(length=4, most_words=10, fewest_rows=2, most_pairs=10, fewest_pair_rows=2)


def fit(texts=TEXTS, asked=ASKED, rows=None):
    column = text("x", texts)
    return STEP.fit(
        make_view((column,), np.arange(len(texts)) if rows is None else rows).columns[0], asked, None
    )


def encode(fitted, texts):
    plans = STEP.plan((fitted,))
    slots = tuple(Slot(place, "x", plan.role, plan.label, plan.unit) for place, plan in enumerate(plans))
    return STEP.apply(take_cells(text("x", texts)), fitted, slots).astype(int)


def test_words_are_lower_case_without_tags_and_keep_what_carries_feeling():
    assert split_tokens("Don't <i>MISS</i> it?! 10&nbsp;of 10") == [
        "don't",
        "miss",
        "it",
        "?!",
        "10",
        "of",
        "10",
    ]
    assert split_tokens("1 < 2 and 3 > 2") == ["1", "2", "and", "3", "2"]
    assert split_tokens("") == []


def test_frequent_words_have_the_lowest_numbers():
    fitted = fit()
    assert fitted.words == ("film", "a", "good")  # in 4, 3 and 2 rows; "bad" and "!" stand in one only
    assert fitted.pairs == ("good film",)
    assert count_vocabulary(fitted) == FIRST_WORD + 4


def test_a_row_holds_the_numbers_of_its_words_then_of_its_pairs():
    texts = ["a good film", "a good day", "a film"]
    fitted = fit(texts)
    assert fitted.pairs == ("a good",)
    a, film, good = (FIRST_WORD + fitted.words.index(word) for word in ("a", "film", "good"))
    pair = FIRST_WORD + len(fitted.words)
    assert encode(fitted, texts).tolist() == [
        [a, good, film, PADDING, pair, PADDING, PADDING],
        [a, good, UNKNOWN, PADDING, pair, PADDING, PADDING],
        [a, film, PADDING, PADDING, PADDING, PADDING, PADDING],
    ]


def test_a_missing_text_is_all_padding():
    assert not encode(fit(), [None, ""]).any()


def test_long_texts_keep_both_ends():
    assert keep_ends(list("abcdefg"), 5) == ["a", "b", "c", "f", "g"]
    fitted = fit(["x y z"] * 2, TokensAsked(length=2, fewest_rows=1, most_pairs=0))
    row = encode(fitted, ["x y y y z"])[0]
    assert [fitted.words[number - FIRST_WORD] for number in row] == ["x", "z"]


def test_only_the_fit_rows_are_counted():
    assert fit(rows=np.array([0, 1])).words == fit(TEXTS[:2]).words


@pytest.mark.parametrize("most", [1, 2])
def test_the_vocabulary_is_bounded(most):
    assert len(fit(asked=TokensAsked(4, most, 1, most, 1)).words) == most
    assert len(fit(asked=TokensAsked(4, most, 1, most, 1)).pairs) == most


def test_words_are_read_back():
    fitted = fit()
    slots = tuple(Slot(place, "x", plan.role, plan.label) for place, plan in enumerate(STEP.plan((fitted,))))
    numbers = encode(fitted, ["a bad film"])[0].astype(np.float32)
    assert STEP.decode(numbers, fitted, slots) == "a <unk> film"
