"""Which configurations are worth further seeds: decided from a few, so that the rest need not be trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heldout.evidence.crossfit import (
    average_outside,
    deploy_run,
    has_diverged,
    leave_seed_out,
    make_crossfit_folds,
)
from heldout.records import ConfigurationRun, JudgeSettings


def pick_contenders(runs: Sequence[ConfigurationRun], settings: JudgeSettings) -> tuple[int, ...]:
    """Give the strengths of one remedy that the rule of choice picks for any part of the rows.

    The comparison of remedies chooses the strength for each fifth of the rows on the other four, twice: at the last
    epoch and early-stopped. A strength that neither choice ever picks cannot enter the comparison, so its further
    seeds are not trained. Choosing on rows outside each fold keeps the comparison honest: nothing is dropped because
    of the rows it would be judged on.

    Args:
        runs: one per strength, with the same few seeds.
        settings: units and fold seed.

    Returns:
        Places in `runs`, increasing; none when at every strength a network diverged.

    Example:
        >>> pick_contenders((), JudgeSettings("binary", np.ones(4), np.arange(4), 0.1))
        ()
    """
    sound = [place for place, run in enumerate(runs) if not has_diverged(run)]
    if not sound:
        return ()
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    ends = np.stack([runs[place].losses[-1] for place in sound])
    at_end = leave_seed_out(average_outside(ends, folds)).argmin(axis=0)
    deployed = [deploy_run(runs[place], settings, folds=folds) for place in sound]
    early = np.stack([item.outside for item in deployed]).argmin(axis=0)
    return tuple(sound[winner] for winner in np.unique(np.concatenate([at_end.ravel(), early.ravel()])))


def may_lead(run: ConfigurationRun, others: Sequence[ConfigurationRun], settings: JudgeSettings) -> bool:
    """Say whether a larger rung, seen with a few seeds, may still be the choice.

    The choice is the simplest within most of a standard error of the best, so that a larger configuration is chosen
    only where it clearly beats all simpler ones; a few seeds in which it does not even lie ahead end its race. Most of
    the standard error comes from the rows, which further seeds would not change, so that none is allowed for.

    Args:
        run: the larger rung, or a pair of remedies.
        others: simpler configurations it competes with.
        settings: units and fold seed.
    """
    sound = [other for other in others if not has_diverged(other)]
    if has_diverged(run):
        return False
    if not sound:
        return True
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    own = deploy_run(run, settings, folds=folds).losses
    deployed = [deploy_run(other, settings, folds=folds).losses[: len(own)] for other in sound]
    best = min(deployed, key=lambda losses: float(losses.mean(dtype=np.float64)))
    return float(own.mean(dtype=np.float64)) <= float(best[: len(own)].mean(dtype=np.float64))
