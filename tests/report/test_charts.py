"""Charts exist where there are numbers, themeable and with the same numbers as a table."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.report.example import make_partial_study, make_regression_study, make_small_study, make_study

from heldout.report.charts import draw_charts, write_charts
from heldout.report.curves import draw_ladder, draw_learning
from heldout.report.dots import draw_remedies, draw_scores
from heldout.report.svg import LIGHT_COLOURS, Chart


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return draw_charts(make_study())


def test_finished_study_has_all_charts(charts: dict[str, Chart]) -> None:
    assert list(charts) == ["ladder", "sizes", "learning", "remedies", "scores", "reliability"]


def test_every_chart_has_table_title_and_finding(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        assert chart.finding in str(chart.svg) or "&" in chart.finding
        assert chart.rows
        assert all(len(row) == len(chart.columns) for row in chart.rows)
        assert len(chart.svg) < 60_000


def test_colours_are_variables_that_the_page_sets(charts: dict[str, Chart]) -> None:
    assert "var(--train)" in charts["learning"].svg
    for chart in charts.values():
        used = {f"--{part.split(')')[0]}" for part in str(chart.svg).split("var(--")[1:]}
        assert used <= set(LIGHT_COLOURS)


def test_specifications_are_saved_with_plain_colours(tmp_path: Path) -> None:
    paths = write_charts(make_small_study(), tmp_path / "charts")
    assert [path.name for path in paths] == ["scores.vl.json"]
    text = paths[0].read_text(encoding="utf-8")
    assert "var(" not in text
    assert json.loads(text)["config"]["background"] == "transparent"


def test_absent_numbers_give_no_chart() -> None:
    assert list(draw_charts(make_small_study())) == ["scores"]
    assert set(draw_charts(make_partial_study())) == {"ladder", "sizes"}
    assert "reliability" not in draw_charts(make_regression_study())


def test_learning_table_holds_the_drawn_numbers() -> None:
    study = make_study()
    chart = draw_learning(study)
    assert chart is not None
    run = study.runs[-1]
    row = next(row for row in chart.rows if row[0] == "31")
    assert row[2] == f"{run.validation_curve[:, 30].mean():.3f}"


def test_diverged_network_does_not_flatten_the_others() -> None:
    study = make_study()
    bad = study.runs[7].validation_curve.copy()
    bad[:, -1] = 1e6
    bad[0, 50:] = np.nan
    runs = (*study.runs[:7], replace(study.runs[7], validation_curve=bad), study.runs[8])
    chart = draw_ladder(replace(study, runs=runs))
    assert chart is not None
    assert "not drawn" in chart.note
    assert "1,000,000" in chart.rows[-1]


def test_remedies_are_grouped_by_outcome_and_never_called_equal() -> None:
    chart = draw_remedies(make_study())
    assert chart is not None
    assert "Cannot tell from these data: l2 0.001." in chart.finding
    assert "no difference" not in (chart.finding + chart.note).lower()
    assert len(chart.rows) == 10


def test_score_without_interval_is_drawn_as_a_dot() -> None:
    study = make_small_study()
    nan = float("nan")
    score = replace(study.development_scores[0], low=nan, high=nan)
    chart = draw_scores(replace(study, development_scores=(score,)))
    assert chart is not None
    assert chart.rows[0][2] == "no honest interval"
