import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.errors import DataError
from heldout.evidence.contrasts import contrast_overtrained, find_p_yes, pick_freer, pick_restrained
from heldout.evidence.crossfit import deploy_run
from heldout.evidence.needs import estimate_assurance
from heldout.evidence.onset import find_onset
from heldout.evidence.questions import (
    BELOW_ZERO,
    answer_memorising,
    answer_overtrained,
    answer_skill,
    answer_too_big,
    answer_underfit,
    extend_answer,
)
from heldout.records import Answer


def deploy(losses, settings, **more):
    return deploy_run(make_run(losses, **more), settings)


def constant_curve(values, n_seeds=2, n_rows=20):
    return np.repeat(np.asarray(values)[:, None, None], n_seeds, axis=1).repeat(n_rows, axis=2)


def test_hand_made_curves_without_noise_are_answered_exactly():
    settings = make_settings(20, constant=0.7)
    rising = deploy(constant_curve([0.6, 0.4, 0.5]), settings)
    answer = answer_overtrained(rising, settings)
    assert (answer.answer, answer.estimate, answer.low) == ("yes", pytest.approx(0.1), pytest.approx(0.1))
    assert answer_skill(rising, settings).estimate == pytest.approx(0.3)
    within = deploy(constant_curve([0.6, 0.4, 0.41]), settings)
    assert answer_overtrained(within, settings).answer == "no"
    at_best = answer_overtrained(rising, settings, at_deployed=True)
    assert (at_best.answer, at_best.estimate) == ("no", 0.0)
    assert BELOW_ZERO not in answer.sentence + at_best.sentence


def test_a_last_epoch_better_than_the_best_one_is_explained_where_it_is_shown():
    """The best epoch is chosen on other rows; on flat noisy curves the last one is better in half of all studies."""
    rng, settings, seen = np.random.default_rng(2), make_settings(40), set()
    for _ in range(20):
        losses = 0.6 + rng.normal(0, 0.2, (6, 3, 40))
        answer = answer_overtrained(deploy(losses, settings), settings)
        seen.add(answer.estimate < 0)
        assert answer.sentence.endswith(BELOW_ZERO) is (answer.estimate < 0)
    assert seen == {True, False}


def test_a_rise_at_one_middle_epoch_is_not_overtraining():
    settings = make_settings(20)
    assert answer_overtrained(deploy(constant_curve([0.6, 0.9, 0.4]), settings), settings).answer == "no"


def test_an_undecided_answer_says_what_would_decide():
    settings = make_settings(60)
    losses = draw_losses(np.random.default_rng(4), [0.5, 0.4, 0.42], n_rows=60, noise_sd=0.4)
    answer = answer_overtrained(deploy(losses, settings), settings)
    assert answer.answer == "undecided"
    text = " ".join(answer.would_decide)
    assert f"With 5 more seeds (heldout fit --seeds {losses.shape[1] + 5}): " in text
    assert "Limiting:" in text
    assert "tolerance 0.020" in answer.sentence
    assert answer.low < answer.estimate < answer.high


def test_one_seed_claims_only_for_this_network():
    settings = make_settings(40)
    answer = answer_overtrained(deploy(constant_curve([0.5, 0.4], 1, 40), settings), settings)
    assert "this one network only" in answer.sentence


def test_leans_are_weaker_claims():
    settings = make_settings(200)
    rng = np.random.default_rng(5)
    leans = set()
    for _ in range(30):
        losses = draw_losses(rng, [0.5, 0.4, 0.44], n_rows=200, n_seeds=3)
        answer = answer_overtrained(deploy(losses, settings), settings)
        leans.add((answer.answer, answer.lean))
    assert ("undecided", "leaning yes") in leans
    assert all(lean == "" for word, lean in leans if word != "undecided")


def test_nothing_simpler_or_larger_was_run():
    settings = make_settings(20)
    own = deploy(constant_curve([0.5]), settings)
    assert answer_too_big(own, [], settings).answer == "not applicable"
    ended = answer_underfit(own, [], settings)
    assert (ended.answer, len(ended.would_decide)) == ("undecided", 1)


def test_underfit_no_mentions_a_loss_still_falling():
    settings = make_settings(20)
    falling = deploy(constant_curve([0.6, 0.5, 0.4]), settings)
    other = deploy(constant_curve([0.6, 0.5, 0.41]), settings)
    answer = answer_underfit(falling, [other], settings)
    assert answer.answer == "no"
    assert "longer training is not part of" in answer.sentence


