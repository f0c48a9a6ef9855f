"""The fully connected network: numbers in, one row of outputs out."""

from __future__ import annotations

import jax
import jax.numpy as jnp

Layer = tuple[jax.Array, jax.Array]
Params = tuple[Layer, ...]


def init_mlp(
    key: jax.Array,
    n_inputs: int,
    widths: tuple[int, ...],
    n_outputs: int,
    *,
    used: jax.Array | None = None,
) -> Params:
    """Draw the initial weights of a fully connected network.

    Each layer has its own key `fold_in(key, layer)`, so that two networks that share a layer's shape share its
    weights: comparisons of remedies start from the same point.

    Args:
        key: random key of the seed.
        n_inputs: number of features.
        widths: units of each hidden layer; empty for a linear model.
        n_outputs: 1 for binary and regression, the number of classes otherwise.
        used: int32 [hidden layers], how many units of each hidden layer are real (all when left out); the others
            get zero weights, which training never changes, so that one program serves several widths.

    Returns:
        One (weight [n_in, n_out], bias [n_out]) pair per layer, float32; He-normal for hidden layers, and a
        variance of 1 / n_in for the last one; biases zero.

    Source:
        He et al. 2015, "Delving deep into rectifiers".

    Example:
        >>> params = init_mlp(jax.random.key(0), 3, (4,), 1)
        >>> [w.shape for w, b in params]
        [(3, 4), (4, 1)]
    """
    sizes = (n_inputs, *widths, n_outputs)
    real = [jnp.asarray(size) for size in sizes]
    if used is not None:
        real[1:-1] = [used[layer] for layer in range(len(widths))]
    layers = []
    for index, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        gain = 2.0 if index < len(widths) else 1.0
        weight = jax.random.normal(jax.random.fold_in(key, index), (n_in, n_out)) * jnp.sqrt(
            gain / real[index]
        )
        is_real = (jnp.arange(n_in)[:, None] < real[index]) & (jnp.arange(n_out)[None, :] < real[index + 1])
        layers.append((jnp.where(is_real, weight, 0.0), jnp.zeros(n_out)))
    return tuple(layers)


def apply_mlp(params: Params, x: jax.Array, masks: tuple[jax.Array, ...] | None = None) -> jax.Array:
    """Compute the outputs of the network.

    Args:
        params: layers from `init_mlp`.
        x: float32 [..., n_inputs].
        masks: dropout factors per layer input (0 for a dropped unit, 1 / keep share for a kept one); none in
            evaluation mode.

    Returns:
        float32 [..., n_outputs]: logits, or the standardized number.

    Example:
        >>> params = init_mlp(jax.random.key(0), 3, (4,), 2)
        >>> apply_mlp(params, jnp.ones((5, 3))).shape
        (5, 2)
    """
    hidden = x
    for index, (weight, bias) in enumerate(params):
        if masks is not None:
            hidden = hidden * masks[index]
        hidden = hidden @ weight + bias
        if index < len(params) - 1:
            hidden = jax.nn.relu(hidden)
    return hidden


def count_parameters(n_inputs: int, widths: tuple[int, ...], n_outputs: int) -> int:
    """Count weights and biases of a fully connected network.

    Example:
        >>> count_parameters(3, (4,), 1)
        21
    """
    sizes = (n_inputs, *widths, n_outputs)
    return sum((n_in + 1) * n_out for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True))
