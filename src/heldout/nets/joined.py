"""Several kinds of data in one network: a branch for each part of the row, joined before the dense layers.

Plain numbers go straight to the join, the words of a text through a table of vectors and their mean, pictures and
signals through convolutions and pooling. Where no picture or signal takes them, the convolutions read the words of each
text. The letters of a sequence are not pooled after the last convolution: which of two neighbouring letters it was may
decide (splice junctions, docs/results.md). The family "joined attention" reads words and letters by attention instead,
"joined residual" pictures by residual blocks.
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
    convolve_tokens,
    embedding_layer,
    list_picture_convolutions,
    list_signal_convolutions,
)
from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import LayerSpec, Memory, Mode, Net, Params
from heldout.nets.pooled import count_fields, pool_fields
from heldout.nets.residual import list_residual_stages, pool_stages
from heldout.nets.text import add_tokens, word_table
from heldout.records import InputLayout

JOINED, ATTENDED, JOINED_RESIDUAL = "joined", "joined attention", "joined residual"


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
        text = sum(part.kind == "tokens" for part in net.parts[:number])
        layers += [
            replace(
                layer, name=f"{layer.name} of part {number + 1}", text=None if layer.text is None else text
            )
            for layer in own
        ]
        width += out
    return (*layers, *list_dense_layers(net, width))


def _branches(net: Net) -> Iterator[tuple[InputLayout, Net]]:
    """Give each part with a network of its own size, as the family of its kind reads it."""
    for part in net.parts:
        is_tokens = part.kind == "tokens"
        vocabulary, leading = (part.vocabulary, part.leading) if is_tokens else (0, 0)
        yield part, replace(net, inputs=part.shape, vocabulary=vocabulary, leading=leading, parts=())


def name_branch(part: InputLayout, net: Net) -> str:
    """Name the family that reads a part of a joined network; "mlp" goes straight to the join.

    Example:
        >>> parts = (InputLayout("numbers", (3,)), InputLayout("picture", (8, 8, 1)))
        >>> net = Net("joined residual", (67,), 1, channels=(4,), kernel=3, parts=parts)
        >>> [name_branch(part, net) for part in parts]
        ['mlp', 'residual']
        >>> words = InputLayout("tokens", (9,), 40, 5)
        >>> name_branch(words, Net("joined", (9,), 1, channels=(4,), kernel=3, embedding=2, parts=(words,)))
        'sequence'
    """
    if net.family == ATTENDED and (part.kind == "tokens" or part.letters):
        return "attention"
    if part.kind == "tokens":
        is_free = not any(other.kind in ("picture", "signal") for other in net.parts)
        return "sequence" if net.kernel and is_free else "text"
    if part.kind == "picture" and not net.channels:
        return "mlp" if net.widths else "pooled"
    if part.kind == "picture":
        return "residual" if net.family == JOINED_RESIDUAL else "cnn"
    return "signal" if part.kind == "signal" and net.channels else "mlp"


def _list_branch(branch: tuple[InputLayout, Net], net: Net) -> tuple[tuple[LayerSpec, ...], int]:
    """Give the layers of a branch and the number of values it hands on."""
    part, own = branch
    match name_branch(part, net):
        case "attention":
            return list_attending_layers(own), count_attended(own)
        case "text":
            return (word_table(own),), net.embedding
        case "sequence":
            convolutions = list_signal_convolutions(own, own.leading or part.shape[0], net.embedding)
            return (embedding_layer(own), *convolutions), net.channels[-1]
        case "pooled":
            return (), math.prod(count_fields(part.shape))
        case "cnn":
            layers, shape = list_picture_convolutions(own)
            return layers, math.prod(shape)
        case "residual":
            return list_residual_stages(own), net.channels[-1]
        case "signal":
            n_poolings = len(net.channels) - bool(part.letters)
            kept = part.shape[0] // POOL**n_poolings
            return list_signal_convolutions(own, part.shape[0], part.shape[1]), kept * net.channels[-1]
    return (), math.prod(part.shape)


def apply_joined(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of rows [R, D] that hold the parts one after the other."""
    values, kept, place, column = [], list(memory), 0, 0
    for branch in _branches(net):
        part, own = branch
        last, size = place + len(_list_branch(branch, net)[0]), math.prod(part.shape)
        taken = x[:, column : column + size].reshape(x.shape[0], *part.shape)
        arrays = (params[place:last], memory[place:last])
        taken, kept[place:last] = _apply_branch(
            (part, own, name_branch(part, net)), arrays, taken, mode, place
        )
        values.append(taken.reshape(x.shape[0], -1))
        place, column = last, column + size
    return apply_dense(params[place:], jnp.concatenate(values, axis=1), mode, first=place), tuple(kept)


def _apply_branch(
    branch: tuple[InputLayout, Net, str], arrays: tuple[Params, Memory], x: jax.Array, mode: Mode, first: int
) -> tuple[jax.Array, Memory]:
    """Give what a branch hands on, and what it keeps."""
    part, own, family = branch
    layers, memory = arrays
    if part.kind == "tokens":
        x = x.astype(jnp.int32)
    match family:
        case "attention":
            x = attend(own, layers, x, mode, first=first)
        case "text":
            x = add_tokens(layers[0][0], memory[0][0], x)
        case "sequence":
            x = convolve_tokens(own, layers, x, mode, first=first)
        case "pooled":
            x = pool_fields(x)
        case "cnn":
            x = convolve_picture(own, layers, x, mode, first=first)
        case "residual":
            return pool_stages(own, arrays, x, mode, first=first)
        case "signal":
            pools_last = not part.letters
            x = convolve_signal(layers, x, mode, first=first, keeps_place=True, pools_last=pools_last)
    return x, memory
