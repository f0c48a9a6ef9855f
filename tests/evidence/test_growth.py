import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.errors import DataError
from heldout.evidence.growth import judge_growth


def make_pair(rng, fall, *, n_rows=200, n_seeds=5, seed_sd=0.01):
    rows = rng.gamma(2.0, 0.15, n_rows) - 0.3
    curves = (np.array([0.6, 0.4, 0.42]), np.array([0.6, 0.4 + fall, 0.42 + fall]))
    full, half = (
        make_run(draw_losses(rng, c, rows=rows, n_rows=n_rows, n_seeds=n_seeds, seed_sd=seed_sd))
        for c in curves
    )
    return full, half


def test_a_fall_beyond_chance_is_measured_and_the_next_one_is_called_a_guess():
    full, half = make_pair(np.random.default_rng(0), 0.1, n_rows=400)
    found = judge_growth(full, half, make_settings(400), n_half=250)
    assert found.answer == "falling"
    assert found.fall[1] < 0.1 < found.fall[2]
    assert found.guess == pytest.approx((0.5 * found.fall[0], found.fall[0]))
    assert "From 250 to 500 fit rows the log-loss fell: -0." in found.sentence
    assert found.sentence.endswith("a guess, not a measurement.")


def test_no_fall_beyond_the_tolerance_is_said_and_nothing_is_guessed():
    full, half = make_pair(np.random.default_rng(1), 0.0, n_rows=2000, seed_sd=0.002)
    found = judge_growth(full, half, make_settings(2000, delta=0.05), n_half=250)
    assert found.answer == "flat"
    assert np.isnan(found.guess).all()
    assert "did not fall by more than the tolerance" in found.sentence
    assert "guess" not in found.sentence


def test_few_noisy_rows_leave_it_undecided():
    full, half = make_pair(np.random.default_rng(2), 0.02, n_rows=30, seed_sd=0.05)
    assert judge_growth(full, half, make_settings(30), n_half=250).answer == "undecided"


@pytest.mark.parametrize("fall", [0.0, 0.03])
def test_the_interval_covers_the_true_fall(fall):
    rng = np.random.default_rng(int(1000 * fall) + 4)
    inside = 0
    for _ in range(300):
        found = judge_growth(*make_pair(rng, fall, n_rows=60, seed_sd=0.02), make_settings(60), n_half=250)
        inside += found.fall[1] <= fall <= found.fall[2]
    assert inside / 300 >= 0.92


def test_nothing_is_called_falling_that_does_not_fall():
    rng = np.random.default_rng(7)
    words = [
        judge_growth(*make_pair(rng, 0.0, n_rows=60, seed_sd=0.02), make_settings(60), n_half=250).answer
        for _ in range(300)
    ]
    assert words.count("falling") / 300 <= 0.045


def test_too_few_halves_and_halves_that_are_no_halves_are_refused():
    full, half = make_pair(np.random.default_rng(3), 0.1, n_seeds=4)
    with pytest.raises(DataError, match="4 halves and 4 seeds: expected at least 5"):
        judge_growth(full, half, make_settings(200), n_half=250)
    full, half = make_pair(np.random.default_rng(3), 0.1)
    with pytest.raises(DataError, match="500 rows are no part of 500"):
        judge_growth(full, half, make_settings(200), n_half=500)
