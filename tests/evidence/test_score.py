import numpy as np
import pytest
from sklearn import metrics as oracle

from heldout.errors import DataError, UsageError
from heldout.evidence.score import CLASS_METRICS, NUMBER_METRICS, compare_losses, score_predictions
from heldout.records import Task


def make_classes(n, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, n)
    logits = rng.normal(size=(n, n_classes)) + 1.2 * np.eye(n_classes)[truth]
    values = np.exp(logits)
    return truth, values / values.sum(axis=1, keepdims=True)


def by_name(scores):
    return {item.metric: item for item in scores}


def test_values_agree_with_scikit_learn():
    truth, values = make_classes(300)
    found = by_name(score_predictions(truth, values, metrics=CLASS_METRICS, task=Task.BINARY))
    labels = values.argmax(axis=1)
    assert found["accuracy"].value == pytest.approx(oracle.accuracy_score(truth, labels))
    assert found["balanced accuracy"].value == pytest.approx(oracle.balanced_accuracy_score(truth, labels))
    assert found["auc"].value == pytest.approx(oracle.roc_auc_score(truth, values[:, 1]))
    assert found["f1"].value == pytest.approx(oracle.f1_score(truth, labels))
    assert found["logloss"].value == pytest.approx(oracle.log_loss(truth, values))
    for item in found.values():
        assert item.low < item.value < item.high
        assert (item.n_rows, item.n_units) == (300, 300)
    assert found["auc"].method == "DeLong on the logit scale"


def test_multiclass_values_agree_with_scikit_learn():
    truth, values = make_classes(150, 3)
    found = by_name(score_predictions(truth, values, metrics=CLASS_METRICS, task=Task.MULTICLASS))
    labels = values.argmax(axis=1)
    assert found["auc"].value == pytest.approx(oracle.roc_auc_score(truth, values, multi_class="ovr"))
    assert found["f1"].value == pytest.approx(oracle.f1_score(truth, labels, average="macro"))
    assert found["balanced accuracy"].value == pytest.approx(oracle.balanced_accuracy_score(truth, labels))
    assert found["auc"].low < found["auc"].value < found["auc"].high
    assert "one against the rest" in found["auc"].method


def test_numbers_agree_with_scikit_learn():
    rng = np.random.default_rng(1)
    truth = rng.normal(1e6, 3, 200)
    values = truth + rng.normal(0, 1, 200)
    found = by_name(score_predictions(truth, values, metrics=NUMBER_METRICS, task=Task.REGRESSION))
    assert found["r2"].value == pytest.approx(oracle.r2_score(truth, values))
    assert found["rmse"].value == pytest.approx(oracle.root_mean_squared_error(truth, values))
    assert found["mae"].value == pytest.approx(oracle.mean_absolute_error(truth, values))
    for item in found.values():
        assert item.low < item.value < item.high


def test_under_30_rows_only_accuracy_has_an_interval():
    truth, values = make_classes(29)
    for item in score_predictions(truth, values, metrics=CLASS_METRICS, task=Task.BINARY):
        assert np.isnan(item.low) == (item.metric != "accuracy")
        assert item.metric == "accuracy" or "29 rows, under 30 none is honest" in item.method


