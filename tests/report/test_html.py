"""The report: one file, no request, no script, hostile names as text, small."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import escape
from html.parser import HTMLParser

import pytest
from tests.report.example import (
    make_partial_study,
    make_regression_study,
    make_small_study,
    make_study,
)
from tests.report.made_studies import (
    make_classes,
    make_hostile,
    make_labels,
    make_sixteen,
    make_whole,
    make_wide,
)

from heldout.records import Finding, LabelScore, SetAside, Severity
from heldout.report.charts import draw_charts
from heldout.report.content import LabelTable, PredictionInterval, StudyContent
from heldout.report.html import choose_tone, render_report
from heldout.report.svg import Chart
from heldout.report.who import draw_confusion


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


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return draw_charts(make_whole())


def test_what_was_done_otherwise_than_planned_stands_with_the_cost(report: str) -> None:
    heading, told = "What was done otherwise than planned?", "half as many networks at once"
    assert heading not in report
    page = render_report(replace(make_study(), notes=(told,)))
    assert (
        page.index("What did it cost?</h2>")
        < page.index(heading)
        < page.index(told)
        < page.index('id="repeat"')
    )


def test_costs_of_a_resumed_study_are_said_to_be_of_its_last_start(report: str) -> None:
    study = make_study()
    assert "in the last" not in report
    page = render_report(replace(study, costs=replace(study.costs, n_starts=3)))
    assert (
        "trained in the last of 3 starts (what the others trained, and their time, is not counted here)"
        in page
    )
    assert ">time in the last start</th>" in page


def test_an_interval_that_was_not_measured_says_so() -> None:
    unknown = float("nan")
    interval = PredictionInterval(0.9, (unknown, unknown, unknown), 0, "no test rows", half_width=3.9)
    page = render_report(replace(make_regression_study(), interval=interval))
    assert "Whether they do was not measured: no rows were sealed." in page
    assert "no test rows they held" not in page


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


def test_what_a_second_metric_says_stands_below_the_verdict(report: str) -> None:
    text = " ".join(Page(report).text.split()).replace("\u00a0", " ")
    start = text[: text.index("Can I trust this number?")]
    assert "it changes by -0.2 points (90 % interval -0.8 to +0.4; harm begins below -1)." in start


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


@pytest.mark.parametrize("show_rows", [False, True])
def test_hostile_names_stand_as_text(show_rows: bool) -> None:
    study = make_hostile()
    text = render_report(study, show_rows=show_rows, charts={} if show_rows else None)
    page = Page(text)
    assert not {"script", "img", "b"} & set(page.tags)
    assert not [key for key, _ in page.attributes if key.startswith("on")]
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "{{7*7}}" in text
    assert "&lt;script&gt;alert" in text
    assert "<script>alert" in page.text
    assert "\\x1b[31m" in page.text


def test_row_texts_stay_out_unless_asked() -> None:
    study = replace(make_study(), runs=(), set_aside=(SetAside(17, "12 fields", "SENTINEL-CELL"),))
    assert "SENTINEL-CELL" not in render_report(study, charts={})
    assert "SENTINEL-CELL" in render_report(study, charts={}, show_rows=True)


def test_five_hundred_columns_stay_small_and_all_are_named(charts: dict[str, Chart]) -> None:
    text = render_report(make_wide(500), charts=charts)
    assert len(text.encode()) < 1_000_000
    assert all(f"gene_{i:03}" in text for i in range(500))
    assert text.index("gene_499") < text.index("gene_000")
    assert text.count("why why") <= 40 * 30
    assert text.count('class="spark"') == 80
    assert "the 40 that go most closely with the target" in text
    assert "The other 460 columns" in text


def test_forty_classes_stay_small(charts: dict[str, Chart]) -> None:
    study = make_classes(40)
    confusion = draw_confusion(study)
    assert confusion is not None
    text = render_report(study, charts={**charts, "confusion": confusion})
    assert len(text.encode()) < 1_000_000
    assert "species 39" in text
    assert "Right answers by class" in text


SECTIONS = [
    *("answer", "trust", "data", "wrong", "overfit", "helped", "learn"),
    *("groups", "mistakes", "more", "cost", "repeat", "limits"),
]


@pytest.mark.parametrize("make", [make_whole, make_sixteen, make_partial_study, make_regression_study])
def test_all_thirteen_sections_stand_there_in_order(make: Callable[[], StudyContent]) -> None:
    page = Page(render_report(make(), charts={}))
    ids = [value for key, value in page.attributes if key == "id"]
    assert [name for name in ids if name in SECTIONS] == SECTIONS
    links = {value[1:] for key, value in page.attributes if key == "href"}
    assert set(SECTIONS[1:]) <= links


def test_codes_lead_to_their_meaning() -> None:
    study = make_whole()
    text = render_report(replace(study, chosen=replace(study.chosen, code="HO116")), charts={})
    page = Page(text)
    assert ("href", "#HO116") in page.attributes
    assert ("id", "HO116") in page.attributes
    assert "In the documentation: Codes, HO101." in text
    assert "0 to 0.9\u00a0% by suite and kind of data, kinds with at least 100 claims" in text
    assert "mute = [&#34;HO201&#34;]" in text


def test_passed_and_not_applicable_checks_and_muted_findings_are_listed_apart() -> None:
    text = " ".join(Page(render_report(make_whole(), charts={})).text.split())
    assert "1 check passed HO201 exact duplicates: none of 9 rows" in text
    assert "1 check not applicable: why HO214 capped target: the target has classes" in text
    assert "1 finding muted by your settings HO217 quantification of people: 2 groups" in text


def test_worst_mistakes_are_off_by_default() -> None:
    assert "4711" not in render_report(make_whole(), charts={})
    assert "4711" in render_report(make_whole(), charts={}, show_rows=True)


def test_files_of_charts_are_linked_only_where_they_lie_beside(charts: dict[str, Chart]) -> None:
    beside = render_report(make_whole(), charts=charts, beside="charts/")
    alone = render_report(make_whole(), charts=charts)
    for name in charts:
        assert f'href="charts/{name}.csv"' in beside
        assert f'href="charts/{name}.vl.json"' in beside
        assert f'href="charts/{name}.csv"' not in alone
        assert f"{name}.csv" not in alone  # a page never names a file that need not be there


def test_every_chart_stands_in_the_page_with_its_finding_above_and_its_table_below(
    charts: dict[str, Chart],
) -> None:
    text = render_report(make_whole(), charts=charts)
    for name, chart in charts.items():
        figure = text[text.index(f'id="{name}-title"') :]
        above = text[: text.index(f'id="{name}-title"')].rpartition("<figure")[2]
        assert "<strong>" in above
        title = escape(chart.title).replace(" %", "\u00a0%")
        assert f"{title}: table" in figure[: figure.index("</figure>")]


def test_the_first_screen_says_works_how_sure_for_whom_not_and_what_is_simpler(report: str) -> None:
    text = " ".join(Page(report).text.split())
    first = text[: text.index("Can I trust this number?")]
    assert "Cannot tell the network from gradient boosting" in first
    assert "nothing simpler, larger or trained otherwise that was tried does better" in first


def test_what_was_not_measured_is_said() -> None:
    text = render_report(make_study(), charts={})
    assert "No groups were compared" in text
    assert "no network was trained on half of the rows" in text
    assert "Its answers were not compared with the truth" in render_report(make_partial_study(), charts={})


def test_a_number_that_is_not_known_is_left_out_of_the_five_questions() -> None:
    study = make_study()
    answers = tuple(replace(item, estimate=float("nan")) for item in study.chosen.answers)
    text = render_report(replace(study, chosen=replace(study.chosen, answers=answers)), charts={})
    table = text[text.index("The five questions") : text.index("What was done to my data?</h2>")]
    assert "not known" not in table


def test_study_without_test_says_so() -> None:
    text = render_report(make_small_study(), charts={}).replace("\u00a0", " ")
    assert "There are no untouched rows" in text
    assert "16 rows are too few to set some aside" in text
    assert "p = 0.110" in text
    assert "Yes, better" not in text


def test_partial_study_says_so_first_and_has_no_verdict() -> None:
    text = render_report(make_partial_study(), charts={})
    assert text.index("This study is not complete") < text.index("Does it work?")
    assert "<strong>No verdict yet</strong>" in text
    assert "have not been opened" in text


def test_regression_shows_unit_and_coverage() -> None:
    text = render_report(make_regression_study(), charts={}).replace("\u00a0", " ")
    assert "RMSE 2.31 EUR" in text
    assert "about 71 % of the spread of the target (R² 0.710; 95 % interval 0.630 to 0.780)" in text.replace(
        "\u00a0", " "
    )
    assert "hold 90 of 100 rows" in text
    assert "0.860 to 0.950" in text


def test_repeated_look_at_the_test_is_said_on_the_first_screen() -> None:
    text = render_report(replace(make_study(), runs=(), openings_before=2), charts={})
    assert text.index("looked at twice before") < text.index("Can I trust this number?")


def test_undecided_answer_shows_what_would_decide() -> None:
    text = render_report(make_small_study(), charts={}).replace("\u00a0", " ")
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


def test_labels_stand_in_a_table_of_their_own_as_text() -> None:
    page = render_report(make_labels())
    assert "Label by label" in page
    assert "<b>rash</b>" not in page
    assert "&lt;b&gt;rash&lt;/b&gt;" in page
    assert "0.81 (0.77 to 0.85)" in page
    assert "Label by label" not in render_report(make_small_study())


def test_a_good_fit_that_the_test_rows_contradict_is_not_praised() -> None:
    torn = Finding("HO404", "development and test disagree", Severity.WARNING, "the intervals do not overlap")
    study = make_study()
    doubted = replace(study, findings=(torn,))
    assert "good fit, not confirmed by the test rows" in render_report(doubted, charts={})
    assert choose_tone(doubted) == "plain"


def test_a_huge_study_stays_under_three_megabytes() -> None:
    score = LabelScore("a label", 400, 180, 175, (0.81, 0.77, 0.85), (0.74, 0.69, 0.79))
    finding = Finding("HO207", "a title", Severity.INFO, "a sentence of some length " * 40)
    told = tuple(f"line {i}: " + "something was found to be in order " * 20 for i in range(5000))
    huge = replace(
        make_wide(3000),
        passed_checks=tuple(f"{text} [HO207]" for text in told),
        muted=(finding,) * 5000,
        findings=(finding,) * 5000,
        notes=told,
        read_notes=told,
        niceness=told,
        limits=told,
        threshold_notes=told,
        labels=(LabelTable("sealed test rows", (score,) * 5000),),
        settings=tuple((f"setting {i}", "value") for i in range(5000)),
    )
    page = render_report(huge, charts={})
    assert len(page.encode()) < 3_000_000
    assert page.count("and 4,800 more, in the study") >= 6
    assert "and 4,600 more, in the study" in page
