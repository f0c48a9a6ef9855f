import numpy as np
import pytest
from scipy.special import expit

from heldout.ladder import plain_hyper
from heldout.remedies.l1 import add_l1
from heldout.train.program import MemberSpec, put_data, run_members
from train.made_tensors import CHECKPOINTS, FOLDS, LINEAR, LONG, make_hyper, make_shape, make_tensors


def test_all_weight_matrices_have_the_strength():
    assert add_l1(make_hyper(), 0.02).l1 == (0.02, 0.02)


@pytest.mark.parametrize("fold", [0, 1])
def test_stronger_l1_leaves_fewer_weights(fold):
    strengths = (0.0, 0.003, 0.01, 0.03, 1.0)
    specs = [MemberSpec(add_l1(make_hyper(learning_rate=0.1), strength), 0, fold) for strength in strengths]
    results = run_members(make_shape(), specs, put_data(make_tensors()), CHECKPOINTS)
    left = sum(np.count_nonzero(weight, axis=(1, 2)) for weight in results.weights)
    size = sum(np.abs(weight).sum(axis=(1, 2)) for weight in results.weights)
    assert left[0] == 24
    assert left[-1] == 0
    assert (np.diff(left) <= 0).all()
    assert (np.diff(size) < 0).all()


@pytest.mark.parametrize("strength", [0.03, 0.05, 0.1])
def test_a_linear_model_ends_where_the_penalized_mean_loss_is_lowest(strength):
    """There the slope of the mean loss just balances the strength, and is no larger at weights of zero."""
    tensors, rows = make_tensors(), FOLDS[0].fit
    hyper = add_l1(plain_hyper(LINEAR, learning_rate=0.03), strength)
    results = run_members(LONG, [MemberSpec(hyper, 0, 0)], put_data(tensors), (1, LONG.n_epochs))
    x, y = tensors.features[0, rows].astype(float), tensors.target[0, rows]
    weight, bias = results.weights[0][0, :, 0], results.params[0][1][0]
    error = expit(x @ weight + bias) - y
    slope = (error[:, None] * x).mean(axis=0)
    zero = weight == 0
    assert zero.any()
    assert not zero.all()
    np.testing.assert_allclose(slope[~zero], -strength * np.sign(weight[~zero]), atol=1e-4)
    assert (np.abs(slope[zero]) <= strength).all()
    assert error.mean() == pytest.approx(0, abs=1e-4)  # the bias is not penalized
