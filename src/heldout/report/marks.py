"""The look of all charts: layers that several of them share, with colours as CSS variables."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

import altair as alt

from heldout.report.sentences import show_text
from heldout.report.series import CurvePoint
from heldout.report.svg import Chart, Numbers, render_svg

WIDTH = 560
# Fonts differ in width between the drawing library and browsers (up to a fifth): room for the longest labels.
PADDING_LEFT = {"left": 40, "right": 12, "top": 8, "bottom": 8}
PADDING_RIGHT = {"left": 8, "right": 40, "top": 8, "bottom": 8}
AXIS: dict[str, Any] = {
    "labelColor": "var(--soft)",
    "titleColor": "var(--soft)",
    "gridColor": "var(--grid)",
    "domainColor": "var(--soft)",
    "tickColor": "var(--soft)",
    "labelFontSize": 12,
    "titleFontSize": 12,
    "titleFontWeight": "normal",
    "labelLimit": 260,
    "titlePadding": 8,
}
HEADER: dict[str, Any] = {
    "labelColor": "var(--ink)",
    "labelFontSize": 12,
    "labelFontWeight": "bold",
    "title": None,
}
CONFIG: dict[str, Any] = {
    "background": "transparent",
    "aria": False,
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": AXIS,
    "header": HEADER,
    "text": {"fontSize": 12},
}


def embed_rows(rows: list[dict[str, Any]]) -> alt.Data:
    """Rows as inline data; NaN and infinite numbers become null, which draws nothing.

    Example:
        >>> embed_rows([{"y": float("nan")}]).to_dict()
        {'values': [{'y': None}]}
    """
    clean = [{key: _keep_finite(value) for key, value in row.items()} for row in rows]
    return alt.Data(values=clean)


def _keep_finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def keep_apart(labels: list[str]) -> list[str]:
    """Labels as they are, those that repeat told apart by invisible characters: names cut short stay separate lines.

    Example:
        >>> kept = keep_apart(["a", "b", "a"])
        >>> kept[:2], len(kept[2])
        (['a', 'b'], 2)
    """
    seen: dict[str, int] = {}
    kept = []
    for label in labels:
        kept.append(label + "\u200b" * seen.get(label, 0))
        seen[label] = seen.get(label, 0) + 1
    return kept


def build_spec(chart: alt.TopLevelMixin) -> dict[str, Any]:
    """The Vega-Lite specification of a chart in the common look, as plain JSON data."""
    spec = chart.to_dict(context={"pre_transform": False})
    spec["config"] = CONFIG
    return json.loads(json.dumps(spec, allow_nan=False))


def list_seed_rows(points: tuple[CurvePoint, ...]) -> list[dict[str, Any]]:
    """One row per seed and point, for the thin lines."""
    return [
        {"x": point.at, "y": value, "seed": seed}
        for point in points
        for seed, value in enumerate(point.seeds)
    ]


def draw_curve(
    points: tuple[CurvePoint, ...], *, x: alt.X, y: alt.Y, colour: str, dash: tuple[int, ...] = ()
) -> list[alt.Chart]:
    """One quantity as three layers: band from lowest to highest seed, thin lines of seeds, thick mean.

    Args:
        points: the curve.
        x: the shared horizontal encoding of field "x".
        y: the shared vertical encoding of field "y".
        colour: a CSS variable, e.g. "var(--train)".
        dash: stroke pattern of the mean; colour is never the only difference.
    """
    means = [{"x": point.at, "y": point.mean, "low": point.low, "high": point.high} for point in points]
    data = embed_rows(means)
    band = (
        alt.Chart(data)
        .mark_area(color=colour, opacity=0.13, clip=True)
        .encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
    )
    dashes: dict[str, Any] = {"strokeDash": list(dash)} if dash else {}
    thick = alt.Chart(data).mark_line(color=colour, strokeWidth=2.5, clip=True, **dashes).encode(x=x, y=y)
    layers = [band]
    if points and len(points[0].seeds) > 1:
        seeds = alt.Chart(embed_rows(list_seed_rows(points)))
        thin = seeds.mark_line(color=colour, strokeWidth=0.8, opacity=0.45, clip=True)
        layers.append(thin.encode(x=x, y=y, detail="seed:N"))
    return [*layers, thick]


def label_end(at: float, *, height: float, words: str, colour: str) -> alt.Chart:
    """A text at the right end of a line, in its colour."""
    base = alt.Chart(embed_rows([{"x": at, "y": height, "words": words}]))
    mark = base.mark_text(align="left", dx=7, color=colour, fontWeight="bold", clip=False)
    return mark.encode(x="x:Q", y="y:Q", text="words:N")


def draw_level(height: float, *, words: str, at: float) -> list[alt.Chart]:
    """A dashed horizontal line with its name at the left, above the line."""
    base = alt.Chart(embed_rows([{"x": at, "y": height, "words": words}]))
    rule = base.mark_rule(color="var(--reference)", strokeDash=[2, 3], clip=True).encode(y="y:Q")
    text = base.mark_text(color="var(--reference)", align="left", dx=4, dy=-7).encode(
        x="x:Q", y="y:Q", text="words:N"
    )
    return [rule, text]


def draw_moment(at: float, *, words: str, top: float) -> list[alt.Chart]:
    """A vertical line with its name at the top."""
    base = alt.Chart(embed_rows([{"x": at, "y": top, "words": words}]))
    rule = base.mark_rule(color="var(--ink)", strokeWidth=1, strokeDash=[1, 2]).encode(x="x:Q")
    text = base.mark_text(color="var(--ink)", align="left", dx=5, dy=6, baseline="top")
    return [rule, text.encode(x="x:Q", y="y:Q", text="words:N")]


@dataclass(frozen=True)
class Caption:
    """The words of a chart.

    Args:
        name: short name for ids and files.
        title: what is drawn.
        finding: what one sees, as far as the evidence carries.
        note: how to read it.
    """

    name: str
    title: str
    finding: str
    note: str = ""


def finish_chart(
    chart: alt.TopLevelMixin,
    caption: Caption,
    *,
    columns: tuple[str, ...],
    rows: tuple[tuple[str, ...], ...],
    numbers: Numbers,
) -> Chart:
    """A drawn chart with its words and its table.

    Args:
        chart: the Altair chart.
        caption: its words.
        columns: headings of the table with the same numbers.
        rows: cells of the table.
        numbers: the same with all digits.
    """
    spec = build_spec(chart)
    finding = show_text(caption.finding)
    svg = render_svg(spec, name=caption.name, title=caption.title, description=finding)
    return Chart(caption.name, caption.title, finding, caption.note, svg, spec, columns, rows, numbers)
