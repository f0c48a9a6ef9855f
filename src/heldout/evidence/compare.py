"""Which remedy helped: each against the plain network, at the last epoch and with both stopped early."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heldout.evidence.crossfit import (
    Deployed,
    assemble_choice,
    average_outside,
    deploy_run,
    has_diverged,
    leave_seed_out,
    make_crossfit_folds,
    pick_epochs,
)
from heldout.evidence.paired import (
    INTERVAL_ALPHA,
    NOT_KNOWN,
    PairedBounds,
    compare_paired,
    find_p_above,
    index_units,
    list_interval,
)
from heldout.evidence.wording import name_loss, say_change, say_estimate
from heldout.records import (
    Configuration,
    ConfigurationRun,
    FloatArray,
    IndexArray,
    JudgeSettings,
    RemedyResult,
)

# The epoch is chosen too. 95 % intervals covered 92/90/87/87 % at 40/120/400/1000 rows with 1, 94/93/92/90 % with 1.15,
# 96/96/95/94 % with 1.3 (measured, 1,216 intervals of 76 tasks; docs/error-rates.md).
EARLY_STOPPED_WIDTH = 1.3
MIN_SEEDS_TO_HELP = 5


@dataclass(frozen=True)
class _Pairing:
    """One remedy before the family's correction."""

    name: str
    strength: float
    configuration: str
    at_end: PairedBounds | None
    early: PairedBounds | None
    n_seeds: int
    why_not: str = ""
    detail: str = ""


