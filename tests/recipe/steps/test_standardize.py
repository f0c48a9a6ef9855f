import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.recipe.steps.standardize import (
    Scale,
    check_scale,
    fit_scale,
    scale_values,
    take_quantile,
    take_values,
    unscale_value,
)
from heldout.recipe.view import take_cells
from recipe.sample_columns import number

ANY_FLOAT = st.floats(allow_nan=False, allow_infinity=False)


def test_plain_numbers_get_mean_zero_and_variance_one():
    values = np.sort(np.random.default_rng(0).normal(50, 7, 500))
    fitted = fit_scale(values)
    scaled = scale_values(values, fitted)
    assert fitted.transform == "none"
    assert fitted.clipped == 0
    assert scaled.mean() == pytest.approx(0, abs=1e-12)
    assert scaled.std() == pytest.approx(1)
    assert scaled == pytest.approx((values - values.mean()) / values.std())


def test_one_wild_number_does_not_squeeze_the_others():
    values = np.sort(np.concatenate([np.random.default_rng(0).normal(0, 1, 299), [1e9]]))
    fitted = fit_scale(values)
    scaled = scale_values(values, fitted)
    assert fitted.clipped == 1
    assert fitted.transform == "none"
    assert scaled[:-1].std() == pytest.approx(1, abs=0.1)
    assert scaled[-1] < 7


def test_a_heavy_tail_is_transformed_and_says_why():
    values = np.sort(np.exp(2 * np.random.default_rng(0).normal(size=500)))
    fitted = fit_scale(values)
    assert fitted.transform == "asinh"
    assert "skew" in fitted.why
    assert np.abs(scale_values(values, fitted)).max() < 6
    symmetric = np.sort(np.concatenate([values, -values]))
    assert fit_scale(symmetric).transform == "asinh"


def test_a_rare_flag_is_neither_clipped_nor_transformed():
    values = np.sort(np.array([0.0] * 297 + [1.0] * 3))
    fitted = fit_scale(values)
    assert (fitted.transform, fitted.clipped, fitted.low, fitted.high) == ("none", 0, 0.0, 1.0)
    assert scale_values(values, fitted).std() == pytest.approx(1)


def test_dates_are_never_transformed():
    assert (
        fit_scale(
            np.sort(np.exp(3 * np.random.default_rng(0).normal(size=500))), may_transform=False
        ).transform
        == "none"
    )


@pytest.mark.parametrize("values", [[], [5.0], [2.0] * 9])
def test_without_variance_the_slot_stays_zero(values):
    fitted = fit_scale(np.array(values))
    assert fitted.scale == 0.0
    assert scale_values(np.array([5.0, 7.0, -1e300]), fitted).tolist() == [0, 0, 0]


@given(st.lists(ANY_FLOAT, max_size=40), st.lists(ANY_FLOAT, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_numbers_give_finite_numbers(fitted_on, others):
    fitted = fit_scale(take_values(take_cells(number("a", fitted_on))))
    scaled = scale_values(np.array(others + fitted_on), fitted)
    assert np.isfinite(scaled.astype(np.float32)).all()
    assert check_scale(fitted) == ""


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=60))
@settings(max_examples=100, deadline=None)
def test_scaling_is_undone_inside_the_clip_range(values):
    ordered = np.sort(np.array(values))
    fitted = fit_scale(ordered)
    if fitted.scale == 0.0:
        return
    for value in ordered:
        back = unscale_value(float(scale_values(np.array([value]), fitted)[0]), fitted)
        expected = min(max(value, fitted.low), fitted.high)
        assert back == pytest.approx(expected, rel=1e-6, abs=1e-9 * (fitted.high - fitted.low))


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.floats(0, 1))
@settings(max_examples=100, deadline=None)
def test_quantiles_agree_with_numpy(values, share):
    ordered = np.sort(np.array(values))
    assert take_quantile(ordered, share) == pytest.approx(np.quantile(ordered, share), rel=1e-9, abs=1e-6)


def test_a_scale_that_would_overflow_is_found():
    assert "leave float32" in check_scale(Scale(0.0, 1e101, 0.0, 1e-300, "none", 0.0, 1.0, 0, ""))
