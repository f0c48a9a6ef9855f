from dataclasses import replace

import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run
from heldout.records import Task
from heldout.stages.suite_checks import check_second, check_study, prepare
from heldout.stages.suite_rules import RULES, apply_rules, check_rules
from heldout.stages.suite_studies import (
    cut_run,
    cut_studies,
    expect_constant,
    make_judge,
    mix_truth,
    weigh_others,
)
from heldout.stages.suite_training import SIZES, USES, Played
from heldout.suite import N_VALIDATION, PARTS, MadeTask, Sizes

N_SEEDS, N_FRESH = 10, 500
CURVES = ([0.5, 0.5, 0.5], [0.5, 0.45, 0.45], [0.5, 0.42, 0.5], [0.5, 0.42, 0.8])


def make_played(curves=CURVES, *, seed_sd=0.01):
    """Losses whose truth is the curve itself, so that each claim is known to be right or wrong."""
    rng = np.random.default_rng(0)
    rows = rng.gamma(2.0, 0.15, N_VALIDATION) - 0.3
    given = [*curves, curves[-1], curves[-1]]
    runs, expected = [], []
    for place, curve in enumerate(given):
        index = min(place, len(SIZES) - 1)
        use = USES[place - len(SIZES)] if place >= len(SIZES) else None
        losses = draw_losses(rng, curve, n_seeds=N_SEEDS, n_rows=N_VALIDATION, seed_sd=seed_sd, rows=rows)
        remedies = ((use.name, use.strength),) if use else ()
        runs.append(make_run(losses, size=10 ** (index + 1), index=index, remedies=remedies))
        truth = np.broadcast_to(np.array(curve)[:, None, None], (len(curve), N_SEEDS, len(PARTS) + 1))
        expected.append(truth.copy())
    n_rows = 40 + N_VALIDATION + N_FRESH
    task = MadeTask(
        "binary",
        "made",
        Task.BINARY,
        Sizes(40, N_VALIDATION, N_FRESH),
        np.zeros((n_rows, 1), np.float32),
        np.arange(n_rows) % 2.0,
        np.full((n_rows - 40, 2), 0.5),
        np.arange(N_VALIDATION),
    )
    views = np.full((3, N_SEEDS, 1, n_rows - 40), np.log(2), np.float32)
    return Played(task, tuple(runs), tuple(expected), views, np.full(N_VALIDATION, np.log(2)))


@pytest.fixture(scope="module")
def studies():
    return list(cut_studies(make_played(), 3))


def test_a_task_is_cut_into_studies_of_all_sizes(studies):
    assert {study.size for study in studies} == {
        f"{rows} rows, {seeds} seeds" for rows in PARTS for seeds in (3, 5)
    }
    assert len(studies) == 12
    rows = [set(study.rows.tolist()) for study in studies if study.seeds == (0, 1, 2)]
    assert sum(len(item) for item in rows) == len(set.union(*rows)) == N_VALIDATION


def test_the_excess_of_every_question_is_read_from_the_truth(studies):
    judged = prepare(studies[-1])
    assert judged.excess("overtrained", 3) == pytest.approx(0.8 - 0.42)
    assert judged.excess("overtrained", 0) == pytest.approx(0)
    assert judged.excess("underfit", 0) == pytest.approx(0.08, abs=0.01)
    assert judged.excess("too big", 0) == -np.inf
    assert judged.excess("skill", 0) == pytest.approx(np.log(2) - 0.5, abs=0.01)


def test_clear_truths_are_found_and_nothing_false_is_said(studies):
    study = next(item for item in studies if item.size == "1000 rows, 5 seeds")
    marks = check_study(study)
    by_key = {}
    for mark in marks:
        by_key.setdefault(mark.promise, []).append(mark.value)
    assert by_key["overtrained: power above 10"] == [1.0, 1.0, 1.0]
    assert not any(by_key["overtrained: false yes"])
    assert not any(by_key["overtrained: false no"])
    assert by_key["ladder: false from"] == [0.0]
    assert by_key["report: false claim"] == [0.0]


def test_a_false_truth_is_noticed(studies):
    """The same losses with a truth that contradicts them: the checks must be able to fail."""
    flat = make_played()
    lying = Played(
        flat.task,
        flat.runs,
        tuple(np.full_like(item, 0.5) for item in flat.expected),
        flat.views,
        flat.constant,
    )
    study = next(item for item in cut_studies(lying, 3) if item.size == "1000 rows, 5 seeds")
    marks = check_study(study)
    assert any(mark.value for mark in marks if mark.promise == "overtrained: false yes")
    assert [mark.value for mark in marks if mark.promise == "report: false claim"] == [1.0]


