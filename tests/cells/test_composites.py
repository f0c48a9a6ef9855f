"""Cells that hold several things."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells.composites import GRAMMARS, is_range, list_parts, split_cell


@pytest.mark.parametrize(
    ("text", "grammar", "pattern", "parts"),
    [
        ("F/3", "template", "{sex}/{age}", {"sex": "F", "age": "3"}),
        ("f / 3", "template", "{sex}/{age}", {"sex": "f", "age": "3"}),
        ("3 (75%)", "template", "{n} ({share})", {"n": "3", "share": "75%"}),
        ("10-20", "range", "", {"low": "10", "high": "20"}),
        ("10 to 20 kg", "range", "", {"low": "10 kg", "high": "20 kg"}),
        ("7", "range", "", {"low": "7", "high": "7"}),
        ("5\u00b11", "spread", "", {"value": "5", "spread": "1"}),
        ("120/80 mmHg", "pair", "{a}/{b}", {"a": "120 mmHg", "b": "80 mmHg"}),
        ("Exon 17 Exon 11", "region", "", {"type": "exon", "number": "17", "set": "exon 11; exon 17"}),
        ("Exons 3-5", "region", "", {"type": "exon", "number": "3", "set": "exon 3; exon 4; exon 5"}),
        ("Intron 15", "region", "", {"type": "intron", "number": "15", "set": "intron 15"}),
        ("(II-2) daughter", "pedigree", "", {"generation": "2", "member": "2", "relation": "daughter"}),
        ("(III1) son", "pedigree", "", {"generation": "3", "member": "1", "relation": "son"}),
        ("IV:3", "pedigree", "", {"generation": "4", "member": "3", "relation": ""}),
        ("14:30", "clock", "h:m", {"": "14.5"}),
    ],
)
def test_cells_are_taken_apart(text: str, grammar: str, pattern: str, parts: dict[str, str]) -> None:
    assert split_cell(text, grammar=grammar, pattern=pattern) == parts
    assert set(parts) == set(list_parts(grammar, pattern))


@pytest.mark.parametrize(
    ("text", "grammar", "pattern"),
    [
        ("F3", "template", "{sex}/{age}"),
        ("F/3/4", "template", "{sex}/{age}"),
        ("20-10", "range", ""),
        ("2021-03-04", "range", ""),
        ("120", "pair", "{a}/{b}"),
        ("somewhere", "region", ""),
        ("daughter", "pedigree", ""),
        ("wild type", "variant", ""),
    ],
)
def test_what_does_not_fit_is_none(text: str, grammar: str, pattern: str) -> None:
    assert split_cell(text, grammar=grammar, pattern=pattern) is None


@given(st.text(max_size=30), st.sampled_from(sorted(GRAMMARS)))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_a_grammar(text: str, grammar: str) -> None:
    pattern = {"template": "{a}/{b}", "pair": "{a}/{b}", "clock": "h:m"}.get(grammar, "")
    parts = split_cell(text, grammar=grammar, pattern=pattern)
    assert parts is None or set(parts) == set(list_parts(grammar, pattern))


def test_minus_signs_make_no_range() -> None:
    assert [is_range(text) for text in ("-5", "1-2", "5", "-5-3", "1e-3")] == [
        False,
        True,
        False,
        True,
        False,
    ]
