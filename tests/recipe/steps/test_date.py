import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.recipe.steps.date import STEP, take_parts
from heldout.recipe.steps.step import NothingAsked
from heldout.recipe.view import take_cells
from recipe.sample_columns import date

EPOCH = dt.date(1970, 1, 1)


def fit(cells):
    return STEP.fit(take_cells(date("a", cells)), NothingAsked())


@given(st.dates())
@settings(max_examples=200, deadline=None)
def test_parts_agree_with_the_calendar(day):
    parts = take_parts(np.array([(day - EPOCH).days + 0.25]))[0]
    if day == dt.date(9999, 12, 31):
        return
    assert parts.tolist() == [day.year, day.month - 1, day.weekday(), 6.0]


def test_days_far_outside_the_calendar_are_bounded():
    assert take_parts(np.array([-1e100, 1e100]))[:, 0].tolist() == [1.0, 9999.0]


def test_slots_with_and_without_hours():
    plain, timed = fit([1, 40, 400]), fit([1, 40.5, 400])
    assert [slot.label for slot in STEP.plan((plain,))][-1] == "weekday cos"
    slots = STEP.plan((plain, timed))
    assert [slot.label for slot in slots][-1] == "hour cos"
    assert STEP.apply(take_cells(date("a", [0.5])), plain, slots)[0, -2:].tolist() == [0, 0]
    assert STEP.apply(take_cells(date("a", [0.5])), timed, slots)[0, -2:] == pytest.approx([0, -1], abs=1e-6)


def test_missing_dates_are_zero_everywhere():
    fitted = fit([1, 40, 400, None])
    assert STEP.apply(take_cells(date("a", [None])), fitted, STEP.plan((fitted,))).tolist() == [[0.0] * 6]


def test_parts_that_never_vary_stay_zero():
    fitted = fit([0, 7, 14])
    made = STEP.apply(take_cells(date("a", [100])), fitted, STEP.plan((fitted,)))
    assert made[0, 1:].tolist() == [0, 0, 0, 0, 0]
    assert "weekdays" in STEP.describe(fitted)
