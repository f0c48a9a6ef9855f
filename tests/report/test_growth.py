"""What more rows bring: measured beside guessed, never mixed."""

from __future__ import annotations

from dataclasses import replace

from heldout.report.growth import draw_growth
from report.example import make_study
from report.made_studies import NAN, make_whole


def test_measured_and_guessed_are_told_apart() -> None:
    chart = draw_growth(make_whole())
    assert chart is not None
    assert chart.finding.startswith("From 235 to 471 fit rows the loss fell by 0.021")
    assert [row[3] for row in chart.rows] == ["measured on 5 subsamples", "a guess"]
    assert chart.rows[1][1] == ""
    assert [row[5] for row in chart.numbers.rows] == ["measured", "guess"]
    assert "471 to 942 rows: a guess" in str(chart.svg)


def test_nothing_measured_gives_no_chart() -> None:
    assert draw_growth(make_study()) is None
    study = make_whole()
    assert study.growth is not None
    assert draw_growth(replace(study, growth=replace(study.growth, fall=(NAN, NAN, NAN)))) is None
