"""What every family of networks keeps: one suite over the table of families."""

import functools
import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.nets import (
    EVALUATION,
    Mode,
    Net,
    apply_net,
    count_products,
    draw_params,
    find_family,
    fold_shares,
    list_layers,
    list_shapes,
    pad_arrays,
    start_memory,
)
from heldout.records import InputLayout

PARTS = (
    InputLayout("tokens", (8,), 20),
    InputLayout("numbers", (2,)),
    InputLayout("picture", (4, 4, 3)),
    InputLayout("signal", (6, 2)),
)
TEXTS = (
    PARTS[1],
    InputLayout("tokens", (8,), 20, 5),
    InputLayout("numbers", (1,)),
    InputLayout("tokens", (5,), 9),
)
READ = (*PARTS[:2], InputLayout("signal", (6, 4), letters="ACGT"))
TURNED = (InputLayout("signal", (6, 4), letters="ACGT", both_strands=True), PARTS[1])
EXAMPLES = (
    Net("mlp", (6,), 3, (8, 4)),
    Net("mlp", (6,), 3),
    Net("mlp", (6,), 4, (8, 4), ordered=True),
    Net("mlp", (6,), 5, ordered=True),
    Net("pooled", (20, 9, 2), 3),
    Net("cnn", (8, 8, 3), 3, (8,), (4, 8), kernel=3, ordered=True),
    Net("cnn", (8, 8, 3), 3, (8,), (4, 8), kernel=3),
    Net("cnn", (9, 7, 1), 3, (), (4, 4, 4), kernel=5),
    Net("residual", (8, 8, 3), 3, channels=(4, 8), kernel=3),
    Net("residual", (7, 9, 1), 3, channels=(4,), kernel=3),
    # its first convolution takes two steps at a time
    Net("residual", (50, 4, 1), 3, channels=(4,), kernel=3),
    Net("sequence", (12,), 3, (4,), (8, 4), kernel=5, embedding=6, vocabulary=20),
    Net("sequence", (12, 2), 3, (), (8,), kernel=3),
    Net("signal", (12, 2), 3, (4,), (8, 4), kernel=3),
    Net("signal", (13, 1), 3, (), (4,), kernel=5),
    Net("text", (12,), 3, (8,), embedding=6, vocabulary=20),
    Net("text", (12,), 3, (), embedding=6, vocabulary=20),
    Net("attention", (12,), 3, (8,), (24,), embedding=16, vocabulary=20),
    Net("attention", (12,), 3, (), (8, 4), embedding=32, vocabulary=20, leading=10),
    Net("attention", (9, 4), 3, (8,), (8,), embedding=16),
    Net("joined attention", (8 + 2 + 24,), 3, (8,), (8,), embedding=16, parts=READ),
    Net("joined", (24 + 2,), 3, (8,), (4,), 3, parts=TURNED),
    Net("joined", (8 + 2 + 48 + 12,), 3, (8,), (4,), 3, embedding=4, parts=PARTS),
    Net("joined", (8 + 2 + 48 + 12,), 3, embedding=4, parts=PARTS),
    Net("joined", (2 + 8 + 1 + 5,), 3, (8,), (4, 3), 3, embedding=4, parts=TEXTS),
    Net("joined", (2 + 8 + 1 + 5,), 3, (8, 6), embedding=4, parts=TEXTS),
    Net("joined", (2 + 8 + 1 + 5,), 3, embedding=4, parts=TEXTS, ordered=True),
    Net("joined attention", (2 + 8 + 1 + 5,), 3, (8,), (8,), embedding=16, parts=TEXTS),
    Net("joined residual", (8 + 2 + 48 + 12,), 3, (8,), (4, 8), 3, embedding=4, parts=PARTS),
    Net("joined residual", (2 + 48,), 3, (8,), (4,), 3, parts=PARTS[1:3]),
)
N_ROWS, N_TRAINED = 5, 64


@pytest.fixture(
    params=EXAMPLES, ids=lambda net: f"{net.family}-{net.widths}-{net.channels}{'-ordered' * net.ordered}"
)
def net(request):
    return request.param


def draw_batch(net, n_rows=N_ROWS):
    rng = np.random.default_rng(0)
    if net.vocabulary:
        tokens = rng.integers(1, net.vocabulary, (n_rows, *net.inputs)).astype(np.int32)
        tokens[:, -3:] = 0
        return tokens
    if net.parts:
        made = []
        for part in net.parts:
            shape = (n_rows, math.prod(part.shape))
            is_tokens = part.kind == "tokens"
            made.append(rng.integers(1, part.vocabulary, shape) if is_tokens else rng.normal(size=shape))
        return np.concatenate(made, axis=1).astype(np.float32)
    return rng.normal(size=(n_rows, *net.inputs)).astype(np.float32)


