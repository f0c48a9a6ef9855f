"""What spreadsheets do to keys and names is found, and clean columns stay silent."""

from __future__ import annotations

import random

import pytest

from heldout.spreadsheet import find_spreadsheet


def look(texts: list[str]) -> list[tuple[str, ...]]:
    return [trace.texts for trace in find_spreadsheet(texts)]


@pytest.mark.parametrize("seed", range(5))
def test_one_gene_in_a_hundred_turned_into_a_date_is_found(seed: int) -> None:
    rng = random.Random(seed)
    genes = [f"{rng.choice(['BRCA', 'TP', 'SEPT', 'MARCH', 'HLA-'])}{i}" for i in range(300)]
    assert look(genes) == []
    for i, text in zip(rng.sample(range(300), 3), ["2-Sep", "Mar-01", "2-Sep-24"], strict=True):
        genes[i] = text
    assert [set(texts) for texts in look(genes)] == [{"2-Sep", "Mar-01", "2-Sep-24"}]


def test_genes_stored_as_whole_dates_are_found_among_genes_only() -> None:
    assert look(["TP53", "BRCA1", "EGFR", "2024-09-02"]) == [("2024-09-02",)]
    assert look(["never", "later", "2024-09-02"]) == []
    assert look(["2-Sep", "3-Sep", "1-Mar"]) == []


@pytest.mark.parametrize("seed", range(20))
def test_numbers_rounded_to_15_digits_are_told_from_chance(seed: int) -> None:
    rng = random.Random(seed)
    ids = [f"{rng.randrange(10**16, 10**17)}{rng.randrange(1, 10)}" for _ in range(200)]
    assert look(ids) == []
    cut = [text[:15] + "000" for text in ids]
    assert look(cut) == [tuple(cut)]
    assert look([*ids[:100], *cut[100:103]]) == [tuple(cut[100:103])]
    one_zero = [str(rng.randrange(10**15, 10**16)) for _ in range(200)]
    assert look(one_zero) == []  # a tenth of 16 digits ends in a zero


@pytest.mark.parametrize(
    ("n", "digits"), [(1_000, 16), (1_000, 17), (10_000, 16), (10_000, 17), (10_000, 19)]
)
def test_long_columns_of_cut_numbers_are_told_from_chance_too(n: int, digits: int) -> None:
    rng = random.Random(n + digits)
    keys = [str(rng.randrange(10 ** (digits - 1), 10**digits)) for _ in range(n)]
    assert look(keys) == []
    cut = [key[:15] + "0" * (digits - 15) for key in keys]
    assert look(cut) == [tuple(cut)]


def test_shortened_numbers_count_among_whole_numbers_only() -> None:
    assert look(["100234", "1.23E+05", "100236"]) == [("1.23E+05",)]
    assert look(["100.5", "1.23E+05", "100236"]) == []  # measured
    assert look(["1e+05", "200000"]) == []  # as R writes it, exactly
    assert look(["1.24E+18", "2.5"]) == [("1.24E+18",)]


@pytest.mark.parametrize("seed", range(5))
def test_lost_leading_zeros_are_found(seed: int) -> None:
    rng = random.Random(seed)
    codes = [f"{rng.randrange(100_000):05}" for _ in range(300)]
    assert look(codes) == []
    assert look([*codes, "413", "12"]) == [("413", "12")]
    assert look([str(rng.randrange(100_000)) for _ in range(300)]) == []
    assert look(["0", "1", "10", "100"]) == []


def test_error_values_and_cells_without_room_are_found() -> None:
    (trace,) = find_spreadsheet(["1.5", "#REF!", "#DIV/0!", "######", "#1", "##"])
    assert trace.texts == ("#REF!", "#DIV/0!", "######")


def test_columns_of_measured_numbers_stay_silent() -> None:
    assert look(["1.2E-5", "3.4", "6.02E23"]) == []
    assert look(["0.5", "1.25", "-3"]) == []
    assert look([]) == []
