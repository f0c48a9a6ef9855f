from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.executors import LocalExecutor
from heldout.ladder import Schedule
from heldout.plan import member_seconds
from heldout.records import Rung, Task
from heldout.stages import permuting
from heldout.stages.permuting import (
    LONGEST_SECONDS,
    N_PERMUTATIONS,
    count_permutations,
    permute_blocks,
    run_permutations,
)
from train.made_tensors import FOLDS, N_ROWS, SCHEDULE, WIDTHS, make_tensors

N_SEEN = 39  # permutations of a fake study, so that shares are multiples of 1/40
RUNGS = tuple(Rung(index, WIDTHS, 29, rate) for index, rate in enumerate((0.05, 0.1, 0.2)))


# --------------------------------------------------------------------------------------- permuting whole units
@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=30), st.integers(0, 1000))
def test_every_row_gets_one_label_and_units_stay_neighbours(unit, seed):
    unit = np.array(unit)
    order = permute_blocks(unit, np.random.default_rng(seed))
    assert sorted(order) == list(range(len(unit)))
    # laid out unit by unit, the labels of one unit still follow each other
    laid_out = unit[order][np.argsort(unit, kind="stable")]
    assert 1 + np.count_nonzero(np.diff(laid_out)) == len(np.unique(unit))


def test_units_of_one_size_change_places_whole():
    unit = np.repeat(np.arange(10), 3)[np.random.default_rng(0).permutation(30)]
    order = permute_blocks(unit, np.random.default_rng(1))
    sources = [set(unit[order][unit == name]) for name in range(10)]
    assert all(len(source) == 1 for source in sources)
    assert set.union(*sources) == set(range(10))


def test_single_rows_are_permuted_in_every_way():
    rng = np.random.default_rng(0)
    seen = {tuple(permute_blocks(np.array([7, 5, 9]), rng)) for _ in range(200)}
    assert len(seen) == 6


def test_rows_of_one_unit_stay_where_they_are():
    order = permute_blocks(np.zeros(5, int), np.random.default_rng(0))
    assert order.tolist() == [0, 1, 2, 3, 4]


# ------------------------------------------------------------------------------------------------------ number of them
def count(n_epochs, monkeypatch, *, n_devices=2):
    monkeypatch.setattr(permuting, "count_devices", lambda: n_devices)
    executor = SimpleNamespace(tensors=make_tensors(), schedule=Schedule(8, 3, n_epochs, (1, n_epochs)))
    return count_permutations(RUNGS, executor)


def test_small_studies_get_all_permutations_and_slow_ones_fewer(monkeypatch):
    assert count(1, monkeypatch) == N_PERMUTATIONS
    assert count(10**9, monkeypatch) == 19  # with fewer, no share under 0.05 could be shown
    # as many epochs as two devices have time for when there are 50 permutations
    epoch = sum(member_seconds(rung.n_parameters, Schedule(8, 3, 1, (1,)), 20) for rung in RUNGS)
    n_epochs = int(LONGEST_SECONDS / epoch / 50.5)
    assert [count(n_epochs, monkeypatch, n_devices=n) for n in (2, 3)] == [50, 75]


# --------------------------------------------------------------------------------------------- the test itself
class Fake:
    """An executor whose validation curves [rungs, variants, folds, epochs] are given."""

    def __init__(self, tensors, curves):
        self.tensors, self.schedule, self.curves = tensors, SCHEDULE, curves
        self.told, self.targets = [], []

    def __call__(self, targets):
        self.targets.append(targets)
        return self

    def report(self, *event):
        self.told.append(event)

    def train_members(self, configuration, specs):
        given_curves = [self.curves[configuration.rung.index, spec.variant, spec.fold] for spec in specs]
        both = np.stack([np.full_like(given_curves, -1.0), given_curves], axis=-1)
        return SimpleNamespace(curves=both)


def run_fake(curves, monkeypatch, *, tensors=None, unit=None, seed=0):
    monkeypatch.setattr(permuting, "count_permutations", lambda rungs, executor: N_SEEN)
    tensors = make_tensors() if tensors is None else tensors
    fake = Fake(tensors, np.asarray(curves))
    unit = np.arange(N_ROWS) if unit is None else unit
    constant = np.full(len(tensors.order), 0.7)
    return run_permutations(fake, tensors, RUNGS, unit=unit, constant=constant, seed=seed), fake


