import numpy as np
import polars as pl
import pytest

from heldout.errors import DataError
from heldout.records import Attribute, Target, Task
from heldout.stages.attributes import add_label, describe_rows, make_attributes, rename_copies
from stages.made_data import make_frame, prepare_frame


def make(frame=None, **settings):
    reading, prepared, _, chosen = prepare_frame(frame, **settings)
    return {item.name: item for item in make_attributes(reading, prepared, chosen)}


def test_categories_numbers_and_missing_cells_become_groups():
    frame = make_frame().drop("price")
    x = frame["x"].to_list()
    x[:6] = [None] * 6
    made = make(frame.with_columns(pl.Series("x", x)))
    assert set(made["colour"].levels) == {"colour = red", "colour = green", "colour = blue"}
    assert len(made["x"].levels) == 4
    assert made["x missing"].levels == ("x missing",)
    assert np.flatnonzero(made["x missing"].codes == 0).tolist() == [0, 1, 2, 3, 4, 5]
    assert (made["x"].codes[:6] == -1).all()
    assert "ill" not in made  # the label is added only where it may be read


def test_columns_left_out_by_the_user_still_form_groups():
    made = make(columns={"colour": {"kind": "ignore"}})
    assert "colour" in made


def test_declared_columns_come_first_and_the_group_column_only_then():
    frame = make_frame(80).drop("price").with_columns(pl.Series("site", [f"s{i // 2}" for i in range(80)]))
    assert "site" not in make(frame, group="site")
    made = make(frame, group="site", subgroups=["site", "colour"])
    assert [item.name for item in made.values() if item.declared] == list(made)[:2]
    assert made["site"].declared


def test_an_identifier_is_a_group_only_where_asked_for():
    frame = make_frame().drop("price").with_columns(pl.Series("code", [f"p{i:03d}x" for i in range(60)]))
    assert "code" not in make(frame)
    assert "code" in make(frame, subgroups=["code"])


def test_the_label_is_a_property_too():
    nothing = np.zeros(0, np.int64)
    number = Target("price", Task.REGRESSION, "", (), np.zeros(3), nothing)
    label = add_label((), number, truth=np.array([1.0, 99.0]), known=np.arange(100.0))[-1]
    assert label.levels[0] == "true price below 25"
    assert label.codes.tolist() == [0, 3]
    asked = add_label((label,), number, truth=np.array([1.0, 99.0]), known=np.arange(100.0), declared=True)
    assert asked[0].declared


def test_level_names_are_unique_in_the_end():
    reading, prepared, _, settings = prepare_frame()
    rows = prepared.split.development
    made = describe_rows(reading, prepared, settings, rows=rows, truth=reading.target.values[rows])
    levels = [level for item in made for level in item.levels]
    assert len(levels) == len(set(levels))
    assert "true ill = yes" in levels
    assert all(item.codes.size == rows.size for item in made)
    twice = rename_copies([Attribute("a", np.zeros(1, np.int32), ("x", "y"))] * 2)
    assert twice[1].levels == ("x (2)", "y (2)")


def test_a_subgroup_that_is_no_column_is_refused_before_anything_is_trained():
    with pytest.raises(DataError, match="no column 'color'"):
        prepare_frame(subgroups=["color"])


def test_every_label_makes_two_groups():
    target = Target("ill", Task.MULTILABEL, "", ("cough", "fever"), np.zeros(2), np.zeros(0, np.int64))
    truth = np.array([[1.0, 0.0], [0.0, 0.0]])
    cough, fever = add_label((), target, truth=truth, known=np.zeros(2))
    assert cough.levels == ("true ill without cough", "true ill with cough")
    assert cough.codes.tolist() == [1, 0]
    assert fever.codes.tolist() == [0, 0]
