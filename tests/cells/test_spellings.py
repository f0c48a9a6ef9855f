"""Spellings of categories."""

from __future__ import annotations

import pytest

from heldout.cells.spellings import find_spellings, read_spelling


def test_case_and_blanks_are_folded_to_the_most_frequent_form() -> None:
    found = find_spellings(["Male", "male", " Male", "Female", "New  York", "New York"], [9, 1, 1, 5, 1, 4])
    assert dict(zip(found.pairs[::2], found.pairs[1::2], strict=True)) == {
        "male": "Male",
        "new york": "New York",
    }
    assert "'male' as 'Male'" in found.merged
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
