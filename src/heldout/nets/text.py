"""The averaged embedding: the mean of the vectors of a text's words, then dense layers."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from heldout.nets.cnn import embedding_layer
from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import LayerSpec, Memory, Mode, Net, Params


def list_text_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers: the table of word vectors, hidden layers, the output layer.

    Example:
        >>> net = Net("text", (200,), 1, widths=(16,), embedding=8, vocabulary=1000)
        >>> [layer.arrays[0].shape for layer in list_text_layers(net)]
        [(1000, 8), (8, 16), (16, 1)]
    """
    return (embedding_layer(net), *list_dense_layers(net, net.embedding))


def apply_text(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of token rows [R, T]."""
    return apply_dense(params[1:], average_tokens(params[0][0], x), mode, first=1), memory


def average_tokens(table: jax.Array, tokens: jax.Array) -> jax.Array:
    """Average the vectors of each row's tokens; token 0 is padding and counts for nothing.

    Args:
        table: float32 [vocabulary, numbers of a vector].
        tokens: int32 [R, T].
    """
    real = (tokens > 0).astype(table.dtype)
    total = jnp.einsum("rt,rte->re", real, table[tokens])
    return total / jnp.maximum(real.sum(axis=1, keepdims=True), 1.0)
