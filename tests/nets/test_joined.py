import math
from dataclasses import replace

import numpy as np
import pytest

from heldout.nets import EVALUATION, Mode, Net, apply_net, draw_params, list_layers, start_memory
from heldout.records import InputLayout

PICTURE, NUMBERS = InputLayout("picture", (8, 8, 1)), InputLayout("numbers", (2,))
LONE = Net("residual", PICTURE.shape, 3, (5,), (4, 8), 3)


def join(*parts: InputLayout) -> Net:
    width = sum(math.prod(part.shape) for part in parts)
    return replace(LONE, family="joined residual", inputs=(width,), parts=parts)


def test_constant_columns_beside_a_picture_leave_the_residual_network_as_it_is_alone():
    """What stands before the picture is 0: the join then hands on what the residual blocks alone say."""
    joined = join(NUMBERS, PICTURE)
    layers, memory = list_layers(LONE), start_memory(list_layers(LONE))
    params = draw_params(layers, 0)
    meeting = len(layers) - 2  # the first dense layer: 8 channels alone, 2 numbers more in the join
    weight, bias = params[meeting]
    wider = np.concatenate([np.full((2, 5), 7.0, np.float32), weight])
    beside = (*params[:meeting], (wider, bias), *params[meeting + 1 :])
    x = np.random.default_rng(0).normal(size=(6, 64)).astype(np.float32)
    row = np.concatenate([np.zeros((6, 2), np.float32), x], axis=1)
    for training in (False, True):
        mode = Mode(EVALUATION.drop, training=training)
        alone, kept_alone = apply_net(LONE, params, memory, x, mode)
        together, kept = apply_net(joined, beside, memory, row, mode)
        np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)
        for one, other in zip(kept[0], kept_alone[0], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6)
    assert np.abs(kept[0][0]).max() > 0  # training moved the running means


WORDS, FEW_WORDS = InputLayout("tokens", (9,), 30, 6), InputLayout("tokens", (4,), 12)


def spell(part, n_rows=6, *, seed=0):
    tokens = np.random.default_rng(seed).integers(1, part.vocabulary, (n_rows, *part.shape))
    tokens[:, -1] = 0
    return tokens.astype(np.float32)


@pytest.mark.parametrize(("family", "channels"), [("text", ()), ("sequence", (4, 5))])
def test_constant_columns_beside_a_text_leave_its_network_as_it_is_alone(family, channels):
    """What stands beside the text is 0: the join then hands on what the words alone say."""
    own = {"widths": (5,), "channels": channels, "kernel": 3 * bool(channels), "embedding": 4}
    lone = Net(family, WORDS.shape, 3, vocabulary=30, leading=6 * bool(channels), **own)
    joined = Net("joined", (2 + 9 + 1,), 3, parts=(NUMBERS, WORDS, InputLayout("numbers", (1,))), **own)
    params = draw_params(list_layers(lone), 0)
    meeting = 1 + len(channels)
    weight, bias = params[meeting]
    wider = np.concatenate([np.full((2, 5), 7.0), weight, np.full((1, 5), 7.0)]).astype(np.float32)
    beside = (*params[:meeting], (wider, bias), *params[meeting + 1 :])
    x = spell(WORDS)
    row = np.concatenate([np.zeros((6, 2)), x, np.zeros((6, 1))], axis=1).astype(np.float32)
    alone = apply_net(lone, params, start_memory(list_layers(lone)), x, EVALUATION)[0]
    kept = start_memory(list_layers(joined))
    together = apply_net(joined, beside, kept, row, EVALUATION)[0]
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-6)
    other = apply_net(joined, beside, kept, row + np.float32([0.1] * 2 + [0] * 10), EVALUATION)[0]
    assert np.abs(other - together).max() > 0.1


@pytest.mark.parametrize("channels", [(), (4,)])
def test_each_text_of_a_row_has_words_of_its_own(channels):
    parts = (WORDS, FEW_WORDS)
    net = Net("joined", (13,), 1, (), channels, 3 * bool(channels), 4, parts=parts)
    layers = list_layers(net)
    params, row = draw_params(layers, 0), np.concatenate([spell(WORDS), spell(FEW_WORDS, seed=1)], axis=1)
    kept = start_memory(layers)
    before = apply_net(net, params, kept, row, EVALUATION)[0]
    tables = [place for place, layer in enumerate(layers) if layer.name.startswith("embedding")]
    assert [layers[place].arrays[0].shape for place in tables] == [(30, 4), (12, 4)]
    token = int(row[0, 9])  # a word of the second text, whose number is a word of the first one too
    for place, held in zip(tables, ((row[:, :6] == token).any(1), (row[:, 9:] == token).any(1)), strict=True):
        table = params[place][0].copy()
        table[token] += 3.0
        changed = (*params[:place], (table,), *params[place + 1 :])
        moved = apply_net(net, changed, kept, row, EVALUATION)[0] != before
        if not channels:  # an average reads pairs of words too, a filter the leading words alone
            held = held | (row[:, :9] == token).any(1) if place == tables[0] else held
        assert set(np.flatnonzero(moved[:, 0])) <= set(np.flatnonzero(held))
        assert moved.any() or not held.any()


def test_each_picture_of_a_row_keeps_running_means_of_its_own():
    joined = join(PICTURE, NUMBERS, PICTURE)
    layers = list_layers(joined)
    params, memory = draw_params(layers, 0), start_memory(layers)
    x = np.random.default_rng(0).normal(size=(6, 130)).astype(np.float32)
    x[:, 66:] *= 10.0
    _, kept = apply_net(joined, params, memory, x, Mode(EVALUATION.drop, training=True))
    n_stages = (len(layers) - 2) // 2
    assert [layer.name for layer in layers[:n_stages]] == [
        layer.name.replace("part 3", "part 1") for layer in layers[n_stages : 2 * n_stages]
    ]
    assert np.mean(kept[n_stages][1]) > 5 * np.mean(kept[0][1])
