import html
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.recipe.record import Slot
from heldout.recipe.steps.tokens import (
    FIRST_WORD,
    PADDING,
    SHAPES,
    STEP,
    UNKNOWN,
    TokensAsked,
    count_vocabulary,
    keep_ends,
    locate_tokens,
    name_token,
    split_tokens,
)
from heldout.recipe.view import make_view, take_cells
from recipe.sample_columns import text

TEXTS = ["a good film", "a bad film!", "good good <br />FILM", None, "a film"]
COMPARED = ("a", "b", "i", "p", "q", "s", "u", "x1", "and", "or", "then", "sum", "td", "2", "0.5", "&&")
ASKED = TokensAsked(length=4, most_words=10, fewest_rows=2, most_pairs=10, fewest_pair_rows=2)


def fit(texts=TEXTS, asked=ASKED, rows=None):
    column = text("x", texts)
    chosen = np.arange(len(texts)) if rows is None else rows
    return STEP.fit(make_view((column,), chosen).columns[0], asked)


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


@pytest.mark.parametrize(
    "tag",
    [
        "<br>",
        "<BR/>",
        "<br />",
        "</p>",
        "</span\n>",
        '<p class="a b">',
        "<img src=a.png width=3 />",
        "<td nowrap>",
    ]
    + ['<sec id="3">', "</abstract>", "<x/>", "<a title='x > y'>", "<a href=http://x.de/q?a=b>", "<!-- c -->"]
    + ["<!DOCTYPE html>", "<o:p>", "<td align=left\nvalign=top>", '<input name="q" disabled>'],
)
def test_a_tag_is_no_word(tag):
    assert split_tokens(f"one{tag}two") == ["one", "two"]


@pytest.mark.parametrize(
    "text",
    [
        "if a<b and c>d then",
        "i<p or s>2",
        "p<0.05 and q>1",
        "a<i and j=3>2",
        "if (i<p && q>r)",
        "<PERSON> met <NAME>",
    ]
    + ["x<y>z", "<joe@x.de>", "a <b", "u<td and so on", "1 < 2 > 3", "if a<b or c=d then e>f"],
)
def test_what_is_no_tag_is_kept(text):
    assert split_tokens(text) == split_tokens(text.replace("<", " ").replace(">", " "))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["a", "b", "i", "p", "q", "s", "u", "x1", "n", "and", "or", "then", "sum", "td", "2", "0.5", "&&"]
        ),
        min_size=2,
        max_size=9,
    )
)
def test_comparisons_lose_no_word(words):
    """Whatever stands between two signs: two words or more, none of them `name=value`, are no tag."""
    text = words[0] + "<" + " ".join(words[1:]) + " and then>" + words[-1]
    assert split_tokens(text) == split_tokens(text.replace("<", " ").replace(">", " "))


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["red", "Film", "9", "o'clock"]), min_size=1, max_size=6),
    st.sampled_from(["<br />", "</i>", "<i>", '<a href="x?y=1&z=2">', "<font color=red size=2>"]),
)
def test_tags_change_no_word(words, tag):
    assert split_tokens(tag.join(words)) == split_tokens(" ".join(words))


@pytest.mark.parametrize(
    "opened", ["<b " * 20_000, '<a x="' * 20_000, ("<a" + " a=b" * 39) * 500, "<b" + " " * 50_000 + "x"]
)
def test_many_open_tags_cost_no_more_than_their_length(opened):
    start = time.process_time()
    split_tokens(opened)
    assert time.process_time() - start < 5.0  # 0.05 s measured; a square of the length would take minutes


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


def test_spans_are_those_of_the_raw_text():
    text = "  Don\u2019t <br/>MISS&nbsp;it?! <i>1 &lt; 2</i> l&ouml;ng &#x41;b"
    spans = locate_tokens(text)
    assert [text[start:stop] for start, stop in spans] == [
        "Don\u2019t",
        "MISS",
        "it",
        "?!",
        "1",
        "2",
        "l&ouml;ng",
        "&#x41;b",
    ]
    assert len(spans) == len(split_tokens(text))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "It's",
                "\u0130I",
                "\u03a3\u0391\u03a3",
                "&amp;",
                "&notit;",
                "&#33;",
                "<br>",
                "<b ",
                ">",
                " ",
                "!?",
            ]
            + ["a\u2019b", "&", "<", "\u00df", "_x", "&ouml", "\u2028", "Zeta", "9", "\ufb01"]
        ),
        max_size=14,
    ).map("".join)
)
def test_each_span_holds_its_word(text):
    words, spans = split_tokens(text), locate_tokens(text)
    assert len(words) == len(spans)
    assert all(start < stop for start, stop in spans)
    for word, (start, stop) in zip(words, spans, strict=True):
        there = html.unescape(text[start:stop]).lower().replace("\u2019", "'").casefold()
        assert word.casefold() in there
    assert all(start >= earlier for (_, earlier), (start, _) in pairwise(spans)) or "&" in text


def test_numbers_are_named():
    fitted = fit()
    names = [name_token(fitted, number) for number in range(FIRST_WORD + 5)]
    shapes = [f"<unknown: {shape}>" for shape in SHAPES]
    assert names == ["<nothing>", "<unknown>", *shapes, "film", "a", "good", "good film", "<no number>"]
