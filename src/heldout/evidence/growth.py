"""Would more data help? What the last doubling of the fit rows brought; the next one is a guess and says so."""

from __future__ import annotations

import math

import numpy as np

from heldout.errors import DataError
from heldout.evidence.crossfit import deploy_run, make_crossfit_folds
from heldout.evidence.paired import INTERVAL_ALPHA, compare_paired, index_units
from heldout.evidence.wording import name_loss, say_change, say_interval
from heldout.records import ConfigurationRun, Growth, JudgeSettings

FEWEST_SUBSAMPLES = 5


def judge_growth(
    full: ConfigurationRun, half: ConfigurationRun, settings: JudgeSettings, *, n_half: int
) -> Growth:
    """Say what twice as many fit rows brought, from the same rows' out-of-fold losses.

    Only the measured step is claimed. Extrapolation is weak: a power law fitted on parts of one data set missed the
    gain of the next doubling in a quarter of its 90 % intervals, and in 38 % of the tasks the next doubling brought
    more than the last. So the next step is returned as a guess, from half of the measured fall (loss with the
    inverse of n) to all of it (a fall that does not slow down).

    Args:
        full: the configuration trained on all fit rows.
        half: the same, seed number b trained on the b-th random half; at least 5 seeds.
        settings: units, delta.
        n_half: fit rows of a half.

    Returns:
        `Growth`; `fall` is positive where more rows helped.

    Raises:
        DataError: fewer than 5 subsamples or seeds, or the halves are not smaller.
    """
    n_pairs = min(full.losses.shape[1], half.losses.shape[1])
    if n_pairs < FEWEST_SUBSAMPLES:
        raise DataError(
            f"{half.losses.shape[1]} halves and {full.losses.shape[1]} seeds: expected at least {FEWEST_SUBSAMPLES}",
            hint="train on more halves",
        )
    if not 0 < n_half < full.n_rows:
        raise DataError(f"{n_half} rows are no part of {full.n_rows}: expected fewer, at least one")
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    small, large = (deploy_run(run, settings, folds=folds).losses[:n_pairs] for run in (half, full))
    bounds = compare_paired(small - large, index_units(settings.unit), alpha=INTERVAL_ALPHA)
    fall = (float(bounds.mean), float(bounds.low), float(bounds.high))
    answer = "undecided"
    if fall[2] < settings.delta:
        answer = "flat"
    elif fall[1] > 0:
        answer = "falling"
    guess = (0.5 * fall[0], fall[0]) if answer == "falling" else (math.nan, math.nan)
    found = Growth(answer, n_half, full.n_rows, fall, guess, n_pairs, "")
    return Growth(answer, n_half, full.n_rows, fall, guess, n_pairs, _say_growth(found, settings))


def _say_growth(found: Growth, settings: JudgeSettings) -> str:
    scale = settings.delta
    change = tuple(-value for value in found.fall)
    verb = {"falling": "fell", "flat": "did not fall by more than the tolerance"}.get(
        found.answer, "changed by an amount that is not clear"
    )
    interval = say_interval(change[2], change[1], level=95, scale=scale)
    start = (
        f"From {found.n_half:,} to {found.n_full:,} fit rows the {name_loss(settings.task)} {verb}: "
        f"{say_change(change[0], scale=scale)} ({interval}; {found.n_subsamples} random halves, tolerance "
        f"{say_change(scale, scale=scale).lstrip('+')})."
    )
    if np.isnan(found.guess[0]):
        return start
    few, many = (say_change(-value, scale=scale) for value in found.guess)
    return f"{start} Another doubling may bring {few} to {many}: a guess, not a measurement."
