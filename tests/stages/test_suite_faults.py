import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run
from heldout.stages import suite_faults
from heldout.stages.suite_faults import (
    PLANTED,
    check_descent,
    check_faults,
    check_looks,
    check_polynomials,
    check_slices,
)
from heldout.stages.suite_studies import cut_studies
from heldout.stages.suite_training import Played
from heldout.suite import PARTS
from stages.test_suite_checks import make_played


def play_made(tasks, *, seeds, configurations):
    """Stands in for the training: on real labels networks learn, on permuted ones they memorise as well."""
    rng = np.random.default_rng(0)
    played = []
    for task in tasks:
        start = task.sizes.n_fit
        labels = task.target[start : start + task.sizes.n_validation]
        chance = task.truth[: len(labels), 1]
        right = np.where(labels == 1, chance, 1 - chance)
        if task.planted == "permuted":
            right = np.full(len(labels), 0.5)
        level = -np.log(np.clip(right, 0.05, 0.95))
        runs = []
        for index in range(4):
            losses = level + 0.05 * rng.standard_normal((3, len(seeds), len(labels)))
            real = 0.2 if task.planted != "permuted" else 0.45
            train = np.full((len(seeds), 3), real) + 0.01 * rng.standard_normal((len(seeds), 3))
            runs.append(make_run(losses, size=10 * (index + 1), index=index, train=train))
        fit = task.target[:start].mean()
        constant = np.where(labels == 1, -np.log(fit), -np.log(1 - fit))
        played.append(Played(task, tuple(runs), (), np.zeros((1, 1, 1, 1), np.float32), constant))
    return tuple(played)


@pytest.mark.parametrize("fault", ["flipped", "shuffled", "", "duplicates", "shift"])
def test_each_planted_fault_is_called_and_clean_data_are_not(fault, monkeypatch):
    monkeypatch.setattr(suite_faults, "play_tasks", play_made)
    marks = check_faults(1, PLANTED.index(fault))
    assert [mark.size for mark in marks] == ["400 rows, 5 seeds", "1000 rows, 5 seeds"]
    assert {mark.promise for mark in marks} == {f"fault: {fault}" if fault else "fault: clean as fault"}
    if fault != "duplicates":  # without memory the made losses do not move when copies are left out
        assert marks[1].value == (1.0 if fault else 0.0)


def test_slices_are_searched_at_three_depths():
    marks = check_slices(1, 0)
    assert [mark.promise for mark in marks] == [
        "slices: any false",
        "slices: power",
        "slices: power of pairs",
        "outliers: any false",
        "outliers: dropped group",
    ]
    assert marks[0].value == 0.0


def test_polynomials_are_asked_at_every_number_of_rows():
    marks = check_polynomials(1, 0)
    of_claims = {mark.size for mark in marks if mark.promise == "polynomials: wrong claim"}
    assert of_claims == {f"{rows} rows, 1 seeds" for rows in (*PARTS, 300)}
    others = {mark.size for mark in marks if not mark.promise.startswith("polynomials: ")}
    assert others == {f"{rows} rows, 1 seeds" for rows in PARTS}  # the families' rates stay what they were


def test_a_full_verdict_has_every_question_decided_and_rightly():
    held = {(True, True): 0, (True, False): 0, (False, False): 0}
    for index in range(12):
        marks = [mark for mark in check_polynomials(1, index) if mark.size == "300 rows, 1 seeds"]
        value = {mark.promise: mark.value for mark in marks}
        wrong = any(mark.value for mark in marks if mark.promise == "polynomials: wrong claim")
        is_decided = value["polynomials: decided"] == 1.0
        is_full = value["polynomials: full verdict"] == 1.0
        assert is_full == (is_decided and not wrong)
        held[is_decided, is_full] += 1
    assert held[True, True] > held[False, False] > 0


def test_the_whole_ladder_beats_the_first_rise_where_the_loss_falls_twice():
    regrets = {}
    for index in range(4):
        for mark in check_descent(1, index):
            regrets.setdefault(mark.promise, []).append(mark.value)
    ours, first = (
        np.mean(regrets[key]) for key in ("descent: regret median", "descent: regret of the first rise")
    )
    assert ours < first


def test_looks_spend_the_error_rate_once():
    study = next(item for item in cut_studies(make_played(), 1) if item.size == "400 rows, 5 seeds")
    marks = check_looks(study)
    assert len(marks) == 6
    assert not any(mark.value for mark in marks if mark.promise == "sequential: false yes")
    assert all(mark.value for mark in marks if mark.promise == "sequential: found")


def test_too_few_seeds_give_no_looks():
    played = make_played()
    few = [draw_losses(np.random.default_rng(0), [0.5, 0.4], n_seeds=5, n_rows=sum(PARTS))] * 6
    runs = tuple(make_run(losses, index=min(i, 3)) for i, losses in enumerate(few))
    short = Played(played.task, runs, tuple(np.zeros((2, 5, 5)) for _ in runs), played.views, played.constant)
    assert check_looks(next(iter(cut_studies(short, 0)))) == []
