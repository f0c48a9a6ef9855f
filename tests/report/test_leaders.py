"""Which other configurations might as well have been delivered."""

from __future__ import annotations

from dataclasses import replace

from heldout.records import Candidate
from heldout.report.charts import draw_charts
from heldout.report.content import StudyContent
from heldout.report.html import render_report
from heldout.report.leaders import MOST_RIVALS, draw_leaderboard, draw_rivals
from report.example import make_study


def make_candidates(*standings: str) -> StudyContent:
    """One configuration a letter, the lowest loss first: leader, delivered, tied, worse."""
    study = make_study()
    assert study.choice is not None
    made = tuple(
        Candidate(
            name=f"rung {place}",
            n_parameters=10 * (place + 1),
            n_remedies=0,
            epoch=5,
            loss=0.40 + place / 100,
            low=0.40 + place / 100 - (0.0 if place == 0 else 0.02),
            high=0.40 + place / 100 + (0.0 if place == 0 else 0.02),
            excluded=standing == "worse",
            chosen=standing == "delivered",
        )
        for place, standing in enumerate(standings)
    )
    return replace(study, choice=replace(study.choice, candidates=made))


def read_dots(chart: object) -> list[tuple[str, str]]:
    rows = chart.spec["data"]["values"]  # type: ignore[attr-defined]
    return [(row["what"].split(" (")[0], row["standing"]) for row in rows]


def test_the_delivered_one_stands_beside_those_not_excluded() -> None:
    chart = draw_rivals(make_candidates("tied", "worse", "delivered", "tied", "worse"))
    assert chart is not None
    assert read_dots(chart) == [
        ("rung 2", "delivered"),
        ("rung 0", "not shown to be worse"),
        ("rung 3", "not shown to be worse"),
    ]
    assert chart.finding.startswith("2 of the other 4 configurations are not shown to be worse")
    assert [row[:1] + row[4:] for row in chart.rows] == [
        ("rung 2", "0.400 to 0.440", "delivered"),
        ("rung 0", "the leader itself", "not shown to be worse than the leader"),
        ("rung 3", "0.410 to 0.450", "not shown to be worse than the leader"),
    ]
    bars = [(row["low"], row["high"]) for row in chart.spec["data"]["values"]]
    assert bars[1] == (None, None)  # the leader is compared with itself
    assert "never on test rows" in chart.note


def test_many_rivals_are_cut_in_the_picture_only() -> None:
    chart = draw_rivals(make_candidates("delivered", *["tied"] * 9))
    assert chart is not None
    assert len(read_dots(chart)) == 1 + MOST_RIVALS
    assert len(chart.rows) == len(chart.numbers.rows) == 10
    assert "3 more stand in the table" in chart.note


def test_where_every_other_one_is_worse_there_is_nothing_to_show() -> None:
    assert draw_rivals(make_candidates("delivered", "worse", "worse")) is None
    assert draw_rivals(make_candidates("tied", "tied")) is None  # none is delivered
    assert draw_rivals(replace(make_study(), choice=None)) is None


def test_the_leaderboard_tells_worse_ones_from_tied_ones() -> None:
    chart = draw_leaderboard(make_candidates("delivered", "worse", "tied"))
    assert chart is not None
    assert [standing for _, standing in read_dots(chart)] == ["delivered", "worse", "not shown to be worse"]
    assert 'fill="var(--last)"' in chart.svg


def test_the_report_shows_them_with_the_question_of_trust() -> None:
    study = make_candidates("delivered", "tied")
    page = render_report(study, charts=draw_charts(study))
    trust = page.split('id="trust"')[1].split("</section>")[0]
    assert "1 of the other 1 configuration is not shown to be worse" in trust
