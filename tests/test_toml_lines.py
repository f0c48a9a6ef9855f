"""Lines to paste are TOML, whatever a column is called."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.tables import make_input
from heldout.audit import run_audit
from heldout.cells.kinds import declare_column
from heldout.errors import DataError, UsageError
from heldout.records import RawColumn
from heldout.settings import Settings, load_settings
from heldout.toml_lines import paste_column, quote_text

HOSTILE = (
    "home dest/x",
    "age#2",
    'a"b',
    "home.dest",
    "two\nlines",
    "back\\slash",
    "bell\x07\x7f",
    "größe µ",
    "[x]",
)
_TEXT = r'"(?:[^"\\\n]|\\.)*"'
_LINE = re.compile(rf"columns\.{_TEXT}\.\w+ = (?:{_TEXT}|\[[^\]]*\]|\{{[^}}]*\}}|[0-9.e+-]+)")


def load_lines(text: str, folder: Path) -> Settings:
    """Every line in a text pasted above the first bracket of a settings file that has brackets already."""
    lines = list(dict.fromkeys(_LINE.findall(text)))
    assert lines, text
    assert text.count("columns.") <= len(_LINE.findall(text)), text
    assert "\n" not in "".join(lines)
    file = folder / "heldout.toml"
    # One setting of a column once: a text may offer two answers.
    settled = {line.partition(" = ")[0]: line for line in lines}
    file.write_text(
        "\n".join(['target = "y"', *settled.values(), "[ladder]", "largest = 100_000"]), encoding="utf-8"
    )
    return load_settings(file)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_line_says_what_it_was_made_of(name: str) -> None:
    for key, value in (
        ("kind", name),
        ("missing", ("-9", name)),
        ("map", {name: "x"}),
        ("range", (0.5, 1e7)),
    ):
        read = tomllib.loads(paste_column(name, key, value))["columns"][name][key]
        assert (tuple(read) if isinstance(read, list) else read) == value


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_survives(text: str) -> None:
    line = paste_column(text, "kind", text)
    assert "\n" not in line
    assert tomllib.loads(line) == {"columns": {text: {"kind": text}}}


def test_half_a_character_is_still_a_line() -> None:
    assert tomllib.loads(f"x = {quote_text(chr(0xD800))}") == {"x": "?"}


@pytest.mark.parametrize("name", ["home.dest/x #2", 'a"b\n\\c'])
def test_the_lines_of_every_finding_can_be_pasted(name: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    goal, x, z = rng.integers(0, 2, 300), rng.normal(size=300).round(3), rng.normal(size=300).round(3)
    columns = {
        "y": ["ab"[g] for g in goal],
        f"{name} copy": ["pq"[g] for g in goal],
        f"{name} near": [f"{g + 0.05 * e:.4f}" for g, e in zip(goal, x, strict=True)],
        f"{name} 1": [f"{v:.3f}" for v in x],
        f"{name} 2": [f"{v:.3f}" for v in z],
        f"{name} sum": [f"{a + b:.3f}" for a, b in zip(x, z, strict=True)],
        f"{name} twice": [f"{v:.3f}" for v in x],
        f"{name} part": ["" if g and e > 0 else str(int(v * 10)) for g, e, v in zip(goal, z, x, strict=True)],
        f"{name} id": [str(k) for k in rng.permutation(300)],
    }
    findings = [item for item in run_audit(make_input(columns, "y")) if "columns." in item.action]
    pasted = {code for item in findings for code in [item.code] if load_lines(item.action, tmp_path).columns}
    assert pasted >= {"HO208", "HO209", "HO210", "HO218", "HO226", "HO230"}


def test_the_lines_for_a_number_target_can_be_pasted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 99, 200), rng.integers(0, 99, 200)
    columns = {'a"1': one, "b.2": two, "y": one + two}
    made = make_input(
        {name: [str(v) for v in values] for name, values in columns.items()}, "y", regression=True
    )
    copy = next(item for item in run_audit(made) if item.code == "HO209")
    assert set(load_lines(copy.action, tmp_path).columns) == {'a"1', "b.2"}


CELLS = {
    "sentinel": [str(k / 7) for k in range(60)] + ["-999"] * 9,
    "impossible": [str(20 + k) for k in range(60)] + ["999"],
    "unit": [f"{50 + k} kg" for k in range(60)] + ["70"] * 3,
    "typo": ["Female"] * 60 + ["Male"] * 60 + ["Femal"],
    "codes": ["1", "2", "3"] * 20,
    "keys": [str(10_007 + 13 * ((k * 37) % 60)) for k in range(60)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_lines_of_every_question_can_be_pasted(name: str, tmp_path: Path) -> None:
    asked = 0
    for cells in CELLS.values():
        levels = tuple(dict.fromkeys(cells))
        raw = RawColumn(name, np.array([levels.index(cell) for cell in cells], np.int32), levels)
        spec = declare_column(raw, rows=np.arange(len(cells)))
        if spec.question:
            asked += 1
            assert set(load_lines(spec.question, tmp_path).columns) == {name}
    assert asked >= 3
    wrong = ["03/04/2021", "05/06/2021"], ["70 kg", "7", "150 lb"], ["7 %", "0.07", "12 %"]
    for cells in wrong:
        raw = RawColumn(name, np.arange(len(cells), dtype=np.int32), tuple(cells))
        with pytest.raises(DataError, match="column") as refused:
            declare_column(raw, rows=np.arange(len(cells)))
        assert set(load_lines(refused.value.hint, tmp_path).columns) == {name}


def test_a_line_below_a_bracket_is_told_where_it_belongs(tmp_path: Path) -> None:
    file = tmp_path / "heldout.toml"
    file.write_text(f"[columns.age]\nkind = 'number'\n{paste_column('x', 'kind', 'ignore')}\n")
    with pytest.raises(UsageError, match=r"belong above the first line in brackets"):
        load_settings(file)
