"""Studies cut from a made task, and the truth that each is held against.

The truth of a difference is an average over a limited number of networks and fresh rows. It is mixed with the same
averages over the judged networks and rows so that an honest estimate misses it exactly as much as it misses the mean
over all networks and rows: with o others and s judged, the weight of the others is sqrt(o / (o + s)).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.evidence.crossfit import has_diverged
from heldout.evidence.curve_rule import DELTA_SHARE
from heldout.evidence.second import weigh_classes
from heldout.records import ConfigurationRun, DoubleArray, IndexArray, JudgeSettings, Task
from heldout.stages.suite_training import Played
from heldout.suite import PARTS
from heldout.suite.promises import Mark

LEAST_UNITS = 10  # below, a study gives no verdict
SEED_CHOICES = (tuple(range(5)), tuple(range(5, 10)), (0, 1, 2))


@dataclass(frozen=True)
class Study:
    """One part of the validation rows and some of the seeds of a made task, judged as a study of its own.

    Args:
        played: the whole task.
        index: number of the task.
        rows: int64, positions among the validation rows.
        seeds: positions among the seeds.
        runs: the configurations on these rows and seeds.
        judge: what they are judged against.
        truth: float64 [C, E], true loss of each configuration and checkpoint.
        constant: true loss of the constant predictor.
        misses: float64 [C, E], true share of wrong answers; empty for numbers.
    """

    played: Played
    index: int
    rows: IndexArray
    seeds: tuple[int, ...]
    runs: tuple[ConfigurationRun, ...]
    judge: JudgeSettings
    truth: DoubleArray
    constant: float
    misses: DoubleArray

    @property
    def size(self) -> str:
        """Give the size in words."""
        return f"{len(self.rows)} rows, {len(self.seeds)} seeds"

    def mark(self, promise: str, value: float) -> Mark:
        """Give a mark of this study."""
        return Mark(promise, self.played.task.family, self.size, self.index, float(value))


def cut_studies(played: Played, index: int) -> Iterator[Study]:
    """Give the studies of a task: each part of its rows with each choice of seeds.

    Args:
        played: the trained task.
        index: number of the task, also the seed of its cross-fitting folds.

    Yields:
        studies with at least ten units.
    """
    starts = np.cumsum([0, *PARTS])
    for part, seeds in itertools.product(range(len(PARTS)), SEED_CHOICES):
        rows = np.arange(starts[part], starts[part + 1])
        if (
            seeds[-1] >= played.runs[0].losses.shape[1]
            or len(np.unique(played.task.unit[rows])) < LEAST_UNITS
        ):
            continue
        runs = tuple(cut_run(run, rows, seeds) for run in played.runs)
        if any(has_diverged(run) for run in runs):
            continue
        truth = np.stack([mix_truth(item, played, part, seeds) for item in played.expected])
        constant = expect_constant(played, rows)
        misses = [mix_truth(item, played, part, seeds) for item in played.misses]
        judge = make_judge(played, rows, index)
        yield Study(played, index, rows, seeds, runs, judge, truth, constant, np.array(misses))


def make_judge(played: Played, rows: IndexArray, index: int) -> JudgeSettings:
    """Give what a part of a made task is judged against.

    Args:
        played: the trained task.
        rows: positions among the validation rows.
        index: seed of the cross-fitting folds.

    Returns:
        `JudgeSettings` with the usual tolerance.
    """
    constant, unit = played.constant[rows], played.task.unit[rows]
    weights = None
    if played.task.task is not Task.REGRESSION:
        by_class = weigh_classes(played.task.truth.mean(axis=0))  # as the truth of `Played.misses` is weighed
        drawn = played.task.target[played.task.sizes.n_fit :][rows].astype(np.int64)
        weights = None if (by_class == 1).all() else by_class[drawn]
    return JudgeSettings(
        played.task.task,
        constant,
        unit,
        DELTA_SHARE * float(constant.mean()),
        fold_seed=index,
        has_groups=len(np.unique(unit)) < len(unit),
        hit_weights=weights,
    )


def cut_run(run: ConfigurationRun, rows: IndexArray, seeds: Sequence[int]) -> ConfigurationRun:
    """Give a run on some validation rows and seeds only.

    Args:
        run: one member per seed (one fold).
        rows: positions among the validation rows.
        seeds: positions among the seeds.

    Returns:
        `ConfigurationRun`.
    """
    chosen = list(seeds)
    losses = run.losses[:, chosen][:, :, rows]
    return replace(
        run,
        losses=losses,
        hits=run.hits[:, chosen][:, :, rows] if run.hits.size else run.hits,
        train_curve=run.train_curve[chosen],
        validation_curve=losses.mean(axis=2).T,
        outcomes=tuple(run.outcomes[seed] for seed in chosen),
        zero_share=run.zero_share[chosen],
        weight_norm=run.weight_norm[chosen],
    )


def mix_truth(expected: DoubleArray, played: Played, part: int, seeds: Sequence[int]) -> DoubleArray:
    """Give the true loss at each checkpoint for a study of one part of the rows and some seeds.

    Args:
        expected: float64 [E, S, P + 1] of one configuration.
        played: for the numbers of rows; rows in groups are not mixed, as their fresh rows are other groups.
        part: which part of the rows is judged.
        seeds: which seeds are judged.

    Returns:
        float64 [E].
    """
    n_fresh = played.task.sizes.n_fresh
    is_grouped = len(np.unique(played.task.unit)) < len(played.task.unit)
    fresh_weight = 1.0 if is_grouped else weigh_others(n_fresh, PARTS[part])
    by_seed = fresh_weight * expected[:, :, -1] + (1 - fresh_weight) * expected[:, :, part]
    judged = list(seeds)
    others = [seed for seed in range(expected.shape[1]) if seed not in seeds]
    weight = weigh_others(len(others), len(judged))
    outside = by_seed[:, others].mean(axis=1) if others else 0.0
    return weight * outside + (1 - weight) * by_seed[:, judged].mean(axis=1)


def expect_constant(played: Played, rows: IndexArray) -> float:
    """Give the true loss of the constant predictor, mixed like the other truths.

    Args:
        played: the trained task.
        rows: positions among the validation rows.

    Returns:
        loss in the units of the recorded ones.
    """
    task, constant = played.task, played.constant
    drawn = task.target[task.sizes.n_fit :][: task.sizes.n_validation]
    if task.task is Task.REGRESSION:
        middle = task.target[: task.sizes.n_fit].mean()
        unit = constant.mean() / np.square(drawn - middle).mean()
        expected = unit * (np.square(task.truth[:, 0] - middle) + task.truth[:, 1])
    else:
        labels = range(task.truth.shape[1])
        # a class without validation rows has no recorded loss, and hardly any weight
        by_class = [constant[drawn == label].mean() if (drawn == label).any() else 0.0 for label in labels]
        expected = task.truth @ np.array(by_class)
    fresh = expected[task.sizes.n_validation :]
    is_grouped = len(np.unique(task.unit)) < len(task.unit)
    weight = 1.0 if is_grouped else weigh_others(len(fresh), len(rows))
    return float(weight * fresh.mean() + (1 - weight) * expected[rows].mean())


def weigh_others(n_others: int, n_judged: int) -> float:
    """Give the weight of what was not judged, so that an estimate errs against the mix as against the whole truth.

    With weight w the estimate misses the mix by w times its distance to the others' mean, whose variance is
    v / judged + v / others; w squared times that is v / judged for the weight given.

    Args:
        n_others: networks or rows that were not judged.
        n_judged: those that were.

    Returns:
        0 to 1.

    Example:
        >>> round(weigh_others(5, 5), 3), weigh_others(0, 5)
        (0.707, 0.0)
    """
    return float(np.sqrt(n_others / (n_others + n_judged)))
