"""Cells of a wrong encoding are repaired, in the same way for new rows; clean texts of any script stay as they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells import declare_columns, type_table
from heldout.cells.encoding import ENCODING_GRAMMAR, find_damaged, mend_encoding, repair_encoding
from heldout.records import ColumnSpec, Kind, RawColumn, Status, Table

CLEAN = [
    "Müller",
    "naïve café",
    "“quoted” – it’s",
    "Ångström Æsop Ø Ð",
    "São Paulo",
    "ÉCOLE ÜBERMUT",
    "İstanbul Łódź Žižek",
    "µg/m² 10°C 5‰ …™",
    "привет мир",
    "ΑΒΓ αβγ",
    "漢字テスト",
    "한국어 문장",
    "مرحبا",
    "שלום",
    "ไทย",
    "😀 happy 👍🏽",
    "plain",
]


@pytest.mark.parametrize("text", CLEAN)
def test_a_clean_text_stays_as_it_is(text: str) -> None:
    assert repair_encoding(text) == text


@pytest.mark.parametrize("wrong", ["windows-1252", "latin-1"])
@pytest.mark.parametrize(
    "text", ["Müller", "naïve café", "µg/m²", "10°C", "😀 happy", "привет мир", "漢字テスト"]
)
def test_what_was_read_in_a_wrong_encoding_is_repaired(text: str, wrong: str) -> None:
    damaged = text.encode("utf-8").decode(wrong, errors="replace")
    if "\ufffd" in damaged:
        pytest.skip("windows-1252 has no letter for one of these bytes: it cannot be brought back")
    assert repair_encoding(damaged) == text
    assert repair_encoding(repair_encoding(damaged)) == text


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from([word for text in CLEAN for word in text.split()] + ["Größe", "für", "año"]),
        max_size=9,
    )
)
def test_no_text_of_real_words_is_touched(words: list[str]) -> None:
    """Letters at random may be touched: "\u00df\u00c4 " is a letter of Cherokee in bytes, and no word."""
    assert repair_encoding(" ".join(words)) == " ".join(words)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=40))
def test_ascii_is_never_touched(text: str) -> None:
    assert repair_encoding(text) == text


def make_table(cells: list[str]) -> Table:
    levels = tuple(dict.fromkeys(cells))
    codes = np.array([levels.index(cell) for cell in cells], np.int32)
    return Table((RawColumn("town", codes, levels),), np.arange(len(cells)), "t.csv")


def test_damaged_categories_are_one_with_the_clean_ones_and_new_rows_are_read_alike() -> None:
    table = make_table(["Köln", "KÃ¶ln", "Bonn", "Köln"] * 5)
    (spec,) = declare_columns(table, rows=np.arange(20))
    assert (spec.kind, spec.grammar) == (Kind.CATEGORY, ENCODING_GRAMMAR)
    assert "5 cells (1 distinct) were once read in a wrong encoding, repaired: 'KÃ¶ln' is 'Köln'" in spec.why
    (typed,) = type_table(table, (spec,))
    assert typed.levels == ("Köln", "Bonn")
    assert (typed.status == Status.REPAIRED).sum() == 5
    (new,) = type_table(make_table(["MÃ¼nchen", "KÃ¶ln"]), (spec,))
    assert new.levels == ("München", "Köln")


def test_a_clean_column_is_read_as_before() -> None:
    table = make_table(["Köln", "Bonn", "Zürich"] * 5)
    (spec,) = declare_columns(table, rows=np.arange(15))
    assert spec.grammar == ""
    assert "encoding" not in spec.why


def test_damage_outside_the_deciding_rows_decides_nothing() -> None:
    table = make_table(["Köln", "Bonn"] * 5 + ["KÃ¶ln"])
    assert declare_columns(table, rows=np.arange(10))[0].grammar == ""


def test_what_the_user_mapped_goes_first() -> None:
    raw = make_table(["KÃ¶ln", "Bonn"]).columns[0]
    spec = ColumnSpec("town", Kind.CATEGORY, "", spellings=("KÃ¶ln", "Rhine"))
    mended = mend_encoding(spec, raw, np.arange(2))
    (typed,) = type_table(Table((raw,), np.arange(2), "t"), (mended,))
    assert typed.levels == ("Rhine", "Bonn")


@pytest.mark.parametrize("kind", [Kind.SET, Kind.IDENTIFIER, Kind.NUMBER])
def test_other_kinds_are_left_alone(kind: Kind) -> None:
    raw = make_table(["KÃ¶ln"]).columns[0]
    spec = ColumnSpec("town", kind, "")
    assert mend_encoding(spec, raw, np.arange(1)) is spec


def test_only_damaged_texts_are_named() -> None:
    assert find_damaged(["café", "cafÃ©"]) == {"cafÃ©": "café"}
