"""What a user says about a column."""

from __future__ import annotations

from heldout.cells.overrides import take_override
from heldout.settings import ColumnSettings


def test_column_settings_are_understood() -> None:
    said = take_override(
        ColumnSettings.model_validate({"kind": "number", "missing": ["-999"], "decimal": ","})
    )
    assert (said.kind, said.missing, said.decimal, said.true) == ("number", ("-999",), ",", None)
    assert take_override(None) == take_override(ColumnSettings.model_validate({}))
