"""Metrics of several labels a row against scikit-learn and by hand, and the coverage of their intervals."""

import numpy as np
import pytest
from sklearn.metrics import f1_score, hamming_loss, log_loss, roc_auc_score

from heldout.errors import DataError, UsageError
from heldout.evidence.label_scores import LABEL_MEASURES, find_label_losses
from heldout.evidence.score import METRICS_OF, score_predictions
from heldout.records import Task

NAMES = tuple(LABEL_MEASURES)


def draw(n_rows=120, seed=0, skill=1.5):
    rng = np.random.default_rng(seed)
    place = rng.normal(size=(n_rows, 3))
    chance = 1 / (1 + np.exp(-(skill * place + np.array([0.0, -1.0, -2.0]))))
    return (rng.random(chance.shape) < chance).astype(float), chance


def score(truth, values, **more):
    return {
        item.metric: item
        for item in score_predictions(truth, values, metrics=NAMES, task=Task.MULTILABEL, **more)
    }


def test_every_task_has_its_metrics():
    assert set(METRICS_OF) == set(Task)


def test_values_are_those_of_scikit_learn():
    truth, chance = draw()
    found, answers = score(truth, chance), (chance >= 0.5).astype(int)
    assert found["label accuracy"].value == pytest.approx(1 - hamming_loss(truth, answers))
    assert found["exact match"].value == pytest.approx((truth == answers).all(axis=1).mean())
    assert found["micro f1"].value == pytest.approx(f1_score(truth, answers, average="micro"))
    assert found["auc"].value == pytest.approx(roc_auc_score(truth, chance, average="macro"))
    each = [log_loss(truth[:, label], chance[:, label]) for label in range(3)]
    assert found["logloss"].value == pytest.approx(sum(each))
    for item in found.values():
        assert item.low < item.value < item.high, item
        assert item.n_rows == 120


def test_losses_of_a_row_are_summed_by_hand():
    losses = find_label_losses(np.array([[0.9, 0.2], [0.0, 1.0]]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    assert losses == pytest.approx([-np.log(0.9) - np.log(0.8), 15.0])


def test_rows_of_one_group_count_once():
    truth, chance = draw(60)
    twice = np.repeat(np.arange(60), 2)
    alone, doubled = score(truth, chance), score(truth[twice], chance[twice], unit=twice)
    for name in ("label accuracy", "micro f1", "auc", "logloss"):
        assert doubled[name].value == pytest.approx(alone[name].value)
        assert doubled[name].high - doubled[name].low == pytest.approx(
            alone[name].high - alone[name].low, rel=0.15
        )
    assert doubled["exact match"].n_units == 60


def test_under_thirty_rows_no_bootstrap_is_honest():
    truth, chance = draw(20)
    found = score(truth, chance)
    for name in ("label accuracy", "micro f1", "auc", "logloss"):
        assert np.isnan(found[name].low)
        assert "under 30" in found[name].method
    assert found["exact match"].low < found["exact match"].value  # exact at any size


def test_a_label_without_rows_on_both_sides_has_no_area():
    truth, chance = draw()
    truth[:, 2] = 0
    found = score(truth, chance)["auc"]
    assert found.method.startswith("mean of 2 labels, 1 without rows on both sides")
    truth[:] = 1
    found = score(truth, chance)["auc"]
    assert np.isnan(found.value)
    assert found.method == "not defined: no label has rows with and without it"


def test_answers_beside_one_half_are_taken_as_they_are():
    truth, chance = draw()
    found = score(truth, chance, labels=np.ones_like(truth))
    assert found["label accuracy"].value == pytest.approx(truth.mean())


@pytest.mark.parametrize(
    ("truth", "values", "more", "message"),
    [
        (np.zeros(3), np.zeros((3, 1)), {}, r"\(3,\) true labels and \(3, 1\) probabilities"),
        (np.full((3, 2), 0.5), np.zeros((3, 2)), {}, "labels must be 0 or 1"),
        (np.zeros((3, 2)), np.full((3, 2), 1.5), {}, "labels must be 0 or 1, and their probabilities"),
        (
            np.zeros((3, 2)),
            np.zeros((3, 2)),
            {"labels": np.zeros(3)},
            "expected one unit a row and one answer a label",
        ),
    ],
)
def test_labels_that_do_not_fit_are_refused(truth, values, more, message):
    with pytest.raises(DataError, match=message):
        score_predictions(truth, values, metrics=("auc",), task=Task.MULTILABEL, **more)


def test_a_metric_of_another_task_is_refused():
    with pytest.raises(UsageError, match="metric 'accuracy' for a multilabel target"):
        score_predictions(np.zeros((3, 2)), np.zeros((3, 2)), metrics=("accuracy",), task=Task.MULTILABEL)


@pytest.mark.parametrize("name", ["label accuracy", "micro f1", "auc", "logloss"])
def test_intervals_cover_what_many_rows_give(name):
    """Known truth: the metric on 60,000 rows. 80 draws of 60 rows; at least 70 of 80 intervals hold it (p < 0.001)."""
    wide_truth, wide = draw(60_000, seed=99)
    known = score_predictions(wide_truth, wide, metrics=(name,), task=Task.MULTILABEL)[0].value
    inside = 0
    for seed in range(80):
        truth, chance = draw(60, seed=seed)
        found = score_predictions(truth, chance, metrics=(name,), task=Task.MULTILABEL, seed=seed)[0]
        inside += bool(found.low <= known <= found.high)
    assert inside >= 70
