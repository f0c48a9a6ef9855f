"""JSON lines."""

from __future__ import annotations

import pytest

from heldout.errors import DataError
from heldout.sources.jsonl import read_jsonl


def test_numbers_stay_as_written_and_nulls_are_nulls() -> None:
    raw = b'{"x": 1.50, "y": true, "z": "a\xe2\x80\xa8b"}\n\n{"x": 1e5, "y": null}\n'
    table = read_jsonl(raw, name="t.jsonl")
    assert [column.levels for column in table.columns] == [("1.50", "1e5"), ("True",), ("a\u2028b",)]
    assert [column.codes.tolist() for column in table.columns] == [[0, 1], [0, -1], [0, -1]]
    assert table.lines.tolist() == [1, 3]


def test_a_list_of_objects_is_read_too() -> None:
    assert read_jsonl(b'[{"a": 1}, {"a": 2}]', name="t.json").columns[0].levels == ("1", "2")
    with pytest.raises(DataError, match=r"t\.json, element 2 is no JSON object"):
        read_jsonl(b'[{"a": 1}, 2]', name="t.json")
    with pytest.raises(DataError, match=r"t\.json is no valid JSON"):
        read_jsonl(b'[{"a": 1}', name="t.json")


def test_few_bad_lines_are_set_aside_and_many_refused() -> None:
    good = b'{"a": 1}\n'
    table = read_jsonl(good * 30 + b'{"a": \n' + good, name="t.jsonl")
    assert len(table.lines) == 31
    assert table.set_aside[0].line == 31
    assert "1 lines were set aside" in table.notes[0]
    with pytest.raises(DataError, match=r"t\.jsonl: 1 of 3 lines are no JSON objects; the first is line 2"):
        read_jsonl(good + b"[1]\n" + good, name="t.jsonl")


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b'{"a": {"b": 1}}', "line 1, column 'a': a dict is no single cell"),
        (b'{"a": 1, "a": 2}', "a key occurs twice"),
        (b"{}", r"t\.jsonl has no rows"),
    ],
)
def test_what_is_no_table_is_refused(raw: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_jsonl(raw, name="t.jsonl")
