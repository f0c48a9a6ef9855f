import functools
import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import log_loss

from heldout.nets import EVALUATION, Net, apply_net, fold_shares, list_layers
from heldout.random_bits import Stream
from heldout.records import Task
from heldout.train import member as made
from heldout.train.losses import LOGIT_LIMIT, row_hits, row_losses
from heldout.train.member import SLOT_DROPOUT, Member, Moving, Shape
from heldout.train.program import MemberSpec, put_data, run_members, stack_members
from train.made_tensors import CHECKPOINTS, make_hyper, make_shape, make_tensors
from train.naive_training import read_rates

RNG = np.random.default_rng(3)
SIGMAS = 5.0  # bound of a random share: a true one fails it once in two million


def assert_share(count, n, share):
    """A count out of n is what a share gives, within its binomial spread."""
    assert abs(count - n * share) <= SIGMAS * math.sqrt(n * share * (1 - share)), (count / n, share)


# ------------------------------------------------------------------------------------------------- losses of rows
def test_binary_losses_equal_scikit_learn():
    logits = np.r_[RNG.normal(0, 3, 40), -60.0, 60.0, -60.0, 60.0].astype(np.float32)
    y = np.r_[np.arange(40) % 2, 0, 0, 1, 1].astype(np.float32)
    losses = np.asarray(row_losses(Task.BINARY, logits[:, None], y))
    p = expit(np.clip(logits.astype(np.float64), -LOGIT_LIMIT, LOGIT_LIMIT))
    for loss, truth, share in zip(losses, y, p, strict=True):
        assert loss == pytest.approx(
            log_loss([truth], [[1 - share, share]], labels=[0, 1]), rel=1e-5, abs=2e-6
        )


def test_multiclass_losses_equal_scikit_learn():
    logits = np.r_[RNG.normal(0, 3, (40, 3)), [[60, -60, 0], [-60, 60, 0]]].astype(np.float32)
    y = np.r_[np.arange(40) % 3, 1, 1]
    losses = np.asarray(row_losses(Task.MULTICLASS, logits, y.astype(np.float32)))
    shares = softmax(np.clip(logits.astype(np.float64), -LOGIT_LIMIT, LOGIT_LIMIT), axis=1)
    for loss, truth, share in zip(losses, y, shares, strict=True):
        assert loss == pytest.approx(log_loss([truth], [share], labels=[0, 1, 2]), rel=1e-5, abs=2e-6)


def test_regression_loss_is_the_squared_error():
    losses = row_losses(Task.REGRESSION, jnp.array([[2.0], [-1.0]]), jnp.array([0.5, -1.0]))
    assert losses.tolist() == [2.25, 0.0]


def test_one_row_cannot_decide_a_mean():
    wrong = row_losses(Task.BINARY, jnp.array([[1e30]]), jnp.array([0.0]))
    assert float(wrong[0]) == pytest.approx(LOGIT_LIMIT, abs=1e-3)


def test_hits_by_hand():
    assert row_hits(Task.BINARY, jnp.array([[0.1], [-0.1], [0.1]]), jnp.array([1.0, 0, 0])).tolist() == [
        1,
        1,
        0,
    ]
    logits = jnp.array([[1.0, 3.0, 2.0], [1.0, 3.0, 2.0]])
    assert row_hits(Task.MULTICLASS, logits, jnp.array([1.0, 2.0])).tolist() == [True, False]
    assert row_hits(Task.REGRESSION, jnp.ones((2, 1)), jnp.ones(2)).tolist() == [False, False]


