import math

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.evidence.logged import judge_logged
from heldout.evidence.logged_records import LoggedCurves, LoggedSettings

RISE = [0.69, 0.5, 0.4, 0.42, 0.5, 0.7]


def curve(values, *, start=0, source="a.csv", **more):
    return LoggedCurves(source, np.arange(start, start + len(values), dtype=float), np.array(values), **more)


def judge(*curves, **settings):
    return judge_logged(curves, LoggedSettings(**{"n_validation": 5000, "n_classes": 2} | settings))


def test_rise_is_overfit_with_its_onset():
    found = judge(curve(RISE))
    assert (found.word, found.code) == ("overfit", "HO131")
    assert (found.best_epoch, found.last_epoch, found.excess) == (2.0, 5.0, pytest.approx(0.3))
    assert found.onset == 4.0  # 0.02 at epoch 3 is under 0.0139 + 1.8 sqrt(9 * 0.02 / 5000)
    assert "for this one network" in " ".join(found.rests_on)


def test_holds_for_every_tolerance_below_the_largest():
    found = judge(curve(RISE))
    below, above = found.largest_tolerance * 0.999, found.largest_tolerance * 1.001
    assert judge(curve(RISE), tolerance=below).word == "overfit"
    assert judge(curve(RISE), tolerance=above).word == "undecided"


@pytest.mark.parametrize("values", [[0.7, 0.6, 0.5], [0.7, 0.5, 0.5], [0.7, 0.5, 0.505]])
def test_flat_or_falling_is_undecided_and_never_good(values):
    found = judge(curve(values))
    assert (found.word, found.code) == ("undecided", "HO132")
    questions = {item.question: item for item in found.answers}
    assert questions["underfit"].answer == questions["too big"].answer == "not applicable"
    assert "One larger network would decide" in questions["underfit"].would_decide[0]


def test_without_rows_no_verdict_but_the_rows_that_would_do():
    found = judge(curve(RISE), n_validation=None)
    assert (found.word, found.code) == ("cannot tell", "HO133")
    assert math.isnan(found.threshold)
    assert f"With at least {found.rows_needed:,} validation rows this would be overfit" in found.sentence
    assert judge(curve(RISE), n_validation=found.rows_needed + 1).word == "overfit"
    assert judge(curve(RISE), n_validation=found.rows_needed - 1).word == "undecided"


@pytest.mark.parametrize(
    ("settings", "values", "words"),
    [
        ({"n_validation": 10}, RISE, "10 validation rows; the rule was measured from 16 rows on"),
        ({"loss": "other"}, RISE, "how far such a loss varies from row to row is unknown"),
        ({}, [-0.1, -0.5, -0.3], "a loss of -0.5 is neither log-loss nor a squared error"),
    ],
)
def test_what_cannot_be_told(settings, values, words):
    found = judge(curve(values), **settings)
    assert found.word == "cannot tell"
    assert words in found.sentence


def test_seeds_that_disagree_are_undecided():
    calm, wild = [0.7, 0.4, 0.41], [0.7, 0.4, 0.9]
    assert judge(curve(wild)).word == "overfit"
    assert judge(curve(wild), curve(calm, source="b")).word == "undecided"
    assert judge(curve(wild), curve(wild, source="b")).word == "overfit"


def test_unequal_lengths_are_judged_where_all_are():
    found = judge(curve(RISE), curve([*RISE, 0.9], source="b"))
    assert found.last_epoch == 5.0
    assert "unequal lengths: judged up to epoch 5" in " ".join(found.rests_on)


def test_parts_of_one_training_are_no_seeds():
    with pytest.raises(DataError, match=r"share 0 epochs \(a: 0 to 2, b: 3 to 5\)"):
        judge(curve([1, 2, 3.0], source="a"), curve([1, 2, 3.0], start=3, source="b"))


def test_one_epoch_and_no_curve_are_refused():
    with pytest.raises(DataError, match=r"a.csv: 1 validation losses; at least two epochs"):
        judge(curve([0.5]))
    with pytest.raises(DataError, match="no curves to judge"):
        judge()


@pytest.mark.parametrize(
    ("settings", "delta", "words"),
    [
        ({"tolerance": 0.05}, 0.05, "as given"),
        ({"constant_loss": 0.5}, 0.01, "2 % of the constant loss 0.5"),
        ({"n_classes": 10}, 0.02 * math.log(10), "2 % of ln 10, which supposes classes of equal size"),
        ({"n_classes": None}, 0.02 * math.log(2), "assumed: 2 % of ln 2"),
    ],
)
def test_tolerance_says_where_it_comes_from(settings, delta, words):
    found = judge(curve([0.5, 0.4, 0.45]), **settings)
    assert found.delta == pytest.approx(delta)
    assert words in " ".join(found.rests_on)


def test_unknown_constant_uses_the_first_loss_where_it_is_larger():
    found = judge(curve([2.3, 0.4, 0.45]), n_classes=None)
    assert found.delta == pytest.approx(0.046)
    assert "the first logged loss 2.3" in " ".join(found.rests_on)


def test_squared_error_says_that_its_bound_is_derived():
    found = judge(curve([1.0, 0.4, 0.9]), loss="squared error", constant_loss=1.0)
    assert found.word == "overfit"
    assert "by a derived formula" in " ".join(found.rests_on)
