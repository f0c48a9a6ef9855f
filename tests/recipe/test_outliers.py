import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe import apply_recipe, fit_recipe, recipe_from_json, recipe_to_json
from heldout.recipe.outliers import (
    OutlierLimits,
    clip_recipe,
    drop_outliers,
    find_limits,
    flag_clipped,
    flag_outliers,
    list_extreme,
)
from heldout.records import ColumnSpec, Kind, TypedColumn


def make(name, values, kind=Kind.NUMBER, *, used=True):
    values = np.asarray(values, float)
    return TypedColumn(
        ColumnSpec(name, kind, "", used=used), np.zeros(values.size, np.uint8), values, np.zeros(0, np.int32)
    )


def draw(n_rows=200, *, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.normal(50, 5, n_rows)
    values[[3, 150]] = 500.0, -400.0
    return values


def test_limits_are_mean_and_standard_deviation_of_the_fit_rows_alone():
    values = draw()
    rows = np.setdiff1d(np.arange(200), [3, 150])
    found = find_limits((make("x", values),), rows, limit=2.0)
    assert found.low[0] == pytest.approx(values[rows].mean() - 2 * values[rows].std())
    assert found.high[0] == pytest.approx(values[rows].mean() + 2 * values[rows].std())
    changed = values.copy()
    changed[[3, 150]] = 1e9
    assert (find_limits((make("x", changed),), rows, limit=2.0).high == found.high).all()


def test_only_numbers_that_are_features_have_limits():
    columns = (
        make("x", draw()),
        make("day", draw(), Kind.DATE),
        make("left out", draw(), used=False),
        make("two values", np.arange(200) % 2),
        make("empty", np.full(200, np.nan)),
    )
    assert find_limits(columns, np.arange(200), limit=3.0).columns == ("x",)


def test_rows_with_an_extreme_number_are_dropped_and_missing_ones_are_not():
    values = draw()
    values[7] = np.nan
    rows = np.arange(100)
    kept = drop_outliers((make("x", values), make("z", draw(seed=1) * 0 + np.arange(200))), rows, limit=3.0)
    assert 3 not in kept
    assert 7 in kept
    assert set(kept) <= set(rows)


def test_flags_cover_all_rows():
    limits = OutlierLimits(("x",), np.array([0.0]), np.array([100.0]))
    flags = flag_outliers((make("x", draw()),), limits)
    assert np.flatnonzero(flags).tolist() == [3, 150]
    calm = OutlierLimits(("x", "y"), np.array([0.0, -9.0]), np.array([100.0, 999.0]))
    assert list_extreme((make("y", np.arange(200)), make("x", draw())), calm) == ("x",)


def test_a_rule_that_drops_most_rows_is_refused():
    with pytest.raises(
        RecipeError, match=r"the outlier rule \(0.001 standard deviations\) would drop 200 of 200"
    ):
        drop_outliers((make("x", np.linspace(0, 1, 200)),), np.arange(200), limit=0.001)


def test_clipping_bounds_every_number_and_keeps_the_layout():
    values = np.random.default_rng(0).normal(size=300)
    columns, rows = (make("x", values), make("z", values[::-1].copy())), (np.arange(200), np.arange(100, 300))
    recipe = fit_recipe(columns, rows)
    clipped = clip_recipe(recipe, columns, rows, limit=1.0)
    assert clipped.layout == recipe.layout
    for state, fit in enumerate(rows):
        made = apply_recipe(clipped, columns, state=state)[:, 0]
        inside = np.clip(
            values, values[fit].mean() - values[fit].std(), values[fit].mean() + values[fit].std()
        )
        assert np.allclose(np.corrcoef(made, inside)[0, 1], 1.0)
        assert made[fit].mean() == pytest.approx(0, abs=1e-6)
        assert made[fit].std() == pytest.approx(1, abs=1e-5)
    assert recipe_from_json(*recipe_to_json(clipped)) == clipped


def test_a_wide_limit_changes_nothing():
    columns, rows = (make("x", draw()),), (np.arange(200),)
    recipe = fit_recipe(columns, rows)
    wide = clip_recipe(recipe, columns, rows, limit=1e6)
    assert (apply_recipe(wide, columns) == apply_recipe(recipe, columns)).all()


def test_numbers_beyond_the_scales_are_marked():
    columns = (make("x", draw()),)
    recipe = fit_recipe(columns, (np.setdiff1d(np.arange(200), [3, 150]),))
    assert np.flatnonzero(flag_clipped(recipe, columns)).tolist() == [3, 150]
