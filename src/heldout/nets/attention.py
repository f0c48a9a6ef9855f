"""Attention: every place of a text or sequence looks at every other one, then dense layers read what came of it.

Words or letters become vectors, a learned vector for each place is added, and each block adds to every vector first
what it finds at other places (several heads of 16 numbers), then what two dense layers make of it. Vectors are
normalized before each of the two, so that a network is trainable without a slow start of its own. Of words the mean
over all places goes on, of letters every place.
"""

from __future__ import annotations

import math
from dataclasses import replace

import jax
import jax.numpy as jnp

from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import HEAD_SIZE, ArraySpec, LayerSpec, Memory, Mode, Net, Params, dense_layer

EPSILON = 1e-5  # added to a variance before its root is taken (the usual value of layer normalization)
HIDDEN_SCORE = -1e9  # of a place that holds nothing: its share becomes exactly 0 in float32
LAYERS_OF_BLOCK = 4


def list_attention_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers: vectors of tokens (or of letters) with those of the places, four for each block, dense layers.

    Args:
        net: `embedding` is the length of every vector, a multiple of 16; `channels` are the units of each block's wide
            layer; inputs [T] of tokens (the first `leading` are read) or [T, C] of letters.

    Example:
        >>> net = Net("attention", (30,), 2, (8,), (64,), embedding=32, vocabulary=100)
        >>> [(layer.name, layer.arrays[0].shape) for layer in list_attention_layers(net)][:3]
        [('embedding', (100, 32)), ('attention 1', (32, 96)), ('attention 1 out', (32, 32))]
    """
    return (*list_attending_layers(net), *list_dense_layers(net, count_attended(net)))


def count_attended(net: Net) -> int:
    """Count the values that go on to the dense layers: one vector for a text, one for each place of a sequence.

    Example:
        >>> count_attended(Net("attention", (30, 4), 2, channels=(64,), embedding=32))
        960
    """
    return net.embedding * (net.inputs[0] if len(net.inputs) > 1 else 1)


def list_attending_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers before the dense ones.

    Example:
        >>> len(list_attending_layers(Net("attention", (30, 4), 2, channels=(64, 64), embedding=32)))
        9
    """
    length, size = net.leading or net.inputs[0], net.embedding
    # as in `embedding_layer`; places start as long as tokens do, and carry no penalty
    places = ArraySpec((length, size), 1.0 / math.sqrt(size))
    if len(net.inputs) > 1:
        first = dense_layer("letters", net.inputs[1], size, gain=1.0, uses=length)
        layers = [replace(first, arrays=(first.arrays[0], places))]
    else:
        table = ArraySpec((net.vocabulary, size), 1.0 / math.sqrt(size))
        layers = [LayerSpec("embedding", (table, places), uses=0)]
    scores = length * length * size // HEAD_SIZE
    for number, wide in enumerate(net.channels, start=1):
        asked = dense_layer(f"attention {number}", size, 3 * size, gain=1.0, uses=length)
        layers += [
            replace(asked, scores=scores),
            dense_layer(f"attention {number} out", size, size, gain=1.0, uses=length),
            dense_layer(f"wide {number}", size, wide, uses=length),
            dense_layer(f"narrow {number}", wide, size, gain=1.0, uses=length),
        ]
    return tuple(layers)


def apply_attention(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of token rows [R, T] (0 is padding) or letters [R, T, C] (zeros are gaps)."""
    last = 1 + LAYERS_OF_BLOCK * len(net.channels)
    pooled = attend(net, params[:last], x, mode, first=0)
    return apply_dense(params[last:], pooled, mode, first=last), memory


def attend(net: Net, params: Params, x: jax.Array, mode: Mode, *, first: int) -> jax.Array:
    """Apply the layers before the dense ones.

    Args:
        net: its sizes.
        params: of `list_attending_layers`.
        x: int32 [R, T] or float32 [R, T, C].
        mode: dropout before each layer but a table of tokens.
        first: number of the first of these layers in the whole network.

    Returns:
        float32 [R, embedding], the mean over the tokens of each row, or [R, T * embedding] of letters; zeros for what
        holds nothing.

    Source:
        Vaswani et al. 2017, "Attention is all you need"; normalization before each part: Xiong et al. 2020, "On layer
        normalization in the transformer architecture".
    """
    weight, places = params[0]
    if x.ndim > 2:
        real = (x != 0).any(axis=-1)
        hidden = mode.drop(first, x) @ weight + places
    else:
        tokens = x[:, : places.shape[0]]
        real = tokens > 0
        hidden = jnp.asarray(weight)[tokens] + places
    for start in range(1, len(params), LAYERS_OF_BLOCK):
        asked, out, wide, narrow = params[start : start + LAYERS_OF_BLOCK]
        place = first + start
        found = _look_around(mode.drop(place, _normalize(hidden)) @ asked[0] + asked[1], real)
        hidden = hidden + mode.drop(place + 1, found) @ out[0] + out[1]
        inner = jax.nn.relu(mode.drop(place + 2, _normalize(hidden)) @ wide[0] + wide[1])
        hidden = hidden + mode.drop(place + 3, inner) @ narrow[0] + narrow[1]
    kept = _normalize(hidden) * real[..., None]
    if x.ndim > 2:
        return kept.reshape(kept.shape[0], -1)
    return kept.sum(axis=1) / jnp.maximum(real.sum(axis=1, keepdims=True), 1)


def _look_around(asked: jax.Array, real: jax.Array) -> jax.Array:
    """Mix what the places hold, by how well each place's question fits the other's key: [R, T, 3 E] -> [R, T, E]."""
    rows, length, width = asked.shape
    question, key, value = jnp.moveaxis(asked.reshape(rows, length, 3, -1, HEAD_SIZE), (2, 3), (0, 2))
    scores = question @ jnp.swapaxes(key, 2, 3) / math.sqrt(HEAD_SIZE)
    shares = jax.nn.softmax(jnp.where(real[:, None, None, :], scores, HIDDEN_SCORE), axis=-1)
    return jnp.swapaxes(shares @ value, 1, 2).reshape(rows, length, width // 3)


def _normalize(hidden: jax.Array) -> jax.Array:
    """Bring every vector to mean 0 and variance 1; a scale and a shift are those of the weight and bias that follow."""
    centered = hidden - hidden.mean(axis=-1, keepdims=True)
    return centered * jax.lax.rsqrt(jnp.square(centered).mean(axis=-1, keepdims=True) + EPSILON)
