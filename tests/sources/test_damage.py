"""What spreadsheets leave in cells."""

from __future__ import annotations

from heldout.records import Table
from heldout.sources.columns import encode_cells
from heldout.sources.damage import find_damage, unwrap_formulas
from heldout.sources.delimited import read_delimited


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


def test_each_trace_is_told_with_its_first_line_and_the_number_of_cells() -> None:
    columns = [
        encode_cells("id", ["1.24E+18", "1237650000000000000", "1.24E+18"]),
        encode_cells("dose", ["1.5", "#REF!", "#DIV/0!"]),
        encode_cells("gene", ["TP53", "BRCA1", "2-Sep"]),
        encode_cells("small", ["1.2E-5", "3.4E+02", "6.02E23"]),
        encode_cells("empty", []),
    ]
    notes = find_damage(columns, name="t.csv", lines=[2, 3, 4])
    assert [note[:70] for note in notes] == [
        "t.csv, line 2: column 'id' holds 2 cells that look like a long number ",
        "t.csv, line 3: column 'id' holds 1 cell that looks like a long number ",
        "t.csv, line 3: column 'dose' holds 2 cells that look like an error val",
        "t.csv, line 4: column 'gene' holds 1 cell that looks like a gene name ",
    ]
    assert notes[0].endswith("may have become equal ('1.24E+18')")


def test_the_lines_are_those_of_the_file() -> None:
    table = read_table_bytes(b"gene,y\nTP53,1\nBRCA1,0\nEGFR,0\n2-Sep,1\nKRAS,0\n")
    assert any(note.startswith("t.csv, line 5: column 'gene' holds 1 cell") for note in table.notes)


def read_table_bytes(raw: bytes) -> Table:
    return read_delimited(raw, name="t.csv")
