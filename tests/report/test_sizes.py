"""Each size over its epochs: every seed is drawn, and no panel is empty."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heldout.report.content import StudyContent
from heldout.report.sizes import draw_sizes
from report.example import N_SEEDS, make_study


def keep_sizes(n_sizes: int) -> StudyContent:
    study = make_study()
    return replace(study, runs=study.runs[:n_sizes], ladder=None)


def spoil(study: StudyContent, place: int, value: float) -> StudyContent:
    """One size has this loss in every epoch of every seed."""
    run = study.runs[place]
    losses = np.full_like(run.validation_curve, value)
    runs = list(study.runs)
    runs[place] = replace(run, train_curve=losses, validation_curve=losses)
    return replace(study, runs=tuple(runs))


def find_thin(panel: dict) -> list[dict]:
    return [layer for layer in panel["layer"] if "detail" in layer["encoding"]]


def test_every_seed_is_a_thin_line_under_the_mean() -> None:
    chart = draw_sizes(make_study())
    assert chart is not None
    assert len(chart.spec["concat"]) == 8
    for panel in chart.spec["concat"]:
        thin = find_thin(panel)
        assert len(thin) == 2  # training and validation
        for layer in thin:
            assert {row["seed"] for row in layer["data"]["values"]} == set(range(N_SEEDS))
            after = panel["layer"][panel["layer"].index(layer) + 1]
            assert after["mark"]["strokeWidth"] > layer["mark"]["strokeWidth"]
    assert chart.svg.count('stroke-width="0.8"') >= 8 * 2 * N_SEEDS


def test_where_nothing_was_judged_no_verdict_is_named() -> None:
    judged, open_ = draw_sizes(make_study()), draw_sizes(keep_sizes(8))
    assert judged is not None
    assert open_ is not None
    assert judged.finding.endswith("which is beyond chance, the verdict says.")
    assert open_.finding.endswith("which is beyond chance, was not judged yet.")


@pytest.mark.parametrize("n_sizes", [2, 3, 5, 7])
def test_there_are_as_many_axes_as_sizes(n_sizes: int) -> None:
    chart = draw_sizes(keep_sizes(n_sizes))
    assert chart is not None
    panels = chart.spec["concat"]
    assert len(panels) == n_sizes
    axes = [panel["layer"][0]["encoding"] for panel in panels]
    assert sum(axis["x"]["axis"]["labels"] for axis in axes) == min(n_sizes, 4)  # below each column
    assert chart.svg.count(">epoch<") == min(n_sizes, 4)
    assert chart.svg.count(">loss<") == -(-n_sizes // 4)


@pytest.mark.parametrize("value", [float("nan"), 1e9])
def test_a_size_without_a_loss_that_can_be_drawn_is_named(value: float) -> None:
    chart = draw_sizes(spoil(keep_sizes(5), 2, value))
    assert chart is not None
    assert len(chart.spec["concat"]) == 4
    assert "Not drawn, since no loss is finite or below the edge: 117 weights." in chart.note
    assert any(row[0] == "117 weights" for row in chart.rows)  # its numbers stay in the table
    assert "Not drawn" not in (draw_sizes(keep_sizes(5)) or chart).note


def test_nothing_is_drawn_of_networks_that_all_diverged() -> None:
    study = keep_sizes(2)
    for place in (0, 1):
        study = spoil(study, place, float("nan"))
    assert draw_sizes(study) is None
    assert draw_sizes(keep_sizes(1)) is None


def test_many_seeds_are_drawn_with_fewer_points() -> None:
    study = make_study()
    many = tuple(
        replace(
            run,
            train_curve=np.tile(run.train_curve, (4, 1)),
            validation_curve=np.tile(run.validation_curve, (4, 1)),
        )
        for run in study.runs
    )
    few, chart = draw_sizes(study), draw_sizes(replace(study, runs=many))
    assert few is not None
    assert chart is not None
    assert len(find_thin(chart.spec["concat"][0])[0]["data"]["values"]) == 20 * 15
    assert len(chart.svg) < 3 * len(few.svg)
