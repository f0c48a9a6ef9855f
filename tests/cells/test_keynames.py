"""Keys and codes by name and shape, each with a clean twin."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.keynames import (
    is_bare_person,
    is_code_name,
    is_key_name,
    is_loose_person,
    is_person_key,
    is_person_name,
    split_name,
)
from heldout.cells.kinds import declare_column
from heldout.records import ColumnSpec, RawColumn

RNG = np.random.default_rng(0)
ROWS = 600


def declare(name: str, cells: list[str]) -> ColumnSpec:
    levels, codes = np.unique(np.array(cells, dtype=str), return_inverse=True)
    raw = RawColumn(name, codes.astype(np.int32), tuple(str(level) for level in levels))
    return declare_column(raw, rows=np.arange(len(cells)))


def repeat(low: int, n_distinct: int, *, step: int = 1, form: str = "{}") -> list[str]:
    values = np.resize(low + step * np.arange(n_distinct), ROWS)
    return [form.format(value) for value in RNG.permutation(values)]


@pytest.mark.parametrize(
    ("name", "is_key"),
    [
        ("id", True), ("PassengerId", True), ("patient_nbr", True), ("Family No.", True), ("sampleID", True),
        ("covid", False), ("number_inpatient", False), ("nose", False), ("column_1", False), ("", False),
        ("no_of_visits", False), ("nr_children", False), ("num_ids", False), ("NO2", False), ("NO", True),
    ],
)  # fmt: skip
def test_names_of_keys(name: str, is_key: bool) -> None:
    assert is_key_name(name) is is_key


def test_names_are_split_into_words() -> None:
    assert split_name("MDVP:Fo(Hz)") == ("mdvp", "fo", "hz")
    assert split_name("HTTPServer2") == ("http", "server", "2")
    assert is_person_name("last_name")
    assert not is_person_name("names")
    assert not any(test("") for test in (is_person_key, is_bare_person, is_code_name, is_loose_person))


PERSONS = {
    "patient_id": repeat(0, 60),
    "PatientID": repeat(1_000, 60, step=7),
    "subject_no": repeat(1, 8),
    "subject#": repeat(1, 42),
    "Participant": repeat(101, 60),
    "subject": repeat(0, 60, form="S{:03d}"),
    "user_id": repeat(0, 6, form="U{}"),
    "family": repeat(0, 60, form="F-{}"),
}


@pytest.mark.parametrize("name", PERSONS)
def test_keys_of_persons_leave_the_features_and_are_proposed_as_groups(name: str) -> None:
    spec = declare(name, PERSONS[name])
    assert (spec.kind.value, spec.used, spec.question) == ("identifier", False, "")
    assert "a candidate for --group" in spec.why


@pytest.mark.parametrize(("name", "cells"), [("site_id", repeat(1, 60)), ("family", repeat(1, 60))])
def test_keys_of_what_is_not_said_are_asked(name: str, cells: list[str]) -> None:
    spec = declare(name, cells)
    assert (spec.kind.value, spec.used) == ("identifier", False)
    assert f'columns."{name}".kind = "category"' in spec.question


CODES = {"zip_code": repeat(10_000, 60), "code": repeat(100, 60), "zip": repeat(10_000, 300, step=3)}


@pytest.mark.parametrize("name", CODES)
def test_numbers_that_the_name_calls_codes_are_categories(name: str) -> None:
    spec = declare(name, CODES[name])
    assert (spec.kind.value, spec.used, spec.question) == ("category", True, "")


NUMBERS = {
    "n_patients": repeat(0, 90),
    "patients": repeat(20, 70),
    "no_of_visits": repeat(0, 120),
    "number_inpatient": repeat(0, 120),
    "patient_age": repeat(20, 70),
    "subject_weight": repeat(40, 80),
    "case_count": repeat(0, 400),
    "family": repeat(1, 60, step=2, form="{}.5"),
    "year": repeat(1_950, 70),
    "age": repeat(20, 70),
    "NO": repeat(0, 150),
    "NO2": repeat(0, 150),
    "barcode_scans": repeat(0, 60),
    "glucose": repeat(60, 120),
    "density": repeat(1, 40, form="0.{}"),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_counts_years_and_measurements_stay_numbers_without_a_question(name: str) -> None:
    spec = declare(name, NUMBERS[name])
    assert (spec.kind.value, spec.used, spec.question) == ("number", True, "")


CATEGORIES = {
    "family": [("Rosaceae", "Poaceae", "Fabaceae")[k % 3] for k in range(ROWS)],
    "subject": [f"{('Math', 'History', 'Art')[k % 3]} {k % 20}" for k in range(ROWS)],
    "case": [("nominative", "genitive", "dative")[k % 3] for k in range(ROWS)],
    "drug": repeat(0, 60, form="D{:03d}"),
    "site_id": repeat(1, 5),
}


@pytest.mark.parametrize("name", CATEGORIES)
def test_kinds_under_such_names_stay_categories(name: str) -> None:
    assert declare(name, CATEGORIES[name]).kind.value == "category"
