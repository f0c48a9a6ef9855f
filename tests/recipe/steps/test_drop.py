import numpy as np

from heldout.recipe.fit import fit_recipe
from heldout.recipe.steps.drop import STEP, DropAsked
from heldout.recipe.view import take_cells
from heldout.records import Kind
from recipe.sample_columns import category


def test_a_dropped_column_fills_nothing():
    cells = take_cells(category("a", ["x", "y"]))
    fitted = STEP.fit(cells, DropAsked("an identifier"))
    assert STEP.plan((fitted,)) == ()
    assert STEP.apply(cells, fitted, ()).shape == (2, 0)


def test_the_reason_is_kept():
    columns = (category("id", ["a", "b"], kind=Kind.IDENTIFIER), category("sex", ["f", "m"]))
    recipe = fit_recipe(columns, (np.arange(2),))
    assert recipe.columns[0].ops[0].asked == DropAsked("identifier: made by hand")
