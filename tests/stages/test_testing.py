import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from heldout.errors import StudyError
from heldout.label_sets import look_up
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
    show_best,
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


def make_units(task=Task.BINARY, *, log=False, spread=1.0):
    return SimpleNamespace(task=task, target="price", target_log=log, target_spread=spread)


def test_row_losses_are_log_loss():
    values = np.array([[0.8, 0.2], [0.0, 1.0]])
    np.testing.assert_allclose(row_losses(values, np.array([0.0, 1.0]), make_units()), [-np.log(0.8), 0])
    limited = row_losses(values, np.array([0.0, 0.0]), make_units())
    assert limited[1] == pytest.approx(15)  # a certain error counts as much as a logit of 15


def test_row_losses_of_a_number_are_in_units_of_the_learned_targets_variance():
    values, truth = np.array([[1.0], [5.0]]), np.array([3.0, 5.0])
    plain = row_losses(values, truth, make_units(Task.REGRESSION, spread=4.0))
    assert plain.tolist() == [0.25, 0.0]
    logged = row_losses(values, truth, make_units(Task.REGRESSION, log=True, spread=0.5))
    np.testing.assert_allclose(logged, [(np.log(3.0) / 0.5) ** 2, 0.0])


def test_a_prediction_below_zero_has_a_finite_loss_where_the_logarithm_was_learned():
    units = make_units(Task.REGRESSION, log=True)
    losses = row_losses(np.array([[-1.0], [5.0]]), np.array([3.0, 5.0]), units)
    np.testing.assert_allclose(losses, [np.log(10.0) ** 2, 0.0])


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


def make_place(folder, *, resumed=False):
    return SimpleNamespace(folder=SimpleNamespace(path=folder, resumed=resumed))


def test_the_test_is_scored_with_its_baselines_and_journalled(opened, tmp_path):
    reading, prepared, delivered, outputs, settings = opened
    scores = open_test(
        make_place(tmp_path / "runs" / "a"),
        reading,
        prepared,
        delivered,
        outputs,
        settings=settings,
        corrected={},
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
        make_place(tmp_path / "runs" / "b"),
        reading,
        prepared,
        delivered,
        outputs,
        settings=settings,
        corrected={},
    )
    assert again.openings_before == 1
    assert again.test == scores.test
    assert scores.best_shown == ""
    assert "the best log-loss over 2 classes shown on these rows stays" in again.best_shown
    assert "not lower by a standard error" in again.best_shown
    kept = [json.loads(line) for line in (tmp_path / "runs" / ".shown.jsonl").read_text().splitlines()]
    assert [(entry["study"], entry["n"]) for entry in kept] == [("a", 50), ("b", 50)]
    assert kept[0]["shown"] == kept[1]["shown"]
    assert "losses" not in kept[0]


@pytest.mark.parametrize(("resumed", "before"), [(True, 0), (False, 1)])
def test_only_a_resumed_study_opens_its_own_test_again(opened, tmp_path, resumed, before):
    reading, prepared, delivered, outputs, settings = opened
    for again in (False, resumed):
        scores = open_test(
            make_place(tmp_path / "a", resumed=again),
            reading,
            prepared,
            delivered,
            outputs,
            settings=settings,
            corrected={},
        )
    assert scores.openings_before == before  # a folder that was deleted and run anew has looked before


def test_the_seal_stays_shut_where_the_journal_cannot_be_written(opened, tmp_path, monkeypatch):
    reading, prepared, delivered, outputs, settings = opened
    (tmp_path / "runs").write_text("a file stands where the folder should be")
    scored = []
    monkeypatch.setattr(testing, "compare_baselines", lambda *args, **more: scored.append(args))
    with pytest.raises(StudyError, match="journal"):
        open_test(
            make_place(tmp_path / "runs" / "a"),
            reading,
            prepared,
            delivered,
            outputs,
            settings=settings,
            corrected={},
        )
    assert scored == []


def test_the_better_predictor_is_said_to_be_better(opened, tmp_path):
    reading, prepared, delivered, outputs, settings = opened
    scores = open_test(
        make_place(tmp_path / "a"), reading, prepared, delivered, outputs, settings=settings, corrected={}
    )
    linear = next(baseline for baseline in scores.baselines if baseline.name == "linear")
    assert linear.difference[1] > 0  # the networks have random weights
    assert "The linear predictor is better than the network" in linear.sentence


def test_few_development_rows_are_not_scored(opened, tmp_path, monkeypatch):
    reading, prepared, delivered, outputs, settings = opened
    monkeypatch.setattr(testing, "MIN_ROWS", 51)
    scores = open_test(
        make_place(tmp_path / "a"), reading, prepared, delivered, outputs, settings=settings, corrected={}
    )
    assert scores.development == ()
    assert scores.test


