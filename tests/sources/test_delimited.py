"""Delimited text: every row is in the table or set aside."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from heldout.errors import DataError, HeldoutError
from heldout.records import Table
from heldout.sources.delimited import read_delimited

BODY = "".join(f"{i},M,{i}.5\n" for i in range(60))


def read(text: str, **options: str) -> Table:
    return read_delimited(text.encode(), name="t.csv", **options)


def spell(table: Table) -> list[list[str]]:
    return [
        [column.levels[code] for column, code in zip(table.columns, row, strict=True)]
        for row in zip(*(column.codes for column in table.columns), strict=True)
    ]


def test_cells_stay_exactly_as_written() -> None:
    table = read('id,age,note\n1, 63,"a, ""b""\nc"\n2,067,  \n')
    assert spell(table) == [["1", " 63", 'a, "b"\nc'], ["2", "067", "  "]]
    assert table.lines.tolist() == [2, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read(end: str) -> None:
    table = read(end.join(["a,b", "1,2", "3,4", ""]))
    assert spell(table) == [["1", "2"], ["3", "4"]]
    assert table.lines.tolist() == [2, 3]


def test_rows_of_another_width_are_set_aside_with_line_and_reason() -> None:
    table = read("a,b,c\n" + BODY + "7,F\n" + "8,F,1,2\n" + "9,F,1\n")
    assert len(table.lines) == 61
    assert [(row.line, row.reason, row.text) for row in table.set_aside] == [
        (62, "2 cells where the table has 3", "7,F"),
        (63, "4 cells where the table has 3", "8,F,1,2"),
    ]
    assert "2 rows were set aside: line 62" in table.notes[-2]
    assert table.notes[-1] == "t.csv: 63 rows = 61 used + 2 quarantined; 64 lines, of them 1 of the header"


def test_titles_comments_footnotes_and_repeated_headers_are_set_aside() -> None:
    table = read("Results of 2021\n# made by hand\na,b,c\n" + BODY + "\na,b,c\n,,\n1,M,2\nSource: register\n")
    assert [column.name for column in table.columns] == ["a", "b", "c"]
    assert len(table.lines) == 61
    reasons = [row.reason for row in table.set_aside]
    assert reasons == [
        "above the table: 1 cells where the table has 3",
        "comment line",
        "repeats the header",
        "all cells are empty",
        "1 cells where the table has 3",
    ]
    assert any("1 blank line was skipped" in note for note in table.notes)


def test_many_rows_of_another_width_are_refused() -> None:
    with pytest.raises(
        DataError, match=r"t\.csv: 6 of 66 rows do not have 3 cells .* the first is line 2 with 2 cells"
    ):
        read("a,b,c\n" + "7,F\n" * 6 + BODY)


def test_headers_of_another_width() -> None:
    table = read("age,sex\n" + "".join(f"row{i},{i},M\n" for i in range(9)))
    assert [column.name for column in table.columns] == ["column_1", "age", "sex"]
    assert any("row names" in note for note in table.notes)
    with pytest.raises(DataError, match="line 1 has 4 cells, the rows below it have 3"):
        read("a,b,c,d\n" + BODY)


def test_files_without_header_get_numbered_columns() -> None:
    table = read(BODY)
    assert [column.name for column in table.columns] == ["column_1", "column_2", "column_3"]
    assert len(table.lines) == 60
    assert any("t.csv has no header" in note for note in table.notes)
    assert len(read(BODY, header="yes").lines) == 59
    assert len(read("a,b,c\n" + BODY, header="no").lines) == 61


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n", "has a header .a, b. but no rows below it"),
        ("\n\n , \n", "holds only blank lines"),
        ("a,b\n" + '1,"x, y"\n2,z\n' * 30 + '3,"x\n' * 9, "9 of 69 rows do not have 2 cells"),
    ],
)
def test_files_without_rows_or_with_open_quotes_are_refused(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(text)


def test_quotes_that_break_below_the_sample_are_read_as_characters() -> None:
    rows = [f"ham\tmessage number {i} of many, quite long to fill the sample" for i in range(4_000)]
    rows[3_000] = 'spam\t"win a prize'
    rows[3_500] = 'ham\tyes" he said'
    table = read("\n".join(rows), header="no")
    assert len(table.lines) == 4_000
    assert any("quotation marks are unbalanced" in note for note in table.notes)
    assert spell(table)[3_000] == ["spam", '"win a prize']


def test_quotes_that_swallow_lines_below_the_sample_are_noticed() -> None:
    rows = [f"ham\tmessage number {i} of many, quite long to fill the sample" for i in range(4_000)]
    rows[3_000], rows[3_001] = 'spam\t"win', 'ham\tbye"'
    assert len(read("\n".join(rows), header="no").lines) == 4_000


def test_very_long_cells_are_read() -> None:
    assert len(read("a,b\n" + "x" * 200_000 + ",1\ny,2\n").columns[0].levels[0]) == 200_000


CELL = st.text(st.sampled_from('ab1. ,"\n'), min_size=1, max_size=6).filter(lambda cell: bool(cell.strip()))


@given(st.lists(st.tuples(CELL, CELL, st.integers(0, 99).map(str)), min_size=4, max_size=9))
@settings(max_examples=40, deadline=None)
def test_what_the_csv_module_writes_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(
        [("first", "second", "third"), *rows]
    )
    table = read_delimited(out.getvalue().encode(), name="t.csv", header="yes", delimiter=",")
    assert spell(table) == [list(row) for row in rows]


@given(st.binary(max_size=60).filter(lambda raw: raw.strip() != b""))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_a_table_or_a_refusal(raw: bytes) -> None:
    try:
        table = read_delimited(raw, name="t.csv")
    except HeldoutError as error:
        # Refusals say which file they are about.
        if "t.csv" not in str(error):
            raise
    else:
        assert all(len(column.codes) == len(table.lines) for column in table.columns)


@given(st.lists(st.integers(0, 4), min_size=30, max_size=60), st.booleans())
@settings(max_examples=40, deadline=None)
def test_every_line_is_in_the_table_or_set_aside_or_blank(widths: list[int], has_title: bool) -> None:
    # One row in ten gets a drawn width, the others have three cells.
    rows = [["7"] * (width if i % 10 == 5 else 3) for i, width in enumerate(widths)]
    text = ("A title\n" if has_title else "") + "a,b,c\n" + "".join(",".join(row) + "\n" for row in rows)
    try:
        table = read_delimited(text.encode(), name="t.csv", delimiter=",")
    except HeldoutError as error:
        assume("rows do not have 3 cells" not in error.message)
        raise
    n_blank = sum(not row for row in rows)
    assert len(table.lines) + len(table.set_aside) + n_blank + 1 == text.count("\n")
    lines = [*table.lines.tolist(), *(row.line for row in table.set_aside)]
    assert len(set(lines)) == len(lines)
