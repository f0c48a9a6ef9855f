from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from evidence.made_runs import draw_losses, make_run, make_settings
from heldout.records import Finding, LadderVerdict, Prediction, Rung, Severity
from heldout.settings import Settings, StoppingSettings
from heldout.stages.telling import (
    describe_calibration,
    describe_costs,
    describe_interval,
    list_limits,
    list_versions,
    mark_families,
    note_columns,
    note_early_stopping,
    note_threshold,
    say_cut,
    say_where_tried,
    sort_findings,
    summarize_split,
)
from stages.made_data import make_frame, prepare_frame
from stages.test_delivering import deliver_frame


def make_finding(code="HO201", title="exact duplicates", severity=Severity.WARNING):
    return Finding(code, title, severity, "a sentence")


def test_findings_are_sorted_by_what_they_are():
    found = make_finding()
    nice = make_finding("HO220", "rows", Severity.INFO)
    passed = make_finding("HO207", "passed: constant columns", Severity.INFO)
    absent = make_finding("HO209", "not applicable: dates", Severity.INFO)
    sorted_ = sort_findings((nice, found, passed, absent))
    assert sorted_.findings == (found,)
    assert sorted_.niceness == ("rows: a sentence",)
    assert len(sorted_.passed) == 2
    assert sum(map(len, (sorted_.findings, sorted_.niceness, sorted_.passed))) == 4  # nothing is lost


def test_a_declared_group_settles_the_finding_of_families():
    families = make_finding("HO211", "families", Severity.CRITICAL)
    other = make_finding()
    assert mark_families((families, other), has_group=False) == (families, other)
    marked = mark_families((families, other), has_group=True)
    assert [item.severity for item in marked] == [Severity.INFO, Severity.WARNING]


def test_every_column_says_what_became_of_it():
    frame = make_frame(id=[f"p{row:04d}" for row in range(60)], k=[1] * 60).drop("price")
    _, prepared, _, _ = prepare_frame(frame)
    notes = {note.name: note for note in note_columns(prepared.columns, prepared.recipe)}
    assert notes.keys() == set(frame.columns)
    assert notes["id"].changed_to == notes["k"].changed_to == notes["ill"].changed_to == "not used"
    assert notes["x"].changed_to.endswith("(1 input)")
    assert sum(note.n_slots for note in notes.values()) == prepared.recipe.n_features


def test_missing_cells_are_counted_per_column():
    frame = make_frame(y2=["", "?", *["1.5", "2.5"] * 29]).drop("price")
    _, prepared, _, _ = prepare_frame(frame)
    note = next(note for note in note_columns(prepared.columns, prepared.recipe) if note.name == "y2")
    assert note.n_missing == 2


def test_the_split_is_told_in_numbers():
    frame = make_frame(260).drop("price")
    _, prepared, _, _ = prepare_frame(frame)
    told = summarize_split(prepared.split)
    assert (told.n_development, told.n_test, told.n_folds, told.n_validation) == (208, 52, 5, 208)
    assert told.n_fit in (166, 167)
    assert told.n_units == 208
    assert not told.has_groups


def test_limits_follow_from_what_was_measured():
    _, prepared, findings, _ = prepare_frame()
    limits = " ".join(list_limits(None, prepared.split, findings))
    assert "another population" in limits
    assert "predicting the future" in limits
    assert "untouched test set" in limits  # sixty rows have none
    families = make_finding("HO211", "families", Severity.CRITICAL)
    assert "patients or sites" in " ".join(list_limits(None, prepared.split, (families,)))
    settled = mark_families((families,), has_group=True)
    assert "patients or sites" not in " ".join(list_limits(None, prepared.split, settled))


def test_calibration_counts_every_validation_row_once():
    reading, prepared, _, _ = prepare_frame()
    delivered, *_ = deliver_frame()
    told = describe_calibration(reading, delivered, prepared.split)
    assert told.temperature == delivered.bundle.temperature
    assert sum(item.n_rows for item in told.bins) == 60
    for item in told.bins:
        assert item.low <= item.observed <= item.high


def test_calibration_is_for_probabilities():
    frame = make_frame().drop("ill")
    settings = {"target": "price", "task": "regression"}
    reading, prepared, _, _ = prepare_frame(frame, **settings)
    assert describe_calibration(reading, deliver_frame(frame, **settings)[0], prepared.split) is None


def test_the_promise_of_an_interval_is_measured_on_the_test():
    frame = make_frame().drop("ill")
    delivered, *_ = deliver_frame(frame, target="price", task="regression")
    values = np.arange(10.0)
    prediction = Prediction(values[:, None], np.zeros(0, np.int32), values - 1, values + 1)
    truth = values + np.array([0.5] * 8 + [3.0] * 2)
    told = describe_interval(delivered, (prediction, truth))
    assert told.coverage[0] == pytest.approx(0.8)
    assert told.coverage[1] < 0.8 < told.coverage[2]
    assert told.n_rows == 10
    unknown = describe_interval(delivered, None)
    assert np.isnan(unknown.coverage[0])
    assert describe_interval(deliver_frame()[0], None) is None


