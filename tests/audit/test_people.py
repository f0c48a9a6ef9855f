from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from audit.tables import make_input
from heldout.audit.people import check_people, find_people, find_topic
from heldout.records import Kind, Severity


def make_table(**more: list[str]) -> dict[str, list[str]]:
    rng = np.random.default_rng(0)
    return {"x": [f"{v:.5f}" for v in rng.normal(size=300)], **more, "y": ["a", "b"] * 150}


@pytest.mark.parametrize(
    ("name", "topic"),
    [
        ("SEX", "sex"),
        ("patient_sex", "sex"),
        ("Gender/Age of onset", "sex"),
        ("Geschlecht", "sex"),
        ("Race/Ethnicity", "origin"),
        ("ethnic_group", "origin"),
        ("AgeAtOnset", "age"),
        ("birth_year", "age"),
        ("stage", ""),
        ("bracelet", ""),
        ("car_age", ""),
        ("", ""),
    ],
)
def test_headers_about_people_are_known(name: str, topic: str) -> None:
    assert find_topic(name) == topic


def test_two_sexes_are_counted_and_questioned() -> None:
    found = check_people(make_input(make_table(sex=["F", "M", "M"] * 100), "y"))[0]
    assert found.severity is Severity.INFO
    assert "two values only" in found.sentence
    assert "never recoded" in found.action


def test_numbers_without_a_meaning_are_asked_for() -> None:
    data = make_input(make_table(sex=["0", "1", "1"] * 100), "y", kinds={"sex": Kind.CATEGORY})
    found = check_people(data)[0]
    assert found.severity is Severity.WARNING
    assert "numbers without a meaning" in found.sentence


def test_other_and_small_groups_are_named() -> None:
    race = ["W"] * 250 + ["Other"] * 40 + ["N"] * 10
    found = check_people(
        make_input(make_table(race=np.random.default_rng(0).permutation(race).tolist()), "y")
    )[0]
    assert "put together different people" in found.sentence
    assert "fewer than 30 rows in 'N'" in found.sentence


def test_unknown_merged_with_missing_is_told() -> None:
    race = ["W"] * 200 + ["unknown"] * 50 + [""] * 50
    data = make_input(make_table(race=np.random.default_rng(0).permutation(race).tolist()), "y")
    columns = tuple(
        replace(
            c,
            spec=replace(c.spec, missing_words=("", "unknown")),
            codes=np.where(np.isin(c.codes, [c.levels.index("unknown")]), -1, c.codes),
        )
        if c.spec.name == "race"
        else c
        for c in data.columns
    )
    assert "counted as one" in check_people(replace(data, columns=columns))[0].sentence
    assert "counted as one" not in check_people(data)[0].sentence


def test_ages_outside_a_life_and_ages_cut_off_are_told() -> None:
    rng = np.random.default_rng(0)
    ages = rng.integers(20, 90, 300)
    ages[::5] = 90
    ages[::50] = 999
    found = check_people(make_input(make_table(age=[str(v) for v in ages]), "y"))[0]
    assert "outside 0 to 120" in found.sentence
    capped = check_people(make_input(make_table(age=[str(min(v, 90)) for v in ages]), "y"))[0]
    assert "at exactly 90" in capped.sentence


def test_a_column_that_is_taken_apart_is_spoken_for_by_its_parts() -> None:
    data = make_input(
        make_table(**{"sex/age": ["F/3", "M/2", "M/7"] * 100, "part": ["F", "M", "M"] * 100}), "y"
    )
    columns = tuple(
        replace(c, spec=replace(c.spec, name="sex/age/sex", source="sex/age", part="sex"))
        if c.spec.name == "part"
        else c
        for c in data.columns
    )
    assert [item.column.spec.name for item in find_people(replace(data, columns=columns))] == ["sex/age/sex"]


def test_without_people_the_check_passes() -> None:
    assert check_people(make_input(make_table(), "y"))[0].title == "passed: quantification of people"
