import numpy as np
import pytest

from heldout.ladder import plain_hyper
from heldout.records import Hyper, Rung
from heldout.remedies.dropout import add_dropout
from heldout.train.program import MemberSpec, put_data, run_members
from train.made_tensors import CHECKPOINTS, FOLDS, make_hyper, make_shape, make_tensors


@pytest.mark.parametrize(
    ("widths", "rates"),
    [((), (0.3,)), ((8,), (0.0, 0.3)), ((8, 8), (0.0, 0.3, 0.3)), ((8, 4, 2), (0.0, 0.3, 0.3, 0.3))],
)
def test_hidden_units_are_dropped_and_inputs_only_of_a_linear_model(widths, rates):
    assert add_dropout(plain_hyper(Rung(1, widths, 9, 0.01)), 0.3).dropout == rates


def test_dropout_of_the_inputs_that_was_there_stays():
    before = Hyper(0.01, (0.1, 0.0), (0.0, 0.0), (0.0, 0.0))
    assert add_dropout(before, 0.5).dropout == (0.1, 0.5)


def test_nothing_is_dropped_when_losses_are_recorded():
    """Half the units drop out of every step, yet the losses are those of the whole network."""
    tensors = make_tensors()
    specs = [MemberSpec(add_dropout(make_hyper(), 0.5), 0, 0)]
    results = run_members(make_shape(), specs, put_data(tensors), CHECKPOINTS)
    held = FOLDS[0].validation
    hidden = np.maximum(tensors.features[0, held] @ results.weights[0][0] + results.params[0][1][0], 0)
    z = (hidden @ results.weights[1][0] + results.params[1][1][0])[:, 0]
    losses = np.logaddexp(0, z) - tensors.target[0, held] * z
    np.testing.assert_allclose(results.losses[0, -1, : len(held)], losses, rtol=1e-4, atol=1e-6)
