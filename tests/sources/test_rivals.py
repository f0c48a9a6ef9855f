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
