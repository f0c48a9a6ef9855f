from __future__ import annotations

from dataclasses import replace

from audit.tables import make_input
from heldout.audit.footnotes import check_footnotes
from heldout.records import SetAside


def make_data(*notes: SetAside):
    data = make_input({"x": [str(k) for k in range(60)], "y": ["a", "b"] * 30}, "y")
    return replace(data, table=replace(data.table, set_aside=notes))


def test_a_note_about_bold_print_says_what_was_lost() -> None:
    found = check_footnotes(
        make_data(SetAside(19, "1 cell", "Footnotes: Novel mutations are bolded.", "footer"))
    )
    assert [item.code for item in found] == ["HO233"]
    assert "line 19" in found[0].sentence
    assert "which cells were bolded does not stand in the file" in found[0].sentence


def test_other_notes_and_rows_that_speak_of_bold_pass() -> None:
    notes = (
        SetAside(1, "title", "Table 2. Mutations", "preamble"),
        SetAside(7, "too long", "bold,1,2", "quarantined"),
    )
    assert check_footnotes(make_data(*notes))[0].title == "passed: marks lost with the formatting"
