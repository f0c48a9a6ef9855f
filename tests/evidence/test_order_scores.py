"""Metrics of classes in order against scikit-learn and by hand, and the coverage of their intervals."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from heldout.errors import UsageError
from heldout.evidence.order_scores import ORDER_MEASURES
from heldout.evidence.score import score_predictions
from heldout.records import Task

NAMES = tuple(ORDER_MEASURES)


def draw(n_rows=100, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, n_rows)
    answer = np.clip(truth + rng.integers(-1, 2, n_rows), 0, 3)
    return truth.astype(float), np.eye(4)[answer], answer


def test_values_are_those_of_scikit_learn_and_of_counting():
    truth, values, answer = draw()
    kappa, error = score_predictions(truth, values, metrics=NAMES, task=Task.MULTICLASS)
    assert kappa.value == pytest.approx(cohen_kappa_score(truth, answer, weights="quadratic"))
    assert error.value == pytest.approx(
        np.mean([abs(int(t) - int(a)) for t, a in zip(truth, answer, strict=True)])
    )
    assert kappa.low < kappa.value < kappa.high
    assert error.low < error.value < error.high


def test_perfect_answers_have_kappa_one_and_are_no_step_off():
    truth = np.repeat([0.0, 1.0, 2.0], 20)
    kappa, error = score_predictions(truth, np.eye(3)[truth.astype(int)], metrics=NAMES, task=Task.MULTICLASS)
    assert (kappa.value, error.value) == (1.0, 0.0)


def test_one_answer_for_all_rows_of_one_class_has_no_kappa():
    kappa = score_predictions(np.ones(40), np.eye(3)[[1] * 40], metrics=NAMES[:1], task=Task.MULTICLASS)[0]
    assert np.isnan(kappa.value)
    assert kappa.method == "not defined on these rows"


def test_the_constant_answer_has_kappa_zero():
    truth, _, _ = draw()
    kappa = score_predictions(truth, np.eye(4)[[1] * 100], metrics=NAMES[:1], task=Task.MULTICLASS)[0]
    assert kappa.value == pytest.approx(0.0)


def test_two_classes_have_no_steps():
    with pytest.raises(UsageError, match="metric 'quadratic kappa' for a class target"):
        score_predictions(np.zeros(3), np.full((3, 2), 0.5), metrics=NAMES, task=Task.BINARY)


@pytest.mark.parametrize("place", [0, 1])
def test_intervals_cover_what_many_rows_give(place):
    """80 draws of 60 rows; at least 70 of 80 intervals hold the value of 60,000 rows (p < 0.001)."""
    truth, values, _ = draw(60_000, seed=99)
    known = score_predictions(truth, values, metrics=NAMES, task=Task.MULTICLASS)[place].value
    inside = 0
    for seed in range(80):
        truth, values, _ = draw(60, seed=seed)
        found = score_predictions(truth, values, metrics=NAMES, task=Task.MULTICLASS, seed=seed)[place]
        inside += bool(found.low <= known <= found.high)
    assert inside >= 70
