"""A study up to its losses without any training: prepared rows, made losses, a crew that answers from a list."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from evidence.made_runs import make_run, make_settings
from heldout.records import ConfigurationRun, RemedyResult
from heldout.stages.preparing import make_tensors, thin_folds
from heldout.stages.training import Trained

N_SEEDS = 5


class FakeExecutor:
    """Answers every job with made losses: `answer(job, tensors)` gives [S, M]."""

    def __init__(self, tensors, answer):
        self.tensors, self._answer, self.jobs = tensors, answer, []

    def expect(self, configuration, n_networks):
        return 0.0

    def train(self, job, *, deadline=None):
        self.jobs.append(job)
        losses = self._answer(job, self.tensors)
        made = make_run(np.stack([losses + 0.1, losses, losses]))
        return tuple(
            ConfigurationRun(**{**vars(made), "configuration": configuration})
            for configuration in job.configurations
        )


class FakeWorkplace:
    def __init__(self, answer, *, cuts=(), deadline=None):
        self._answer, self._deadline = answer, deadline
        self.executors, self.cuts, self.notes = [], {phase: frozenset() for phase in cuts}, []

    def make_executor(self, tensors, schedule, **options):
        self.executors.append(FakeExecutor(tensors, self._answer))
        return self.executors[-1]

    def deadline(self, share):
        return self._deadline

    def read_cut(self, phase):
        return self.cuts.get(phase)

    def write_cut(self, phase, left_out):
        self.cuts[phase] = frozenset(left_out)

    def note(self, sentence):
        self.notes.append(sentence)


def make_crew(prepared, settings, *, answer=None, n_seeds=N_SEEDS, **workplace):
    """A crew whose trainings come from `answer`; by default small random losses."""
    rng = np.random.default_rng(0)
    answer = answer or (lambda job, tensors: rng.exponential(0.3, (len(job.seeds), len(tensors.order))))
    tensors = make_tensors(prepared, thin_folds(prepared))
    place = FakeWorkplace(answer, **workplace)
    plan = SimpleNamespace(n_fit=10, n_fit_all=10, schedule=None, shapes=(), n_seeds=n_seeds)
    return SimpleNamespace(
        tensors=tensors,
        settings=settings,
        workplace=place,
        plan=plan,
        seeds=tuple(range(n_seeds)),
        executor=FakeExecutor(tensors, answer),
    )


def make_trained(plain, remedied=None, *, name="dropout", strength=0.3):
    """One rung and one remedy from losses [S, M]; both at three checkpoints, the second one the best."""
    ladder = (make_run(np.stack([plain + 0.1, plain, plain + 0.2])),)
    remedies = {}
    if remedied is not None:
        run = make_run(np.stack([remedied + 0.1, remedied, remedied]), remedies=((name, strength),))
        remedies[name] = (run,)
    return Trained(ladder, remedies, (), ladder[0].configuration.rung)


def make_result(trained, *, name="dropout", outcome="helps", at_end="helps"):
    """A remedy's result that names the run of `make_trained`."""
    if name == "early_stopping":
        return RemedyResult(
            name,
            2.0,
            trained.ladder[0].configuration.name,
            (-0.2,) * 3,
            (0.0,) * 3,
            at_end,
            "not applicable",
            "",
        )
    run = trained.remedies[name][0]
    strength = run.configuration.remedies[0].strength
    return RemedyResult(name, strength, run.configuration.name, (-0.1,) * 3, (-0.1,) * 3, at_end, outcome, "")


def make_judge(crew, prepared):
    """What the losses are judged against."""
    unit = prepared.split.unit[prepared.split.development[crew.tensors.order]]
    return make_settings(len(crew.tensors.order), unit=unit)
