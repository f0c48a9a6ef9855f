"""Third stage: the ladder with a learning rate chosen per rung, the remedies at one rung, pairs of what helped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.executors import LocalExecutor
from heldout.executors.local import Job
from heldout.ladder import candidate_rates, plain_hyper, plan_schedule
from heldout.plan import LEAST_ROWS_WITHOUT_PERMUTATION, MOST_PAIRS, Plan
from heldout.records import (
    Choice,
    Configuration,
    ConfigurationRun,
    JudgeSettings,
    LadderVerdict,
    RemedyResult,
    RemedyUse,
    Rung,
    Tensors,
)
from heldout.remedies import REMEDIES, apply_remedies, plan_strengths
from heldout.settings import Settings, list_layers, list_strengths
from heldout.stages.permuting import PermutationTest, run_permutations
from heldout.stages.preparing import Prepared
from heldout.stages.workplace import LADDER_SHARE, REMEDY_SHARE, Workplace
from heldout.train.program import MemberSpec

SEED_STRIDE = 1000  # studies with different seeds share no network
DOUBTFUL_SHARE = 0.9  # a loss above nine tenths of the constant predictor's puts the skill in question
RATE_SEED = 1_000_003  # learning rates are chosen with a seed that is used for nothing else
PERMUTED_SEEDS = 3
PERMUTATION_EFFORT = 0.4  # share of the steps; observed and permuted labels are treated alike


@dataclass(frozen=True)
class Trained:
    """Everything that was trained for comparison.

    Args:
        ladder: the plain rungs, smallest first.
        remedies: remedy name -> its runs, one per strength.
        pairs: runs with two remedies.
        rung: the rung at which remedies were tried.
    """

    ladder: tuple[ConfigurationRun, ...]
    remedies: dict[str, tuple[ConfigurationRun, ...]]
    pairs: tuple[ConfigurationRun, ...]
    rung: Rung

    def all_runs(self) -> tuple[ConfigurationRun, ...]:
        """Give every run once: ladder, remedies, pairs."""
        return (*self.ladder, *(run for runs in self.remedies.values() for run in runs), *self.pairs)

    def find(self, name: str) -> ConfigurationRun:
        """Give the run of a configuration by its name."""
        return next(run for run in self.all_runs() if run.configuration.name == name)


@dataclass(frozen=True)
class Controls:
    """Trainings that only check: permuted labels.

    Args:
        permuted: the chosen configuration on permuted labels, where its skill is in question; else None.
        permutation: the permutation test of a small study; else None.
    """

    permuted: ConfigurationRun | None = None
    permutation: PermutationTest | None = None


class Crew:
    """Trains what the study asks for, within its plan.

    Args:
        workplace: folder, events, clock.
        tensors: arrays of the ladder and remedy networks.
        plan: rungs, seeds, schedule.
        settings: strengths of remedies, seed.
    """

    def __init__(self, workplace: Workplace, tensors: Tensors, plan: Plan, settings: Settings) -> None:
        self.workplace, self.tensors, self.plan, self.settings = workplace, tensors, plan, settings
        self.executor = workplace.make_executor(tensors, plan.schedule, shapes=plan.shapes)
        self.layers = list_layers(settings)
        self.seeds = tuple(range(settings.seed * SEED_STRIDE, settings.seed * SEED_STRIDE + plan.n_seeds))

    def train_ladder(self) -> tuple[ConfigurationRun, ...]:
        """Choose the learning rates, then train every rung to the last epoch; never stops at the first rise."""
        rungs = choose_rates(self.executor, self.plan.rungs, seed=self.seeds[0])
        configurations = tuple(apply_remedies(rung, ()) for rung in rungs)
        return self._train("ladder", configurations, share=LADDER_SHARE, least=2)

    def train_remedies(self, rung: Rung) -> dict[str, tuple[ConfigurationRun, ...]]:
        """Train every remedy at every strength at one rung, on the same rows and seeds."""
        planned = plan_strengths(self.plan.n_strengths, list_strengths(self.settings))
        # a budget that ends early must not drop a whole remedy: one strength of each first, then the next of each
        rounds = max((len(values) for values in planned.values()), default=0)
        uses = [
            RemedyUse(name, values[index])
            for index in range(rounds)
            for name, values in planned.items()
            if index < len(values)
        ]
        runs = self._train(
            "remedies",
            tuple(apply_remedies(rung, (use,), layers=self.layers) for use in uses),
            share=REMEDY_SHARE,
        )
        found = {name: tuple(r for r in runs if r.configuration.remedies[0].name == name) for name in planned}
        return {name: of_name for name, of_name in found.items() if of_name}

    def train_pairs(self, rung: Rung, results: Sequence[RemedyResult]) -> tuple[ConfigurationRun, ...]:
        """Train at most three pairs of remedies that helped, each at its chosen strength."""
        helped = [
            result
            for result in results
            if "helps" in (result.outcome, result.outcome_at_end) and REMEDIES[result.name].strengths[2]
        ]
        helped.sort(key=lambda result: result.early_stopped[0])
        pairs = [(one, other) for i, one in enumerate(helped) for other in helped[i + 1 :]][:MOST_PAIRS]
        configurations = tuple(
            apply_remedies(
                rung, tuple(RemedyUse(result.name, result.strength) for result in pair), layers=self.layers
            )
            for pair in pairs
        )
        return self._train("pairs", configurations, share=REMEDY_SHARE)

    def train_controls(
        self, trained: Trained, choice: Choice, judge: JudgeSettings, prepared: Prepared
    ) -> Controls:
        """Train on permuted labels where the skill is in question, and test it by permutation in small studies."""
        chosen = trained.find(choice.name)
        best = float(np.nanmin(chosen.losses.mean(axis=(1, 2))))
        doubtful = best > DOUBTFUL_SHARE * float(np.mean(judge.constant_losses))
        permuted = self._train_permuted(chosen.configuration) if doubtful else None
        split = prepared.split
        if len(split.development) + len(split.test) >= LEAST_ROWS_WITHOUT_PERMUTATION:
            return Controls(permuted)
        schedule = plan_schedule(self.plan.n_fit, effort=PERMUTATION_EFFORT)
        rungs = [run.configuration.rung for run in trained.ladder]
        # the cut procedure: the largest rungs and the late epochs cost most and matter least on so few rows
        test = run_permutations(
            lambda targets: self.workplace.make_executor(self.tensors, schedule, targets=targets, kept=False),
            self.tensors,
            (rungs[0], rungs[len(rungs) // 3], rungs[2 * len(rungs) // 3]),
            unit=split.unit[split.development],
            constant=judge.constant_losses,
            seed=self.seeds[0],
        )
        return Controls(permuted, test)

    def _train_permuted(self, configuration: Configuration) -> ConfigurationRun:
        """Train a configuration on permuted labels: what memorising alone looks like."""
        order = np.random.default_rng(self.seeds[0]).permutation(self.tensors.target.shape[1])
        executor = self.workplace.make_executor(
            self.tensors,
            self.plan.schedule,
            targets=self.tensors.target[None][:, :, order],
            kept=False,
            shapes=self.plan.shapes,
        )
        return executor.train(Job("permuted", (configuration,), self.seeds[:PERMUTED_SEEDS]))[0]

    def _train(
        self, phase: str, configurations: tuple[Configuration, ...], *, share: float, least: int = 0
    ) -> tuple[ConfigurationRun, ...]:
        """Train configurations until the phase's share of the budget is used; what a first run cut stays cut."""
        if not configurations:
            return ()
        left_out = self.workplace.read_cut(phase)
        if left_out is not None:
            kept = tuple(c for c in configurations if c.name not in left_out)
            return self.executor.train(Job(phase, kept, self.seeds))
        job = Job(phase, configurations, self.seeds, least=least)
        runs = self.executor.train(job, deadline=self.workplace.deadline(share))
        trained = {run.configuration.name for run in runs}
        if len(trained) < len(configurations):
            self.workplace.write_cut(phase, [c.name for c in configurations if c.name not in trained])
        return runs


