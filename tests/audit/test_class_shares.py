"""Validation rows that the user declared, with classes in the shares of the fit rows and in others."""

from dataclasses import replace

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.class_shares import check_class_shares, compare_class_shares
from heldout.records import PART_FIT, PART_VALIDATION, Fold, Severity, Target, Task


def make_data(shares=(0.5, 0.5), *, seed=0, regression=False):
    """500 rows, 150 of them declared for validation; `shares` of class a among fit and validation rows."""
    rng = np.random.default_rng(seed)
    held = np.arange(500) >= 350
    labels = np.where(rng.random(500) < np.where(held, shares[1], shares[0]), "a", "b")
    cells = [f"{v:.5f}" for v in rng.normal(size=500)]
    data = make_input(
        {"x": cells, "y": cells[::-1] if regression else labels.tolist()}, "y", regression=regression
    )
    part = np.where(held, PART_VALIDATION, PART_FIT).astype(np.int8)
    return replace(data, table=replace(data.table, part=part))


def test_other_shares_are_told_with_both_numbers():
    (told,) = check_class_shares(make_data((0.85, 0.5)))
    assert (told.code, told.severity, told.column) == ("HO255", Severity.WARNING, "y")
    assert "of the fit rows and" in told.sentence
    assert "--class-shares fit" in told.action


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.9)])
def test_parts_drawn_by_chance_pass(shares):
    for seed in range(10):
        assert check_class_shares(make_data(shares, seed=seed))[0].title.startswith("passed")


def test_numbers_and_undeclared_parts_are_not_asked():
    data = make_data()
    for asked in (make_data(regression=True), replace(data, table=replace(data.table, part=None))):
        assert check_class_shares(asked)[0].title == "not applicable: class shares of declared parts"


def make_fold(values, n_fit):
    target = Target("y", Task.MULTICLASS, "", ("a", "b", "c"), np.array(values, float), np.zeros(0, np.int64))
    return target, Fold(np.arange(n_fit), np.arange(n_fit, len(values)))


def test_shares_are_counted_by_rows_with_half_a_row_added():
    target, fold = make_fold([0, 0, 1, 1, 0], 3)
    found = compare_class_shares(target, fold, np.arange(5))
    np.testing.assert_allclose(found.fit, np.array([2.5, 1.5, 0.5]) / 4.5)
    np.testing.assert_allclose(found.validation, np.array([1.5, 1.5, 0.5]) / 3.5)


def test_rows_of_one_unit_count_once_in_the_test():
    target, fold = make_fold([0] * 50 + [1] * 50 + [0] * 30, 100)
    alone = compare_class_shares(target, fold, np.arange(130))
    repeated = compare_class_shares(target, fold, np.r_[np.arange(100), np.full(30, 100)])
    assert alone.is_shown
    assert not repeated.is_shown


def test_a_single_class_is_no_difference():
    assert compare_class_shares(*make_fold([1] * 20, 10), np.arange(20)).p == 1.0


# with classes of a few rows the limit of the chi-squared distance calls 2 % of random parts different
@pytest.mark.parametrize(
    ("shares", "n_fit", "n_held"), [((0.6, 0.3, 0.1), 300, 100), ((0.985, 0.005, 0.01), 1_000, 30)]
)
def test_random_parts_differ_as_seldom_as_stated(shares, n_fit, n_held):
    rng = np.random.default_rng(3)
    shown = 0
    for _ in range(400):
        target, fold = make_fold(rng.choice(3, n_fit + n_held, p=shares), n_fit)
        shown += compare_class_shares(target, fold, np.arange(n_fit + n_held)).is_shown
    assert shown <= 3  # at most 0.4 are expected; more than 3 have a chance of 8 in 10,000
