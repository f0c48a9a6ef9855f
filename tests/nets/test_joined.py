import math
from dataclasses import replace

import numpy as np

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
