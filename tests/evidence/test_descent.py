from dataclasses import replace

import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.errors import DataError
from heldout.evidence.crossfit import make_crossfit_folds
from heldout.evidence.descent import find_descents, find_second_descent
from heldout.evidence.verdict import judge_ladder

PEAK = [0.6, 0.5, 0.45, 0.6, 1.2, 0.7, 0.48, 0.44]
FLAT = [0.5] * 8
RISE = [0.6, 0.5, 0.45, 0.5, 0.6, 0.7, 0.8, 0.85]


def search(curve, seed=0, *, n_rows=200, noise=1.0):
    rng = np.random.default_rng(seed)
    losses = draw_losses(rng, curve, n_rows=n_rows, seed_sd=0.02 * noise, noise_sd=0.1 * noise)
    settings = make_settings(n_rows)
    folds = make_crossfit_folds(settings.unit, 0)
    sizes = [4**i for i in range(len(curve))]
    return find_second_descent(losses, sizes, settings, axis="size", folds=folds)


def test_a_peak_between_two_valleys_is_found_with_its_place():
    found = search(PEAK)
    assert (found.axis, found.peak, found.again) == ("size", 4**4, 4**7)
    assert 0.6 < found.fall[1] < found.fall[0] < found.fall[2] < 0.95
    assert "beyond the peak at 256 weights" in found.sentence


@pytest.mark.parametrize("curve", [FLAT, RISE, RISE[::-1], [0.5, 0.5, 0.51, 0.5, 0.5, 0.51, 0.5, 0.5]])
def test_no_second_descent_is_claimed_without_one(curve):
    assert sum(search(curve, seed, n_rows=100, noise=3.0) is not None for seed in range(60)) <= 1


def test_a_peak_no_higher_than_the_tolerance_is_no_claim():
    curve = [0.50, 0.48, 0.50, 0.48, 0.48]
    assert sum(search(curve, seed, n_rows=100) is not None for seed in range(60)) <= 3


def test_a_clear_peak_is_found_nearly_always():
    assert sum(search(PEAK, seed, n_rows=100) is not None for seed in range(40)) >= 38


def test_two_positions_have_no_peak_and_shapes_must_agree():
    settings = make_settings(20)
    folds = make_crossfit_folds(settings.unit, 0)
    losses = np.zeros((2, 3, 20))
    assert find_second_descent(losses, [1, 2], settings, axis="size", folds=folds) is None
    with pytest.raises(DataError, match="for 3 positions"):
        find_second_descent(losses, [1, 2, 3], settings, axis="size", folds=folds)
    assert find_descents([], settings) == ()


def make_ladder(levels, n_rows=300):
    rng = np.random.default_rng(5)
    rows = rng.gamma(2.0, 0.1, n_rows)
    return [
        make_run(
            draw_losses(rng, [level + 0.2, level + 0.05, level], n_rows=n_rows, rows=rows),
            size=10 * 4**index,
            index=index,
        )
        for index, level in enumerate(levels)
    ]


def test_the_verdict_survives_the_first_rise_and_names_the_second_descent():
    verdict = judge_ladder(make_ladder([0.5, 0.45, 0.9, 0.46, 0.4]), make_settings(300))
    assert "Second descent: beyond the peak at 160 weights" in verdict.sentence
    # the largest rung is the best: it does not overfit, whatever rose before it
    assert [answer.answer for answer in verdict.per_rung[4][:2]] == ["no", "no"]
    assert verdict.per_rung[2][1].answer == "yes"
    assert verdict.per_rung[2][2].answer == "yes"


def test_epochs_may_have_a_second_descent_too():
    rng = np.random.default_rng(6)
    run = make_run(draw_losses(rng, PEAK, n_rows=300), checkpoints=[1, 2, 4, 8, 16, 32, 64, 128])
    found = find_descents([run], make_settings(300))
    assert [(item.axis, item.peak, item.again) for item in found] == [("epochs", 16, 128)]
    assert "peaks at epoch 16 and is lower again at epoch 128" in found[0].sentence


def test_a_peak_at_few_weights_is_no_second_descent():
    losses = [0.5, 0.45, 0.9, 0.46, 0.4]
    runs = [replace(run, n_rows=10_000) for run in make_ladder(losses)]
    (found,) = [item for item in find_descents(runs, make_settings(300)) if item.axis == "size"]
    assert "160 weights cannot hold 10,000 rows by heart" in found.sentence
    assert "Second descent" not in found.sentence
