"""Units of columns."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.marks import Marks
from heldout.cells.measures import UnitChoice, choose_unit
from heldout.cells.tally import Present
from heldout.errors import DataError


def choose(*texts: str, column: str = "x", said: str | None = None) -> UnitChoice:
    present = Present(texts, np.ones(len(texts), np.int64), len(texts), 0, "")
    return choose_unit(present, column=column, marks=Marks(), said=said)


def test_the_cells_or_the_name_say_the_unit() -> None:
    assert choose("1 kg", "2 kg").unit == "kg"
    assert choose("1", "2", column="weight (kg)").unit == "kg"
    assert choose("1", "2").unit == ""
    assert choose("1 g", "2 kg", "3 kg").unit == "kg"
    assert choose("1 g", "2 g", "3", column="weight_kg").unit == "kg"
    assert choose("1 kg", "2", said="lb").unit == "lb"


def test_bare_numbers_beside_one_unit_ask_and_beside_two_are_refused() -> None:
    asked = choose("1 kg", "2 kg", "3")
    assert asked.unit == "kg"
    assert '1 cells name no unit and are read as kg; if so, say columns."x".unit = "kg"' in asked.question
    with pytest.raises(
        DataError, match=r"1 of 3 cells name no unit, the others g .1., kg .1.\n  -> .*unit ="
    ):
        choose("1 kg", "2 g", "3")


def test_two_dimensions_are_refused_unless_the_substance_is_known() -> None:
    with pytest.raises(
        DataError, match="units that cannot be converted into each other: mg/dl .2., mmol/l .1."
    ):
        choose("100 mg/dl", "90 mg/dl", "5 mmol/l")
    assert choose("100 mg/dl", "90 mg/dl", "5 mmol/l", column="glucose").unit == "mg/dl"


def test_percent_beside_fractions_is_refused() -> None:
    with pytest.raises(DataError, match="may be fractions .0 to 1. beside 2 cells in percent"):
        choose("7 %", "12 %", "0.07")
    assert choose("7 %", "12 %", "15").unit == "%"


def test_letters_after_house_numbers_are_no_units() -> None:
    assert choose("12", "14", "15a", "16", "17 m").unit == ""
