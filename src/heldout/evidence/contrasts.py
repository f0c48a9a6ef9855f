"""What is compared with what for each question: a cross-fitted "yes" side and all alternatives for the "no" side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.evidence.crossfit import Deployed, assemble_choice
from heldout.evidence.paired import (
    PairedBounds,
    Units,
    compare_paired,
    find_p_above,
    index_units,
    raise_seed_variance,
)
from heldout.records import Configuration, DoubleArray, JudgeSettings

# Seed variance that a chosen comparison has at least, as a quantile of the unchosen ones'. Measured false "too big"
# at the tolerance itself, 5 seeds, 500 rows, 150 studies, nominal 5 %: no floor 11 %, their mean 7 %, this 6 %,
# their largest 5 % (which costs too much power when there are many alternatives).
STEADY_QUANTILE = 0.75


@dataclass(frozen=True)
class Contrast:
    """One question as numbers.

    Args:
        question: "skill", "overtrained", "too big" or "underfit".
        yes: scalar bounds of the cross-fitted difference; "yes" when its lower bound is above the tolerance.
        each: bounds [A] against every single alternative; "no" when all upper bounds are below the tolerance.
        n_seeds: seeds S behind the numbers.
        n_units: units G behind the numbers.
        can_be_yes: False where the construction can only show "no".
    """

    question: str
    yes: PairedBounds
    each: PairedBounds
    n_seeds: int
    n_units: int
    can_be_yes: bool = True


def find_p_yes(contrast: Contrast, delta: float) -> float:
    """Give the p value of "the true difference is at most delta" from the cross-fitted difference.

    Args:
        contrast: a question as numbers.
        delta: the tolerance.

    Returns:
        p between 0 and 1; 1 where "yes" cannot be shown.
    """
    return float(find_p_above(contrast.yes, delta)) if contrast.can_be_yes else 1.0


def contrast_skill(deployed: Deployed, settings: JudgeSettings) -> Contrast:
    """Compare the constant predictor with the deployed losses; positive means the network is better.

    Args:
        deployed: the configuration at its cross-fitted epoch.
        settings: holds the constant predictor's losses.

    Returns:
        `Contrast` with one alternative (the same difference).
    """
    constant = settings.constant_losses.astype(np.float32)
    units = index_units(settings.unit)
    bounds = compare_paired(constant - deployed.losses, units, alpha=settings.alpha)
    return Contrast("skill", bounds, _stack_bounds([bounds]), len(deployed.losses), units.n_units)


def contrast_overtrained(
    deployed: Deployed, settings: JudgeSettings, *, at_deployed: bool = False
) -> Contrast:
    """Compare the last epoch (or the deployed one) with the best epoch.

    "yes" compares with the epoch chosen without the row's fold and seed: a chosen reference is never better than the
    true best one, so the claim only becomes more cautious. "no" needs every recorded epoch to be at most delta better.
    With `at_deployed` the delivered epoch policy itself is asked; it is its own best guess, so "yes" is impossible
    and the estimate is against the epoch that looks best with all rows.

    Args:
        deployed: the configuration.
        settings: units and alpha.
        at_deployed: ask about the deployed epoch instead of the last one.

    Returns:
        `Contrast` with one alternative per checkpoint.
    """
    run, units = deployed.run, index_units(settings.unit)
    side = deployed.losses if at_deployed else run.losses[-1]
    each = compare_paired(side - run.losses, units, alpha=settings.alpha)
    reference = run.losses[deployed.best] if at_deployed else deployed.losses
    yes = compare_paired(side - reference, units, alpha=settings.alpha)
    if not at_deployed and len(run.losses) > 1:
        yes = _steady(yes, each.seed_variance[:-1], (len(side), units.n_units), settings.alpha)
    return Contrast("overtrained", yes, each, len(side), units.n_units, can_be_yes=not at_deployed)


def contrast_alternatives(
    question: str, deployed: Deployed, alternatives: Sequence[Deployed], settings: JudgeSettings
) -> Contrast:
    """Compare a configuration with others, each at its own cross-fitted epoch; positive means others are better.

    Args:
        question: "too big" (alternatives simpler or remedied) or "underfit" (alternatives larger or freer).
        deployed: the configuration asked about.
        alternatives: at least one.
        settings: units and alpha.

    Returns:
        `Contrast` with one entry per alternative.
    """
    units = index_units(settings.unit)
    n_seeds = min(len(deployed.losses), *(len(item.losses) for item in alternatives))
    best = assemble_choice(alternatives, n_seeds=n_seeds)
    yes = compare_paired(deployed.losses[:n_seeds] - best, units, alpha=settings.alpha)
    each = _stack_bounds([_compare_common(deployed, item, units, settings.alpha) for item in alternatives])
    yes = _steady(yes, each.seed_variance, (n_seeds, units.n_units), settings.alpha)
    return Contrast(question, yes, each, n_seeds, units.n_units)


def pick_restrained(configuration: Configuration, others: Sequence[Configuration]) -> tuple[int, ...]:
    """Give the alternatives of TOO BIG: fewer parameters, or as many with a remedy that is not a weaker one.

    Args:
        configuration: the one asked about.
        others: all configurations (itself is skipped).

    Returns:
        positions in `others`.
    """
    return tuple(i for i, other in enumerate(others) if _is_restrained(other, configuration))


def pick_freer(configuration: Configuration, others: Sequence[Configuration]) -> tuple[int, ...]:
    """Give the alternatives of UNDERFIT: more parameters, or as many with weaker or fewer remedies.

    Args:
        configuration: the one asked about.
        others: all configurations (itself is skipped).

    Returns:
        positions in `others`.
    """
    return tuple(
        i
        for i, other in enumerate(others)
        if other.name != configuration.name
        and (
            other.rung.n_parameters > configuration.rung.n_parameters
            or (
                other.rung.n_parameters == configuration.rung.n_parameters
                and _is_weaker(other, configuration)
            )
        )
    )


def _is_restrained(other: Configuration, own: Configuration) -> bool:
    if other.name == own.name or other.rung.n_parameters > own.rung.n_parameters:
        return False
    if other.rung.n_parameters < own.rung.n_parameters:
        return True
    return bool(other.remedies) and not _is_weaker(other, own)


def _is_weaker(other: Configuration, own: Configuration) -> bool:
    """Every remedy of `other` is also in `own`, at no more strength, and they differ."""
    mine = {use.name: use.strength for use in own.remedies}
    theirs = {use.name: use.strength for use in other.remedies}
    return theirs != mine and all(strength <= mine.get(name, -np.inf) for name, strength in theirs.items())


def _steady(
    yes: PairedBounds, seed_variances: DoubleArray, counts: tuple[int, int], alpha: float
) -> PairedBounds:
    floor = float(np.quantile(seed_variances, STEADY_QUANTILE))
    return raise_seed_variance(yes, floor, n_seeds=counts[0], n_units=counts[1], alpha=alpha)


def _compare_common(one: Deployed, other: Deployed, units: Units, alpha: float) -> PairedBounds:
    n_seeds = min(len(one.losses), len(other.losses))
    return compare_paired(one.losses[:n_seeds] - other.losses[:n_seeds], units, alpha=alpha)


def _stack_bounds(bounds: Sequence[PairedBounds]) -> PairedBounds:
    fields = [
        np.array([float(getattr(item, name)) for item in bounds])
        for name in PairedBounds.__dataclass_fields__
    ]
    arrays: list[DoubleArray] = fields
    return PairedBounds(*arrays)
