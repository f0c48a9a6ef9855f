"""Convolution and pooling, then dense layers: for pictures, and in one dimension for sequences and signals."""

from __future__ import annotations

import math

import jax

from heldout.nets.convolution import convolve, convolve_1d, max_pool
from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import ArraySpec, LayerSpec, Memory, Mode, Net, Params, dense_layer

POOL = 2  # each pooling halves height and width


def list_cnn_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers: convolutions (kernel x kernel, same padding), a pooling after every second one, dense layers.

    The first dense weight is [height, width, channels, units], so that channels can be padded.

    Example:
        >>> net = Net("cnn", (28, 28, 1), 10, widths=(128,), channels=(16, 32), kernel=3)
        >>> [layer.arrays[0].shape for layer in list_cnn_layers(net)]
        [(3, 3, 1, 16), (3, 3, 16, 32), (14, 14, 32, 128), (128, 10)]
    """
    height, width, before = net.inputs
    layers: list[LayerSpec] = []
    for index, channels in enumerate(net.channels):
        spec = dense_layer(
            f"convolution {index + 1}",
            (net.kernel, net.kernel, before),
            channels,
            uses=height * width,
        )
        layers.append(spec)
        before = channels
        if _pools_after(index, len(net.channels)):
            height, width = height // POOL, width // POOL
    return (*layers, *list_dense_layers(net, (height, width, before)))


def _pools_after(index: int, n_convolutions: int) -> bool:
    """Pool after every second convolution, counted from the last one, so that the last one is always pooled."""
    return (n_convolutions - 1 - index) % 2 == 0


def apply_cnn(net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of pictures [R, H, W, C]."""
    n_convolutions = len(net.channels)
    hidden = x
    for index, (weight, bias) in enumerate(params[:n_convolutions]):
        hidden = convolve(mode.drop(index, hidden), weight, bias=bias, relu=True)
        if _pools_after(index, n_convolutions):
            hidden = max_pool(hidden, POOL)
    flat = hidden.reshape(hidden.shape[0], -1)
    return apply_dense(params[n_convolutions:], flat, mode, first=n_convolutions), memory


def list_sequence_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers of a network for sequences: tokens are embedded, signals taken as they are; convolutions in one
    dimension, the largest value of each channel over the whole length, dense layers.

    Example:
        >>> net = Net("sequence", (200,), 1, channels=(128,), kernel=5, embedding=64, vocabulary=1000)
        >>> [layer.arrays[0].shape for layer in list_sequence_layers(net)]
        [(1000, 64), (5, 64, 128), (128, 1)]
    """  # noqa: D205 - one sentence over two lines
    length, before = net.leading or net.inputs[0], net.inputs[1] if len(net.inputs) > 1 else net.embedding
    layers: list[LayerSpec] = []
    if net.embedding:
        layers.append(embedding_layer(net))
    for index, channels in enumerate(net.channels):
        layers.append(dense_layer(f"convolution {index + 1}", (net.kernel, before), channels, uses=length))
        before = channels
        length = length // POOL if index < len(net.channels) - 1 else length
    return (*layers, *list_dense_layers(net, before))


def embedding_layer(net: Net) -> LayerSpec:
    """Describe the table of token vectors: normal with standard deviation 1 / sqrt(embedding).

    Example:
        >>> embedding_layer(Net("sequence", (9,), 1, embedding=4, vocabulary=10)).arrays[0].shape
        (10, 4)
    """
    spread = 1.0 / math.sqrt(net.embedding)
    # a table is looked up, not multiplied: it counts for its size, not for time
    return LayerSpec("embedding", (ArraySpec((net.vocabulary, net.embedding), spread),), uses=0)


def apply_sequence(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of token rows [R, T] (0 is padding) or signals [R, T, C]."""
    first = 0
    if net.embedding:
        table, tokens = params[0][0], x[:, : net.leading or x.shape[1]]
        hidden = table[tokens] * (tokens > 0)[..., None]
        first = 1
    else:
        hidden = x
    last = first + len(net.channels)
    for index in range(first, last):
        weight, bias = params[index]
        hidden = convolve_1d(mode.drop(index, hidden), weight, bias=bias, relu=True)
        hidden = max_pool(hidden[:, :, None], (POOL, 1))[:, :, 0] if index < last - 1 else hidden
    pooled = hidden.max(axis=1)
    return apply_dense(params[last:], pooled, mode, first=last), memory
