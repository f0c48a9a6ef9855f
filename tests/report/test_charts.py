"""Charts exist where there are numbers, themeable and with the same numbers as a table."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from tests.report.example import make_partial_study, make_regression_study, make_small_study, make_study
from tests.report.made_studies import make_whole

from heldout.report.charts import draw_charts, list_chart_files, write_numbers
from heldout.report.curves import draw_ladder, draw_learning
from heldout.report.dots import draw_remedies, draw_scores
from heldout.report.svg import LIGHT_COLOURS, Chart, Numbers


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return draw_charts(make_whole())


def test_finished_study_has_all_charts(charts: dict[str, Chart]) -> None:
    assert list(charts) == [
        "pair",
        "scores",
        "rivals",
        "ladder",
        "sizes",
        "remedies",
        "leaderboard",
        "learning",
        "groups",
        "confusion",
        "reliability",
        "growth",
    ]


def test_every_chart_has_table_title_and_finding(charts: dict[str, Chart]) -> None:
    for chart in charts.values():
        assert chart.finding in str(chart.svg) or "&" in chart.finding
        assert chart.rows
        assert all(len(row) == len(chart.columns) for row in chart.rows)
        assert len(chart.svg) < (90_000 if chart.name == "sizes" else 60_000)


def test_colours_are_variables_that_the_page_sets(charts: dict[str, Chart]) -> None:
    assert "var(--train)" in charts["learning"].svg
    for chart in charts.values():
        used = {f"--{part.split(')')[0]}" for part in str(chart.svg).split("var(--")[1:]}
        assert used <= set(LIGHT_COLOURS)


def test_specifications_are_saved_with_plain_colours() -> None:
    files = dict(list_chart_files(draw_charts(make_small_study())))
    assert list(files) == ["scores.vl.json", "scores.csv"]
    rows = list(csv.reader(io.StringIO(files["scores.csv"])))
    assert rows[0] == ["what", "metric", "value", "low", "high", "rows", "groups"]
    assert rows[1] == ["development", "accuracy", "0.75", "0.476", "0.927", "16", "16"]
    text = files["scores.vl.json"]
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
    assert "1,000,000" in chart.rows[-1][5]


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


def test_each_chart_has_its_files_with_all_digits(charts: dict[str, Chart]) -> None:
    files = dict(list_chart_files(charts))
    assert set(files) == {f"{name}.{end}" for name in charts for end in ("csv", "vl.json")}
    for name in charts:
        rows = list(csv.reader(io.StringIO(files[f"{name}.csv"])))
        assert len(rows) > 1
        assert {len(row) for row in rows} == {len(rows[0])}
    run = make_whole().runs[-1]
    rows = list(csv.DictReader(io.StringIO(files["learning.csv"])))
    found = next(row for row in rows if row["seed"] == "2" and row["epoch"] == "31")
    assert np.float32(found["val_loss"]) == run.validation_curve[2, 30]


def test_a_cell_that_a_spreadsheet_would_run_is_made_text(charts: dict[str, Chart]) -> None:
    numbers = Numbers(("a", "b"), (("=HYPERLINK(1)", float("nan")), ("-2+3", -0.5)))
    assert write_numbers(replace(charts["pair"], numbers=numbers)) == "a,b\n'=HYPERLINK(1),\n'-2+3,-0.5\n"


def test_findings_are_made_from_the_numbers(charts: dict[str, Chart]) -> None:
    study = make_whole()
    first, last = (study.runs[-1].validation_curve[:, k].mean() for k in (30, 119))
    assert f"{first:.3f} at epoch 31" in charts["pair"].finding
    assert f"{last:.3f} at the last epoch 120" in charts["pair"].finding
    assert (
        "In 4 of 8 sizes the mean validation loss ends higher by more than the tolerance"
        in charts["sizes"].finding
    )
    assert "1 of the other 3 is not shown to be worse" in charts["leaderboard"].finding


def test_remedies_stand_in_two_panels_with_scales_of_their_own(charts: dict[str, Chart]) -> None:
    spec = charts["remedies"].spec
    titles = [panel["spec"]["layer"][-1]["encoding"]["x"]["title"][0] for panel in spec["hconcat"]]
    assert titles == ["both stopped early", "both at the last epoch"]


def test_tables_hold_what_is_drawn(charts: dict[str, Chart]) -> None:
    sizes = [row[0] for row in charts["sizes"].rows]
    assert len(set(sizes)) == 8
    assert all(29 <= sizes.count(size) <= 31 for size in set(sizes))
    assert len(charts["ladder"].rows) == 8
    assert "to" in charts["ladder"].rows[0][4]


def test_no_rise_is_said_as_none() -> None:
    study = make_study()
    falling = tuple(
        replace(run, validation_curve=np.sort(run.validation_curve, axis=1)[:, ::-1])
        for run in study.runs[:8]
    )
    flat = replace(study, runs=falling, ladder=None)
    assert draw_charts(replace(flat, remedies=(), choice=None))["sizes"].finding.startswith(
        "In none of 8 sizes"
    )
