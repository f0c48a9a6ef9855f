"""Columns of numbers, codes and keys."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.missing import MISSING_AMONG_NUMBERS
from heldout.cells.numeric import NumberEvidence, judge_codes, measure_numbers
from heldout.cells.readings import NumberForm
from heldout.cells.tally import Tally, keep_present, tally_column
from heldout.records import Kind
from heldout.sources.columns import encode_cells


def measure(cells: list[str], name: str = "x", decimal: str = ".") -> tuple[Tally, NumberEvidence]:
    tally = tally_column(encode_cells(name, cells), np.arange(len(cells)))
    return tally, measure_numbers(tally, keep_present(tally, MISSING_AMONG_NUMBERS), form=NumberForm(decimal))


def judge(cells: list[str], name: str = "x") -> Kind | None:
    found = judge_codes(*measure(cells, name))
    return found[0] if found else None


def test_evidence_counts_rows_not_texts() -> None:
    _, evidence = measure(["1", "1", "2.5", "x1", "-", "1.0"])
    assert evidence.share == pytest.approx(0.8)
    assert (evidence.n_parsed, evidence.n_distinct, evidence.low, evidence.high) == (4, 2, 1.0, 2.5)
    assert not evidence.is_whole
    assert not evidence.is_unique
    assert evidence.unparsed == ("x1",)


def test_counters_and_keys_are_identifiers() -> None:
    numbers = [str(i) for i in range(1, 41)]
    assert judge(numbers) is Kind.IDENTIFIER
    # Cut to two thirds of the rows it still rises.
    assert judge([number for i, number in enumerate(numbers) if i % 3]) is Kind.IDENTIFIER
    shuffled = [str((i * 7919) % 1_000_003) for i in range(1, 41)]
    assert judge(shuffled) is None
    assert judge(shuffled, "patient_id") is Kind.IDENTIFIER


def test_amounts_are_no_keys() -> None:
    assert judge([f"{i}.5" for i in range(40)], "id") is None
    assert judge([str(i * i * i) for i in range(40)], "price") is None
    assert judge([str(1990 + i) for i in range(20)], "year") is None
    assert judge([str(i % 7) for i in range(40)]) is None
    assert judge(["1", "2", "3"], "id") is None


def test_few_numbers_under_a_key_name_and_padded_numbers_are_codes() -> None:
    assert judge([str(i % 5) for i in range(400)], "admission_type_id") is Kind.CATEGORY
    assert judge([f"{i % 90:05d}" for i in range(400)], "zip") is Kind.CATEGORY
    assert judge([f"{i * 37 % 1000:05d}" for i in range(400)], "zip") is Kind.IDENTIFIER
    # One slip of the pen among a hundred is no padding.
    assert judge(["07", *(str(i % 50 + 10) for i in range(100))]) is None


def test_diagnosis_codes_make_numbers_codes() -> None:
    coded = [str(200 + i % 90) for i in range(300)] + [f"V{i % 6 + 10}" for i in range(12)]
    assert measure(coded)[1].has_letter_codes
    slips = [str(200 + i % 90) for i in range(300)] + ["O5", "l7", "S9", "B8", "Z2", "I1"]
    assert not measure(slips)[1].has_letter_codes


def test_nearly_unique_large_whole_numbers_are_told() -> None:
    assert measure([str(1_000_000 + i * 7919 % 999_983) for i in range(80)])[1].looks_keyed
    assert not measure([str(i) for i in range(80)])[1].looks_keyed
