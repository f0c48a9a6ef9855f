"""Trains the networks of made tasks, several tasks in one program, and keeps what they would do on fresh rows.

A task is a fold of the tensors, so that tasks of one family share the compiled programs. Fit rows repeat up to one
length; every row that stands for the population is recorded once per view of its target, so that the loss can be
averaged over the true distribution of the target instead of one draw of it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.evidence.second import weigh_classes
from heldout.executors import LocalExecutor
from heldout.executors.local import Job
from heldout.ladder import Schedule
from heldout.records import (
    Configuration,
    ConfigurationRun,
    DoubleArray,
    FloatArray,
    Fold,
    RemedyUse,
    Rung,
    Task,
)
from heldout.remedies import apply_remedies
from heldout.suite import FIT_SIZES, PARTS, MadeTask, integrate_losses, integrate_misses
from heldout.tensors import TensorSource, build_tensors, constant_losses

LONGEST = FIT_SIZES[-1]
READ_ROWS = 320  # fit rows on which the training loss is read, each as often as any other
BATCH, N_EPOCHS = (
    32,
    20,
)  # 800 steps: past the best epoch of every size here, as in `plan_schedule` for small data
SCHEDULE = Schedule(BATCH, LONGEST // BATCH, N_EPOCHS, (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20))
SIZES = (((), 0.01), ((4,), 0.01), ((16,), 0.01), ((128,), 0.005))  # widths and learning rates
PROGRAM = (128,)  # one hidden layer of fewer units runs in this program
USES = (RemedyUse("dropout", 0.5), RemedyUse("l2", 0.003))


@dataclass(frozen=True)
class Played:
    """A made task with its trained networks.

    Args:
        task: the data and their truth.
        runs: every configuration on the validation rows, seeds as trained; curves at the checkpoints.
        expected: for each configuration float64 [E, S, P + 1], loss averaged over the target that rows could have had:
            its mean over each part of the validation rows, and over the fresh rows.
        views: float32 [E, S, L, V + F] of the largest plain configuration (see `integrate_losses`).
        constant: float64 [V], loss of the constant predictor.
        misses: as `expected`, for the share of rows whose class is named wrongly (each class counting the same where
            one has under 10 %); empty for numbers.
    """

    task: MadeTask
    runs: tuple[ConfigurationRun, ...]
    expected: tuple[DoubleArray, ...]
    views: FloatArray
    constant: DoubleArray
    misses: tuple[DoubleArray, ...] = ()


@dataclass(frozen=True)
class _Layout:
    """Where the rows of one task stand: fit rows, validation rows as drawn, then the views."""

    n_validation: int
    n_seen: int
    n_views: int

    @property
    def n_recorded(self) -> int:
        return self.n_validation + READ_ROWS + self.n_views * self.n_seen


def list_configurations(n_inputs: int, n_outputs: int) -> tuple[Configuration, ...]:
    """Give the six configurations of every study of the suite: four sizes, and the largest with dropout and with L2.

    Args:
        n_inputs: features.
        n_outputs: outputs.

    Returns:
        smallest first; plain ones before those with a remedy.
    """
    rungs = [
        Rung(index, widths, _count_weights((n_inputs, *widths, n_outputs)), rate)
        for index, (widths, rate) in enumerate(SIZES)
    ]
    plain = [apply_remedies(rung, ()) for rung in rungs]
    return (*plain, *(apply_remedies(rungs[-1], (use,)) for use in USES))


def _count_weights(units: Sequence[int]) -> int:
    return sum((before + 1) * after for before, after in itertools.pairwise(units))


def play_tasks(
    tasks: Sequence[MadeTask], *, seeds: Sequence[int], configurations: slice = slice(None)
) -> tuple[Played, ...]:
    """Train all configurations on some tasks of one shape.

    Args:
        tasks: of one family; as many each time, so that programs are shared.
        seeds: seed numbers.
        configurations: which of `list_configurations` to train.

    Returns:
        one `Played` per task.
    """
    first = tasks[0]
    n_classes = 0 if first.task is Task.REGRESSION else first.truth.shape[1]
    views = n_classes if first.task is Task.MULTICLASS else 1
    layout = _Layout(first.sizes.n_validation, len(first.truth), views)
    blocks = [_lay_out(task, layout) for task in tasks]
    n_rows = LONGEST + layout.n_recorded
    features = np.concatenate([block[0] for block in blocks])
    target = np.concatenate([block[1] for block in blocks])
    unseen = np.full(features.shape[1], -1, np.int32)
    shared = np.broadcast_to(features, (len(tasks), *features.shape))
    source = TensorSource(shared, target, first.task, n_classes, None, False, unseen)
    folds = tuple(
        Fold(k * n_rows + np.arange(LONGEST), k * n_rows + LONGEST + np.arange(layout.n_recorded))
        for k in range(len(tasks))
    )
    tensors = build_tensors(source, folds)
    chosen = list_configurations(features.shape[1], tensors.n_outputs)[configurations]
    executor = LocalExecutor(tensors, SCHEDULE, shapes={(width,): PROGRAM for width in (4, 16, 128)})
    runs = executor.train(Job("suite", chosen, tuple(seeds)))
    constant = constant_losses(source, folds).reshape(len(tasks), -1)[:, : layout.n_validation]
    unit_square = 1 / float(np.var(target))
    return tuple(
        _take_task(
            task, [_cut(run, k, layout, len(tasks)) for run in runs], layout, (constant[k], unit_square)
        )
        for k, task in enumerate(tasks)
    )


def _lay_out(task: MadeTask, layout: _Layout) -> tuple[FloatArray, DoubleArray]:
    n_fit = task.sizes.n_fit
    fit = np.resize(np.arange(n_fit), LONGEST)
    drawn = n_fit + np.arange(layout.n_validation)
    seen = n_fit + np.arange(layout.n_seen)
    read = fit[:READ_ROWS]
    rows = np.concatenate([fit, drawn, read, *[seen] * layout.n_views])
    if task.task is Task.REGRESSION:
        views = [task.truth[:, 0]]
    else:
        marks = [1.0] if task.task is Task.BINARY else list(range(layout.n_views))
        views = [np.full(layout.n_seen, mark) for mark in marks]
    target = np.concatenate([task.target[fit], task.target[drawn], task.target[read], *views])
    return task.features[rows], target


def _cut(
    run: ConfigurationRun, place: int, layout: _Layout, n_tasks: int
) -> tuple[ConfigurationRun, FloatArray]:
    """One task's part of a run: its validation rows as a run of their own, and its views."""
    first = place * layout.n_recorded
    losses = run.losses[:, :, first : first + layout.n_recorded]
    own = np.ascontiguousarray(losses[:, :, : layout.n_validation])
    fit_end = layout.n_validation + READ_ROWS
    views = losses[:, :, fit_end:].reshape(*losses.shape[:2], layout.n_views, layout.n_seen)
    hits = run.hits[:, :, first : first + layout.n_validation] if run.hits.size else run.hits
    part = ConfigurationRun(
        run.configuration,
        run.checkpoints,
        own,
        hits,
        losses[:, :, layout.n_validation : fit_end].mean(axis=2).T,
        own.mean(axis=2).T,
        run.outcomes[place::n_tasks],
        run.zero_share[place::n_tasks],
        run.weight_norm[place::n_tasks],
        run.n_rows,
    )
    return part, views


