"""Numbers with units, limits and more."""

from __future__ import annotations

import pytest

from heldout.cells.quantities import Quantity, fold_noun, name_unit, parse_quantity, settle_quantity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("72 kg", Quantity(72, 0, "kg")),
        ("72kg", Quantity(72, 0, "kg")),
        ("1.2e3/\u00b5l", Quantity(1200, 0, "/\u00b5l")),
        ("5.2 \u00d710\u2079/L", Quantity(5.2, 0, "/nl")),
        ("5'11\"", Quantity(5 + 11 / 12, 0, "ft")),
        ("2 h 30 min", Quantity(2.5, 0, "h")),
        ("<0.5", Quantity(0.5, -1)),
        ("\u2265 3 mg/L", Quantity(3, 1, "mg/l")),
        ("60+", Quantity(60, 1)),
        ("less than 5", Quantity(5, -1)),
        ("7 %", Quantity(7, 0, "%")),
        ("$70,000.00", Quantity(70_000, 0, "$")),
        ("12 beds", Quantity(12, 0, "bed")),
        ("3 of 5", Quantity(3, 0, "of 5")),
        ("~5", Quantity(5, 0, "", True)),
        ("98 F", Quantity(98, 0, "\u00b0F")),
    ],
)
def test_quantities_are_read(text: str, expected: Quantity) -> None:
    found = parse_quantity(text)
    assert found is not None
    assert found.value == pytest.approx(expected.value)
    assert (found.bound, found.unit, found.is_about) == (expected.bound, expected.unit, expected.is_about)


@pytest.mark.parametrize(
    "text",
    [
        "M/0.75",
        "120/80 mmHg",
        "10-20",
        "5\u00b11 kg",
        "5O.1",
        "12th",
        "2021-03-04",
        "12:30",
        "",
        "kg",
        "1,234",
        "A5",
        "x" * 99,
    ],
)
def test_what_is_not_one_quantity_is_none(text: str) -> None:
    assert parse_quantity(text) is None


def test_units_are_settled_in_the_columns_unit() -> None:
    assert settle_quantity(Quantity(1.0), unit="kg") == (1.0, False)
    assert settle_quantity(Quantity(1.0, 0, "kg"), unit="kg") == (1.0, False)
    assert settle_quantity(Quantity(1.0, 0, "g"), unit="kg") == (0.001, True)
    assert settle_quantity(Quantity(1.0, 0, "m"), unit="kg") is None
    assert settle_quantity(Quantity(1.0, 0, "kg"), unit="") is None


def test_names_and_nouns_have_one_form() -> None:
    assert (name_unit("KG"), name_unit("beds"), fold_noun("Visits.")) == ("kg", "beds", "visit")
