"""One network's training as a pure function; the program maps it over members.

Everything that differs between members of one shape is a traced input: learning rate, dropout, L1, L2, label
smoothing, seed, fold, target variant. Random numbers are `fold_in(purpose, seed, epoch, step)`, never drawn by call
order, so that resuming, chunking and company change no bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp

from heldout.nets import apply_mlp, init_mlp
from heldout.nets.mlp import Params
from heldout.records import Task

ADAM_DECAY_MEAN = 0.9
ADAM_DECAY_SQUARE = 0.999
ADAM_EPSILON = 1e-8
LOGIT_LIMIT = 15.0  # bounds the influence of one row on a log-loss (verdicts: |z| <= 15)
SLOT_DROPOUT = (
    0.01  # share of cells whose category is replaced by <unseen>, so that the slot is a trained one
)
PURPOSE_WEIGHTS, PURPOSE_ORDER, PURPOSE_DROPOUT, PURPOSE_SLOTS = 0, 1, 2, 3


@dataclass(frozen=True)
class Shape:
    """What is compiled into a program; members of one shape share it.

    Args:
        n_inputs: features.
        widths: units of each hidden layer; members may use fewer.
        n_outputs: outputs.
        task: decides the loss.
        batch_size: rows of one step.
        n_steps: steps of one epoch.
        n_epochs: epochs of a full training (length of the recorded curves).
        final_rate: share of the learning rate left at the last epoch (cosine decay; 1 keeps it constant).
    """

    n_inputs: int
    widths: tuple[int, ...]
    n_outputs: int
    task: Task
    batch_size: int
    n_steps: int
    n_epochs: int
    final_rate: float = 1.0


class Data(NamedTuple):
    """Arrays on the device, shared by all members; axes as in `records.Tensors`, target with a variant axis P."""

    features: jax.Array  # [K, N, D]
    target: jax.Array  # [P, K, N]
    fit_rows: jax.Array  # [K, F]
    fit_weight: jax.Array  # [K, F]
    watch_rows: jax.Array  # [K, R] fit rows on which the training loss is read
    watch_mask: jax.Array  # [K, R]
    validation_rows: jax.Array  # [K, V]
    validation_mask: jax.Array  # [K, V]
    block_of: jax.Array  # [D] index of the one-hot block of each feature, -1 for none
    is_unseen: jax.Array  # [D] 1 at the <unseen> slot of each block
    n_blocks: jax.Array  # [] number of blocks
    output_offset: jax.Array  # [K, n_outputs] takes class weights out of the outputs


class Member(NamedTuple):
    """The traced inputs of one training."""

    learning_rate: jax.Array
    dropout: jax.Array  # [layers]
    l1: jax.Array  # [layers]
    l2: jax.Array  # [layers]
    label_smoothing: jax.Array
    seed: jax.Array
    fold: jax.Array
    variant: jax.Array
    active: jax.Array  # bool: False for padding, which costs nothing and records nothing
    widths: jax.Array  # int32 [hidden layers] real units of each hidden layer, at most those of the shape


class State(NamedTuple):
    """Where one training stands, with everything recorded so far."""

    params: Params
    mean: Params
    square: Params
    alive: jax.Array  # bool: False once the loss was not finite
    curves: jax.Array  # [T, 2] training and validation loss per epoch
    losses: jax.Array  # [E, V]
    hits: jax.Array  # [E, V] bool


def draw_key(seed: jax.Array, purpose: int) -> jax.Array:
    """Give the random key of one purpose of one seed; the same for every configuration (paired comparisons).

    Example:
        >>> bool(draw_key(jnp.uint32(1), PURPOSE_WEIGHTS) == draw_key(jnp.uint32(1), PURPOSE_ORDER))
        False
    """
    # seed and purpose are the two words of the threefry key: no hashing to compile
    return jax.random.wrap_key_data(jnp.stack([jnp.uint32(purpose), jnp.asarray(seed, jnp.uint32)]))


def row_losses(task: Task, outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Compute the loss of each row in evaluation mode, without penalty.

    Args:
        task: binary (one logit), multiclass (one logit a class) or regression.
        outputs: float32 [rows, n_outputs]; logits are clipped to +-15.
        target: float32 [rows], class index or standardized number.

    Returns:
        float32 [rows]: log-loss in nats, or squared error.

    Example:
        >>> float(row_losses(Task.REGRESSION, jnp.array([[2.0]]), jnp.array([0.0]))[0])
        4.0
    """
    if task is Task.REGRESSION:
        return jnp.square(outputs[:, 0] - target)
    logits = jnp.clip(outputs, -LOGIT_LIMIT, LOGIT_LIMIT)
    if task is Task.BINARY:
        z = logits[:, 0]
        return jax.nn.softplus(z) - z * target
    picked = jnp.take_along_axis(logits, target.astype(jnp.int32)[:, None], axis=1)[:, 0]
    return jax.nn.logsumexp(logits, axis=1) - picked


