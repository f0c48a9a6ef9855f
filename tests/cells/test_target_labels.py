"""Targets of lists: recognised where the separator says so, refused where commas may be names."""

import numpy as np
import pytest

from heldout.cells import read_target
from heldout.cells.target_labels import read_labels, tally_cells, tell_list
from heldout.errors import DataError, UsageError
from heldout.records import RawColumn, Task
from heldout.sources import encode_cells

LISTS = ["fever; cough", "cough", "Fever", "rash;cough", "", "fever and rash", "rash", "fever;rash;cough"]


def read(cells=LISTS, **more):
    return read_target(encode_cells("ill", cells), **more)


def held(target, row):
    return [
        name
        for name, is_held in zip(target.classes, target.sets[int(target.values[row])], strict=True)
        if is_held
    ]


def test_a_list_column_is_recognised_and_announced():
    target = read()
    assert target.task is Task.MULTILABEL
    assert target.classes == ("cough", "fever", "rash")
    assert "several labels a row, because 3 of 7 cells hold several of" in target.why
    assert "separated by ';'" in target.why
    assert "say --task classification to change" in target.why


def test_items_are_read_by_the_grammar_of_lists():
    target = read()
    assert held(target, 0) == held(target, 0) == ["cough", "fever"]
    assert held(target, 2) == ["fever"]  # the spelling most cells use
    assert held(target, 5) == ["fever", "rash"]  # "and" joins two items that stand alone elsewhere
    assert "spellings joined: 'fever' ('Fever')" in target.why


def test_an_empty_cell_is_no_target_and_not_a_row_without_labels():
    target = read()
    assert target.missing.tolist() == [4]
    assert "1 empty cells are no target" in target.why


def test_the_map_joins_labels_leaves_them_out_and_names_rows_without_any():
    target = read(task="multilabel", target_map={"rash": "skin", "cough": "", "": "(none)"})
    assert target.classes == ("fever", "skin")
    assert held(target, 1) == held(target, 4) == []
    assert held(target, 3) == ["skin"]
    assert target.missing.size == 0


def test_a_map_that_leaves_no_label_is_refused():
    with pytest.raises(UsageError, match="target_map leaves no label of 'ill'"):
        read(["a;b", "a", "b"], task="multilabel", target_map={"a": "", "b": "(none)"})


def test_commas_that_may_be_names_are_refused_with_the_line_to_paste():
    cells = [text.replace(";", ",") for text in LISTS if text] * 2 + [
        "cough, rash",
        "rash, fever",
        "fever, rash",
    ]
    with pytest.raises(DataError, match="commas may separate labels or belong to names: ") as caught:
        read(cells)
    assert "say --task multilabel" in caught.value.hint
    assert "--task classification" in caught.value.hint
    assert read(cells, task="multilabel").task is Task.MULTILABEL


def test_names_with_commas_are_classes():
    target = read(["Smith, John", "Doe, Jane", "Roe, Ann"] * 4)
    assert target.task is Task.MULTICLASS


def test_lists_declared_to_be_classes_stay_classes():
    cells = ["a;b", "a", "b;c", "c;a", "b"] * 3
    assert read(cells).task is Task.MULTILABEL
    assert read(cells, task="classification").task is Task.MULTICLASS
    assert read(cells, target_map={text: text for text in set(cells)}).task is Task.MULTICLASS


def test_numbers_with_decimal_commas_are_no_lists():
    cells = [f"{whole},{part}" for whole in range(4) for part in range(5)] * 2
    assert read(cells).task is Task.REGRESSION


def test_rows_that_all_name_the_same_labels_teach_nothing():
    with pytest.raises(
        DataError, match="target 'ill' is constant: all 3 cells name the same labels, 'a' and 'b'"
    ):
        read(["a;b", "b;a", "a; b"], task="multilabel")


def test_a_target_without_any_value_is_refused():
    with pytest.raises(DataError, match="target 'ill' has no value: all 3 cells are missing"):
        read(["", "n/a", ""], task="multilabel")


def test_new_rows_are_read_with_the_labels_of_the_network():
    target = read(["rash|fever", "cough", "brand new|fever"], task="multilabel", classes=("fever", "rash"))
    assert target.classes == ("fever", "rash")
    assert target.sets[target.values.astype(int)].tolist() == [[True, True], [False, False], [True, False]]
    assert "labels unknown to the network are not scored: 'brand new' 1, 'cough' 1" in target.why


def test_new_rows_of_other_labels_are_refused():
    with pytest.raises(DataError, match="target 'ill' names no label of this network: it has 'x'"):
        read(["x", "x;y"], task="multilabel", classes=("fever", "rash"))


def test_the_grammar_is_asked_about_cells_that_are_not_missing():
    raw = encode_cells("ill", ["a;b", "", None, "a;c", "b;c", "a"])
    assert tally_cells(raw, {}).n_cells == 4
    assert tell_list(raw)[0] == ";"
    assert tell_list(RawColumn("y", np.array([0, 1, 0], np.int32), ("a", "b"))) == ("", "")
    assert read_labels(raw, separator=";").missing.tolist() == [1, 2]
