"""Attention against plain loops in float64, against torch where it is installed, and what padding must not do."""

import jax
import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.nets import EVALUATION, Net, apply_net, check_net, draw_params, find_widest, list_layers
from heldout.nets.net import HEAD_SIZE, PRODUCTS_A_SCORE, count_layer_parameters, count_products, start_memory
from heldout.records import InputLayout

TEXT = Net("attention", (9,), 3, (5,), (7, 6), embedding=32, vocabulary=11, leading=8)
LETTERS = Net("attention", (6, 4), 2, (), (8,), embedding=16)


def start(net, seed=1):
    """Weights with biases that are not zero, so that a forgotten one shows."""
    rng = np.random.default_rng(seed)
    layers = list_layers(net)
    params = draw_params(layers, seed)
    return tuple(tuple(part + rng.normal(size=part.shape) * 0.1 for part in layer) for layer in params)


def draw(net, n_rows=4):
    rng = np.random.default_rng(3)
    if net.vocabulary:
        x = rng.integers(1, net.vocabulary, (n_rows, *net.inputs))
        x[0, 3:] = 0
        x[1] = 0
        return x
    x = np.eye(4)[rng.integers(0, 4, (n_rows, net.inputs[0]))]
    x[0, 4:] = 0.0
    return x


def normalize(vector):
    return (vector - vector.mean()) / np.sqrt(vector.var() + 1e-5)


