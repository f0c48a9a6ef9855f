"""Spellings of categories."""

from __future__ import annotations

import pytest

from heldout.cells.spellings import find_initials, find_spellings, read_spelling


def test_case_and_blanks_are_folded_to_the_most_frequent_form() -> None:
    found = find_spellings(["Male", "male", " Male", "Female", "New  York", "New York"], [9, 1, 1, 5, 1, 4])
    assert dict(zip(found.pairs[::2], found.pairs[1::2], strict=True)) == {
        "male": "Male",
        "new york": "New York",
    }
    assert "'male' (1 cell) as 'Male'" in found.merged
    assert read_spelling("MALE", {"male": "Male"}) == "Male"


def test_single_letters_are_never_merged() -> None:
    assert find_spellings(["a", "A"], [5, 5]).pairs == ()


@pytest.mark.parametrize("slip", ["Mlae", "Femle", "Fermale", "Femile"])
def test_slips_are_proposed(slip: str) -> None:
    found = find_spellings(["Male", "Female", slip], [100, 100, 1])
    assert found.typos == ((slip, "Male" if slip == "Mlae" else "Female"),)
    assert found.pairs == ()


@pytest.mark.parametrize(
    "pair",
    [
        ("T1", "T2"),
        ("type A", "type B"),
        ("Grade 12", "Grade 11"),
        ("Officer II", "Officer III"),
        ("cat", "cap"),
    ],
)
def test_near_names_are_no_slips(pair: tuple[str, str]) -> None:
    assert find_spellings(pair, [100, 1]).typos == ()


def test_frequent_texts_are_no_slips() -> None:
    assert find_spellings(["prednisone", "prednisolon"], [100, 40]).typos == ()


@pytest.mark.parametrize(
    ("texts", "counts"),
    [
        (["M", "m ", "F", "f"], [60, 45, 50, 55]),
        (["A", "a", "B", "b", "C"], [90, 4, 80, 6, 70]),
    ],
)
def test_one_letter_in_two_cases_is_one_category_with_its_count_told(
    texts: list[str], counts: list[int]
) -> None:
    found = find_spellings(texts, counts)
    read = {
        read_spelling(text.strip(), dict(zip(found.pairs[::2], found.pairs[1::2], strict=True)))
        for text in texts
    }
    assert len(read) == len({text.strip().casefold() for text in texts})
    assert "cells) as" in found.merged
    assert (found.cases, found.initials) == ((), ())


@pytest.mark.parametrize(
    ("texts", "counts", "cases"),
    [
        (["A", "a", "B", "b"], [50, 40, 60, 50], (("a", "A"), ("b", "B"))),  # alleles
        (["a", "A"], [5, 5], ()),
        (["A", "B", "c"], [5, 5, 5], ()),
    ],
)
def test_letters_that_may_be_two_things_stay_two(
    texts: list[str], counts: list[int], cases: tuple[tuple[str, str], ...]
) -> None:
    found = find_spellings(texts, counts)
    assert (found.pairs, found.cases) == ((), cases)


@pytest.mark.parametrize(
    ("texts", "initials"),
    [
        (["Male", "M", "Female", "F"], (("M", "Male"), ("F", "Female"))),
        (["male", "Female", "m"], (("m", "male"),)),
        (["T", "Tumour", "Normal", "unknown"], (("T", "Tumour"),)),
        (["A", "B", "Absent"], ()),
        (["M", "Male", "Mixed"], ()),
        (["S", "C", "Q"], ()),
        (["Male", "Female"], ()),
        (["T", "T1", "N0"], ()),
    ],
)
def test_initials_are_asked_only_where_each_has_one_word(
    texts: list[str], initials: tuple[tuple[str, str], ...]
) -> None:
    assert find_spellings(texts, [20] * len(texts)).initials == initials


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["F", "female", "M", "male", "X"], (("F", "female"), ("M", "male"))),
        (["y", "yes", "n", "no", "not asked"], (("y", "yes"), ("n", "no"))),
        (["t", "true", "f", "false", "u"], (("t", "true"), ("f", "false"))),
        (["f", "female", "false", "x"], ()),
        (["A", "Absent", "B"], ()),
    ],
)
def test_sexes_and_answers_are_asked_about_beside_any_other_letters(
    texts: list[str], expected: tuple[tuple[str, str], ...]
) -> None:
    assert find_initials(texts) == expected
