"""Would more data help? Trains the chosen configuration on random halves of the fit rows, where that is cheap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.evidence.crossfit import has_diverged
from heldout.evidence.growth import FEWEST_SUBSAMPLES, judge_growth
from heldout.executors.local import Job
from heldout.records import ConfigurationRun, Growth, IndexArray, JudgeSettings, Tensors
from heldout.stages.training import Crew
from heldout.train.assemble import join_seeds

PRESETS = ("standard", "thorough")
LEAST_HALF = 20  # fit rows; smaller halves say nothing about the whole
LEAST_UNITS = 10  # as for every verdict
GROWTH_SHARE = 0.85  # of the budget, after which no half is begun


def measure_growth(
    crew: Crew, chosen: ConfigurationRun, judge: JudgeSettings, *, unit: IndexArray
) -> Growth | None:
    """Measure what the last doubling of the fit rows brought; nothing in a quick study or late in a budget.

    The halves cost as much as one configuration of the ladder at five seeds. A quarter of the rows is not trained on:
    only the last doubling is claimed, and a curve through smaller parts does not foretell the next one
    (`heldout.evidence.growth`).

    Args:
        crew: trains.
        chosen: the delivered configuration on all fit rows.
        judge: units and delta.
        unit: int64 [N], unit of each development row; halves never cut one.

    Returns:
        `Growth`, or None where it was not measured.
    """
    n_seeds = chosen.losses.shape[1]
    few = n_seeds < FEWEST_SUBSAMPLES or chosen.n_rows < 2 * LEAST_HALF
    if crew.plan.preset not in PRESETS or few or len(np.unique(judge.unit)) < LEAST_UNITS:
        return None
    halves = []
    n_half = []
    for number in range(FEWEST_SUBSAMPLES):
        tensors, size = halve_rows(crew.tensors, unit, seed=number)
        executor = crew.make_variant(tensors, kept=True)
        job = Job(f"half-{number + 1}", (chosen.configuration,), crew.seeds[number : number + 1])
        runs = ()
        if crew.workplace.read_cut(job.phase) is None:
            runs = executor.train(job, deadline=crew.workplace.deadline(GROWTH_SHARE))
        if not runs:
            crew.workplace.write_cut(job.phase, [])
            crew.workplace.note("the budget is used up: what more rows would bring was not measured")
            return None
        halves.append(runs[0])
        n_half.append(size)
    half = join_seeds(halves)
    if has_diverged(half) or has_diverged(chosen):
        return None
    return judge_growth(chosen, half, judge, n_half=round(float(np.mean(n_half))))


def halve_rows(tensors: Tensors, unit: IndexArray, *, seed: int) -> tuple[Tensors, int]:
    """Give the tensors with a random half of the units as fit rows, each row repeated: shapes and steps stay.

    Args:
        tensors: arrays of the study.
        unit: int64 [N], unit of each row.
        seed: which half.

    Returns:
        the tensors, and the mean number of different fit rows of a fold.
    """
    names, code = np.unique(unit, return_inverse=True)
    code = code.reshape(-1)
    sizes = np.bincount(code)
    order = np.random.default_rng((seed, len(unit))).permutation(len(names))
    taken = np.zeros(len(names), bool)
    taken[order[np.cumsum(sizes[order]) <= len(unit) / 2]] = True
    half = taken[code]
    rows, weights, counts = [], [], []
    for fit, weight in zip(tensors.fit_rows, tensors.fit_weight, strict=True):
        real = np.flatnonzero((weight > 0) & half[fit])
        real = real if len(real) else np.flatnonzero(weight > 0)
        place = np.resize(real, len(fit))
        repeats = np.bincount(place, minlength=len(fit))[place]
        part = weight[place] / repeats
        rows.append(fit[place])
        weights.append(part / part.mean())
        counts.append(len(real))
    made = replace(tensors, fit_rows=np.stack(rows), fit_weight=np.stack(weights).astype(np.float32))
    return made, round(float(np.mean(counts)))
