"""Losses and hits of every task, one row of a table each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from heldout.records import Task

LOGIT_LIMIT = 15.0  # bounds the influence of one row on a log-loss (verdicts: |z| <= 15)
Measure = Callable[[jax.Array, jax.Array], jax.Array]


@dataclass(frozen=True)
class Loss:
    """How outputs of one task are judged.

    Args:
        rows: (outputs [R, n_outputs], target) -> loss of each row [R], evaluation mode, without penalty.
        hits: the same -> whether the row was answered rightly, bool [R].
        spread: outputs -> loss of each row against all answers evenly, for label smoothing; None where there is none.
    """

    rows: Measure
    hits: Measure
    spread: Callable[[jax.Array], jax.Array] | None = None


def _clip(outputs: jax.Array) -> jax.Array:
    return jnp.clip(outputs, -LOGIT_LIMIT, LOGIT_LIMIT)


def _log_loss(logits: jax.Array, held: jax.Array) -> jax.Array:
    """Log-loss of yes or no, from one logit each."""
    return jax.nn.softplus(logits) - logits * held


def _choose_loss(outputs: jax.Array, target: jax.Array) -> jax.Array:
    logits = _clip(outputs)
    picked = jnp.take_along_axis(logits, target.astype(jnp.int32)[:, None], axis=1)[:, 0]
    return jax.nn.logsumexp(logits, axis=1) - picked


def _choose_spread(outputs: jax.Array) -> jax.Array:
    logits = _clip(outputs)
    return jax.nn.logsumexp(logits, axis=1) - jnp.mean(logits, axis=1)


LOSSES: dict[Task, Loss] = {
    Task.BINARY: Loss(
        rows=lambda outputs, target: _log_loss(_clip(outputs)[:, 0], target),
        hits=lambda outputs, target: (outputs[:, 0] > 0) == (target > 0.5),
        spread=lambda outputs: _log_loss(_clip(outputs)[:, 0], jnp.float32(0.5)),
    ),
    Task.MULTICLASS: Loss(
        rows=_choose_loss,
        hits=lambda outputs, target: jnp.argmax(outputs, axis=1) == target.astype(jnp.int32),
        spread=_choose_spread,
    ),
    # The sum over labels is minus the log-probability of the row's whole set of labels (which the outputs give as if
    # labels were independent of each other given the features), so that all rooms' nats mean the same as for classes,
    # and the constant predictor's loss is the sum of the labels' entropies. A mean would only divide all by one number.
    Task.MULTILABEL: Loss(
        rows=lambda outputs, target: jnp.sum(_log_loss(_clip(outputs), target), axis=1),
        hits=lambda outputs, target: jnp.all((outputs > 0) == (target > 0.5), axis=1),
        spread=lambda outputs: jnp.sum(_log_loss(_clip(outputs), jnp.float32(0.5)), axis=1),
    ),
    Task.REGRESSION: Loss(
        rows=lambda outputs, target: jnp.square(outputs[:, 0] - target),
        hits=lambda outputs, target: jnp.zeros(target.shape, bool),
    ),
}


def row_losses(task: Task, outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Compute the loss of each row in evaluation mode, without penalty.

    Args:
        task: binary (one logit), multiclass (one logit a class), multilabel (one logit a label) or regression.
        outputs: float32 [rows, n_outputs]; logits are clipped to +-15.
        target: float32 [rows], class index or standardized number; [rows, labels] ones and zeros.

    Returns:
        float32 [rows]: log-loss in nats (of several labels the sum), or squared error.

    Example:
        >>> float(row_losses(Task.REGRESSION, jnp.array([[2.0]]), jnp.array([0.0]))[0])
        4.0
        >>> round(float(row_losses(Task.MULTILABEL, jnp.zeros((1, 3)), jnp.array([[1.0, 0.0, 1.0]]))[0]), 4)  # 3 log 2
        2.0794
    """
    return LOSSES[task].rows(outputs, target)


def row_hits(task: Task, outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Say for each row whether the predicted class, or every label, is the true one (all False for regression).

    Example:
        >>> bool(row_hits(Task.BINARY, jnp.array([[0.3]]), jnp.array([1.0]))[0])
        True
    """
    return LOSSES[task].hits(outputs, target)


def smoothed_losses(task: Task, outputs: jax.Array, target: jax.Array, smoothing: jax.Array) -> jax.Array:
    """Compute the loss of each row with a share of its answer given to all answers evenly.

    Args:
        task: what is predicted; numbers are never smoothed.
        outputs: float32 [rows, n_outputs].
        target: as in `row_losses`.
        smoothing: share, 0 to 1.
    """
    plain, spread = row_losses(task, outputs, target), LOSSES[task].spread
    return plain if spread is None else (1.0 - smoothing) * plain + smoothing * spread(outputs)


def look_up_target(target: jax.Array, sets: jax.Array) -> jax.Array:
    """Give the labels of rows whose target is the number of a set; any other target unchanged.

    Args:
        target: float32 [rows].
        sets: float32 [sets, labels]; [0, 0] where rows have no several labels.
    """
    return sets[target.astype(jnp.int32)] if sets.shape[0] else target
