import numpy as np
import pytest

from heldout.recipe import Recipe, fit_recipe
from heldout.recipe.record import ArrayPlan
from heldout.recipe.steps.tokens import PADDING, UNKNOWN
from heldout.records import ArrayPolicy, Kind
from heldout.stages.hiding import (
    MOST_STRETCHES,
    PAIR,
    PERMUTE,
    TOKENS,
    WORD,
    ZERO,
    Unit,
    hide_unit,
    list_units,
    mark_held,
)
from recipe.sample_columns import category, number, sequence, text


def plan(kind, **policy):
    dtype = "uint8" if kind is Kind.PICTURE else "float32"
    return ArrayPlan(
        policy.pop("name", "photo"), ArrayPolicy(kind, dtype, **policy), "set", "none", "made by hand"
    )


def test_regions_of_a_picture_cover_every_number_once():
    found = list_units(
        Recipe((), (), (plan(Kind.PICTURE, channels=("red", "green", "blue"), height=28, width=27),))
    )
    assert sorted(np.concatenate([unit.positions for unit in found]).tolist()) == list(range(28 * 27 * 3))
    assert len(found) == 7 * 6
    assert found[0].name == "rows 0 to 3, columns 0 to 3 of photo"
    assert {unit.how for unit in found} == {ZERO}
    place = found[-1].positions
    assert place.max() == 28 * 27 * 3 - 1
    rows = np.unique(place // 3 // 27)
    assert rows.tolist() == [24, 25, 26, 27]


@pytest.mark.parametrize(("side", "regions"), [(1, 1), (3, 9), (8, 16), (64, 64), (300, 64)])
def test_a_grid_has_four_to_eight_regions_a_side(side, regions):
    found = list_units(Recipe((), (), (plan(Kind.PICTURE, channels=("gray",), height=side, width=side),)))
    assert len(found) == regions


def test_stretches_of_a_signal_are_named_by_points_and_axis():
    grid = {"fit": "grid", "start": 4000.0, "step": 10.0, "axis": "wavelength"}
    arrays = (
        plan(Kind.SIGNAL, name="flux", channels=("flux", "mask"), length=400, **grid),
        plan(Kind.SIGNAL, name="beat", channels=("value",), length=2),
    )
    found = list_units(Recipe((), (), arrays))
    assert len(found) == MOST_STRETCHES + 1
    assert found[0].name == "points 0 to 19 of flux (wavelength 4000 to 4200)"
    assert found[-1].name == "points 0 to 1 of beat"
    assert found[-1].positions.tolist() == [800, 801]


def test_sequences_have_stretches_and_words_of_letters_beside_other_columns():
    rng = np.random.default_rng(0)
    genes = ["".join(rng.choice(list("ACGT"), 60)) for _ in range(40)]
    columns = (number("dose", rng.normal(size=40).tolist()), sequence("gene", genes))
    recipe = fit_recipe(columns, (np.arange(40),))
    found = list_units(recipe)
    names = [unit.name for unit in found]
    assert names[0] == "dose"
    assert "positions 1 to 3 of gene" in names
    assert "positions 58 to 60 of gene" in names
    assert "k-mer GTAA of gene" in names
    assert {unit.how for unit in found} == {PERMUTE}
    kmer = found[names.index("k-mer GTAA of gene")]
    assert [recipe.layout[place].label for place in kmer.positions] == ["GTAA"]
    assert sorted(np.concatenate([unit.positions for unit in found]).tolist()) == list(range(recipe.n_slots))


def test_words_of_a_mixed_table_can_be_hidden_beside_their_column():
    notes = ["red cat", "red dog", "blue cat", "red cat"] * 5
    recipe = fit_recipe((text("note", notes), category("sex", ["f", "m"] * 10)), (np.arange(20),))
    found = {unit.name: unit for unit in list_units(recipe)}
    assert found["note"].how == PERMUTE
    word = found["'red' in note"]
    assert (word.kind, word.how, len(word.positions)) == (WORD, ZERO, 1)
    assert "sex" in found
    x = np.zeros((2, recipe.n_slots), np.float32)
    x[1, word.positions] = 2.0
    assert mark_held(word, x, fold=0).tolist() == [False, True]
    assert not hide_unit(word, x, x, fold=0).any()


ROW = np.array([[7, 2, 7, 5, 0, 21, 22, 23, 0]], np.float32)  # five words, four pairs


def test_a_word_becomes_unknown_and_its_pairs_padding():
    word = Unit("'of'", WORD, TOKENS, np.arange(9), (2, 9), 5)
    made = hide_unit(word, ROW, ROW, fold=0)
    assert made.tolist() == [[7, UNKNOWN, 7, 5, 0, PADDING, PADDING, 23, 0]]
    assert ROW[0, 1] == 2  # a copy
    assert mark_held(word, ROW, fold=0).tolist() == [True]
    assert mark_held(word, ROW, fold=1).tolist() == [False]


def test_a_phrase_is_hidden_wherever_it_could_be_read():
    pair = Unit("'waste of'", PAIR, TOKENS, np.arange(9), (22,), 5)
    made = hide_unit(pair, ROW, ROW, fold=0)
    assert made.tolist() == [[7, UNKNOWN, UNKNOWN, 5, 0, PADDING, PADDING, PADDING, 0]]


def test_words_may_start_anywhere_in_a_joined_row():
    word = Unit("'of'", WORD, TOKENS, np.arange(2, 5), (2,), 3)
    row = np.array([[2, 2, 2, 3, 2, 2]], np.float32)
    assert hide_unit(word, row, row, fold=0).tolist() == [[2, 2, UNKNOWN, 3, UNKNOWN, 2]]
