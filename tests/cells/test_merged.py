"""Keys that a spreadsheet changed are asked about."""

from __future__ import annotations

import numpy as np

from heldout.cells import declare_columns
from heldout.records import ColumnSpec, Kind, Table
from heldout.settings import ColumnSettings
from heldout.sources import encode_cells


def declare(cells: list[str], **settings: str) -> ColumnSpec:
    table = Table((encode_cells("sample_id", cells),), np.arange(len(cells)) + 2, "t.csv")
    overrides = {"sample_id": ColumnSettings.model_validate(settings)} if settings else {}
    return declare_columns(table, rows=np.arange(len(cells)), overrides=overrides)[0]


def test_rounded_keys_are_asked_about_with_the_line_that_answers() -> None:
    clean = [f"{row * 7919 % 10**9 + 10**9}{row:09}" for row in range(60)]
    cut = [*clean[:50], *(text[:15] + "0000" for text in clean[50:])]
    assert declare(clean).question == ""
    asked = declare(cut)
    assert asked.kind is Kind.IDENTIFIER
    assert "kept 15 digits" in asked.question
    assert asked.question.endswith('columns."sample_id".kind = "identifier"')
    assert declare(cut, kind="identifier").question == ""


def test_genes_that_became_dates_are_asked_about() -> None:
    genes = ["TP53", "BRCA1", "EGFR", "KRAS", "MYC"] * 12
    assert declare(genes).question == ""
    assert "turned into a date" in declare([*genes, "2-Sep"]).question


def test_only_the_rows_that_decide_are_looked_at() -> None:
    genes = [*(["TP53", "BRCA1", "EGFR", "KRAS", "MYC"] * 12), "2-Sep"]
    table = Table((encode_cells("gene", genes),), np.arange(61), "t.csv")
    assert declare_columns(table, rows=np.arange(60))[0].question == ""


def test_error_values_are_missing_in_any_column() -> None:
    spec = declare(["high", "low", "#REF!", "low", "######"] * 8)
    assert spec.why.startswith("2 distinct texts in 24 cells")
