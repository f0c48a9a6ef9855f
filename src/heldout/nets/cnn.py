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
    layers, shape = list_picture_convolutions(net)
    return (*layers, *list_dense_layers(net, shape))


def list_picture_convolutions(net: Net) -> tuple[tuple[LayerSpec, ...], tuple[int, int, int]]:
    """List the convolutions of pictures, and give the shape (height, width, channels) of what they hand on.

    Example:
        >>> list_picture_convolutions(Net("cnn", (28, 28, 1), 10, channels=(16, 32), kernel=3))[1]
        (14, 14, 32)
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
    return tuple(layers), (height, width, before)


def _pools_after(index: int, n_convolutions: int) -> bool:
    """Pool after every second convolution, counted from the last one, so that the last one is always pooled."""
    return (n_convolutions - 1 - index) % 2 == 0


def apply_cnn(net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of pictures [R, H, W, C]."""
    n_convolutions = len(net.channels)
    hidden = convolve_picture(net, params[:n_convolutions], x, mode, first=0)
    flat = hidden.reshape(hidden.shape[0], -1)
    return apply_dense(params[n_convolutions:], flat, mode, first=n_convolutions), memory


def convolve_picture(net: Net, params: Params, x: jax.Array, mode: Mode, *, first: int) -> jax.Array:
    """Apply the convolutions and poolings of pictures.

    Args:
        net: its channels.
        params: (weight, bias) of each convolution.
        x: [R, H, W, C].
        mode: dropout before each layer.
        first: number of the first of these layers in the whole network.
    """
    hidden = x
    for index, (weight, bias) in enumerate(params):
        hidden = convolve(mode.drop(first + index, hidden), weight, bias=bias, relu=True)
        if _pools_after(index, len(net.channels)):
            hidden = max_pool(hidden, POOL)
    return hidden


def list_sequence_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers of a network for sequences: tokens are embedded, signals taken as they are; convolutions in one
    dimension, the largest value of each channel over the whole length, dense layers.

    Example:
        >>> net = Net("sequence", (200,), 1, channels=(128,), kernel=5, embedding=64, vocabulary=1000)
        >>> [layer.arrays[0].shape for layer in list_sequence_layers(net)]
        [(1000, 64), (5, 64, 128), (128, 1)]
    """  # noqa: D205 - one sentence over two lines
    length, before = net.leading or net.inputs[0], net.inputs[1] if len(net.inputs) > 1 else net.embedding
    table = (embedding_layer(net),) if net.embedding else ()
    convolutions = list_signal_convolutions(net, length, before)
    return (*table, *convolutions, *list_dense_layers(net, net.channels[-1] if net.channels else before))


def list_signal_convolutions(net: Net, length: int, before: int) -> tuple[LayerSpec, ...]:
    """List the convolutions of signals; between two of them the length is halved.

    Args:
        net: its channels and kernel.
        length: points of a signal.
        before: its channels.

    Example:
        >>> len(list_signal_convolutions(Net("sequence", (9, 1), 1, channels=(4, 4), kernel=3), 9, 1))
        2
    """
    layers: list[LayerSpec] = []
    for index, channels in enumerate(net.channels):
        layers.append(dense_layer(f"convolution {index + 1}", (net.kernel, before), channels, uses=length))
        before, length = channels, length // POOL
    return tuple(layers)


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
    last = bool(net.embedding) + len(net.channels)
    convolved = params[:last]
    if net.embedding:
        pooled = convolve_tokens(net, convolved, x, mode, first=0)
    else:
        pooled = convolve_signal(convolved, x, mode, first=0)
    return apply_dense(params[last:], pooled, mode, first=last), memory


def convolve_tokens(net: Net, params: Params, x: jax.Array, mode: Mode, *, first: int) -> jax.Array:
    """Look up the vectors of the leading tokens, convolve them, and keep the largest value of each channel.

    Args:
        net: how many first tokens are read.
        params: the table of vectors, then (weight, bias) of each convolution.
        x: int32 [R, T].
        mode: dropout before each convolution.
        first: number of the table in the whole network.

    Returns:
        [R, channels].
    """
    table, tokens = params[0][0], x[:, : net.leading or x.shape[1]]
    hidden = table[tokens] * (tokens > 0)[..., None]
    return convolve_signal(params[1:], hidden, mode, first=first + 1)


def convolve_signal(
    params: Params,
    x: jax.Array,
    mode: Mode,
    *,
    first: int,
    keeps_place: bool = False,
    pools_last: bool = False,
) -> jax.Array:
    """Apply the convolutions of signals with a pooling between two of them.

    Args:
        params: (weight, bias) of each convolution.
        x: [R, T, C].
        mode: dropout before each layer.
        first: number of the first of these layers in the whole network.
        keeps_place: keep all places; else only the largest value of each channel over the whole length is kept: whether
            something occurs, not where.
        pools_last: pool after the last one too.

    Returns:
        [R, T', channels] or [R, channels].
    """
    hidden = x
    for index, (weight, bias) in enumerate(params):
        hidden = convolve_1d(mode.drop(first + index, hidden), weight, bias=bias, relu=True)
        if pools_last or index < len(params) - 1:
            hidden = max_pool(hidden[:, :, None], (POOL, 1))[:, :, 0]
    return hidden if keeps_place else hidden.max(axis=1)


def list_signal_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers of a network for signals whose places matter: convolutions, each pooled, then dense layers.

    Example:
        >>> net = Net("signal", (64, 2), 1, (8,), channels=(4, 8), kernel=5)
        >>> [layer.arrays[0].shape for layer in list_signal_layers(net)]
        [(5, 2, 4), (5, 4, 8), (16, 8, 8), (8, 1)]
    """
    length, before = net.inputs
    kept = length // POOL ** len(net.channels)
    convolutions = list_signal_convolutions(net, length, before)
    return (*convolutions, *list_dense_layers(net, (kept, net.channels[-1])))


def apply_signal(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of signals [R, T, C]."""
    last = len(net.channels)
    hidden = convolve_signal(params[:last], x, mode, first=0, keeps_place=True, pools_last=True)
    return apply_dense(params[last:], hidden.reshape(x.shape[0], -1), mode, first=last), memory