def row_hits(task: Task, outputs: jax.Array, target: jax.Array) -> jax.Array:
    """Say for each row whether the predicted class is the true one (all False for regression).

    Example:
        >>> bool(row_hits(Task.BINARY, jnp.array([[0.3]]), jnp.array([1.0]))[0])
        True
    """
    if task is Task.REGRESSION:
        return jnp.zeros(target.shape, bool)
    if task is Task.BINARY:
        return (outputs[:, 0] > 0) == (target > 0.5)
    return jnp.argmax(outputs, axis=1) == target.astype(jnp.int32)


def _smoothed_losses(task: Task, outputs: jax.Array, target: jax.Array, smoothing: jax.Array) -> jax.Array:
    plain = row_losses(task, outputs, target)
    if task is Task.REGRESSION:
        return plain
    logits = jnp.clip(outputs, -LOGIT_LIMIT, LOGIT_LIMIT)
    if task is Task.BINARY:
        uniform = jax.nn.softplus(logits[:, 0]) - 0.5 * logits[:, 0]
    else:
        uniform = jax.nn.logsumexp(logits, axis=1) - jnp.mean(logits, axis=1)
    return (1.0 - smoothing) * plain + smoothing * uniform


def _drop_slots(key: jax.Array, x: jax.Array, data: Data) -> jax.Array:
    """Replace one category of some rows by <unseen>: each block with probability `SLOT_DROPOUT`.

    One number a row decides, so a row loses at most one category; above 1 / `SLOT_DROPOUT` blocks every row loses one.
    """
    draw = jax.random.uniform(key, (x.shape[0],)) * jnp.maximum(data.n_blocks, 1.0 / SLOT_DROPOUT)
    block = jnp.where(draw < data.n_blocks, draw, -2.0).astype(jnp.int32)
    return jnp.where(block[:, None] == data.block_of[None, :], data.is_unseen[None, :], x)


def _dropout_masks(
    key: jax.Array, rates: jax.Array, sizes: tuple[int, ...], n_rows: int
) -> tuple[jax.Array, ...]:
    """Draw dropout factors from 8 random bits a unit: the rate is rounded to a multiple of 1/256, at most 255/256."""
    # one draw for all layers: every further one would be compiled by itself
    bits = jax.random.bits(key, (n_rows, sum(sizes)), jnp.uint8).astype(jnp.float32)
    masks, first = [], 0
    for index, size in enumerate(sizes):
        threshold = jnp.minimum(jnp.round(rates[index] * 256.0), 255.0)
        masks.append((bits[:, first : first + size] >= threshold) / (1.0 - threshold / 256.0))
        first += size
    return tuple(masks)


