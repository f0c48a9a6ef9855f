"""Every task's loss against plain numpy in double precision, and its gradient against differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit, log_softmax

from heldout.records import Task
from heldout.train.losses import LOGIT_LIMIT, LOSSES, look_up_target, row_hits, row_losses, smoothed_losses

RNG = np.random.default_rng(3)
N_ROWS = 7
CASES = {
    Task.BINARY: (RNG.normal(size=(N_ROWS, 1)), RNG.integers(0, 2, N_ROWS).astype(float)),
    Task.MULTICLASS: (RNG.normal(size=(N_ROWS, 3)), RNG.integers(0, 3, N_ROWS).astype(float)),
    Task.MULTILABEL: (RNG.normal(size=(N_ROWS, 4)), RNG.integers(0, 2, (N_ROWS, 4)).astype(float)),
    Task.REGRESSION: (RNG.normal(size=(N_ROWS, 1)), RNG.normal(size=N_ROWS)),
}


def lose_stupidly(task, outputs, target):
    losses = []
    for row, truth in zip(outputs, target, strict=True):
        if task is Task.REGRESSION:
            losses.append((row[0] - truth) ** 2)
        elif task is Task.MULTICLASS:
            losses.append(-log_softmax(row)[int(truth)])
        else:  # minus the log-probability of every yes and no
            losses.append(
                -sum(np.log(expit(z if y else -z)) for z, y in zip(row, np.atleast_1d(truth), strict=True))
            )
    return np.array(losses)


def test_the_table_has_a_row_for_every_task():
    assert set(LOSSES) == set(CASES) == set(Task)


@pytest.mark.parametrize("task", list(Task))
def test_losses_and_gradients_are_those_of_plain_numpy(task):
    outputs, target = CASES[task]
    with jax.enable_x64(True):
        losses = np.asarray(row_losses(task, jnp.asarray(outputs), jnp.asarray(target)))
        gradient = np.asarray(
            jax.grad(lambda z: row_losses(task, z, jnp.asarray(target)).sum())(jnp.asarray(outputs))
        )
    np.testing.assert_allclose(losses, lose_stupidly(task, outputs, target), rtol=1e-10)
    step = 1e-6
    for index in np.ndindex(outputs.shape):
        ends = []
        for side in (step, -step):
            moved = outputs.copy()
            moved[index] += side
            ends.append(lose_stupidly(task, moved, target).sum())
        assert gradient[index] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-7)


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS, Task.MULTILABEL])
def test_smoothing_gives_a_share_to_all_answers_evenly(task):
    outputs, target = CASES[task]
    n_classes = outputs.shape[1]
    if task is Task.MULTICLASS:
        spread = np.mean([lose_stupidly(task, outputs, np.full(N_ROWS, k)) for k in range(n_classes)], axis=0)
    else:
        both = [lose_stupidly(task, outputs, np.full(target.shape, float(answer))) for answer in (0, 1)]
        spread = np.mean(both, axis=0)
    found = smoothed_losses(task, jnp.asarray(outputs), jnp.asarray(target), jnp.float32(0.2))
    wanted = 0.8 * lose_stupidly(task, outputs, target) + 0.2 * spread
    np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_numbers_are_never_smoothed():
    outputs, target = (jnp.asarray(part) for part in CASES[Task.REGRESSION])
    plain = row_losses(Task.REGRESSION, outputs, target)
    np.testing.assert_array_equal(smoothed_losses(Task.REGRESSION, outputs, target, jnp.float32(0.5)), plain)


def test_a_row_of_labels_is_hit_when_every_label_is_right():
    outputs = jnp.array([[1.0, -1.0], [1.0, 1.0], [-1.0, -1.0]])
    target = jnp.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    assert row_hits(Task.MULTILABEL, outputs, target).tolist() == [True, False, True]


def test_one_label_weighs_at_most_fifteen_nats():
    losses = row_losses(Task.MULTILABEL, jnp.array([[99.0, -99.0]]), jnp.array([[0.0, 1.0]]))
    np.testing.assert_allclose(losses, 2 * LOGIT_LIMIT, rtol=1e-5)


def test_the_joint_loss_is_the_log_probability_of_the_whole_set():
    """The sum over labels of all sets' probabilities is one: it is a distribution over sets."""
    outputs = RNG.normal(size=(1, 3))
    sets = np.array(list(np.ndindex(2, 2, 2)), float)
    losses = row_losses(Task.MULTILABEL, jnp.asarray(np.repeat(outputs, 8, axis=0)), jnp.asarray(sets))
    assert float(np.exp(-np.asarray(losses)).sum()) == pytest.approx(1.0, rel=1e-5)


def test_sets_are_looked_up_and_other_targets_are_left_alone():
    sets = jnp.array([[0.0, 1.0], [1.0, 1.0]])
    assert look_up_target(jnp.array([1.0, 0.0]), sets).tolist() == [[1.0, 1.0], [0.0, 1.0]]
    assert look_up_target(jnp.array([1.0, 0.0]), jnp.zeros((0, 0))).tolist() == [1.0, 0.0]
