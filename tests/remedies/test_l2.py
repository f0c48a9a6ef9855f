import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from heldout.ladder import plain_hyper
from heldout.remedies.l2 import add_l2
from heldout.train.program import MemberSpec, put_data, run_members
from train.made_tensors import CHECKPOINTS, FOLDS, LINEAR, LONG, make_hyper, make_shape, make_tensors


def test_all_weight_matrices_have_the_strength():
    assert add_l2(make_hyper(), 0.02).l2 == (0.02, 0.02)


@pytest.mark.parametrize("fold", [0, 1])
def test_stronger_l2_leaves_smaller_weights_and_none_exactly_zero(fold):
    strengths = (0.0, 0.01, 0.1, 1.0)
    specs = [MemberSpec(add_l2(make_hyper(learning_rate=0.05), strength), 0, fold) for strength in strengths]
    results = run_members(make_shape(), specs, put_data(make_tensors()), CHECKPOINTS)
    size = sum(np.square(weight).sum(axis=(1, 2)) for weight in results.weights)
    assert (np.diff(size) < 0).all()
    assert all((weight != 0).all() for weight in results.weights)


@pytest.mark.parametrize("strength", [0.01, 0.03, 0.1])
def test_a_linear_model_ends_at_scikit_learns_solution(strength):
    tensors, rows = make_tensors(), FOLDS[0].fit
    hyper = add_l2(plain_hyper(LINEAR, learning_rate=0.03), strength)
    results = run_members(LONG, [MemberSpec(hyper, 0, 0)], put_data(tensors), (1, LONG.n_epochs))
    # scikit-learn halves the sum of squares and sums the losses over n rows
    known = LogisticRegression(C=1 / (2 * len(rows) * strength), tol=1e-9, max_iter=20_000)
    known.fit(tensors.features[0, rows].astype(float), tensors.target[0, rows].astype(int))
    np.testing.assert_allclose(results.weights[0][0, :, 0], known.coef_[0], atol=2e-3)
    np.testing.assert_allclose(results.params[0][1][0], known.intercept_, atol=2e-3)
