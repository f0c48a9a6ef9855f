"""Lists of items."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import RecipeError
from heldout.recipe.apply import apply_recipe
from heldout.recipe.explain import decode_cell, explain_cell
from heldout.recipe.fit import fit_recipe
from heldout.recipe.form import recipe_from_json, recipe_hash, recipe_to_json
from heldout.recipe.steps.set import split_set
from recipe.sample_columns import items

NAMES = ["bone pain", "Genu varum", "fever", "cough"]
CELLS = st.lists(st.sets(st.sampled_from(NAMES), min_size=1), min_size=4, max_size=20)


def write(cell):
    return "; ".join(sorted(cell))


@given(CELLS)
@settings(max_examples=60, deadline=None)
def test_what_is_encoded_is_read_back(cells):
    # Every cell twice, so that every item is frequent enough for a slot.
    column = items("signs", [write(cell) for cell in cells] * 2)
    if len(set(column.levels)) == 1:
        return
    recipe = fit_recipe((column,), (np.arange(len(cells) * 2),))
    features = apply_recipe(recipe, (column,))
    for row, cell in enumerate(cells):
        assert sorted(split_set(decode_cell(recipe, "signs", features[row]))) == sorted(cell)


def test_rare_and_new_items_share_a_slot():
    column = items("signs", ["fever; once", "fever", "cough", "cough; fever", None])
    recipe = fit_recipe((column,), (np.arange(5),))
    labels = [slot.label for slot in recipe.layout]
    assert labels == ["cough", "fever", "<rare>", "<number of items>", ""]
    new = items("signs", ["fever; never seen", None])
    features = apply_recipe(recipe, (new,))
    assert features[0, :3].tolist() == [0.0, 1.0, 0.5]
    assert features[1].tolist() == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert "category fever = 1" in explain_cell(recipe, "signs", new, 0).sentence


def test_the_recipe_survives_its_file_and_refuses_other_steps():
    column = items("signs", ["fever", "cough", "cough; fever", "fever"])
    recipe = fit_recipe((column,), (np.arange(4),))
    text, arrays = recipe_to_json(recipe)
    assert recipe_hash(recipe_from_json(text, arrays)) == recipe_hash(recipe)
    with pytest.raises(RecipeError, match="set@1 is not for category"):
        recipe_from_json(text.replace('"kind":"set"', '"kind":"category"'), arrays)
