import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.errors import DataError, UsageError
from heldout.evidence.early_stopping import Stop, StoppingRule, cost_of_faults, find_stop, smooth_curve


def by_patience(curve, *, patience, min_delta=0.0, smoothing=0.0):
    stop = find_stop(StoppingRule("patience", patience, min_delta, smoothing), curve)
    return stop.epoch, stop.kept


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
    assert by_patience(curve, patience=patience, min_delta=min_delta) == expected


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
    stop, best = by_patience(curve, patience=patience)
    assert stop == keras_stops(curve, patience)
    assert curve[best - 1] == min(curve[:stop])


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12))
def test_keras_patience_0_and_1_are_the_same_which_is_why_0_is_refused(curve):
    assert keras_stops(curve, 0) == keras_stops(curve, 1)


def test_refusals():
    with pytest.raises(UsageError, match="unknown rule of early stopping 'first'"):
        StoppingRule("first")
    with pytest.raises(UsageError, match=r"smoothing 1\.0: expected at least 0 and below 1"):
        StoppingRule(smoothing=1.0)
    with pytest.raises(UsageError, match="patience 0: expected a whole number of at least 1"):
        by_patience([1.0], patience=0)
    with pytest.raises(UsageError, match=r"min_delta -0\.1: expected at least 0"):
        by_patience([1.0], patience=1, min_delta=-0.1)
    with pytest.raises(DataError, match="expected one loss per epoch"):
        by_patience([], patience=1)
    with pytest.raises(DataError, match="without numbers"):
        find_stop(StoppingRule("lecture"), [float("nan")])


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ([3, 2, 1], Stop(3, 3, has_fired=False)),
        ([3, 2, 2, 1], Stop(3, 3, has_fired=True)),
        ([3, 4, 1], Stop(2, 2, has_fired=True)),
        ([1], Stop(1, 1, has_fired=False)),
        ([3, 2, 5, 1, 0], Stop(3, 3, has_fired=True)),
        ([3, 2, 5], Stop(3, 3, has_fired=True)),
        ([3, float("nan"), 1], Stop(2, 2, has_fired=True)),
    ],
)
def test_the_lecture_rule_stops_at_the_first_rise_and_keeps_it(curve, expected):
    assert find_stop(StoppingRule("lecture"), curve) == expected
    # its faults are what it is: no other setting changes them
    assert find_stop(StoppingRule("lecture", 3, 0.5, 0.9), curve) == expected


@pytest.mark.parametrize(
    ("curve", "kept"),
    [([3, 2, 5, 1, 0], 5), ([3, 1, 2, 1], 2), ([float("nan"), 2, 3], 2), ([1, float("nan")], 1)],
)
def test_best_never_stops_and_keeps_the_first_of_the_lowest(curve, kept):
    assert find_stop(StoppingRule("best", 1, 9.0), curve) == Stop(len(curve), kept, has_fired=False)


def test_a_smoothed_loss_is_not_caught_by_one_lucky_epoch():
    curve = [4.0, 0.0, 4.0, 2.0, 2.0, 2.0, 2.0]
    assert find_stop(StoppingRule("best"), curve).kept == 2
    # smoothed by a half: 4 2 3 2.5 2.25 2.125 2.0625; the lucky epoch still leads at 0.5 ...
    assert find_stop(StoppingRule("best", smoothing=0.5), curve).kept == 2
    # ... and by 0.8 no more: 4 3.2 3.36 3.088 2.87 2.70 2.56
    assert find_stop(StoppingRule("best", smoothing=0.8), curve).kept == 7
    assert by_patience(curve, patience=1) == (3, 2)
    assert by_patience(curve, patience=1, smoothing=0.8) == (3, 2)
    assert by_patience(curve, patience=2, smoothing=0.8) == (7, 7)


@given(st.lists(st.floats(0, 5), min_size=1, max_size=8), st.sampled_from([0.0, 0.3, 0.9]))
def test_smoothing_equals_the_sum_written_out(curve, smoothing):
    wanted = []
    for end in range(len(curve)):
        shares = [smoothing ** (end - i) * (1 - smoothing if i else 1) for i in range(end + 1)]
        wanted.append(sum(share * loss for share, loss in zip(shares, curve, strict=False)))
    np.testing.assert_allclose(smooth_curve(curve, smoothing), wanted, atol=1e-12)


def test_a_gap_in_a_curve_leaves_the_average_as_it_was():
    np.testing.assert_array_equal(smooth_curve([4.0, np.nan, 2.0], 0.5), [4.0, np.nan, 3.0])


@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=12),
    st.sampled_from(["best", "patience", "lecture"]),
    st.integers(1, 3),
)
def test_asked_after_every_epoch_a_rule_says_what_it_says_of_the_whole_curve(curve, name, patience):
    rule, kept = StoppingRule(name, patience), 0
    for epoch in range(1, len(curve) + 1):
        stop = find_stop(rule, curve[:epoch])
        kept = epoch if stop.kept == epoch else kept
        if stop.has_fired:
            break
    whole = find_stop(rule, curve)
    assert (epoch, kept) == (whole.epoch, whole.kept)


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
