import numpy as np

from heldout.recipe import fit_recipe
from recipe.sample_columns import category, number


def test_the_layout_is_gapless_and_in_order():
    recipe = fit_recipe((number("age", [1, None, 3]), category("sex", ["f", "m", "f"])), (np.arange(3),))
    assert [slot.position for slot in recipe.layout] == list(range(recipe.n_features))
    assert [slot.column for slot in recipe.layout] == ["age"] * 2 + ["sex"] * 5
