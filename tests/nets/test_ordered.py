"""Classes in order: the head against differences of logistic functions, and its gradient in double precision."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from heldout.nets import EVALUATION, Net, apply_net, check_net, draw_params, list_layers, order_outputs
from heldout.nets.ordered import LEAST_GAP


def order_stupidly(outputs):
    """P(class k) as the difference of two logistic functions, row by row."""
    made = []
    for row in outputs:
        logits = [row[0]]
        for value in row[1:]:
            logits.append(logits[-1] - LEAST_GAP - np.log1p(np.exp(value - row[0])))
        above = [1.0, *(expit(z) for z in logits), 0.0]
        made.append([above[k] - above[k + 1] for k in range(len(above) - 1)])
    return np.array(made)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.floats(-6, 6), min_size=3, max_size=3), min_size=1, max_size=4))
def test_the_head_gives_a_distribution_and_the_stupid_one_agrees(rows):
    outputs = np.array(rows)
    with jax.enable_x64(True):
        found = np.exp(np.asarray(order_outputs(jnp.asarray(outputs))))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-9)
    assert (found > 0).all()
    np.testing.assert_allclose(found, order_stupidly(outputs), rtol=1e-6, atol=1e-9)


def test_the_gradient_is_that_of_the_stupid_head():
    rng = np.random.default_rng(0)
    outputs, pick = rng.normal(size=(6, 3)), rng.integers(0, 4, 6)
    rows = np.arange(6)
    with jax.enable_x64(True):
        loss = lambda values: -order_outputs(values)[rows, pick].sum()  # noqa: E731
        gradient = np.asarray(jax.grad(loss)(jnp.asarray(outputs)))
    step = 1e-6
    for index in np.ndindex(outputs.shape):
        high, low = outputs.copy(), outputs.copy()
        high[index] += step
        low[index] -= step
        ends = [-np.log(order_stupidly(side)[rows, pick]).sum() for side in (high, low)]
        assert gradient[index] == pytest.approx((ends[0] - ends[1]) / (2 * step), abs=1e-6)


def test_far_outputs_stay_finite_and_no_class_between_thresholds_is_impossible():
    outputs = jnp.array([[60.0, -60.0, 5.0], [-60.0, 60.0, 60.0], [0.0, -80.0, -80.0]])
    assert np.isfinite(order_outputs(outputs)).all()
    gradient = jax.grad(lambda values: -order_outputs(values)[:, 1].sum())(outputs)
    assert np.isfinite(gradient).all()
    assert float(np.exp(order_outputs(outputs)[2, 1])) > LEAST_GAP / 5


def test_a_linear_network_is_the_proportional_odds_model():
    """Cumulative logits of any two rows differ by the same amount at every threshold."""
    net = Net("mlp", (4,), 5, ordered=True)
    params = tuple(
        tuple(array + 0.3 * np.arange(array.size, dtype=np.float32).reshape(array.shape) for array in layer)
        for layer in draw_params(list_layers(net), 1)
    )
    x = np.random.default_rng(2).normal(size=(3, 4)).astype(np.float32)
    shares = np.exp(np.asarray(apply_net(net, params, ((),), x, EVALUATION)[0], np.float64))
    above = 1.0 - np.cumsum(shares, axis=1)[:, :-1]
    logits = np.log(above / (1 - above))
    apart = logits[1:] - logits[:1]
    np.testing.assert_allclose(apart, np.repeat(apart[:, :1], 4, axis=1), rtol=1e-2, atol=1e-3)
    assert [array.shape for array in params[-1]] == [(4, 1), (4,)]


def test_two_outputs_have_no_order():
    assert check_net(Net("mlp", (3,), 2, ordered=True)) == "2 outputs have no order; at least 3 classes do"
