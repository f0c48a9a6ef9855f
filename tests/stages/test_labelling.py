"""Several labels a row before training: rare labels are left out by name, leaks are asked label by label."""

from dataclasses import replace

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import Severity, Task
from heldout.stages.labelling import settle_labels
from heldout.stages.preparing import plan_training, split_rows
from stages.made_data import make_frame, prepare_frame, read


def make_lists(n_rows=300, seed=0):
    """Two labels that x and z decide, and one of four rows."""
    frame = make_frame(n_rows, seed=seed).drop("price", "ill")
    cells = []
    for row, (x, z) in enumerate(zip(frame["x"], frame["z"], strict=True)):
        names = [
            name
            for name, is_held in (("cough", x > 0), ("fever", z > 0.3), ("rash", row % 75 == 0))
            if is_held
        ]
        cells.append("; ".join(names) or "none")
    return frame.with_columns(what=np.array(cells))


def prepare_lists(**more):
    return prepare_frame(make_lists(), target="what", **more)


def find(findings, code):
    return next(item for item in findings if item.code == code)


def test_a_rare_label_is_left_out_by_name_and_its_rows_stay():
    reading, prepared, findings, _ = prepare_lists()
    assert reading.target.classes == ("cough", "fever", "none", "rash")
    assert prepared.reading.target.classes == ("cough", "fever", "none")
    rare = find(findings, "HO234")
    assert rare.severity is Severity.WARNING
    assert (
        "1 of 4 labels lack 10 development rows with and without it and are not learned: 'rash' "
        in rare.sentence
    )
    assert len(prepared.reading.rows) == len(reading.rows)
    assert prepared.source.sets.shape[1] == prepared.source.n_outputs == 3
    np.testing.assert_array_equal(np.isnan(prepared.reading.target.values), np.isnan(reading.target.values))


def test_only_development_rows_are_counted():
    reading, _, findings, chosen = prepare_lists()
    split = split_rows(reading, chosen)
    count = sum("rash" in str(cell) for cell in np.array(make_lists()["what"])[split.development])
    assert f"'rash' {count}" in find(findings, "HO234").sentence


def test_labels_that_rows_enough_have_are_all_kept_and_told():
    _, prepared, findings, _ = prepare_lists(label_rows=2)
    assert prepared.reading.target.classes == ("cough", "fever", "none", "rash")
    told = find(findings, "HO234")
    assert told.title == "passed: rare labels"
    assert "each of 4 labels has at least 2 development rows with and without it: " in told.sentence


def test_no_label_with_rows_enough_is_refused():
    with pytest.raises(
        DataError, match="no label of 'what' has 200 rows with and without it: of 300 rows 'cough' "
    ):
        prepare_lists(label_rows=200)


def test_no_label_with_development_rows_enough_is_refused_too():
    reading, chosen = read(make_lists(), target="what", label_rows=100)
    split = replace(split_rows(reading, chosen), development=np.arange(150))
    with pytest.raises(DataError, match="has 100 rows with and without it: of 150 development rows"):
        settle_labels(reading, split, chosen)


def test_other_tasks_are_left_alone():
    reading, chosen = read()
    split = split_rows(reading, chosen)
    settled, found = settle_labels(reading, split, chosen)
    assert settled is reading
    assert found == ()


def test_every_label_stands_on_both_sides_of_every_fold():
    _, prepared, _, _ = prepare_lists()
    assert "balanced by each row's rarest label" in prepared.split.method
    held = prepared.source.sets[prepared.source.target.astype(int)]
    for fold in prepared.folds:
        shares = held[fold.validation].mean(axis=0) - held.mean(axis=0)
        assert np.abs(shares).max() < 0.12
        assert held[fold.validation].any(axis=0).all()


def test_a_column_that_gives_one_label_away_is_found():
    """Whether a row coughs says nothing of its rarest label where most coughing rows have a rarer one too."""
    frame = make_lists()
    lab = [f"{1.5 if 'cough' in cell else 0.5}" for cell in frame["what"]]
    _, _, findings, _ = prepare_frame(frame.with_columns(lab=np.array(lab)).drop("x"), target="what")
    leak = next(item for item in findings if item.column == "lab" and item.code == "HO209")
    assert leak.severity is Severity.CRITICAL
    assert not [item for item in findings if item.code in ("HO203", "HO204")]


def test_an_order_reaches_the_ladder():
    frame = make_frame(90).drop("price", "ill")
    steps = np.digitize(frame["x"], [-0.6, 0.0, 0.6])
    cells = np.array(["none", "low", "mid", "high"])[steps]
    order = ("none", "low", "mid", "high")
    _, prepared, _, chosen = prepare_frame(
        frame.with_columns(what=cells), target="what", target_order=order, preset="quick"
    )
    assert prepared.source.ordered
    assert prepared.source.task is Task.MULTICLASS
    linear = plan_training(prepared, chosen).rungs[0]
    assert linear.ordered
    assert linear.n_parameters == prepared.recipe.n_features + 3
