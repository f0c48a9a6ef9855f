"""Typed columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells.kinds import declare_column
from heldout.cells.missing import MISSING_AMONG_NUMBERS
from heldout.cells.numbers import parse_number
from heldout.cells.typed import cell_text, type_column, type_table
from heldout.errors import DataError
from heldout.records import ColumnSpec, Kind, RawColumn, Status, Table
from heldout.sources.columns import encode_cells

NUMBER = ColumnSpec("x", Kind.NUMBER, "declared", missing_words=(*MISSING_AMONG_NUMBERS, "-999"))


def test_numbers_with_a_status_each() -> None:
    raw = encode_cells("x", ["5", " 5 ", "\u22125", "5O", "?", None, "-999.0", "inf", "1e99"])
    typed = type_column(raw, NUMBER)
    assert [Status(status).name for status in typed.status] == [
        "OK", "OK", "REPAIRED", "UNPARSED", "MISSING", "MISSING", "SENTINEL", "UNPARSED", "UNPARSED",
    ]  # fmt: skip
    np.testing.assert_array_equal(typed.values, [5, 5, -5, *[np.nan] * 6])
    assert typed.codes.size == 0
    assert typed.values.dtype == np.float64


def test_dates_and_yes_no_have_values() -> None:
    dates = type_column(
        encode_cells("x", ["1970-01-02", "soon", ""]),
        ColumnSpec("x", Kind.DATE, "declared", missing_words=("",), date_format="%Y-%m-%d"),
    )
    np.testing.assert_array_equal(dates.values, [1, np.nan, np.nan])
    assert dates.status.tolist() == [Status.OK, Status.UNPARSED, Status.MISSING]
    truths = type_column(
        encode_cells("x", ["Yes", "no", "maybe"]),
        ColumnSpec("x", Kind.YES_NO, "declared", true_words=("yes",), false_words=("no",)),
    )
    np.testing.assert_array_equal(truths.values, [1, 0, np.nan])
    assert truths.status.tolist() == [Status.OK, Status.OK, Status.UNPARSED]


@pytest.mark.parametrize("kind", [Kind.CATEGORY, Kind.TEXT, Kind.IDENTIFIER, Kind.CONSTANT])
def test_texts_are_stripped_codes(kind: Kind) -> None:
    spec = ColumnSpec("x", kind, "declared", missing_words=("", "?", "9"))
    typed = type_column(encode_cells("x", [" b", "a", "?", "b ", None, "9.0"]), spec)
    assert typed.levels == ("b", "a")
    assert typed.codes.tolist() == [0, 1, -1, 0, -1, -1]
    assert typed.codes.dtype == np.int32
    assert typed.status[2] == Status.MISSING
    assert typed.status[5] == Status.SENTINEL
    assert typed.values.size == 0


@given(st.lists(st.one_of(st.none(), st.sampled_from(["1", "2.5", "x", "", "1.0"])), min_size=1, max_size=12))
@settings(max_examples=50, deadline=None)
def test_typing_by_levels_is_typing_cell_by_cell(cells: list[str | None]) -> None:
    typed = type_column(encode_cells("x", cells), NUMBER)
    reference = [parse_number(cell) if cell is not None else None for cell in cells]
    np.testing.assert_array_equal(
        typed.values, [np.nan if number is None else number for number in reference]
    )


def test_a_bad_cell_in_new_data_never_retypes_a_column() -> None:
    raw = encode_cells("x", [f"{i}.5" for i in range(30)])
    spec = declare_column(raw, rows=np.arange(30))
    typed = type_column(encode_cells("x", ["word", "other"]), spec)
    assert typed.spec.kind is Kind.NUMBER
    assert typed.status.tolist() == [Status.UNPARSED] * 2


def test_tables_are_typed_by_name() -> None:
    table = Table((encode_cells("b", ["1"]), encode_cells("x", ["2"])), np.array([2]), "new.csv")
    assert type_table(table, [NUMBER])[0].values.tolist() == [2.0]
    with pytest.raises(
        DataError, match="new.csv lacks 1 of 2 declared columns: y\n  -> its columns are: b, x"
    ):
        type_table(table, [NUMBER, ColumnSpec("y", Kind.NUMBER, "declared")])


def test_raw_cells_can_be_looked_up() -> None:
    raw = RawColumn("x", np.array([0, -1], np.int32), (" a",))
    assert [cell_text(raw, row) for row in (0, 1)] == [" a", None]
