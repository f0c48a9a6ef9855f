"""The gate on the loss itself: can probabilities be right if the share of right answers is so much higher?"""

from __future__ import annotations

import numpy as np
from scipy.special import entr

from heldout.errors import DataError
from heldout.evidence.gates.build import STRICT_ALPHA, skip_gate, write_gate
from heldout.evidence.intervals import bound_share
from heldout.evidence.paired import compare_paired
from heldout.evidence.wording import say_change
from heldout.records import BoolArray, FloatArray, Gate, JudgeSettings, Task

CEILING_QUANTILE = 0.99  # "the surest rows": one odd row must not hide a ceiling
CEILING_MARGIN = (
    0.03  # share of right answers above the surest probability (smaller excesses are not a fault)
)
LOSS_MARGIN = 0.03  # nats above what calibrated outputs would have


def find_calibrated_loss(accuracy: float, n_classes: int) -> float:
    """Give the highest log-loss that calibrated outputs with this share of right answers can have.

    The worst case gives every row the same probability for its answer and spreads the rest evenly; outputs that know
    which rows are hard have less. A training loss above it means that the outputs are not what the loss took them for
    (squashed twice, for example), or that it was read with dropout or label smoothing.

    Args:
        accuracy: share of right answers, 0..1, at least 1 / n_classes to mean anything.
        n_classes: at least 2.

    Returns:
        log-loss in nats.

    Raises:
        DataError: not a share, or under two classes.

    Example:
        >>> round(find_calibrated_loss(0.858, 2), 3)
        0.409
        >>> find_calibrated_loss(85.8, 2)
        Traceback (most recent call last):
        heldout.errors.DataError: accuracy 85.8 with 2 classes: expected a share from 0 to 1 and at least two classes
    """
    if not 0 <= accuracy <= 1 or n_classes < 2:
        raise DataError(
            f"accuracy {accuracy} with {n_classes} classes: expected a share from 0 to 1 and at least two classes"
        )
    return float(entr(accuracy) + entr(1 - accuracy) + (1 - accuracy) * np.log(n_classes - 1))


def gate_training_loss(
    loss: float, accuracy: float, *, n_rows: int, n_classes: int, low_accuracy: float | None = None
) -> Gate:
    """Ask whether a training loss fits the training accuracy, from the two means alone (the log of another tool).

    Too high a training loss cannot come from too much confidence: training would have lowered it by shrinking the
    outputs. It must be read late in training; early on outputs are honest and small.

    Args:
        loss: mean log-loss on fit rows at the end of training, nats.
        accuracy: share of right answers on the same rows.
        n_rows: rows behind both.
        n_classes: at least 2.
        low_accuracy: accuracy below which nothing is said; the share of the largest class plus 0.05 is a good value,
            1 / n_classes + 0.05 when left out.

    Returns:
        `Gate` HO310; the estimate is the loss above what calibrated outputs of that accuracy have at most.

    Example:
        >>> gate_training_loss(0.588, 0.858, n_rows=20_000, n_classes=2).state
        'fired'
        >>> gate_training_loss(0.35, 0.858, n_rows=20_000, n_classes=2).state
        'passed'
    """
    least = 1 / n_classes + 0.05 if low_accuracy is None else low_accuracy
    if accuracy < least:
        return skip_gate("HO310", f"the share of right answers is {accuracy:.3f}, hardly above guessing")
    reachable = find_calibrated_loss(accuracy, n_classes)
    surely = find_calibrated_loss(max(bound_share(accuracy * n_rows, n_rows)[0], 1 / n_classes), n_classes)
    excess, low = loss - reachable, loss - surely
    high = loss - find_calibrated_loss(bound_share(accuracy * n_rows, n_rows)[1], n_classes)
    fired = low > LOSS_MARGIN
    relation = "above" if fired else "against"
    return write_gate(
        "HO310",
        f"Training loss {loss:.3f} with {100 * accuracy:.1f} % right, {relation} {reachable:.3f}, the most that "
        "calibrated outputs with that accuracy have.",
        fired=fired,
        overrides=True,
        numbers=(excess, low, high, LOSS_MARGIN),
        action="look whether outputs are squashed twice (sigmoid or softmax before a loss that expects logits)",
    )


def gate_loss_floor(losses: FloatArray, hits: BoolArray, settings: JudgeSettings) -> Gate:
    """Ask whether probabilities have a ceiling below the share of right answers: outputs squashed twice.

    From a row's loss and whether it was right follows how sure the network was. If even its surest rows are less
    sure than it is often right, something holds its outputs down: a sigmoid before a loss that expects logits cannot
    pass 0.731. Label noise does not do that, as it lowers the share of right answers as well; nor does too much
    confidence.

    Args:
        losses: float32 [S, M], validation losses of a plain network at its last epoch, in nats.
        hits: bool [S, M], right or not.
        settings: task and units.

    Returns:
        `Gate` HO310; the estimate is share of right answers minus the surest rows' probability.
    """
    if settings.task is Task.REGRESSION or hits.shape != losses.shape:
        return skip_gate("HO310", "no classes are predicted")
    if not hits.any():
        return skip_gate("HO310", "no row was predicted rightly")
    ceiling = float(np.quantile(np.exp(-losses.astype(np.float64))[hits], CEILING_QUANTILE))
    bounds = compare_paired(hits.astype(np.float64) - ceiling, settings.unit, alpha=STRICT_ALPHA)
    mean, low, high = (float(value) for value in (bounds.mean, bounds.low, bounds.high))
    fired = low > CEILING_MARGIN
    return write_gate(
        "HO310",
        f"{100 * (mean + ceiling):.1f} % of the answers are right, and the surest ones have a probability of "
        f"{ceiling:.3f} (difference {say_change(mean)}, at least {say_change(low)}).",
        fired=fired,
        overrides=True,
        numbers=(mean, low, high, CEILING_MARGIN),
        action="look whether outputs are squashed twice (sigmoid or softmax before a loss that expects logits)",
    )
