"""Titles, names over several rows, units, and tables that are not one."""

from __future__ import annotations

import pytest

from heldout.errors import DataError
from heldout.records import Table
from heldout.sources.delimited import read_delimited
from heldout.sources.layout import find_second_table

BODY = "".join(f"P{i},{20 + i % 50},{i}.5,{'MF'[i % 2]}\n" for i in range(40))


def read(text: str, **options: str) -> Table:
    return read_delimited(text.encode(), name="t.csv", **options)


def names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


@pytest.mark.parametrize(
    "title",
    [
        "Results\n",
        "Results, part 2, corrected\n",
        "Results of the study, in mg, as given, of 2021\n",
        "Title,Results\nAuthor,Smith\n\n",
        "# a\n# b, c\n",
        '"Results, part 2"\n""\n',
        "Results,,,\n,,,\n",
        "\n\n",
        "Station: Oslo\nPeriod: 2001\n",
    ],
)
def test_titles_above_the_header_are_skipped_and_told(title: str) -> None:
    table = read(title + "id,age,dose,sex\n" + BODY)
    assert names(table) == ["id", "age", "dose", "sex"]
    assert len(table.lines) == 40
    assert table.lines[0] == title.count("\n") + 2
    n_told = sum(bool(line.strip()) for line in title.splitlines())
    assert len(table.set_aside) == n_told or title.startswith('"')


def test_names_over_several_rows_are_joined() -> None:
    text = "person,,measured,\nid,age,dose,sex\n,[years],[mg],\n" + BODY
    assert names(read(text)) == ["person/id", "person/age/[years]", "measured/dose/[mg]", "measured/sex"]
    assert any("the names stand in 3 rows" in note for note in read(text).notes)
    assert names(read("id,age,dose,sex\n,years,mg,\n" + BODY)) == ["id", "age/years", "dose/mg", "sex"]


def test_a_first_row_without_its_number_is_data() -> None:
    body = "".join(f"P{i},{i}\n" for i in range(30))
    table = read("id,score\nP90,absent\nP91,absent\n" + body)
    assert names(table) == ["id", "score"]
    assert len(table.lines) == 32


def test_a_second_row_of_words_is_asked_for() -> None:
    with pytest.raises(
        DataError, match="line 2 holds words in 2 columns of numbers, as the names in line 1 do"
    ):
        read("id,age,dose,sex\nP90,absent,absent,M\n" + BODY)


def test_years_and_counts_are_names_above_other_numbers() -> None:
    body = "".join(f"a{i},{i}.5,{i}.25,{i}.75\n" for i in range(9))
    table = read("area,2010,2011,2012\n" + body)
    assert names(table) == ["area", "2010", "2011", "2012"]
    assert any("say --header no to change" in note for note in table.notes)
    # Whole numbers below leave it open.
    whole = "".join(f"a{i},{i},{i + 7},{i + 3}\n" for i in range(9))
    assert names(read("a9,1,2,3\n" + whole)) == ["column_1", "column_2", "column_3", "column_4"]


def test_delimiters_at_line_ends_make_no_columns() -> None:
    lines = ("id,age,dose,sex\n" + BODY).splitlines()
    for text in (",\n".join([*lines, ""]), "\n".join([lines[0], *(line + ",,," for line in lines[1:])])):
        table = read(text)
        assert names(table) == ["id", "age", "dose", "sex"]
        assert any("neither a name nor any content; left out" in note for note in table.notes)


def test_a_header_with_one_name_less_needs_row_names_that_differ() -> None:
    body = "".join(f"{i},{i}.5,M\n" for i in range(9))
    assert names(read("dose,sex\n" + body)) == ["column_1", "dose", "sex"]
    with pytest.raises(DataError, match="line 1 has 2 cells, the rows below it have 3"):
        read("dose,sex\n" + body.replace("3,", "4,"))


@pytest.mark.parametrize(
    "text",
    [
        "id,age,dose,sex\n" + BODY + "\ncode,n\na,1\nb,2\nc,3\n",
        "id,age,dose,sex\n" + BODY + "code,n\na,1\nb,2\nc,3\n",
        "code,n\na,1\nb,2\nc,3\n\nid,age,dose,sex\n" + BODY,
        "id,age,dose,sex\n" + BODY + "\nname,weight,height,eye\nx,1,2,blue\ny,2,3,red\n",
        "type_id,text\n" + "".join(f"{i},t{i}\n" for i in range(9)) + ",\nsource_id,text\n1,x\n2,y\n",
    ],
)
def test_two_tables_in_a_file_are_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"hold(s)? two tables"):
        read(text)


def test_notes_and_key_values_are_no_tables() -> None:
    assert find_second_table([(1, ["Title", "x"]), (2, ["Author", "Smith"]), (3, ["Rows", "60"])]) == 0
    assert find_second_table([]) == 0
    assert find_second_table([(7, ["a", "b", "c"]), (8, ["1", "2", "3"]), (9, ["4", "5", "6"])]) == 7


def test_drawn_tables_lose_their_ruler() -> None:
    text = " id | age \n----+-----\n a  |  1  \n b  |  2  \n c  |  3  \n(3 rows)\n"
    table = read(text)
    assert names(table) == ["id", "age"]
    assert [row.reason for row in table.set_aside] == ["ruler", "1 cells where the table has 2"]
    markdown = "| id | age |\n|----|-----|\n| a | 1 |\n| b | 2 |\n"
    assert names(read(markdown)) == ["id", "age"]
