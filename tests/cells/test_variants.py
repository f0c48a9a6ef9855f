"""Sequence variants."""

from __future__ import annotations

import pytest

from heldout.cells.variants import parse_variants, split_variants

# What each notation says, by hand; the first rows are those of the patient table.
CASES = {
    "Trp660X (c.1980G>A)": [("Trp660Ter", "c.1980G>A", 660, "nonsense")],
    "His584Pro (c.1751A>C) Gly395Arg (c.1183G>C)": [
        ("His584Pro", "c.1751A>C", 584, "missense"),
        ("Gly395Arg", "c.1183G>C", 395, "missense"),
    ],
    "Trp444X (c.1332 G>A)": [("Trp444Ter", "c.1332G>A", 444, "nonsense")],
    "c.1646-2A>T": [("", "c.1646-2A>T", 549, "splice")],
    "c.1768+2T>G": [("", "c.1768+2T>G", 590, "splice")],
    "Tyr565Phefsx5 (c.1694delA)": [("Tyr565PhefsTer5", "c.1694delA", 565, "frameshift")],
    "Trp692IlefsX2 (c.2077_*4delinsA)": [("Trp692IlefsTer2", "c.2077_*4delinsA", 692, "frameshift")],
    "Arg549X (c.1645C>T)": [("Arg549Ter", "c.1645C>T", 549, "nonsense")],
    "F508del": [("Phe508del", "", 508, "in-frame")],
    "p.(Gly12Asp)": [("Gly12Asp", "", 12, "missense")],
    "p.Arg117=": [("Arg117=", "", 117, "synonymous")],
    "c.[350G>A];[1521_1523delCTT]": [
        ("", "c.350G>A", 117, "coding"),
        ("", "c.1521_1523delCTT", 507, "in-frame"),
    ],
    "c.76A>C; p.Ile26Leu": [("Ile26Leu", "c.76A>C", 26, "missense")],
    "c.-32T>C": [("", "c.-32T>C", None, "5' UTR")],
    "c.*97G>A": [("", "c.*97G>A", None, "3' UTR")],
    "c.35_36insTT": [("", "c.35_36insTT", 12, "frameshift")],
    "c.88+9del": [("", "c.88+9del", 30, "intron")],
    "IVS4+1G>A": [("", "IVS4+1G>A", None, "splice")],
    "p.Trp26*": [("Trp26Ter", "", 26, "nonsense")],
}


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_variants_are_read(text: str, expected: list[tuple[str, str, int | None, str]]) -> None:
    found = parse_variants(text)
    assert found is not None
    assert [(one.protein, one.coding, one.codon, one.effect) for one in found] == expected


@pytest.mark.parametrize(
    "text", ["wild type", "rs12345", "Trp660X, mild", "A1", "12G", "", "c.", "c.12", "x" * 300]
)
def test_what_is_not_understood_is_none(text: str) -> None:
    assert parse_variants(text) is None
    assert split_variants(text) is None


def test_parts_of_two_variants() -> None:
    parts = split_variants("His584Pro (c.1751A>C) Gly395Arg (c.1183G>C)")
    assert parts == {
        "effect": "missense",
        "protein": "Gly395Arg; His584Pro",
        "coding": "c.1183G>C; c.1751A>C",
        "codon": "584",
        "count": "2",
    }
