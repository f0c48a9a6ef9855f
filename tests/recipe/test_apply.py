import time
from dataclasses import replace

import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe import Role, apply_recipe, fit_recipe, unseen_slots
from heldout.records import ColumnSpec, Kind, TypedColumn
from recipe.sample_columns import folds, messy_columns, number, take


@pytest.fixture(scope="module")
def messy():
    columns = messy_columns()
    return columns, fit_recipe(columns, folds(60), embedding="piecewise")


def test_output_is_float32_in_rows(messy):
    columns, recipe = messy
    made = apply_recipe(recipe, columns)
    assert made.dtype == np.float32
    assert made.flags.c_contiguous
    assert made.shape == (60, recipe.n_features)


def test_chunks_and_single_rows_give_the_same_bits(messy):
    columns, recipe = messy
    at_once = apply_recipe(recipe, columns, state=1)
    for row in range(60):
        assert (apply_recipe(recipe, columns, state=1, rows=np.array([row]))[0] == at_once[row]).all()
    parts = [tuple(take(column, np.arange(start, start + 20)) for column in columns) for start in (0, 20, 40)]
    assert (np.concatenate([apply_recipe(recipe, part, state=1) for part in parts]) == at_once).all()


def test_rows_in_any_order_also_repeated(messy):
    columns, recipe = messy
    rows = np.array([5, 5, 0])
    assert (apply_recipe(recipe, columns, rows=rows) == apply_recipe(recipe, columns)[rows]).all()
    assert apply_recipe(recipe, columns, rows=np.array([], np.int64)).shape == (0, recipe.n_features)


def test_columns_in_any_order_with_extra_and_without_dropped_ones(messy):
    columns, recipe = messy
    others = tuple(column for column in reversed(columns) if column.spec.name not in ("id", "always"))
    assert (apply_recipe(recipe, (*others, number("x", [0] * 60))) == apply_recipe(recipe, columns)).all()


def test_a_slot_no_fit_row_filled_is_never_lit(messy):
    columns, recipe = messy
    for state, rows in enumerate(folds(60)):
        made = apply_recipe(recipe, columns, state=state)
        filled = (made[rows] != 0).any(axis=0)
        for slot in recipe.layout:
            if slot.role is not Role.UNSEEN and not filled[slot.position]:
                assert (made[:, slot.position] == 0).all(), slot


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"state": 3}, "no state 3; it has 3"),
        ({"rows": np.array([60])}, "row 60 is outside the table of 60 rows"),
        ({"rows": np.array([-1])}, "row -1 is outside"),
    ],
)
def test_wrong_states_and_rows_are_refused(messy, arguments, message):
    columns, recipe = messy
    with pytest.raises(RecipeError, match=message):
        apply_recipe(recipe, columns, **arguments)


def test_a_damaged_recipe_never_gives_a_number_that_is_not_finite():
    age = number("age", [1, 2, 3])
    recipe = fit_recipe((age,), (np.arange(3),))
    state = recipe.states[0]
    column = replace(state.columns[0], fitted=(replace(state.columns[0].fitted[0], center=np.nan),))
    broken = replace(recipe, states=(replace(state, columns=(column,)),))
    with pytest.raises(RecipeError, match="column 'age', row 0: the value slot came out as nan"):
        apply_recipe(broken, (age,))


def test_unseen_slots_point_into_their_own_block(messy):
    _, recipe = messy
    where = unseen_slots(recipe)
    assert where.dtype == np.int32
    for slot in recipe.layout:
        target = where[slot.position]
        if slot.column in ("sex", "town", "smoker"):
            assert recipe.layout[target].role is Role.UNSEEN
            assert recipe.layout[target].column == slot.column
        else:
            assert target == -1


def test_a_long_table_is_encoded_in_time():
    rng = np.random.default_rng(0)
    rows = 30_000
    columns = [number(f"n{index}", rng.normal(size=2)) for index in range(10)]
    columns = [
        TypedColumn(column.spec, np.zeros(rows, np.uint8), rng.normal(size=rows), column.codes)
        for column in columns
    ]
    for index in range(5):
        levels = tuple(f"v{level}" for level in range(10 ** (1 + index % 4)))
        codes = rng.integers(0, len(levels), rows).astype(np.int32)
        spec = ColumnSpec(f"c{index}", Kind.CATEGORY, "made by hand")
        columns.append(TypedColumn(spec, np.zeros(rows, np.uint8), np.zeros(0), codes, levels))
    recipe = fit_recipe(tuple(columns), (np.arange(rows),))
    start = time.process_time()
    apply_recipe(recipe, tuple(columns))
    assert time.process_time() - start < 5  # measured 0.3 s; the bound allows for a loaded machine


def test_a_wide_table_is_fitted_and_encoded_in_time():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(500, 300))
    nothing = np.zeros(0, np.int32)
    columns = tuple(
        TypedColumn(ColumnSpec(f"n{index}", Kind.NUMBER, ""), np.zeros(300, np.uint8), values[index], nothing)
        for index in range(500)
    )
    start = time.process_time()
    recipe = fit_recipe(columns, folds(300, 5))
    for state in range(5):
        apply_recipe(recipe, columns, state=state)
    assert time.process_time() - start < 10  # measured 0.4 s; 2,000 columns 1.4 s
