"""Encoding, finding, taking and fingerprinting columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.records import RawColumn, Table
from heldout.sources.columns import (
    CellEncoder,
    encode_cells,
    find_column,
    fingerprint_table,
    name_nearest,
    take_rows,
)

CELLS = st.lists(st.one_of(st.none(), st.sampled_from(["", "a", " a", "b", "1"])), min_size=1, max_size=12)


def make_table(**columns: list[str | None]) -> Table:
    n = len(next(iter(columns.values())))
    cells = tuple(encode_cells(name, texts) for name, texts in columns.items())
    return Table(cells, np.arange(2, n + 2), "t.csv")


def spell(raw: RawColumn) -> list[str | None]:
    return [None if code < 0 else raw.levels[code] for code in raw.codes]


@given(CELLS)
@settings(max_examples=40, deadline=None)
def test_encoding_keeps_every_cell(cells: list[str | None]) -> None:
    raw = encode_cells("x", cells)
    assert spell(raw) == cells
    assert list(raw.levels) == list(dict.fromkeys(cell for cell in cells if cell is not None))


@given(CELLS, CELLS)
@settings(max_examples=40, deadline=None)
def test_encoding_in_blocks_is_encoding_at_once(first: list[str | None], second: list[str | None]) -> None:
    encoder = CellEncoder()
    encoder.add(first)
    encoder.add(second)
    blocks, whole = encoder.finish("x"), encode_cells("x", first + second)
    assert blocks.levels == whole.levels
    assert blocks.codes.tolist() == whole.codes.tolist()


@given(CELLS, st.data())
@settings(max_examples=40, deadline=None)
def test_taking_rows_is_indexing_and_compacts_levels(cells: list[str | None], data: st.DataObject) -> None:
    rows = data.draw(st.lists(st.integers(0, len(cells) - 1), min_size=1))
    taken = take_rows(make_table(x=cells), np.array(rows))
    assert spell(taken.columns[0]) == [cells[row] for row in rows]
    assert taken.columns[0].levels == encode_cells("x", [cells[row] for row in rows]).levels
    assert taken.lines.tolist() == [row + 2 for row in rows]


def test_taking_rows_takes_their_parts_and_refuses_positions_outside() -> None:
    table = replace(make_table(x=["a", "b"]), part=np.array([1, 3], np.int8))
    part = take_rows(table, np.array([1])).part
    assert part is not None
    assert part.tolist() == [3]
    with pytest.raises(DataError, match="row position 5 does not exist: t.csv has 2 rows"):
        take_rows(table, np.array([5]))


def test_a_missing_column_is_named_with_its_nearest_and_all_others() -> None:
    table = make_table(Age=["63"], num=["0"])
    assert find_column(table, "num").levels == ("0",)
    with pytest.raises(
        DataError, match=r"no column 'age' in t.csv; its columns are: Age, num\n  -> did you mean 'Age'"
    ):
        find_column(table, "age")
    with pytest.raises(DataError, match="give one of the names above"):
        find_column(table, "zzzz")
    assert name_nearest("nun", ["num", "age"]) == "num"


def test_the_fingerprint_follows_cells_and_names_only() -> None:
    table = make_table(x=["a", "b"], y=["c", None])
    same = replace(
        table, lines=np.array([7, 9]), source="u.csv", notes=("note",), part=np.array([1, 1], np.int8)
    )
    assert fingerprint_table(same) == fingerprint_table(table)
    others = [
        make_table(x=["b", "a"], y=["c", None]),
        make_table(x=["a", "b"], z=["c", None]),
        make_table(y=["c", None], x=["a", "b"]),
        make_table(x=["a", "b"], y=["c", ""]),
        make_table(x=["a", "b"], y=["c", "c"]),
        make_table(x=["a", "b "], y=["c", None]),
    ]
    prints = {fingerprint_table(other) for other in others}
    assert len(prints) == len(others)
    assert fingerprint_table(table) not in prints


def test_the_fingerprint_survives_taking_all_rows() -> None:
    table = make_table(x=["a", "b", "a"])
    assert fingerprint_table(take_rows(table, np.arange(3))) == fingerprint_table(table)
