import numpy as np
import pytest

from heldout.stages.levels import bin_numbers


def test_bins_come_from_the_known_rows_and_serve_all():
    codes, levels = bin_numbers("age", np.array([-5.0, 30.0, 60.0, 999.0]), np.arange(100.0))
    assert codes.tolist() == [0, 1, 2, 3]
    assert levels == ("age below 25", "age 25 to 49", "age 50 to 74", "age 75 or above")


def test_few_values_are_taken_one_by_one():
    codes, levels = bin_numbers("grade", np.array([3.0, 1.0, 2.0, np.nan]), np.array([1.0, 3.0, 1.0, np.nan]))
    assert levels == ("grade = 1", "grade = 3")
    assert codes.tolist() == [1, 0, -1, -1]


def test_dates_are_written_as_dates():
    days = np.arange(0.0, 400.0)
    _, levels = bin_numbers("seen", days, days, is_date=True)
    assert levels[0] == "seen before 1970-04-11"
    assert levels[-1] == "seen on or after 1970-10-28"


@pytest.mark.parametrize("scale", [1e-9, 1e-3, 1.0, 1e12])
def test_names_of_bins_differ_whatever_the_scale(scale):
    values = 5 * scale + scale * 1e-6 * np.arange(100.0)
    codes, levels = bin_numbers("x", values, values)
    assert len(set(levels)) == len(levels) == 4
    assert np.bincount(codes).tolist() == [25, 25, 25, 25]


def test_many_equal_numbers_leave_fewer_bins():
    values = np.concatenate([np.zeros(80), np.arange(1.0, 21.0)])
    codes, levels = bin_numbers("x", values, values)
    assert len(levels) == len(np.unique(codes))
