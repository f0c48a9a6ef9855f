"""Which configuration is delivered: the simplest one not worse than the best beyond chance, with an honest score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from heldout.errors import DataError
from heldout.evidence.crossfit import Deployed, deploy_run, has_diverged, make_crossfit_folds, pick_epochs
from heldout.evidence.paired import (
    INTERVAL_ALPHA,
    PairedBounds,
    Units,
    bound_mean,
    compare_all_pairs,
    index_units,
    sum_units,
)
from heldout.evidence.wording import name_loss, say_change, say_interval
from heldout.records import Candidate, Choice, ConfigurationRun, DoubleArray, IndexArray, JudgeSettings

N_BAGS = 1000
ALLOWED_SHARE = 0.1  # "simplest within max(3/4 of a paired SE, delta / 10)"
# Regret in % of the constant predictor's loss at 40/120/400/1000 rows: one standard error 3.0/1.5/0.9/0.5, three
# quarters 2.8/1.4/0.7/0.5 with a tenth more parameters, the lowest loss 2.8/1.3/0.7/0.4 with two thirds more (on 76
# made tasks, docs/error-rates.md).
ALLOWED_ERRORS = 0.75
_ELEMENTS = 4_000_000


@dataclass(frozen=True)
class _Field:
    """All candidates with what the rule needs: losses, pairwise statistics, order of simplicity."""

    deployed: tuple[Deployed, ...]
    pairs: PairedBounds
    means: DoubleArray
    simplicity: IndexArray
    margin: float


ALLOWANCE = "the allowance (three quarters of a standard error, or a tenth of the tolerance)"


def choose(runs: Sequence[ConfigurationRun], settings: JudgeSettings) -> Choice:
    """Choose the configuration to deliver: the simplest within three quarters of a paired standard error of the leader.

    The winner of many is lucky; the simplest of those that cannot be told from it has nearly the same regret at two
    thirds of the size (measured: 1.35 against 1.27 % of the constant predictor's loss). Configurations with a
    diverged network are failures and never chosen. The score of the choice is the BBC bootstrap's, not the winner's
    own.

    Args:
        runs: all configurations, any order.
        settings: units, delta, alpha.

    Returns:
        `Choice` with the leaderboard (best loss first).

    Raises:
        DataError: no configuration without a diverged network.
    """
    field = _prepare(runs, settings)
    chosen, leader = _apply_rule(field.means, field)
    failures = len(runs) - len(field.deployed)
    estimate = _bootstrap([item.losses for item in field.deployed], field, settings)
    candidates = _rank(field, settings, leader=leader, chosen=chosen)
    picked = field.deployed[chosen]
    return Choice(
        name=picked.run.configuration.name,
        epoch=int(picked.run.checkpoints[picked.best]),
        leader=field.deployed[leader].run.configuration.name,
        sentence=_say_choice(field, settings, (chosen, leader, failures)),
        candidates=candidates,
        loss=estimate,
        naive_loss=float(picked.run.losses[picked.best].mean(dtype=np.float64)),
    )


def score_choice(runs: Sequence[ConfigurationRun], settings: JudgeSettings) -> tuple[float, float, float]:
    """Give the bias-corrected accuracy of the whole choice by the BBC bootstrap on hits.

    The choice in each bag is made on losses, as in `choose`; the chosen configuration's hits at its cross-fitted
    epoch are counted on the rows outside the bag.

    Args:
        runs: all configurations with `hits` (classification).
        settings: units, delta.

    Returns:
        (estimate, low, high) of the accuracy, 95 % percentile interval.

    Raises:
        DataError: a configuration has no hits (regression).
    """
    field = _prepare(runs, settings)
    hits = []
    for item in field.deployed:
        if item.run.hits.shape != item.run.losses.shape:
            raise DataError(
                f"configuration {item.run.configuration.name!r}: hits of shape {item.run.hits.shape} for losses "
                f"of shape {item.run.losses.shape}; expected the same",
                hint="accuracy needs a classification study",
            )
        hits.append(pick_epochs(item.run.hits, item.epochs, item.folds))
    return _bootstrap(hits, field, settings)


def _prepare(runs: Sequence[ConfigurationRun], settings: JudgeSettings) -> _Field:
    sound = [run for run in runs if not has_diverged(run)]
    if not sound:
        raise DataError(
            f"none of {len(runs)} configurations can be chosen: in each a network diverged or none was given",
            hint="lower the learning rate",
        )
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    deployed = tuple(deploy_run(run, settings, folds=folds) for run in sound)
    means = np.array([item.losses.mean(dtype=np.float64) for item in deployed])
    configurations = [run.configuration for run in sound]
    keys = [(item.rung.n_parameters, len(item.remedies), means[i]) for i, item in enumerate(configurations)]
    simplicity = np.array(sorted(range(len(keys)), key=lambda i: keys[i]), dtype=np.int64)
    pairs = compare_all_pairs([item.losses for item in deployed], settings.unit, alpha=settings.alpha)
    return _Field(deployed, pairs, means, simplicity, ALLOWED_SHARE * settings.delta)


def _apply_rule(means: DoubleArray, field: _Field) -> tuple[int, int]:
    """The simplest within max(3/4 of a paired SE, delta / 10) of the leader, and the leader."""
    leader = int(means.argmin())
    # One group of rows gives no standard error at all: then only the leader itself is within it.
    allowed = np.where(np.isfinite(field.pairs.se[:, leader]), field.pairs.se[:, leader], 0.0)
    near = means - means[leader] <= np.maximum(ALLOWED_ERRORS * allowed, field.margin)
    return int(field.simplicity[near[field.simplicity]][0]), leader


def _rank(field: _Field, settings: JudgeSettings, *, leader: int, chosen: int) -> tuple[Candidate, ...]:
    pairs, base = field.pairs, field.means[leader]
    mean, se, df = pairs.mean[:, leader], pairs.se[:, leader], pairs.df[:, leader]
    low, high = bound_mean(mean, se, df=df, alpha=INTERVAL_ALPHA)
    # Bonferroni over the comparisons: the truly best one is excluded with at most alpha, whoever leads by luck.
    strict, _ = bound_mean(mean, se, df=df, alpha=settings.alpha / max(1, len(field.deployed) - 1))
    lines = []
    for index in np.argsort(field.means, kind="stable"):
        item = field.deployed[int(index)]
        configuration = item.run.configuration
        lines.append(
            Candidate(
                configuration.name,
                configuration.rung.n_parameters,
                len(configuration.remedies),
                int(item.run.checkpoints[item.best]),
                float(field.means[index]),
                float(base + low[index]),
                float(base + high[index]),
                bool(strict[index] > 0),
                bool(index == chosen),
            )
        )
    return tuple(lines)


def _bootstrap(
    values: Sequence[np.ndarray], field: _Field, settings: JudgeSettings
) -> tuple[float, float, float]:
    """Choose in each bag of units by the same rule, score outside the bag.

    The standard errors inside a bag are those of all rows: recomputing them per bag costs a thousand times more.
    """
    units = index_units(settings.unit)
    losses = np.stack(
        [sum_units(item.losses.mean(axis=0, dtype=np.float64), units) for item in field.deployed]
    )
    scored = np.stack([sum_units(item.mean(axis=0, dtype=np.float64), units) for item in values])
    rng = np.random.default_rng(settings.fold_seed)
    scores = []
    for bags in _draw_bags(rng, units):
        inside = (losses @ bags.T) / (bags @ units.sizes)  # [C, B]
        outside = (bags == 0).astype(np.float64)
        rows = outside @ units.sizes
        for index in np.flatnonzero(rows > 0):
            chosen, _ = _apply_rule(inside[:, index], field)
            scores.append(float(scored[chosen] @ outside[index] / rows[index]))
    low, high = np.quantile(scores, [0.025, 0.975])
    return float(np.mean(scores)), float(low), float(high)


def _draw_bags(rng: np.random.Generator, units: Units) -> Iterator[DoubleArray]:
    """Counts of each unit in bags of as many units, in blocks that stay small."""
    n_units = units.n_units
    step = max(1, _ELEMENTS // n_units)
    for start in range(0, N_BAGS, step):
        size = min(step, N_BAGS - start)
        draws = rng.integers(0, n_units, (size, n_units)) + n_units * np.arange(size)[:, None]
        yield np.bincount(draws.ravel(), minlength=size * n_units).reshape(size, n_units).astype(np.float64)


def _say_choice(field: _Field, settings: JudgeSettings, found: tuple[int, int, int]) -> str:
    chosen, leader, failures = found
    name = field.deployed[chosen].run.configuration.name
    failed = f" {failures} configurations with a diverged network were not eligible." if failures else ""
    total = len(field.deployed)
    if chosen == leader:
        return (
            f"{name} has the lowest {name_loss(settings.task)} of {total} configurations, "
            f"{field.means[leader]:.4f}, and no simpler one comes within {ALLOWANCE}.{failed}"
        )
    low, high = bound_mean(
        field.pairs.mean[chosen, leader],
        field.pairs.se[chosen, leader],
        df=field.pairs.df[chosen, leader],
        alpha=INTERVAL_ALPHA,
    )
    difference = say_change(float(field.means[chosen] - field.means[leader]), scale=settings.delta)
    return (
        f"{name} is the simplest of {total} configurations within {ALLOWANCE} of the best, "
        f"{field.deployed[leader].run.configuration.name}: {difference} {name_loss(settings.task)} "
        f"({say_interval(float(low), float(high), level=95, scale=settings.delta)}).{failed}"
    )