# ------------------------------------------------------------------------------------------------------------ dropout
class OneStep:
    """Shows the masks that training steps draw.

    One row of ones, a linear model, squared error: the gradient of each weight is a constant times its mask.
    """

    shape = Shape(Net("mlp", (64,), 1), Task.REGRESSION, batch_size=1, n_steps=4, n_epochs=3)

    def __init__(self):
        tensors = make_tensors(
            Task.REGRESSION,
            features=np.ones((1, 1, 64), np.float32),
            target=np.full((1, 1), 100.0, np.float32),
            fit_rows=np.zeros((1, 1), np.int32),
            fit_weight=np.ones((1, 1), np.float32),
            slot_unseen=np.full(64, -1, np.int32),
        )
        self.data = put_data(tensors)
        self.step = jax.jit(functools.partial(made._train_step, self.shape))

    def mask(self, epoch, step, *, seed=0, rate=0.5):
        hyper = replace(make_hyper(), dropout=(rate,), l1=(0.0,), l2=(0.0,))
        member = jax.tree.map(lambda a: a[0], stack_members([MemberSpec(hyper, seed, 0)], self.shape))
        zeros = ((jnp.zeros((64, 1)), jnp.zeros(1)),)
        count = jnp.int32(epoch * self.shape.n_steps + step)
        after = self.step(member, self.data, Moving(zeros, ((),), zeros, zeros), jnp.array([0]), count)
        gradient = np.asarray(after.mean[0][0])[:, 0] / (1 - made.ADAM_DECAY_MEAN)
        return gradient / -200.0  # the output is 0 and the target 100


@pytest.fixture(scope="module")
def one_step():
    return OneStep()


def test_dropout_is_drawn_anew_at_every_step(one_step):
    masks = [one_step.mask(epoch, step) for epoch in range(3) for step in range(4)]
    for mask in masks:
        np.testing.assert_allclose(np.unique(mask), [0, 2], rtol=1e-5)
    assert len({tuple(mask > 0) for mask in masks}) == 12
    np.testing.assert_array_equal(one_step.mask(1, 2), masks[6])  # and the same step always draws the same
    again = np.stack(masks) > 0
    assert_share((again[1:] & again[:-1]).sum(), 11 * 64, 0.25)


def test_dropout_follows_seed_and_rate(one_step):
    assert (one_step.mask(0, 0, seed=1) != one_step.mask(0, 0)).any()
    np.testing.assert_allclose(one_step.mask(0, 0, rate=0.0), 1.0, rtol=1e-6)


def test_both_ways_of_the_lecture_are_one_way_in_other_units():
    """Kept units divided by the keep share p while training, or all multiplied by p at the test.

    A linear model, one step from zero weights: with the second way the output while training is p times smaller on
    average, so the same function has weights 1 / p as large; in expectation both predict the same.
    """
    rng = np.random.default_rng(5)
    rate, n_rows, n_draws = 0.3, 8, 4000
    x, weight = rng.normal(size=(n_rows, 16)).astype(np.float32), rng.normal(size=(16, 1)).astype(np.float32)
    net = Net("mlp", (16,), 1)
    hyper = replace(make_hyper(), dropout=(rate,), l1=(0.0,), l2=(0.0,))

    def outputs(*, scales_test, factor):
        shape, spec = (
            Shape(net, Task.REGRESSION, 8, 1, 1),
            MemberSpec(replace(hyper, scales_test=scales_test), 0, 0),
        )
        member = jax.tree.map(lambda a: a[0], stack_members([spec], shape))
        params = ((factor * weight, np.zeros(1, np.float32)),)

        def train(count):
            return apply_net(net, params, ((),), x, made._dropping(member, count))[0][:, 0]

        shares = 1.0 - member.dropout if scales_test else (1.0,)
        folded = fold_shares(list_layers(net), params, shares)
        at_test = apply_net(net, folded, ((),), x, EVALUATION)[0][:, 0]
        return np.asarray(jax.jit(jax.vmap(train))(jnp.arange(n_draws))), np.asarray(at_test)

    divided, at_test = outputs(scales_test=False, factor=1.0)
    plain, other_at_test = outputs(scales_test=True, factor=1.0 / (1.0 - rate))
    np.testing.assert_allclose(divided, plain, rtol=1e-4, atol=1e-4)  # the same masks: the same outputs
    np.testing.assert_allclose(at_test, other_at_test, rtol=1e-5, atol=1e-5)
    spread = divided.std(axis=0) / math.sqrt(n_draws)
    assert (np.abs(divided.mean(axis=0) - at_test) <= SIGMAS * spread).all()