def draw_curves(seed=0):
    return np.random.default_rng(seed).uniform(0.3, 0.9, (3, N_SEEN + 1, 2, 6))


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
def test_the_share_counts_every_labelling_with_at_least_the_skill(task, monkeypatch):
    curves, tensors = draw_curves(), make_tensors(task)
    curves[:, 0] *= 0.95
    result, _ = run_fake(curves, monkeypatch, tensors=tensors)
    n_held = [len(fold.validation) for fold in FOLDS]
    skills = []
    for variant in range(N_SEEN + 1):
        best = np.inf
        for rung in range(3):
            for epoch in range(6):
                sums = [
                    curves[rung, variant, fold, epoch] * tensors.target_scale[fold] ** 2 * n_held[fold]
                    for fold in range(2)
                ]
                best = min(best, sum(sums) / sum(n_held))
        skills.append(0.7 - best)
    assert result.skill == pytest.approx(skills[0])
    assert result.p_value == sum(skill >= skills[0] for skill in skills) / (N_SEEN + 1)
    assert 1 / (N_SEEN + 1) < result.p_value < 1
    assert result.n_permutations == N_SEEN


def test_the_best_possible_share_counts_the_real_labels_themselves(monkeypatch):
    curves = draw_curves()
    curves[1, 0, :, 3] = 0.01
    assert run_fake(curves, monkeypatch)[0].p_value == 1 / (N_SEEN + 1)


def test_equal_skills_are_no_evidence(monkeypatch):
    assert run_fake(np.full((3, N_SEEN + 1, 2, 6), 0.5), monkeypatch)[0].p_value == 1.0


def test_diverged_trainings_count_as_without_skill(monkeypatch):
    curves = draw_curves()
    curves[:, 1:] = np.nan
    assert run_fake(curves, monkeypatch)[0].p_value == 1 / (N_SEEN + 1)
    curves = draw_curves()
    curves[:, 0] = np.nan
    assert run_fake(curves, monkeypatch)[0].p_value == 1.0


def test_the_first_labels_are_the_real_ones_and_the_others_move_whole_units(monkeypatch):
    unit = np.repeat(np.arange(10), 3)
    target = np.stack([unit.astype(np.float32), unit.astype(np.float32)])  # each unit has its own label
    _, fake = run_fake(draw_curves(), monkeypatch, tensors=make_tensors(target=target), unit=unit)
    first, all_targets = fake.targets
    np.testing.assert_array_equal(first, target[None])
    np.testing.assert_array_equal(all_targets[0], target)
    assert all_targets.shape == (N_SEEN + 1, 2, N_ROWS)
    for labels in all_targets[1:]:
        np.testing.assert_array_equal(labels[0], labels[1])  # the same order in every fold
        assert (np.diff(labels[0].reshape(10, 3)) == 0).all()
        assert sorted(labels[0]) == sorted(target[0])
    assert len({labels.tobytes() for labels in all_targets}) == N_SEEN + 1


def test_permutations_follow_their_seed(monkeypatch):
    drawn = [run_fake(draw_curves(), monkeypatch, seed=seed)[1].targets[1] for seed in (4, 4, 5)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert (drawn[0][1:] != drawn[2][1:]).any()


def test_progress_is_told_per_rung(monkeypatch):
    _, fake = run_fake(draw_curves(), monkeypatch)
    assert fake.told == [("permutation test", done, 3) for done in (1, 2, 3)]


def test_real_networks_tell_signal_from_noise(monkeypatch):
    monkeypatch.setattr(permuting, "count_permutations", lambda rungs, executor: N_SEEN)
    signal = make_tensors()
    features = np.repeat(signal.features[:1], 2, axis=0)  # the same rows in both folds
    features[:, :, 0] = 4 * signal.target - 2
    signal = replace(signal, features=features)
    noise = replace(signal, features=np.random.default_rng(8).normal(size=features.shape).astype(np.float32))
    constant = np.full(len(signal.order), np.log(2))

    def test(tensors):
        def make(targets):
            return LocalExecutor(tensors, SCHEDULE, targets=targets)

        return run_permutations(make, tensors, RUNGS, unit=np.arange(N_ROWS), constant=constant, seed=1)

    found, absent = test(signal), test(noise)
    assert found.p_value == 1 / (N_SEEN + 1)
    assert found.skill > 0.1
    assert absent.p_value > 0.1
    assert test(signal) == found