def _take_task(
    task: MadeTask,
    parts: Sequence[tuple[ConfigurationRun, FloatArray]],
    layout: _Layout,
    units: tuple[DoubleArray, float],
) -> Played:
    constant, unit_square = units
    bounds = [0, *np.cumsum(PARTS).tolist(), layout.n_seen]
    expected = [_average_parts(integrate_losses(task, views, unit_square), bounds) for _, views in parts]
    misses = []
    if task.task is not Task.REGRESSION:
        weights = weigh_classes(task.truth.mean(axis=0))
        misses = [_average_parts(integrate_misses(task, views, weights), bounds) for _, views in parts]
    largest = min(len(SIZES), len(parts)) - 1
    views = np.ascontiguousarray(parts[largest][1])
    runs = tuple(
        replace(run, n_rows=task.sizes.n_fit) for run, _ in parts
    )  # as many, not as often as repeated
    return Played(task, runs, tuple(expected), views, constant, tuple(misses))


def _average_parts(rows: FloatArray, bounds: Sequence[int]) -> DoubleArray:
    """Means over each part of the rows: float64 [..., P + 1]."""
    means = [rows[..., a:b].mean(axis=-1, dtype=np.float64) for a, b in itertools.pairwise(bounds)]
    return np.stack(means, axis=-1)