def test_the_threshold_is_explained_where_costs_were_stated():
    assert note_threshold(deliver_frame()[0]) == ()
    told = note_threshold(deliver_frame(costs={"miss": 4.0, "false_alarm": 1.0})[0])[0]
    assert "'yes' is predicted from a probability of 0.2 on" in told
    assert "a miss was said to cost 4 and a false alarm 1" in told


def test_the_price_of_the_study_is_over_that_of_one_rung():
    rng = np.random.default_rng(0)
    small = make_run(draw_losses(rng, [0.7, 0.5], n_rows=5), index=0, train=np.full((5, 2), 0.3))
    fitting = make_run(draw_losses(rng, [0.7, 0.5], n_rows=5), index=1, train=np.full((5, 2), 0.001))
    trained = SimpleNamespace(ladder=(small, fitting))
    place = SimpleNamespace(
        seconds={"training": 9.0, "testing": 1.0}, run_seconds={"rung 1": 2.0}, n_networks=7, n_starts=1
    )
    told = describe_costs(place, trained)
    assert told.study_tax == 5.0
    assert told.n_networks == 7
    assert told.n_starts == 1
    place.n_starts = 2
    assert describe_costs(place, trained).n_starts == 2
    assert describe_costs(place, trained).study_tax is None  # the time of the first start is not known
    place.n_starts, place.run_seconds = 1, {}
    assert describe_costs(place, trained).study_tax is None  # read back from an earlier start


def test_what_the_budget_left_out_is_counted():
    assert say_cut(SimpleNamespace(left_out=[])) == ""
    names = ["rung 3", "rung 4", "rung 2 + dropout 0.5"]
    told = say_cut(SimpleNamespace(left_out=names))
    assert told == "the budget left out 2 sizes and 1 remedy setting that had been planned"


def test_versions_are_those_installed():
    versions = dict(list_versions())
    assert versions["numpy"] == np.__version__
    assert {"python", "heldout", "jax"} <= versions.keys()


def test_convolutions_are_a_version_only_where_a_network_has_them(monkeypatch):
    monkeypatch.setattr("heldout.stages.telling.convolution_path", lambda: "rows")
    dense, pictures = Rung(0, (8,), 9, 0.01), Rung(1, (8,), 9, 0.01, family="cnn", channels=(4,), kernel=3)
    assert "convolution" not in dict(list_versions((dense,)))
    assert dict(list_versions((dense, pictures)))["convolution"] == "rows"


def tell_stopping(**settings):
    curve = np.array([0.9, 0.7, 0.8, 0.5, 0.6, 0.6])
    run = make_run(np.repeat(curve[:, None, None], 2, axis=1).repeat(20, axis=2))
    return note_early_stopping(run, make_settings(20), Settings(**settings))


def test_the_report_says_what_each_rule_would_have_done_and_what_its_faults_cost():
    first, *faults = tell_stopping(early_stopping=StoppingSettings(patience=2))
    assert "2 seeds" in first
    assert "at the last epoch 6 the loss is 0.600" in first
    assert "The lowest loss of the whole curve: keeps epoch 4, loss 0.500." in first
    assert "Patience 2, min_delta 0: stops after epoch 6, keeps epoch 4, loss 0.500." in first
    assert (
        "The lecture's rule, given the validation loss: stops after epoch 3, keeps epoch 3, loss 0.800."
        in first
    )
    assert first.endswith("Delivered are the weights of the lowest validation loss.")
    assert "do not add up to the differences above" in faults[0]
    assert len(faults[1:]) == 3


def test_the_report_says_which_rule_was_asked_for():
    first, *_ = tell_stopping(early_stopping="lecture")
    assert "Delivered are the weights that the rule 'lecture' keeps" in first
    assert "the verdict rests on epochs chosen on other rows and seeds" in first
    smoothed, *_ = tell_stopping(early_stopping=StoppingSettings(rule="patience", patience=1, smoothing=0.5))
    assert "Patience 1, min_delta 0, smoothing 0.5:" in smoothed


def test_it_is_said_where_remedies_were_tried_and_at_which_rates():
    rung = Rung(2, (8,), 1_234, 0.001, family="cnn")
    said = {
        first: say_where_tried(LadderVerdict("overfits from", "HO101", first, "", ()), rung)
        for first in (-1, 0, 2)
    }
    assert said[-1].endswith("the largest with all seeds, as no size was shown to overfit.")
    assert "rung 0 is the smallest that is shown to overfit, but a larger one" in said[0]
    assert said[2] == "Remedies were tried at rung 2 (1,234 weights): the smallest that is shown to overfit."
    augmented = say_where_tried(
        LadderVerdict("overfits from", "HO101", 2, "", ()), replace(rung, augmented_rate=0.003)
    )
    assert augmented.startswith(said[2])
    assert "augmentation were trained at the learning rate 0.003, the others at 0.001" in augmented
