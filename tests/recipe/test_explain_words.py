import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe import RecipeOptions, apply_recipe, explain_cell, fit_recipe
from heldout.recipe.explain_words import say_letter, say_word, trace_letters, trace_words
from recipe.sample_columns import category, number, sequence, text

TEXTS = ["A waste of <b>time</b>", "waste of film", "a film", "no WASTE here"] * 4
RAW = "  A WASTE<br>of  &quot;film&quot; nobody"


@pytest.fixture(scope="module")
def review():
    column = text("review", TEXTS)
    recipe = fit_recipe((column,), (np.arange(16),), options=RecipeOptions(tokens=(("review", 8),)))
    assert recipe.columns[0].ops[0].op == "tokens@1"
    return recipe


def test_words_go_from_their_characters_to_what_the_network_gets(review):
    column = text("review", [RAW.strip()])
    encoded = apply_recipe(review, (column,))[0]
    told = explain_cell(review, "review", column, 0, raw=RAW)
    words = [word for word in told.words if " " not in word.word]
    assert [RAW[word.start : word.stop] for word in words] == ["A", "WASTE", "of", "film", "nobody"]
    assert words[-1].number == 1
    for word in told.words:
        assert encoded[word.position] == word.number
    pair = next(word for word in told.words if word.word == "waste of")
    assert RAW[pair.start : pair.stop] == "WASTE<br>of"
    assert pair.number > 1
    assert told.sentence.startswith("review = ")
    assert "characters 4 to 8 'waste': [1] = " in told.sentence


def test_every_position_of_a_text_comes_from_one_trace(review):
    column = text("review", ["a waste of film", "waste"])
    for row in range(2):
        encoded = apply_recipe(review, (column,))[row]
        traced = {word.position: word.number for word in trace_words(review, "review", column.levels[row])}
        assert {place: encoded[place] for place in np.flatnonzero(encoded)} == {
            place: number for place, number in traced.items() if number
        }


def test_the_middle_of_a_long_text_is_left_out(review):
    words = trace_words(review, "review", "one two three four five six seven eight nine ten")
    left = [word.word for word in words if word.position < 0]
    assert left == ["five", "six"]
    assert say_word(words[4]) == "characters 19 to 22 'five': left out, in the middle of a long text"
    # the pair across the gap is a pair for the network
    assert "four seven" in [word.word for word in words]


def test_letters_go_from_their_characters_to_what_the_network_gets():
    rng = np.random.default_rng(0)
    genes = ["".join(rng.choice(list("ACGT"), 30)) for _ in range(20)]
    column = sequence("gene", genes)
    recipe = fit_recipe((number("dose", rng.normal(size=20).tolist()), column), (np.arange(20),))
    raw = f" {genes[3][:10]} {genes[3][10:]}NNN"
    cell = sequence("gene", [raw.replace(" ", "")])
    encoded = apply_recipe(recipe, (number("dose", [0.0]), cell))[0]
    told = explain_cell(recipe, "gene", cell, 0, raw=raw)
    assert len(told.letters) == 33
    for letter in told.letters[:30]:
        assert raw[letter.start] == letter.letter == genes[3][letter.place - 1]
        assert tuple(encoded[place] for place in letter.positions) == letter.numbers
        assert recipe.layout[letter.positions[0]].label.startswith(f"position {letter.place} ")
    assert told.letters[-1].positions == ()
    assert "left out, beyond the letters" in say_letter(told.letters[-1])
    assert "character 1, position 1" in told.sentence
    assert "and 27 more" in told.sentence


def test_columns_without_places_have_no_words():
    recipe = fit_recipe((category("sex", ["f", "m"] * 5),), (np.arange(10),))
    assert trace_words(recipe, "sex", "f") == ()
    assert trace_letters(recipe, "sex", "f") == ()
    with pytest.raises(RecipeError, match="no column 'se'"):
        trace_words(recipe, "se", "f")
    with pytest.raises(RecipeError, match="no state 4"):
        trace_letters(recipe, "sex", "f", state=4)
