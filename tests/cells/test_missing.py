"""Missing words."""

from __future__ import annotations

import pytest

from heldout.cells.missing import (
    MISSING_AMONG_NUMBERS,
    MISSING_ANYWHERE,
    choose_words,
    declare_words,
    is_missing,
    is_sentinel,
    prepare_words,
)


@pytest.mark.parametrize(
    "text",
    ["", "  ", "?", " ?", "NA", "na", "N/A", "nan", "NaN", "null", "NULL", "#N/A", "#DIV/0!", "######"],
)
def test_words_that_are_missing_in_any_column(text: str) -> None:
    assert is_missing(text, prepare_words(MISSING_ANYWHERE))


@pytest.mark.parametrize("text", ["None", "-", "--", ".", "ND", "not done", "missing", "Unknown", "###"])
def test_words_that_are_missing_only_among_numbers(text: str) -> None:
    assert not is_missing(text, prepare_words(MISSING_ANYWHERE))
    assert is_missing(text, prepare_words(MISSING_AMONG_NUMBERS))


@pytest.mark.parametrize("text", ["0", "-999", "9999", "inf", "no", "n", "nb"])
def test_numbers_and_other_words_are_never_guessed_to_be_missing(text: str) -> None:
    assert not is_missing(text, prepare_words(MISSING_AMONG_NUMBERS))


def test_declared_numbers_match_by_value() -> None:
    words = prepare_words(declare_words(["-999"], MISSING_ANYWHERE))
    assert is_sentinel("-999.0", words)
    assert is_missing("-999.0", words)
    assert not is_sentinel("?", words)
    assert not is_missing("-998", words)


def test_an_empty_list_switches_words_off() -> None:
    assert declare_words([], MISSING_ANYWHERE) == ("",)
    assert declare_words(None, ("", "?")) == ("", "?")
    assert declare_words(["?", " Leer "], ("", "?")) == ("", "?", "leer")


def test_namibia_is_a_country_among_country_codes() -> None:
    assert "na" not in choose_words(["NA", "DE", "FR", "ZA", "US", "BR", "?"], among_numbers=False)
    assert "na" in choose_words(["NA", "yes", "no", "DE", "FR", "it"], among_numbers=False)
    assert "na" in choose_words(["NA", "DE", "FR"], among_numbers=False)
    assert "na" in choose_words(["NA", "DE", "FR", "ZA", "US", "BR"], among_numbers=True)
