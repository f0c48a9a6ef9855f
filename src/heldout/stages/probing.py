"""How much each row's loss rises when something of it is hidden from a trained network of any family."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from heldout.nets import EVALUATION, Net, apply_net, finish_outputs
from heldout.nets.net import Memory, Params
from heldout.records import BoolArray, DoubleArray, FloatArray, IndexArray, Task, Tensors
from heldout.stages.hiding import PERMUTE, ZERO, Unit, hide_unit
from heldout.train.losses import LOGIT_LIMIT

BLOCK = 128  # rows of a pass, the last one padded: one compiled program a network
PLAIN = "mlp"  # its first layer is linear in the inputs: only what is hidden is computed again


@dataclass(frozen=True)
class Network:
    """A trained network that is looked into.

    Args:
        net: its size.
        layers: for each layer its arrays.
        memory: for each layer what it keeps beside its weights; empty where none keeps anything.
    """

    net: Net
    layers: Params
    memory: Memory = ()


@dataclass(frozen=True)
class Seen:
    """Rows as one fold's network sees them.

    Args:
        tensors: arrays of the study.
        fold: whose state encoded them.
        rows: int64 [n], within the development rows.
        x: float32 [n, D], flat.
    """

    tensors: Tensors
    fold: int
    rows: IndexArray
    x: FloatArray


def take_rows(tensors: Tensors, *, fold: int, rows: IndexArray) -> Seen:
    """Give rows as a fold's network sees them: numbers flat and scaled.

    Args:
        tensors: arrays of the study.
        fold: whose state.
        rows: int64 [n], within the development rows.
    """
    taken = np.asarray(tensors.features[min(fold, len(tensors.features) - 1), rows], np.float32)
    if tensors.scales is not None:
        taken = (taken - tensors.scales.center[fold]) / tensors.scales.spread[fold]
    return Seen(tensors, fold, rows, taken.reshape(len(rows), -1))


def measure_rises(
    network: Network, seen: Seen, units: tuple[Unit, ...], *, looked: BoolArray, key: tuple[int, int, int]
) -> DoubleArray:
    """Measure how much the loss of each row rises when a unit is hidden.

    Permutations are among the rows looked at; they depend on the key and the unit, never on the network.

    Args:
        network: of the fold of `seen`.
        seen: the rows.
        units: what is hidden, one at a time.
        looked: bool [C, n], the rows in which each unit is hidden.
        key: seed, fold and side.

    Returns:
        float64 [C, n]; 0 where nothing was hidden.
    """
    partner = np.stack([_permute(unit, mask, key) for unit, mask in zip(units, looked, strict=True)])
    if network.net.family == PLAIN and len(network.net.inputs) == 1:
        return _measure_plain(network, seen, units, (looked, partner))
    before = _loss(compute_outputs(network, seen.x), seen, np.arange(len(seen.rows)))
    rises = np.zeros(looked.shape)
    pairs = np.argwhere(looked)  # (unit, row), one unit after the other: blocks stay full whatever their rows
    for first in range(0, len(pairs), BLOCK):
        which, rows = pairs[first : first + BLOCK].T
        block = seen.x[rows]
        for index in np.unique(which):
            inside = which == index
            other = seen.x[partner[index, rows[inside]]]
            block[inside] = hide_unit(units[index], block[inside], other, fold=seen.fold)
        rises[which, rows] = _loss(compute_outputs(network, block), seen, rows) - before[rows]
    return rises


def _permute(unit: Unit, mask: BoolArray, key: tuple[int, int, int]) -> IndexArray:
    """Give each row the row whose numbers it gets: int64 [n]."""
    partner = np.arange(len(mask))
    if unit.how == PERMUTE:
        inside = np.flatnonzero(mask)
        order = np.random.default_rng((*key, int(unit.positions[0]))).permutation(len(inside))
        partner[inside] = inside[order]
    return partner


def compute_outputs(network: Network, x: FloatArray) -> FloatArray:
    """Compute a network's outputs in evaluation, block by block.

    Args:
        network: of any family.
        x: float32 [n, D].

    Returns:
        float32 [n, n_outputs].
    """
    memory = network.memory or tuple(() for _ in network.layers)
    made = []
    for first in range(0, len(x), BLOCK):
        block = np.zeros((BLOCK, x.shape[1]), np.float32)
        real = x[first : first + BLOCK]
        block[: len(real)] = real
        made.append(np.asarray(_apply(network.layers, memory, block, net=network.net))[: len(real)])
    return np.concatenate([np.zeros((0, network.net.n_outputs), np.float32), *made])


@partial(jax.jit, static_argnames=("net",))
def _apply(layers: Params, memory: Memory, x: jax.Array, *, net: Net) -> jax.Array:
    return apply_net(net, layers, memory, x, EVALUATION)[0]


def _measure_plain(
    network: Network, seen: Seen, units: tuple[Unit, ...], masks: tuple[BoolArray, IndexArray]
) -> DoubleArray:
    """The same for a fully connected network: only the hidden positions change what reaches the first layer."""
    looked, partner = masks
    weight, bias = network.layers[0][:2]
    first = seen.x @ weight + bias
    before = _loss(_finish(first, network), seen, np.arange(len(seen.rows)))
    rises = np.zeros(looked.shape)
    for index, unit in enumerate(units):
        rows, places = np.flatnonzero(looked[index]), unit.positions
        there = seen.x[np.ix_(rows, places)]
        instead = 0.0 if unit.how == ZERO else seen.x[np.ix_(partner[index, rows], places)]
        changed = first[rows] + (instead - there) @ weight[places]
        rises[index, rows] = _loss(_finish(changed, network), seen, rows) - before[rows]
    return rises


def _finish(first: FloatArray, network: Network) -> FloatArray:
    """Compute the outputs of a fully connected network from the sums that reach its first layer."""
    hidden = first
    for weight, bias in (layer[:2] for layer in network.layers[1:]):
        hidden = np.maximum(hidden, 0.0) @ weight + bias
    return np.asarray(finish_outputs(network.net, jnp.asarray(hidden)))


def _loss(outputs: FloatArray, seen: Seen, places: IndexArray) -> DoubleArray:
    return row_loss(outputs, seen.tensors, fold=seen.fold, rows=seen.rows[places])


def row_loss(outputs: FloatArray, tensors: Tensors, *, fold: int, rows: IndexArray) -> DoubleArray:
    """Compute each row's loss from a network's outputs, as in training's evaluation.

    Args:
        outputs: float32 [n, n_outputs].
        tensors: target, offset and scale.
        fold: whose network.
        rows: int64 [n], within the development rows.

    Returns:
        float64 [n], log-loss or squared error in common units.
    """
    target = tensors.target[fold, rows]
    if tensors.task is Task.REGRESSION:
        return np.square(outputs[:, 0] - target).astype(np.float64) * float(tensors.target_scale[fold]) ** 2
    offset = 0.0 if tensors.output_offset is None else tensors.output_offset[fold]
    logits = np.clip(outputs.astype(np.float64) + offset, -LOGIT_LIMIT, LOGIT_LIMIT)
    if tensors.task is Task.BINARY:
        return np.logaddexp(0.0, np.where(target > 0.5, -logits[:, 0], logits[:, 0]))
    if tensors.sets is not None:
        held = tensors.sets[target.astype(int)] > 0.5
        return np.logaddexp(0.0, np.where(held, -logits, logits)).sum(axis=1)
    return (
        np.logaddexp.reduce(logits, axis=1)
        - np.take_along_axis(logits, target.astype(int)[:, None], axis=1)[:, 0]
    )


def lean_on_vectors(network: Network, seen: Seen, *, place: int) -> DoubleArray:
    """Estimate how much all rows' right answers lean on each word vector, with one backward pass.

    The first order of what the rows' margins (the right class against the others, the right side of the mean) lose
    when a vector is set to zero. It only chooses which words are looked at: the rises are then measured.

    Args:
        network: with a table of word vectors.
        seen: rows.
        place: number of the layer that holds the table.

    Returns:
        float64 [vocabulary].
    """
    target = seen.tensors.target[seen.fold, seen.rows]
    task, n_outputs = seen.tensors.task, network.net.n_outputs
    if seen.tensors.sets is not None:
        sign = 2.0 * seen.tensors.sets[target.astype(int)] - 1.0
    elif task is Task.MULTICLASS:
        sign = np.eye(n_outputs, dtype=np.float32)[target.astype(int)] - 1.0 / n_outputs
    else:
        sign = np.sign(target - (0.5 if task is Task.BINARY else 0.0)).astype(np.float32)[:, None]
    memory = network.memory or tuple(() for _ in network.layers)
    total = np.zeros(np.shape(network.layers[place][0]))
    for first in range(0, len(seen.x), BLOCK):
        real = seen.x[first : first + BLOCK]
        block = np.zeros((BLOCK, seen.x.shape[1]), np.float32)
        signs = np.zeros((BLOCK, n_outputs), np.float32)
        block[: len(real)], signs[: len(real)] = real, sign[first : first + BLOCK]
        total += _differentiate(network.layers, memory, (block, signs), net=network.net, place=place)
    return (total * np.asarray(network.layers[place][0], np.float64)).sum(axis=1)


@partial(jax.jit, static_argnames=("net", "place"))
def _differentiate(
    layers: Params, memory: Memory, of: tuple[jax.Array, jax.Array], *, net: Net, place: int
) -> jax.Array:
    x, signs = of

    def add_margins(table: jax.Array) -> jax.Array:
        own = (*layers[:place], (table, *layers[place][1:]), *layers[place + 1 :])
        return jnp.sum(signs * apply_net(net, own, memory, x, EVALUATION)[0])

    return jax.grad(add_margins)(jnp.asarray(layers[place][0]))
