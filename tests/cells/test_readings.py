"""Cells of a column of numbers."""

from __future__ import annotations

import pytest

from heldout.cells.readings import NumberForm, read_number
from heldout.records import Status


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("5", NumberForm(), (5.0, Status.OK)),
        ("\u22125", NumberForm(), (-5.0, Status.REPAIRED)),
        ("<5", NumberForm(), (5.0, Status.CENSORED_BELOW)),
        (">= 5 mg", NumberForm(unit="mg"), (5.0, Status.CENSORED_ABOVE)),
        ("5 mg", NumberForm(unit="mg"), (5.0, Status.OK)),
        ("5 g", NumberForm(unit="mg"), (5000.0, Status.REPAIRED)),
        ("5 kg", NumberForm(unit="cm"), None),
        ("5 kg", NumberForm(), None),
        ("1.234,5", NumberForm(",", "."), (1234.5, Status.REPAIRED)),
        ("5O", NumberForm(), None),
    ],
)
def test_each_cell_has_a_value_and_a_status(text: str, form: NumberForm, expected: object) -> None:
    assert read_number(text, form) == expected
