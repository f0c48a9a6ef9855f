"""Cells that hold lists of names, from JSON lines, Parquet and frames."""

import json

import pandas as pd
import polars as pl
import pytest

from heldout.errors import DataError
from heldout.sources import read_table
from heldout.sources.item_lists import write_items

CELLS = [["fever", "cough"], ["cough"], [], None]
TEXTS = ["fever; cough", "cough", "(none)", None]


def write_jsonl(place):
    path = place / "data.jsonl"
    path.write_text("\n".join(json.dumps({"ill": cell, "age": at}) for at, cell in enumerate(CELLS)))
    return path


def write_parquet(place):
    path = place / "data.parquet"
    pl.DataFrame({"ill": CELLS, "age": range(4)}).write_parquet(path)
    return path


@pytest.mark.parametrize(
    "make",
    [
        write_jsonl,
        write_parquet,
        lambda _: pl.DataFrame({"ill": CELLS, "age": range(4)}),
        lambda _: pd.DataFrame({"ill": CELLS, "age": range(4)}),
        lambda _: [{"ill": cell, "age": at} for at, cell in enumerate(CELLS)],
    ],
    ids=["jsonl", "parquet", "polars", "pandas", "dicts"],
)
def test_lists_of_names_are_read_as_the_lists_of_tables(make, tmp_path):
    column = read_table(make(tmp_path)).columns[0]
    assert [None if code < 0 else column.levels[code] for code in column.codes] == TEXTS


@pytest.mark.parametrize("items", [[1, 2], ["1", "2.5"], ["a", None], [["a"]], ["a", " "], ["nan"]])
def test_vectors_and_nested_lists_are_refused(items):
    with pytest.raises(DataError, match="row 3: a list is no single cell"):
        write_items(items, where="row 3")


def test_an_item_with_the_mark_that_joins_items_is_refused():
    with pytest.raises(DataError, match="row 3: the item 'a;b' holds a semicolon, which joins items"):
        write_items(["a;b", "c"], where="row 3")


def test_names_that_begin_with_digits_are_names():
    assert write_items(["5-ASA", " 2nd line"], where="") == "5-ASA; 2nd line"
