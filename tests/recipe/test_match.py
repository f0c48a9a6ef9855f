import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe.fit import fit_recipe
from heldout.recipe.match import find_plan, match_columns
from recipe.sample_columns import category, number

AGE, SEX = number("age", [1, 2, 3]), category("sex", ["f", "m", "f"])
DROPPED = category("name", ["a", "b", "c"], used=False)


@pytest.fixture(scope="module")
def recipe():
    return fit_recipe((AGE, DROPPED, SEX), (np.arange(3),))


def test_columns_are_found_by_name_and_others_ignored(recipe):
    extra = number("extra", [0, 0, 0])
    assert match_columns(recipe, (SEX, extra, AGE)) == (AGE, None, SEX)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((AGE,), "column 'sex' is missing"),
        ((AGE, number("Sex", [1, 2, 3])), "did you mean 'Sex'"),
        ((AGE, number("sex", [1, 2, 3])), "'sex' is read as number, but the recipe was fitted on category"),
        ((AGE, SEX, AGE), "column 'age' is there twice"),
        ((AGE, category("sex", ["f"])), "different numbers of rows: \\[1, 3\\]"),
    ],
)
def test_columns_that_do_not_fit_are_refused(recipe, columns, message):
    with pytest.raises(RecipeError, match=message):
        match_columns(recipe, columns)


def test_an_unknown_name_gets_a_suggestion(recipe):
    assert find_plan(recipe, "sex") == 2
    with pytest.raises(RecipeError, match="did you mean 'age'"):
        find_plan(recipe, "agee")
