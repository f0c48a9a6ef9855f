"""Columns whose cells hold several things."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.kinds import declare_columns
from heldout.cells.typed import type_table
from heldout.errors import DataError
from heldout.records import ColumnSpec, Kind, SetAside, Status, Table, TypedColumn
from heldout.settings import ColumnSettings
from heldout.sources.columns import encode_cells

SEX_AGE = [f"{sex}/{age}" for sex in "FM" for age in (3, 1.5, 2, 0.75, 4, 5, 40)]


def read(cells: list[str], name: str = "patient", **overrides: object) -> dict[str, TypedColumn]:
    table = Table((encode_cells(name, cells),), np.arange(2, len(cells) + 2), "t.csv")
    said = {key: ColumnSettings.model_validate(value) for key, value in overrides.items()}
    specs = declare_columns(table, rows=np.arange(len(cells)), overrides=said)
    return {typed.spec.name: typed for typed in type_table(table, specs)}


def test_sex_and_age_become_two_columns() -> None:
    columns = read([*SEX_AGE, *SEX_AGE, "?", "F3"])
    assert list(columns) == ["patient", "patient/sex", "patient/age"]
    assert not columns["patient"].spec.used
    sex, age = columns["patient/sex"], columns["patient/age"]
    assert (sex.spec.kind, age.spec.kind) == (Kind.CATEGORY, Kind.NUMBER)
    assert (sex.spec.source, sex.spec.grammar, sex.spec.pattern, sex.spec.part) == (
        "patient",
        "template",
        "{sex}/{age}",
        "sex",
    )
    assert [sex.levels[code] for code in sex.codes[:2]] == ["F", "F"]
    assert age.values[3] == 0.75
    assert sex.status[-2:].tolist() == age.status[-2:].tolist() == [Status.MISSING, Status.UNPARSED]


def test_the_header_says_the_unit_of_the_age() -> None:
    assert read(SEX_AGE, "Gender/Age of onset (year)")["Gender/Age of onset (year)/age"].spec.unit == "yr"
    assert "the unit of the age is not said" in read(SEX_AGE)["patient/age"].spec.why


def test_the_user_may_leave_cells_whole_or_name_the_grammar() -> None:
    assert list(read(SEX_AGE, patient={"grammar": "whole"})) == ["patient"]
    assert list(read(SEX_AGE, patient={"kind": "category"})) == ["patient"]
    forced = read(["10-20", *(str(i) for i in range(30)), "30-40"], "x", x={"grammar": "range"})
    assert forced["x"].spec.decided == "user"
    with pytest.raises(
        DataError, match="'patient' is declared as range, but fewer than 95 % of its cells fit"
    ):
        read(SEX_AGE, patient={"grammar": "range"})


def test_parts_have_settings_of_their_own() -> None:
    columns = read(SEX_AGE, **{"patient/age": {"clip": (0, 10)}})
    assert columns["patient/age"].status[6] == Status.CLIPPED
    assert columns["patient/age"].values[6] == 10
    assert columns["patient/age"].spec.decided == "user"


def test_ranges_among_numbers_become_two_numbers() -> None:
    columns = read([*(str(i) for i in range(40)), "10-20", "12-14"], "dose")
    assert columns["dose/low"].values[-2:].tolist() == [10, 12]
    assert columns["dose/high"].values[-2:].tolist() == [20, 14]
    assert columns["dose/high"].values[5] == 5


def test_new_cells_are_read_by_the_same_grammar() -> None:
    spec = ColumnSpec(
        "p/age", Kind.NUMBER, "", source="p", grammar="template", pattern="{sex}/{age}", part="age"
    )
    table = Table((encode_cells("p", ["X/7", "seven", ""]),), np.array([2, 3, 4]), "new.csv")
    typed = type_table(table, [spec])[0]
    assert typed.status.tolist() == [Status.OK, Status.UNPARSED, Status.UNPARSED]
    assert typed.values[0] == 7


def test_marks_that_a_text_file_loses_are_noted() -> None:
    raw = encode_cells("mutation", ["c.1A>G", "c.4C>T", "c.7del", "c.8C>G"])
    note = SetAside(9, "footnote", "Novel mutations are bolded.")
    table = Table((raw,), np.arange(2, 6), "t.csv", set_aside=(note,))
    specs = declare_columns(table, rows=np.arange(4))
    assert "that mark is not in the file and is lost" in specs[0].why
    assert all("lost" not in spec.why for spec in specs[1:])
