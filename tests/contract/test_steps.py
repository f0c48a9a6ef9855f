"""What every step of the recipe keeps, whatever it does: one row per step in `CASES`."""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from heldout.recipe.form import write_record
from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import read_array, read_fields
from heldout.recipe.steps import STEPS
from heldout.recipe.steps.bases import BasesAsked
from heldout.recipe.steps.drop import DropAsked
from heldout.recipe.steps.kmers import WordsOfLettersAsked
from heldout.recipe.steps.onehot import CategoriesAsked
from heldout.recipe.steps.piecewise import BinsAsked
from heldout.recipe.steps.set import ItemsAsked
from heldout.recipe.steps.step import NothingAsked
from heldout.recipe.steps.tokens import TokensAsked
from heldout.recipe.steps.words import WordsAsked
from heldout.recipe.view import make_view, take_cells
from heldout.records import TypedColumn
from recipe.sample_columns import category, date, items, number, sequence, take, text

N = 48
RNG = np.random.default_rng(0)
NUMBERS = [*np.exp(RNG.normal(size=N - 8)), None, "?", "<1", ">9", None, "?", "<1", ">9"]
DAYS = [*(RNG.integers(9_000, 18_000, N - 4) + 0.25), None, "?", None, "?"]
TOWNS = [*RNG.choice(["a", "b", "c"], N - 6), "once", "twice", None, "?", None, "?"]
LISTS = [
    *("; ".join(sorted(set(RNG.choice(["blue", "cat", "dog", "red"], 3)))) for _ in range(N - 6)),
    "once; red",
    "twice",
    None,
    "?",
    None,
    "?",
]
NOTES = [
    *(" ".join(RNG.choice(["red", "blue", "cat", "dog"], 3)) for _ in range(N - 4)),
    None,
    "?",
    "",
    "new",
]
READS = [
    *("".join(RNG.choice(list("AaCcTtNnR-"), RNG.integers(1, 9))) for _ in range(N - 4)),
    None,
    "?",
    "GGGGG",
    "C",
]
ODD_READS = ["", "\ud800\x00 \u0410CG", "acgtACGT" * 9, "GGGGGGGG", None, "?"]


@dataclass(frozen=True)
class Case:
    """A step with parameters, and a column it is for."""

    asked: object
    column: TypedColumn
    odd: TypedColumn  # cells that no fit row has


CASES = {
    "standardize@1": Case(NothingAsked(), number("x", NUMBERS), number("x", [1e308, -1e308, 5e-324, None])),
    "piecewise@1": Case(BinsAsked(8), number("x", NUMBERS), number("x", [1e308, -1e308, 5e-324, None])),
    "missing@1": Case(NothingAsked(), number("x", NUMBERS), number("x", [np.inf, None, "?"])),
    "censored@1": Case(NothingAsked(), number("x", NUMBERS), number("x", ["<-9", ">1e300", None])),
    "onehot@1": Case(CategoriesAsked(), category("x", TOWNS), category("x", ["new", "", "once", None, "?"])),
    "date@1": Case(NothingAsked(), date("x", DAYS), date("x", [1e300, -1e300, 0.5, None])),
    "words@1": Case(WordsAsked(), text("x", NOTES), text("x", ["", "\ud800 \x00 red", "!!!", None])),
    "tokens@1": Case(
        TokensAsked(length=6, fewest_rows=1, most_pairs=50, fewest_pair_rows=1),
        text("x", NOTES),
        text("x", ["", "\ud800 \x00 red", "!!!", None, "red " * 99]),
    ),
    "set@1": Case(ItemsAsked(), items("x", LISTS), items("x", ["new", "new; red", "", None, "?"])),
    "bases@1": Case(BasesAsked("DNA", 6, True), sequence("x", READS), sequence("x", ODD_READS)),
    "kmers@1": Case(
        WordsOfLettersAsked("DNA", 1, 2, both_strands=True), sequence("x", READS), sequence("x", ODD_READS)
    ),
    "drop@1": Case(DropAsked("not wanted"), category("x", TOWNS), category("x", ["new", None])),
}
FIT_ROWS = (np.arange(0, N, 2), np.arange(0, N, 3), np.arange(N))


def fit(op, column, rows):
    return STEPS[op].fit(make_view((column,), rows).columns[0], CASES[op].asked)


def lay_out(op, states):
    plans = STEPS[op].plan(tuple(states))
    return tuple(Slot(index, "x", plan.role, plan.label, plan.unit) for index, plan in enumerate(plans))


def write(fitted):
    arrays = {name: value.tolist() for name, value in vars(fitted).items() if isinstance(value, np.ndarray)}
    return json.dumps([write_record(fitted), arrays], sort_keys=True)


