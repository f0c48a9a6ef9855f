import numpy as np
import pytest

from heldout.demos.drawing import (
    ORANGE,
    Axes,
    Bars,
    Interval,
    Line,
    Panel,
    draw_histograms,
    draw_intervals,
    draw_lines,
    draw_panels,
    draw_pictures,
)
from heldout.report.marks import Caption

CAPTION = Caption("name", "Title", "Finding.")


def test_table_holds_mean_and_span():
    chart = draw_lines(
        CAPTION, Panel("", (Line("loss", [1, 2], [[1.0, 2.0], [3.0, 2.0]]),)), Axes("epoch", "y")
    )
    assert chart.columns == ("epoch", "loss")
    assert chart.rows == (("1", "2 (1 to 3)"), ("2", "2 (2 to 2)"))
    assert chart.numbers.rows[0] == ("", "loss", 1.0, 2.0, 1.0, 3.0)


def test_long_lines_are_thinned_in_the_table_only():
    line = Line("loss", np.arange(100), np.arange(100.0))
    chart = draw_lines(CAPTION, Panel("", (line,)), Axes("epoch", "y"))
    assert len(chart.rows) == 20
    assert (chart.rows[0][0], chart.rows[-1][0]) == ("0", "99")
    assert len(chart.numbers.rows) == 100


def test_panels_name_their_picture_in_the_table():
    lines = (Line("a", [1, 2], [1.0, 2.0]), Line("", [1, 2], [[0.0, 1.0]], is_bundle=True))
    chart = draw_panels(
        CAPTION, [Panel("one", lines, subtitle="good fit"), Panel("two", lines)], Axes("x", "y")
    )
    assert chart.columns == ("picture", "x", "a")
    assert [row[0] for row in chart.rows] == ["one", "one", "two", "two"]
    assert "good fit" in chart.svg


@pytest.mark.parametrize("low", [1e-9, 0.5])
def test_logarithmic_axis_draws_small_numbers(low):
    line = Line("g", [1, 2, 3], [low, low * 30, low * 900], ORANGE)
    chart = draw_lines(CAPTION, Panel("", (line,), moments=((2.0, "here"),)), Axes("x", "y", has_log_y=True))
    assert "NaN" not in chart.svg
    assert "here" in chart.svg


def test_names_at_line_ends_do_not_overlap():
    lines = tuple(Line(f"line {i}", [1, 2], [1.0, 1.0 + i / 1000]) for i in range(4))
    spec = draw_lines(CAPTION, Panel("", lines), Axes("x", "y")).spec
    heights = [
        layer["data"]["values"][0]["y"]
        for layer in spec["layer"]
        if layer["mark"]["type"] == "text" and layer["data"]["values"][0]["words"].startswith("line")
    ]
    assert np.diff(sorted(heights)).min() > 0.05


def test_intervals():
    chart = draw_intervals(CAPTION, [Interval("a", -0.1, -0.2, 0.0, "helps")], title="change", tolerance=0.02)
    assert chart.rows == (("a", "-0.100", "-0.200 to 0", "helps"),)
    assert chart.numbers.rows == (("a", -0.1, -0.2, 0.0, "helps"),)


def test_histograms_count_what_they_are_given():
    bars = [Bars("plain", [0, 1, 2], [3, 4]), Bars("L1", [0, 1, 2], [7, 0])]
    chart = draw_histograms(CAPTION, bars, x="weight", y="weights", has_log_y=True)
    assert chart.columns == ("bin", "plain", "L1")
    assert chart.rows[0] == ("0 to 1", "3", "7")


def test_picture_of_one_shade_is_drawn():
    chart = draw_pictures(CAPTION, [("empty", np.zeros((3, 2))), ("full", np.eye(3))])
    assert [row[0] for row in chart.rows] == ["empty", "full"]
    assert "NaN" not in chart.svg
