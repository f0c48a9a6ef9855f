import numpy as np
import pytest

from heldout.recipe import RecipeOptions, find_lost_words, fit_recipe, measure_kept
from heldout.records import ColumnSpec, Kind, TypedColumn
from recipe.sample_columns import text

TEXTS = ["a b c", "a b d", "a e e f", "a e g", None, "x y z"]


def fit(rows, *, length=0, pieces=()):
    column = text("note", TEXTS)
    options = RecipeOptions(tokens=(("note", length),), fewest_word_rows=1, pieces=pieces)
    return column, fit_recipe((column,), rows, options=options)


def reference(column, recipe, state):
    known = set(recipe.states[state].columns[0].fitted[0].words)
    return [sum(word not in known for word in level.split()) for level in column.levels]


@pytest.mark.parametrize("length", [0, 16])
def test_each_state_has_its_own_unknown_words(length):
    column, recipe = fit((np.array([0, 1, 4, 5]), np.array([2, 3, 4, 5])), length=length)
    kept = measure_kept(recipe, column)
    assert kept is not None
    assert kept.unknown is not None
    assert kept.unit == "words"
    assert kept.limit == length
    assert kept.lengths.tolist() == [len(level.split()) for level in column.levels]
    assert kept.unknown.tolist() == [reference(column, recipe, 0), reference(column, recipe, 1)]
    assert kept.unknown[0].tolist() != kept.unknown[1].tolist()


def test_lost_words_are_those_of_rows_a_state_has_not_seen():
    column, recipe = fit((np.array([0, 1]), np.array([2, 3])))
    assert find_lost_words(recipe, column, (np.array([2, 3]), np.array([0, 1]))) == (
        ("b", 2),
        ("e", 2),
        ("c", 1),
        ("d", 1),
        ("f", 1),
        ("g", 1),
    )


def test_pieces_are_counted_by_each_state():
    pytest.importorskip("tokenizers")
    column = text("note", ["walking walker walked"] * 6 + ["humbug hum bug"] * 6)
    rows = (np.arange(5), np.arange(6, 11))
    recipe = fit_recipe((column,), rows, options=RecipeOptions(pieces=(("note", 40),)))
    kept = measure_kept(recipe, column)
    assert kept is not None
    assert kept.unknown is not None
    assert kept.unit == "pieces"
    assert kept.unknown.shape == (2, 2)
    assert kept.unknown[0, 0] == kept.unknown[1, 1] == 0
    assert kept.unknown[0, 1] > 0 < kept.unknown[1, 0]
    assert kept.lengths[0] >= 3


def test_sequences_lose_their_end_and_no_word():
    levels = ("ACGT" * 3, "ACGTACGTA" * 150)
    spec = ColumnSpec("seq", Kind.SEQUENCE, "", grammar="letters", pattern="DNA")
    codes = np.array([0] * 30 + [1], np.int32)
    column = TypedColumn(spec, np.zeros(31, np.uint8), np.zeros(0), codes, levels)
    recipe = fit_recipe((column,), (np.arange(31),))
    kept = measure_kept(recipe, column)
    assert kept is not None
    assert (kept.unit, kept.place, kept.limit, kept.unknown) == ("letters", "end", 12, None)
    assert kept.lengths.tolist() == [12, 1350]
    assert find_lost_words(recipe, column, (np.arange(31),)) == ()


def test_other_columns_lose_nothing():
    spec = ColumnSpec("age", Kind.NUMBER, "")
    column = TypedColumn(spec, np.zeros(4, np.uint8), np.array([1.0, 2, 3, 9]), np.zeros(0, np.int32))
    recipe = fit_recipe((column,), (np.arange(4),))
    assert measure_kept(recipe, column) is None
    assert find_lost_words(recipe, column, (np.arange(4),)) == ()
