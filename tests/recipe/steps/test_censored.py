from heldout.recipe.record import Role
from heldout.recipe.steps.censored import STEP, Censored
from heldout.recipe.steps.step import NothingAsked
from heldout.recipe.view import take_cells
from recipe.sample_columns import number


def fit(cells):
    return STEP.fit(take_cells(number("a", cells)), NothingAsked())


def test_limits_are_counted_and_marked():
    cells = take_cells(number("a", [1, "<0.5", ">9", ">9"]))
    fitted = STEP.fit(cells, NothingAsked())
    slots = STEP.plan((fitted,))
    assert fitted == Censored(1, 2)
    assert [slot.role for slot in slots] == [Role.BELOW, Role.ABOVE]
    assert STEP.apply(cells, fitted, slots).tolist() == [[0, 0], [1, 0], [0, 1], [0, 1]]


def test_without_limits_there_are_no_slots():
    assert STEP.plan((fit([1, 2]),)) == ()


def test_a_slot_no_fit_row_filled_stays_dark():
    slots = STEP.plan((fit(["<1"]),))
    assert STEP.apply(take_cells(number("a", ["<1"])), fit([1]), slots).tolist() == [[0]]
