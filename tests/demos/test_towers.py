import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.demos.towers import CNNS, TEACHING, TOWERS, make_tower, teaching_families
from heldout.nets import EVALUATION, FAMILIES, Mode, Net, apply_net, draw_params, list_layers, start_memory

TRAINING = Mode(EVALUATION.drop, training=True)


def run(net, x, mode=EVALUATION):
    layers = list_layers(net)
    return apply_net(net, draw_params(layers, 0), start_memory(layers), x, mode)


def test_families_are_taken_out_again_after_a_failure():
    before = set(FAMILIES)
    with teaching_families():
        assert set(TEACHING) <= set(FAMILIES)
    with pytest.raises(KeyError, match="stop"), teaching_families():
        FAMILIES.pop("stop")
    assert set(FAMILIES) == before


@pytest.mark.parametrize("name", CNNS)
def test_cnn_gives_one_row_of_outputs_a_picture(name):
    net = Net(name, (8, 8, 1), 3, channels=(2, 4), kernel=3)
    with teaching_families():
        outputs, _ = run(net, jnp.ones((5, 64)))
    assert outputs.shape == (5, 3)


def test_mean_over_the_picture_does_not_see_a_shift():
    net = Net("cnn with a global mean", (8, 8, 1), 3, channels=(2, 4), kernel=3)
    picture = np.zeros((1, 8, 8, 1), np.float32)
    picture[0, 3, 3] = 1.0
    with teaching_families():
        here, _ = run(net, jnp.asarray(picture))
        there, _ = run(net, jnp.asarray(np.roll(picture, 1, axis=2)))
    assert np.allclose(here, there, atol=1e-6)


@pytest.mark.parametrize("name", TOWERS)
def test_tower(name):
    net = Net(name, (5,), 2, widths=(4, 4, 4))
    with teaching_families():
        outputs, memory = run(net, jnp.ones((6, 5)) * jnp.arange(6.0)[:, None], TRAINING)
    assert outputs.shape == (6, 2)
    assert bool(jnp.isfinite(outputs).all())
    assert len(memory) == 4


def test_tower_without_help_is_the_plain_formula():
    net = Net("sigmoid", (3,), 2, widths=(4, 4))
    x = np.random.default_rng(0).standard_normal((5, 3)).astype(np.float32)
    with teaching_families():
        params = draw_params(list_layers(net), 0)
        outputs, _ = run(net, jnp.asarray(x))
    hidden = x
    for weight, bias in params[:-1]:
        hidden = 1 / (1 + np.exp(-(hidden @ weight + bias)))
    assert np.allclose(outputs, hidden @ params[-1][0] + params[-1][1], atol=1e-5)


def test_way_past_a_layer_carries_its_input():
    tower = make_tower(jax.nn.relu, has_norm=False, has_past=True)
    net = Net("x", (3,), 1, widths=(4, 4))
    params = [
        tuple(np.zeros(spec.shape, np.float32) for spec in layer.arrays) for layer in tower.list_layers(net)
    ]
    params[0] = (np.ones((3, 4), np.float32), params[0][1])
    params[2] = (np.ones((4, 1), np.float32), params[2][1])
    outputs, _ = tower.apply(net, tuple(params), ((), (), ()), jnp.ones((1, 3)), EVALUATION)
    assert float(outputs[0, 0]) == 12.0  # the second layer gives nothing, so the first one's values arrive