def test_without_test_rows_the_development_rows_are_compared(tmp_path):
    delivered, *_ = deliver_frame()
    settings = Settings(target="ill")
    reading = read_data(make_frame().drop("price"), settings)
    prepared, _ = prepare(reading, settings, strict=False)
    outputs = train_baselines(reading, prepared, delivered.folds, settings)
    scores = open_test(
        make_place(tmp_path / "a"),
        reading,
        prepared,
        delivered,
        outputs,
        settings=settings,
        corrected={"logloss": (0.5, 0.4, 0.6)},
    )
    dearer = open_test(
        make_place(tmp_path / "b"),
        reading,
        prepared,
        replace(delivered, optimism=0.25),  # simple predictors, which nothing chose, meet the corrected loss
        outputs,
        settings=settings,
        corrected={},
    )
    for one, other in zip(scores.baselines, dearer.baselines, strict=True):
        assert other.difference == pytest.approx(tuple(end + 0.25 for end in one.difference))
        assert "corrected for the choice made on these rows" in other.sentence
        assert "corrected" not in one.sentence
    assert scores.test == ()
    assert scores.development[0].n_rows == 60
    for item in scores.development:
        if item.metric == "logloss":
            assert (item.value, item.low, item.high) == (0.5, 0.4, 0.6)
            assert item.method == "BBC bootstrap of the whole choice, 95 % interval"
        else:
            assert item.method.endswith("; not corrected for the choice made on these rows")
    assert scores.baselines[0].scores[0].n_rows == 60
    assert not (tmp_path / ".journal.jsonl").exists()


def test_an_estimate_on_logarithms_is_no_score_in_user_units(tmp_path):
    frame = make_frame().drop("ill").with_columns((pl.col("price") / 3).exp().alias("price"))
    settings = Settings(target="price", task="regression", target_log=True)
    reading = read_data(frame, settings)
    prepared, _ = prepare(reading, settings, strict=False)
    delivered, *_ = deliver_frame(frame, target="price", task="regression", target_log=True)
    place, corrected = make_place(tmp_path / "a"), {"rmse": (0.2, 0.1, 0.3)}
    scores = open_test(place, reading, prepared, delivered, (), settings=settings, corrected=corrected)
    assert scores.development[0].metric == "rmse"
    assert scores.development[0].value != 0.2
    assert all(
        item.method.endswith("not corrected for the choice made on these rows") for item in scores.development
    )


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
    assert _persistence(reading, np.array([2, 3]), 0)[0].test[:, 0].tolist() == [1.0, 3.0]
    assert _persistence(reading, np.array([2, 3]), 1)[0].test[:, 0].tolist() == [1.0, 1.0]


def test_persistence_needs_time_and_a_number():
    number = make_target([1.0, 2.0], Task.REGRESSION, ())
    rows = np.arange(2)
    assert _persistence(SimpleNamespace(time=None, target=number, rows=rows), rows, 0) == ()
    label = make_target([0, 1])
    assert _persistence(SimpleNamespace(time=np.arange(2.0), target=label, rows=rows), rows, 0) == ()


def test_a_clearly_better_look_is_shown_and_a_resumed_study_does_not_race_itself(opened, tmp_path):
    reading, prepared, delivered, _, _ = opened
    split, place = prepared.split, tmp_path / "shown.jsonl"
    labels = reading.target.values[split.test]
    poor, good = (
        Prediction(np.stack([1 - p, p], axis=1), (p > 0.5).astype(np.int32))
        for p in (np.full(len(labels), 0.5), np.where(labels == 1, 0.9, 0.1))
    )

    def look(prediction, study, *, is_resumed=False):
        return show_best(
            place, split, delivered.bundle, test=(prediction, labels), study=study, is_resumed=is_resumed
        )

    assert look(poor, "a") == ""
    assert look(poor, "a", is_resumed=True) == ""
    told = look(good, "b")
    assert "is now" in told
    assert "before 0.69" in told
    assert "stays" in look(poor, "c")


# ------------------------------------------------------------------------------------- several labels, classes in order
SETS = np.array([[False, False], [True, False], [True, True]])


def make_labels(values):
    return replace(make_target(values, Task.MULTILABEL, ("a", "b")), sets=SETS)


def test_f1_of_all_labels_comes_first_where_answering_none_is_right_nearly_always():
    rare, plenty = np.array([0.0] * 19 + [2.0]), np.array([0.0, 1.0, 2.0] * 6)
    assert name_metrics(make_labels(rare), Settings(), rare)[0] == "micro f1"
    assert name_metrics(make_labels(plenty), Settings(), plenty)[0] == "label accuracy"
    chosen = Settings.model_validate({"metric": "exact_match"})
    assert name_metrics(make_labels(plenty), chosen, plenty)[:2] == ("exact match", "label accuracy")


def test_steps_are_counted_right_after_the_primary_metric():
    values = np.array([0.0, 1.0, 2.0] * 10)
    target = make_target(values, Task.MULTICLASS, ("low", "mid", "high"))
    assert "rank error" not in name_metrics(target, Settings(), values)
    ordered = name_metrics(replace(target, ordered=True), Settings(), values)
    assert ordered[:3] == ("accuracy", "quadratic kappa", "rank error")


def test_losses_and_scores_of_labels_speak_of_the_same_rows():
    rng = np.random.default_rng(0)
    values, chances = rng.integers(0, 3, 40).astype(float), rng.random((40, 2))
    target = make_labels(values)
    truth = look_up(target, values)
    prediction = Prediction(chances, (chances >= 0.5).astype(np.int32))
    losses = row_losses(chances, truth, SimpleNamespace(task=Task.MULTILABEL))
    loss, exact = score_rows(
        truth, prediction, target, metrics=("logloss", "exact match"), unit=np.arange(40)
    )
    assert loss.value == pytest.approx(losses.mean())
    assert exact.value == pytest.approx((prediction.labels == truth).all(axis=1).mean())
