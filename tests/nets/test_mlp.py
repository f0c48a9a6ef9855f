import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.nets import apply_mlp, count_parameters, init_mlp

KEY = jax.random.key(3)
apply = jax.jit(apply_mlp)


@functools.partial(jax.jit, static_argnums=(1, 2, 3))
def init(key, n_inputs, widths, n_outputs, used=None):
    return init_mlp(key, n_inputs, widths, n_outputs, used=used)


def draw(n_inputs, widths, n_outputs, *, used=None, key=KEY):
    """First weights as numpy arrays."""
    used = None if used is None else jnp.array(used)
    return jax.tree.map(np.asarray, init(key, n_inputs, widths, n_outputs, used))


def apply_with_loops(params, row, masks=None):
    """The network for one row, unit by unit."""
    for layer, (weight, bias) in enumerate(params):
        if masks is not None:
            row = [value * factor for value, factor in zip(row, masks[layer], strict=True)]
        after = []
        for unit in range(len(bias)):
            total = float(bias[unit]) + sum(float(weight[i, unit]) * value for i, value in enumerate(row))
            after.append(total if layer == len(params) - 1 else max(total, 0.0))
        row = after
    return row


@pytest.mark.parametrize("widths", [(), (4,), (4, 3)])
def test_outputs_equal_loops_over_units(widths):
    rng = np.random.default_rng(0)
    params = tuple(
        (weight, rng.normal(size=bias.shape).astype(np.float32)) for weight, bias in draw(5, widths, 2)
    )
    x = rng.normal(size=(6, 5)).astype(np.float32)
    masks = tuple(rng.choice([0.0, 2.0], (6, size)).astype(np.float32) for size in (5, *widths))
    plain, masked = apply(params, x), apply(params, x, masks)
    assert plain.shape == (6, 2)
    for row in range(6):
        np.testing.assert_allclose(plain[row], apply_with_loops(params, x[row]), rtol=1e-4, atol=1e-5)
        by_hand = apply_with_loops(params, x[row], [mask[row] for mask in masks])
        np.testing.assert_allclose(masked[row], by_hand, rtol=1e-4, atol=1e-5)


def test_one_example_is_enough_and_vmap_adds_the_axis():
    params = draw(3, (4,), 1)
    x = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    assert apply(params, x[0]).shape == (1,)
    np.testing.assert_allclose(jax.vmap(lambda row: apply(params, row))(x), apply(params, x), rtol=1e-5)


@pytest.mark.parametrize(("widths", "n_outputs"), [((), 1), ((4,), 1), ((16, 8), 3)])
def test_parameters_are_counted(widths, n_outputs):
    params = draw(7, widths, n_outputs)
    assert count_parameters(7, widths, n_outputs) == sum(part.size for layer in params for part in layer)


def test_first_weights_have_the_documented_spread():
    params = draw(300, (400, 200), 300)
    for (weight, bias), variance in zip(params, (2 / 300, 2 / 400, 1 / 200), strict=True):
        assert weight.dtype == bias.dtype == np.float32
        # the standard deviation of a variance of n normal numbers is sqrt(2 / n) of it
        assert float(np.var(weight)) == pytest.approx(variance, rel=5 * (2 / weight.size) ** 0.5)
        assert abs(float(np.mean(weight))) <= 5 * (variance / weight.size) ** 0.5
        assert not bias.any()


def test_weights_follow_the_key_and_the_layer_only():
    small, again = draw(5, (8,), 1), draw(5, (8,), 1)
    deep = draw(5, (8, 8), 1)
    np.testing.assert_array_equal(small[0][0], again[0][0])
    np.testing.assert_array_equal(small[0][0], deep[0][0])  # a layer of the same shape in another network
    assert (draw(5, (8,), 1, key=jax.random.key(4))[0][0] != small[0][0]).all()
    assert (deep[1][0][:5] != deep[0][0]).all()


def test_unused_units_are_cut_off_from_the_network():
    params = draw(5, (8, 6), 2, used=[3, 2])
    weights = [np.asarray(weight) for weight, _ in params]
    assert (weights[0][:, :3] != 0).all()
    assert (weights[1][:3, :2] != 0).all()
    assert (weights[2][:2] != 0).all()
    assert [int((weight != 0).sum()) for weight in weights] == [15, 6, 4]
    cut = (
        (params[0][0][:, :3], np.zeros(3)),
        (params[1][0][:3, :2], np.zeros(2)),
        (params[2][0][:2], np.zeros(2)),
    )
    x = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    np.testing.assert_allclose(apply(params, x), apply(cut, x), rtol=1e-5)


def test_spread_follows_the_used_units_not_the_shape():
    used = draw(300, (400,), 200, used=[100])
    n = 100 * 200
    assert float(np.var(used[1][0][:100])) == pytest.approx(1 / 100, rel=5 * (2 / n) ** 0.5)


def test_using_all_units_is_the_same_as_naming_none():
    for one, other in zip(draw(5, (8,), 2), draw(5, (8,), 2, used=[8]), strict=True):
        np.testing.assert_array_equal(one[0], other[0])
