from heldout.recipe.record import Role
from heldout.recipe.steps.missing import STEP, Absent
from heldout.recipe.steps.step import NothingAsked
from heldout.recipe.view import take_cells
from recipe.sample_columns import number


def fit(cells):
    return STEP.fit(take_cells(number("a", cells)), NothingAsked())


def test_slots_exist_only_where_a_fit_row_needs_them():
    assert STEP.plan((fit([1, 2]),)) == ()
    assert [slot.role for slot in STEP.plan((fit([1, None]), fit([1, "?"])))] == [Role.MISSING, Role.UNPARSED]


def test_missing_and_unparsed_stay_apart():
    fitted = fit([1, None, "?", None])
    assert fitted == Absent(2, 1)
    made = STEP.apply(take_cells(number("a", [1, None, "?"])), fitted, STEP.plan((fitted,)))
    assert made.tolist() == [[0, 0], [1, 0], [0, 1]]


def test_a_slot_no_fit_row_filled_stays_dark():
    slots = STEP.plan((fit([None]), fit(["?"])))
    new = take_cells(number("a", [1, None, "?"]))
    assert STEP.apply(new, fit([1, None]), slots).tolist() == [[0, 0], [1, 0], [1, 0]]
    assert STEP.apply(new, fit([1, "?"]), slots).tolist() == [[0, 0], [0, 0], [0, 1]]
    assert STEP.apply(new, fit([1, 2]), slots).tolist() == [[0, 0], [0, 0], [0, 0]]


def test_the_description_says_what_an_unparsed_cell_becomes():
    assert "an unparsed cell counts as missing" in STEP.describe(Absent(3, 0))
