from __future__ import annotations

from dataclasses import replace

from audit.tables import make_input
from heldout.audit.questions import ask_columns, check_questions
from heldout.records import ColumnSpec, Doubt, Kind, Severity


def ask(data, name, question):
    columns = tuple(
        replace(column, spec=replace(column.spec, question=question)) if column.spec.name == name else column
        for column in data.columns
    )
    return replace(data, columns=columns)


def test_every_open_question_is_one_finding_with_its_column() -> None:
    data = make_input({"x": [str(k) for k in range(40)], "y": ["a", "b"] * 20}, "y")
    found = check_questions(ask(data, "x", "is 0 a missing value? write x.missing = ['0']"))
    assert [(item.code, item.column, item.severity) for item in found] == [("HO215", "x", Severity.WARNING)]
    assert found[0].sentence == "column 'x': is 0 a missing value? write x.missing = ['0']"


def test_without_questions_the_check_passes() -> None:
    data = make_input({"x": [str(k) for k in range(40)], "y": ["a", "b"] * 20}, "y")
    assert check_questions(data)[0].title == "passed: open questions"


def test_doubts_about_the_file_are_asked_first() -> None:
    doubt = Doubt("town", "read as cp1252; say --encoding cp1250", 7)
    spec = ColumnSpec("x", Kind.NUMBER, "", question="codes?")
    first, second = ask_columns([spec], n_rows=9, doubts=[doubt])
    assert (first.code, first.column, first.rows) == ("HO215", "town", 7)
    assert first.sentence == "column 'town': read as cp1252; say --encoding cp1250"
    assert second.column == "x"
