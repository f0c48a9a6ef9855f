import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe import apply_recipe, decode_cell, explain_cell, explain_position, fit_recipe
from heldout.recipe.view import Outcome, take_cells
from recipe.sample_columns import category, date, folds, messy_columns, number, text, yes_no


@pytest.fixture(scope="module")
def messy():
    columns = messy_columns()
    return columns, fit_recipe(columns, folds(60), embedding="piecewise")


def test_the_explanation_shows_exactly_what_the_network_gets(messy):
    columns, recipe = messy
    for state in range(3):
        made = apply_recipe(recipe, columns, state=state)
        for column in columns:
            for row in range(0, 60, 7):
                told = explain_cell(recipe, column.spec.name, column, row, state=state)
                for trace in told.ops:
                    for slot, value in zip(trace.slots, trace.numbers, strict=True):
                        assert made[row, slot.position] == np.float32(value)


def test_sentences_by_hand():
    columns = (number("age", [10, 20, 30, None, "<5"]), category("sex", ["f", "f", "m", "m", None]))
    recipe = fit_recipe(columns, (np.arange(5),))
    missing = explain_cell(recipe, "age", columns[0], 3)
    assert missing.sentence == "age = missing: [0] value = 0; [1] missing = 1"
    assert missing.one_unit is None
    below = explain_cell(recipe, "age", columns[0], 4)
    assert below.sentence.startswith("age = below 5: [0] value = -")
    assert "[2] below = 1" in below.sentence
    new = explain_cell(recipe, "sex", category("sex", ["x"]), 0)
    assert new.sentence == "sex = 'x': [6] unseen <unseen> = 1"


def test_one_unit_is_what_moves_the_number_by_one():
    ages = np.exp(np.random.default_rng(0).normal(0, 2, 200))
    column = number("dose", ages)
    recipe = fit_recipe((column,), (np.arange(200),))
    middle = float(np.median(ages))
    step = explain_cell(recipe, "dose", number("dose", [middle]), 0).one_unit
    low, high = apply_recipe(recipe, (number("dose", [middle, middle + step * 1e-3]),))[:, 0]
    assert high - low == pytest.approx(1e-3, rel=0.01)


def test_a_dropped_column_says_why(messy):
    columns, recipe = messy
    assert explain_cell(recipe, "always", columns[-1], 0).sentence == (
        "always = 3: not used; constant: every fit row holds '3.0'"
    )


def test_wrong_questions_are_refused(messy):
    columns, recipe = messy
    with pytest.raises(RecipeError, match="did you mean 'weight'"):
        explain_cell(recipe, "weigt", columns[0], 0)
    with pytest.raises(RecipeError, match="has no row 60; it has 60 rows"):
        explain_cell(recipe, "weight", columns[0], 60)
    with pytest.raises(RecipeError, match="is read as category, not number"):
        explain_cell(recipe, "weight", columns[3], 0)
    with pytest.raises(RecipeError, match="no state 9"):
        explain_position(recipe, 0, state=9)
    with pytest.raises(RecipeError, match="there is no position -1"):
        explain_position(recipe, -1)
    with pytest.raises(RecipeError, match="'note' cannot be read back: words@1"):
        decode_cell(recipe, "note", apply_recipe(recipe, columns)[0])
    with pytest.raises(RecipeError, match="numbers for one row, got 2"):
        decode_cell(recipe, "weight", np.zeros(2, np.float32))


def test_every_position_is_explained(messy):
    _, recipe = messy
    for slot in recipe.layout:
        told = explain_position(recipe, slot.position)
        assert told.slot == slot
        assert told.sentence.startswith(f"[{slot.position}] {slot.role.value}")
        assert repr(slot.column) in told.sentence


def test_a_flat_position_says_so():
    column = number("a", [1, 1, 2])
    recipe = fit_recipe((column,), (np.array([0, 1]), np.array([0, 2])))
    assert "always 0, all 2 fit rows with a value hold 1" in explain_position(recipe, 0).sentence


def test_decoding_gives_back_what_was_encoded():
    rng = np.random.default_rng(0)
    columns = (
        number("age", [*rng.normal(50, 10, 47), None, "?", 12.5]),
        category("sex", rng.choice(["f", "m", "x"], 50)),
        yes_no("smoker", rng.integers(0, 2, 50)),
        date("seen", rng.integers(10_000, 20_000, 50)),
        category("one", ["only", *["a", "b"] * 24, None]),
    )
    recipe = fit_recipe(columns, (np.arange(50),))
    made = apply_recipe(recipe, columns)
    for column in columns:
        cells = take_cells(column)
        for row in range(50):
            back = decode_cell(recipe, column.spec.name, made[row])
            if cells.outcome[row] != Outcome.VALUE:
                assert back is None
            elif cells.levels:
                text_there = cells.levels[cells.codes[row]]
                assert back == ("<rare>" if text_there == "only" else text_there)
            else:
                assert back == pytest.approx(cells.values[row], rel=1e-5)


def test_hostile_texts_are_shown_as_text():
    column = category("a", ["<script>\n\u202e", "<script>\n\u202e", "b", "b"])
    recipe = fit_recipe((column,), (np.arange(4),))
    assert "\\n\\u202e" in explain_cell(recipe, "a", column, 0).ops[0].given


def test_texts_are_traced_by_word():
    column = text("note", ["red cat", "red dog", "red cat"])
    recipe = fit_recipe((column,), (np.arange(3),))
    assert "word red" in explain_cell(recipe, "note", column, 0).sentence
