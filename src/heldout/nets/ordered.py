"""Classes in order: the outputs of a cumulative-link model as log-probabilities of its classes.

One number places a row on a scale; thresholds, the same for all rows, cut the scale into classes. From here on the
classes are like any others: losses, evidence and scores read log-probabilities.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

# Thresholds are never nearer than this, so that no class between two of them is impossible: assumption, not studied.
LEAST_GAP = 1e-3


def order_outputs(outputs: jax.Array) -> jax.Array:
    """Turn the last layer's outputs into log-probabilities of classes in order.

    The last layer has one weight a unit and a bias for each step between two classes, so that differences of outputs
    are differences of biases: the first output is the logit of lying above the lowest class, and each further one is
    lower by softplus of its difference to the first. Logits never cross, whatever the weights: the classes'
    probabilities are positive and sum to one.

    Args:
        outputs: float [R, C - 1].

    Returns:
        float [R, C], log-probabilities, the lowest class first.

    Source:
        McCullagh 1980, "Regression models for ordinal data" (proportional odds); Cao, Mirjalili & Raschka 2020, "Rank
        consistent ordinal regression" (one weight, a bias a step). P(a step) = s(a) s(-b) (1 - exp(b - a)), s the
        logistic function and a > b the logits of its two ends.

    Example:
        >>> [round(float(share), 2) for share in jnp.exp(order_outputs(jnp.array([[0.0, 0.0]])))[0]]
        [0.5, 0.17, 0.33]
    """
    first = outputs[:, :1]
    gaps = LEAST_GAP + jax.nn.softplus(outputs[:, 1:] - first)
    logits = jnp.concatenate([first, first - jnp.cumsum(gaps, axis=1)], axis=1)
    lowest = jax.nn.log_sigmoid(-logits[:, :1])
    between = (
        jax.nn.log_sigmoid(logits[:, :-1]) + jax.nn.log_sigmoid(-logits[:, 1:]) + jnp.log(-jnp.expm1(-gaps))
    )
    return jnp.concatenate([lowest, between, jax.nn.log_sigmoid(logits[:, -1:])], axis=1)
