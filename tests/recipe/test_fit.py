import numpy as np
import pytest

from heldout.cells import declare_columns, type_table
from heldout.errors import RecipeError
from heldout.recipe import (
    Role,
    apply_recipe,
    fit_recipe,
    recipe_from_json,
    recipe_hash,
    recipe_to_json,
)
from heldout.recipe.fit import RecipeOptions, measure_rates
from heldout.recipe.view import make_view
from heldout.records import ColumnSpec, Kind, Status, TypedColumn
from heldout.sources import read_table
from recipe.sample_columns import NO_CODES, category, folds, messy_columns, number, take


def ops_of(recipe, name):
    return next([use.op for use in plan.ops] for plan in recipe.columns if plan.spec.name == name)


def test_each_kind_gets_its_steps():
    recipe = fit_recipe(messy_columns(), folds(60))
    assert ops_of(recipe, "weight") == ["standardize@1", "missing@1", "censored@1"]
    assert ops_of(recipe, "count") == ["standardize@1"]
    assert ops_of(recipe, "town") == ops_of(recipe, "smoker") == ["onehot@1"]
    assert ops_of(recipe, "seen") == ["date@1", "missing@1"]
    assert ops_of(recipe, "note") == ["words@1", "missing@1"]
    assert ops_of(recipe, "id") == ops_of(recipe, "always") == ["drop@1"]
    why = {plan.spec.name: plan.why for plan in recipe.columns}
    assert why["always"] == "constant: every fit row holds '3.0'"
    assert why["id"] == "not a feature: made by hand"


def test_bins_follow_rows_columns_and_the_wish():
    rng = np.random.default_rng(0)
    one = (number("a", rng.normal(size=1200)),)
    assert "piecewise@1" in ops_of(fit_recipe(one, (np.arange(1200),)), "a")
    assert "piecewise@1" not in ops_of(fit_recipe(one, (np.arange(1200), np.arange(999))), "a")
    assert "piecewise@1" not in ops_of(fit_recipe(one, (np.arange(1200),), embedding="none"), "a")
    few = fit_recipe(one, (np.arange(100),), embedding="piecewise")
    assert sum(slot.role is Role.BIN for slot in few.layout) == 2
    many = tuple(number(f"c{index}", rng.normal(size=1000)) for index in range(201))
    assert "limits 1000 rows and 200 columns" in fit_recipe(many, (np.arange(1000),)).columns[0].why


@pytest.mark.parametrize(
    ("rows", "columns", "bins"), [(5000, 1, 48), (1200, 1, 24), (5000, 40, 25), (5000, 90, 16)]
)
def test_many_rows_bear_more_bins_and_many_columns_fewer(rows, columns, bins):
    rng = np.random.default_rng(0)
    made = tuple(number(f"c{index}", rng.normal(size=rows)) for index in range(columns))
    layout = fit_recipe(made, (np.arange(rows),)).layout
    assert sum(slot.role is Role.BIN for slot in layout) == bins * columns


def test_constant_needs_all_views_to_agree():
    column = number("a", [1, 1, 2, 2])
    recipe = fit_recipe((column,), (np.array([0, 1]), np.array([2, 3])))
    assert ops_of(recipe, "a") == ["standardize@1"]
    with pytest.raises(
        RecipeError, match="no feature is left of 1 columns: 'a' constant: every fit row holds '1.0'"
    ):
        fit_recipe((column,), (np.array([0, 1]),))


def test_one_row_and_all_missing_columns():
    single = fit_recipe((number("a", [5]), category("b", ["x"])), (np.array([0]),))
    assert np.isfinite(apply_recipe(single, (number("a", [9]), category("b", ["y"])))).all()
    gone = fit_recipe((number("a", [None, None]), number("b", [1, 2])), (np.arange(2),))
    assert gone.columns[0].why == "constant: the cell is missing in every fit row"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"embedding": "deep"}, "embedding 'deep' is not known"),
        ({"options": RecipeOptions(max_bins=1)}, "'bins': expected a whole number from 2 to 256, got 1"),
        ({"options": RecipeOptions(rare_share=2.0)}, "'rare_share': expected a number from 0 to 1, got 2.0"),
    ],
)
def test_bad_wishes_are_refused(arguments, message):
    with pytest.raises(RecipeError, match=message):
        fit_recipe((number("a", [1, 2]),), (np.arange(2),), **arguments)