def widen(net):
    """The same network with twice the units and channels (where branches meet, channels cannot be padded)."""
    return replace(
        net,
        widths=tuple(2 * width for width in net.widths),
        channels=net.channels if net.parts else tuple(2 * size for size in net.channels),
    )


def start(net, seed=0):
    layers = list_layers(net)
    return draw_params(layers, seed), start_memory(layers)


@functools.cache
def evaluator(net):
    """Outputs and memory in evaluation mode as one program: that of several tests."""
    return jax.jit(lambda params, memory, x: apply_net(net, params, memory, x, EVALUATION))


@functools.cache
def descender(net):
    """Outputs in training mode and the gradient of a loss as one program: that of several tests."""
    mode = Mode(lambda place, values: values, training=True)

    def loss(params, memory, x):
        outputs, _ = apply_net(net, params, memory, x, mode)
        return jnp.sum(jnp.square(outputs - 1.0)), outputs

    return jax.jit(jax.grad(loss, has_aux=True))


def test_one_row_of_outputs_for_each_row_of_a_batch(net):
    params, memory = start(net)
    outputs, after = evaluator(net)(params, memory, draw_batch(net))
    assert outputs.shape == (N_ROWS, net.n_outputs)
    assert outputs.dtype == jnp.float32
    assert np.isfinite(outputs).all()
    for one, other in zip(jax.tree.leaves(after), jax.tree.leaves(memory), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_row_is_the_same_alone_and_in_company_in_evaluation_mode(net):
    params, memory = start(net)
    x = draw_batch(net)
    together = evaluator(net)(params, memory, x)[0]
    alone = [evaluator(net)(params, memory, x[row : row + 1])[0][0] for row in range(N_ROWS)]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-5)


def test_every_weight_has_a_gradient(net):
    params, memory = start(net)
    gradients, _ = descender(net)(params, memory, draw_batch(net, N_TRAINED))
    for layer, gradient in zip(list_layers(net), gradients, strict=True):
        assert np.abs(gradient[0]).max() > 0, layer.name


def test_dropout_acts_at_every_place_it_is_said_to(net):
    params, memory = start(net)
    x = draw_batch(net)
    seen = []
    mode = Mode(lambda place, values: seen.append(place) or values, training=True)
    jax.eval_shape(lambda: apply_net(net, params, memory, x, mode))  # what is asked, without computing it
    assert len(seen) == len(set(seen))
    assert set(find_family(net.family).dropped(net)) <= set(seen)
    tokens = {
        at for at, layer in enumerate(list_layers(net)) if not layer.uses
    }  # a token cannot be multiplied
    assert set(range(len(list_layers(net)))) - set(seen) == tokens


def test_a_padded_network_gives_the_same_outputs_and_its_padding_no_gradient(net):
    wide = widen(net)
    params, memory = start(net)
    layers = list_layers(wide)
    padded = pad_arrays(params, list_shapes(layers))
    kept = pad_arrays(memory, list_shapes(layers, kept=True))
    x = draw_batch(net, N_TRAINED)
    _, narrow_outputs = descender(net)(params, memory, x)
    gradients, wide_outputs = descender(wide)(padded, kept, x)
    np.testing.assert_allclose(narrow_outputs, wide_outputs, rtol=1e-3, atol=1e-4)
    shapes = list_shapes(list_layers(net))
    for layer, layer_shapes in zip(gradients, shapes, strict=True):
        for gradient, shape in zip(layer, layer_shapes, strict=True):
            outside = np.asarray(gradient).copy()
            outside[tuple(slice(side) for side in shape)] = 0.0
            assert not outside.any()


def test_products_grow_with_the_size(net):
    if net.widths or net.channels:
        small = count_products(list_layers(net))
        assert count_products(list_layers(widen(net))) > small


def test_shares_folded_into_the_weights_are_shares_of_the_values_at_their_input(net):
    """What dropout multiplies at the test is the same function as the weights multiplied once."""
    params, memory = start(net)
    layers, x = list_layers(net), draw_batch(net)
    shares = np.linspace(0.3, 0.9, len(layers)).astype(np.float32)
    scaled = Mode(lambda place, values: values * shares[place], training=False)
    wanted = jax.jit(lambda *given: apply_net(net, *given, scaled)[0])(params, memory, x)
    folded = evaluator(net)(fold_shares(layers, params, shares), memory, x)[0]
    np.testing.assert_allclose(folded, wanted, rtol=1e-4, atol=1e-5)
    plain = evaluator(net)(params, memory, x)[0]
    assert not np.allclose(folded, plain, atol=1e-3)
    same = fold_shares(layers, params, (1.0,) * len(layers))
    jax.tree.map(np.testing.assert_array_equal, same, params)
