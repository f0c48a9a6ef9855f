"""What belongs to single rows stays out of a report, what belongs to groups stays in."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.records import Finding, SetAside, Severity
from heldout.report.content import ColumnNote, LookContent, Mistake
from heldout.report.html import render_report
from heldout.report.look import render_look
from heldout.report.machine import answer_json
from heldout.report.privacy import hide_cells, hide_extremes, hide_lines, hide_quoted, hide_rows
from heldout.stages.answers import Look
from report.example import make_study

SENTINELS = (
    "SENTINEL-A",
    "SENTINEL-B",
    "4242.42",
    "SENTINEL-D",
    "SENTINEL-E",
    "-77.5",
    "SENTINEL-G",
    "SENTINEL-H",
)
WHY = (
    "207 of 208 cells are numbers (202 distinct, -77.5 to 4242.42); none missing; 2 cells are no numbers and are kept "
    "as unparsed ('SENTINEL-B' 1, \"SENTINEL-A\")"
)


def make_planted():
    """A study with a value of a single row wherever one can stand."""

    def find(code: str, sentence: str) -> Finding:
        return Finding(code, "title", Severity.INFO, sentence)

    return replace(
        make_study(),
        columns=(ColumnNote("x", "number", WHY), ColumnNote("age", "number", "numbers")),
        set_aside=(SetAside(17, "12 fields", "SENTINEL-D,1,2"),),
        mistakes=(Mistake(9, "SENTINEL-E", "no", 4.2),),
        examples=np.full((2, 4), 4242.42, np.float32),
        findings=(
            find("HO229", "1 cells of 2 columns of numbers, farthest first: 4242.42 in 'x', line 9"),
            find(
                "HO232",
                "1 of 208 labels are contradicted. Most suspicious first: line 9: 'SENTINEL-E', they say 'no'",
            ),
            find("HO217", "column 'age': -77.5 to 4242.42, median 55"),
            find("HO233", "line 4 says 'SENTINEL-G bold': which cells were bold does not stand in the file"),
            find(
                "HO241",
                "2 of 9 pictures are near copies. Most alike first: 'SENTINEL-H.png' and line 9 (0.97)",
            ),
            find("HO242", "1 of 9 declared test rows. Most alike first: 'SENTINEL-H.png' and line 9 (0.97)"),
            find("HO215", "3 cells lie outside 0 to 100, as 4242.42 does"),
        ),
        muted=(find("HO229", "farthest first: 4242.42 in 'x', line 9"),),
        niceness=("each class well represented: does not apply: a number, -77.5 to 4242.42, median 3",),
        target=replace(make_study().target, why="731 different numbers, -77.5 to 4242.42"),
    )


def test_planted_values_stay_out_unless_asked() -> None:
    page = render_report(make_planted(), charts={})
    assert [word for word in SENTINELS if word in page] == []
    shown = render_report(make_planted(), charts={}, show_rows=True)
    assert [word for word in SENTINELS if word not in shown] == []


def test_counts_names_and_reasons_stay() -> None:
    hidden = hide_rows(make_planted())
    assert hidden.columns[0].why == (
        "207 of 208 cells are numbers (202 distinct); none missing; 2 cells are no numbers and are kept as unparsed"
    )
    assert hidden.set_aside[0].reason == "12 fields"
    assert hidden.findings[2].sentence == "column 'age': range hidden, median 55"
    assert "bold" in hidden.findings[3].sentence
    assert hidden.mistakes == ()
    assert hidden.examples is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("(41 distinct, 29 to 77)", "(41 distinct)"),
        ("dates, 2001-02-03 to 2019-12-31; none missing", "dates; none missing"),
        ("numbers (3 distinct, 1e-05 to 2.5e+3)", "numbers (3 distinct)"),
        ("5 folds to validate", "5 folds to validate"),
        ("all 242 cells are '1' (yes) or '0' (no)", "all 242 cells are '1' (yes) or '0' (no)"),
    ],
)
def test_only_ranges_go(text: str, kept: str) -> None:
    assert hide_extremes(text) == kept


def test_category_words_in_a_reason_stay() -> None:
    why = "2 distinct texts ('well' 137, 'sick' 123); 6 missing ('?' 4)"
    assert hide_cells(ColumnNote("state", "category", why)).why == why


def test_findings_of_other_codes_are_untouched() -> None:
    told = Finding("HO205", "missing cells", Severity.INFO, "6 of 3146 cells, farthest first: 1 to 2")
    assert hide_lines(told) == told
    near = Finding("HO216", "near copies", Severity.INFO, "2 rows lie close; first pair in lines 4 and 9")
    assert hide_lines(near).sentence == "2 rows lie close"


def test_the_machine_answer_hides_what_the_report_hides() -> None:
    told = json.dumps(answer_json(make_planted()))
    assert "SENTINEL" not in told
    assert "4242.42" not in told
    asked = replace(make_planted(), settings=(("show_rows", "true"),))
    assert "SENTINEL-E" in json.dumps(answer_json(asked))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("thousands comma, as in '4,209.06'", "thousands comma, as in (hidden)"),
        ("(others: 'J45.39', 'I10.81')", "(others: (hidden), (hidden))"),
        ("1 of 9 targets: '98765.4' in line 7", "1 of 9 targets: (hidden) in line 7"),
        ("set aside with --target-map '98765.4='", "set aside with --target-map (hidden)"),
        ("set aside with --target-map '99999='", "set aside with --target-map '99999='"),
        ("'well' 137, 'rare' 4, 'shared' (5 rows)", "'well' 137, (hidden) 4, 'shared' (5 rows)"),
        ("'half' 50 % of 'state', 'third' 33.3 %", "(hidden) 50 % of 'state', (hidden) 33.3 %"),
        ("all 40 cells are 'x y'", "all 40 cells are 'x y'"),
        ("--group 'state~S\\d+', split at ';'", "--group 'state~S\\d+', split at ';'"),
        ("the rows' line says \"it's\", that is all", "the rows' line says (hidden), that is all"),
        ("cut off: 'It was the", "cut off: (hidden)"),
    ],
)
def test_quoted_text_is_hidden_unless_it_is_a_name_or_shared(text: str, kept: str) -> None:
    assert hide_quoted(text, ("state",)) == kept


@given(st.text(min_size=1, max_size=20).filter(lambda cell: any(map(str.isalnum, cell))))
@settings(max_examples=60, deadline=None)
def test_whatever_a_cell_holds_it_does_not_pass(cell: str) -> None:
    marked = f"SECRET{cell}"
    told = hide_quoted(f"the rows' cells are like {marked!r}, as in line 7; none missing")
    assert "SECRET" not in told
    assert told.startswith("the rows' cells are like (hidden)")


def test_the_page_and_the_plain_values_of_look_hide_cells_too() -> None:
    note = ColumnNote("money", "number", "numbers; thousands comma, as in 'SENTINEL-7'")
    look = LookContent(source="t.csv", n_rows=9, n_columns=1, columns=(note,), bullets=("see 'SENTINEL-8'",))
    assert "SENTINEL" not in render_look(look)
    assert "SENTINEL-7" in render_look(look, show_rows=True)
    assert "SENTINEL" not in json.dumps(Look(look).json())
    assert "SENTINEL-7" in json.dumps(Look(look, show_rows=True).json())
    assert "SENTINEL-7" in Look(look).text()
