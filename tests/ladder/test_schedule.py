from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.ladder import LADDERS, candidate_rates, count_layers, list_rates, plain_hyper, plan_schedule
from heldout.records import Rung


@pytest.mark.parametrize("widths", [(), (4,), (8,), (16, 16), (512, 512)])
def test_rate_candidates_are_three_growing_steps(widths):
    low, middle, high = candidate_rates(widths)
    assert 0 < low < middle < high < 1


def test_narrower_networks_never_take_smaller_steps():
    rates = [candidate_rates(widths) for widths in ((), (4,), (64, 64), (512, 512))]
    for narrow, wide in pairwise(rates):
        assert all(one >= other for one, other in zip(narrow, wide, strict=True))


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 2_000_000), st.sampled_from([0.4, 0.6, 1.0, 3.0]))
def test_every_schedule_is_possible(n_fit, effort):
    schedule = plan_schedule(n_fit, effort=effort)
    assert 1 <= schedule.batch_size <= n_fit
    # one epoch sees every row; no step of it is superfluous
    assert schedule.n_steps * schedule.batch_size >= n_fit
    assert (schedule.n_steps - 1) * schedule.batch_size < n_fit
    assert schedule.checkpoints[0] == 1
    assert schedule.checkpoints[-1] == schedule.n_epochs
    assert all(later > earlier for earlier, later in pairwise(schedule.checkpoints))


@pytest.mark.parametrize("n_fit", [50, 200, 3000, 50_000])
def test_more_effort_never_means_fewer_epochs(n_fit):
    epochs = [plan_schedule(n_fit, effort=effort).n_epochs for effort in (0.3, 0.6, 1.0, 2.0)]
    assert epochs == sorted(epochs)


@pytest.mark.parametrize("widths", [(), (4,), (16, 16)])
def test_plain_training_has_no_remedy(widths):
    rung = Rung(2, widths, 100, 0.01)
    hyper = plain_hyper(rung)
    zeros = (0.0,) * (len(widths) + 1)
    assert (hyper.dropout, hyper.l1, hyper.l2, hyper.label_smoothing) == (zeros, zeros, zeros, 0.0)
    assert hyper.learning_rate == 0.01
    assert plain_hyper(rung, learning_rate=0.5).learning_rate == 0.5


@pytest.mark.parametrize("rung", [rung for rungs in LADDERS.values() for rung in rungs])
def test_every_kind_of_rung_has_rates_and_a_plain_training(rung):
    low, middle, high = list_rates(rung)
    assert 0 < low < middle < high < 0.1
    assert len(plain_hyper(rung).l2) == count_layers(rung) >= 1
