"""Histograms and importance of columns: from development rows, against simple counts."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.records import ColumnSpec, Kind, TypedColumn
from heldout.stages.sketching import (
    count_bins,
    count_encoded,
    count_values,
    explain_alone,
    mark_words,
    pick_rows,
    sketch_columns,
)
from heldout.stages.telling import note_columns
from stages.made_data import make_frame, prepare_frame


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50))
@settings(max_examples=30, deadline=None)
def test_every_number_falls_into_one_bin(values):
    counts = count_bins(np.array(values))
    assert sum(counts) == len(values)
    assert len(counts) in (1, 12)


def test_bins_are_those_of_a_loop_over_the_values():
    values = np.random.default_rng(0).normal(size=200)
    edges = np.linspace(values.min(), values.max(), 13)
    looped = [0] * 12
    for value in values:
        looped[min(int(np.searchsorted(edges, value, side="right")) - 1, 11)] += 1
    assert list(count_bins(values)) == looped


def test_importance_is_the_squared_correlation():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 3)).astype(np.float32)
    x[:, 2] = 7.0
    y = 2 * x[:, 0] + rng.normal(size=300)
    found = explain_alone(x, y, classes=0)
    assert found[0] == pytest.approx(np.corrcoef(x[:, 0], y)[0, 1] ** 2, rel=1e-5)
    assert found[1] < 0.05
    assert found[2] == 0.0
    classes = (y > 0).astype(float)
    assert explain_alone(x, classes, classes=2)[0] == pytest.approx(
        np.corrcoef(x[:, 0], classes)[0, 1] ** 2, rel=1e-5
    )
    assert explain_alone(x, np.zeros(300), classes=0).tolist() == [0.0, 0.0, 0.0]


def test_categories_are_counted_from_the_most_frequent_on_and_missing_cells_left_out():
    spec = ColumnSpec("colour", Kind.CATEGORY, "")
    codes = np.array([0, 1, 1, -1, 2, 1], np.int32)
    column = TypedColumn(spec, np.zeros(6, np.uint8), np.zeros(0), codes, ("a", "b", "c"))
    assert count_values(column, np.arange(6)) == (3, 1, 1)
    assert count_values(column, np.array([0, 3])) == (1,)
    text = replace(column, spec=replace(spec, kind=Kind.TEXT))
    assert count_values(text, np.arange(6)) == ()


def test_one_hot_inputs_are_counted_by_how_often_each_is_on():
    slots = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    assert count_encoded(slots) == (2, 1, 0)
    assert sum(count_encoded(np.array([[0.5, 1], [-2.0, 0]], np.float32))) == 2
    assert count_encoded(np.zeros((3, 0), np.float32)) == ()


def test_notes_of_a_study_get_importance_and_sketches_of_development_rows():
    frame = make_frame(60).with_columns(pl.Series("id", [f"row {place}" for place in range(60)]))
    _, prepared, _, _ = prepare_frame(frame.drop("price"))
    notes = sketch_columns(note_columns(prepared.columns, prepared.recipe), prepared)
    by_name = {note.name: note for note in notes}
    assert by_name["x"].importance > by_name["id"].importance == 0.0
    assert sum(by_name["x"].before) == len(prepared.split.development)
    assert sum(by_name["x"].after) == len(prepared.split.development)
    assert by_name["id"].before == by_name["ill"].before == ()
    assert by_name["colour"].before == tuple(sorted(by_name["colour"].before, reverse=True))
    assert [note.why for note in notes] == [
        note.why for note in note_columns(prepared.columns, prepared.recipe)
    ]


def test_inputs_that_belong_to_no_column_give_no_importance():
    _, prepared, _, _ = prepare_frame()
    notes = note_columns(prepared.columns, prepared.recipe)
    bytes_only = replace(
        prepared, source=replace(prepared.source, features=np.zeros((1, 60, 4, 4, 1), np.uint8))
    )
    assert {note.importance for note in sketch_columns(notes, bytes_only)} == {0.0}


def test_a_text_read_word_by_word_matters_by_its_words_and_not_by_their_numbers():
    rng = np.random.default_rng(0)
    frame = make_frame(120).drop("price")
    says = np.where(frame["ill"] == "yes", "fever", "well")
    rest = [f"word{letter}" for letter in "abcdefghij"]
    notes = [" ".join(rng.permutation([*rng.choice(rest, 8), word])) for word in says]
    dull = [" ".join(rng.choice(rest, 9)) for _ in says]
    _, prepared, _, _ = prepare_frame(frame.with_columns(pl.Series("note", notes), pl.Series("dull", dull)))
    assert prepared.source.layout.kind == "joined"
    by_name = {n.name: n for n in sketch_columns(note_columns(prepared.columns, prepared.recipe), prepared)}
    assert by_name["note"].importance > 0.9
    assert by_name["dull"].importance < 0.3
    assert by_name["note"].after == ()  # no histogram of names


@given(st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=1, max_size=12))
@settings(max_examples=30, deadline=None)
def test_marked_words_are_those_that_rows_hold(rows):
    made = mark_words(np.array(rows, np.float32))
    held = sorted(
        ({number for row in rows for number in row} - {0}), key=lambda n: (-sum(n in r for r in rows), n)
    )
    wanted = [[float(number in row) for number in held] for row in rows]
    assert made.tolist() == (wanted if held else [[] for _ in rows])


def test_rows_are_picked_evenly():
    picked = pick_rows(1_000_000)
    assert len(picked) == len(np.unique(picked)) == 5000
    assert (picked[0], picked[-1]) == (0, 999_999)


def test_of_several_labels_the_one_best_explained_counts():
    x = np.array([[0.0], [1.0], [0.0], [1.0]], dtype=np.float32)
    truth = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 0.0]])
    assert explain_alone(x, truth, classes=2).tolist() == pytest.approx([1.0])
