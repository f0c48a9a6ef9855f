"""Residual blocks with batch normalization trained by the engine, beside the same training written out once more."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from heldout.executors.local import FINAL_RATE
from heldout.nets import Net, draw_params, list_layers, start_memory
from heldout.records import Fold, Hyper, InputLayout, Task
from heldout.tensors import TensorSource, build_tensors
from heldout.train import member as made
from heldout.train.member import Shape
from heldout.train.program import MemberSpec, put_data, run_members
from train.naive_training import draw_batches, read_rates

PICTURE, N_ROWS, N_FIT, EPSILON, MOVED = (6, 5, 2), 40, 28, 1e-5, 0.1
NET = Net("residual", PICTURE, 1, channels=(3, 4), kernel=3)
SHAPE = Shape(NET, Task.BINARY, 8, 4, 3, FINAL_RATE)
SEED, RATE, DECAY = 3, 0.01, 0.02


def draw_pictures():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N_ROWS, *PICTURE)).astype(np.float32)
    return x, (x[:, 1:3, 1:3, 0].mean(axis=(1, 2)) > x[:, 3:, 3:, 1].mean(axis=(1, 2))).astype(float)


def convolve(x, weight, stride):
    return lax.conv_general_dilated(
        x, weight, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def normalize(x, layer, kept, training):
    """Textbook batch normalization; the running variance is that of a sample (divided by n - 1)."""
    _, shift, scale = layer
    if not training:
        return (x - kept[0]) / jnp.sqrt(kept[1] + EPSILON) * scale + shift, kept
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    sample = x.reshape(-1, x.shape[-1]).var(0, ddof=1)
    after = ((1 - MOVED) * kept[0] + MOVED * mean, (1 - MOVED) * kept[1] + MOVED * sample)
    return (x - mean) / jnp.sqrt(variance + EPSILON) * scale + shift, after


def run(params, memory, x, *, training):
    first, one_a, one_b, two_a, two_b, past, output = params
    after = list(memory)

    def step(place, layer, values, stride):
        values, after[place] = normalize(convolve(values, layer[0], stride), layer, memory[place], training)
        return values

    x = jax.nn.relu(step(0, first, x, 1))
    x = jax.nn.relu(step(2, one_b, jax.nn.relu(step(1, one_a, x, 1)), 1) + x)
    inner = step(4, two_b, jax.nn.relu(step(3, two_a, x, 2)), 1)
    x = jax.nn.relu(inner + step(5, past, x, 2))
    return (x.mean((1, 2)) @ output[0] + output[1])[:, 0], after


def lose_without_penalty(params, memory, x, y, *, training):
    score, after = run(params, memory, x, training=training)
    return (jnp.logaddexp(0.0, score) - y * score).mean(), after


def lose(params, memory, x, y, *, training):
    loss, after = lose_without_penalty(params, memory, x, y, training=training)
    return loss + DECAY * sum((layer[0] ** 2).sum() for layer in params), after


def step_down(weight, mean, square, *, rate, count):
    """Adam with both means corrected for their start at 0."""
    mean = mean / (1 - made.ADAM_DECAY_MEAN**count)
    return weight - rate * mean / (jnp.sqrt(square / (1 - made.ADAM_DECAY_SQUARE**count)) + made.ADAM_EPSILON)


def train_plainly(x, y):
    """Adam in float64, one array after the other: weights, running means, training and validation curve."""
    layers = list_layers(NET)
    wide = partial(jax.tree.map, lambda array: jnp.asarray(array, jnp.float64))
    params, memory = wide(draw_params(layers, SEED)), wide(start_memory(layers))
    x, y = jnp.asarray(x, jnp.float64), jnp.asarray(y, jnp.float64)
    mean = square = jax.tree.map(jnp.zeros_like, params)
    rates, count, curves = read_rates(SHAPE, RATE), 0, []
    slope = jax.jit(jax.grad(partial(lose, training=True), has_aux=True))
    judge = jax.jit(partial(lose_without_penalty, training=False))

    @jax.jit  # few programs instead of one for each operation on each array
    def descend(params, mean, square, gradient, rate, count):
        mean = jax.tree.map(
            lambda m, g: made.ADAM_DECAY_MEAN * m + (1 - made.ADAM_DECAY_MEAN) * g, mean, gradient
        )
        square = jax.tree.map(
            lambda s, g: made.ADAM_DECAY_SQUARE * s + (1 - made.ADAM_DECAY_SQUARE) * g**2, square, gradient
        )
        move = partial(step_down, rate=rate, count=count)
        return jax.tree.map(move, params, mean, square), mean, square

    for epoch in range(SHAPE.n_epochs):
        for rows in draw_batches(SHAPE, SEED, epoch, N_FIT):
            gradient, memory = slope(params, memory, x[rows], y[rows])
            count += 1
            params, mean, square = descend(params, mean, square, gradient, rates[count - 1], count)
        held = []
        for part in (slice(0, N_FIT), slice(N_FIT, None)):
            held.append(float(judge(params, memory, x[part], y[part])[0]))
        curves.append(held)
    return params, memory, np.array(curves)


@pytest.fixture(scope="module")
def trained():
    x, y = draw_pictures()
    nothing = np.full(1, -1, np.int32)
    source = TensorSource(
        x[None], y, Task.BINARY, 2, None, False, nothing, layout=InputLayout("picture", PICTURE)
    )
    tensors = build_tensors(source, (Fold(np.arange(N_FIT), np.arange(N_FIT, N_ROWS)),))
    zeros = (0.0,) * len(list_layers(NET))
    hyper = Hyper(RATE, dropout=zeros, l1=zeros, l2=(DECAY,) * len(zeros))
    specs = [MemberSpec(hyper, seed, 0) for seed in (SEED, SEED + 1)]
    found = run_members(SHAPE, specs, put_data(tensors), (1, 3))
    with jax.enable_x64(True):
        plain = jax.tree.map(np.asarray, train_plainly(x, y))
    return found, plain


def test_weights_running_means_and_curves_equal_a_training_written_out(trained):
    found, (params, memory, curves) = trained
    np.testing.assert_allclose(found.curves[0], curves, rtol=2e-4)
    for layer, plain in zip(found.params, params, strict=True):
        for array, wanted in zip(layer, plain, strict=True):
            np.testing.assert_allclose(array[0], wanted, rtol=2e-3, atol=2e-4)
    for kept, plain in zip(found.memory[: len(memory)], memory, strict=True):
        for array, wanted in zip(kept, plain, strict=True):
            np.testing.assert_allclose(array[0], wanted, rtol=2e-3, atol=2e-4)


def test_each_member_has_running_means_of_its_own(trained):
    found, _ = trained
    for kept in found.memory[:-1]:
        assert np.abs(kept[0][0] - kept[0][1]).max() > 1e-4
        assert np.abs(kept[0][0]).max() > 1e-3  # they moved