def test_the_best_of_many_lucky_alternatives_does_not_make_too_big():
    """Many equal alternatives: the luckiest looks better, its cross-fitted choice does not."""
    rng = np.random.default_rng(6)
    settings = make_settings(50, delta=0.0)
    claims = 0
    for _ in range(80):
        rows = rng.normal(0, 0.2, 50)
        made = [deploy(draw_losses(rng, [0.5], n_rows=50, n_seeds=3, rows=rows), settings) for _ in range(8)]
        claims += answer_too_big(made[0], made[1:], settings).answer == "yes"
    assert claims <= 80 * (0.05 + 2 * np.sqrt(0.05 * 0.95 / 80))


def test_which_configurations_are_simpler_and_which_are_freer():
    made = [
        make_run(np.zeros((1, 1, 2)), size=10, index=0),
        make_run(np.zeros((1, 1, 2)), size=20, index=1),
        make_run(np.zeros((1, 1, 2)), size=20, index=1, remedies=[("dropout", 0.2)]),
        make_run(np.zeros((1, 1, 2)), size=20, index=1, remedies=[("dropout", 0.5)]),
        make_run(np.zeros((1, 1, 2)), size=20, index=1, remedies=[("l2", 0.1)]),
        make_run(np.zeros((1, 1, 2)), size=40, index=2, remedies=[("l2", 0.1)]),
    ]
    all_of = [run.configuration for run in made]
    assert pick_restrained(all_of[1], all_of) == (0, 2, 3, 4)
    assert pick_freer(all_of[1], all_of) == (5,)
    assert pick_restrained(all_of[2], all_of) == (0, 3, 4)
    assert pick_freer(all_of[2], all_of) == (1, 5)
    assert pick_freer(all_of[3], all_of) == (1, 2, 5)


def test_strengths_of_different_augmenters_are_not_compared():
    uses = [
        ("augmentation", 1.0, "flip and moves"),
        ("augmentation", 0.5, "mixup"),
        ("augmentation", 0.5, "flip and moves"),
    ]
    made = [make_run(np.zeros((1, 1, 2)), f"use {i}", size=20, remedies=[use]) for i, use in enumerate(uses)]
    all_of = [run.configuration for run in made]
    assert pick_restrained(all_of[0], all_of) == (1,)
    assert pick_freer(all_of[0], all_of) == (2,)
    assert pick_restrained(all_of[2], all_of) == (0, 1)


def test_memorising_is_asked_only_without_skill():
    settings = make_settings(20)
    run = make_run(constant_curve([0.7]))
    skilled = Answer("skill", "yes", 0.1, 0.1, 0.1, 0.0)
    unskilled = Answer("skill", "no", 0.0, 0.0, 0.0, 0.0)
    assert answer_memorising(run, run, settings, skill=skilled).answer == "no"
    assert answer_memorising(run, None, settings, skill=unskilled).answer == "not applicable"
    unfitted = answer_memorising(run, run, settings, skill=unskilled)
    assert (unfitted.answer, "not far below" in unfitted.sentence) == ("no", True)
    broken = make_run(constant_curve([0.7]), diverged=True)
    assert answer_memorising(run, broken, settings, skill=unskilled).answer == "undecided"
    open_skill = Answer("skill", "undecided", 0.0, 0.0, 0.0, 0.0)
    assert answer_memorising(run, run, settings, skill=open_skill).answer == "undecided"


def test_an_empty_note_is_refused():
    with pytest.raises(DataError, match="empty note"):
        extend_answer(Answer("skill", "no", 0, 0, 0, 0), " ")


def test_assurance_grows_with_rows_and_stays_a_probability():
    settings = make_settings(100)
    losses = draw_losses(np.random.default_rng(7), [0.5, 0.4, 0.44], n_rows=100, noise_sd=0.3)
    contrast = contrast_overtrained(deploy(losses, settings), settings)
    chances = [estimate_assurance(contrast, 0.02, rows_factor=factor) for factor in (1.01, 2, 4, 16)]
    assert all(0 <= value <= 1 for value in chances)
    assert chances[-1] > chances[0]
    assert 0 < find_p_yes(contrast, 0.02) < 1


def test_onset_is_the_first_epoch_above_the_tolerance():
    settings = make_settings(500)
    curve = [0.6, 0.4, 0.41, 0.5, 0.6, 0.7]
    losses = draw_losses(np.random.default_rng(8), curve, n_rows=500, seed_sd=0.002)
    run = make_run(losses, checkpoints=[1, 2, 4, 8, 16, 32])
    assert find_onset(run, settings, best=1) == 8
    assert find_onset(run, settings, best=5) == -1


def test_onset_band_rarely_leaves_a_flat_curve():
    rng = np.random.default_rng(9)
    settings = make_settings(80, delta=0.0)
    fired = 0
    for _ in range(60):
        run = make_run(draw_losses(rng, [0.4] * 8, n_rows=80, seed_sd=0.001))
        fired += find_onset(run, settings, best=0) > 0
    assert fired <= 60 * (0.05 + 2 * np.sqrt(0.05 * 0.95 / 60))
