"""Targets of numbers that are not written plainly: what is rewritten, what stays, and what is refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heldout.cells import read_target
from heldout.cells.target_numbers import write_plainly
from heldout.errors import DataError
from heldout.records import Task
from heldout.settings import ColumnSettings
from heldout.sources import encode_cells

AMOUNTS = [round(40 + 0.7 * k, 1) for k in range(30)]


def read(cells, **more):
    return read_target(encode_cells("price", cells), **more)


@pytest.mark.parametrize(
    ("write", "told"),
    [
        (lambda value: f"{value:.1f}".replace(".", ","), "decimal comma, as in '40,0'"),
        (lambda value: f"{value:.1f} kg", "unit kg, as in '40.0 kg'"),
        (lambda value: f"1.{int(value * 10):03d},5", "decimal comma, thousands '.', as in '1.400,5'"),
    ],
)
def test_amounts_are_read_as_the_same_amounts_in_features_are(write, told):
    target = read([write(value) for value in AMOUNTS])
    assert target.task is Task.REGRESSION
    assert told in target.why
    assert len(set(target.values)) == len(AMOUNTS)


@given(
    st.lists(
        st.floats(-1e9, 1e9).filter(lambda value: "e" not in repr(value)),
        min_size=30,
        max_size=40,
        unique=True,
    )
)
def test_a_number_with_a_decimal_comma_is_the_number_with_a_point(numbers):
    cells = [repr(value).replace(".", ",") for value in numbers]
    column, _ = write_plainly(encode_cells("x", cells), is_number=True)
    read_back = [float(column.levels[code]) for code in column.codes]
    np.testing.assert_array_equal(read_back, numbers)


def test_plain_numbers_stay_as_they_are():
    raw = encode_cells("price", [str(value) for value in AMOUNTS])
    assert write_plainly(raw) == (raw, "")


def test_few_amounts_with_a_unit_are_classes_unless_regression_is_asked_for():
    cells = ["2 kg", "5 kg", "2 kg", "10 kg"] * 10
    assert read(cells).task is Task.MULTICLASS
    asked = read(cells, task="regression")
    assert sorted(set(asked.values)) == [2.0, 5.0, 10.0]


def test_a_limit_is_no_amount_to_learn():
    cells = [f"{value:.1f}".replace(".", ",") for value in AMOUNTS]
    with pytest.raises(DataError, match="'<40,5'"):
        read([*cells, "<40,5"], task="regression")


def test_the_users_word_decides_between_two_readings():
    cells = [f"{1 + k // 10},{100 + 37 * k % 900:03d}" for k in range(40)]
    point = read(cells, task="regression", override=ColumnSettings(decimal=","))
    many = read(cells, task="regression", override=ColumnSettings(thousands=","))
    np.testing.assert_allclose(1000 * point.values, many.values)
