"""Units."""

from __future__ import annotations

import pytest

from heldout.cells.units import UNITS, convert_value, find_name_unit, find_unit


def convert(value: float, unit: str, to: str, *words: str) -> float | None:
    return convert_value(value, UNITS[unit], UNITS[to], name_words=words)


# Independent figures: NIST SP 811 and clinical conversion tables.
@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (150, "lb", "kg", 68.0388555),
        (6, "ft", "cm", 182.88),
        (98.6, "F", "C", 37.0),
        (0, "C", "K", 273.15),
        (760, "mmHg", "kPa", 101.325),
        (1, "h", "min", 60),
        (5, "10^9/l", "/\u00b5l", 5000),
        (13.5, "g/dl", "g/l", 135),
        (1, "IU/ml", "IU/l", 1000),
    ],
)
def test_conversions(value: float, unit: str, to: str, expected: float) -> None:
    made = convert(value, unit, to)
    assert made == pytest.approx(expected, rel=1e-6)
    assert convert(expected, to, unit) == pytest.approx(value, rel=1e-6)


def test_concentrations_need_the_substance() -> None:
    assert convert(100, "mg/dl", "mmol/l", "fasting", "glucose") == pytest.approx(5.55, abs=0.01)
    assert convert(200, "mg/dl", "mmol/l", "cholesterol") == pytest.approx(5.17, abs=0.01)
    assert convert(1.0, "mg/dl", "\u00b5mol/l", "creatinine") == pytest.approx(88.4, abs=0.1)
    assert convert(100, "mg/dl", "mmol/l") is None
    assert convert(1, "kg", "m") is None


def test_there_are_enough_units_and_each_finds_itself() -> None:
    assert len({unit.name for unit in UNITS.values()}) >= 80
    for spelling, unit in UNITS.items():
        assert find_unit(spelling) is unit


def test_case_counts_only_where_it_tells_units_apart() -> None:
    assert find_unit("KG") is UNITS["kg"]
    assert find_unit("MW") is UNITS["MW"]
    assert find_unit("mW") is UNITS["mW"]
    assert find_unit("farad") is None


@pytest.mark.parametrize(
    ("name", "unit"),
    [("weight (kg)", "kg"), ("height_cm", "cm"), ("dose [mg]", "mg"), ("vitamin_d", ""), ("age", "")],
)
def test_units_in_names(name: str, unit: str) -> None:
    found = find_name_unit(name)
    assert (found.name if found else "") == unit
