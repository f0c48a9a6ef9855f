"""All pictures of a study, by name, and their specifications as files."""

from __future__ import annotations

import json
from pathlib import Path

from heldout.report.content import StudyContent
from heldout.report.curves import draw_ladder, draw_learning, draw_sizes
from heldout.report.dots import draw_reliability, draw_remedies, draw_scores
from heldout.report.svg import LIGHT_COLOURS, Chart


def draw_charts(content: StudyContent) -> dict[str, Chart]:
    """All charts that the study has numbers for, by name.

    Args:
        content: the study.

    Returns:
        Some of "ladder", "sizes", "learning", "remedies", "scores", "reliability"; what was not measured is absent.
    """
    made = (
        draw_ladder(content),
        draw_sizes(content),
        draw_learning(content),
        draw_remedies(content),
        draw_scores(content),
        draw_reliability(content),
    )
    return {chart.name: chart for chart in made if chart is not None}


def write_charts(content: StudyContent, folder: Path) -> tuple[Path, ...]:
    """Save each chart's Vega-Lite specification as `NAME.vl.json`, with plain colours, to restyle at will.

    Args:
        content: the study.
        folder: where to write; made when it does not exist.

    Returns:
        The paths written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, chart in draw_charts(content).items():
        text = json.dumps(chart.spec, indent=1, allow_nan=False)
        for variable, colour in LIGHT_COLOURS.items():
            text = text.replace(f"var({variable})", colour)
        path = folder / f"{name}.vl.json"
        path.write_text(text + "\n", encoding="utf-8")
        paths.append(path)
    return tuple(paths)
