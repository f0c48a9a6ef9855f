"""Parts declared by files or by a column."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError, UsageError
from heldout.records import Table
from heldout.sources.columns import encode_cells
from heldout.sources.parts import find_split_column, join_parts, mark_parts


def make_table(source: str, **columns: list[str | None]) -> Table:
    n = len(next(iter(columns.values())))
    cells = tuple(encode_cells(name, texts) for name, texts in columns.items())
    return Table(cells, np.arange(2, n + 2), source)


def parts_of(table: Table) -> list[int]:
    assert table.part is not None
    return table.part.tolist()


MAIN = make_table("main.csv", x=["a", "b"], y=["0", None])


def test_parts_are_joined_by_name_in_any_order() -> None:
    test = make_table("test.csv", y=["1", None], x=["c", "a"])
    validation = make_table("val.csv", x=["b"], y=["0"], more=["?"])
    table = join_parts(MAIN, validation=validation, test=test)
    spelled = [
        [None if code < 0 else column.levels[code] for code in column.codes] for column in table.columns
    ]
    assert spelled == [["a", "b", "b", "c", "a"], ["0", None, "0", "1", None]]
    assert table.columns[0].levels == ("a", "b", "c")
    assert parts_of(table) == [1, 1, 2, 3, 3]
    assert table.lines.tolist() == [2, 3, 2, 2, 3]
    assert table.source == "main.csv + val.csv + test.csv"
    assert "val.csv has columns that main.csv lacks, ignored: more" in table.notes[0]


def test_with_a_test_file_alone_main_rows_stay_undeclared() -> None:
    assert parts_of(join_parts(MAIN, test=MAIN)) == [0, 0, 3, 3]
    assert join_parts(MAIN) is MAIN


def test_lacking_columns_are_refused_with_the_nearest() -> None:
    with pytest.raises(
        DataError, match=r"test.csv lacks 1 of 2 columns of main.csv: y\n  -> it has 'Y': rename it to"
    ):
        join_parts(MAIN, test=make_table("test.csv", x=["a"], Y=["0"]))
    with pytest.raises(DataError, match=r"lacks 2 of 2 columns of main.csv: x, y\n  -> its columns are: q"):
        join_parts(MAIN, test=make_table("test.csv", q=["a"]))


def test_a_split_column_is_read_in_any_case() -> None:
    words: list[str | None] = ["Train", " fit", "DEV", "valid", "validation", "Test", "holdout"]
    assert parts_of(mark_parts(make_table("t.csv", fold=words), "fold")) == [1, 1, 2, 2, 2, 3, 3]


def test_other_words_in_a_split_column_are_refused_with_their_line() -> None:
    with pytest.raises(DataError, match="line 3 of t.csv: '2' in the split column 'fold' is no part"):
        mark_parts(make_table("t.csv", fold=["train", "2", "3"]), "fold")
    with pytest.raises(DataError, match="line 2 of t.csv: '' in the split column"):
        mark_parts(make_table("t.csv", fold=[None, "test"]), "fold")


def test_parts_are_declared_once() -> None:
    marked = mark_parts(make_table("t.csv", fold=["train", "test"]), "fold")
    with pytest.raises(UsageError, match="the parts of t.csv are declared already"):
        mark_parts(marked, "fold")
    with pytest.raises(DataError, match="test rows are given twice"):
        join_parts(marked, test=make_table("test.csv", fold=["test"]))
    assert parts_of(join_parts(marked, validation=make_table("val.csv", fold=["dev"]))) == [1, 3, 2]


def test_columns_that_may_be_absent_become_nulls() -> None:
    main = make_table("main", file=["a", "b"], y=["0", "1"], **{"header/FILTER": ["r", "g"]})
    test = make_table("test", file=["c"], y=["1"])
    table = join_parts(main, test=test, optional=("header/FILTER",))
    assert table.columns[2].codes.tolist() == [0, 1, -1]
    with pytest.raises(DataError, match="the test file test lacks 1 of 3 columns of main: header/FILTER"):
        join_parts(main, test=test)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"split": ["train", "val", "test"]}, "split"),
        ({"Set ": ["Training", "dev", "training"]}, "Set "),
        ({"split": ["train", "train", "train"]}, ""),
        ({"split": ["val", "test", "test"]}, ""),
        ({"split": ["train", "test", "other"]}, ""),
        ({"split": ["train", "test", None]}, ""),
        ({"phase": ["train", "test", "test"]}, ""),
        ({"split": ["train", "test", "test"], "part": ["test", "train", "test"]}, ""),
    ],
)
def test_a_column_of_parts_is_known_by_its_name_and_its_words(
    columns: dict[str, list[str | None]], found: str
) -> None:
    table = make_table("t.csv", x=["1", "2", "3"], **columns)
    assert find_split_column(table) == found
    assert find_split_column(table, skipped=("split", "Set ", "part")) == ""
