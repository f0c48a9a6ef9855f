"""Keys that a spreadsheet cut: a finding with the rows that fall together, and no proposal of a group."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audit.tables import make_input, make_raw
from audit.test_alike import make_planted
from heldout.audit.cut_keys import check_cut_keys, find_cut_cells, hide_cut_keys, is_key
from heldout.audit.families import check_families, find_families
from heldout.records import Kind, Severity

CUT = [f"1.6{k // 3:02d}E+15" for k in range(60)]
WHOLE = [str(1_600_000_000_000_000 + 37 * (k // 3)) for k in range(60)]


def make_data(cells: list[str], *, name: str = "patient_key", kind: Kind = Kind.IDENTIFIER):
    rng = np.random.default_rng(0)
    table = {name: cells, "x": [f"{value:.5f}" for value in rng.normal(size=len(cells))]}
    return make_input(table | {"y": ["a", "b"] * (len(cells) // 2)}, "y", kinds={name: kind})


def test_rows_that_fall_together_are_told_with_their_lines() -> None:
    (finding,) = check_cut_keys(make_data(CUT))
    assert (finding.code, finding.severity, finding.column) == ("HO254", Severity.WARNING, "patient_key")
    assert finding.rows == 60
    assert finding.sentence.startswith(
        "60 cells of 'patient_key' hold the first digits of a long number alone"
    )
    assert "60 of them fall together in 20 values" in finding.sentence
    assert "'1.600E+15' 3 rows (lines 2, 3, 4)" in finding.sentence
    assert finding.sentence.endswith(" and 17 more")


def test_a_column_of_cut_keys_alone_is_no_proposal_of_a_group() -> None:
    data = make_data(CUT)
    assert hide_cut_keys(data)[1]["patient_key"].tolist() == data.rows.tolist()
    assert find_families(data) == []
    whole = make_data(WHOLE)
    assert [item.column for item in find_families(whole)] == ["patient_key"]
    assert check_cut_keys(whole)[0].title.startswith("passed")
    assert hide_cut_keys(whole) == (whole, {})


@pytest.mark.parametrize("kind", [Kind.IDENTIFIER, Kind.CATEGORY, Kind.NUMBER])
def test_one_cut_key_takes_its_row_out_of_the_units_and_no_other(kind: Kind) -> None:
    cells = ["1.6E+15" if row == 7 else cell for row, cell in enumerate(WHOLE)]
    data = make_data(cells, kind=kind)
    (item,) = find_families(data)
    assert (item.option, item.n_rows, item.n_families, item.n_cut) == ("patient_key", 59, 20, 1)
    assert np.flatnonzero(item.unit < 0).tolist() == [7]
    (finding,) = check_families(data)
    assert finding.severity is Severity.WARNING
    assert "(1 further row whose key lost digits left out)" in finding.sentence
    assert "take the column from the original file (HO254) and use --group patient_key" in finding.action
    assert data.table.columns[0].codes.min() >= 0  # what was given is as it was


def test_rows_that_share_a_cut_key_are_no_unit() -> None:
    cells = ["1.6E+15" if row % 5 == 0 else cell for row, cell in enumerate(WHOLE)]
    (item,) = find_families(make_data(cells))
    assert (item.n_rows, item.n_cut) == (48, 12)
    assert np.bincount(item.unit[item.unit >= 0]).max() == 3


def test_a_column_without_a_telling_name_is_found_by_its_whole_keys() -> None:
    table = make_planted(0)
    table["code"][:2] = ["1.6E+15", "1.6E+15"]
    data = make_input(table, "y")
    (found,) = [item for item in find_families(data) if item.column == "code"]
    assert found.likeness is not None
    assert found.n_cut == int((data.rows < 2).sum()) > 0


def test_keys_read_as_numbers_are_told_and_measured_numbers_are_not() -> None:
    cells = ["1.6E+15"] * 40 + ["1.7E+15"] * 20
    told = check_cut_keys(make_data(cells, name="account_id", kind=Kind.NUMBER))
    assert told[0].column == "account_id"
    assert "'1.6E+15' 40 rows (lines 2, 3, 4, 5 and 36 more)" in told[0].sentence
    measured = check_cut_keys(make_data(cells, name="frequency", kind=Kind.NUMBER))
    assert measured[0].title.startswith("passed")


def test_cut_keys_that_still_differ_are_told_without_falling_together() -> None:
    cells = [f"{1600000000000000 + k}" if k > 3 else f"1.{k}11E+15" for k in range(60)]
    (finding,) = check_cut_keys(make_data(cells))
    assert finding.rows == 4
    assert "no two of these rows have the same value" in finding.sentence


def test_a_user_who_says_that_the_cells_are_right_hears_nothing() -> None:
    data = make_data(CUT)
    columns = tuple(
        dataclasses.replace(item, spec=dataclasses.replace(item.spec, decided="user"))
        for item in data.columns
    )
    assert check_cut_keys(dataclasses.replace(data, columns=columns))[0].title.startswith("passed")
    assert not is_key(columns[0])


@pytest.mark.parametrize(("cells", "expected"), [(["1.6E+15", "42"], [0]), (["16", "17"], [])])
def test_cut_cells(cells: list[str], expected: list[int]) -> None:
    assert find_cut_cells(make_raw("id", cells), np.arange(2)).tolist() == expected
