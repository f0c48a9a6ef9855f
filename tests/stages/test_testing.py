import json
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from heldout.errors import StudyError
from heldout.records import Prediction, Target, Task
from heldout.settings import Settings
from heldout.stages import testing
from heldout.stages.preparing import prepare
from heldout.stages.reading import read_data
from heldout.stages.testing import (
    _persistence,
    _score_without_copies,
    name_metrics,
    open_test,
    predict_test,
    row_losses,
    score_rows,
    train_baselines,
)
from stages.made_data import declare_parts, make_frame
from stages.test_delivering import deliver_frame

NOTHING = np.zeros(0, np.int64)


def make_target(values, task=Task.BINARY, classes=("no", "yes")):
    return Target("ill", task, "", classes, np.asarray(values, float), NOTHING)


def test_accuracy_comes_first_unless_a_class_is_rare():
    even = np.array([0, 1] * 50)
    rare = np.array([0] * 95 + [1] * 5)
    target = make_target(even)
    assert name_metrics(target, Settings(), even)[0] == "accuracy"
    assert name_metrics(target, Settings(), even)[-1] == "balanced accuracy"
    assert name_metrics(target, Settings(), rare)[:2] == ("accuracy", "balanced accuracy")


def test_the_named_metric_comes_first_once():
    values = np.array([0, 1] * 50)
    names = name_metrics(make_target(values), Settings(metric="balanced_accuracy"), values)
    assert names[0] == "balanced accuracy"
    assert len(set(names)) == len(names)
    number = make_target(values, Task.REGRESSION, ())
    assert name_metrics(number, Settings(metric="mae"), values) == ("mae", "rmse", "r2")


def test_row_losses_are_log_loss_and_squared_error():
    values = np.array([[0.8, 0.2], [0.0, 1.0]])
    np.testing.assert_allclose(
        row_losses(values, np.array([0.0, 1.0]), make_target([0, 1])), [-np.log(0.8), 0]
    )
    limited = row_losses(values, np.array([0.0, 0.0]), make_target([0, 0]))
    assert limited[1] == pytest.approx(15)  # a certain error counts as much as a logit of 15
    number = make_target([3.0, 5.0], Task.REGRESSION, ())
    assert row_losses(np.array([[1.0], [5.0]]), np.array([3.0, 5.0]), number).tolist() == [4.0, 0.0]


def test_no_rows_have_no_score():
    nothing = Prediction(np.zeros((0, 2)), np.zeros(0, np.int32))
    assert score_rows(np.zeros(0), nothing, make_target([]), metrics=("accuracy",), unit=NOTHING) == ()


@pytest.fixture(scope="module")
def opened():
    """Two hundred rows with own parts, random networks, baselines."""
    frame = make_frame(200, part=declare_parts(200, validation=50, test=50)).drop("price")
    settings = Settings(target="ill", split="part")
    reading = read_data(frame, settings)
    prepared, _ = prepare(reading, settings, strict=False)
    delivered, *_ = deliver_frame(frame, split="part")
    return (
        reading,
        prepared,
        delivered,
        train_baselines(reading, prepared, delivered.folds, settings),
        settings,
    )


def make_place(folder):
    return SimpleNamespace(folder=SimpleNamespace(path=folder))


def test_the_test_is_scored_with_its_baselines_and_journalled(opened, tmp_path):
    reading, prepared, delivered, outputs, settings = opened
    scores = open_test(
        make_place(tmp_path / "runs" / "a"), reading, prepared, delivered, outputs, settings=settings
    )
    prediction = predict_test(prepared, delivered)
    truth = reading.target.values[prepared.split.test]
    assert scores.test[0].value == pytest.approx((prediction.labels == truth).mean())
    assert scores.test[0].n_rows == 50
    assert scores.development[0].n_rows == 50
    assert [baseline.name for baseline in scores.baselines] == ["constant", "linear", "gradient boosting"]
    assert scores.openings_before == 0
    entry = json.loads((tmp_path / "runs" / ".journal.jsonl").read_text())
    assert (entry["study"], entry["n"], entry["fingerprint"]) == ("a", 50, prepared.split.fingerprint)
    again = open_test(
        make_place(tmp_path / "runs" / "b"), reading, prepared, delivered, outputs, settings=settings
    )
    assert again.openings_before == 1
    assert again.test == scores.test


