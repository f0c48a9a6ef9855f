"""Classes in order: as the user names them, or whole numbers by value."""

from collections import Counter

import pytest

from heldout.cells import read_target
from heldout.cells.target_order import mark_ordered, order_classes, refuse_unordered
from heldout.errors import DataError, UsageError
from heldout.records import Task
from heldout.sources import encode_cells

PAIN = ["low", "high", "medium", "low", "high", "medium"]


def read(cells=PAIN, **more):
    return read_target(encode_cells("pain", cells), **more)


def test_the_classes_stand_in_the_order_that_was_named():
    target = read(order=("low", "medium", "high"))
    assert target.task is Task.MULTICLASS
    assert target.ordered
    assert target.classes == ("low", "medium", "high")
    assert target.values.tolist() == [0, 2, 1, 0, 2, 1]
    assert "in order: low < medium < high" in target.why


def test_without_an_order_classes_have_none():
    assert not read().ordered


def test_whole_numbers_stand_by_value_where_the_task_is_ordinal():
    target = read(["10", "9", "1", "9.0", "10", "1"], task="ordinal")
    assert target.classes == ("1", "9", "10")
    assert target.ordered


def test_numbers_of_many_steps_stay_classes_where_an_order_is_named():
    cells = [str(step) for step in range(1, 23)] * 2
    assert read(cells).task is Task.REGRESSION
    assert len(read(cells, order=tuple(map(str, range(1, 23)))).classes) == 22


def test_texts_without_an_order_are_refused_with_the_line_to_paste():
    with pytest.raises(UsageError, match="target 'pain' is ordinal, and the order of its classes") as caught:
        read(task="ordinal")
    assert "--ordinal high,low,medium" in caught.value.hint


def test_a_class_that_the_order_lacks_is_refused():
    with pytest.raises(
        DataError, match=r"row 3: 'medium' \(2 rows\) does not stand in the order 'low', 'high'"
    ) as caught:
        read(order=("low", "high"))
    assert "--ordinal low,high,medium" in caught.value.hint


def test_a_step_that_no_row_has_is_left_out_and_named():
    target = read(order=("none", "low", "medium", "high"))
    assert target.classes == ("low", "medium", "high")
    assert "no row has 'none'" in target.why


def test_two_classes_have_an_order_but_no_steps():
    target = read(["yes", "no"] * 3, order=("yes", "no"))
    assert target.task is Task.BINARY
    assert target.classes == ("yes", "no")  # the second is the positive one, as was asked for
    assert not target.ordered


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"order": ("low", "low", "high")}, "must name at least two different classes"),
        ({"order": ("low",)}, "must name at least two different classes"),
        ({"order": ("low", "high"), "task": "regression"}, "task 'regression' has no classes in order"),
        ({"order": ("low", "high"), "task": "multilabel"}, "task 'multilabel' has no classes in order"),
        ({"task": "ranking"}, "task 'ranking' is not known"),
    ],
)
def test_orders_that_make_no_sense_are_refused(more, message):
    with pytest.raises(UsageError, match=message):
        read(**more)


def test_every_lacking_class_is_named():
    with pytest.raises(DataError, match="; nor do 'b'"):
        refuse_unordered(Counter(a=1, b=2), ("c", "d"), name="t", place=lambda name: "row 1")
    refuse_unordered(Counter(a=1), ("a", "b"), name="t", place=lambda name: "row 1")


def test_the_mark_is_said_in_the_reason():
    assert mark_ordered(read()).why.endswith("in order: high < low < medium")
    assert order_classes(read(["1", "2", "3"] * 2)).ordered
