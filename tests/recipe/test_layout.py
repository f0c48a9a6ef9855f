"""Which texts are read word by word beside what, and what stands where in the rows of a mixed table."""

import numpy as np
import pytest

from heldout.recipe import Role, apply_recipe, explain_position, find_layout, fit_recipe, plan_tokens
from heldout.recipe.explain_words import trace_words
from heldout.recipe.fit import RecipeOptions
from heldout.recipe.layout import LONGEST_TOKENS, MOST_BRANCHES, SHORTEST_TOKENS
from heldout.recipe.steps.tokens import FIRST_WORD, UNKNOWN
from recipe.sample_columns import category, number, text

N = 12
ROWS = (np.arange(8), np.arange(4, N))
PROSE = [f"the staff was kind and room {row} was clean" for row in range(N)]
NAMES = ["Braund, Mr. Owen Harris", "Cumings, Mrs. John Bradley"] * 6
AGE = number("age", list(range(N)))


def test_sentences_beside_other_columns_are_rows_of_words_and_names_are_not():
    columns = (AGE, text("review", PROSE), text("name", NAMES))
    assert plan_tokens(columns, ROWS) == (("review", SHORTEST_TOKENS),)
    assert plan_tokens(columns, ROWS, has_arrays=True) == (("review", SHORTEST_TOKENS),)


def test_a_text_that_stands_alone_may_be_short():
    assert plan_tokens((text("name", NAMES),), ROWS) == (("name", SHORTEST_TOKENS),)
    assert plan_tokens((text("name", NAMES),), ROWS, has_arrays=True) == ()  # beside a picture


def test_only_fit_rows_decide():
    cells = [*PROSE[:10], "short", "short"]
    longer = [*PROSE[:10], "word " * 900, "word " * 900]
    rows = (np.arange(10),)
    assert plan_tokens((AGE, text("review", cells)), rows) == plan_tokens((AGE, text("review", longer)), rows)
    seen = plan_tokens((AGE, text("review", longer)), (np.arange(6, N),))
    assert seen == (("review", LONGEST_TOKENS),)
    one_fold_of_names = text("review", [*PROSE[:6], *NAMES[:6]])
    assert plan_tokens((AGE, one_fold_of_names), (np.arange(6), np.arange(6, N))) == ()
    assert plan_tokens((AGE, text("review", [None] * N)), ROWS) == ()


def test_of_many_texts_the_longest_have_branches():
    columns = [text(f"t{place}", [cell + " again" * place for cell in PROSE]) for place in range(5)]
    assert [name for name, _ in plan_tokens((AGE, *columns), ROWS)] == ["t4", "t3", "t2"][:MOST_BRANCHES]


@pytest.fixture(scope="module")
def mixed():
    """Two texts, one of them with gaps, a number and a category."""
    told = [None if row in (2, 5, 9) else cell for row, cell in enumerate(PROSE)]
    asked = [f"why is the lift {'slow' if row % 2 else 'loud'} again" for row in range(N)]
    columns = (text("told", told), AGE, text("asked", asked), category("site", ["a", "b", "c"] * 4))
    options = RecipeOptions(tokens=(("told", 16), ("asked", 16)))
    return columns, fit_recipe(columns, ROWS, options=options)


def test_each_text_is_a_part_of_its_own_with_its_vocabulary(mixed):
    _, recipe = mixed
    layout = find_layout(recipe)
    assert layout.kind == "joined"
    assert layout.shape == (recipe.n_features,)
    assert [part.kind for part in layout.parts] == ["tokens", "numbers", "tokens", "numbers"]
    told, beside, asked, _ = layout.parts
    assert told.shape == asked.shape == (31,)
    assert told.leading == asked.leading == 16
    assert told.vocabulary != asked.vocabulary
    assert min(told.vocabulary, asked.vocabulary) > FIRST_WORD
    roles = [slot.role for slot in recipe.layout[31 : 31 + beside.shape[0]]]
    assert roles[0] is Role.MISSING


def test_an_absent_text_is_no_words_and_says_so(mixed):
    columns, recipe = mixed
    made = apply_recipe(recipe, columns)
    absent = np.isin(np.arange(N), (2, 5, 9))
    assert ((made[:, :31] == 0).all(axis=1) == absent).all()
    assert (made[:, 31] == absent).all()


@pytest.mark.parametrize("cell", ["", " ", "...", "wuthering heights", "\u96ea \U0001f600 42", None])
def test_empty_texts_and_unknown_words_beside_columns_are_encoded(mixed, cell):
    columns, recipe = mixed
    new = (text("told", [cell, PROSE[0]]), number("age", [1.0, 2.0]), text("asked", [cell, cell]))
    made = apply_recipe(recipe, (*new, category("site", ["zzz", None])))
    assert np.isfinite(made).all()
    words = trace_words(recipe, "told", cell or "")
    assert set(made[0, :31]) <= {0.0, *map(float, range(UNKNOWN, FIRST_WORD))}
    assert (made[0, :31] > 0).sum() == len([word for word in words if word.number])
    assert made[0, 31] == (cell is None)
    alone = apply_recipe(recipe, tuple(one for one in columns))
    assert (made[1, :31] == alone[0, :31]).all()  # a known text beside it is read as ever


def test_characters_of_the_second_text_go_to_their_places_in_the_joined_row_and_back(mixed):
    columns, recipe = mixed
    for state in range(len(recipe.states)):
        made = apply_recipe(recipe, columns, state=state)
        for row in range(N):
            cell = columns[2].levels[columns[2].codes[row]]
            traced = {word.position: word for word in trace_words(recipe, "asked", cell, state=state)}
            slots = [slot.position for slot in recipe.layout if slot.column == "asked"]
            held = {place for place in slots if made[row, place]}
            assert {place for place, word in traced.items() if word.number} == held
            for place in held:
                word = traced[place]
                assert made[row, place] == word.number
                assert cell[word.start : word.stop].split()[0] == word.word.split()[0]
                assert explain_position(recipe, place).slot.column == "asked"
