"""Sequences are told from words, codes and categories, and read letter by letter."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.kinds import declare_column
from heldout.cells.sequences import read_sequence
from heldout.cells.typed import type_column
from heldout.errors import DataError
from heldout.records import ColumnSpec, Kind, Status
from heldout.settings import ColumnSettings
from heldout.sources.columns import encode_cells

RNG = np.random.default_rng(0)
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"


def draw(letters: str, n: int, length: int) -> list[str | None]:
    return ["".join(RNG.choice(list(letters), length)) for _ in range(n)]


def declare(cells: list[str | None], name: str = "x", **said: object) -> ColumnSpec:
    override = ColumnSettings.model_validate(said) if said else None
    return declare_column(encode_cells(name, cells), rows=np.arange(len(cells)), override=override)


SEQUENCES: list[tuple[str, list[str | None], str]] = [
    ("x", draw("ACGT", 20, 60), "DNA"),
    ("x", draw("acgt", 20, 21), "DNA"),
    ("x", draw("ACGU", 20, 21), "RNA"),
    ("x", [*draw("ACGTN", 40, 30), "NNNRYACGTTTACG"], "DNA"),
    ("x", [*draw("ACGT", 40, 30), None, "?", "n/a"], "DNA"),
    ("x", [f"\t\t{text[:10]} {text[10:]}" for text in draw("acgt", 20, 30) if text], "DNA"),
    ("x", [f"{text[:9]}--{text[9:]}" for text in draw("ACGT", 20, 30) if text], "DNA"),
    ("x", draw(RESIDUES, 60, 9), "protein"),
    ("x", [f"M{text}*" for text in draw(RESIDUES, 9, 80)], "protein"),
    ("x", [(text or "").lower() for text in draw(RESIDUES, 9, 80)], "protein"),
    ("sequence", ["ACGTA", "CGTC", "CCGCC", "ACGTA", "CGCGC"], "DNA"),
    ("guide", draw("ACGT", 100, 20) * 10, "DNA"),  # each many times, but too many for categories
]
OTHERS: list[tuple[str, list[str | None]]] = [
    ("codon", draw("ACGT", 200, 3)),
    ("genotype", draw("ACGT", 200, 2)),
    ("barcode", draw("ACGT", 3, 12) * 30),  # comes back: a category
    ("code", draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 200, 10)),
    ("code", draw("ABCDEFGH", 200, 10)),
    ("wind", draw("NSWE", 200, 12)),
    ("structure", draw("HEC", 60, 60)),
    ("tune", draw("CDEFGAB", 60, 30)),
    ("key", draw("ACGT0123456789", 60, 12)),
    ("sequence", ["A", "B", "C", "B"] * 9),
    ("sequence", ["first", "second", "third and last", "unknown"] * 9),
]
TEXT = (
    "the quick brown fox jumps over a lazy dog while seventeen patients wait for their results and nobody knows "
    "whether treatment helps at all because hospital records were incomplete throughout most of the winter months"
)
WORDS = TEXT.split()


@pytest.mark.parametrize(("name", "cells", "alphabet"), SEQUENCES)
def test_sequences_are_seen(name: str, cells: list[str | None], alphabet: str) -> None:
    spec = declare(cells, name)
    assert (spec.kind, spec.grammar, spec.pattern, spec.used) == (Kind.SEQUENCE, "letters", alphabet, True)
    assert f"cells are {alphabet} sequences" in spec.why


@pytest.mark.parametrize(("name", "cells"), OTHERS)
def test_other_columns_stay_what_they_are(name: str, cells: list[str | None]) -> None:
    assert declare(cells, name).kind is not Kind.SEQUENCE


@pytest.mark.parametrize("join", ["", " "])
def test_words_are_no_sequences(join: str) -> None:
    cells: list[str | None] = [join.join(RNG.permutation(WORDS)[:8]).upper() for _ in range(100)]
    assert declare(cells).kind is not Kind.SEQUENCE
    assert declare([word.upper() for word in WORDS if len(word) > 6]).kind is not Kind.SEQUENCE


def test_the_evidence_has_numbers_and_names_what_does_not_fit() -> None:
    why = declare([*["ACGTACGTAC", "AAAACCCCGG"] * 15, "MKLVENTRAL"], kind="sequence").why
    assert why == (
        "sequence, as declared; 30 of 31 cells are DNA sequences (2 distinct, 10 letters each; A 35 %, C 35 %, G 20 %, "
        "T 10 %); 1 cells are none and are kept as unparsed ('MKLVENTRAL'); none missing"
    )


def test_cells_are_typed_without_blanks_and_in_their_case() -> None:
    cells: list[str | None] = [" acgtAC GT\t", "acgtACGT", "ACGTX", "?", None, "NNN-"]
    column = type_column(encode_cells("x", cells), declare(cells, kind="sequence"))
    assert column.levels == ("acgtACGT",)
    assert column.codes.tolist() == [0, 0, -1, -1, -1, -1]
    assert [Status(one).name for one in column.status] == [
        "REPAIRED",
        "OK",
        "UNPARSED",
        "MISSING",
        "MISSING",
        "UNPARSED",
    ]


def test_a_letter_that_only_looks_right_is_none() -> None:
    assert read_sequence("ACG\u0410", "DNA") is None  # a Cyrillic letter
    assert read_sequence("ACG\x00", "DNA") is None
    assert read_sequence("MKLX*", "protein") == "MKLX*"
    assert read_sequence("MKLX*", "RNA") is None


def test_a_declaration_that_does_not_fit_is_refused() -> None:
    with pytest.raises(
        DataError, match="column 'x' is declared a sequence, but none of its cells holds letters"
    ):
        declare(["a1", "b2", "c3"], kind="sequence")


def test_the_user_may_say_that_letters_are_text() -> None:
    assert declare(draw("ACGT", 20, 60), kind="text").kind is Kind.TEXT
