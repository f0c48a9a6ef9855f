"""What every family of networks shares: its size, its layers as plain arrays, and how they are first drawn.

A family is two functions: one lists the layers of a size, one applies them to a batch. Everything else (first weights,
padding to a wider program, counting, cutting) follows from the list.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import numpy as np

from heldout.records import FloatArray, InputLayout

Layer = tuple[
    Any, ...
]  # arrays of one layer: the weight first, which L1 and L2 act on, then what they leave alone
Params = tuple[Layer, ...]
HEAD_SIZE = 16  # numbers by which one head of an attention compares two places (assumption; 64 is usual in large ones)
# What a score of two places costs: 2 x 16 products, which take four times as long as those of large matrices. Measured
# on texts of 40 and 200 words and 60 letters, 32 to 128 numbers a vector: a training takes 1.1 to 1.7 times its
# estimate, a convolution's 1.2 times; with 2 x 16 it would be 1.3 to 2.6 times.
PRODUCTS_A_SCORE = 8 * HEAD_SIZE
Memory = tuple[Any, ...]  # what a network keeps beside its weights (running means of batch normalization)


@dataclass(frozen=True)
class Net:
    """A network of one size: what is compiled.

    Args:
        family: a name of `nets.FAMILIES`.
        inputs: shape of one example: (D,), (height, width, channels), (length,) of tokens, (length, channels).
        n_outputs: 1 for binary and regression, the number of classes otherwise.
        widths: units of each hidden dense layer.
        channels: channels of each convolution (cnn, sequence) or of each stage of blocks (residual), units of the wide
            layer of each block (attention).
        kernel: filter size of the convolutions.
        embedding: numbers that stand for one token.
        vocabulary: number of tokens, padding and unknown included.
        leading: convolutions read only so many first tokens (pairs of words follow them); 0 reads all.
        parts: what stands one after the other in the inputs (joined only).
        ordered: the outputs are log-probabilities of classes in order (`nets.order_outputs`).
    """

    family: str
    inputs: tuple[int, ...]
    n_outputs: int
    widths: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    kernel: int = 0
    embedding: int = 0
    vocabulary: int = 0
    leading: int = 0
    parts: tuple[InputLayout, ...] = ()
    ordered: bool = False


@dataclass(frozen=True)
class ArraySpec:
    """One array of a layer before training.

    Args:
        shape: its shape; unused units of a padded program are at the end of each axis.
        spread: standard deviation of the normal numbers drawn first; 0 draws nothing.
        fill: the constant it starts with when nothing is drawn.
    """

    shape: tuple[int, ...]
    spread: float = 0.0
    fill: float = 0.0


@dataclass(frozen=True)
class LayerSpec:
    """One layer of weights.

    Args:
        name: for reports and settings, e.g. "hidden 1".
        arrays: the weight first, then arrays without penalty (bias, scale of batch normalization).
        uses: at how many places of an example the weight is multiplied (positions of a convolution).
        kept: arrays that are kept in memory beside the weights (running mean and variance).
        scores: numbers of one example that compare two of its places (attention).
        text: which of a row's texts is counted for what is kept, how rare each token is among the fit rows; None for
            layers that count nothing.
    """

    name: str
    arrays: tuple[ArraySpec, ...]
    uses: int = 1
    kept: tuple[ArraySpec, ...] = ()
    scores: int = 0
    text: int | None = None


class Mode(NamedTuple):
    """How a network is applied.

    Args:
        drop: (place, values) -> values: dropout at the input of layer `place`; gives them back unchanged in
            evaluation mode.
        training: True where batch normalization reads the batch, False where it reads its memory.
    """

    drop: Callable[[int, jax.Array], jax.Array]
    training: bool


EVALUATION = Mode(drop=lambda place, values: values, training=False)


@dataclass(frozen=True)
class Family:
    """One family of networks.

    Args:
        list_layers: the layers of a size, from the input on.
        apply: (net, params, memory, batch [R, ...inputs], mode) -> (outputs [R, n_outputs], memory).
        dropped: the places at which dropout acts unless others are named: (net) -> layer numbers.
    """

    list_layers: Callable[[Net], tuple[LayerSpec, ...]]
    apply: Callable[[Net, Params, Memory, jax.Array, Mode], tuple[jax.Array, Memory]]
    dropped: Callable[[Net], tuple[int, ...]]


def dense_layer(
    name: str, n_in: int | tuple[int, ...], n_out: int, *, gain: float = 2.0, uses: int = 1
) -> LayerSpec:
    """Describe a weight [*n_in, n_out] with its bias; He-normal, or variance 1 / fan-in with gain 1.

    Source:
        He et al. 2015, "Delving deep into rectifiers".

    Example:
        >>> dense_layer("hidden 1", 3, 4).arrays[0].shape
        (3, 4)
    """
    sides = (n_in,) if isinstance(n_in, int) else n_in
    spread = math.sqrt(gain / math.prod(sides))
    return LayerSpec(name, (ArraySpec((*sides, n_out), spread), ArraySpec((n_out,))), uses)


def draw_params(layers: tuple[LayerSpec, ...], seed: int) -> Params:
    """Draw the first weights of a network.

    Each layer has its own stream (seed, layer), so that two networks that share a layer's shape share its weights:
    comparisons of remedies start from the same point.

    Args:
        layers: of one size.
        seed: seed index, 0 to 2^64 - 1.

    Returns:
        float32 arrays, layer by layer.

    Example:
        >>> [array.shape for array in draw_params((dense_layer("output", 3, 1),), 0)[0]]
        [(3, 1), (1,)]
    """
    return tuple(
        tuple(_draw_array(spec, seed, 8 * number + part) for part, spec in enumerate(layer.arrays))
        for number, layer in enumerate(layers)
    )


def _draw_array(spec: ArraySpec, seed: int, stream: int) -> FloatArray:
    if not spec.spread:
        return np.full(spec.shape, spec.fill, np.float32)
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, stream], np.uint64)))
    return generator.standard_normal(spec.shape, dtype=np.float32) * np.float32(spec.spread)


def start_memory(layers: tuple[LayerSpec, ...], rarity: Sequence[FloatArray] = ()) -> Memory:
    """Give what each layer keeps beside its weights before the first step, in the order of the layers.

    Args:
        layers: of one size.
        rarity: float32 [vocabulary] of each text of a row; none leaves every token equal.

    Example:
        >>> start_memory((dense_layer("output", 3, 1),))
        ((),)
    """
    return tuple(
        (rarity[layer.text],)
        if rarity and layer.text is not None
        else tuple(np.full(spec.shape, spec.fill, np.float32) for spec in layer.kept)
        for layer in layers
    )


def pad_arrays(arrays: Any, shapes: Any) -> Any:  # noqa: ANN401 - trees of arrays
    """Enlarge arrays with zeros at the end of each axis, to fit a program for wider networks.

    A unit with zero weights in and out gives zero and receives no gradient: it stays as it is.

    Args:
        arrays: a tree of arrays.
        shapes: the same tree of shapes, none smaller.

    Example:
        >>> pad_arrays((np.ones(2),), ((3,),))[0].tolist()
        [1.0, 1.0, 0.0]
    """
    if isinstance(arrays, tuple):
        return tuple(pad_arrays(array, shape) for array, shape in zip(arrays, shapes, strict=True))
    return np.pad(arrays, [(0, wide - narrow) for wide, narrow in zip(shapes, np.shape(arrays), strict=True)])


def fold_shares(layers: tuple[LayerSpec, ...], params: Params, shares: Any) -> Params:  # noqa: ANN401 - arrays or numbers
    """Multiply the weight of each layer by a number: as if all values at its input were multiplied by it.

    So a network trained with dropout whose units are multiplied by the keep share at the test needs nothing special
    outside training. A table of vectors is looked up, not multiplied, and has no dropout at its input.

    Args:
        layers: of one size.
        params: its arrays, the weight of each layer first.
        shares: one number a layer, that of the values at its input.

    Example:
        >>> layers = (dense_layer("output", 2, 1),)
        >>> fold_shares(layers, ((np.array([[2.0], [4.0]]), np.ones(1)),), (0.5,))[0][0].tolist()
        [[1.0], [2.0]]
    """
    return tuple(
        (arrays[0] * shares[place], *arrays[1:]) if spec.uses else arrays
        for place, (spec, arrays) in enumerate(zip(layers, params, strict=True))
    )


def list_shapes(
    layers: tuple[LayerSpec, ...], *, kept: bool = False
) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """Give the shapes of all arrays, layer by layer; of those kept beside the weights with `kept`."""
    return tuple(tuple(spec.shape for spec in (layer.kept if kept else layer.arrays)) for layer in layers)


def count_layer_parameters(layers: tuple[LayerSpec, ...]) -> int:
    """Count the trained numbers of a network.

    Example:
        >>> count_layer_parameters((dense_layer("hidden 1", 3, 4), dense_layer("output", 4, 1)))
        21
    """
    return sum(math.prod(spec.shape) for layer in layers for spec in layer.arrays)


def count_products(layers: tuple[LayerSpec, ...]) -> int:
    """Count the multiplications of one example's way through the network: what its time follows from.

    Example:
        >>> count_products((dense_layer("hidden 1", 3, 4), dense_layer("output", 4, 1)))
        16
    """
    return sum(
        math.prod(layer.arrays[0].shape) * layer.uses + PRODUCTS_A_SCORE * layer.scores for layer in layers
    )


def count_embedded(net: Net) -> int:
    """Count the numbers of all tables of word vectors of a network: every step updates them as a whole.

    Example:
        >>> count_embedded(Net("text", (9,), 1, embedding=4, vocabulary=10))
        40
        >>> parts = (InputLayout("tokens", (9,), 10), InputLayout("numbers", (2,)), InputLayout("tokens", (5,), 20))
        >>> count_embedded(Net("joined", (16,), 1, embedding=4, parts=parts))
        120
    """
    return net.embedding * (net.vocabulary + sum(part.vocabulary for part in net.parts))


def find_widest(net: Net, layers: tuple[LayerSpec, ...]) -> int:
    """Give the largest number of values one example has at any place of a network: what its memory follows from.

    The example itself counts too: ten thousand inputs take more room than sixteen units, and every token of a text is
    a vector.

    Args:
        net: its size.
        layers: its layers.

    Example:
        >>> net = Net("mlp", (3,), 1, (2,))
        >>> find_widest(net, (dense_layer("hidden 1", 3, 2), dense_layer("output", 2, 1)))
        3
    """
    taken_in = math.prod(net.inputs) * max(net.embedding, 1)
    return max(taken_in, *(layer.arrays[0].shape[-1] * max(layer.uses, 1) + layer.scores for layer in layers))
