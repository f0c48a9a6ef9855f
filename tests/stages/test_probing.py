from types import SimpleNamespace

import numpy as np
import pytest

from heldout.nets import Net, draw_params, list_layers, start_memory
from heldout.records import ByteScales, InputLayout, Task
from heldout.stages.hiding import PERMUTE, TOKENS, WORD, ZERO, Unit
from heldout.stages.probing import (
    BLOCK,
    Network,
    compute_outputs,
    lean_on_vectors,
    measure_rises,
    row_loss,
    take_rows,
)

PARTS = (InputLayout("numbers", (3,)), InputLayout("tokens", (5,), 12, 3), InputLayout("picture", (8, 8, 1)))
NETS = (
    Net("mlp", (9,), 1, (6,)),
    Net("cnn", (8, 8, 2), 3, (5,), channels=(4,), kernel=3),
    Net("residual", (8, 8, 1), 1, channels=(4,), kernel=3),
    Net("signal", (16, 2), 1, (5,), channels=(4,), kernel=3),
    Net("text", (9,), 1, (4,), embedding=4, vocabulary=12),
    Net("sequence", (9,), 1, (), channels=(4,), kernel=3, embedding=4, vocabulary=12, leading=5),
    Net("joined", (72,), 1, (4,), channels=(2,), kernel=3, embedding=4, vocabulary=12, parts=PARTS),
    Net("mlp", (9,), 4, (6,), ordered=True),
)


def make_network(net, seed=0):
    layers = list_layers(net)
    return Network(net, draw_params(layers, seed), start_memory(layers))


def make_tensors(net, n_rows=150, seed=0, **fields):
    rng = np.random.default_rng(seed)
    size = int(np.prod(net.inputs))
    x = rng.normal(size=(1, n_rows, size)).astype(np.float32)
    if net.embedding and not net.parts:
        x = rng.integers(0, 12, x.shape).astype(np.float32)
    if net.parts:
        x[:, :, 3:8] = rng.integers(0, 12, (1, n_rows, 5))
    task = Task.BINARY if net.n_outputs == 1 else Task.MULTICLASS
    target = rng.integers(0, max(2, net.n_outputs), (1, n_rows)).astype(np.float32)
    known = {
        "features": x,
        "target": target,
        "task": task,
        "output_offset": None,
        "scales": None,
        "sets": None,
    }
    return SimpleNamespace(**(known | fields))


def list_some(net):
    """One unit of each way of hiding that the inputs allow."""
    size = int(np.prod(net.inputs))
    if net.parts:
        return (
            Unit("a", "column", PERMUTE, np.array([0, 2])),
            Unit("w", WORD, TOKENS, np.arange(3, 8), (5,), 3),
            Unit("r", "region", ZERO, np.arange(8, 30)),
        )
    if net.embedding:
        return (Unit("w", WORD, TOKENS, np.arange(size), (5,), 5),)
    return (
        Unit("a", "column", PERMUTE, np.array([0, 3])),
        Unit("b", "region", ZERO, np.arange(4, size)),
    )


@pytest.mark.parametrize("net", NETS, ids=[net.family for net in NETS])
def test_rises_of_any_family_are_those_of_a_whole_pass_one_row_at_a_time(net):
    network, tensors = make_network(net), make_tensors(net)
    rows = np.arange(140)
    seen, units = take_rows(tensors, fold=0, rows=rows), list_some(net)
    rng = np.random.default_rng(1)
    looked = rng.random((len(units), len(rows))) < 0.5
    rises = measure_rises(network, seen, units, looked=looked, key=(7, 0, 1))
    assert not rises[~looked].any()
    assert np.abs(rises[looked]).max() > 0
    before = row_loss(compute_outputs(network, seen.x), tensors, fold=0, rows=rows)
    for index, unit in enumerate(units):
        inside = np.flatnonzero(looked[index])
        order = np.random.default_rng((7, 0, 1, int(unit.positions[0]))).permutation(len(inside))
        for place, row in enumerate(inside.tolist()):
            if place % 20:
                continue
            x = seen.x[row].copy()
            if unit.how == PERMUTE:
                x[unit.positions] = seen.x[inside[order][place], unit.positions]
            elif unit.how == ZERO:
                x[unit.positions] = 0
            else:
                x = hide_slowly(unit, x)
            after = row_loss(compute_outputs(network, x[None]), tensors, fold=0, rows=np.array([row]))
            assert rises[index, row] == pytest.approx(after[0] - before[row], abs=2e-5)


