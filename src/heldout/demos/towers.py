"""Networks that only the lecture needs: convolutions with more or less pooling, and deep towers with and without help.

They are families like those of `heldout.nets` and are trained by the same programs; `teaching_families` adds their
rows to the table of families while a demonstration runs and takes them out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import jax

from heldout.nets import FAMILIES, Family, LayerSpec, Mode, Net
from heldout.nets.convolution import convolve, max_pool
from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import ArraySpec, Memory, Params, dense_layer
from heldout.nets.residual import normalize_batch

POOL = 2
Apply = Callable[[Net, Params, Memory, jax.Array, Mode], tuple[jax.Array, Memory]]


@contextmanager
def teaching_families() -> Iterator[None]:
    """Add the families of this file to the table of families, and take them out at the end.

    Example:
        >>> with teaching_families():
        ...     "cnn without pooling" in FAMILIES
        True
        >>> "cnn without pooling" in FAMILIES
        False
    """
    FAMILIES.update(TEACHING)
    try:
        yield
    finally:
        for name in TEACHING:
            FAMILIES.pop(name, None)


def _no_dropout(net: Net) -> tuple[int, ...]:
    return ()


def make_cnn(pooled: tuple[int, ...], *, is_global: bool = False) -> Family:
    """Make a family of convolutions (3 x 3 and the like, same padding) with pooling after some of them.

    Args:
        pooled: numbers of the convolutions, from 0, that are followed by 2 x 2 pooling.
        is_global: True for the mean of each channel over the whole picture before the output layer.

    Returns:
        The family; `Net.channels` are its convolutions.

    Example:
        >>> net = Net("cnn without pooling", (8, 8, 1), 10, channels=(4, 6), kernel=3)
        >>> [layer.arrays[0].shape for layer in make_cnn(()).list_layers(net)]
        [(3, 3, 1, 4), (3, 3, 4, 6), (8, 8, 6, 10)]
    """

    def list_layers(net: Net) -> tuple[LayerSpec, ...]:
        height, width, before = net.inputs
        layers: list[LayerSpec] = []
        for index, channels in enumerate(net.channels):
            shape = (net.kernel, net.kernel, before)
            layers.append(dense_layer(f"convolution {index + 1}", shape, channels, uses=height * width))
            before = channels
            if index in pooled:
                height, width = height // POOL, width // POOL
        return (*layers, *list_dense_layers(net, before if is_global else (height, width, before)))

    def apply(net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode) -> tuple[jax.Array, Memory]:
        hidden = x
        for index, (weight, bias) in enumerate(params[: len(net.channels)]):
            hidden = convolve(mode.drop(index, hidden), weight, bias=bias, relu=True)
            hidden = max_pool(hidden, POOL) if index in pooled else hidden
        flat = hidden.mean(axis=(1, 2)) if is_global else hidden.reshape(hidden.shape[0], -1)
        return apply_dense(params[len(net.channels) :], flat, mode, first=len(net.channels)), memory

    return Family(list_layers, apply, _no_dropout)


def make_tower(activation: Callable[[jax.Array], jax.Array], *, has_norm: bool, has_past: bool) -> Family:
    """Make a family of deep dense networks.

    Args:
        activation: after every hidden layer, e.g. `jax.nn.sigmoid`.
        has_norm: True to normalize the sums of every hidden layer over the batch.
        has_past: True to add what comes into a hidden layer to what leaves it (all but the first, whose sides differ).

    Returns:
        The family; `Net.widths` are its hidden layers, all of one width.

    Source:
        Ioffe & Szegedy 2015, "Batch normalization"; He et al. 2016, "Deep residual learning".

    Example:
        >>> tower = make_tower(jax.nn.relu, has_norm=True, has_past=True)
        >>> net = Net("tower", (5,), 2, widths=(3, 3))
        >>> [[array.shape for array in layer.arrays] for layer in tower.list_layers(net)]
        [[(5, 3), (3,), (3,)], [(3, 3), (3,), (3,)], [(3, 2), (2,)]]
    """
    gain = 2.0 if activation is jax.nn.relu else 1.0

    def list_layers(net: Net) -> tuple[LayerSpec, ...]:
        *hidden, output = list_dense_layers(net, net.inputs[0])
        spread = [
            replace(layer, arrays=(_scale(layer.arrays[0], gain), *layer.arrays[1:])) for layer in hidden
        ]
        return (*(_add_norm(layer) if has_norm else layer for layer in spread), output)

    def apply(net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode) -> tuple[jax.Array, Memory]:
        hidden, kept = x.reshape(x.shape[0], -1), list(memory)
        for index in range(len(net.widths)):
            weight, shift, *scale = params[index]
            sums = mode.drop(index, hidden) @ weight
            if has_norm:
                sums, kept[index] = normalize_batch(
                    sums, scale[0], shift, memory[index], training=mode.training
                )
            else:
                sums = sums + shift
            out = activation(sums)
            hidden = hidden + out if has_past and index else out
        return apply_dense(params[len(net.widths) :], hidden, mode, first=len(net.widths)), tuple(kept)

    return Family(list_layers, apply, _no_dropout)


def _scale(weight: ArraySpec, gain: float) -> ArraySpec:
    """First weights drawn for a gain of 2 (half of all values pass a ReLU), redrawn for another."""
    return replace(weight, spread=weight.spread * (gain / 2.0) ** 0.5)


def _add_norm(layer: LayerSpec) -> LayerSpec:
    width = layer.arrays[0].shape[-1]
    zeros, ones = ArraySpec((width,)), ArraySpec((width,), fill=1.0)
    return replace(layer, arrays=(*layer.arrays, ones), kept=(zeros, ones))


TOWERS: dict[str, Family] = {
    "sigmoid": make_tower(jax.nn.sigmoid, has_norm=False, has_past=False),
    "sigmoid, batch norm": make_tower(jax.nn.sigmoid, has_norm=True, has_past=False),
    "sigmoid, residual": make_tower(jax.nn.sigmoid, has_norm=False, has_past=True),
    "sigmoid, both": make_tower(jax.nn.sigmoid, has_norm=True, has_past=True),
    "ReLU": make_tower(jax.nn.relu, has_norm=False, has_past=False),
}
CNNS: dict[str, Family] = {
    "cnn without pooling": make_cnn(()),
    "cnn with two poolings": make_cnn((0, 1)),
    "cnn with a global mean": make_cnn((), is_global=True),
}
TEACHING: dict[str, Family] = {**TOWERS, **CNNS}