def test_groups_are_counted_and_too_few_are_said():
    truth, values = make_classes(200)
    scores = score_predictions(
        truth, values, metrics=CLASS_METRICS, task=Task.BINARY, unit=np.arange(200) % 8
    )
    assert {item.n_units for item in scores} == {8}
    assert all(np.isnan(item.low) and "independent units" in item.method for item in scores)
    scores = by_name(
        score_predictions(truth, values, metrics=CLASS_METRICS, task=Task.BINARY, unit=np.arange(200) // 4)
    )
    assert "Korn-Graubard" in scores["accuracy"].method
    assert all(item.low < item.high for item in scores.values())


def test_the_large_case_uses_influences_and_agrees_with_the_bootstrap(monkeypatch):
    truth, values = make_classes(400, 3, seed=2)
    given = {"metrics": ["auc"], "task": Task.MULTICLASS, "unit": np.arange(400) // 2}
    slow = score_predictions(truth, values, **given)[0]
    monkeypatch.setattr("heldout.evidence.score.INFLUENCE_ABOVE", 10)
    fast = score_predictions(truth, values, **given)[0]
    assert "influence" in fast.method
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=0.012)


def test_rare_classes_use_the_bootstrap():
    truth, values = make_classes(120)
    truth[60:] = 0
    item = score_predictions(truth, values, metrics=["auc"], task=Task.BINARY)[0]
    assert item.method == "percentile bootstrap of units"
    assert item.low < item.value < item.high


def test_perfect_predictions_never_get_a_point_as_interval():
    truth = np.arange(60) % 2
    values = np.eye(2)[truth]
    found = by_name(score_predictions(truth, values, metrics=CLASS_METRICS, task=Task.BINARY))
    assert 0.9 < found["accuracy"].low < 1
    assert 0.8 < found["balanced accuracy"].low < 1
    assert 0.8 < found["auc"].low < 1
    assert np.isnan(found["f1"].low)
    assert np.isnan(found["logloss"].low)


def test_one_class_has_no_auc():
    item = score_predictions(np.zeros(40), np.tile([0.7, 0.3], (40, 1)), metrics=["auc"], task=Task.BINARY)[0]
    assert np.isnan(item.value)
    assert "all rows are of one class" in item.method


def test_labels_of_another_threshold_and_one_column_are_taken():
    truth, values = make_classes(50)
    labels = (values[:, 1] > 0.3).astype(int)
    item = score_predictions(
        truth, values[:, 1], metrics=["balanced_accuracy"], task=Task.BINARY, labels=labels
    )[0]
    assert item.metric == "balanced accuracy"
    assert item.value == pytest.approx(oracle.balanced_accuracy_score(truth, labels))


def test_balanced_accuracy_covers_with_a_rare_class():
    rng = np.random.default_rng(3)
    n, covered = 200, 0
    truth = (np.arange(80) < 8).astype(int)
    chance = np.where(truth == 1, 0.6, 0.9)
    for _ in range(n):
        labels = np.where(rng.uniform(size=80) < chance, truth, 1 - truth)
        values = np.tile([0.5, 0.5], (80, 1))
        item = score_predictions(
            truth, values, metrics=["balanced accuracy"], task=Task.BINARY, labels=labels
        )[0]
        covered += item.low <= 0.75 <= item.high
    assert covered / n >= 0.935 - 2 * np.sqrt(0.05 * 0.95 / n)


@pytest.mark.parametrize(
    ("truth", "values", "task", "message"),
    [
        ([0, 2], [[0.5, 0.5]] * 2, Task.BINARY, "row 1: class index 2"),
        ([0, 1], [[0.5, 0.5], [0.9, 0.9]], Task.BINARY, r"row 1: probabilities .* sum to 1\.8000"),
        ([0, 1], [[0.5, 0.5], [np.nan, 0.9]], Task.BINARY, "row 1: true value 1"),
        ([0, 1, 1], [[0.5, 0.5]] * 2, Task.BINARY, "expected one row each"),
        ([], [], Task.REGRESSION, "expected one row each"),
    ],
)
def test_wrong_input_names_the_row(truth, values, task, message):
    names = ["mae"] if task is Task.REGRESSION else ["accuracy"]
    with pytest.raises(DataError, match=message):
        score_predictions(truth, values, metrics=names, task=task)


def test_unknown_metrics_units_and_labels_are_refused():
    with pytest.raises(UsageError, match="metric 'r2' for a class target"):
        score_predictions([0], [[1, 0]], metrics=["r2"], task=Task.BINARY)
    with pytest.raises(DataError, match="1 units for 2 rows"):
        score_predictions([0, 1], [0.1, 0.2], metrics=["mae"], task=Task.REGRESSION, unit=[1])
    with pytest.raises(DataError, match="predicted labels for 2 rows"):
        score_predictions([0, 1], [0.1, 0.2], metrics=["f1"], task=Task.BINARY, labels=[1])


def test_paired_losses_of_a_baseline():
    rng = np.random.default_rng(4)
    base = rng.exponential(size=100)
    estimate, low, high = compare_losses(base - 0.1 + rng.normal(0, 0.05, (3, 100)), base, np.arange(100))
    assert low < estimate < high < 0
    with pytest.raises(DataError, match="expected the same rows and seeds"):
        compare_losses(np.zeros((2, 5)), np.zeros((3, 5)), np.arange(5))
