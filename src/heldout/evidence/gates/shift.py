"""The gate on shift: can a classifier tell validation rows from fit rows, and would that change the loss?"""

from __future__ import annotations

import numpy as np

from heldout.errors import DataError
from heldout.evidence.gates.build import bound_means, skip_gate, write_gate
from heldout.evidence.intervals import bound_auc, bound_auc_within, bound_mean_auc
from heldout.evidence.paired import index_units
from heldout.evidence.wording import name_loss, say_change
from heldout.ranks import find_auc
from heldout.records import BoolArray, DoubleArray, FloatArray, Gate, IndexArray, JudgeSettings

SHIFT_AUC = 0.55  # lower bounds up to here are differences no score would show
FEWEST_ROWS, FEWEST_UNITS = 20, 30
MOST_WEIGHT = 20.0  # of one row; heavier ones would let a handful of rows decide (assumption)


def gate_shift(
    score: DoubleArray,
    is_validation: BoolArray,
    unit: IndexArray,
    losses: FloatArray | None,
    settings: JudgeSettings,
    *,
    ordered: bool = False,
    stratum: IndexArray | None = None,
) -> Gate:
    """Ask whether fit and validation rows look alike (adversarial validation).

    A classifier was trained, out of fold, to tell them apart; its AUC with DeLong's lower bound above 0.55 means that
    they differ. It overrides when weighting the validation rows like the fit rows can move their loss by more than
    the tolerance. Where the division follows time, a shift is what time does: a finding, never a verdict. Of classes
    the AUC is that within each class: other class shares alone are a finding of their own (HO255), and no fault.

    Args:
        score: float64 [R], out-of-fold probability of being a validation row.
        is_validation: bool [R].
        unit: int64 [R], unit of each row.
        losses: float32 [S, V], losses of the judged configuration on the validation rows among them, in their order;
            None when not known (any shift then overrides).
        settings: delta and alpha.
        ordered: the division follows time.
        stratum: int64 [R], class of each row, each with at least two rows on both sides; None without classes.

    Returns:
        `Gate` HO304; the numbers are those of the AUC.

    Raises:
        DataError: shapes do not agree.

    Source:
        DeLong 1988; weights as odds: Bickel, Brueckner and Scheffer 2009, JMLR 10:2137.
    """
    n_validation = int(is_validation.sum())
    if not score.shape == is_validation.shape == unit.shape:
        raise DataError(
            f"{score.size} scores, {is_validation.size} marks and {unit.size} units: expected one of each per row"
        )
    if losses is not None and losses.shape[1] != n_validation:
        raise DataError(
            f"losses of shape {losses.shape} for {n_validation} validation rows among the scored ones",
            hint="give the losses of exactly these rows, in their order",
        )
    if min(n_validation, is_validation.size - n_validation) < FEWEST_ROWS:
        return skip_gate("HO304", f"under {FEWEST_ROWS} rows on one side")
    auc, low, high = _bound_auc(score, is_validation, unit, stratum)
    if np.isnan(low):
        return skip_gate("HO304", f"under {FEWEST_UNITS} groups, too few for an interval")
    numbers = (auc, low, high, SHIFT_AUC)
    within = "" if stratum is None else "within classes "
    measured = (
        f"a classifier tells them apart {within}with AUC {auc:.2f} (95 % interval {low:.2f} to {high:.2f})"
    )
    if low <= SHIFT_AUC:
        return write_gate(
            "HO304", f"Fit and validation rows look alike: {measured}.", fired=False, numbers=numbers
        )
    estimate, reach = _reach(score[is_validation], unit[is_validation], losses, settings)
    start = "Fit and validation rows differ"
    if ordered:
        start = "Later rows differ from earlier ones, which time may do"
    return write_gate(
        "HO304",
        f"{start}: {measured}; {_say_reach(estimate, reach, settings)}.",
        fired=True,
        overrides=reach > settings.delta and not ordered,
        numbers=numbers,
        action="find out how the parts were made; let the rows be divided at random, or by group, if they may be",
    )


def _bound_auc(
    score: DoubleArray, positive: BoolArray, unit: IndexArray, stratum: IndexArray | None
) -> tuple[float, float, float]:
    units, auc = index_units(unit), find_auc(score, positive)
    is_alone = units.n_units == unit.size
    if not is_alone and units.n_units < FEWEST_UNITS:
        return auc, float("nan"), float("nan")
    if stratum is not None and np.ptp(stratum) > 0:
        return bound_auc_within(score, positive, stratum, units)
    return auc, *(bound_auc(score, positive) if is_alone else bound_mean_auc([(score, positive)], units))


def _reach(
    score: DoubleArray, unit: IndexArray, losses: FloatArray | None, settings: JudgeSettings
) -> tuple[float, float]:
    """How far the loss moves when validation rows are weighted like fit rows: estimate, and the most it may be."""
    if losses is None:
        return float("nan"), float("inf")
    odds = np.clip((1 - score) / np.maximum(score, 1e-6), 1 / MOST_WEIGHT, MOST_WEIGHT)
    plain = np.full(odds.size, 1.0 / odds.size)
    bounds = bound_means(losses, plain, odds / odds.sum(), index_units(unit), alpha=settings.alpha)
    return float(bounds.mean), max(float(bounds.high), -float(bounds.low))


def _say_reach(estimate: float, reach: float, settings: JudgeSettings) -> str:
    if np.isnan(estimate):
        return "what that does to the loss is not known"
    scale = settings.delta
    return (
        f"weighted like the fit rows, the validation {name_loss(settings.task)} would move by "
        f"{say_change(estimate, scale=scale)} (by at most {say_change(reach, scale=scale).lstrip('+')}, tolerance "
        f"{say_change(scale, scale=scale).lstrip('+')})"
    )
