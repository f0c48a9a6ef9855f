"""Rows sorted into the table and the set-aside."""

from __future__ import annotations

import pytest

from heldout.errors import DataError
from heldout.sources.dialect import Dialect
from heldout.sources.grid import build_table, gather_rows
from heldout.sources.rows import Row


def make_rows(*rows: list[str]) -> list[Row]:
    return [(number, number, cells, "") for number, cells in enumerate(rows, start=1)]


def test_rows_of_any_source_become_a_table_with_a_ledger() -> None:
    rows = make_rows(["a", "b"], ["1", "x"], [], ["2", "y"], ["", ""], ["#", "note", ""], ["3", "z"])
    gathered, layout = gather_rows(iter(rows), Dialect(","), header="auto", name="t")
    table = build_table(gathered, layout, n_lines=7, name="t", notes=("first",))
    assert table.lines.tolist() == [2, 4, 7]
    assert table.notes[0] == "first"
    assert table.ledger is not None
    assert (table.ledger.lines_blank, table.ledger.lines_dropped, table.ledger.lines_comment) == (1, 1, 1)


def test_a_wrong_count_of_lines_is_noticed() -> None:
    gathered, layout = gather_rows(iter(make_rows(["a"], ["1"])), Dialect(","), header="yes", name="t")
    with pytest.raises(RuntimeError, match="3 lines counted"):
        build_table(gathered, layout, n_lines=3, name="t", notes=())


def test_many_rows_of_another_width_are_refused() -> None:
    rows = make_rows(["a", "b", "c"], *[["1", "2", "3"]] * 20, *[["1", "2"], ["1", "2", "3"]] * 4)
    gathered, layout = gather_rows(iter(rows), Dialect(","), header="auto", name="t")
    with pytest.raises(DataError, match="4 of 28 rows do not have 3 cells"):
        build_table(gathered, layout, n_lines=29, name="t", notes=())