def adjust_holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p values by Holm's step-down rule, so that any false claim in the family has the nominal rate.

    Args:
        p_values: of one family; NaN entries are not tested and stay NaN.

    Returns:
        adjusted p values in the same order.

    Source:
        Holm 1979, Scandinavian Journal of Statistics 6:65.

    Example:
        >>> adjust_holm([0.01, 0.04, 0.02])
        (0.03, 0.04, 0.04)
    """
    given = np.asarray(p_values, dtype=np.float64)
    tested = np.flatnonzero(~np.isnan(given))
    order = tested[np.argsort(given[tested], kind="stable")]
    steps = np.minimum(1.0, given[order] * np.arange(order.size, 0, -1))
    adjusted = given.copy()
    adjusted[order] = np.maximum.accumulate(steps) if order.size else steps
    return tuple(float(value) for value in adjusted)


def compare_remedies(
    plain: ConfigurationRun,
    remedies: Mapping[str, Sequence[ConfigurationRun]],
    settings: JudgeSettings,
) -> tuple[RemedyResult, ...]:
    """Compare every remedy with the plain network of the same rung, on the same rows and seeds.

    Two comparators, because most of what weight decay or dropout gains at the last epoch early stopping gains as
    well. The strength of a remedy is chosen without the rows it is judged on. All comparisons of the table are one
    family (Holm). Under five seeds a remedy may hurt, never help. The first result is early stopping itself: the
    plain network at its cross-fitted epoch against its last one; `strength` is then the deployed epoch, and its
    second comparator does not exist (NaN, "not applicable").

    Args:
        plain: the rung without remedies.
        remedies: name -> its strengths as runs; `fewer_parameters` -> smaller rungs (strength = parameters).
        settings: units, delta, alpha.

    Returns:
        `RemedyResult` per remedy; differences are remedy minus plain, so negative is better; 95 % two-sided.
    """
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    given = [(name, runs) for name, runs in remedies.items() if name != "early_stopping"]
    if has_diverged(plain):
        why = f"a network of {plain.configuration.name} diverged, so there is nothing to compare with"
        names = ["early_stopping", *(name for name, _ in given)]
        pairings = [_Pairing(name, float("nan"), "", None, None, 0, why) for name in names]
    else:
        own = deploy_run(plain, settings, folds=folds)
        pairings = [_pair_stopping(own, settings)]
        pairings += [_pair_remedy(name, runs, own, settings) for name, runs in given]
    tests = [_find_p(bounds) for item in pairings for bounds in (item.at_end, item.early)]
    adjusted = adjust_holm(tests)
    return tuple(
        _conclude(item, adjusted[2 * i : 2 * i + 2], settings, len(given) + 1)
        for i, item in enumerate(pairings)
    )


def _pair_stopping(own: Deployed, settings: JudgeSettings) -> _Pairing:
    bounds = compare_paired(
        own.losses - own.run.losses[-1], settings.unit, alpha=INTERVAL_ALPHA, widen=EARLY_STOPPED_WIDTH
    )
    epoch = float(own.run.checkpoints[own.best])
    return _Pairing("early_stopping", epoch, own.run.configuration.name, bounds, None, len(own.losses))


def _pair_remedy(
    name: str, runs: Sequence[ConfigurationRun], own: Deployed, settings: JudgeSettings
) -> _Pairing:
    sound = [run for run in runs if not has_diverged(run)]
    if not sound:
        why = "at every strength a network diverged" if runs else "it was not run"
        return _Pairing(name, float("nan"), "", None, None, 0, why)
    units = index_units(settings.unit)
    n_seeds = min(own.run.losses.shape[1], *(run.losses.shape[1] for run in sound))
    deployed = [deploy_run(run, settings, folds=own.folds) for run in sound]
    ends = _assemble_ends(sound, own.folds, n_seeds)
    at_end = compare_paired(ends - own.run.losses[-1, :n_seeds], units, alpha=INTERVAL_ALPHA)
    early = compare_paired(
        assemble_choice(deployed, n_seeds=n_seeds) - own.losses[:n_seeds],
        units,
        alpha=INTERVAL_ALPHA,
        widen=EARLY_STOPPED_WIDTH,
    )
    best = min(deployed, key=lambda item: float(item.losses.mean(dtype=np.float64))).run.configuration
    strength, detail = _find_strength(name, best)
    return _Pairing(name, strength, best.name, at_end, early, n_seeds, detail=detail)


def _find_strength(name: str, configuration: Configuration) -> tuple[float, str]:
    for use in configuration.remedies:
        if use.name == name:
            return use.strength, use.detail
    return (float(configuration.rung.n_parameters) if name == "fewer_parameters" else float("nan")), ""


def _assemble_ends(runs: Sequence[ConfigurationRun], folds: IndexArray, n_seeds: int) -> FloatArray:
    """Losses at the last epoch of the strength chosen outside each fold and seed."""
    stacked = np.stack([run.losses[-1, :n_seeds] for run in runs])  # [strengths, S, M]
    winner = leave_seed_out(average_outside(stacked, folds)).argmin(axis=0)
    return pick_epochs(stacked, winner, folds)


def _find_p(bounds: PairedBounds | None) -> float:
    """Two-sided p value of "no difference"."""
    if bounds is None:
        return float("nan")
    p_above = float(find_p_above(bounds, 0.0))
    if float(bounds.se) == 0 and float(bounds.mean) == 0:
        return 1.0
    return min(1.0, 2 * min(p_above, 1 - p_above))


def _name_outcome(bounds: PairedBounds | None, p: float, n_seeds: int, settings: JudgeSettings) -> str:
    if bounds is None:
        return "cannot tell"
    significant = p <= settings.alpha
    if significant and float(bounds.mean) > 0:
        return "hurts"
    if significant and float(bounds.mean) < 0 and n_seeds >= MIN_SEEDS_TO_HELP:
        return "helps"
    inside = float(bounds.low) > -settings.delta and float(bounds.high) < settings.delta
    return "equivalent" if inside else "cannot tell"


def _conclude(
    item: _Pairing, adjusted: Sequence[float], settings: JudgeSettings, n_remedies: int
) -> RemedyResult:
    at_end = _name_outcome(item.at_end, adjusted[0], item.n_seeds, settings)
    early = _name_outcome(item.early, adjusted[1], item.n_seeds, settings)
    if item.name == "early_stopping" and item.early is None:
        early = "not applicable"
    return RemedyResult(
        item.name,
        item.strength,
        item.configuration,
        _list_known(item.at_end),
        _list_known(item.early),
        at_end,
        early,
        _say_remedy(item, (at_end, early), settings, n_remedies),
        item.detail,
    )


def _list_known(bounds: PairedBounds | None) -> tuple[float, float, float]:
    return NOT_KNOWN if bounds is None else list_interval(bounds)


def _say_remedy(item: _Pairing, outcomes: tuple[str, str], settings: JudgeSettings, n_remedies: int) -> str:
    title = " ".join([item.name.replace("_", " "), item.detail]).strip()
    if item.at_end is None:
        return f"{title}: cannot tell, {item.why_not}."
    n_rows, loss, delta = settings.unit.size, name_loss(settings.task), settings.delta
    basis = f"{_count_seeds(item.n_seeds)} x {n_rows} rows; one of {n_remedies} remedies"
    first = say_estimate(list_interval(item.at_end), scale=delta)
    if item.early is None:
        end = f"{_say_outcome(item.at_end, outcomes[0], item.n_seeds, settings)}."
        return f"{title} (epoch {item.strength:.0f} instead of the last): {loss} {first} ({basis}): {end}"
    end = _say_outcome(item.early, outcomes[1], item.n_seeds, settings)
    without = _say_outcome(item.at_end, outcomes[0], item.n_seeds, settings)
    return (
        f"{title} {item.strength:g}: validation {loss} {first} without early stopping: {without}; "
        f"{say_estimate(list_interval(item.early), scale=delta)} with early stopping: {end} ({basis})."
    )


def _count_seeds(n_seeds: int) -> str:
    return f"{n_seeds} seed{'' if n_seeds == 1 else 's'}"


def _say_outcome(bounds: PairedBounds, outcome: str, n_seeds: int, settings: JudgeSettings) -> str:
    delta = settings.delta
    if outcome == "helps":
        return "helps, by more than the tolerance" if float(bounds.high) < -delta else "helps"
    if outcome == "hurts":
        return "hurts"
    if outcome == "equivalent":
        gain = say_change(max(0.0, -float(bounds.low)), scale=delta).lstrip("+")
        return f"excludes a gain above {gain}: did not help"
    if n_seeds < MIN_SEEDS_TO_HELP:
        verb = "is" if n_seeds == 1 else "are"
        # one seed is what racing left of a strength, not what the study was asked for
        option = f" (--seeds {MIN_SEEDS_TO_HELP})" if n_seeds > 1 else ""
        return f"cannot tell, {_count_seeds(n_seeds)} {verb} too few to say that it helps{option}"
    return "no clear difference"
