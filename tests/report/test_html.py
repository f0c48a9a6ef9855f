"""The report: one file, no request, no script, hostile names as text, small."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from tests.report.example import (
    make_configuration,
    make_partial_study,
    make_regression_study,
    make_rungs,
    make_small_study,
    make_study,
)

from heldout.records import SetAside
from heldout.report.content import ColumnNote, StudyContent
from heldout.report.html import choose_tone, render_report

EVIL = "<script>alert('x')</script>\"'><img src=http://evil/x onerror=alert(1)>\x1b[31m\u202e{{7*7}}"


class Page(HTMLParser):
    """Collects tags, attributes, ids and visible text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(key, value or "") for key, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def report() -> str:
    return render_report(make_study())


def test_page_starts_with_the_answer(report: str) -> None:
    text = " ".join(Page(report).text.split())
    start = text[: text.index("Can I trust this number?")]
    for words in (
        "Does it work?",
        "How sure is that?",
        "For whom or what not?",
        "0.837",
        "147 rows",
        "0.788 to 0.879",
    ):
        assert words in start.replace("\u00a0", " ")
    assert "read the critical warning first" in start
    assert "Not for patients under 28" in start
    assert "HO100" in start
    assert "HO101" in start


def test_no_script_no_request_and_a_policy(report: str) -> None:
    page = Page(report)
    assert not {"script", "iframe", "object", "embed", "link", "img", "form", "base"} & set(page.tags)
    assert not [
        key for key, _ in page.attributes if key.startswith("on") or key in ("src", "style", "srcset")
    ]
    assert all(value.startswith("#") for key, value in page.attributes if key in ("href", "xlink:href"))
    assert "http" not in report.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert "default-src 'none'" in report


def test_headings_language_skip_link_and_unique_ids(report: str) -> None:
    page = Page(report)
    ids = [value for key, value in page.attributes if key == "id"]
    assert len(ids) == len(set(ids))
    assert ("lang", "en") in page.attributes
    targets = {value[1:] for key, value in page.attributes if key == "href"}
    assert targets <= set(ids)
    labels = " ".join(value for key, value in page.attributes if key == "aria-labelledby").split()
    assert set(labels) <= set(ids)
    assert page.tags.count("h1") == 1


def hurt(content: StudyContent) -> StudyContent:
    """Every text from outside replaced by a hostile one."""
    target = replace(content.target, name=EVIL, classes=(EVIL, EVIL + "2"), why=EVIL, unit=EVIL)
    evil = make_configuration(make_rungs()[4])
    runs = tuple(
        replace(run, configuration=replace(evil, name=EVIL, remedies=run.configuration.remedies))
        for run in content.runs[-1:]
    )
    return replace(
        content,
        name=EVIL,
        source=EVIL,
        target=target,
        command=EVIL,
        settings=((EVIL, EVIL),),
        machine=EVIL,
        columns=tuple(replace(note, name=EVIL, why=EVIL, changed_to=EVIL) for note in content.columns),
        set_aside=(SetAside(3, EVIL, EVIL),),
        read_notes=(EVIL,),
        niceness=(EVIL,),
        limits=(EVIL,),
        partial=EVIL,
        findings=tuple(
            replace(item, title=EVIL, sentence=EVIL, column=EVIL, action=EVIL) for item in content.findings
        ),
        chosen_name=EVIL,
        runs=(*content.runs[:-1], *runs),
        next_commands=(EVIL,),
        bundle_path=EVIL,
        remedies=tuple(replace(item, name=EVIL, sentence=EVIL) for item in content.remedies),
        baselines=tuple(replace(item, name=EVIL) for item in content.baselines),
    )


def test_hostile_names_stand_as_text() -> None:
    text = render_report(hurt(make_study()), show_rows=True)
    page = Page(text)
    assert not {"script", "img"} & set(page.tags)
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "{{7*7}}" in text
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" in page.text
    assert "\\x1b[31m" in page.text


def test_row_texts_stay_out_unless_asked() -> None:
    study = replace(make_study(), runs=(), set_aside=(SetAside(17, "12 fields", "SENTINEL-CELL"),))
    assert "SENTINEL-CELL" not in render_report(study)
    assert "SENTINEL-CELL" in render_report(study, show_rows=True)


def test_five_hundred_columns_stay_small_and_all_are_named() -> None:
    notes = tuple(
        ColumnNote(f"gene_{i:03}", "number", "why " * 30, "auto", "standardized", i, 0, 1, i / 500)
        for i in range(500)
    )
    text = render_report(replace(make_study(), columns=notes))
    assert len(text.encode()) < 1_000_000
    assert all(f"gene_{i:03}" in text for i in range(500))
    assert text.index("gene_499") < text.index("gene_000")
    assert text.count("why why") <= 40 * 30


def test_study_without_test_says_so() -> None:
    text = render_report(make_small_study()).replace("\u00a0", " ")
    assert "There are no untouched rows" in text
    assert "16 rows are too few to set some aside" in text
    assert "p = 0.110" in text
    assert "Yes, better" not in text


def test_partial_study_says_so_first_and_has_no_verdict() -> None:
    text = render_report(make_partial_study())
    assert text.index("This study is not complete") < text.index("Does it work?")
    assert "<strong>No verdict yet</strong>" in text
    assert "have not been opened" in text


def test_regression_shows_unit_and_coverage() -> None:
    text = render_report(make_regression_study()).replace("\u00a0", " ")
    assert "rmse 2.31 EUR" in text
    assert "hold 90 of 100 rows" in text
    assert "0.860 to 0.950" in text


def test_repeated_look_at_the_test_is_said_on_the_first_screen() -> None:
    text = render_report(replace(make_study(), runs=(), openings_before=2))
    assert text.index("looked at 2 times before") < text.index("Can I trust this number?")


def test_undecided_answer_shows_what_would_decide() -> None:
    text = render_report(make_small_study()).replace("\u00a0", " ")
    assert "undecided (leaning yes)" in text
    assert "61 % chance to be decided" in text


def test_tone_is_never_good_beside_a_critical_finding() -> None:
    study = make_study()
    assert choose_tone(study) == "plain"
    assert choose_tone(replace(study, findings=())) == "good"
    assert study.chosen is not None
    assert choose_tone(replace(study, chosen=replace(study.chosen, word="overfit"))) == "warn"


def test_same_study_gives_the_same_bytes(report: str) -> None:
    assert render_report(make_study()) == report


def test_print_style_opens_details(report: str) -> None:
    assert re.search(r"@media print.*details::details-content", report, re.DOTALL)
