"""Maps from target cells to classes."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells.target_map import ClassMap, fold_label, paste_map
from heldout.errors import UsageError


def test_texts_come_before_numbers_before_ranges() -> None:
    mapping = ClassMap.parse({"0": "no", "1..4": "yes", "3": "three", "n.k.": "", "-2..-1": "low"})
    cells = ["0", " 0.0", "1", "4.0", "3", "3.0", "n.k.", "-1", "2.5", "5", "x"]
    found = [mapping.find(cell) for cell in cells]
    assert found == ["no", "no", "yes", "yes", "three", "three", "", "low", None, None, None]


def test_a_map_of_missing_words_alone_leaves_other_cells_open() -> None:
    assert not ClassMap.parse({"?": ""}).is_complete
    assert ClassMap.parse({"?": "", "1": "one"}).is_complete


def test_ranges_are_checked() -> None:
    with pytest.raises(UsageError, match="the range '4..1' ends before it begins"):
        ClassMap.parse({"4..1": "yes"})
    with pytest.raises(UsageError, match="the ranges '2..5' -> 'b' and '1..3' -> 'a' overlap"):
        ClassMap.parse({"1..3": "a", "2..5": "b"})


@given(st.dictionaries(st.text(max_size=6), st.text(max_size=6), max_size=4))
@settings(max_examples=60, deadline=None)
def test_a_pasted_map_is_valid_toml(mapping: dict[str, str]) -> None:
    printable = {key: name for key, name in mapping.items() if key.isprintable() and name.isprintable()}
    assert tomllib.loads(paste_map(printable)) == {"target_map": printable}


def test_folding_ignores_case_blanks_and_final_dots() -> None:
    assert fold_label(" >50K.") == fold_label(">50k")
    assert fold_label("a.b") != fold_label("ab")
