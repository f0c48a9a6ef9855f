import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.evidence.compare import adjust_holm, compare_remedies

RISE = np.array([0.6, 0.4, 0.35, 0.45, 0.55, 0.65])
FLAT = np.array([0.6, 0.45, 0.36, 0.35, 0.35, 0.35])


def make_pair(rng, plain, remedied, *, name="dropout", n_rows=300, n_seeds=5, **more):
    rows = rng.normal(0, 0.2, n_rows)
    runs = [
        make_run(
            draw_losses(rng, curve, n_rows=n_rows, n_seeds=n_seeds, rows=rows, seed_sd=0.005, **more),
            index=3,
            remedies=[] if i == 0 else [(name, 0.1 * i)],
        )
        for i, curve in enumerate([plain, *remedied])
    ]
    return runs[0], {name: runs[1:]}


def test_most_of_the_gain_at_the_end_is_gained_by_early_stopping_too():
    plain, remedies = make_pair(np.random.default_rng(0), RISE, [FLAT], noise_sd=0.05)
    stopping, dropout = compare_remedies(plain, remedies, make_settings(300))
    assert (stopping.name, stopping.outcome_at_end, stopping.outcome) == (
        "early_stopping",
        "helps",
        "not applicable",
    )
    assert stopping.strength == 3.0
    assert np.isnan(stopping.early_stopped).all()
    assert stopping.at_end[0] == pytest.approx(-0.30, abs=0.03)
    assert dropout.outcome_at_end == "helps"
    assert dropout.outcome != "helps"
    assert "without early stopping: helps, by more than the tolerance" in dropout.sentence
    assert "5 seeds x 300 rows" in dropout.sentence


def test_a_real_gain_is_helps_and_a_real_loss_is_hurts():
    plain, remedies = make_pair(np.random.default_rng(1), RISE, [RISE - 0.15], noise_sd=0.05)
    assert compare_remedies(plain, remedies, make_settings(300))[1].outcome == "helps"
    plain, remedies = make_pair(np.random.default_rng(2), RISE, [RISE + 0.15], noise_sd=0.05)
    assert compare_remedies(plain, remedies, make_settings(300))[1].outcome == "hurts"


def test_under_five_seeds_nothing_helps_but_something_may_hurt():
    plain, remedies = make_pair(np.random.default_rng(3), RISE, [RISE - 0.2], n_seeds=4, noise_sd=0.05)
    result = compare_remedies(plain, remedies, make_settings(300))[1]
    assert result.outcome == result.outcome_at_end == "cannot tell"
    assert "4 seeds are too few" in result.sentence
    plain, remedies = make_pair(np.random.default_rng(4), RISE, [RISE + 0.2], n_seeds=4, noise_sd=0.05)
    assert compare_remedies(plain, remedies, make_settings(300))[1].outcome == "hurts"


def test_equal_networks_with_many_rows_are_equivalent():
    plain, remedies = make_pair(np.random.default_rng(5), FLAT, [FLAT], n_rows=3000, noise_sd=0.05)
    result = compare_remedies(plain, remedies, make_settings(3000, delta=0.05))[1]
    assert result.outcome == "equivalent"
    assert "excludes a gain above" in result.sentence


def test_the_better_strength_is_reported():
    plain, remedies = make_pair(np.random.default_rng(6), RISE, [RISE + 0.3, RISE - 0.1], noise_sd=0.05)
    result = compare_remedies(plain, remedies, make_settings(300))[1]
    assert (result.strength, result.configuration) == (0.2, "rung 3 + dropout 0.2")


def test_smaller_rungs_are_strengths_of_fewer_parameters():
    rng = np.random.default_rng(7)
    plain, _ = make_pair(rng, RISE, [])
    smaller = [
        make_run(draw_losses(rng, FLAT, n_rows=300), size=size, index=i) for i, size in enumerate((20, 50))
    ]
    result = compare_remedies(plain, {"fewer_parameters": smaller}, make_settings(300))[1]
    assert result.strength in (20.0, 50.0)


def test_diverged_strengths_are_left_out_and_a_diverged_plain_run_tells_nothing():
    plain, remedies = make_pair(np.random.default_rng(8), RISE, [RISE, RISE])
    broken = make_run(np.full((6, 5, 300), np.nan), index=3, remedies=[("l1", 9.0)])
    settings = make_settings(300)
    results = compare_remedies(
        plain, {"l1": [broken], "l2": [], "dropout": [broken, *remedies["dropout"]]}, settings
    )
    assert [item.name for item in results] == ["early_stopping", "l1", "l2", "dropout"]
    assert (results[1].outcome, "at every strength a network diverged" in results[1].sentence) == (
        "cannot tell",
        True,
    )
    assert "it was not run" in results[2].sentence
    assert np.isfinite(results[3].at_end).all()
    nothing = compare_remedies(broken, remedies, settings)
    assert {item.outcome_at_end for item in nothing} == {"cannot tell"}
    assert np.isnan(nothing[1].at_end).all()


def test_remedies_without_effect_are_rarely_called_helpful_or_harmful():
    rng = np.random.default_rng(9)
    settings, n_studies, false = make_settings(60), 60, 0
    for _ in range(n_studies):
        rows = rng.normal(0, 0.2, 60)
        runs = [
            make_run(draw_losses(rng, FLAT, n_rows=60, rows=rows), index=1, remedies=[("x", i)])
            for i in range(7)
        ]
        results = compare_remedies(runs[0], {"a": runs[1:3], "b": runs[3:5], "c": runs[5:]}, settings)
        outcomes = [outcome for item in results[1:] for outcome in (item.outcome, item.outcome_at_end)]
        false += any(outcome in ("helps", "hurts") for outcome in outcomes)
    assert false / n_studies <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / n_studies)


def test_holm_by_hand():
    assert adjust_holm([0.01, float("nan"), 0.02, 0.5])[0] == pytest.approx(0.03)
    assert np.isnan(adjust_holm([0.01, float("nan")])[1])
    assert adjust_holm([0.04, 0.03]) == pytest.approx((0.06, 0.06))
    assert adjust_holm([]) == ()
    assert adjust_holm([0.9, 0.8])[0] == 1.0
