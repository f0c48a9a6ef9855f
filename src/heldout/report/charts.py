"""All pictures of a study, by name, and the files beside them: specification and numbers."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping

from heldout.report.content import StudyContent
from heldout.report.curves import draw_ladder, draw_learning, draw_pair
from heldout.report.dots import draw_remedies, draw_scores
from heldout.report.growth import draw_growth
from heldout.report.leaders import draw_leaderboard, draw_rivals
from heldout.report.sizes import draw_sizes
from heldout.report.svg import LIGHT_COLOURS, Chart
from heldout.report.who import draw_confusion, draw_groups, draw_reliability


def draw_charts(content: StudyContent) -> dict[str, Chart]:
    """All charts that the study has numbers for, by name.

    Args:
        content: the study.

    Returns:
        Some of "pair", "scores", "rivals", "ladder", "sizes", "remedies", "leaderboard", "learning", "groups",
        "confusion", "reliability", "growth"; what was not measured is absent.
    """
    made = (
        draw_pair(content),
        draw_scores(content),
        draw_rivals(content),
        draw_ladder(content),
        draw_sizes(content),
        draw_remedies(content),
        draw_leaderboard(content),
        draw_learning(content),
        draw_groups(content),
        draw_confusion(content),
        draw_reliability(content),
        draw_growth(content),
    )
    return {chart.name: chart for chart in made if chart is not None}


def list_chart_files(charts: Mapping[str, Chart]) -> tuple[tuple[str, str], ...]:
    """Each chart as `NAME.vl.json` (Vega-Lite with plain colours, to restyle at will) and `NAME.csv` (its numbers).

    Args:
        charts: by name.

    Returns:
        (name of the file, its text).
    """
    files = []
    for name, chart in charts.items():
        spec = json.dumps(chart.spec, indent=1, allow_nan=False)
        for variable, colour in LIGHT_COLOURS.items():
            spec = spec.replace(f"var({variable})", colour)
        files.append((f"{name}.vl.json", spec + "\n"))
        files.append((f"{name}.csv", write_numbers(chart)))
    return tuple(files)


def write_numbers(chart: Chart) -> str:
    """The numbers of a chart as CSV, all digits, NaN as an empty cell.

    A text that a spreadsheet would take for a formula gets an apostrophe before it: names come from files.

    Args:
        chart: a drawn chart.
    """
    buffer = io.StringIO()
    table = csv.writer(buffer, lineterminator="\n")
    table.writerow(chart.numbers.columns)
    for row in chart.numbers.rows:
        table.writerow([_write_cell(cell) for cell in row])
    return buffer.getvalue()


def _write_cell(cell: str | float) -> str | float:
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
    return "" if isinstance(cell, float) and not math.isfinite(cell) else cell