def _train_step(
    shape: Shape, member: Member, data: Data, state: State, rows: jax.Array, epoch: jax.Array, step: jax.Array
) -> State:
    fold, count = member.fold, epoch * shape.n_steps + step
    x = data.features[fold, data.fit_rows[fold, rows]]
    y = data.target[member.variant, fold, data.fit_rows[fold, rows]]
    weight = data.fit_weight[fold, rows]
    x = jax.lax.cond(
        data.n_blocks > 0,
        lambda values: _drop_slots(
            jax.random.fold_in(draw_key(member.seed, PURPOSE_SLOTS), count), values, data
        ),
        lambda values: values,
        x,
    )
    sizes = (shape.n_inputs, *shape.widths)
    key = jax.random.fold_in(draw_key(member.seed, PURPOSE_DROPOUT), count)
    masks = jax.lax.cond(
        jnp.any(member.dropout > 0),
        lambda: _dropout_masks(key, member.dropout, sizes, shape.batch_size),
        lambda: tuple(jnp.ones((shape.batch_size, size)) for size in sizes),
    )

    def mean_loss(params: Params) -> jax.Array:
        losses = _smoothed_losses(shape.task, apply_mlp(params, x, masks), y, member.label_smoothing)
        penalty = sum(l2 * jnp.sum(jnp.square(w)) for l2, (w, _) in zip(member.l2, params, strict=True))
        return jnp.sum(weight * losses) / jnp.maximum(jnp.sum(weight), 1e-6) + penalty

    gradient = jax.grad(mean_loss)(state.params)
    params, mean, square = _adam(shape, member, state, gradient, count)
    return state._replace(params=params, mean=mean, square=square)


def _learning_rate(shape: Shape, rate: jax.Array, count: jax.Array) -> jax.Array:
    """Warm up over the first twentieth of the steps, then follow a half cosine down to `final_rate`."""
    total = shape.n_epochs * shape.n_steps
    progress = (count + 1.0) / total
    warm = jnp.minimum(1.0, progress * 20.0)
    decay = shape.final_rate + (1.0 - shape.final_rate) * 0.5 * (1.0 + jnp.cos(jnp.pi * progress))
    return rate * warm * decay


def _adam(
    shape: Shape, member: Member, state: State, gradient: Params, count: jax.Array
) -> tuple[Params, Params, Params]:
    """Take one Adam step (Kingma & Ba 2015) and the proximal step of L1 in Adam's own metric.

    The threshold of each weight is its own step size times the strength, so that a weight whose data gradient does
    not resist becomes exactly zero; a subgradient in the loss would only make it jitter around zero.
    """
    rate = _learning_rate(shape, member.learning_rate, count)
    correct_mean = 1.0 - ADAM_DECAY_MEAN ** (count + 1.0)
    correct_square = 1.0 - ADAM_DECAY_SQUARE ** (count + 1.0)
    params, means, squares = [], [], []
    for index, (layer, mean, square, slope) in enumerate(
        zip(state.params, state.mean, state.square, gradient, strict=True)
    ):
        new_layer, new_mean, new_square = [], [], []
        for part in range(2):  # weight, bias
            m = ADAM_DECAY_MEAN * mean[part] + (1.0 - ADAM_DECAY_MEAN) * slope[part]
            v = ADAM_DECAY_SQUARE * square[part] + (1.0 - ADAM_DECAY_SQUARE) * jnp.square(slope[part])
            step_size = rate / (jnp.sqrt(v / correct_square) + ADAM_EPSILON)
            value = layer[part] - step_size * m / correct_mean
            if part == 0:
                limit = jnp.where(member.l1[index] > 0, step_size * member.l1[index], 0.0)
                value = jnp.sign(value) * jnp.maximum(jnp.abs(value) - limit, 0.0)
            new_layer.append(value)
            new_mean.append(m)
            new_square.append(v)
        params.append(tuple(new_layer))
        means.append(tuple(new_mean))
        squares.append(tuple(new_square))
    return tuple(params), tuple(means), tuple(squares)


def start_member(shape: Shape, member: Member, n_checkpoints: int, n_validation: int) -> State:
    """Draw the initial weights of one member and make room for its records."""
    key = draw_key(member.seed, PURPOSE_WEIGHTS)
    params = init_mlp(key, shape.n_inputs, shape.widths, shape.n_outputs, used=member.widths)
    zeros = jax.tree.map(jnp.zeros_like, params)
    return State(
        params=params,
        mean=zeros,
        square=zeros,
        alive=member.active,
        curves=jnp.full((shape.n_epochs, 2), jnp.nan),
        losses=jnp.full((n_checkpoints, n_validation), jnp.nan),
        hits=jnp.zeros((n_checkpoints, n_validation), bool),
    )