def test_the_seal_stays_shut_where_the_journal_cannot_be_written(opened, tmp_path, monkeypatch):
    reading, prepared, delivered, outputs, settings = opened
    (tmp_path / "runs").write_text("a file stands where the folder should be")
    scored = []
    monkeypatch.setattr(testing, "compare_baselines", lambda *args, **more: scored.append(args))
    with pytest.raises(StudyError, match="journal"):
        open_test(
            make_place(tmp_path / "runs" / "a"), reading, prepared, delivered, outputs, settings=settings
        )
    assert scored == []


def test_the_better_predictor_is_said_to_be_better(opened, tmp_path):
    reading, prepared, delivered, outputs, settings = opened
    scores = open_test(make_place(tmp_path / "a"), reading, prepared, delivered, outputs, settings=settings)
    linear = next(baseline for baseline in scores.baselines if baseline.name == "linear")
    assert linear.difference[1] > 0  # the networks have random weights
    assert "The linear predictor is better than the network" in linear.sentence


def test_few_development_rows_are_not_scored(opened, tmp_path, monkeypatch):
    reading, prepared, delivered, outputs, settings = opened
    monkeypatch.setattr(testing, "LEAST_SCORED_ROWS", 51)
    scores = open_test(make_place(tmp_path / "a"), reading, prepared, delivered, outputs, settings=settings)
    assert scores.development == ()
    assert scores.test


def test_without_test_rows_the_development_rows_are_compared(tmp_path):
    delivered, *_ = deliver_frame()
    settings = Settings(target="ill")
    reading = read_data(make_frame().drop("price"), settings)
    prepared, _ = prepare(reading, settings, strict=False)
    outputs = train_baselines(reading, prepared, delivered.folds, settings)
    scores = open_test(make_place(tmp_path / "a"), reading, prepared, delivered, outputs, settings=settings)
    assert scores.test == ()
    assert scores.development[0].n_rows == 60
    assert scores.baselines[0].scores[0].n_rows == 60
    assert not (tmp_path / ".journal.jsonl").exists()


def test_copies_across_the_users_own_parts_are_left_out_of_a_second_score():
    frame = make_frame(60).drop("price")
    frame = pl.concat([frame, frame.head(3)]).with_columns(pl.Series("part", declare_parts(63)))
    settings = Settings(target="ill", split="part")
    reading = read_data(frame, settings)
    prepared, _ = prepare(reading, settings, strict=False)
    labels = reading.target.values[prepared.split.test]
    prediction = Prediction(np.eye(2)[labels.astype(int)], labels.astype(np.int32))
    found = _score_without_copies(labels, prediction, (reading, prepared.split), ("accuracy",))
    assert found[0].n_rows == 12


def test_copies_are_found_in_studies_that_go_forward_in_time_too():
    frame = make_frame(60).drop("price")
    frame = pl.concat([frame, frame.head(3)]).with_columns(
        pl.Series("part", declare_parts(63)), pl.Series("year", [1900.0 + row for row in range(63)])
    )
    settings = Settings(target="ill", split="part", time="year")
    reading = read_data(frame, settings)
    prepared, _ = prepare(reading, settings, strict=False)
    labels = reading.target.values[prepared.split.test]
    prediction = Prediction(np.eye(2)[labels.astype(int)], labels.astype(np.int32))
    found = _score_without_copies(labels, prediction, (reading, prepared.split), ("accuracy",))
    assert found[0].n_rows == 12


def test_persistence_repeats_the_last_known_value():
    values = np.array([1.0, np.nan, 3.0, 4.0])
    reading = SimpleNamespace(
        time=np.array([0.0, 1.0, 2.0, 3.0]),
        target=make_target(values, Task.REGRESSION, ()),
        rows=np.array([0, 2, 3]),
    )
    output = _persistence(reading, np.array([2, 3]))[0]
    assert output.test[:, 0].tolist() == [1.0, 3.0]


def test_persistence_needs_time_and_a_number():
    number = make_target([1.0, 2.0], Task.REGRESSION, ())
    assert _persistence(SimpleNamespace(time=None, target=number, rows=np.arange(2)), np.arange(2)) == ()
    label = make_target([0, 1])
    assert (
        _persistence(SimpleNamespace(time=np.arange(2.0), target=label, rows=np.arange(2)), np.arange(2))
        == ()
    )
