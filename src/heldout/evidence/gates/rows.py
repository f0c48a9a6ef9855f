"""Gates on rows: copies of fit rows among the validation rows, and groups that stand on both sides."""

from __future__ import annotations

import numpy as np

from heldout.errors import DataError
from heldout.evidence.gates.build import bound_means, write_gate
from heldout.evidence.paired import index_units
from heldout.evidence.wording import name_loss, say_change
from heldout.records import BoolArray, FloatArray, Gate, JudgeSettings

FEWEST_SHARED = 10  # units; below, their own spread says nothing and only the largest possible move is known


def gate_copies(losses: FloatArray, is_copy: BoolArray, settings: JudgeSettings) -> Gate:
    """Ask whether validation rows have copies among the fit rows that trained the network judged on them.

    A copy of a fit row, exact or near, is answered from memory, so the loss speaks of memory and not of new rows.
    Copies override the verdict when leaving them out can raise the loss by more than the tolerance.

    Args:
        losses: float32 [S, M], loss of the judged configuration per seed and validation row.
        is_copy: bool [M], the row has a copy or near copy among the fit rows of its fold.
        settings: units and delta.

    Returns:
        `Gate` HO301; the estimate is how much the loss rises without the copies.

    Raises:
        DataError: the mask has another length.

    Example:
        >>> from heldout.records import Task
        >>> rule = JudgeSettings(Task.BINARY, np.full(4, 0.7), np.arange(4), 0.02)
        >>> gate_copies(np.full((2, 4), 0.5, np.float32), np.zeros(4, bool), rule).state
        'passed'
    """
    if not is_copy.any():
        _check_mask(losses, is_copy)
        return write_gate(
            "HO301",
            f"None of {is_copy.size} validation rows has a copy or near copy among its fit rows.",
            fired=False,
        )
    low, estimate, high = _bound_move(losses, is_copy, settings)
    sentence = (
        f"{int(is_copy.sum())} of {is_copy.size} validation rows have a copy or near copy among their fit rows; "
        f"without them the {_say_move(estimate, high, settings)}."
    )
    return write_gate(
        "HO301",
        sentence,
        fired=True,
        overrides=high > settings.delta,
        numbers=(estimate, low, high, settings.delta),
        action="leave the copies out of one part, or let the rows be divided without declared parts",
    )


def gate_groups(
    losses: FloatArray, is_shared: BoolArray, settings: JudgeSettings, *, what: str, declared: bool
) -> Gate:
    """Ask whether rows of one group (patient, family, site) stand on both sides of the division.

    A declared group that was cut overrides when it can move the loss by more than the tolerance. A group that was
    only found, from names and patterns, is a proposal: it overrides when it is shown to move the loss.

    Args:
        losses: float32 [S, M], loss of the judged configuration.
        is_shared: bool [M], the row's group also has fit rows in its fold.
        settings: units and delta.
        what: the group in words, e.g. "'patient'".
        declared: the user said that these rows belong together.

    Returns:
        `Gate` HO302; the estimate is how much the loss rises without the shared rows.

    Raises:
        DataError: the mask has another length.
    """
    if not is_shared.any():
        _check_mask(losses, is_shared)
        return write_gate("HO302", f"No value of {what} stands on both sides.", fired=False)
    low, estimate, high = _bound_move(losses, is_shared, settings)
    share = f"{int(is_shared.sum())} of {is_shared.size} validation rows"
    sentence = (
        f"{share} share their value of {what} with fit rows: score and verdict may be too high for a new one; without "
        f"them the {_say_move(estimate, high, settings)}."
    )
    return write_gate(
        "HO302",
        sentence,
        fired=True,
        overrides=(high if declared else low) > settings.delta,
        numbers=(estimate, low, high, settings.delta),
        action=f"if rows with the same value of {what} belong together, name it with --group",
    )


def _check_mask(losses: FloatArray, mask: BoolArray) -> None:
    if mask.shape != losses.shape[1:]:
        raise DataError(
            f"a mask of shape {mask.shape} for losses of shape {losses.shape}: expected one value per validation row",
            hint="give the mask in the pooled order of the validation rows",
        )


def _bound_move(
    losses: FloatArray, is_shared: BoolArray, settings: JudgeSettings
) -> tuple[float, float, float]:
    """How far the mean loss moves when the shared rows are left out: low, estimate, high."""
    _check_mask(losses, is_shared)
    if is_shared.all():
        return float("nan"), float("nan"), float("inf")
    mean = losses.mean(axis=0, dtype=np.float64)
    clean, shared = float(mean[~is_shared].mean()), float(mean[is_shared].mean())
    share = float(is_shared.mean())
    if min(_count_units(settings, is_shared), _count_units(settings, ~is_shared)) < FEWEST_SHARED:
        # too few for an interval; rows remembered perfectly have no loss: more cannot have been flattered here
        return float("-inf"), share * (clean - shared), share * clean
    bounds = bound_means(
        losses,
        ~is_shared / (~is_shared).sum(),
        np.full(mean.size, 1.0 / mean.size),
        index_units(settings.unit),
        alpha=settings.alpha,
    )
    return float(bounds.low), float(bounds.mean), float(bounds.high)


def _count_units(settings: JudgeSettings, mask: BoolArray) -> int:
    return len(np.unique(settings.unit[mask]))


def _say_move(estimate: float, high: float, settings: JudgeSettings) -> str:
    loss = name_loss(settings.task)
    if np.isnan(estimate):
        return f"{loss} cannot be measured, as no other rows are left"
    scale = settings.delta
    return (
        f"{loss} changes by {say_change(estimate, scale=scale)} (at most {say_change(high, scale=scale)}; tolerance "
        f"{say_change(scale, scale=scale).lstrip('+')})"
    )
