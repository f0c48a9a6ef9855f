from dataclasses import replace

import numpy as np
import pytest

from evidence.made_runs import make_run, make_settings
from heldout.evidence.gates import (
    gate_diverged,
    gate_easier,
    gate_few_rows,
    gate_flipped,
    gate_small_gap,
)
from heldout.evidence.gates.fitting import ClassMix, allow_optimism, bound_gap
from heldout.records import Task


def draw_small(rng, *, validation=0.5, train=0.48, n_valid=150, n_seeds=3, size=8):
    """The smallest rung: skewed losses around a level, and a training loss beside."""
    rows = rng.gamma(1.0, validation, n_valid) + rng.normal(0, 0.01, (n_seeds, n_valid))
    losses = np.stack([rows + 0.1, rows])
    curve = np.tile([train + 0.1, train], (n_seeds, 1)) + rng.normal(0, 0.01, (n_seeds, 2))
    return make_run(losses, size=size, train=curve)


def count(gate, settings, n=100, **level):
    rng = np.random.default_rng(11)
    return sum(gate(draw_small(rng, **level), settings).state == "fired" for _ in range(n))


def test_a_gap_no_small_network_makes_is_found_and_a_clean_one_is_not():
    settings = make_settings(150)
    assert count(gate_small_gap, settings, validation=1.0, train=0.4) >= 98
    assert count(gate_small_gap, settings) <= 3
    gate = gate_small_gap(draw_small(np.random.default_rng(0), validation=1.0, train=0.4), settings)
    assert gate.overrides
    assert "(8 weights, 500 fit rows) has a gap of +0." in gate.sentence
    assert gate.tolerance == pytest.approx(0.02 + 2 * 8 / 500)


def test_networks_with_many_weights_for_their_rows_are_not_asked():
    run = draw_small(np.random.default_rng(0), size=60)
    for gate in (gate_small_gap(run, make_settings(150)), gate_flipped(run, make_settings(150))):
        assert (gate.state, gate.overrides) == ("not applicable", False)
        assert "60 weights for 500 fit rows" in gate.sentence


def test_diverged_networks_are_not_asked():
    run = draw_small(np.random.default_rng(0))
    run = replace(run, losses=np.full_like(run.losses, np.nan))
    settings = make_settings(150)
    for gate in (gate_small_gap(run, settings), gate_flipped(run, settings), gate_easier(run, settings)):
        assert gate.state == "not applicable"
        assert "diverged" in gate.sentence


def test_squared_errors_allow_twice_the_optimism_of_their_own_size():
    run = draw_small(np.random.default_rng(0))
    allowed = allow_optimism(run, make_settings(150, task=Task.REGRESSION))
    assert allowed == pytest.approx(4 * 8 / 500 * run.train_curve[:, -1].mean())


def test_validation_rows_that_are_easier_are_found():
    settings = make_settings(150)
    assert count(gate_easier, settings, validation=0.2, train=0.5) >= 98
    assert count(gate_easier, settings, validation=0.5, train=0.5) <= 4
    run = draw_small(np.random.default_rng(0), validation=0.2, train=0.5)
    assert gate_easier(run, settings).overrides
    by_time = gate_easier(run, settings, ordered=True)
    assert (by_time.state, by_time.overrides) == ("fired", False)


def test_the_gap_knows_that_the_training_loss_is_uncertain_too():
    run = draw_small(np.random.default_rng(0))
    settings = make_settings(150)
    few, many = (bound_gap(replace(run, n_rows=n), settings, at=1) for n in (50, 100_000))
    assert few.se > many.se
    assert few.mean == many.mean == pytest.approx(run.losses[1].mean() - run.train_curve[:, 1].mean())


def draw_mixed(rng, *, factor=1.0, n_valid=280, n_watched=600, n_seeds=3):
    """The second class costs four times the first; it is 60 % of the fit rows and 15 % of the validation rows."""
    levels, fit = np.array([0.15, 0.6]), (np.arange(n_watched) < 0.6 * n_watched).astype(int)
    code = (np.arange(n_valid) < 0.15 * n_valid).astype(int)
    rows = rng.gamma(1.0, factor * levels[code])
    train = rng.gamma(1.0, levels[fit]).mean() + rng.normal(0, 0.01, (n_seeds, 1))
    losses = (rows + rng.normal(0, 0.01, (n_seeds, n_valid)))[None]
    run = make_run(losses, size=8, train=train)
    return replace(run, n_rows=n_watched), ClassMix(code, np.array([0.4, 0.6]))


