"""Alphabets: letters outside are found with their place."""

from __future__ import annotations

import pytest

from heldout.sources.alphabet import judge_alphabet

PROTEIN = "MENLNMDLLYMAAAVMMGLAAIGAAIGIGILGGKFLEG"


@pytest.mark.parametrize(
    ("sequences", "name"),
    [
        (["ACGT", "acgtn"], "DNA"),
        (["ACGU", "GGUU"], "RNA"),
        ([PROTEIN, "MKV*"], "protein"),
        (["ACGTRYSWKM" + "ACGT" * 10], "DNA"),
        (["AC-GT"], "DNA"),
    ],
)
def test_names(sequences: list[str], name: str) -> None:
    found = judge_alphabet(sequences)
    assert (found.name, found.faults) == (name, {})


@pytest.mark.parametrize(
    ("sequence", "reason"),
    [
        (PROTEIN, "holds E, F, I, L, which are no letters of DNA (first: 'E' at position 2)"),
        ("ACG7T", "holds '7' at position 4, which is no letter of a sequence"),
        ("ACG\x00T", "holds '\\x00' at position 4, which is no letter of a sequence"),
        ("\u0410CGT", "holds '\u0410' (U+0410) at position 1, which is no letter of a sequence"),
        ("NNNNNNNN", "holds only gaps and unknown letters"),
        ("----", "holds only gaps and unknown letters"),
        ("", "has no sequence"),
        ("MKVMKVHHDDSSRRWWYYKKMMVVHHDDSSRRWW", "looks like a protein among nucleotides"),
    ],
)
def test_what_does_not_belong_to_dna(sequence: str, reason: str) -> None:
    found = judge_alphabet(["ACGTACGT", "GGCC", "TTAA", sequence])
    assert found.faults == {3: reason}


def test_dna_among_proteins_and_mixed_spelling() -> None:
    assert judge_alphabet([PROTEIN, PROTEIN, "ACGT" * 10]).faults == {
        2: "holds only letters of DNA among proteins"
    }
    assert judge_alphabet([PROTEIN, PROTEIN, "ACGT"]).faults == {}
    assert judge_alphabet(["ACGT", "ACTT", "ACGU"]).mixed == (2,)


def test_letters_are_counted_without_faulty_records() -> None:
    assert judge_alphabet(["ACGn", "ACGT", "E7"]).letters == {"A": 2, "C": 2, "G": 2, "N": 1, "T": 1}