@pytest.fixture(params=sorted(STEPS))
def op(request):
    return request.param


@pytest.fixture
def states(op):
    return [fit(op, CASES[op].column, rows) for rows in FIT_ROWS]


@pytest.fixture
def slots(op, states):
    return lay_out(op, states)


def test_every_step_has_a_case():
    assert set(CASES) == set(STEPS)


def test_output_is_finite_float32_of_the_planned_width(op, states, slots):
    for column in (CASES[op].column, CASES[op].odd):
        for fitted in states:
            cells = take_cells(column)
            made = STEPS[op].apply(cells, fitted, slots)
            assert made.dtype == np.float32
            assert made.shape == (cells.size, len(slots))
            assert np.isfinite(made).all()


def test_fitted_values_obey_their_rules_and_survive_json(op, states, slots):
    step = STEPS[op]
    for fitted in states:
        read = read_fields(json.loads(json.dumps(write_record(fitted))), step.fitted_rules, op)
        for name, rule in step.fitted_rules.items():
            if rule.kind == "array":
                read[name] = read_array(getattr(fitted, name), rule, name)
        again = step.fitted_record(**read)
        assert write(again) == write(fitted)
        assert step.check(fitted, slots) == ""
        cells = take_cells(CASES[op].column)
        assert (step.apply(cells, again, slots) == step.apply(cells, fitted, slots)).all()


def test_asked_parameters_obey_their_rules(op):
    asked = CASES[op].asked
    assert isinstance(asked, STEPS[op].asked_record)
    assert STEPS[op].asked_record(**read_fields(write_record(asked), STEPS[op].asked_rules, op)) == asked


def test_fitting_does_not_depend_on_the_order_of_rows(op):
    column = CASES[op].column
    order = np.random.default_rng(1).permutation(N)
    assert write(fit(op, take(column, order), np.arange(N))) == write(fit(op, column, np.arange(N)))


def test_fitting_does_not_see_other_rows(op):
    column = CASES[op].column
    rows = np.arange(N - 5)
    status, values, codes = column.status.copy(), column.values.copy(), column.codes.copy()
    status[N - 5 :] = 0
    values[N - 5 :] = 1e6
    codes[N - 5 :] = len(column.levels)
    other = TypedColumn(column.spec, status, values, codes, (*column.levels, "elsewhere only"))
    assert write(fit(op, other, rows)) == write(fit(op, column, rows))


def test_rows_are_encoded_one_by_one(op, states, slots):
    column = CASES[op].column
    at_once = STEPS[op].apply(take_cells(column), states[0], slots)
    for row in range(N):
        alone = STEPS[op].apply(take_cells(column, np.array([row])), states[0], slots)
        assert (alone[0] == at_once[row]).all()


def test_applying_changes_nothing_it_is_given(op, states, slots):
    column = CASES[op].column
    cells = take_cells(column)
    before = [cells.outcome.copy(), cells.values.copy(), cells.codes.copy(), write(states[0])]
    STEPS[op].apply(cells, states[0], slots)
    np.testing.assert_equal([cells.outcome, cells.values, cells.codes, write(states[0])], before)


def test_a_slot_no_fit_row_filled_stays_zero(op, states, slots):
    for fitted, rows in zip(states, FIT_ROWS, strict=True):
        filled = (STEPS[op].apply(take_cells(CASES[op].column, rows), fitted, slots) != 0).any(axis=0)
        for column in (CASES[op].column, CASES[op].odd):
            lit = (STEPS[op].apply(take_cells(column), fitted, slots) != 0).any(axis=0)
            for slot in slots:
                # the weights of a token belong to the word, those of a filter to the letter, whatever its place
                is_free = slot.role in (Role.UNSEEN, Role.TOKEN, Role.BASE)
                assert filled[slot.position] or not lit[slot.position] or is_free, slot


@pytest.mark.parametrize(
    "rows", [np.array([0]), np.array([N - 1]), np.array([N - 2, N - 1]), np.array([N - 4])]
)
def test_few_and_empty_fit_rows(op, rows):
    fitted = fit(op, CASES[op].column, rows)
    slots = lay_out(op, [fitted])
    made = STEPS[op].apply(take_cells(CASES[op].column), fitted, slots)
    assert np.isfinite(made).all()
    assert STEPS[op].check(fitted, slots) == ""


def test_no_rows_give_no_rows(op, states, slots):
    cells = take_cells(CASES[op].column, np.array([], np.int64))
    assert STEPS[op].apply(cells, states[0], slots).shape == (0, len(slots))


def test_the_description_is_one_line(op, states):
    for fitted in states:
        described = STEPS[op].describe(fitted)
        assert described
        assert "\n" not in described
