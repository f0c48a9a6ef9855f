"""What spreadsheets leave in cells."""

from __future__ import annotations

import random

import pytest

from heldout.sources.columns import encode_cells
from heldout.sources.damage import find_damage, unwrap_formulas


def test_formulas_around_texts_are_taken_off() -> None:
    column = encode_cells("zip", ['="007"', "12", '="12"', "=A1+1", '="007"'])
    (read,), notes = unwrap_formulas([column], name="t.csv")
    assert [read.levels[code] for code in read.codes] == ["007", "12", "12", "=A1+1", "007"]
    assert len(set(read.levels)) == len(read.levels)
    assert "2 distinct cells written as a formula" in notes[0]


def test_columns_without_formulas_stay_the_same_object() -> None:
    column = encode_cells("x", ["a", "=b"])
    (read,), notes = unwrap_formulas([column], name="t.csv")
    assert read is column
    assert notes == ()


@pytest.mark.parametrize("seed", range(5))
def test_one_gene_in_a_hundred_turned_into_a_date_is_found(seed: int) -> None:
    rng = random.Random(seed)
    genes = [f"{rng.choice(['BRCA', 'TP', 'SEPT', 'MARCH', 'HLA-'])}{i}" for i in range(300)]
    assert find_damage([encode_cells("gene", genes)], name="t.csv") == ()
    for i in rng.sample(range(300), 3):
        genes[i] = rng.choice(["2-Sep", "1-Mar", "Sep-02", "10-Dec"])
    (note,) = find_damage([encode_cells("gene", genes)], name="t.csv")
    assert "column 'gene'" in note
    assert "turned into a date" in note


def test_rounded_identifiers_and_errors_are_found() -> None:
    columns = [
        encode_cells("id", ["1.24E+18", "1237650000000000000"]),
        encode_cells("dose", ["1.5", "#REF!", "#DIV/0!"]),
        encode_cells("small", ["1.2E-5", "3.4E+02", "6.02E23"]),
        encode_cells("dates", ["2-Sep", "3-Sep", "1-Mar"]),
        encode_cells("empty", []),
    ]
    notes = find_damage(columns, name="t.csv")
    assert len(notes) == 2
    assert "a long number that a spreadsheet rounded" in notes[0]
    assert "2 distinct cells that look like an error value" in notes[1]
