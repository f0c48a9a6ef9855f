"""Whom a finding concerns: one line in the terminal where it is unequal, a table on pages, all of it in JSON."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import jsonschema
import pytest

from heldout.records import Finding, LevelShare, RowsAffected, Severity
from heldout.report.affected import describe_affected, hide_places, list_levels, name_lines, tell_whose
from heldout.report.answer import look_text
from heldout.report.content import LookContent
from heldout.report.html import render_report
from heldout.report.look import render_look
from heldout.report.machine import answer_json, read_schema
from heldout.stages.recovering import revive
from report.example import make_study

NOTHING = float("nan")
WOMEN = LevelShare("subgroup", "sex = f", 28, 120, (28 / 120, 0.161, 0.319), 2 / 180, 2e-9, is_more=True)
MEN = LevelShare("subgroup", "sex = m", 2, 180, (2 / 180, 0.001, 0.04), 28 / 120, 1.0)
SMALL = LevelShare("subgroup", "town = <b>Ulm</b>", 1, 6, (1 / 6, NOTHING, NOTHING), NOTHING, NOTHING)
UNEQUAL = RowsAffected(
    30,
    300,
    (0.1, 0.068, 0.14),
    tuple(range(777_001, 777_031)),
    (WOMEN, MEN, SMALL),
    "30 of 300 rows (10.0 %): 23.3 % of sex = f (n=120): who is affected is not random",
    ("the label of 3 rows of them is not known, or may not be read",),
)
EVEN = replace(UNEQUAL, levels=(MEN,), sentence="30 of 300 rows (10.0 %)", notes=())
ASIDE = RowsAffected(2, 0, (NOTHING,) * 3, (777_004, 777_007), sentence="2 lines", notes=("not known",))


def make_finding(affected, code="HO201"):
    return Finding(code, "exact duplicates", Severity.WARNING, "rows repeat", affected=affected)


def make_look(*affected):
    return LookContent(
        source="t.csv",
        n_rows=300,
        n_columns=2,
        columns=(),
        target=make_study().target,
        findings=tuple(make_finding(item) for item in affected),
    )


class Cells(HTMLParser):
    """Texts of the cells of all tables below the findings."""

    def __init__(self):
        super().__init__()
        self.cells, self.is_open = [], False

    def handle_starttag(self, tag, attrs):
        if tag in ("td", "th"):
            self.is_open = True
            self.cells.append("")

    def handle_endtag(self, tag):
        self.is_open = self.is_open and tag not in ("td", "th")

    def handle_data(self, data):
        if self.is_open:
            self.cells[-1] += data.replace("\N{NO-BREAK SPACE}", " ")


def test_the_terminal_says_it_once_and_only_where_it_is_unequal():
    text = " ".join(look_text(make_look(UNEQUAL, UNEQUAL, EVEN, ASIDE)).split())
    assert text.count("whose:") == 1
    assert "whose: 30 of 300 rows (10.0 %): 23.3 % of sex = f (n=120): who is affected is not random" in text
    assert "whose:" not in look_text(make_look(EVEN, ASIDE, None))
    assert tell_whose(make_finding(None)) == ""


@pytest.mark.parametrize("show_rows", [False, True])
def test_pages_hold_the_table_and_lines_only_where_rows_may_be_shown(show_rows):
    study = replace(make_study(), findings=(make_finding(UNEQUAL), make_finding(ASIDE, "HO252")))
    for page in (
        render_look(make_look(UNEQUAL, ASIDE), show_rows=show_rows),
        render_report(study, show_rows=show_rows),
    ):
        read = Cells()
        read.feed(page)
        at = read.cells.index("sex = f")
        assert read.cells[at : at + 6] == [
            "sex = f", "28 of 120", "23.3 % (16.1 to 31.9 %)", "1.1 %", "< 0.001", "more than the others",
        ]  # fmt: skip
        assert "who is affected is not random" in page
        assert "the label of 3 rows" in page.lower()
        assert "&lt;b&gt;Ulm" in page
        assert "<b>Ulm" not in page
        assert ("777001, 777002" in page) == show_rows
        assert ("777004, 777007" in page) == show_rows


def test_an_even_finding_has_its_table_and_no_claim():
    page = render_look(make_look(EVEN))
    assert "Whom it concerns" not in page
    assert "Whose rows: 30 of 300" in page


def test_what_is_not_known_is_said_so():
    assert list_levels(UNEQUAL)[2] == (
        "town = <b>Ulm</b>", "1 of 6", "16.7 % (no honest interval)", "", "", "not compared",
    )  # fmt: skip
    assert list_levels(ASIDE) == ()
    assert name_lines(ASIDE) == "lines 777004, 777007"
    assert name_lines(UNEQUAL).endswith("777012 and 18 more")
    assert name_lines(replace(UNEQUAL, lines=())) == ""
    assert name_lines(replace(ASIDE, file="validation")) == "lines 777004, 777007 of the validation file"


def test_lines_are_hidden_and_counts_stay():
    hidden = hide_places(make_finding(UNEQUAL)).affected
    assert hidden == replace(UNEQUAL, lines=())
    assert hide_places(make_finding(None)) == make_finding(None)


@pytest.mark.parametrize("is_shown", [False, True])
def test_the_answer_for_machines_fits_its_schema_and_is_read_back(is_shown):
    settings = (("show_rows", "true"),) if is_shown else ()
    study = replace(
        make_study(),
        settings=settings,
        findings=(make_finding(UNEQUAL), make_finding(replace(ASIDE, file="test")), make_finding(None)),
    )
    answer = json.loads(json.dumps(answer_json(study), allow_nan=False))
    jsonschema.validate(answer, read_schema())
    told, aside, nothing = (item["affected"] for item in answer["findings"])
    assert nothing is None
    assert told["lines"] == (list(UNEQUAL.lines) if is_shown else [])
    assert aside["share"]["estimate"] is None
    assert (told["file"], aside["file"]) == ("", "test")
    assert told["levels"][0]["is_more"] is True
    read = revive(RowsAffected, told)
    assert read.levels[:2] == (WOMEN, MEN)
    assert read.is_unequal
    assert describe_affected(read)["sentence"] == UNEQUAL.sentence
