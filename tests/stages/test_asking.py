"""What `look` shows of a table in which some columns have two readings."""

from __future__ import annotations

import json

import numpy as np
import pytest

import heldout
from heldout import cli
from heldout.errors import DataError
from heldout.records import Table
from heldout.report import look_text
from heldout.report.look import render_look
from heldout.settings import Settings
from heldout.sources import encode_cells
from heldout.stages.asking import find_questions, join_questions, keep_texts
from heldout.stages.looking import look_at

LINES = (
    'columns."when".date_format = "%d/%m/%Y"',
    'columns."amount".thousands = ","',
    'columns."dose".unit = "mg"',
)


@pytest.fixture
def unclear(tmp_path, monkeypatch):
    """A table with three columns of two readings, and two plain ones."""
    rng = np.random.default_rng(0)
    rows = ["age,when,amount,dose,ill"]
    for row in range(120):
        unit = ["mg", "mg", "g", ""][row % 4]
        day, month = 1 + row % 12, 1 + (row * 5) % 12
        amount = f'"{rng.integers(1, 9)},{rng.integers(100, 999)}"'
        rows.append(
            f"{rng.integers(20, 80)},{day:02d}/{month:02d}/2020,{amount},{rng.integers(1, 9)} {unit},{'yn'[row % 2]}"
        )
    (tmp_path / "visits.csv").write_text("\n".join(rows) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "visits.csv"


def list_asked(content):
    return [item.column for item in content.findings if item.code == "HO215"]


def test_all_other_columns_are_shown_and_every_question_is_asked(unclear):
    content = look_at(str(unclear), Settings(target="ill"))
    kinds = {note.name: note.kind for note in content.columns}
    assert kinds == {
        "age": "number",
        "when": "unclear",
        "amount": "unclear",
        "dose": "unclear",
        "ill": "yes/no",
    }
    assert list_asked(content) == ["when", "amount", "dose"]
    actions = " ".join(item.action for item in content.findings if item.code == "HO215")
    assert all(line in actions for line in LINES)
    assert content.target is not None  # the audit of everything else went on
    assert any(line.startswith("exact duplicates") for line in content.passed_checks)
    assert content.refusal == (
        "fit would refuse visits.csv: 3 columns cannot be read for sure: 'when', 'amount', 'dose'"
    )
    assert content.next_command == f"heldout look {unclear} --target ill --config heldout.toml"


def test_the_command_shows_both_and_ends_as_a_refusal(unclear, capsys):
    assert cli.main(["look", "visits.csv", "--target", "ill"]) == 3
    said = capsys.readouterr()
    assert "age     number: " in said.out
    assert all(line in " ".join(said.out.split()) and line in said.err for line in LINES)
    assert cli.main(["look", "visits.csv", "--target", "ill", "--json"]) == 3
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "heldout/look/1"
    assert told["refusal"].endswith("'when', 'amount', 'dose'")


def test_the_lines_pasted_into_the_settings_answer_every_question(unclear, capsys):
    (unclear.parent / "heldout.toml").write_text("\n".join(LINES) + "\n")
    assert cli.main(["look", "visits.csv", "--target", "ill", "--config", "heldout.toml"]) == 0
    assert "unclear" not in capsys.readouterr().out


def test_fit_still_refuses(unclear):
    with pytest.raises(DataError, match="3 columns of visits.csv cannot be read for sure") as refused:
        heldout.fit(str(unclear), target="ill")
    assert [name for name, _, _ in refused.value.questions] == ["when", "amount", "dose"]


@pytest.mark.parametrize("options", [{}, {"target": "dose"}, {"target": "ill", "time": "when"}])
def test_without_a_readable_target_or_time_the_columns_are_shown(unclear, options):
    content = look_at(str(unclear), Settings.model_validate(options))
    assert content.target is None
    assert list_asked(content) == ["when", "amount", "dose"]
    text = " ".join(look_text(content).split())
    assert "age number: 120 of 120 cells are numbers" in text
    assert "once a target is named that can be read" in text
    assert "Fit would refuse visits.csv" in render_look(content)


def test_another_reason_to_refuse_stands_beside_the_questions(unclear):
    spoilt = unclear.read_text().replace(",y\n", ",n\n", 59)
    unclear.write_text(spoilt)
    content = look_at(str(unclear), Settings(target="ill"))
    assert "; " in content.refusal
    assert list_asked(content) == ["", "when", "amount", "dose"]


def test_a_refusal_without_a_question_stays_one():
    with pytest.raises(DataError, match="a study needs at least 10"):
        look_at([{"x": 1, "y": "a"}] * 5, Settings(target="y"))


def test_rows_that_differ_in_an_unclear_column_alone_are_no_copies(unclear):
    lines = unclear.read_text().splitlines()
    same = [",".join(["30", *line.split(",", 1)[1:]]) for line in lines[1:]]
    unclear.write_text("\n".join([lines[0], *same]) + "\n")
    content = look_at(str(unclear), Settings(target="ill"))
    assert not [item for item in content.findings if item.code in ("HO201", "HO202")]


def test_a_quoted_cell_is_hidden_where_rows_are():
    shown = heldout.look(
        [
            {"when": f"{1 + k % 12:02d}/{1 + k * 5 % 12:02d}/2020", "x": k, "y": "ab"[k % 2]}
            for k in range(40)
        ],
        target="y",
    )
    assert "/2020" in shown.text()
    assert "/2020" not in json.dumps(shown.json())


def test_questions_are_found_joined_and_kept_as_texts():
    column = encode_cells("visit", [f"0{1 + k % 9}/0{1 + k % 7}/2020" for k in range(30)])
    table = Table((column,), np.arange(30) + 2, "t.csv")
    found = find_questions(table, Settings())
    assert [name for name, _, _ in found] == ["visit"]
    settings = keep_texts(Settings(), found)
    assert find_questions(table, settings) == ()
    assert keep_texts(Settings(), ()).columns == {}
    error = DataError(found[0][1])
    assert join_questions(error, (), found, target="y") == found  # told once