# ------------------------------------------------------------------------------------------------------- slot dropout
def draw_slots(n_blocks, n_rows, *, width=3):
    """One-hot rows of several blocks and a number, each block's last slot being <unseen>; before and after."""
    n_inputs = n_blocks * width + 1
    slots = np.r_[np.repeat(np.arange(n_blocks) * width + width - 1, width), -1].astype(np.int32)
    x = np.zeros((n_rows, n_inputs), np.float32)
    x[:, 0 : n_blocks * width : width] = 1.0
    x[:, -1] = np.arange(n_rows)
    tensors = make_tensors(
        features=np.zeros((1, 1, n_inputs), np.float32),
        target=np.zeros((1, 1), np.float32),
        fit_rows=np.zeros((1, 1), np.int32),
        fit_weight=np.ones((1, 1), np.float32),
        slot_unseen=slots,
    )
    after = jax.jit(made._drop_slots)(Stream(0, 3, 4, 0), jnp.asarray(x), put_data(tensors))
    return x, np.asarray(after)


@pytest.mark.parametrize("n_blocks", [1, 4])
def test_each_block_is_replaced_by_unseen_at_the_stated_share(n_blocks):
    n_rows, width = 40_000, 3
    before, after = draw_slots(n_blocks, n_rows, width=width)
    np.testing.assert_array_equal(after[:, -1], before[:, -1])  # the number beside the blocks is left alone
    blocks = after[:, :-1].reshape(n_rows, n_blocks, width)
    replaced = (blocks == [0, 0, 1]).all(axis=2)
    assert ((blocks == [1, 0, 0]).all(axis=2) | replaced).all()
    for block in range(n_blocks):
        assert_share(replaced[:, block].sum(), n_rows, SLOT_DROPOUT)
    assert replaced.sum(axis=1).max() == 1  # at most one category of a row


