"""Gates on labels: validation labels that do not belong to their rows, or are turned round."""

from __future__ import annotations

import numpy as np

from heldout.evidence.gates.build import STRICT_ALPHA, skip_gate, write_gate
from heldout.evidence.gates.fitting import SMALL_SHARE, allow_optimism
from heldout.evidence.paired import compare_paired
from heldout.evidence.questions import does_not_correspond
from heldout.evidence.wording import name_loss, say_change
from heldout.records import Answer, ConfigurationRun, Gate, JudgeSettings


def gate_labels(skill: Answer, memorising: Answer) -> Gate:
    """Ask whether the validation labels belong to their rows: something is learned, yet nothing of it holds there.

    Without skill on validation rows there may be nothing to learn; then permuted labels are fitted as well as the
    real ones. Where the real ones are fitted better (by 2.5 standard errors and the tolerance), fit and validation
    rows do not correspond: shuffled or turned labels, another encoding, other rows.

    Args:
        skill: the answer to skill.
        memorising: the answer to memorising; its estimate is training loss with permuted minus with real labels.

    Returns:
        `Gate` HO305, always overriding: a network without skill has no verdict worth giving.

    Example:
        >>> unsure = Answer("skill", "undecided", 0.0, -0.1, 0.1, 0.0)
        >>> gate_labels(unsure, Answer("memorising", "undecided", 0.0, 0.0, 0.0, 0.02)).state
        'not applicable'
    """
    if skill.answer == "yes":
        return write_gate("HO305", "Validation labels go with their rows: there is skill.", fired=False)
    if skill.answer != "no":
        return skip_gate("HO305", "skill itself is undecided")
    numbers = (memorising.estimate, memorising.low, memorising.high, memorising.tolerance)
    if np.isnan(memorising.estimate):
        return skip_gate("HO305", "no network was trained on permuted labels")
    scale = memorising.tolerance
    measured = (
        f"the training loss is {say_change(memorising.estimate, scale=scale)} worse with permuted labels (bounds "
        f"{say_change(memorising.low, scale=scale)} to {say_change(memorising.high, scale=scale)})"
    )
    if not does_not_correspond(memorising, skill):
        return write_gate("HO305", f"No skill, and none to expect: {measured}.", fired=False, numbers=numbers)
    return write_gate(
        "HO305",
        f"The fit rows' labels can be learned and nothing of it holds on the validation rows: {measured}.",
        fired=True,
        overrides=True,
        numbers=numbers,
        action="check that validation labels stand in the rows they belong to and are coded alike in all parts",
    )


def gate_flipped(run: ConfigurationRun, settings: JudgeSettings) -> Gate:
    """Ask whether validation labels are turned round: worse than a constant guess where overfitting is impossible.

    A network with far fewer weights than rows cannot learn rows by heart. If it is better than the constant predictor
    on its fit rows and worse on validation rows by more than its size can explain, it has learned the opposite.

    Args:
        run: the smallest rung.
        settings: constant predictor's losses, units, delta.

    Returns:
        `Gate` HO306; the estimate is network minus constant predictor on validation rows.
    """
    size = run.configuration.rung.n_parameters
    if size > SMALL_SHARE * run.n_rows:
        return skip_gate("HO306", f"the smallest network has {size:,} weights for {run.n_rows:,} fit rows")
    if not np.isfinite(run.losses).all():
        return skip_gate("HO306", "the smallest network diverged")
    constant = settings.constant_losses.astype(np.float32)
    train = float(run.train_curve[:, -1].mean())
    bounds = compare_paired(run.losses[-1] - constant, settings.unit, alpha=STRICT_ALPHA)
    tolerance = settings.delta + allow_optimism(run, settings)
    learned = float(constant.mean()) - train > settings.delta
    scale = settings.delta
    sentence = (
        f"With {size:,} weights on {run.n_rows:,} fit rows the validation {name_loss(settings.task)} minus the "
        f"constant predictor's is {say_change(float(bounds.mean), scale=scale)} (at least "
        f"{say_change(float(bounds.low), scale=scale)}), on fit rows "
        f"{say_change(train - float(constant.mean()), scale=scale)}."
    )
    return write_gate(
        "HO306",
        sentence,
        fired=learned and float(bounds.low) > tolerance,
        overrides=True,
        numbers=(float(bounds.mean), float(bounds.low), float(bounds.high), tolerance),
        action="check how the target is coded in the fit and in the validation rows",
    )
