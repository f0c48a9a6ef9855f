"""The fully connected network: numbers in, one row of outputs out."""

from __future__ import annotations

import math
from dataclasses import replace

import jax

from heldout.nets.net import (
    ArraySpec,
    LayerSpec,
    Memory,
    Mode,
    Net,
    Params,
    count_layer_parameters,
    dense_layer,
)


def list_mlp_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers: one for each hidden width, and the output layer.

    Args:
        net: `inputs` of any shape are flattened; `widths` may be empty: a linear model.

    Example:
        >>> [layer.arrays[0].shape for layer in list_mlp_layers(Net("mlp", (3,), 1, (4,)))]
        [(3, 4), (4, 1)]
    """
    return list_dense_layers(net, math.prod(net.inputs))


def list_dense_layers(net: Net, n_in: int | tuple[int, ...]) -> tuple[LayerSpec, ...]:
    """List the dense layers in which a network of any family ends: its hidden widths, then the outputs.

    Args:
        net: its size.
        n_in: values that come in, or the sides of what comes in, so that each side can be padded.

    Example:
        >>> [layer.name for layer in list_dense_layers(Net("mlp", (3,), 1, (4,)), 3)]
        ['hidden 1', 'output']
        >>> [spec.shape for spec in list_dense_layers(Net("mlp", (3,), 5, ordered=True), 3)[0].arrays]
        [(3, 1), (4,)]
    """
    sizes = (n_in, *net.widths)
    hidden = [dense_layer(f"hidden {i + 1}", sizes[i], width) for i, width in enumerate(net.widths)]
    output = dense_layer("output", sizes[-1], 1 if net.ordered else net.n_outputs, gain=1.0)
    if net.ordered:  # one place on the scale, and a threshold between any two neighbouring classes
        output = replace(output, arrays=(output.arrays[0], ArraySpec((net.n_outputs - 1,))))
    return (*hidden, output)


def apply_mlp(net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode) -> tuple[jax.Array, Memory]:
    """Compute the outputs of the network for a batch.

    Args:
        net: its size.
        params: layers of (weight, bias).
        memory: nothing is kept; handed on.
        x: float32 [R, ...inputs].
        mode: dropout at the input of each layer.

    Returns:
        float32 [R, n_outputs]: logits, or the standardized number; and the memory.
    """
    hidden = x.reshape(x.shape[0], -1)
    return apply_dense(params, hidden, mode, first=0), memory


def apply_dense(params: Params, hidden: jax.Array, mode: Mode, *, first: int) -> jax.Array:
    """Apply dense layers one after the other with ReLU between them; the last one is linear.

    Args:
        params: their (weight, bias) pairs.
        hidden: float32 [R, n_in].
        mode: dropout before each layer.
        first: number of the first of these layers in the whole network.
    """
    for index, (weight, bias) in enumerate(params):
        hidden = mode.drop(first + index, hidden) @ weight.reshape(-1, weight.shape[-1]) + bias
        if index < len(params) - 1:
            hidden = jax.nn.relu(hidden)
    return hidden


def count_parameters(n_inputs: int, widths: tuple[int, ...], n_outputs: int) -> int:
    """Count weights and biases of a fully connected network.

    Example:
        >>> count_parameters(3, (4,), 1)
        21
    """
    return count_layer_parameters(list_mlp_layers(Net("mlp", (n_inputs,), n_outputs, widths)))