def test_without_views_or_with_repeated_names_nothing_is_fitted():
    with pytest.raises(RecipeError, match="no sets of fit rows"):
        fit_recipe((number("a", [1, 2]),), ())
    with pytest.raises(RecipeError, match="'a' is there twice"):
        fit_recipe((number("a", [1, 2]), number("a", [1, 2])), (np.arange(2),))
    with pytest.raises(RecipeError, match="outside the table of 0 rows"):
        fit_recipe((), (np.arange(2),))


def test_any_cell_outside_the_fit_rows_leaves_the_recipe_unchanged():
    columns = messy_columns()
    fit_rows = (np.arange(0, 40), np.arange(10, 50))
    before = recipe_hash(fit_recipe(columns, fit_rows, embedding="piecewise"))
    changed = []
    for column in columns:
        status, values, codes = column.status.copy(), column.values.copy(), column.codes.copy()
        status[50:] = Status.OK
        values[50:] = 1e9
        codes[50:] = len(column.levels)
        changed.append(TypedColumn(column.spec, status, values, codes, (*column.levels, "never seen")))
    assert recipe_hash(fit_recipe(tuple(changed), fit_rows, embedding="piecewise")) == before
    values = changed[0].values
    values[45] += 1
    assert recipe_hash(fit_recipe(tuple(changed), fit_rows, embedding="piecewise")) != before


def test_the_order_of_fit_rows_and_of_levels_does_not_matter():
    columns = messy_columns()
    rows = np.arange(40)
    shuffled = np.random.default_rng(1).permutation(40)
    turned = []
    for column in columns:
        last = len(column.levels) - 1
        codes = np.where(column.codes < 0, -1, last - column.codes).astype(np.int32)
        turned.append(TypedColumn(column.spec, column.status, column.values, codes, column.levels[::-1]))
    assert recipe_hash(fit_recipe(columns, (rows,))) == recipe_hash(fit_recipe(tuple(turned), (shuffled,)))


def test_reordering_the_table_changes_only_which_rows_are_named():
    columns = messy_columns()
    order = np.random.default_rng(1).permutation(60)
    other = tuple(take(column, order) for column in columns)
    first = fit_recipe(columns, (np.arange(60),))
    second = fit_recipe(other, (np.arange(60),))
    assert recipe_hash(first) == recipe_hash(second)
    assert (apply_recipe(first, columns)[order] == apply_recipe(second, other)).all()


def test_all_states_share_the_layout():
    columns = messy_columns()
    recipe = fit_recipe(columns, folds(60))
    widths = {apply_recipe(recipe, columns, state=state).shape for state in range(3)}
    assert widths == {(60, recipe.n_features)}


def test_rates_by_hand():
    view = make_view(
        (number("a", [*range(101), None, "?", None]), category("b", ["x"] * 102 + ["y", None])),
        np.arange(104),
    )
    rates = measure_rates(view.columns[0])
    assert (rates.low, rates.median, rates.high) == (1.0, 50.0, 99.0)
    assert (rates.missing, rates.unparsed, rates.unseen) == (2 / 104, 1 / 104, 0.0)
    assert measure_rates(view.columns[1]).unseen == 1 / 104


def test_good_turing_expects_about_as_many_unseen_values_as_come():
    rng = np.random.default_rng(0)
    draws = [f"v{value}" for value in rng.zipf(1.5, 4000)]
    view = make_view((category("a", draws),), np.arange(2000))
    seen = set(draws[:2000])
    unseen = np.mean([value not in seen for value in draws[2000:]])
    assert measure_rates(view.columns[0]).unseen == pytest.approx(unseen, abs=0.03)


def test_dropped_columns_may_come_without_texts():
    bare = TypedColumn(
        ColumnSpec("id", Kind.IDENTIFIER, "all differ"), np.zeros(3, np.uint8), np.zeros(0), NO_CODES
    )
    recipe = fit_recipe((bare, number("a", [1, 2, 3])), (np.arange(3),))
    assert recipe.n_features == 1


def test_a_real_table_survives_the_whole_way(shared_data):
    table = read_table(shared_data / "titanic" / "titanic.csv")
    columns = type_table(table, declare_columns(table, rows=np.arange(891)))
    recipe = fit_recipe(columns, folds(891, 5))
    made = apply_recipe(recipe, columns, state=4)
    assert np.isfinite(made).all()
    assert np.abs(made).max() < 20
    fitted = made[folds(891, 5)[4]]
    values = [slot.position for slot in recipe.layout if slot.role is Role.VALUE]
    assert fitted[:, values].mean(axis=0) == pytest.approx(0, abs=1e-4)
    assert recipe_hash(recipe_from_json(*recipe_to_json(recipe))) == recipe_hash(recipe)
