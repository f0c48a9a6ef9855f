from __future__ import annotations

from heldout.records import Affected, DroppedRate, Finding, Severity, Target, Task
from heldout.report.answer import look_text
from heldout.report.content import ColumnNote, LookContent
from heldout.report.look import render_look

RATE = DroppedRate("site = B", 7, 30, 0.0, (29.7, 1.7, 513.0), 0.001)
AFFECTED = Affected(
    "The rule", True, 7, 600, (RATE,), 4, None, "The rule drops 7 of 600 rows.", ("keep them",)
)


def make_content(**more: object) -> LookContent:
    note = ColumnNote("<b>age</b>", "number", "all cells are numbers", n_missing=3, n_slots=2)
    found = Finding("HO201", "exact duplicates", Severity.CRITICAL, "9 rows repeat", rows=9, action="kept")
    made = {
        "source": "t.csv",
        "n_rows": 600,
        "n_columns": 2,
        "columns": (note,),
        "findings": (found,),
        "bullets": ("a lot of data: no: 600 development rows",),
        "nice_or_messy": "messy (not: a lot of data)",
        "passed_checks": ("near copies: none",),
        "set_aside": (("too long", 2),),
        "next_command": "heldout fit t.csv --target y",
    }
    return LookContent(**{**made, **more})


def test_the_page_holds_all_of_the_look_and_needs_nothing_else() -> None:
    page = render_look(make_content())
    assert page.startswith("<!doctype html>")
    for text in (
        "A lot of data: no: 600 development rows.",
        "Messy (not: a lot of data).",
        "9 rows repeat",
        "HO201",
        "near copies: none",
        "too long",
        "next",
    ):
        assert text in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_before_and_after_stand_side_by_side_where_they_are_known() -> None:
    note = ColumnNote("dose", "number", "numbers", n_slots=1, before=(90, 0, 6), after=(30, 60, 6))
    page = render_look(make_content(columns=(note, ColumnNote("id", "identifier", "texts"))))
    assert page.count('<svg class="spark"') == 2
    assert page.index("as read: 3 bins, 94 %") < page.index("as a network would see it: 3 bins, 62 %")
    assert "Bars: rows that would be trained on" in page
    plain = render_look(make_content())
    assert "<svg" not in plain
    assert "Bars:" not in plain


def test_names_from_the_file_are_text() -> None:
    page = render_look(make_content())
    assert "<b>age</b>" not in page
    assert "&lt;b&gt;age" in page


def test_who_is_dropped_is_a_table_on_the_page_and_in_the_terminal() -> None:
    page = render_look(make_content(affected=AFFECTED))
    assert "Whose rows would the outlier rule take?" in page
    assert "site = B" in page
    assert "23.3" in page
    text = look_text(make_content(affected=AFFECTED))
    assert "site = B: 7 of 30 rows (23.3 %), rest 0.0 %" in text
    assert "instead: keep them" in text
    assert "Whose rows" not in render_look(make_content())


def test_without_a_target_the_page_says_what_is_needed() -> None:
    page = render_look(make_content(bullets=(), nice_or_messy="", findings=(), passed_checks=()))
    assert "--target COLUMN" in page
    assert "only the columns and the number of rows were looked at" in page


def test_the_target_is_named() -> None:
    import numpy as np

    target = Target("ill", Task.BINARY, "", ("no", "yes"), np.zeros(0), np.zeros(0, np.int64))
    assert "ill" in render_look(make_content(target=target))
