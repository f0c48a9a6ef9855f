"""Third stage: the ladder with a learning rate chosen per rung, the remedies at one rung, pairs of what helped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.evidence.crossfit import has_diverged
from heldout.evidence.racing import may_lead, pick_contenders
from heldout.executors import LocalExecutor
from heldout.executors.local import Job
from heldout.ladder import list_rates, plain_hyper, plan_schedule, set_rate
from heldout.ladder.expected import MOST_PAIRS, RACED_SEEDS, STRENGTH_SEEDS
from heldout.plan import DELIVERY_EFFORT, LEAST_ROWS_WITHOUT_PERMUTATION, PERMUTED_NETWORKS, Plan
from heldout.records import (
    LINEAR_FAMILIES,
    Answer,
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
from heldout.remedies import apply_remedies, find_layers, say_lacking
from heldout.settings import Settings, list_layers
from heldout.stages.permuting import PermutationTest, run_permutations
from heldout.stages.preparing import Prepared, list_uses
from heldout.stages.workplace import END_SECONDS, LADDER_SHARE, REMEDY_SHARE, Workplace
from heldout.train.assemble import join_seeds
from heldout.train.program import MemberSpec

SEED_STRIDE = 1000  # studies with different seeds share no network
DOUBTFUL_SHARE = 0.9  # a loss above nine tenths of the constant predictor's puts the skill in question
RATE_SEED = 1_000_003  # learning rates are chosen with a seed that is used for nothing else
PERMUTED_SEEDS = 3
CHECK_SECONDS, CHECK_DROPOUT = (
    1.5,
    0.3,
)  # one epoch, twice, may take so long (a budget); dropout draws bits at every step
# Nats, or of the variance: a network with a lower training loss knows its rows by heart (assumption).
INTERPOLATED_LOSS = 0.01
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
        self.layers = list_layers(settings)
        self.uses = list_uses(tensors.layout, plan, settings)
        self.executor = workplace.make_executor(tensors, plan.schedule, shapes=plan.shapes)
        self.seeds = tuple(range(settings.seed * SEED_STRIDE, settings.seed * SEED_STRIDE + plan.n_seeds))

    def train_ladder(self, judge: JudgeSettings) -> tuple[ConfigurationRun, ...]:
        """Choose the learning rates, then train every rung to the last epoch; never stops at the first rise.

        Rungs beyond the first that interpolates get three seeds; those of them that may still be the choice get the
        rest.
        """
        rungs, reach = choose_rates(
            self.executor, self.plan.rungs, seed=self.seeds[0], fixed=self.settings.ladder.learning_rate
        )
        configurations = tuple(apply_remedies(rung, ()) for rung in rungs)
        if differs := self.executor.check_repeats(self._pick_check(rungs)):
            self.workplace.note(differs)
        small = self._train("ladder", configurations[: reach + 1], share=LADDER_SHARE, least=2)
        self._reserve_end(small)
        least = max(0, 2 - len(small))
        large = self._train(
            "large rungs",
            configurations[reach + 1 :],
            share=LADDER_SHARE,
            least=least,
            seeds=self.seeds[:RACED_SEEDS],
        )
        self._reserve_end((*small, *large))
        contenders = [run for run in large if may_lead(run, small, judge)]
        return (*small, *self._add_seeds("ladder, more seeds", large, contenders, share=LADDER_SHARE))

    def _pick_check(self, rungs: Sequence[Rung]) -> Configuration:
        """Pick what the check for equal bits trains: the smallest network of the data's own family, with dropout.

        A linear model uses few of the operations that might differ; where a network is too dear, it has to do.
        """
        typical = [rung for rung in rungs if rung.family not in LINEAR_FAMILIES or rung.widths][:1]
        for rung in typical:
            checked = apply_remedies(rung, (RemedyUse("dropout", CHECK_DROPOUT),))
            if self.executor.expect(checked, 2) <= CHECK_SECONDS * self.plan.schedule.n_epochs:
                return checked
        return apply_remedies(rungs[0], (RemedyUse("dropout", CHECK_DROPOUT),))

    def _reserve_end(self, ladder: Sequence[ConfigurationRun]) -> None:
        """Keep the time free that delivering the dearest rung so far would take."""
        n_networks = len(self.seeds) * len(self.tensors.fit_rows)
        cost = max((self.executor.expect(run.configuration, n_networks) for run in ladder), default=0.0)
        if self.plan.n_fit < self.plan.n_fit_all:
            cost *= DELIVERY_EFFORT * self.plan.n_fit_all / self.plan.n_fit
        self.workplace.reserved = END_SECONDS + cost

    def complete_seeds(self, ladder: Sequence[ConfigurationRun], rung: Rung) -> tuple[ConfigurationRun, ...]:
        """Train the seeds that the remedies' rung still lacks: remedies are held against it seed by seed."""
        plain = [run for run in ladder if run.configuration.rung.index == rung.index]
        return self._add_seeds("plain, more seeds", ladder, plain, share=LADDER_SHARE)

    def train_remedies(self, rung: Rung, judge: JudgeSettings) -> dict[str, tuple[ConfigurationRun, ...]]:
        """Train every remedy at one rung, on the same rows and seeds.

        Every strength gets one seed; those that the comparison could pick get the rest, the others are left out.
        """
        uses = self._list_uses_at(rung)
        first = self._train(
            "remedies",
            tuple(apply_remedies(rung, (use,), layers=self.layers) for use in uses),
            share=REMEDY_SHARE,
            seeds=self.seeds[:STRENGTH_SEEDS],
        )
        by_name = {
            name: [run for run in first if run.configuration.remedies[0].name == name]
            for name in dict.fromkeys(use.name for use in uses)
        }
        contenders = {
            name: [runs[at] for at in pick_contenders(runs, judge)] for name, runs in by_name.items()
        }
        chosen = [run for runs in contenders.values() for run in runs]
        full = self._add_seeds("remedies, more seeds", chosen, chosen, share=REMEDY_SHARE)
        kept = {name: tuple(r for r in full if r.configuration.remedies[0].name == name) for name in by_name}
        # where a network diverged at every strength, that is what the report has to say
        return {name: kept[name] or tuple(runs) for name, runs in by_name.items() if runs}

    def _list_uses_at(self, rung: Rung) -> tuple[RemedyUse, ...]:
        """List the remedies that a rung can have; a note names those whose layers it lacks."""
        left_out = set()
        for name in dict.fromkeys(use.name for use in self.uses):
            named = self.layers.get(name, ())
            if lacking := say_lacking(rung, name, named):
                self.workplace.note(lacking)
            if named and not find_layers(rung, named):
                left_out.add(name)
        return tuple(use for use in self.uses if use.name not in left_out)

    def _add_seeds(
        self,
        phase: str,
        runs: Sequence[ConfigurationRun],
        chosen: Sequence[ConfigurationRun],
        *,
        share: float,
    ) -> tuple[ConfigurationRun, ...]:
        """Train the seeds that some runs lack; all runs are given back, in their order."""
        lacking = [run for run in chosen if run.losses.shape[1] < len(self.seeds)]
        if not lacking:
            return tuple(runs)
        missing = self.seeds[lacking[0].losses.shape[1] :]
        more = self._train(phase, tuple(run.configuration for run in lacking), share=share, seeds=missing)
        added = {run.configuration.name: run for run in more}
        return tuple(
            join_seeds((run, added[run.configuration.name])) if run.configuration.name in added else run
            for run in runs
        )

    def add_pairs(self, trained: Trained, results: Sequence[RemedyResult], judge: JudgeSettings) -> Trained:
        """Train at most three pairs of remedies that helped, each at its chosen strength.

        A pair is there to be chosen, not to be judged: each gets one seed, and only those that may still lead get the
        rest.
        """
        rung = trained.rung
        helped = [
            result
            for result in results
            if "helps" in (result.outcome, result.outcome_at_end)
            and any(use.name == result.name for use in self.uses)
        ]
        helped.sort(key=lambda result: result.early_stopped[0])
        chosen = [(one, other) for i, one in enumerate(helped) for other in helped[i + 1 :]][:MOST_PAIRS]
        configurations = tuple(
            apply_remedies(
                rung,
                tuple(RemedyUse(result.name, result.strength, result.detail) for result in pair),
                layers=self.layers,
            )
            for pair in chosen
        )
        first = self._train("pairs", configurations, share=REMEDY_SHARE, seeds=self.seeds[:STRENGTH_SEEDS])
        contenders = [run for run in first if may_lead(run, trained.all_runs(), judge)]
        pairs = self._add_seeds("pairs, more seeds", first, contenders, share=REMEDY_SHARE)
        return replace(trained, pairs=pairs)

    def train_controls(
        self, trained: Trained, choice: Choice, judge: JudgeSettings, prepared: Prepared
    ) -> Controls:
        """Train on permuted labels where the skill is in question, and test it by permutation in small studies."""
        chosen = trained.find(choice.name)
        best = float(np.nanmin(chosen.losses.mean(axis=(1, 2))))
        doubtful = best > DOUBTFUL_SHARE * float(np.mean(judge.constant_losses))
        n_folds = len(self.tensors.fit_rows)
        cost = self.executor.expect(chosen.configuration, PERMUTED_SEEDS * n_folds)
        permuted = None
        if doubtful and self._can_afford("permuted labels", cost):
            permuted = self._train_permuted(chosen.configuration)
        split = prepared.split
        if len(split.development) + len(split.test) >= LEAST_ROWS_WITHOUT_PERMUTATION:
            return Controls(permuted)
        schedule = plan_schedule(self.plan.n_fit, effort=PERMUTATION_EFFORT, layout=self.tensors.layout)
        rungs = [run.configuration.rung for run in trained.ladder]
        middle = apply_remedies(rungs[len(rungs) // 3], ())
        if not self._can_afford(
            "permutation test", self.executor.expect(middle, PERMUTED_NETWORKS * n_folds)
        ):
            return Controls(permuted)
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

    def _can_afford(self, what: str, seconds: float) -> bool:
        """Whether the budget still holds a control; a note says where it does not."""
        if self.workplace.can_afford(what.replace(" ", "-"), seconds):
            return True
        self.workplace.note(f"the budget is used up: the check by {what} was left out")
        return False

    def make_variant(self, tensors: Tensors, *, kept: bool = False) -> LocalExecutor:
        """Build an executor like the ladder's for other rows or targets of the same shapes, without compiling."""
        return self.workplace.make_executor(tensors, self.plan.schedule, kept=kept, shapes=self.plan.shapes)

    def _train_permuted(self, configuration: Configuration) -> ConfigurationRun:
        """Train a configuration on permuted labels, each seed on a permutation of its own: what memorising looks like.

        One permutation for all seeds would be one more data set, and its luck would count as a property of the labels.
        """
        runs = []
        for seed in self.seeds[:PERMUTED_SEEDS]:
            order = np.random.default_rng(seed).permutation(self.tensors.target.shape[1])
            executor = self.make_variant(replace(self.tensors, target=self.tensors.target[:, order]))
            runs.extend(executor.train(Job("permuted", (configuration,), (seed,))))
        return join_seeds(runs)

    def _train(
        self,
        phase: str,
        configurations: tuple[Configuration, ...],
        *,
        share: float,
        least: int = 0,
        seeds: tuple[int, ...] | None = None,
    ) -> tuple[ConfigurationRun, ...]:
        """Train configurations until the phase's share of the budget is used; what a first run cut stays cut."""
        if not configurations:
            return ()
        seeds = self.seeds if seeds is None else seeds
        left_out = self.workplace.read_cut(phase)
        if left_out is not None:
            kept = tuple(c for c in configurations if c.name not in left_out)
            return self.executor.train(Job(phase, kept, seeds))
        job = Job(phase, configurations, seeds, least=least)
        runs = self.executor.train(job, deadline=self.workplace.deadline(share))
        trained = {run.configuration.name for run in runs}
        if len(trained) < len(configurations):
            self.workplace.write_cut(phase, [c.name for c in configurations if c.name not in trained])
        return runs


def choose_rates(
    executor: LocalExecutor, rungs: tuple[Rung, ...], *, seed: int, fixed: float | None = None
) -> tuple[tuple[Rung, ...], int]:
    """Choose each rung's learning rate among three before seeds are spent: a wrong rate fakes underfitting.

    One seed that is used for nothing else, at most the two last folds; the rate with the lowest validation
    loss at its best epoch wins, the middle one if none is finite. Rungs beyond the first that interpolates take the
    place of its rate: they are the dearest, and their search would cost more than all others together.

    Args:
        executor: trains.
        rungs: the ladder.
        seed: of the study.
        fixed: the rate that the user asked for; then one network a rung shows which is the first that interpolates.

    Returns:
        The rungs with their rates, and the place of the first that interpolates (the last one if none does).
    """
    n_folds = min(2, len(executor.tensors.fit_rows))
    executor.compile([apply_remedies(rung, ()) for rung in rungs])
    chosen: list[Rung] = []
    place = 1
    for done, rung in enumerate(rungs):
        rates = _list_candidates(rung, fixed)
        curves = _try_rates(executor, rung, rates, n_folds, seed=seed)
        place = _pick_rate(curves)
        chosen.append(set_rate(rung, rates, place))
        executor.report("learning rates", done + 1, len(rungs))
        if np.mean(curves[place, :, -1, 0]) < INTERPOLATED_LOSS:
            break
    executor.training_seconds.clear()  # the search for rates is not part of what a rung costs
    reach = len(chosen) - 1
    beyond = [set_rate(rung, _list_candidates(rung, fixed), place) for rung in rungs[reach + 1 :]]
    return (*chosen, *beyond), reach


def _list_candidates(rung: Rung, fixed: float | None) -> tuple[float, ...]:
    return list_rates(rung) if fixed is None else (fixed,)


def _try_rates(
    executor: LocalExecutor, rung: Rung, rates: tuple[float, ...], n_folds: int, *, seed: int
) -> np.ndarray:
    """Train one network at each rate and fold: float32 [rates, folds, T, 2]."""
    last = len(executor.tensors.fit_rows) - n_folds  # of forward blocks the later ones hold more rows
    entries = [
        (
            apply_remedies(rung, ()),
            MemberSpec(plain_hyper(rung, learning_rate=rate), seed + RATE_SEED, last + fold),
        )
        for rate in rates
        for fold in range(n_folds)
    ]
    curves = [results.curves[0] for _, results in executor.run_entries(entries)]
    return np.stack(curves).reshape(-1, n_folds, *curves[0].shape)


def _pick_rate(curves: np.ndarray) -> int:
    """Give the place of the rate with the lowest validation loss; one that diverges later is no candidate."""
    pooled = curves[..., 1].mean(axis=1)
    best = np.where(np.isfinite(pooled).all(axis=1), np.min(pooled, axis=1), np.inf)
    return int(np.argmin(best)) if np.isfinite(best).any() else len(best) // 2


def find_remedy_rung(verdict: LadderVerdict, ladder: Sequence[ConfigurationRun]) -> Rung:
    """Give the rung for the remedies: the smallest that overfits and is not too small, else the largest.

    A linear network of many pixels overfits too, and what it cannot express no remedy gives it: from the first rung
    that overfits on, the first is taken that overfits too and that no larger one beats by more than the tolerance (by
    its estimate: this claims nothing). Where none overfits, the largest one with all seeds is taken: a rung that lost
    its race has too few seeds for a remedy to be shown to help, and remedies cost most there.

    Source:
        64 x 64 pictures of 1,758 radio galaxies: the linear rung overfits from epoch 3 and reaches accuracy 0.44 with
        every remedy; the residual network of channels 8 and 16 reaches 0.62 without any (docs/engine.md).
    """
    rungs = [run.configuration.rung for run in ladder]
    if verdict.rung >= 0:
        told = {rung.index: answers for rung, answers in zip(rungs, verdict.per_rung, strict=False)}
        from_here = [
            run.configuration.rung
            for run in ladder
            if run.configuration.rung.index >= verdict.rung and not has_diverged(run)
        ]
        enough = [rung for rung in from_here if not any(map(is_behind, told.get(rung.index, ())[-1:]))]
        overfit = [
            rung for rung in enough if any(each.answer == "yes" for each in told.get(rung.index, ())[:-1])
        ]
        return (*overfit, *enough, from_here[-1])[0]
    all_seeds = max(run.losses.shape[1] for run in ladder)
    return [run.configuration.rung for run in ladder if run.losses.shape[1] == all_seeds][-1]


def is_behind(underfit: Answer) -> bool:
    """Whether a larger rung is better by more than the tolerance, by its estimate.

    Example:
        >>> is_behind(Answer("underfit", "undecided", 0.2, -0.1, 0.5, 0.03))
        True
    """
    return underfit.estimate > underfit.tolerance
