"""Charts for the lecture beside lines: intervals, histograms and small grey pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import ArrayLike, NDArray

from heldout.report.marks import AXIS, PADDING_LEFT, WIDTH, Caption, embed_rows, finish_chart
from heldout.report.sentences import format_interval, format_number
from heldout.report.svg import Chart, Numbers

BLUE, INK = "var(--train)", "var(--ink)"


@dataclass(frozen=True)
class Interval:
    """One estimate with its interval.

    Args:
        name: at the left.
        estimate: the dot.
        low: lower end.
        high: upper end.
        words: what it says, for the table ("helps", "equivalent", ...).
        colour: one of the colours of this module.
    """

    name: str
    estimate: float
    low: float
    high: float
    words: str = ""
    colour: str = BLUE


def draw_intervals(
    caption: Caption,
    intervals: Sequence[Interval],
    *,
    title: str,
    tolerance: float = 0.0,
    level: str = "95 %",
) -> Chart:
    """Estimates with their intervals, one a line, in the order given.

    Args:
        caption: name for ids and files, title, the sentence that it shows, how to read it.
        intervals: the lines, from the top.
        title: of the horizontal axis.
        tolerance: changes smaller than this are shaded; 0 for none.
        level: of the intervals, for the table.
    """
    names = [item.name for item in intervals]
    rows = [vars(item) for item in intervals]
    axis = alt.Axis(**{**AXIS, "ticks": False, "domain": False, "grid": False, "labelLimit": 320})
    base = alt.Chart(embed_rows(rows)).encode(
        y=alt.Y("name:N", sort=names, title=None, axis=axis),
        color=alt.Color("colour:N", scale=None, legend=None),
    )
    x = alt.X("estimate:Q", title=title, axis=alt.Axis(**AXIS, tickCount=6), scale=alt.Scale(nice=True))
    layers: list[alt.Chart] = []
    if tolerance:
        band = alt.Chart(embed_rows([{"low": -tolerance, "high": tolerance}]))
        layers.append(band.mark_rect(color="var(--band)").encode(x="low:Q", x2="high:Q"))
    layers.append(alt.Chart(embed_rows([{"zero": 0}])).mark_rule(color="var(--soft)").encode(x="zero:Q"))
    layers.append(base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"))
    layers.append(base.mark_point(filled=True, opacity=1, size=70).encode(x=x))
    chart = alt.layer(*layers).properties(width=WIDTH - 120, height=alt.Step(26), padding=PADDING_LEFT)
    table = tuple(
        (item.name, format_number(item.estimate), format_interval(item.low, item.high), item.words)
        for item in intervals
    )
    numbers = Numbers(
        ("name", "estimate", "low", "high", "outcome"),
        tuple((item.name, item.estimate, item.low, item.high, item.words) for item in intervals),
    )
    columns = ("", title, f"{level} interval", "outcome")
    return finish_chart(chart, caption, columns=columns, rows=table, numbers=numbers)


@dataclass(frozen=True)
class Bars:
    """One histogram.

    Args:
        title: above it.
        edges: [B + 1] limits of the bins.
        counts: [B] height of each bar.
        colour: one of the colours of this module.
    """

    title: str
    edges: ArrayLike
    counts: ArrayLike
    colour: str = BLUE


def draw_histograms(
    caption: Caption, bars: Sequence[Bars], *, x: str, y: str, has_log_y: bool = False
) -> Chart:
    """Histograms with the same bins one below the other.

    Args:
        caption: name for ids and files, title, the sentence that they show, how to read them.
        bars: the histograms.
        x: title of the horizontal axis.
        y: title of the vertical axis.
        has_log_y: True for a logarithmic height (empty bins are not drawn).
    """
    drawn = []
    top = max(float(np.max(np.asarray(item.counts))) for item in bars)
    scale = alt.Scale(type="symlog", domain=[0, top]) if has_log_y else alt.Scale(domain=[0, 1.05 * top])
    powers = [0.0, *(10.0**power for power in range(1 + int(np.log10(max(top, 1.0)))))]
    ticks: dict[str, Any] = {"values": powers} if has_log_y else {"tickCount": 3}
    for item in bars:
        edges, counts = np.asarray(item.edges, np.float64), np.asarray(item.counts, np.float64)
        rows = [
            {"low": low, "high": high, "n": n}
            for low, high, n in zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
        ]
        is_last = item is bars[-1]
        mark = (
            alt.Chart(embed_rows(rows))
            .mark_rect(color=item.colour)
            .encode(
                x=alt.X("low:Q", title=x if is_last else None, axis=alt.Axis(**AXIS, grid=False)),
                x2="high:Q",
                y=alt.Y("n:Q", title=y, axis=alt.Axis(**AXIS, **ticks), scale=scale),
                y2=alt.datum(0),
            )
        )
        title = alt.TitleParams(
            item.title, color=INK, fontSize=12, anchor="start", frame="group", fontWeight="bold"
        )
        drawn.append(mark.properties(width=WIDTH, height=90, title=title))
    chart = alt.vconcat(*drawn, spacing=8).properties(padding=PADDING_LEFT)
    columns = ("bin", *(item.title for item in bars))
    edges = np.asarray(bars[0].edges, np.float64)
    columns_of_counts = [np.asarray(item.counts) for item in bars]
    rows_of_table = tuple(
        (
            f"{format_number(float(edges[at]))} to {format_number(float(edges[at + 1]))}",
            *(format_number(float(counts[at])) for counts in columns_of_counts),
        )
        for at in range(len(edges) - 1)
    )
    numbers = Numbers(
        ("low", "high", *(item.title for item in bars)),
        tuple(
            (float(edges[at]), float(edges[at + 1]), *(float(counts[at]) for counts in columns_of_counts))
            for at in range(len(edges) - 1)
        ),
    )
    return finish_chart(chart, caption, columns=columns, rows=rows_of_table, numbers=numbers)


def draw_pictures(
    caption: Caption, pictures: Sequence[tuple[str, NDArray[np.generic]]], *, per_row: int = 5, side: int = 84
) -> Chart:
    """Small grey pictures with a name above each.

    Args:
        caption: name for ids and files, title, the sentence that they show, how to read them.
        pictures: pairs of name and values [H, W], the larger the darker.
        per_row: how many stand side by side.
        side: width of one, in pixels.
    """
    drawn = []
    for name, values in pictures:
        grid = np.asarray(values, np.float64)
        low, high = float(grid.min()), float(grid.max())
        shades = (grid - low) / max(high - low, 1e-9)
        rows = [
            {"x": column, "y": row, "v": round(float(shades[row, column]), 3)}
            for row in range(grid.shape[0])
            for column in range(grid.shape[1])
            if shades[row, column] > 0.02
        ]
        frame = alt.Chart(embed_rows([{}])).mark_rect(color="var(--band)", strokeWidth=0)
        ink = (
            alt.Chart(embed_rows(rows))
            .mark_rect(color=INK, strokeWidth=0)
            .encode(
                x=alt.X("x:O", axis=None, scale=alt.Scale(domain=list(range(grid.shape[1])), padding=0)),
                y=alt.Y("y:O", axis=None, scale=alt.Scale(domain=list(range(grid.shape[0])), padding=0)),
                opacity=alt.Opacity("v:Q", scale=alt.Scale(domain=[0, 1], range=[0, 1]), legend=None),
            )
        )
        title = alt.TitleParams(
            name, color="var(--soft)", fontSize=11, anchor="start", frame="group", fontWeight="normal"
        )
        height = side * grid.shape[0] / grid.shape[1]
        drawn.append(alt.layer(frame, ink).properties(width=side, height=height, title=title))
    rows_of_charts = [
        alt.hconcat(*drawn[first : first + per_row], spacing=18) for first in range(0, len(drawn), per_row)
    ]
    chart = alt.vconcat(*rows_of_charts, spacing=10).properties(padding=PADDING_LEFT)
    table = tuple((name, _describe(np.asarray(values, np.float64))) for name, values in pictures)
    columns = ("picture", "share of dark places by row")
    return finish_chart(chart, caption, columns=columns, rows=table, numbers=Numbers(columns, table))


def _describe(values: NDArray[np.float64]) -> str:
    low, high = float(values.min()), float(values.max())
    dark = (values - low) > 0.5 * max(high - low, 1e-9)
    return " ".join(f"{share:.0%}" for share in dark.mean(axis=1))
