import numpy as np
import pytest

from heldout.nets import EVALUATION, Mode, Net, apply_net, count_parameters, draw_params, list_layers


def apply(params, x, masks=None, net=None):
    net = net or Net("mlp", x.shape[1:], params[-1][1].shape[0])
    mode = EVALUATION if masks is None else Mode(lambda place, values: values * masks[place], training=True)
    return np.asarray(apply_net(net, params, (), x, mode)[0])


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
    first = draw_params(list_layers(Net("mlp", (5,), 2, widths)), 3)
    params = tuple((weight, rng.normal(size=bias.shape).astype(np.float32)) for weight, bias in first)
    x = rng.normal(size=(6, 5)).astype(np.float32)
    masks = tuple(rng.choice([0.0, 2.0], (6, size)).astype(np.float32) for size in (5, *widths))
    plain, masked = apply(params, x), apply(params, x, masks)
    assert plain.shape == (6, 2)
    for row in range(6):
        np.testing.assert_allclose(plain[row], apply_with_loops(params, x[row]), rtol=1e-4, atol=1e-5)
        by_hand = apply_with_loops(params, x[row], [mask[row] for mask in masks])
        np.testing.assert_allclose(masked[row], by_hand, rtol=1e-4, atol=1e-5)


def test_inputs_of_any_shape_are_flattened():
    params = draw_params(list_layers(Net("mlp", (2, 3, 1), 1, (4,))), 0)
    x = np.random.default_rng(0).normal(size=(5, 2, 3, 1)).astype(np.float32)
    np.testing.assert_array_equal(apply(params, x), apply(params, x.reshape(5, 6)))


@pytest.mark.parametrize(("widths", "n_outputs"), [((), 1), ((4,), 1), ((16, 8), 3)])
def test_parameters_are_counted(widths, n_outputs):
    params = draw_params(list_layers(Net("mlp", (7,), n_outputs, widths)), 0)
    assert count_parameters(7, widths, n_outputs) == sum(part.size for layer in params for part in layer)


def test_first_weights_have_the_documented_spread():
    params = draw_params(list_layers(Net("mlp", (300,), 300, (400, 200))), 0)
    for (weight, bias), variance in zip(params, (2 / 300, 2 / 400, 1 / 200), strict=True):
        assert weight.dtype == bias.dtype == np.float32
        # the standard deviation of a variance of n normal numbers is sqrt(2 / n) of it
        assert float(np.var(weight)) == pytest.approx(variance, rel=5 * (2 / weight.size) ** 0.5)
        assert abs(float(np.mean(weight))) <= 5 * (variance / weight.size) ** 0.5
        assert not bias.any()
