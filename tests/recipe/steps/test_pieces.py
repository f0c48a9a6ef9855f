"""Pieces of words: cut as the library cuts them, learned from fit rows only, followed back to their characters."""

import re

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from heldout.errors import RecipeError
from heldout.recipe import RecipeOptions, apply_recipe, fit_recipe
from heldout.recipe.explain_words import trace_words
from heldout.recipe.form import recipe_from_json, recipe_to_json
from heldout.recipe.steps.pieces import INNER, LONGEST_CUT, cut_word, learn_pieces, rank_merges
from heldout.recipe.steps.tokens import FIRST_WORD, Numbering, cut_text, locate_text
from heldout.records import ColumnSpec, Kind, TypedColumn

TEXTS = (
    "the lowest of the low",
    "newest news &amp; lower wages",
    "slow, slower, slowest!",
    "unheard wörds wide",
)
WORDS = {"low": 5, "lower": 2, "newest": 6, "widest": 3, "wider": 2}


@pytest.fixture
def learned():
    pytest.importorskip("tokenizers", reason="the extra bpe (tokenizers) is not installed")
    return learn_pieces(WORDS, size=30)


def make_column(texts, kind=Kind.TEXT):
    codes = np.arange(len(texts), dtype=np.int32)
    return TypedColumn(
        ColumnSpec("note", kind, ""), np.zeros(len(texts), np.uint8), np.zeros(0), codes, texts
    )


def cut_slowly(word, merges):
    """The merges one after the other, each wherever its two halves stand side by side."""
    pieces = [word[0], *(INNER + letter for letter in word[1:])]
    for merge in merges:
        one, other = merge.split(" ")
        place = 0
        while place < len(pieces) - 1:
            if (pieces[place], pieces[place + 1]) == (one, other):
                pieces[place : place + 2] = [one + other[len(INNER) :]]
            place += 1
    return pieces


@settings(max_examples=60, deadline=None)
@given(
    st.text("abc", min_size=1, max_size=8),
    st.permutations(["a ##b", "##b ##c", "a ##a", "##c ##a", "##a ##b"]),
)
def test_a_word_is_cut_by_the_earliest_merge_first(word, merges):
    assert cut_word(word, rank_merges(merges)) == cut_slowly(word, merges)


def test_long_words_stay_whole():
    assert cut_word("a" * (LONGEST_CUT + 1), {}) == ["a" * (LONGEST_CUT + 1)]


def test_pieces_do_not_depend_on_the_order_of_the_words(learned):
    assert learn_pieces(dict(reversed(WORDS.items())), size=30) == learned
    pieces, merges = learned
    assert len(set(pieces)) == len(pieces) <= 30
    assert all("".join(merge.split(" " + INNER)) in pieces for merge in merges)


def test_words_are_cut_as_the_library_cuts_them(learned):
    tokenizers = pytest.importorskip("tokenizers", reason="the extra bpe (tokenizers) is not installed")
    pieces, merges = learned
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    pairs = [tuple(merge.split(" ")) for merge in merges]
    model = tokenizers.models.BPE(vocabulary, pairs, continuing_subword_prefix=INNER)
    tokenizer = tokenizers.Tokenizer(model)
    ranks = rank_merges(merges)
    for word in (*WORDS, "lowest", "new", "west", "lost", "wired", "towed", "dew"):
        assert set(cut_word(word, {})) <= set(
            pieces
        )  # the library leaves unknown characters out before it merges
        assert cut_word(word, ranks) == tokenizer.encode(word).tokens


def test_every_piece_is_followed_to_its_characters():
    fitted = Numbering(("low", "##e", "##r"), (), 8, False, ("l ##o", "lo ##w"))
    text = "LOWER &amp; l&ouml;w low"
    pieces, spans = cut_text(text, fitted), locate_text(text, fitted)
    assert pieces == ["low", "##e", "##r", "l", "##ö", "##w", "low"]
    assert [text[start:stop] for start, stop in spans] == ["LOW", "E", "R", *["l&ouml;w"] * 3, "low"]


def test_a_recipe_with_pieces_reads_fit_rows_only_and_survives_its_file(learned):
    options = RecipeOptions(pieces=(("note", 100),))
    rows = (np.array([0, 1, 2]),)
    recipe = fit_recipe((make_column(TEXTS),), rows, options=options)
    other = fit_recipe((make_column((*TEXTS[:3], "quite other words")),), rows, options=options)
    fitted, elsewhere = (one.states[0].columns[0].fitted[0] for one in (recipe, other))
    assert (fitted.words, fitted.merges) == (elsewhere.words, elsewhere.merges)
    assert fitted.merges
    assert not fitted.has_pairs
    again = recipe_from_json(*recipe_to_json(recipe))
    made = [apply_recipe(one, (make_column(TEXTS),)) for one in (recipe, again)]
    np.testing.assert_array_equal(*made)
    known = made[0][:3][made[0][:3] > 0]
    assert (known >= FIRST_WORD).all()
    assert (made[0][3] == 1).any()  # the umlaut stands in no fit row
    traces = trace_words(recipe, "note", TEXTS[0])
    for trace in traces:
        assert TEXTS[0][trace.start : trace.stop] == trace.word.removeprefix(INNER)
        assert made[0][0, trace.position] == trace.number


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tokenizers", None)
    with pytest.raises(RecipeError, match="not installed") as refused:
        learn_pieces(WORDS, size=30)
    assert re.search(r"pip install 'heldout\[bpe\]'", refused.value.hint)


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("note", Kind.CATEGORY, "is read as category; pieces belongs to a text"),
        ("nota", Kind.TEXT, "is not there"),
    ],
)
def test_pieces_of_what_is_no_text_are_refused(name, kind, said):
    with pytest.raises(RecipeError, match=said):
        fit_recipe((make_column(TEXTS, kind),), (np.arange(3),), options=RecipeOptions(pieces=((name, 100),)))
