import numpy as np
import pytest

from heldout.recipe.steps.piecewise import STEP, Bins, BinsAsked, spread_over_bins
from heldout.recipe.view import take_cells
from recipe.sample_columns import number


def fit(cells, bins=4):
    return STEP.fit(take_cells(number("a", cells)), BinsAsked(bins))


def test_edges_stand_at_quantiles():
    assert fit(range(101)).edges == (0.0, 25.0, 50.0, 75.0, 100.0)


def test_equal_edges_are_merged():
    assert fit([0] * 60 + list(range(1, 41))).edges == pytest.approx((0.0, 15.25, 40.0))
    assert fit([0, 1] * 50) == Bins((), ())
    assert fit([7]) == Bins((), ())
    assert fit([None, None]) == Bins((), ())


def test_the_encoding_agrees_with_the_definition():
    rng = np.random.default_rng(0)
    edges = np.sort(rng.normal(size=6))
    values = rng.normal(size=50)
    for value, row in zip(values, spread_over_bins(values, edges), strict=True):
        for index in range(5):
            low, high = edges[index], edges[index + 1]
            expected = 0.0 if value < low else 1.0 if value >= high else (value - low) / (high - low)
            assert row[index] == pytest.approx(expected)


def test_a_cell_without_value_gets_the_mean_of_the_fit_rows():
    cells = take_cells(number("a", [0, 10, 20, 30, 40, None]))
    fitted = STEP.fit(cells, BinsAsked(2))
    made = STEP.apply(cells, fitted, STEP.plan((fitted,)))
    assert made[5] == pytest.approx(made[:5].mean(axis=0))


def test_states_with_fewer_bins_leave_slots_zero():
    wide, narrow = fit(range(101)), fit([0] * 60 + list(range(1, 41)))
    slots = STEP.plan((narrow, wide))
    assert len(slots) == 4
    made = STEP.apply(take_cells(number("a", [0, 50, 100])), narrow, slots)
    assert (made[:, 2:] == 0).all()


def test_check_names_what_is_wrong():
    slots = STEP.plan((fit(range(101)),))
    assert "do not ascend" in STEP.check(Bins((0.0, 2.0, 1.0), (0.5, 0.5)), slots)
    assert "do not fit" in STEP.check(Bins((0.0, 2.0), (0.5, 0.5)), slots)
