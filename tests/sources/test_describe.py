"""Which columns of examples are no features, and which one is the label."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.records import ArrayColumn, ArrayPolicy, Kind, Table
from heldout.sources.columns import encode_cells
from heldout.sources.describe import describe_columns, find_label, name_rows


def table_of(*names: str, unit: str | None = None) -> Table:
    policy = ArrayPolicy(Kind.PICTURE, "uint8", ("gray",), height=8, width=8, unit=unit or "")
    arrays = () if unit is None else (ArrayColumn("picture", Kind.PICTURE, np.zeros((2, 8, 8, 1)), policy),)
    columns = tuple(encode_cells(name, ["a", "b"]) for name in names)
    return Table(columns, np.arange(2), "t", arrays=arrays)


@pytest.mark.parametrize(
    ("table", "described"),
    [
        (table_of("file", "label", "header/EXPTIME", unit=""), {"file", "header/EXPTIME"}),
        (table_of("file", "folder/1", "folder/2", unit=""), {"file", "folder/1", "folder/2"}),
        (
            table_of("id", "description", "sequence", "accession", "header/class", "label"),
            {"id", "description", "accession", "header/class"},
        ),
        (table_of("age", "photo", "kind", unit="column photo"), {"photo"}),
        (table_of("id", "age", "header/x"), set()),
        (table_of("age", "file"), set()),
    ],
)
def test_columns_that_say_where_an_example_comes_from(table: Table, described: set[str]) -> None:
    found = describe_columns(table)
    assert set(found) == described
    assert all(found.values())


@pytest.mark.parametrize(
    ("table", "label"),
    [
        (table_of("file", "label", "age", unit=""), "label"),
        (table_of("file", "kind", unit=""), "kind"),
        (table_of("file", "kind", "age", unit=""), ""),
        (table_of("file", unit=""), ""),
        (table_of("photo", "kind", unit="column photo"), "kind"),
        (table_of("column_785", unit="columns column_1 to column_784"), "column_785"),
        (table_of("id", "sequence", "label"), "label"),
        (table_of("text", "label"), "label"),
        (table_of("age", "label"), ""),
    ],
)
def test_the_label_is_named_only_where_nothing_else_can_be_it(table: Table, label: str) -> None:
    assert find_label(table) == label


def test_examples_are_named_by_file_or_id_and_rows_of_tables_are_not() -> None:
    assert name_rows(table_of("file", "label", unit="")) == ("file", ("a", "b"))
    assert name_rows(table_of("id", "sequence")) == ("id", ("a", "b"))
    assert name_rows(table_of("id", "age")) == ("", ())
    assert name_rows(table_of("text", "label")) == ("", ())