def test_what_is_said_of_accuracy_is_held_against_the_true_share_of_wrong_answers():
    played = make_played()
    rng = np.random.default_rng(1)
    right = rng.random((3, N_SEEDS, N_VALIDATION))
    runs = tuple(replace(run, hits=right > np.array([0.3, 0.2, 0.5])[:, None, None]) for run in played.runs)
    truth = np.broadcast_to(np.array([0.3, 0.2, 0.5])[:, None, None], (3, N_SEEDS, len(PARTS) + 1))
    studies = list(cut_studies(replace(played, runs=runs, misses=(truth,) * len(runs)), 3))
    study = next(item for item in studies if item.size == "1000 rows, 5 seeds")
    assert study.misses.shape == (len(runs), 3)
    marks = check_second(prepare(study))
    by_key = {}
    for mark in marks:
        by_key.setdefault(mark.promise, []).append(mark.value)
    assert by_key["second ladder: wrong yes"] == [0.0]
    lying = cut_studies(replace(played, runs=runs, misses=(truth * 0 + 0.3,) * len(runs)), 3)
    study = next(item for item in lying if item.size == "1000 rows, 5 seeds")
    assert [m.value for m in check_second(prepare(study)) if m.promise == "second ladder: false yes"] == [1.0]
    assert check_second(prepare(next(cut_studies(played, 3)))) == []


def make_rare(*, drawn_every=20):
    played = make_played()
    n_rows = len(played.task.target)
    return replace(
        played,
        task=replace(
            played.task,
            target=(np.arange(n_rows) % drawn_every == 0).astype(np.float64),
            truth=np.tile([0.95, 0.05], (n_rows - 40, 1)),
        ),
    )


def test_classes_count_by_their_true_shares_as_in_the_truth():
    """Drawn shares differ from part to part; weights of one rule make study and truth comparable."""
    played = make_rare(drawn_every=8)  # drawn 12.5 %, truly 5 %
    judge = make_judge(played, np.arange(40), 0)
    labels = played.task.target[40:80]
    assert judge.hit_weights[labels == 1] == pytest.approx(10.0)
    assert judge.hit_weights[labels == 0] == pytest.approx(1 / 1.9)
    assert make_judge(make_played(), np.arange(40), 0).hit_weights is None


def test_the_true_accuracy_of_a_smaller_size_is_read_at_its_epoch_of_best_balanced_accuracy():
    """The size named (the third) answers half of the rare class; a smaller one at one epoch all of it.

    Unweighted, another epoch of that one, without any of the rare class, has the fewest misses: the truth there is no
    reproach to anybody.
    """
    played = make_rare()
    rare = played.task.target[40 : 40 + N_VALIDATION] == 1
    noise = np.random.default_rng(0).random((3, N_SEEDS, N_VALIDATION)) < np.array([0.1, 0, 0])[:, None, None]
    hits = ~(noise & ~rare)
    hits[1:, :, rare] = False
    half = np.ones_like(hits)
    half[..., np.flatnonzero(rare)[::2]] = False
    runs = tuple(replace(run, hits=half if place >= 2 else hits) for place, run in enumerate(played.runs))
    views = (3, N_SEEDS, len(PARTS) + 1)
    small, large = (np.array(values)[:, None, None] for values in ([0.05, 0.5, 0.5], [0.25, 0.25, 0.25]))
    misses = [np.broadcast_to(large if i >= 2 else small, views) for i in range(len(runs))]
    study = next(
        item
        for item in cut_studies(replace(played, runs=runs, misses=tuple(misses)), 3)
        if item.size == "1000 rows, 5 seeds"
    )
    marks = {mark.promise: mark.value for mark in check_second(prepare(study)) if "ladder" in mark.promise}
    assert marks["second ladder: wrong yes"] == 0.0  # harmed by 20 points, truly


def test_a_cut_run_holds_its_rows_and_seeds():
    run = make_played().runs[2]
    part = cut_run(run, np.arange(5, 9), (1, 4))
    np.testing.assert_array_equal(part.losses, run.losses[:, [1, 4], 5:9])
    assert part.train_curve.shape == (2, 3)
    assert len(part.outcomes) == 2


def test_an_estimate_misses_the_mixed_truth_as_much_as_the_whole_truth():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((20_000, 10))
    judged, others = values[:, :5].mean(axis=1), values[:, 5:].mean(axis=1)
    weight = weigh_others(5, 5)
    missed = judged - (weight * others + (1 - weight) * judged)
    np.testing.assert_allclose(missed.std(), judged.std(), rtol=0.02)


def test_truth_weighs_judged_and_other_seeds():
    played = make_played()
    expected = np.zeros((3, N_SEEDS, len(PARTS) + 1))
    expected[:, 5:] = 1.0
    found = mix_truth(expected, played, 0, range(5))
    np.testing.assert_allclose(found, np.sqrt(0.5))


def test_the_constant_predictor_has_a_true_loss_too():
    assert expect_constant(make_played(), np.arange(40)) == pytest.approx(np.log(2))


def test_the_rules_of_others_on_hand_made_curves():
    falling, rising = np.array([0.5, 0.4, 0.3]), np.array([0.5, 0.3, 0.6])
    assert not any(apply_rules(falling, falling).values())
    fired = apply_rules(rising, falling)
    assert fired == {name: name != "patience 3" for name in RULES}
    assert apply_rules(np.array([0.3, 0.4, 0.4, 0.4, 0.4]), np.full(5, 0.3))["patience 3"]


def test_the_rules_of_others_are_marked_beside_ours(studies):
    marks = check_rules(prepare(studies[-1]))
    assert {mark.promise.split(":")[0] for mark in marks} == {f"rule {name}" for name in RULES}