def choose_rates(executor: LocalExecutor, rungs: tuple[Rung, ...], *, seed: int) -> tuple[Rung, ...]:
    """Choose each rung's learning rate among three before seeds are spent: a wrong rate fakes underfitting.

    One seed that is used for nothing else, at most the two last folds; the rate with the lowest validation
    loss at its best epoch wins, the middle one if none is finite.
    """
    n_folds = min(2, len(executor.tensors.fit_rows))
    last = len(executor.tensors.fit_rows) - n_folds  # of forward blocks the later ones hold more rows
    executor.compile([apply_remedies(rung, ()) for rung in rungs])
    entries = [
        (
            apply_remedies(rung, ()),
            MemberSpec(plain_hyper(rung, learning_rate=rate), seed + RATE_SEED, last + fold),
        )
        for rung in rungs
        for rate in candidate_rates(rung.widths)
        for fold in range(n_folds)
    ]
    curves = []
    for _, results in executor.run_entries(entries):
        curves.append(results.curves[0, :, 1])
        executor.report("learning rates", len(curves), len(entries))
    pooled = np.stack(curves).reshape(len(rungs), -1, n_folds, len(curves[0])).mean(axis=2)
    # a rate that diverges later is no candidate, however good it was before
    best = np.where(np.isfinite(pooled).all(axis=2), np.min(pooled, axis=2), np.inf)
    executor.training_seconds.clear()  # the search for rates is not part of what a rung costs
    return tuple(
        replace(rung, learning_rate=_pick_rate(candidate_rates(rung.widths), best[index]))
        for index, rung in enumerate(rungs)
    )


def _pick_rate(rates: tuple[float, ...], best: np.ndarray) -> float:
    return rates[int(np.argmin(best))] if np.isfinite(best).any() else rates[len(rates) // 2]


def find_remedy_rung(verdict: LadderVerdict, ladder: Sequence[ConfigurationRun]) -> Rung:
    """Give the rung for the remedies: the first that overfits, else the largest one trained."""
    rungs = [run.configuration.rung for run in ladder]
    return next((rung for rung in rungs if rung.index == verdict.rung), rungs[-1])
