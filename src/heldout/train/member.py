"""One network's training as a pure function; the program maps it over members.

Everything that differs between members of one shape is a traced input: learning rate, dropout, L1, L2, weight decay,
label smoothing, augmentation, seed, fold, target variant. Random numbers are functions of (seed, purpose, step,
place), never drawn by call order, so that resuming, chunking and company change no bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from heldout.nets import EVALUATION, Mode, Net, apply_net, find_widest, fold_shares, list_layers
from heldout.nets.net import Memory, Params
from heldout.random_bits import Stream, draw_permutation, draw_uniform, keep_mask
from heldout.records import InputLayout, Task
from heldout.remedies.augmentation import augment_batch
from heldout.train.losses import look_up_target, row_hits, row_losses, smoothed_losses

ADAM_DECAY_MEAN = 0.9
ADAM_DECAY_SQUARE = 0.999
ADAM_EPSILON = 1e-8
SLOT_DROPOUT = (
    0.01  # share of cells whose category is replaced by <unseen>, so that the slot is a trained one
)
PURPOSE_ORDER, PURPOSE_DROPOUT, PURPOSE_SLOTS, PURPOSE_AUGMENTATION = 1, 2, 3, 4
# masks of dropout up to so many values (1 MB) are drawn apart from their product: measured on 16,384, above: assumption
MASKED_VALUES = 262_144
# values of one layer that an evaluation holds at once (16 MB): more rows are evaluated in parts
EVALUATED_VALUES = 4_000_000


@dataclass(frozen=True)
class Shape:
    """What is compiled into a program; members of one shape share it.

    Args:
        net: the network; members may use fewer units (`nets.pad_arrays`).
        task: decides the loss.
        batch_size: rows of one step.
        n_steps: steps of one epoch.
        n_epochs: epochs of a full training (length of the recorded curves).
        final_rate: share of the learning rate left at the last epoch (cosine decay; 1 keeps it constant).
        augmenters: names of the augmenters compiled in (`remedies.augmentation`), in the order of `Member.augment`.
        layout: what the numbers of a row are, as augmenters see them; None for numbers, pictures or signals alone.
    """

    net: Net
    task: Task
    batch_size: int
    n_steps: int
    n_epochs: int
    final_rate: float = 1.0
    augmenters: tuple[str, ...] = ()
    layout: InputLayout | None = None


class Data(NamedTuple):
    """Arrays on the device, shared by all members; axes as in `records.Tensors`, target with a variant axis P."""

    features: jax.Array  # [K or 1, N, ...]: of one fold's recipe, or the same for all folds
    center: jax.Array  # [K or 1, C] of bytes (pictures): subtracted; else not used
    spread: jax.Array  # [K or 1, C] of bytes: divided by
    target: jax.Array  # [P, K, N]; of several labels the number of their set
    fit_rows: jax.Array  # [K, F]
    fit_weight: jax.Array  # [K, F]
    watch_rows: jax.Array  # [K, R] fit rows on which the training loss is read
    watch_mask: jax.Array  # [K, R]
    validation_rows: jax.Array  # [K, V]
    validation_mask: jax.Array  # [K, V]
    block_of: jax.Array  # [D] index of the one-hot block of each feature, -1 for none
    is_unseen: jax.Array  # [D] 1 at the <unseen> slot of each block
    n_blocks: jax.Array  # [] number of blocks
    output_offset: jax.Array  # [K, n_outputs] takes class weights out of the outputs, puts class shares in
    sets: jax.Array  # [sets, labels] 1 for the labels of each set; [0, 0] where rows have no several labels
    rarity: tuple[jax.Array, ...] = ()  # [K, vocabulary] of each text: where the weights of its tokens start


class Member(NamedTuple):
    """The traced inputs of one training."""

    learning_rate: jax.Array
    dropout: jax.Array  # [layers]
    l1: jax.Array  # [layers]
    l2: jax.Array  # [layers]
    weight_decay: jax.Array
    label_smoothing: jax.Array
    augment: jax.Array  # [augmenters] strength of each
    scales_test: (
        jax.Array
    )  # bool: dropout multiplies all at the test instead of dividing what is kept in training
    seed: jax.Array
    fold: jax.Array
    variant: jax.Array
    active: jax.Array  # bool: False for padding, which costs nothing and records nothing


class State(NamedTuple):
    """Where one training stands, with everything recorded so far."""

    params: Params
    memory: Memory
    mean: Params
    square: Params
    alive: jax.Array  # bool: False once the loss was not finite
    curves: jax.Array  # [T, 2] training and validation loss per epoch
    losses: jax.Array  # [E, V]
    hits: jax.Array  # [E, V] bool


class Moving(NamedTuple):
    """The part of the state that changes at every step."""

    params: Params
    memory: Memory
    mean: Params
    square: Params


def gather_rows(data: Data, fold: jax.Array, rows: jax.Array) -> jax.Array:
    """Take some rows of the features of a fold; bytes are brought to mean 0 and spread 1 by channel on the way.

    Args:
        data: arrays on the device.
        fold: which fold.
        rows: int32 [R].
    """

    def of_fold(array: jax.Array) -> jax.Array:
        # one array for all folds is kept once
        return array[fold if array.shape[0] > 1 else 0]

    taken = of_fold(data.features)[rows] if data.features.shape[0] == 1 else data.features[fold, rows]
    if taken.dtype != jnp.uint8:
        return taken
    return (taken.astype(jnp.float32) - of_fold(data.center)) / of_fold(data.spread)


def _drop_slots(stream: Stream, x: jax.Array, data: Data) -> jax.Array:
    """Replace one category of some rows by <unseen>: each block with probability `SLOT_DROPOUT`.

    One number a row decides, so a row loses at most one category; above 1 / `SLOT_DROPOUT` blocks every row loses one.
    """
    draw = draw_uniform(stream, (x.shape[0],)) * jnp.maximum(data.n_blocks, 1.0 / SLOT_DROPOUT)
    block = jnp.where(draw < data.n_blocks, draw, -2.0).astype(jnp.int32)
    return jnp.where(block[:, None] == data.block_of[None, :], data.is_unseen[None, :], x)


def _dropping(member: Member, count: jax.Array) -> Mode:
    """Give the training mode: dropout at the input of each layer, drawn anew at every step."""

    def drop(place: int, values: jax.Array) -> jax.Array:
        rate = member.dropout[place]
        stream = Stream(member.seed, PURPOSE_DROPOUT, count, place)

        def draw() -> jax.Array:
            return keep_mask(stream, values.shape, rate) * jnp.where(member.scales_test, 1.0 - rate, 1.0)

        if values.size <= MASKED_VALUES:
            # the mask alone is drawn on condition: its product is then one pass with bias and rectifier, forward and
            # backward, which is cheaper than a pass of its own even where the mask is all ones (docs/engine.md)
            return values * jax.lax.cond(rate > 0, draw, lambda: jnp.ones(values.shape, jnp.float32))
        # a mask of ones for a batch of pictures or texts, most of which have no dropout, would cost more than that
        return jax.lax.cond(rate > 0, lambda: values * draw(), lambda: values)

    return Mode(drop, training=True)


def _train_step(
    shape: Shape, member: Member, data: Data, before: Moving, rows: jax.Array, count: jax.Array
) -> Moving:
    fold = member.fold
    x = gather_rows(data, fold, data.fit_rows[fold, rows])
    y = look_up_target(data.target[member.variant, fold, data.fit_rows[fold, rows]], data.sets)
    weight = data.fit_weight[fold, rows]
    if x.ndim == 2 and x.dtype == jnp.float32:  # encoded tables only have slots of categories
        stream = Stream(member.seed, PURPOSE_SLOTS, count, 0)
        x = jax.lax.cond(
            data.n_blocks > 0, lambda values: _drop_slots(stream, values, data), lambda values: values, x
        )
    x = x.reshape(x.shape[0], *shape.net.inputs)
    batch = augment_batch(
        shape.augmenters,
        member.augment,
        Stream(member.seed, PURPOSE_AUGMENTATION, count, 0),
        x,
        layout=shape.layout,
        blocks=data.block_of,
    )
    mode = _dropping(member, count)

    def mean_loss(params: Params) -> tuple[jax.Array, Memory]:
        outputs, memory = apply_net(shape.net, params, before.memory, batch.x, mode)
        losses = smoothed_losses(shape.task, outputs, y, member.label_smoothing)
        if (
            batch.partner is not None and batch.share is not None
        ):  # mixed examples belong to two targets, each by its share
            other = smoothed_losses(shape.task, outputs, y[batch.partner], member.label_smoothing)
            losses = batch.share * losses + (1.0 - batch.share) * other
        penalty = sum(
            strength * jnp.sum(jnp.square(layer[0]))
            for strength, layer in zip(member.l2, params, strict=True)
        )
        return jnp.sum(weight * losses) / jnp.maximum(jnp.sum(weight), 1e-6) + penalty, memory

    gradient, memory = jax.grad(mean_loss, has_aux=True)(before.params)
    params, mean, square = _adam(shape, member, before, gradient, count)
    return Moving(params, memory, mean, square)


def _learning_rate(shape: Shape, rate: jax.Array, count: jax.Array) -> jax.Array:
    """Warm up over the first twentieth of the steps, then follow a half cosine down to `final_rate`."""
    total = shape.n_epochs * shape.n_steps
    progress = (count + 1.0) / total
    warm = jnp.minimum(1.0, progress * 20.0)
    decay = shape.final_rate + (1.0 - shape.final_rate) * 0.5 * (1.0 + jnp.cos(jnp.pi * progress))
    return rate * warm * decay


def _adam(
    shape: Shape, member: Member, before: Moving, gradient: Params, count: jax.Array
) -> tuple[Params, Params, Params]:
    """Take one Adam step (Kingma & Ba 2015), decoupled weight decay, and the proximal step of L1 in Adam's own metric.

    The threshold of each weight is its own step size times the strength, so that a weight whose data gradient does
    not resist becomes exactly zero; a subgradient in the loss would only make it jitter around zero. Decoupled decay
    (Loshchilov & Hutter 2019) shrinks every weight by the same share, whatever its gradient; L2 in the loss passes
    through Adam's scaling, which weakens it for weights with large gradients.

    Both corrections of the start are folded into numbers of the whole step: a division a weight instead of three.
    """
    rate = _learning_rate(shape, member.learning_rate, count)
    root = jnp.sqrt(1.0 - ADAM_DECAY_SQUARE ** (count + 1.0))
    pace, epsilon = rate * root, ADAM_EPSILON * root
    to_mean = 1.0 / (1.0 - ADAM_DECAY_MEAN ** (count + 1.0))
    params, means, squares = [], [], []
    for index, (layer, mean, square, slope) in enumerate(
        zip(before.params, before.mean, before.square, gradient, strict=True)
    ):
        new_layer, new_mean, new_square = [], [], []
        for part in range(len(layer)):  # the weight first, then what penalties leave alone
            m = ADAM_DECAY_MEAN * mean[part] + (1.0 - ADAM_DECAY_MEAN) * slope[part]
            v = ADAM_DECAY_SQUARE * square[part] + (1.0 - ADAM_DECAY_SQUARE) * jnp.square(slope[part])
            step_size = pace / (jnp.sqrt(v) + epsilon)
            value = layer[part] - step_size * (m * to_mean)
            if part == 0:
                value = value - rate * member.weight_decay * layer[part]
                limit = jnp.where(member.l1[index] > 0, step_size * member.l1[index], 0.0)
                value = jnp.sign(value) * jnp.maximum(jnp.abs(value) - limit, 0.0)
            new_layer.append(value)
            new_mean.append(m)
            new_square.append(v)
        params.append(tuple(new_layer))
        means.append(tuple(new_mean))
        squares.append(tuple(new_square))
    return tuple(params), tuple(means), tuple(squares)


def _in_parts(evaluate: Any, rows: jax.Array, n_at_once: int) -> Any:  # noqa: ANN401 - function of rows, tree of arrays
    """Apply a function of rows to parts of them, so that a large network's values fit into memory."""
    n_rows = rows.shape[0]
    if n_rows <= n_at_once:
        return evaluate(rows)
    n_parts = -(-n_rows // n_at_once)
    padded = jnp.pad(rows, (0, n_parts * n_at_once - n_rows))
    parts = jax.lax.map(evaluate, padded.reshape(n_parts, n_at_once))
    return jax.tree.map(lambda part: part.reshape(-1, *part.shape[2:])[:n_rows], parts)


def _evaluate(
    shape: Shape, member: Member, data: Data, params: Params, memory: Memory
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Read training loss, validation losses [V] and hits [V] in evaluation mode."""
    fold = member.fold
    target = data.target[member.variant, fold]
    layers = list_layers(shape.net)
    # scaling the weights once is cheaper than scaling the values of every row
    params = fold_shares(layers, params, jnp.where(member.scales_test, 1.0 - member.dropout, 1.0))
    n_at_once = max(EVALUATED_VALUES // find_widest(shape.net, layers), shape.batch_size)

    def losses_of(rows: jax.Array) -> tuple[jax.Array, jax.Array]:
        outputs, _ = apply_net(shape.net, params, memory, gather_rows(data, fold, rows), EVALUATION)
        outputs = outputs + data.output_offset[fold]
        truth = look_up_target(target[rows], data.sets)
        return row_losses(shape.task, outputs, truth), row_hits(shape.task, outputs, truth)

    # one call for both kinds of rows: every further one would be compiled by itself
    n_watched = data.watch_rows.shape[1]
    rows = jnp.concatenate([data.watch_rows[fold], data.validation_rows[fold]])
    losses, hits = _in_parts(losses_of, rows, n_at_once)
    mask = data.watch_mask[fold]
    train_loss = jnp.sum(jnp.where(mask > 0, losses[:n_watched], 0.0)) / jnp.maximum(jnp.sum(mask), 1.0)
    return train_loss, losses[n_watched:], hits[n_watched:]


def _train_epoch(shape: Shape, member: Member, data: Data, before: Moving, epoch: jax.Array) -> Moving:
    n_fit = data.fit_rows.shape[1]
    order = draw_permutation(Stream(member.seed, PURPOSE_ORDER, epoch, 0), n_fit)

    def step(index: jax.Array, so_far: Moving) -> Moving:
        # the last batch wraps around to the first rows of the epoch's order, so that every batch is full
        rows = order[(index * shape.batch_size + jnp.arange(shape.batch_size)) % n_fit]
        return _train_step(shape, member, data, so_far, rows, epoch * shape.n_steps + index)

    return jax.lax.fori_loop(0, shape.n_steps, step, before)


def advance_member(
    shape: Shape,
    member: Member,
    data: Data,
    checkpoints: jax.Array,
    state: State,
    bounds: tuple[jax.Array, jax.Array],
) -> State:
    """Train one member over the epochs `bounds[0]` to `bounds[1]` and record its losses on the way.

    Args:
        shape: what is compiled.
        member: traced inputs.
        data: arrays on the device.
        checkpoints: int32 [E], epochs (1-based, increasing) at which per-row losses are kept.
        state: where the training stands.
        bounds: first epoch (0-based) and the one after the last, both ends of checkpoints.

    Returns:
        The state after the epochs; a member whose loss is not finite is frozen and `alive` turns False.
    """

    def run_epoch(epoch: jax.Array, before: State) -> State:
        moving = Moving(before.params, before.memory, before.mean, before.square)
        after = _train_epoch(shape, member, data, moving, epoch)
        train_loss, losses, hits = _evaluate(shape, member, data, after.params, after.memory)
        mask = data.validation_mask[member.fold]
        # `where` before the sum: a padding row that is not finite must not reach the curve
        val_loss = jnp.sum(jnp.where(mask > 0, losses, 0.0)) / jnp.maximum(jnp.sum(mask), 1.0)
        # clipped logits have a finite loss even when a weight is infinite, so the weights are looked at too
        weights = sum(jnp.sum(jnp.abs(part)) for part in jax.tree.leaves((after.params, after.memory)))
        sound = jnp.isfinite(train_loss) & jnp.isfinite(val_loss) & jnp.isfinite(weights)
        kept = jax.tree.map(lambda new, old: jnp.where(sound, new, old), after, moving)
        # every epoch writes where the next checkpoint's losses belong: the checkpoint itself is the last to write
        slot = jnp.searchsorted(checkpoints, epoch + 1)
        return State(
            *kept,
            alive=sound,
            curves=before.curves.at[epoch].set(jnp.stack([train_loss, val_loss])),
            losses=before.losses.at[slot].set(jnp.where(sound, losses, jnp.nan)),
            hits=before.hits.at[slot].set(hits & sound),
        )

    def guarded(epoch: jax.Array, before: State) -> State:
        return jax.lax.cond(before.alive, run_epoch, lambda _, same: same, epoch, before)

    return jax.lax.fori_loop(bounds[0], bounds[1], guarded, state)