def hide_slowly(unit, x):
    start, n_words = int(unit.positions[0]), unit.length
    for place in range(n_words):
        if x[start + place] != unit.numbers[0]:
            continue
        for pair in (place - 1, place):
            if 0 <= pair < len(unit.positions) - n_words:
                x[start + n_words + pair] = 0
    words = x[start : start + n_words]
    words[words == unit.numbers[0]] = 1
    return x


def test_a_row_does_not_depend_on_its_block():
    net = NETS[1]
    network, tensors = make_network(net), make_tensors(net, n_rows=BLOCK + 9)
    x = take_rows(tensors, fold=0, rows=np.arange(BLOCK + 9)).x
    made = compute_outputs(network, x)
    assert made.shape == (BLOCK + 9, 3)
    assert compute_outputs(network, x[-3:]) == pytest.approx(made[-3:], abs=1e-6)
    assert compute_outputs(network, x[:0]).shape == (0, 3)


def test_bytes_are_scaled_as_in_training():
    features = np.arange(24, dtype=np.uint8).reshape(1, 3, 2, 2, 2)
    scales = ByteScales(np.array([[1.0, 2.0]], np.float32), np.array([[2.0, 4.0]], np.float32))
    seen = take_rows(SimpleNamespace(features=features, scales=scales), fold=0, rows=np.array([2, 0]))
    assert seen.x[1].tolist() == [-0.5, -0.25, 0.5, 0.25, 1.5, 0.75, 2.5, 1.25]
    assert seen.x.shape == (2, 8)


@pytest.mark.parametrize("task", list(Task))
def test_losses_are_those_of_training(task):
    outputs = np.array([[2.0, -1.0, 0.5], [30.0, -30.0, 0.0]], np.float32)
    target = np.array([[1.0, 1.0]], np.float32)
    sets = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 1.0]]) if task is Task.MULTILABEL else None
    tensors = SimpleNamespace(
        task=task, target=target, target_scale=np.array([2.0]), output_offset=None, sets=sets
    )
    rows, exact = np.arange(2), outputs.astype(float)
    if task is Task.MULTICLASS:
        clipped = np.clip(exact, -15, 15)
        expected = -np.log(np.exp(clipped[:, 1]) / np.exp(clipped).sum(axis=1))
    elif task is Task.MULTILABEL:
        clipped = np.clip(exact, -15, 15)
        expected = -np.log(1 / (1 + np.exp(-clipped * [1, -1, 1]))).sum(axis=1)
    elif task is Task.BINARY:
        outputs = outputs[:, :1]
        expected = -np.log(1 / (1 + np.exp(-np.clip(exact[:, 0], -15, 15))))
    else:
        outputs = outputs[:, :1]
        expected = 4 * (outputs[:, 0] - 1) ** 2
    assert row_loss(outputs, tensors, fold=0, rows=rows) == pytest.approx(expected, rel=1e-5)


def test_leaning_on_a_vector_is_exact_where_the_network_is_linear():
    net = Net("text", (4,), 1, (), embedding=3, vocabulary=6)
    network = make_network(net)
    rows = np.arange(60)
    features = np.random.default_rng(0).integers(1, 6, (1, 60, 4)).astype(np.float32)
    tensors = make_tensors(net, n_rows=60, features=features)
    seen = take_rows(tensors, fold=0, rows=rows)
    found = lean_on_vectors(network, seen, place=0)
    table = np.asarray(network.layers[0][0]).copy()
    table[3] = 0
    without = Network(net, ((table,), *network.layers[1:]), network.memory)
    sign = np.where(tensors.target[0, rows] > 0.5, 1, -1)
    lost = sign * (compute_outputs(network, seen.x) - compute_outputs(without, seen.x))[:, 0]
    assert found[3] == pytest.approx(lost.sum(), abs=1e-4)
    assert found.shape == (6,)


def test_the_loss_of_labels_is_the_sum_of_each():
    sets = np.array([[0, 0, 0], [1, 0, 1], [0, 1, 1]], np.float32)
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(5, 3)).astype(np.float32)
    target = np.array([[0, 1, 2, 1, 0]], np.float32)
    tensors = SimpleNamespace(task=Task.MULTILABEL, target=target, output_offset=None, sets=sets)
    found = row_loss(outputs, tensors, fold=0, rows=np.arange(5))
    held = sets[target[0].astype(int)]
    chance = 1 / (1 + np.exp(-outputs))
    wanted = -(held * np.log(chance) + (1 - held) * np.log(1 - chance)).sum(axis=1)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
