"""Frames and lists of dicts."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from heldout.errors import DataError, UsageError
from heldout.records import Table
from heldout.sources.frames import read_dicts, read_frame, read_parquet, write_cell

CELLS: dict[str, list[Any]] = {
    "whole": [1, 2, 3],
    "real": [63.0, None, 0.1],
    "flag": [True, False, None],
    "word": ["a", None, " a "],
    "day": [datetime.date(2021, 3, 4), None, datetime.date(2021, 3, 5)],
}
TEXTS = {
    "whole": ["1", "2", "3"],
    "real": ["63.0", None, "0.1"],
    "flag": ["True", "False", None],
    "word": ["a", None, " a "],
    "day": ["2021-03-04", None, "2021-03-05"],
}


def spell(table: Table) -> dict[str, list[str | None]]:
    return {
        column.name: [None if code < 0 else column.levels[code] for code in column.codes]
        for column in table.columns
    }


@pytest.mark.parametrize("build", [pd.DataFrame, pl.DataFrame, pa.table])
def test_every_frame_gives_the_same_texts(build: Any) -> None:  # noqa: ANN401 - three libraries
    table = read_frame(build(CELLS))
    assert spell(table) == TEXTS
    assert table.lines.tolist() == [1, 2, 3]
    assert table.source == "frame"


def test_parquet_gives_the_same_texts() -> None:
    out = io.BytesIO()
    pl.DataFrame(CELLS).write_parquet(out)
    assert spell(read_parquet(out.getvalue(), name="t.parquet")) == TEXTS
    with pytest.raises(DataError, match="t.parquet begins like a Parquet file but cannot be read"):
        read_parquet(out.getvalue()[:40], name="t.parquet")


def test_single_precision_keeps_its_short_text() -> None:
    frame = pl.DataFrame({"x": [0.1, None]}, schema={"x": pl.Float32})
    assert spell(read_frame(frame)) == {"x": ["0.1", None]}


def test_times_are_iso_texts_and_days_alone_where_all_are_midnight() -> None:
    days = pd.DataFrame({"t": pd.to_datetime(["2021-03-04", None])})
    assert spell(read_frame(days)) == {"t": ["2021-03-04", None]}
    times = pd.DataFrame({"t": pd.to_datetime(["2021-03-04 05:06:07", "2021-03-05"], format="ISO8601")})
    assert spell(read_frame(times)) == {"t": ["2021-03-04 05:06:07", "2021-03-05 00:00:00"]}


def test_categories_and_mixed_objects_are_texts() -> None:
    frame = pd.DataFrame({"c": pd.Categorical(["b", "a", "b"]), "o": pd.Series([1, "x", True], dtype=object)})
    assert spell(read_frame(frame)) == {"c": ["b", "a", "b"], "o": ["1", "x", "True"]}


def test_a_pandas_index_is_told_and_numeric_names_become_texts() -> None:
    frame = pd.DataFrame([[1, 2]], index=["p1"], columns=[0, 1])
    table = read_frame(frame)
    assert [column.name for column in table.columns] == ["0", "1"]
    assert "the row index was not read" in table.notes[0]


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot read a table from ndarray"):
        read_frame(np.zeros((2, 2)))
    with pytest.raises(DataError, match="frame has 0 rows and 1 columns"):
        read_frame(pl.DataFrame({"a": []}))
    with pytest.raises(DataError, match="row 1, column 'a': a list is no single cell"):
        read_frame(pl.DataFrame({"a": [[1, 2]]}))
    with pytest.raises(DataError, match="repeats column names"):
        read_frame(pd.DataFrame([[1, 2]], columns=["a", "a"]))


def test_dicts_may_lack_keys() -> None:
    assert spell(read_dicts([{"a": 1}, {"a": None, "b": "x"}])) == {"a": ["1", None], "b": [None, "x"]}
    with pytest.raises(UsageError, match="row 2 is a list, not a dict"):
        read_dicts([{"a": 1}, [1]])  # type: ignore[list-item]
    with pytest.raises(DataError, match="rows has 0 rows and 0 columns"):
        read_dicts([])


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (np.float64(1.5), "1.5"),
        (np.float32(0.1), "0.1"),
        (np.int64(3), "3"),
        (np.bool_(True), "True"),
        (np.str_("a"), "a"),
        (float("inf"), "inf"),
        (float("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (Decimal("1.50"), "1.50"),
        (1e-7, "1e-07"),
        (datetime.timedelta(seconds=90), "90.0"),
        (datetime.time(5, 6), "05:06:00"),
    ],
)
def test_single_values_become_their_shortest_exact_text(cell: object, text: str | None) -> None:
    assert write_cell(cell, where="row 1") == text
