"""Labels of a table of their own, joined by id."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.records import ArrayColumn, ArrayPolicy, Kind, Ledger, Table
from heldout.sources.columns import encode_cells
from heldout.sources.labels import find_key, join_labels
from heldout.sources.ledger import check_ledger


def table_of(source: str = "t", **columns: list[str | None]) -> Table:
    count = len(next(iter(columns.values())))
    made = tuple(encode_cells(name, texts) for name, texts in columns.items())
    return Table(made, np.arange(1, count + 1), source, ledger=Ledger(rows=count, used=count))


def cells(table: Table, name: str) -> list[str | None]:
    column = next(column for column in table.columns if column.name == name)
    return [column.levels[code] if code >= 0 else None for code in column.codes]


@pytest.mark.parametrize(
    ("column", "ids", "keys", "way"),
    [
        ("id", ["a", "b"], ["b", "a "], "as it stands"),
        ("file", ["x/a.png", "y/b.png"], ["b.png", "a.png"], "name of the file"),
        ("file", ["x/a.png", "y/b.fits.gz"], ["b", "a"], "name of the file without ending"),
        ("id", ["NC_1:5-9", "NC_2"], ["NC_2", "NC_1"], "without version and range"),
        ("id", ["gi|5|gb|B.1|", "gi|6|gb|A.1|"], ["A.1", "B.1"], "between the bars"),
        ("file", ["m_2.5_s0002V.fits", "m_2.5_s0001V.fits"], ["0001", "0002"], "number 3 of the name"),
        ("file", ["m_0012.fits", "m_0007.fits"], ["7", "12"], "number 1 of the name without leading zeros"),
    ],
)
def test_ways_of_comparing(column: str, ids: list[str | None], keys: list[str | None], way: str) -> None:
    labels = table_of("l.csv", key=keys, y=["first", "second"])
    joined = check_ledger(join_labels(table_of(**{column: ids}), labels, "key"))
    assert cells(joined, "y") == ["second", "first"]
    assert f"({way})" in joined.notes[-1]


def test_arrays_follow_and_both_sides_are_counted() -> None:
    table = table_of(id=["a", "b", "c"], y=["1", "2", "3"])
    policy = ArrayPolicy(Kind.SIGNAL, "float32", ("y",), length=1)
    table = Table(
        table.columns,
        table.lines,
        "t",
        ledger=table.ledger,
        arrays=(ArrayColumn("s", Kind.SIGNAL, np.arange(3), policy),),
    )
    joined = check_ledger(
        join_labels(table, table_of("l.csv", key=["c", "a", "z"], y=["C", "A", "Z"]), "key")
    )
    assert cells(joined, "labels/y") == ["A", "C"]
    assert joined.arrays[0].values.tolist() == [0, 2]
    assert "1 examples without labels were set aside, 1 rows of labels have no example" in joined.notes[-1]
    assert joined.ledger is not None
    assert (joined.ledger.used, joined.ledger.dropped) == (2, 1)
    assert joined.set_aside[0].reason == "no row of l.csv has its id 'b'"


def test_repeated_ids() -> None:
    same = table_of("l.csv", key=["a", "a"], y=["1", "1"])
    assert cells(join_labels(table_of(id=["a"]), same, "key"), "y") == ["1"]
    with pytest.raises(DataError, match="lines 1 and 2 of l.csv have the same id 'a' and differ elsewhere"):
        join_labels(table_of(id=["a"]), table_of("l.csv", key=["a", "a"], y=["1", "2"]), "key")


def test_no_match_and_no_key() -> None:
    labels = table_of("l.csv", key=["q"], y=["1"])
    with pytest.raises(DataError, match="no example of t has an id in column 'key' of l.csv"):
        join_labels(table_of(id=["a"]), labels, "key")
    with pytest.raises(DataError, match="no column 'kay' in l.csv"):
        join_labels(table_of(id=["a"]), labels, "kay")


def test_the_key_is_the_column_that_names_most_examples() -> None:
    table = table_of(id=["a1", "b2", "c3", "d4", "e5"])
    labels = table_of("l.csv", y=["x", "y", "x", "y", "x"], name=["a1", "b2", "c3", "d4", "zz"])
    assert find_key(table, labels) == "name"
    half = table_of("l.csv", name=["a1", "b2", "c3", "yy", "zz"])
    assert find_key(table, half) == ""
    assert find_key(table_of(x=["a"]), labels) == ""