def attend_slowly(net, params, row):
    """One row, place by place and head by head."""
    size, (table, places) = net.embedding, params[0]
    if row.ndim == 1:
        row = row[: len(places)]
        real = [bool(token) for token in row]
        hidden = [table[token] + place for token, place in zip(row, places, strict=True)]
    else:
        real = [bool(letter.any()) for letter in row]
        hidden = [letter @ table + place for letter, place in zip(row, places, strict=True)]
    for block in range(len(net.channels)):
        asked, out, wide, narrow = params[1 + 4 * block : 5 + 4 * block]
        mixed = [normalize(vector) @ asked[0] + asked[1] for vector in hidden]
        found = [np.zeros(size) for _ in hidden]
        for head in range(size // HEAD_SIZE):
            part = slice(head * HEAD_SIZE, (head + 1) * HEAD_SIZE)
            question, key, value = ([one[n * size : (n + 1) * size][part] for one in mixed] for n in range(3))
            for place, own in enumerate(question):
                score = np.array([own @ other / np.sqrt(HEAD_SIZE) for other in key])
                share = np.exp(score) * real if any(real) else np.ones(len(real))
                found[place][part] = sum(s * v for s, v in zip(share / share.sum(), value, strict=True))
        hidden = [own + one @ out[0] + out[1] for own, one in zip(hidden, found, strict=True)]
        inner = [np.maximum(normalize(own) @ wide[0] + wide[1], 0) for own in hidden]
        hidden = [own + one @ narrow[0] + narrow[1] for own, one in zip(hidden, inner, strict=True)]
    kept = [normalize(own) * seen for own, seen in zip(hidden, real, strict=True)]
    pooled = sum(kept) / max(sum(real), 1) if row.ndim == 1 else np.concatenate(kept)
    for index, (weight, bias) in enumerate(params[1 + 4 * len(net.channels) :]):
        pooled = (pooled if index == 0 else np.maximum(pooled, 0)) @ weight + bias
    return pooled


@pytest.mark.parametrize("net", [TEXT, LETTERS], ids=["text", "letters"])
def test_outputs_are_those_of_plain_loops_in_float64(net):
    params, x = start(net), draw(net)
    single = jax.tree.map(lambda part: part.astype(np.float32), params)
    made = apply_net(net, single, start_memory(list_layers(net)), x.astype(np.float32), EVALUATION)[0]
    wanted = np.array([attend_slowly(net, params, row) for row in x])
    np.testing.assert_allclose(made, wanted, rtol=2e-4, atol=2e-5)


def test_what_stands_behind_the_leading_words_is_not_read():
    params, x = draw_params(list_layers(TEXT), 0), draw(TEXT)
    other = x.copy()
    other[:, 8] = 5
    one, two = (apply_net(TEXT, params, ((),) * len(params), rows, EVALUATION)[0] for rows in (x, other))
    np.testing.assert_array_equal(one, two)


def test_order_matters_and_padding_does_not():
    params = draw_params(list_layers(TEXT), 0)
    longer = Net("attention", (12,), 3, (5,), (7, 6), embedding=32, vocabulary=11, leading=10)
    places = np.concatenate([params[0][1], np.full((2, 32), 9.0, np.float32)])
    stretched = ((params[0][0], places), *params[1:])
    x = np.array([[1, 2, 3, 4, 0, 0, 0, 0, 0], [4, 3, 2, 1, 0, 0, 0, 0, 0]])
    memory = ((),) * len(params)
    made = np.asarray(apply_net(TEXT, params, memory, x, EVALUATION)[0])
    padded = apply_net(longer, stretched, memory, np.pad(x, ((0, 0), (0, 3))), EVALUATION)[0]
    np.testing.assert_allclose(padded, made, rtol=1e-4, atol=1e-5)
    assert np.abs(made[0] - made[1]).max() > 1e-3


def test_cost_and_memory_count_the_pairs_of_places():
    layers = list_layers(TEXT)
    scores = 2 * 8 * 8 * 2  # blocks, places squared, heads
    dense = 8 * 2 * (32 * 96 + 32 * 32) + 8 * 2 * 32 * (7 + 6) + 32 * 5 + 5 * 3
    assert count_products(layers) == dense + PRODUCTS_A_SCORE * scores
    assert find_widest(TEXT, layers) == 8 * 96 + scores // 2
    assert count_layer_parameters(layers) == sum(part.size for layer in start(TEXT) for part in layer)


@pytest.mark.parametrize(
    ("net", "reason"),
    [
        (Net("attention", (9,), 1, channels=(4,), embedding=24, vocabulary=5), "heads of 16"),
        (Net("attention", (9,), 1, channels=(4,), embedding=16), "vocabulary 0"),
        (Net("attention", (9,), 1, embedding=16, vocabulary=5), r"channels \(\)"),
        (Net("attention", (9, 4), 1, channels=(4,), embedding=16, leading=3), "3 leading"),
        (
            Net(
                "joined attention",
                (12,),
                1,
                channels=(4,),
                embedding=16,
                parts=(InputLayout("signal", (6, 2)),),
            ),
            "a signal is not attended",
        ),
    ],
)
def test_sizes_that_do_not_fit_are_named(net, reason):
    with pytest.raises(UsageError, match=reason):
        raise UsageError(check_net(net))


def test_one_block_is_torchs_encoder_layer():
    torch = pytest.importorskip("torch", reason="torch is only an oracle and not installed here")
    net = Net("attention", (5,), 2, (), (48,), embedding=32, vocabulary=9)
    params = jax.tree.map(lambda part: np.asarray(part, np.float32), start(net))
    layer = torch.nn.TransformerEncoderLayer(32, 2, 48, 0.0, batch_first=True, norm_first=True).eval()
    theirs = (layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias)
    pairs = [theirs, *((m.weight, m.bias) for m in (layer.self_attn.out_proj, layer.linear1, layer.linear2))]
    with torch.no_grad():
        for (weight, bias), (own, own_bias) in zip(pairs, params[1:5], strict=True):
            weight.copy_(torch.tensor(own.T))
            bias.copy_(torch.tensor(own_bias))
        x = np.array([[1, 2, 3, 8, 4], [5, 6, 0, 0, 0]])
        first = torch.tensor(params[0][0][x] + params[0][1])
        hidden = layer(first, src_key_padding_mask=torch.tensor(x == 0))
        final = torch.nn.functional.layer_norm(hidden, (32,)) * torch.tensor(x > 0)[..., None]
        pooled = final.sum(1) / torch.tensor((x > 0).sum(1, keepdims=True))
        wanted = (pooled @ torch.tensor(params[5][0]) + torch.tensor(params[5][1])).numpy()
    made = apply_net(net, params, ((),) * len(params), x, EVALUATION)[0]
    np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-5)
