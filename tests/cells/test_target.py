"""The target column."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from heldout.cells.target import read_target, sort_classes
from heldout.errors import DataError, UsageError
from heldout.records import Target, Task
from heldout.sources.columns import encode_cells


def read(cells: Sequence[str | None], **options: Any) -> Target:  # noqa: ANN401 - options of read_target
    return read_target(encode_cells("num", cells), **options)


def test_whole_numbers_are_classes_in_their_order() -> None:
    target = read(["10", "9", "2", "9.0", "10", "2", "?", None])
    assert (target.task, target.classes) == (Task.MULTICLASS, ("2", "9", "10"))
    np.testing.assert_array_equal(target.values, [2, 1, 0, 1, 2, 0, np.nan, np.nan])
    assert target.missing.tolist() == [6, 7]
    assert target.why.startswith(
        "classification, because 4 different whole numbers; say --task regression to change"
    )


def test_many_or_broken_numbers_are_a_regression() -> None:
    target = read([str(i % 25) for i in range(50)])
    assert target.task is Task.REGRESSION
    assert target.classes == ()
    assert target.why == (
        "regression, because 25 different numbers (more than 20 or not whole); say --task classification to change"
    )
    assert read(["1.5", "2", "1", "2"]).task is Task.REGRESSION
    np.testing.assert_array_equal(read(["1.5", "NA", "1"]).values, [1.5, np.nan, 1])


def test_the_task_can_be_said() -> None:
    assert read([str(i % 25) for i in range(50)], task="classification").task is Task.MULTICLASS
    assert read(["1", "2", "1", "2"], task="regression").values.tolist() == [1, 2, 1, 2]
    with pytest.raises(
        DataError, match="row 2: 'b' is not a number within single precision, among --task regression"
    ):
        read(["1", "b", "1"], task="regression")
    with pytest.raises(UsageError, match="task 'ranking' is not known"):
        read(["1", "2"], task="ranking")


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (["yes", "no"], ("no", "yes")),
        (["pos", "neg"], ("neg", "pos")),
        (["1", "0"], ("0", "1")),
        (["Sick", "healthy"], ("healthy", "Sick")),
        (["Case", "control"], ("control", "Case")),
        (["b", "a", "c"], ("a", "b", "c")),
        (["sporadic", "familial"], ("familial", "sporadic")),
    ],
)
def test_class_order(names: list[str], order: tuple[str, ...]) -> None:
    assert sort_classes(names) == order
    assert sort_classes(names[::-1]) == order
    assert read(names * 2).classes == order


def test_a_map_gives_classes_and_their_order() -> None:
    cells: list[str | None] = ["0", "1", "4", "0", "2", "n.k.", "0"]
    target = read(cells, target_map={"0": "healthy", "1..4": "ill", "n.k.": ""})
    assert (target.task, target.classes) == (Task.BINARY, ("healthy", "ill"))
    assert target.missing.tolist() == [5]
    assert "positive is 'ill'" in target.why
    swapped = read(cells, target_map={"1..4": "ill", "0": "healthy", "n.k.": ""})
    assert swapped.classes == ("ill", "healthy")


def test_unmapped_cells_are_refused_with_their_line() -> None:
    lines = np.array([2, 3, 5])
    with pytest.raises(
        DataError, match=r"target 'num', line 5: '7' is not in target_map \(1 row\)\n  -> .*\"7\" = "
    ):
        read(["0", "1", "7"], target_map={"0": "a", "1": "b"}, lines=lines)
    # A map that only names missing words leaves numbers alone.
    target = read(["1.5", "-1", "2.5", "1.5"], target_map={"-1": ""})
    assert (target.task, target.missing.tolist()) == (Task.REGRESSION, [1])


def test_spellings_of_one_class_are_refused_with_a_map_that_works() -> None:
    cells: list[str | None] = ["<=50K", ">50K", " <=50K", "<=50K.", ">50K", ">50K.", "<=50K."]
    with pytest.raises(DataError, match="differ only by case, blanks or a final dot: '<=50K'") as caught:
        read(cells)
    pasted = tomllib.loads(re.sub(r"^.*?(target_map = )", r"\1", caught.value.hint))["target_map"]
    assert read(cells, target_map=pasted).classes == ("<=50K", ">50K")


def test_rare_classes_are_refused_with_a_map_that_works() -> None:
    cells: list[str | None] = ["a", "b", "a", "b", "c"]
    with pytest.raises(DataError, match="row 5: class 'c' has only one row") as caught:
        read(cells)
    pasted = tomllib.loads(re.sub(r"^.*?(target_map = )", r"\1", caught.value.hint))["target_map"]
    assert read(cells, target_map=pasted).missing.tolist() == [4]
    assert "--task" not in caught.value.hint


def test_classes_that_may_be_amounts_are_refused_with_both_ways_out() -> None:
    cells: list[str | None] = [*["176", "157", "191"] * 9, "167"]
    with pytest.raises(DataError, match="class '167' has only one row") as caught:
        read(cells)
    assert caught.value.hint.startswith("if these are amounts: --task regression; else merge it")
    assert read(cells, task=Task.REGRESSION).values[-1] == 167


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        (["a", "a", "a"], "target 'num' is constant: all 3 cells are 'a'"),
        (["1.5", "1.5", ""], "target 'num' is constant: all 2 cells are '1.5'"),
        (["", "?", None], "target 'num' has no value: all 3 cells are missing"),
        (["a", "b", "c"], "target 'num' has 3 classes in 3 rows\n  -> is it an identifier"),
        ([f"t{i // 2 if i % 3 else i}" for i in range(60)], "classes in 60 rows\n  -> is it an identifier"),
        (["1.5", "inf", "2.5"], "row 2: 'inf' is infinite"),
        ([*(f"{i}.5" for i in range(30)), "5O.1"], "row 31: '5O.1' is not a number within single precision"),
        ([*(f"{i}.5" for i in range(30)), "1e99"], "row 31: '1e99' is not a number within single precision"),
    ],
)
def test_targets_that_cannot_be_learned_are_refused(cells: list[str | None], message: str) -> None:
    with pytest.raises(DataError, match=re.escape(message) if "\n" not in message else message):
        read(cells)


def test_padded_codes_stay_apart_from_numbers() -> None:
    assert read(["01", "1", "01", "1"]).classes == ("01", "1")


def test_none_is_a_class_among_words_and_missing_among_numbers() -> None:
    assert read(["None", "mild", "None", "mild"]).classes == ("None", "mild")
    assert read(["None", "1", "2", "1", "2", *"33445566778899"]).missing.tolist() == [0]


def test_new_data_are_scored_with_the_classes_of_the_network() -> None:
    target = read(["yes", "no", "yes", None], classes=("no", "yes"))
    np.testing.assert_array_equal(target.values, [1, 0, 1, np.nan])
    assert target.task is Task.BINARY
    # One class and single rows are fine when scoring; numbers match by value.
    assert read(["2.0"], classes=("0", "1", "2")).values.tolist() == [2]
    assert read(["2.5", "?"], classes=()).task is Task.REGRESSION
    assert read(["3", "0"], classes=("no", "yes"), target_map={"0": "no", "1..4": "yes"}).values.tolist() == [
        1,
        0,
    ]


def test_unknown_classes_are_refused_with_both_sets() -> None:
    with pytest.raises(
        DataError,
        match="row 1: '>50K.' is no class of this network .1 such row.; its classes are "
        "'<=50K', '>50K', the data have '>50K.', '<=50K'",
    ) as caught:
        read([">50K.", "<=50K"], classes=("<=50K", ">50K"))
    assert caught.value.hint.endswith('target_map = {">50K." = ">50K", "<=50K" = "<=50K"}')
    with pytest.raises(DataError, match="row 1: 'a' is not a number within single precision, among numbers"):
        read(["a"], classes=())
