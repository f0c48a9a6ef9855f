import numpy as np
import pytest

from heldout.errors import RecipeError
from heldout.recipe.view import Outcome, check_rows, make_view, take_cells
from heldout.records import ColumnSpec, Kind, Status, TypedColumn
from recipe.sample_columns import category, number, yes_no


def test_every_status_becomes_one_outcome():
    expected = {
        Status.MISSING: Outcome.MISSING,
        Status.SENTINEL: Outcome.MISSING,
        Status.UNPARSED: Outcome.UNPARSED,
        Status.UNSEEN: Outcome.UNSEEN,
    }
    status = np.array(list(Status), np.uint8)
    column = TypedColumn(
        ColumnSpec("a", Kind.NUMBER, ""), status, np.ones(len(status)), np.zeros(0, np.int32)
    )
    outcome = take_cells(column).outcome.tolist()
    assert outcome == [expected.get(one, Outcome.VALUE) for one in Status]


def test_numbers_that_are_not_finite_have_no_value():
    column = number("a", [1, 2, 3])
    column.values[:] = [np.nan, np.inf, -np.inf]
    assert take_cells(column).outcome.tolist() == [Outcome.MISSING, Outcome.UNPARSED, Outcome.UNPARSED]


def test_the_view_holds_no_text_of_other_rows_and_copies():
    town = category("town", ["secret", "b", "a", "b"])
    age = number("age", [1, 2, 3, 4])
    view = make_view((town, age), np.array([3, 1, 2]))
    assert view.columns[0].levels == ("a", "b")
    assert view.columns[0].codes.tolist() == [1, 0, 1]
    assert view.columns[1].values.tolist() == [2, 3, 4]
    assert not np.shares_memory(view.columns[1].values, age.values)
    age.values[:] = 0
    assert view.columns[1].values.tolist() == [2, 3, 4]


def test_the_view_does_not_depend_on_the_order_of_rows_or_levels():
    town = category("town", ["x", "b", "a", "b"])
    other = category("town", ["a", "b", "a", "b"])
    first, second = make_view((town,), np.array([1, 2, 3])), make_view((other,), np.array([3, 2, 1]))
    assert first.sha256 == second.sha256
    assert first.columns[0].levels == second.columns[0].levels
    assert first.columns[0].codes.tolist() == second.columns[0].codes.tolist()


def test_yes_no_has_both_levels():
    cells = take_cells(yes_no("smoker", [1, 0, None, "?"]))
    assert cells.levels == ("no", "yes")
    assert cells.codes.tolist() == [1, 0, -1, -1]
    assert cells.outcome.tolist() == [0, 0, Outcome.MISSING, Outcome.UNPARSED]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.array([], np.int64), "no fit rows"),
        (np.array([0.0]), "must be a list of row positions"),
        (np.array([[0]]), "must be a list of row positions"),
        (np.array([-1, 0]), "fit row -1 is outside"),
        (np.array([0, 4]), "fit row 4 is outside the table of 4 rows"),
        (np.array([2, 1, 2]), "fit row 2 is named more than once"),
    ],
)
def test_bad_fit_rows_are_refused(rows, message):
    with pytest.raises(RecipeError, match=message):
        check_rows(rows, 4)


def test_columns_whose_arrays_disagree_are_refused():
    short = TypedColumn(
        ColumnSpec("a", Kind.NUMBER, ""), np.zeros(3, np.uint8), np.zeros(2), np.zeros(0, np.int32)
    )
    with pytest.raises(RecipeError, match="'a': 2 cells but 3 statuses"):
        take_cells(short)
    wild = TypedColumn(
        ColumnSpec("b", Kind.CATEGORY, ""),
        np.zeros(1, np.uint8),
        np.zeros(0),
        np.array([5], np.int32),
        ("x",),
    )
    with pytest.raises(RecipeError, match="'b': code 5 but only 1 distinct texts"):
        take_cells(wild)
