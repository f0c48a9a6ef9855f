"""The model card and the invented rows."""

import json
import re
from dataclasses import replace

import numpy as np

from heldout.bundle import find_common_values, predict_table, write_card
from heldout.bundle.card import NO_VALUE, show_name, write_examples
from heldout.records import ColumnSpec, Kind, TypedColumn
from heldout.sources import read_table


def test_examples_are_invented_and_can_be_predicted(bundle, frame, tmp_path):
    rows = [json.loads(line) for line in write_examples(bundle).splitlines()]
    assert len(rows) == 3
    assert [list(row) for row in rows] == [["age", "color", "smoker", "weight"]] * 3
    assert {row["color"] for row in rows} == {frame.color.value_counts().index[0]}
    originals = {tuple(map(str, row)) for row in frame[["age", "color", "smoker", "weight"]].to_numpy()}
    assert not originals & {tuple(map(str, row.values())) for row in rows}
    (tmp_path / "example.jsonl").write_text(write_examples(bundle))
    report = predict_table(bundle, read_table(tmp_path / "example.jsonl"))
    assert report.prediction.values.shape == (3, 2)
    assert (report.flags == 0).all()


def test_rare_categories_stay_in_the_study(bundle):
    spec = ColumnSpec("color", Kind.CATEGORY, why="x")
    codes = np.repeat(np.arange(3, dtype=np.int32), [19, 5, 3])
    column = TypedColumn(spec, np.zeros(27, np.uint8), np.zeros(0), codes, ("Ann", "Bob", "Cem"))
    assert find_common_values((column,), rows=np.arange(27)) == ()
    rows = [json.loads(line) for line in write_examples(replace(bundle, common_values=())).splitlines()]
    assert {row["color"] for row in rows} == {NO_VALUE}


def test_common_values_look_at_the_given_rows_only():
    spec = ColumnSpec("color", Kind.CATEGORY, why="x")
    codes = np.repeat(np.arange(2, dtype=np.int32), [30, 40])
    column = TypedColumn(spec, np.zeros(70, np.uint8), np.zeros(0), codes, ("a", "b"))
    assert find_common_values((column,), rows=np.arange(40)) == (("color", "a"),)
    assert find_common_values((column,), rows=np.arange(70)) == (("color", "b"),)
    unused = replace(column, spec=replace(spec, used=False))
    assert find_common_values((unused,), rows=np.arange(70)) == ()


def test_card_says_what_matters(bundle, numbers, many):
    card = write_card(bundle)
    assert card.startswith("---\nlibrary_name: heldout\npipeline_tag: tabular-classification\n")
    assert (
        "`ill` is predicted from a probability of 0.4, for a cost of 3 per miss and 2 per false alarm."
        in card
    )
    assert "| accuracy | 0.8125 | none | 120 |" in card
    assert "4 networks (mlp) with layers" in card
    assert "holds no row of the data" in card
    assert "tabular-regression" in write_card(numbers)
    assert "+- 2.5, made to hold 90% of new rows" in write_card(numbers)
    assert "one of 3 classes: `a`, `=b`, `c`." in write_card(many)
    assert "None were recorded." in write_card(replace(bundle, scores=()))


def test_names_stay_names(bundle):
    hostile = "x`|</td><script>alert(1)</script>\n# heading\u202e"
    card = write_card(replace(bundle, target=hostile, classes=("no", hostile)))
    assert "<script>" not in card
    assert "\n# heading" not in card
    assert "\u202e" not in card
    assert not re.search(r"https?://", card)


def test_long_names_are_cut():
    assert show_name("x" * 300) == "`" + "x" * 200 + "`..."


def test_the_card_tells_labels_and_order(labels, steps):
    assert (
        "Predicts which of 3 labels a row has, each from a probability of 0.5: `a`, `b`, `c`."
        in write_card(labels)
    )
    assert (
        "Predicts one of 4 classes in order, the lowest first: `none`, `low`, `mid`, `high`."
        in write_card(steps)
    )