def count_mixed(gate, n=100, *, with_mix=True, **more):
    rng, settings = np.random.default_rng(5), make_settings(280)
    cases = [draw_mixed(rng, **more) for _ in range(n)]
    return sum(gate(run, settings, mix=mix if with_mix else None).state == "fired" for run, mix in cases)


def test_classes_in_other_shares_alone_make_no_gap_and_easier_or_harder_classes_do():
    assert count_mixed(gate_easier, with_mix=False) >= 95
    assert count_mixed(gate_easier, 300) <= 8  # 300 times 1 %: more than eight in 0.4 % of such counts
    assert count_mixed(gate_small_gap) <= 2
    assert count_mixed(gate_easier, factor=0.1) >= 95
    assert count_mixed(gate_small_gap, factor=4.0) >= 90


def test_the_gap_within_classes_is_that_of_the_means_of_each_class():
    run, mix = draw_mixed(np.random.default_rng(0))
    losses = run.losses[0].mean(axis=0)
    means = [losses[mix.code == number].mean() for number in (0, 1)]
    gap = bound_gap(run, make_settings(280), at=0, mix=mix)
    assert gap.mean == pytest.approx(0.4 * means[0] + 0.6 * means[1] - run.train_curve[:, 0].mean(), abs=1e-6)
    # the same classes on both sides: as without them, but for what the classes explain of the spread
    same = ClassMix(mix.code, mix.held)
    alike = bound_gap(run, make_settings(280), at=0, mix=same)
    plain = bound_gap(run, make_settings(280), at=0)
    assert alike.mean == pytest.approx(float(plain.mean))
    assert alike.se == pytest.approx(float(plain.se), rel=0.2)
    assert alike.se < plain.se


def test_a_class_of_few_validation_rows_leaves_the_comparison_out():
    run, mix = draw_mixed(np.random.default_rng(0))
    thin = ClassMix(np.where(np.arange(280) < 39, 1, 0), mix.fit)
    for gate in (
        gate_easier(run, make_settings(280), mix=thin),
        gate_small_gap(run, make_settings(280), mix=thin),
    ):
        assert gate.state == "not applicable"
        assert "fewer than 40 of a class" in gate.sentence
    assert not ClassMix(mix.code, np.array([1.0, 0.0])).is_thin


def test_turned_labels_are_found_where_something_was_learned():
    settings = make_settings(150)
    assert count(gate_flipped, settings, validation=1.2, train=0.4) >= 98
    assert count(gate_flipped, settings, validation=0.7, train=0.65) <= 2
    # nothing was learned on the fit rows either: a bad network, not turned labels
    assert count(gate_flipped, settings, validation=1.2, train=0.69) == 0
    gate = gate_flipped(draw_small(np.random.default_rng(0), validation=1.2, train=0.4), settings)
    assert (gate.code, gate.overrides) == ("HO306", True)


def test_few_rows_must_be_learned_by_heart():
    sound = np.array([0.6, 0.2, 0.01], np.float32)
    assert gate_few_rows(sound, n_parameters=20_000, constant=0.69).state == "passed"
    stuck = gate_few_rows(np.array([0.69, 0.68, np.nan], np.float32), n_parameters=20_000, constant=0.69)
    assert (stuck.state, stuck.overrides) == ("fired", True)
    assert stuck.estimate == pytest.approx(0.68 / 0.69)
    assert "cannot learn 32 rows by heart: its training loss falls to 98.6 %" in stuck.sentence
    assert gate_few_rows(sound, n_parameters=31, constant=0.69).state == "not applicable"


def test_diverged_configurations_are_named_and_override_only_when_none_is_left():
    rng = np.random.default_rng(0)
    good, bad = draw_small(rng), replace(draw_small(rng), outcomes=("diverged",) * 3)
    bad = make_run(bad.losses, "rung 7", diverged=True)
    assert gate_diverged([good]).state == "passed"
    mixed = gate_diverged([good, bad])
    assert (mixed.state, mixed.overrides, mixed.estimate) == ("fired", False, 1.0)
    assert "'rung 7'" in mixed.sentence
    assert gate_diverged([bad]).overrides
    assert "and 2 more" in gate_diverged([bad] * 5).sentence
