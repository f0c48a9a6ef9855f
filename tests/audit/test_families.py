from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audit.tables import find_data, make_input, make_raw, read_rows, read_table
from heldout.audit.families import check_families, find_families, find_pattern, split_name
from heldout.links import parse_group_option, read_groups
from heldout.records import Kind, Severity


def make_table(name: str, cells: list[str]) -> dict[str, list[str]]:
    n_rows = len(cells)
    rng = np.random.default_rng(0)
    return {name: cells, "x": [f"{v:.6f}" for v in rng.normal(size=n_rows)], "y": ["a", "b"] * (n_rows // 2)}


@pytest.mark.parametrize(
    ("name", "noun"),
    [("patient_nbr", "patient"), ("PatientID", "patient"), ("Subject No", "subject"), ("family", "family")],
)
def test_units_with_a_name_are_proposed(name: str, noun: str) -> None:
    cells = [f"{k // 4}" for k in range(120)]
    (finding,) = check_families(make_input(make_table(name, cells), "y", kinds={name: Kind.IDENTIFIER}))
    assert finding.severity is Severity.WARNING
    assert finding.sentence.startswith(
        f"120 rows in 30 values of '{name}'; rows of one {noun} were split in "
    )
    assert "too high" in finding.sentence
    assert finding.rows == 120


def test_places_are_proposed_more_quietly() -> None:
    (finding,) = check_families(make_input(make_table("hospital", [f"h{k % 5}" for k in range(100)]), "y"))
    assert finding.severity is Severity.INFO
    assert finding.action.endswith("--group hospital")


@pytest.mark.parametrize(
    "name",
    ["time_in_hospital", "num_lab_procedures", "patient_age", "admission_type_id", "x2", "no_of_visits"],
)
def test_columns_that_only_speak_of_units_are_not_proposed(name: str) -> None:
    cells = [str(k % 4) for k in range(120)]
    assert check_families(make_input(make_table(name, cells), "y"))[0].title == "passed: families"


def test_repeated_identifiers_are_proposed_and_unique_ones_are_not() -> None:
    repeated = [str(1_000_000 + 7 * (k // 2)) for k in range(100)]
    found = find_families(
        make_input(make_table("column_1", repeated), "y", kinds={"column_1": Kind.IDENTIFIER})
    )
    assert [(item.option, item.n_families, item.n_shared) for item in found] == [("column_1", 50, 100)]
    unique = [str(1_000_000 + k) for k in range(100)]
    assert (
        find_families(make_input(make_table("column_1", unique), "y", kinds={"column_1": Kind.IDENTIFIER}))
        == []
    )


def test_torn_units_are_counted_exactly() -> None:
    cells = [str(k // 3) for k in range(60)]
    data = make_input(make_table("patient", cells), "y", kinds={"patient": Kind.IDENTIFIER})
    (item,) = find_families(data)
    torn = set()
    for fold in data.split.folds:
        torn |= {cells[r] for r in fold.fit} & {cells[r] for r in fold.validation}
    assert item.n_torn == len(torn)


def test_a_declared_group_passes_and_another_one_does_not_silence_it() -> None:
    cells = [f"p_S{k // 4:02}_{k % 4}" for k in range(120)]
    table = make_table("name", cells)
    group = read_groups(make_raw("name", cells), pattern=r"S\d+")
    kinds = {"name": Kind.IDENTIFIER}
    declared = make_input(table, "y", kinds=kinds, group=(r"name~S\d+", group))
    assert check_families(declared)[0].title == "passed: families"
    other = dataclasses.replace(make_input(table, "y", kinds=kinds), group="site")
    assert "(the study was split by 'site')" in check_families(other)[0].sentence


def test_missing_identifiers_are_no_family() -> None:
    cells = [("?" if k % 3 else str(k // 6)) for k in range(120)]
    (item,) = find_families(make_input(make_table("patient", cells), "y", kinds={"patient": Kind.IDENTIFIER}))
    assert (item.n_rows, item.n_families) == (40, 20)
    named = [("unknown" if k % 3 else str(k // 6)) for k in range(120)]
    (item,) = find_families(make_input(make_table("patient", named), "y", kinds={"patient": Kind.IDENTIFIER}))
    assert (item.n_rows, item.n_families) == (40, 20)
    assert np.array_equal(item.unit >= 0, np.arange(120) % 3 == 0)


@pytest.mark.parametrize(
    "texts",
    [
        ["A-1", "A-2", "B-1"],
        [f"2020-01-{k:02}" for k in range(1, 29)],
        [f"s{k}" for k in range(20)],
        [f"{k}_x" for k in range(20)],
        ["a_1", "b", "c_2_3", "d_1"],
    ],
)
def test_texts_without_families(texts: list[str]) -> None:
    assert find_pattern(texts) is None


def test_a_general_pattern_is_given_where_no_short_one_fits() -> None:
    texts = [f"{a}_{b}" for a in ("smith", "jones", "lee") for b in range(4)]
    found = find_pattern(texts)
    assert found is not None
    group = read_groups(make_raw("name", texts), pattern=found[0])
    assert group.tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_names_are_split_into_words() -> None:
    assert split_name("patientId2") == ["patient", "id", "2"]
    assert split_name("") == []


def test_parkinsons_subjects() -> None:
    table = read_table(find_data("parkinsons/parkinsons.csv"))
    data = make_input(table, "status", kinds={"name": Kind.IDENTIFIER})
    (finding,) = check_families(data)
    assert finding.sentence.startswith(
        "195 rows in 32 families by the pattern of 'name'; rows of one family were split"
    )
    assert finding.action.endswith(r"--group 'name~S\d+'")
    column, pattern = parse_group_option(r"name~S\d+")
    assert read_groups(make_raw(column, table[column]), pattern=pattern).max() == 31


def test_breast_cancer_ids() -> None:
    names = ["id", *(f"f{k}" for k in range(9)), "class"]
    table = read_table(find_data("breast_cancer_wisconsin/breast-cancer-wisconsin.data"), names)
    data = make_input(table, "class", kinds={"id": Kind.IDENTIFIER})
    (item,) = find_families(data)
    assert item.n_families == len({table["id"][row] for row in data.rows})
    assert item.n_torn > 0


def test_diabetes_patients() -> None:
    rows = read_rows(find_data("diabetes130/diabetic_data.csv.gz"))
    wanted = ["encounter_id", "patient_nbr", "gender", "time_in_hospital", "num_lab_procedures", "readmitted"]
    table = {name: [row[rows[0].index(name)] for row in rows[1:]] for name in wanted}
    kinds = {"encounter_id": Kind.IDENTIFIER, "patient_nbr": Kind.IDENTIFIER}
    data = make_input(table, "readmitted", kinds=kinds)
    (finding,) = check_families(data)
    n_patients = len({table["patient_nbr"][row] for row in data.rows})
    assert finding.sentence.startswith(
        f"{len(data.rows)} rows in {n_patients} values of 'patient_nbr'; rows of one patient"
    )


def test_a_place_in_a_family_is_no_person() -> None:
    places = [f"({'I' * (k % 3 + 1)}-{k % 4 + 1})" for k in range(60)]
    data = make_input({"Patient": places, "x": [f"{k}.5" for k in range(60)], "y": ["a", "b"] * 30}, "y")
    assert [item.column for item in find_families(data)] == ["Patient"]
    part = dataclasses.replace(
        data.columns[0].spec,
        name="Patient/generation",
        source="Patient",
        grammar="pedigree",
        part="generation",
    )
    taken_apart = (*data.columns, dataclasses.replace(data.columns[0], spec=part))
    assert not find_families(dataclasses.replace(data, columns=taken_apart))


@pytest.mark.parametrize("name", ["site", "hospital", "patient"])
def test_two_large_groups_are_no_units_to_keep_together(name: str) -> None:
    table = {name: ["A", "B"] * 100, "x": [f"{k}.5" for k in range(200)], "y": ["p", "q"] * 100}
    assert find_families(make_input(table, "y")) == []


def test_who_somebody_is_to_a_patient_names_nobody() -> None:
    roles = ["(I-1) father", "(I-2) mother", "(II-1) son", "(II-2) daughter", "proband", "(II-3) sister"]
    table = {"Patient": roles * 20, "x": [f"{k}.5" for k in range(120)], "y": ["p", "q"] * 60}
    assert find_families(make_input(table, "y", kinds={"Patient": Kind.CATEGORY})) == []


def test_many_small_groups_are_proposed() -> None:
    table = {
        "site": [f"s{k % 20}" for k in range(200)],
        "x": [f"{k}.5" for k in range(200)],
        "y": ["p", "q"] * 100,
    }
    assert [item.option for item in find_families(make_input(table, "y"))] == ["site"]
