import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.errors import DataError, UsageError
from heldout.evidence.early_stopping import cost_of_faults, lecture_pseudocode, stop_epoch


@pytest.mark.parametrize(
    ("curve", "patience", "min_delta", "expected"),
    [
        ([5, 4, 4, 3, 3, 3], 1, 0.0, (3, 2)),
        ([5, 4, 4, 3, 3, 3], 2, 0.0, (6, 4)),
        ([5, 4, 4, 3, 3, 3], 3, 0.0, (6, 4)),
        ([5, 4, 3, 2], 1, 0.0, (4, 4)),
        ([5, 4.9, 4.8, 4.7], 2, 0.5, (3, 3)),
        ([5, 4.9, 4.4, 4.3], 2, 0.5, (4, 4)),
        ([1, 2, 3], 1, 0.0, (2, 1)),
        ([1], 1, 0.0, (1, 1)),
        ([2, float("nan"), 1, 3], 2, 0.0, (4, 3)),
        ([2, float("nan"), float("nan"), 1], 2, 0.0, (3, 1)),
        ([float("nan"), 2, 3], 2, 0.0, (3, 2)),
    ],
)
def test_the_rule_as_a_table(curve, patience, min_delta, expected):
    assert stop_epoch(curve, patience=patience, min_delta=min_delta) == expected


def keras_stops(curve, patience):
    """The counter of keras.callbacks.EarlyStopping with min_delta 0, written out."""
    best, wait = np.inf, 0
    for epoch, loss in enumerate(curve):
        wait += 1
        if loss < best:
            best, wait = loss, 0
            continue
        if wait >= patience and epoch > 0:
            return epoch + 1
    return len(curve)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.integers(1, 4))
def test_stops_where_keras_stops_and_keeps_the_lowest(curve, patience):
    stop, best = stop_epoch(curve, patience=patience)
    assert stop == keras_stops(curve, patience)
    assert curve[best - 1] == min(curve[:stop])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_keras_patience_0_and_1_are_the_same_which_is_why_0_is_refused(curve):
    assert keras_stops(curve, 0) == keras_stops(curve, 1)


def test_refusals():
    with pytest.raises(UsageError, match="patience 0: expected a whole number of at least 1"):
        stop_epoch([1.0], patience=0)
    with pytest.raises(UsageError, match=r"min_delta -0\.1: expected at least 0"):
        stop_epoch([1.0], patience=1, min_delta=-0.1)
    with pytest.raises(DataError, match="expected one loss per epoch"):
        stop_epoch([], patience=1)
    with pytest.raises(DataError, match="without numbers"):
        lecture_pseudocode([float("nan")])


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([3, 2, 1], (3, 3)),
        ([3, 2, 2, 1], (3, 3)),
        ([3, 4, 1], (2, 2)),
        ([1], (1, 1)),
        ([3, 2, 5, 1, 0], (3, 3)),
    ],
)
def test_the_lecture_rule_stops_at_the_first_rise_and_keeps_it(curve, expected):
    assert lecture_pseudocode(curve) == expected


def test_the_three_faults_by_hand():
    curve = np.array([0.9, 0.7, 0.8, 0.5, 0.6])
    losses = np.repeat(curve[:, None, None], 2, axis=1).repeat(20, axis=2)
    reads, previous, worse = cost_of_faults(make_run(losses), make_settings(20))
    assert (reads.cost, previous.cost, worse.cost) == pytest.approx((0.0, 0.2, 0.1))
    assert previous.fault == "compares with the previous epoch only"
    assert "+0.200 log-loss" in previous.sentence


def test_a_curve_that_only_falls_costs_nothing():
    losses = np.repeat(np.array([0.9, 0.7, 0.5])[:, None, None], 12, axis=2)
    assert [item.cost for item in cost_of_faults(make_run(losses), make_settings(12))] == [0, 0, 0]


def test_reading_the_test_loss_flatters_on_few_noisy_rows():
    losses = 0.5 + np.random.default_rng(0).normal(0, 0.5, (15, 8, 24))
    reads = cost_of_faults(make_run(losses), make_settings(24))[0]
    assert reads.cost > 0.1


def test_a_diverged_network_has_no_stopping():
    losses = draw_losses(np.random.default_rng(1), [0.5, 0.4], n_rows=10)
    with pytest.raises(DataError, match="its stopping cannot be judged"):
        cost_of_faults(make_run(losses, diverged=True), make_settings(10))
