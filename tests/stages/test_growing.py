from types import SimpleNamespace

import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.stages.growing import halve_rows, measure_growth
from train.made_tensors import make_tensors


class FakeExecutor:
    def __init__(self, crew):
        self.crew = crew

    def train(self, job, *, deadline=None):
        self.crew.jobs.append(job)
        rng = np.random.default_rng(job.seeds[0])
        run = make_run(draw_losses(rng, [0.7, 0.55], n_seeds=1, n_rows=100, rows=self.crew.rows))
        return () if len(self.crew.jobs) > self.crew.limit else (run,)


class FakeCrew:
    def __init__(self, *, preset="standard", limit=99, cuts=()):
        self.rows = np.random.default_rng(9).gamma(2.0, 0.1, 100)
        self.tensors, self.seeds, self.jobs, self.limit = make_tensors(), tuple(range(5)), [], limit
        self.plan = SimpleNamespace(preset=preset)
        self.cuts, self.noted = {name: frozenset() for name in cuts}, []
        self.workplace = SimpleNamespace(
            deadline=lambda share: None,
            read_cut=self.cuts.get,
            write_cut=lambda phase, left: self.cuts.__setitem__(phase, frozenset(left)),
            note=self.noted.append,
        )

    def make_variant(self, tensors, *, kept=False):
        assert kept  # a resumed study reads its halves back
        return FakeExecutor(self)


def make_chosen(crew, n_seeds=5):
    rng = np.random.default_rng(1)
    return make_run(draw_losses(rng, [0.7, 0.45], n_seeds=n_seeds, n_rows=100, rows=crew.rows))


def ask(crew, chosen=None):
    unit = np.arange(crew.tensors.features.shape[1])
    return measure_growth(crew, chosen or make_chosen(crew), make_settings(100), unit=unit)


def test_five_halves_with_a_seed_each_are_compared_with_the_whole():
    crew = FakeCrew()
    found = ask(crew)
    assert [job.seeds for job in crew.jobs] == [(0,), (1,), (2,), (3,), (4,)]
    assert [job.phase for job in crew.jobs] == [f"half-{number}" for number in range(1, 6)]
    assert (found.answer, found.n_subsamples) == ("falling", 5)
    assert found.fall[0] == pytest.approx(0.1, abs=0.05)
    assert found.n_half < found.n_full


def test_quick_studies_few_seeds_and_few_groups_measure_nothing():
    crew = FakeCrew(preset="quick")
    assert ask(crew) is None
    crew = FakeCrew()
    assert ask(crew, make_chosen(crew, n_seeds=3)) is None
    groups = make_settings(100, unit=np.arange(100) % 9)
    assert measure_growth(crew, make_chosen(crew), groups, unit=np.arange(30)) is None
    assert crew.jobs == []


def test_a_budget_that_ends_leaves_it_out_and_a_resumed_study_does_so_again():
    crew = FakeCrew(limit=2)
    assert ask(crew) is None
    assert list(crew.cuts) == ["half-3"]
    again = FakeCrew(cuts=["half-3"])
    assert ask(again) is None
    assert len(again.jobs) == 2
    assert crew.noted == again.noted == ["the budget is used up: what more rows would bring was not measured"]


def test_a_half_keeps_units_whole_and_shapes_and_weights_as_they_were():
    tensors = make_tensors()
    n_rows = tensors.features.shape[1]
    unit = np.arange(n_rows) // 3
    made, n_half = halve_rows(tensors, unit, seed=1)
    assert made.fit_rows.shape == tensors.fit_rows.shape
    assert made.fit_rows.dtype == tensors.fit_rows.dtype
    for before, weight, after, new in zip(
        tensors.fit_rows, tensors.fit_weight, made.fit_rows, made.fit_weight, strict=True
    ):
        real = set(before[weight > 0].tolist())
        kept = set(after.tolist())
        assert kept < real
        taken = {unit[row] for row in kept}
        assert {row for row in real if unit[row] in taken} == kept
        assert new.mean() == pytest.approx(1.0, abs=1e-5)
        totals = np.bincount(after, weights=new, minlength=n_rows)
        assert len(np.unique(totals[list(kept)].round(4))) == 1  # every kept row counts alike
    assert n_half <= n_rows / 2
    other, _ = halve_rows(tensors, unit, seed=2)
    assert set(other.fit_rows[0].tolist()) != set(made.fit_rows[0].tolist())
