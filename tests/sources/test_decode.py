"""Bytes to text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.errors import DataError
from heldout.sources.decode import decode_text

TEXT = "name,city\nJosé,Köln\n"


@pytest.mark.parametrize(
    "codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_every_encoding_gives_the_same_text(codec: str) -> None:
    text, notes = decode_text(TEXT.encode(codec), name="t.csv")
    assert text == TEXT
    assert (notes == ()) == (codec == "utf-8")


def test_a_file_of_two_encodings_keeps_the_letters_of_both() -> None:
    raw = "José\n".encode() + "Köln\n".encode("cp1252") + "Zoë\n".encode()
    text, notes = decode_text(raw, name="t.csv")
    assert text == "José\nKöln\nZoë\n"
    assert notes == ("1 line of t.csv is not UTF-8 (first: line 2); read as cp1252",)


def test_bytes_that_fit_nothing_are_refused_with_their_line() -> None:
    with pytest.raises(DataError, match=r"t\.csv, line 2: byte 0x81 is neither UTF-8 nor cp1252"):
        decode_text(b"a\n\x81\n", name="t.csv")
    with pytest.raises(DataError, match="holds a zero byte in line 2"):
        decode_text(b"a,b,c,d,e,f\n1,\x002,3,4\n", name="t.csv")


def test_a_given_encoding_is_obeyed_or_refused() -> None:
    assert decode_text(b"K\xf6ln", name="t.csv", encoding="latin-1") == ("Köln", ())
    with pytest.raises(DataError, match="cannot be read as utf-8"):
        decode_text(b"K\xf6ln", name="t.csv", encoding="utf-8")
    with pytest.raises(DataError, match="unknown encoding 'utf-9'"):
        decode_text(b"a", name="t.csv", encoding="utf-9")


def test_a_final_control_z_goes_with_a_note() -> None:
    text, notes = decode_text(b"a,b\n1,2\n\x1a", name="t.csv")
    assert text == "a,b\n1,2\n"
    assert "Ctrl-Z" in notes[0]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00\x1a\ufeff"), max_size=40))
@settings(max_examples=40, deadline=None)
def test_utf8_text_comes_back_unchanged(text: str) -> None:
    assert decode_text(text.encode(), name="t.csv") == (text, ())
