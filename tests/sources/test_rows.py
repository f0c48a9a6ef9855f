"""A stray quotation mark costs its own line."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.sources import rows as rows_module
from heldout.sources.dialect import Dialect
from heldout.sources.rows import OPEN_QUOTE, read_rows


def read(text: str, width: int = 3, dialect: Dialect | None = None, **options: int) -> list:
    lines = io.StringIO(text, newline="")
    return list(read_rows(lines, dialect or Dialect(","), width=width, name="t.csv", **options))


def test_rows_after_an_open_quote_are_read() -> None:
    text = 'a,b,c\n1,"x,2\n3,y,4\n5,"z, z",6\n'
    found = read(text)
    assert [cells for _, _, cells, fault in found if not fault] == [
        ["a", "b", "c"],
        ["3", "y", "4"],
        ["5", "z, z", "6"],
    ]
    assert [(first, last, fault) for first, last, _, fault in found if fault] == [(2, 2, OPEN_QUOTE)]


def test_quotes_that_pair_up_over_whole_rows_are_no_cell() -> None:
    # The second mark closes the first by chance; three whole rows lie between them.
    text = 'a,b,c\n1,"x,2\n3,y,4\n3,y,4\n3,y,4\n5,z",6\n'
    assert [first for first, _, _, fault in read(text) if fault] == [2]
    assert [cells for _, _, cells, fault in read(text) if not fault][-1] == ["5", 'z"', "6"]


def test_cells_with_line_ends_stay_whole() -> None:
    text = 'a,b,c\n1,"x\n\nlong text, of lines\nz",2\n'
    assert read(text)[1] == (2, 5, ["1", "x\n\nlong text, of lines\nz", "2"], "")


def test_a_cell_without_end_is_given_up_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "_MOST_LINES", 50)
    found = read('a,b,c\n1,"x,2\n' + "3,y,4\n" * 500)
    assert len(found) == 502
    assert sum(bool(fault) for *_, fault in found) == 1


def test_too_many_open_quotes_are_refused() -> None:
    with pytest.raises(DataError, match=r"t\.csv: in more than 20 lines a quotation mark is not closed"):
        read('1,"x"y,2\n' * 30, most_faults=20)


def test_columns_of_fixed_width_need_no_delimiter() -> None:
    dialect = Dialect(" ", breaks=(0, 4))
    assert read("ab  c d\n\n1   2\n", 2, dialect) == [
        (1, 1, ["ab", "c d"], ""),
        (2, 2, [], ""),
        (3, 3, ["1", "2"], ""),
    ]


CELL = st.text(st.sampled_from('ab,"\n\r '), max_size=5)


@given(st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_rows_without_faults_are_those_of_the_csv_module(table: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    expected = list(csv.reader(io.StringIO(out.getvalue(), newline=""), strict=True))
    found = read(out.getvalue())
    assert [cells for _, _, cells, _ in found] == expected == table


@given(st.text(st.sampled_from('a1,"\n\r'), max_size=80))
@settings(max_examples=150, deadline=None)
def test_every_line_is_in_exactly_one_row(text: str) -> None:
    n_lines = sum(1 for _ in io.StringIO(text, newline=""))
    covered = [line for first, last, _, _ in read(text) for line in range(first, last + 1)]
    assert covered == list(range(1, n_lines + 1))
