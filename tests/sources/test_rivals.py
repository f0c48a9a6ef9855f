"""Where letters fit several encodings, the cells concerned are named, and asked about where few words tell."""

from __future__ import annotations

import pytest

from heldout.records import Table
from heldout.sources.delimited import read_delimited
from heldout.sources.legacy import guess_encoding


def read(words: list[str], codec: str, encoding: str | None = None) -> Table:
    rows = [f"{row},{words[row % len(words)]},{row % 3}" for row in range(40)]
    return read_delimited(
        ("\n".join(["x,town,y", *rows]) + "\n").encode(codec), name="t.csv", encoding=encoding
    )


def test_one_word_that_fits_two_encodings_is_asked_about() -> None:
    table = read(["Gdańsk", "Paris"], "iso8859-2")
    (doubt,) = table.doubts
    assert (doubt.column, doubt.rows) == ("town", 20)
    assert doubt.question == (
        "20 cells were read as cp1252 and would be other letters as cp1250 (line 2: 'Gdañsk' or 'Gdańsk'); say "
        "--encoding cp1250 or --encoding cp1252"
    )
    assert any(
        "20 cells would be other letters as cp1250 (first: line 2, column 'town'" in note
        for note in table.notes
    )


def test_many_words_are_told_and_not_asked_about() -> None:
    table = read(["España", "niño", "señor", "año", "Muñoz", "mañana"], "cp1252")
    assert table.doubts == ()
    assert any("would be other letters as cp1250" in note for note in table.notes)


@pytest.mark.parametrize(
    "words", [["Köln", "Zürich"], ["Malmö", "Ängelholm"], ["5 µg", "37 °C"], ["à", "garçon"]]
)
def test_letters_that_all_encodings_share_leave_no_doubt(words: list[str]) -> None:
    table = read(words, "cp1252")
    assert table.doubts == ()
    assert not any("other letters" in note for note in table.notes)


def test_turkish_is_asked_about_however_many_words() -> None:
    table = read(["Eskişehir", "Muğla", "Iğdır", "Şırnak", "Kırşehir", "Ağrı", "Muş"], "cp1254")
    assert any("--encoding cp1254" in doubt.question for doubt in table.doubts)


def test_the_answer_settles_it() -> None:
    table = read(["Gdańsk", "Paris"], "iso8859-2", encoding="iso8859-2")
    assert table.doubts == ()
    assert "Gdańsk" in table.columns[1].levels


def test_the_euro_sign_and_oe_tell_latin_9() -> None:
    words = ["cœur", "sœur", "bœuf", "10 €"] * 10
    assert guess_encoding([word.encode("iso8859-15") for word in words]).codec == "iso8859-15"
    assert guess_encoding([word.encode("cp1252") for word in words]).codec == "cp1252"
    assert guess_encoding(["2½".encode("cp1252")] * 30).codec == "cp1252"


def test_letters_of_utf8_lines_are_certain_and_do_not_switch_the_question_off() -> None:
    names = ["Muñoz", "Peña", "Núñez", "Ibáñez", "Ordóñez", "Yáñez", "Zúñiga"]
    rows = "".join(f"{row},{names[row % 7]},Ñandú\n" for row in range(40))
    raw = f"x,name,town\n{rows}".encode() + "40,Kowal,Gdańsk\n".encode("iso8859-2")
    table = read_delimited(raw, name="t.csv")
    (doubt,) = table.doubts
    assert (doubt.column, doubt.rows) == ("town", 1)
    assert doubt.question.startswith(
        "1 cell was read as cp1252 and would be other letters as cp1250 (line 42: "
    )
    assert any("1 cell would be other letters as cp1250 (first: line 42" in note for note in table.notes)


def test_words_of_all_columns_together_tell_a_language() -> None:
    rows = "España,niño,señor,año\nMuñoz,mañana,sueño,baño\n" * 20
    table = read_delimited(f"a,b,c,d\n{rows}".encode("cp1252"), name="t.csv")
    assert table.doubts == ()
    assert any("160 cells would be other letters as cp1250" in note for note in table.notes)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize(("row", "closing"), [(0, True), (20, True), (39, True), (39, False)])
def test_the_row_is_found_whatever_ends_lines(end: str, row: int, closing: bool) -> None:
    rows = [f"{one},Paris,{one % 3}" for one in range(40)]
    rows[row] = f"{row},Gdańsk,2"
    text = end.join(["x,town,y", *rows]) + end * closing
    table = read_delimited(text.encode("iso8859-2"), name="t.csv")
    (doubt,) = [doubt for doubt in table.doubts if "--encoding" in doubt.question]
    assert (doubt.column, doubt.rows) == ("town", 1)
    assert f"(line {row + 2}: 'Gdañsk' or 'Gdańsk')" in doubt.question


def test_lines_joined_from_files_with_other_line_ends_are_counted_alike() -> None:
    first = "".join(f"{row},Muñoz\r" for row in range(30))
    second = "".join(f"{row},Peña\r\n" for row in range(30))
    raw = f"x,town\n{first}\n{second}".encode() + "7,Gdańsk\n".encode("iso8859-2")
    table = read_delimited(raw, name="t.csv")
    (doubt,) = [doubt for doubt in table.doubts if "--encoding" in doubt.question]
    assert (doubt.column, doubt.rows) == ("town", 1)
    assert "'Gdañsk' or 'Gdańsk'" in doubt.question


def test_a_cell_of_several_lines_belongs_to_the_row_that_it_began_in() -> None:
    rows = "".join(f'{row},"Paris\nand Łódź",2\n' for row in range(40)).encode()
    raw = b"x,town,y\n" + rows + '40,"Paris\nand Gdańsk",2\n'.encode("iso8859-2")
    (doubt,) = read_delimited(raw, name="t.csv").doubts
    assert (doubt.column, doubt.rows) == ("town", 1)


def test_a_strange_header_asks_nothing_of_the_cells() -> None:
    raw = "x,niño\n".encode("cp1252") + "".join(f"{row},Muñoz\n" for row in range(40)).encode()
    table = read_delimited(raw, name="t.csv")
    assert table.doubts == ()
    assert not any("other letters" in note for note in table.notes)
