"""Several kinds of data in one network: a branch for each part of the row, joined before the dense layers.

Plain numbers go straight to the join, the words of a text through a table of vectors and their mean, pictures and
signals through convolutions and pooling. The letters of a sequence are not pooled after the last convolution: which of
two neighbouring letters it was may decide (splice junctions, docs/results.md). The family "joined attention" reads
words and letters by attention instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import jax
import jax.numpy as jnp

from heldout.nets.attention import attend, count_attended, list_attending_layers
from heldout.nets.cnn import (
    POOL,
    convolve_picture,
    convolve_signal,
    embedding_layer,
    list_picture_convolutions,
    list_signal_convolutions,
)
from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import LayerSpec, Memory, Mode, Net, Params
from heldout.nets.text import average_tokens
from heldout.records import InputLayout

ATTENDED = "joined attention"


def list_joined_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers of the branches in the order of the parts, then the dense layers.

    Args:
        net: without channels, pictures and signals go to the join as they are.

    Example:
        >>> parts = (InputLayout("numbers", (3,)), InputLayout("picture", (8, 8, 1)))
        >>> net = Net("joined", (67,), 1, (4,), channels=(2,), kernel=3, parts=parts)
        >>> [layer.arrays[0].shape for layer in list_joined_layers(net)]
        [(3, 3, 1, 2), (35, 4), (4, 1)]
    """
    layers: list[LayerSpec] = []
    width = 0
    for number, branch in enumerate(_branches(net)):
        own, out = _list_branch(branch, net)
        layers += [replace(layer, name=f"{layer.name} of part {number + 1}") for layer in own]
        width += out
    return (*layers, *list_dense_layers(net, width))


def _branches(net: Net) -> Iterator[tuple[InputLayout, Net]]:
    """Give each part with a network of its own size, as the family of its kind reads it."""
    for part in net.parts:
        is_tokens = part.kind == "tokens"
        vocabulary, leading = (part.vocabulary, part.leading) if is_tokens else (0, 0)
        yield part, replace(net, inputs=part.shape, vocabulary=vocabulary, leading=leading, parts=())


def _is_attended(part: InputLayout, net: Net) -> bool:
    return net.family == ATTENDED and (part.kind == "tokens" or bool(part.letters))


def _list_branch(branch: tuple[InputLayout, Net], net: Net) -> tuple[tuple[LayerSpec, ...], int]:
    """Give the layers of a branch and the number of values it hands on."""
    part, own = branch
    if _is_attended(part, net):
        return list_attending_layers(own), count_attended(own)
    if part.kind == "tokens":
        return (embedding_layer(own),), net.embedding
    if part.kind == "picture" and net.channels:
        layers, shape = list_picture_convolutions(own)
        return layers, math.prod(shape)
    if part.kind == "signal" and net.channels:
        n_poolings = len(net.channels) - bool(part.letters)
        kept = part.shape[0] // POOL**n_poolings
        return list_signal_convolutions(own, part.shape[0], part.shape[1]), kept * net.channels[-1]
    return (), math.prod(part.shape)


def apply_joined(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of rows [R, D] that hold the parts one after the other."""
    values, place, column = [], 0, 0
    for branch in _branches(net):
        part, own = branch
        n_layers, size = len(_list_branch(branch, net)[0]), math.prod(part.shape)
        taken = x[:, column : column + size].reshape(x.shape[0], *part.shape)
        layers = params[place : place + n_layers]
        if _is_attended(part, net):
            whole = taken.astype(jnp.int32) if part.kind == "tokens" else taken
            taken = attend(own, layers, whole, mode, first=place)
        elif part.kind == "tokens":
            taken = average_tokens(layers[0][0], taken.astype(jnp.int32))
        elif part.kind == "picture" and n_layers:
            taken = convolve_picture(own, layers, taken, mode, first=place)
        elif part.kind == "signal" and n_layers:
            taken = convolve_signal(
                layers, taken, mode, first=place, keeps_place=True, pools_last=not part.letters
            )
        values.append(taken.reshape(x.shape[0], -1))
        place, column = place + n_layers, column + size
    return apply_dense(params[place:], jnp.concatenate(values, axis=1), mode, first=place), memory