def test_with_very_many_blocks_all_are_replaced_equally_often():
    n_blocks, n_rows = math.ceil(2 / SLOT_DROPOUT), 20_000
    before, after = draw_slots(n_blocks, n_rows)
    replaced = (after[:, 2:-1:3] == 1).sum(axis=0)
    assert_share(replaced[: n_blocks // 2].sum(), n_rows, 0.5)
    assert replaced.sum() == n_rows
    assert (replaced > 0).all()


# ---------------------------------------------------------------------------------------------------- step sizes, Adam
def test_learning_rate_warms_up_and_stays():
    rates = read_rates(make_shape(n_epochs=100, n_steps=4, final_rate=1.0), 0.5)
    assert rates[0] < 0.1 * 0.5
    assert (np.diff(rates) >= 0).all()
    np.testing.assert_allclose(rates[200:], 0.5)


def test_learning_rate_follows_a_half_cosine_down_to_the_final_share():
    rates = read_rates(make_shape(n_epochs=100, n_steps=4, final_rate=0.2), 0.5)
    peak = int(np.argmax(rates))
    assert rates.max() <= 0.5
    assert 0 < peak < 200
    assert (np.diff(rates[peak:]) <= 0).all()
    progress = np.arange(201, 401) / 400
    np.testing.assert_allclose(rates[200:], 0.5 * (0.2 + 0.8 * (1 + np.cos(np.pi * progress)) / 2), rtol=1e-5)
    assert rates[-1] == pytest.approx(0.5 * 0.2)


def step_by_hand(weight, mean, square, slope, *, rate, l1, count):
    """Adam and the soft threshold for one number."""
    mean = made.ADAM_DECAY_MEAN * mean + (1 - made.ADAM_DECAY_MEAN) * slope
    square = made.ADAM_DECAY_SQUARE * square + (1 - made.ADAM_DECAY_SQUARE) * slope**2
    root = math.sqrt(square / (1 - made.ADAM_DECAY_SQUARE ** (count + 1)))
    size = rate / (root + made.ADAM_EPSILON)
    weight -= size * mean / (1 - made.ADAM_DECAY_MEAN ** (count + 1))
    if weight > size * l1:
        return weight - size * l1
    if weight < -size * l1:
        return weight + size * l1
    return 0.0


def test_adam_with_l1_equals_a_loop_over_single_weights():
    rng = np.random.default_rng(0)
    shape, count, strengths = make_shape(), 4, (0.3, 30.0)
    sizes = [(5, 4), (4,), (4, 1), (1,)]

    def draw(low, high):
        flat = [rng.uniform(low, high, size).astype(np.float32) for size in sizes]
        return ((flat[0], flat[1]), (flat[2], flat[3]))

    params, mean, slope, square = draw(-0.02, 0.02), draw(-1, 1), draw(-1, 1), draw(0, 1)
    hyper = make_hyper(l1=strengths, learning_rate=0.02)
    member: Member = jax.tree.map(lambda a: a[0], stack_members([MemberSpec(hyper, 0, 0)], shape))
    before = Moving(params, (), mean, square)
    got, _, _ = jax.jit(functools.partial(made._adam, shape))(member, before, slope, jnp.int32(count))
    rate = float(read_rates(shape, 0.02)[count])
    n_zero = 0
    for layer in range(2):
        for part in range(2):
            l1 = strengths[layer] if part == 0 else 0.0
            flat = [np.asarray(tree[layer][part]).ravel() for tree in (params, mean, square, slope)]
            by_hand = [
                step_by_hand(*map(float, four), rate=rate, l1=l1, count=count)
                for four in zip(*flat, strict=True)
            ]
            values = np.asarray(got[layer][part]).ravel()
            np.testing.assert_allclose(values, by_hand, rtol=1e-4, atol=1e-6)
            np.testing.assert_array_equal(values == 0, np.array(by_hand) == 0)
            n_zero += int((values == 0).sum())
    assert n_zero > 0  # the case is one where weights do reach zero


def take_step(shape, hyper, before, slope, count):
    member = jax.tree.map(lambda a: a[0], stack_members([MemberSpec(hyper, 0, 0)], shape))
    return jax.jit(functools.partial(made._adam, shape))(member, before, slope, jnp.int32(count))[0]


def test_decoupled_decay_equals_a_step_of_adamw_by_hand():
    """Loshchilov & Hutter 2019, algorithm 2: the share rate * decay of every weight, whatever its gradient."""
    rng = np.random.default_rng(2)
    shape, count, decay = make_shape(), 4, 0.3
    sizes = [(5, 4), (4,), (4, 1), (1,)]
    draws = [[rng.normal(size=size).astype(np.float32) for size in sizes] for _ in range(3)]
    params, mean, slope = (((d[0], d[1]), (d[2], d[3])) for d in draws)
    square = jax.tree.map(np.square, slope)
    hyper = make_hyper(learning_rate=0.02, weight_decay=decay)
    got = take_step(shape, hyper, Moving(params, (), mean, square), slope, count)
    rate = float(read_rates(shape, 0.02)[count])
    for layer in range(2):
        for part in range(2):
            weight, m, v, g = (np.float64(tree[layer][part]) for tree in (params, mean, square, slope))
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            step = rate * (m / (1 - 0.9 ** (count + 1))) / (np.sqrt(v / (1 - 0.999 ** (count + 1))) + 1e-8)
            wanted = weight - step - (rate * decay * weight if part == 0 else 0.0)
            np.testing.assert_allclose(got[layer][part], wanted, rtol=2e-5, atol=1e-6)


def test_decay_takes_the_same_share_of_every_weight_and_l2_less_of_one_with_a_large_gradient():
    """Two equal weights, the second with a gradient a thousand times as large: what each penalty adds to the step."""
    shape, count = make_shape(widths=()), 0
    weight = np.full((5, 1), 0.5, np.float32)
    slope = np.array([[1e-3], [1.0], [0], [0], [0]], np.float32)
    zeros = ((np.zeros_like(weight), np.zeros(1, np.float32)),)
    before = Moving(((weight, np.zeros(1, np.float32)),), (), zeros, zeros)
    hyper = replace(make_hyper(learning_rate=0.02), dropout=(0.0,), l1=(0.0,), l2=(0.0,))

    def step(gradient, **changes):
        return take_step(
            shape, replace(hyper, **changes), before, ((gradient, np.zeros(1, np.float32)),), count
        )

    plain = np.asarray(step(slope)[0][0])
    by_decay = plain - np.asarray(step(slope, weight_decay=0.1)[0][0])
    np.testing.assert_allclose(by_decay, by_decay[0, 0], rtol=1e-3)
    rate = float(read_rates(shape, 0.02)[count])
    np.testing.assert_allclose(by_decay, rate * 0.1 * 0.5, rtol=1e-3)
    # the gradient of 0.05 * w^2 is 0.1 * w: Adam's first step has the length of the rate, whatever the gradient's, so
    # that the penalty moves neither of the two further, and those without a gradient by the whole rate
    by_l2 = plain - np.asarray(step(slope + 0.1 * weight)[0][0])
    np.testing.assert_allclose(by_l2[:2], 0.0, atol=1e-6)
    np.testing.assert_allclose(by_l2[2:], rate, rtol=1e-4)


def test_a_network_with_decay_has_smaller_weights():
    specs = [
        MemberSpec(make_hyper(weight_decay=decay, learning_rate=0.05), 0, 0) for decay in (0.0, 0.5, 2.0)
    ]
    results = run_members(make_shape(), specs, put_data(make_tensors()), CHECKPOINTS)
    sizes = sum(np.square(weight).sum(axis=(1, 2)) for weight in results.weights)
    assert (np.diff(sizes) < 0).all()


def test_dropout_at_test_needs_no_other_program_and_evaluates_the_folded_weights():
    tensors, shape = make_tensors(), make_shape()
    hyper = make_hyper(dropout=(0.2, 0.5))
    specs = [MemberSpec(replace(hyper, scales_test=way), 3, 0) for way in (False, True)]
    data = put_data(tensors)
    results = run_members(shape, specs, data, CHECKPOINTS)
    rows = tensors.validation_rows[0][tensors.validation_mask[0] > 0]
    for place, shares in enumerate(((1.0, 1.0), (np.float32(0.8), np.float32(0.5)))):
        params = tuple(tuple(array[place] for array in layer) for layer in results.params)
        folded = fold_shares(list_layers(shape.net), params, shares)
        outputs = apply_net(shape.net, folded, ((),) * 2, tensors.features[0, rows], EVALUATION)[0]
        wanted = row_losses(shape.task, outputs, tensors.target[0, rows])
        np.testing.assert_allclose(results.losses[place, -1, : len(rows)], wanted, rtol=1e-5, atol=1e-6)
    assert (results.weights[0][0] != results.weights[0][1]).any()
    alone = run_members(shape, specs[:1], data, CHECKPOINTS)
    np.testing.assert_array_equal(alone.losses[0], results.losses[0])


@pytest.mark.parametrize("n_at_once", [3, 5, 10, 99])
def test_evaluating_in_parts_gives_what_one_call_gives(n_at_once):
    rows = jnp.asarray(RNG.permutation(10))
    largest = []

    def evaluate(part):
        largest.append(part.shape[0])
        return part * 2.0, part > 3

    doubled, above = made._in_parts(evaluate, rows, n_at_once)
    np.testing.assert_array_equal(doubled, rows * 2.0)
    np.testing.assert_array_equal(above, rows > 3)
    assert max(largest) == min(n_at_once, 10)


def test_l1_reaches_exact_zeros_and_spares_the_biases():
    data = put_data(make_tensors())
    strengths = (0.0, 0.03, 10.0)
    specs = [MemberSpec(make_hyper(l1=(l1, l1), learning_rate=0.1), 0, 0) for l1 in strengths]
    results = run_members(make_shape(), specs, data, CHECKPOINTS)
    zeros = [sum(int((weight[i] == 0).sum()) for weight in results.weights) for i in range(3)]
    n_weights = sum(weight[0].size for weight in results.weights)
    assert zeros[0] == 0
    assert 0 < zeros[1] < n_weights
    assert zeros[2] == n_weights
    assert results.params[1][1][2, 0] != 0  # without weights, the bias still learns the share of the classes