def _evaluate(
    shape: Shape, member: Member, data: Data, params: Params
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Read training loss, validation losses [V] and hits [V] in evaluation mode."""
    fold = member.fold
    target = data.target[member.variant, fold]

    def losses_of(rows: jax.Array) -> tuple[jax.Array, jax.Array]:
        outputs = apply_mlp(params, data.features[fold, rows]) + data.output_offset[fold]
        return row_losses(shape.task, outputs, target[rows]), row_hits(shape.task, outputs, target[rows])

    watched, _ = losses_of(data.watch_rows[fold])
    mask = data.watch_mask[fold]
    train_loss = jnp.sum(watched * mask) / jnp.maximum(jnp.sum(mask), 1.0)
    losses, hits = losses_of(data.validation_rows[fold])
    return train_loss, losses, hits


def _train_epoch(shape: Shape, member: Member, data: Data, state: State, epoch: jax.Array) -> State:
    n_fit = data.fit_rows.shape[1]
    key = jax.random.fold_in(draw_key(member.seed, PURPOSE_ORDER), epoch)
    order = jnp.argsort(jax.random.bits(key, (n_fit,)))

    def step(index: jax.Array, before: State) -> State:
        # the last batch wraps around to the first rows of the epoch's order, so that every batch is full
        rows = order[(index * shape.batch_size + jnp.arange(shape.batch_size)) % n_fit]
        return _train_step(shape, member, data, before, rows, epoch, index)

    small = state._replace(curves=jnp.zeros(()), losses=jnp.zeros(()), hits=jnp.zeros(()))
    after = jax.lax.fori_loop(0, shape.n_steps, step, small)
    return state._replace(params=after.params, mean=after.mean, square=after.square)


def advance_member(
    shape: Shape,
    member: Member,
    data: Data,
    checkpoints: jax.Array,
    state: State,
    bounds: tuple[jax.Array, jax.Array],
) -> State:
    """Train one member from checkpoint index `bounds[0]` to `bounds[1]` and record its losses on the way.

    Args:
        shape: what is compiled.
        member: traced inputs.
        data: arrays on the device.
        checkpoints: int32 [E], epochs (1-based, increasing) at which per-row losses are kept.
        state: where the training stands.
        bounds: first and last (exclusive) checkpoint index of this call.

    Returns:
        The state after the epochs; a member whose loss is not finite is frozen and `alive` turns False.
    """

    def epoch_loop(epoch: jax.Array, before: State) -> State:
        after = _train_epoch(shape, member, data, before, epoch)
        train_loss, losses, _ = _evaluate(shape, member, data, after.params)
        mask = data.validation_mask[member.fold]
        # `where` before the sum: a padding row that is not finite must not reach the curve
        val_loss = jnp.sum(jnp.where(mask > 0, losses, 0.0)) / jnp.maximum(jnp.sum(mask), 1.0)
        # clipped logits have a finite loss even when a weight is infinite, so the weights are looked at too
        weights = sum(jnp.sum(jnp.abs(part)) for layer in after.params for part in layer)
        sound = jnp.isfinite(train_loss) & jnp.isfinite(val_loss) & jnp.isfinite(weights)
        curves = after.curves.at[epoch].set(jnp.stack([train_loss, val_loss]))
        kept = jax.tree.map(lambda new, old: jnp.where(sound, new, old), after.params, before.params)
        return after._replace(params=kept, curves=curves, alive=before.alive & sound)

    def guarded(epoch: jax.Array, before: State) -> State:
        return jax.lax.cond(before.alive, epoch_loop, lambda _, same: same, epoch, before)

    def segment(index: jax.Array, before: State) -> State:
        return jax.lax.cond(before.alive, run_segment, lambda _, same: same, index, before)

    def run_segment(index: jax.Array, before: State) -> State:
        first = jnp.where(index == 0, 0, checkpoints[index - 1])
        after = jax.lax.fori_loop(first, checkpoints[index], guarded, before)
        _, losses, hits = _evaluate(shape, member, data, after.params)
        losses = jnp.where(after.alive, losses, jnp.nan)
        return after._replace(losses=after.losses.at[index].set(losses), hits=after.hits.at[index].set(hits))

    return jax.lax.fori_loop(bounds[0], bounds[1], segment, state)
