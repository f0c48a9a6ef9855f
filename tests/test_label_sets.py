"""Sets of labels by number: looked up, counted, narrowed, and one class a row where rooms need it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.label_sets import NO_LABEL, count_labels, keep_labels, look_up, simplify_target, write_labels
from heldout.records import Target, Task

NOTHING = np.zeros(0, np.int64)
SETS = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 1]], np.bool_)


def make_target(values, sets=SETS):
    names = tuple("abcdef"[: sets.shape[1]])
    return Target("t", Task.MULTILABEL, "", names, np.array(values, float), NOTHING, sets=sets)


def test_labels_are_looked_up_by_the_number_of_their_set():
    target = make_target([2, 0, 3, np.nan])
    assert look_up(target, target.values[:3]).tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 1]]
    plain = Target("y", Task.BINARY, "", ("no", "yes"), np.zeros(2), NOTHING)
    assert look_up(plain, np.array([1.0])).tolist() == [1.0]


def test_labels_are_counted_among_the_rows_asked_for():
    target = make_target([2, 0, 3, np.nan, 1])
    assert count_labels(target, np.array([0, 1, 2, 4])).tolist() == [2, 2, 1]
    assert count_labels(target, np.array([1])).tolist() == [0, 0, 0]


def test_a_label_left_out_leaves_its_rows_with_their_other_labels():
    target = make_target([2, 0, 3, np.nan, 1])
    left = keep_labels(target, np.array([False, True, True]))
    assert left.classes == ("b", "c")
    assert np.isnan(left.values[3])
    known = np.array([0, 1, 2, 4])
    assert look_up(left, left.values[known]).tolist() == look_up(target, target.values[known])[:, 1:].tolist()
    assert len(left.sets) == 3  # of two sets that now agree one is left


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(*[st.booleans()] * 4), min_size=1, max_size=40),
    st.integers(1, 6),
)
def test_one_class_a_row_keeps_every_row_and_makes_no_small_class(rows, least):
    found, number = np.unique(np.array(rows), axis=0, return_inverse=True)
    target = make_target(number.reshape(-1), found)
    simple = simplify_target(target, least=least)
    assert simple.task in (Task.BINARY, Task.MULTICLASS)
    assert not np.isnan(simple.values).any()
    counts = np.bincount(simple.values.astype(int))
    assert len(counts) == len(simple.classes)
    assert counts.min() >= min(least, len(rows))


def test_the_rarest_label_names_the_class_of_a_row():
    target = make_target([1, 1, 1, 2, 2, 3, 3, 0, 0, 0])  # a 5, b 4, c 2
    simple = simplify_target(target, least=2)
    named = [simple.classes[int(value)] for value in simple.values]
    assert named[0] == "rarest label a"
    assert named[3] == "rarest label b"
    assert named[5] == "rarest label c"
    assert named[-1] == "no label"


def test_a_target_of_another_task_is_given_back_as_it_is():
    plain = Target("y", Task.REGRESSION, "", (), np.zeros(2), NOTHING)
    assert simplify_target(plain, least=3) is plain


@pytest.mark.parametrize(("held", "text"), [([1, 0, 1], "a; c"), ([0, 0, 0], NO_LABEL)])
def test_sets_are_written_as_cells(held, text):
    assert write_labels(("a", "b", "c"), np.array(held)) == text
