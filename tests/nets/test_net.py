import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.nets import (
    EVALUATION,
    FAMILIES,
    Net,
    apply_net,
    count_layer_parameters,
    count_products,
    draw_params,
    find_family,
    find_widest,
    list_layers,
    list_shapes,
    pad_arrays,
    start_memory,
)

FROZEN = (0.03789106383919716, 0.009840776212513447, -0.7364555597305298)
SMALL = Net("mlp", (5,), 1, (8,))


def draw(net, seed=0):
    return draw_params(list_layers(net), seed)


def test_weights_follow_the_seed_and_the_layer_only():
    small, again = draw(SMALL), draw(SMALL)
    deep = draw(Net("mlp", (5,), 1, (8, 8)))
    np.testing.assert_array_equal(small[0][0], again[0][0])
    np.testing.assert_array_equal(small[0][0], deep[0][0])  # a layer of the same shape in another network
    assert (draw(SMALL, seed=1)[0][0] != small[0][0]).all()
    assert (deep[1][0][:5] != deep[0][0]).all()


def test_first_weights_stay_what_they_are():
    """Frozen values: a change of the draws would change every study that is resumed."""
    np.testing.assert_allclose(draw(SMALL)[0][0][0, :3], FROZEN, rtol=1e-6)


def test_padding_puts_zeros_at_the_end_and_changes_no_output():
    wide = Net("mlp", (5,), 1, (16,))
    params = draw(SMALL)
    padded = pad_arrays(params, list_shapes(list_layers(wide)))
    assert [[part.shape for part in layer] for layer in padded] == [[(5, 16), (16,)], [(16, 1), (1,)]]
    assert not padded[0][0][:, 8:].any()
    x = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    one, other = (
        apply_net(net, p, ((), ()), x, EVALUATION)[0] for net, p in ((SMALL, params), (wide, padded))
    )
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("net", "n_parameters", "n_products", "widest"),
    [
        (SMALL, 57, 48, 8),
        (
            Net("cnn", (8, 8, 1), 3, (4,), (2,), kernel=3),
            (9 * 2 + 2) + (4 * 4 * 2 * 4 + 4) + (4 * 3 + 3),
            64 * 18 + 128 + 12,
            128,
        ),
        (Net("mlp", (5,), 1, (2,)), 12 + 3, 12, 5),
        (Net("text", (9,), 1, (), embedding=4, vocabulary=10), 40 + 5, 4, 36),
    ],
)
def test_sizes_by_hand(net, n_parameters, n_products, widest):
    layers = list_layers(net)
    assert count_layer_parameters(layers) == n_parameters
    assert count_products(layers) == n_products
    assert find_widest(net, layers) == widest


def test_only_batch_normalization_keeps_something():
    kept = start_memory(list_layers(Net("residual", (8, 8, 3), 2, channels=(4, 8), kernel=3)))
    assert [len(layer) for layer in kept] == [2] * 6 + [0]
    assert start_memory(list_layers(SMALL)) == ((), ())


def test_an_unknown_family_is_refused():
    with pytest.raises(UsageError, match="^unknown family of networks 'forest'"):
        find_family("forest")


def test_every_family_is_tested_in_the_contract():
    from contract.test_nets import EXAMPLES

    assert {net.family for net in EXAMPLES} == set(FAMILIES)
