"""Charts for the lecture: lines with the spread over seeds, small multiples of them, intervals, histograms.

Each gives a `report.svg.Chart`: a picture whose colours follow the page, the sentence it shows, and its numbers as a
table. Colour is never the only difference: lines have dashes and their names at their ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
from numpy.typing import ArrayLike, NDArray

from heldout.demos.bars import BLUE as BLUE
from heldout.demos.bars import INK as INK
from heldout.demos.bars import Bars as Bars
from heldout.demos.bars import Interval as Interval
from heldout.demos.bars import draw_histograms as draw_histograms
from heldout.demos.bars import draw_intervals as draw_intervals
from heldout.demos.bars import draw_pictures as draw_pictures
from heldout.report.marks import AXIS, PADDING_LEFT, WIDTH, Caption, embed_rows, finish_chart
from heldout.report.sentences import format_number
from heldout.report.series import spread_labels
from heldout.report.svg import Chart, Numbers

ORANGE, PURPLE, GREEN, GREY = "var(--validation)", "var(--last)", "var(--good)", "var(--reference)"
HEIGHT = 280
MOST_TABLE_ROWS = 20
PANELS_WIDTH = 740  # of a row of small pictures: as wide as the text above them
SMALLEST_PLAIN = 1e-4  # below it numbers on an axis are written as powers of ten
SOLID: tuple[int, ...] = ()
LETTER_WIDTH = 7.2  # of a bold label at 12 px: room to leave at the right for the longest one


@dataclass(frozen=True)
class Line:
    """One quantity along the horizontal axis.

    Args:
        name: at its right end and in the table; "" for a line that is only drawn.
        x: [X] positions.
        y: [X], or [S, X] with one row a seed: the mean is drawn thick, the seeds thin, their span shaded.
        colour: one of the colours of this module.
        dash: stroke pattern, `SOLID` for none.
        shows_seeds: False draws the span without the thin lines.
        is_bundle: True draws the thin lines alone, without mean and span.
    """

    name: str
    x: ArrayLike
    y: ArrayLike
    colour: str = BLUE
    dash: tuple[int, ...] = SOLID
    shows_seeds: bool = True
    is_bundle: bool = False

    @property
    def places(self) -> NDArray[np.float64]:
        """[X] positions."""
        return np.asarray(self.x, np.float64)

    @property
    def seeds(self) -> NDArray[np.float64]:
        """[S, X] values."""
        return np.atleast_2d(np.asarray(self.y, np.float64))

    @property
    def mean(self) -> NDArray[np.float64]:
        """[X] mean over the seeds."""
        return self.seeds.mean(axis=0)


@dataclass(frozen=True)
class Axes:
    """The two axes of a chart.

    Args:
        x: title.
        y: title.
        x_domain: first and last position; from the lines when left out.
        y_domain: lowest and highest value; 0 to a little above the highest when left out (whole span if logarithmic).
        has_log_x: True for a logarithmic axis.
        has_log_y: True for a logarithmic axis.
        x_format: format of the numbers on the axis (d3), e.g. "%".
        y_format: format of the numbers on the axis (d3).
        x_ticks: where numbers stand; chosen by the drawing when left out.
    """

    x: str
    y: str
    x_domain: tuple[float, float] | None = None
    y_domain: tuple[float, float] | None = None
    has_log_x: bool = False
    has_log_y: bool = False
    x_format: str = ""
    y_format: str = ""
    x_ticks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Panel:
    """One of several small pictures with the same axes.

    Args:
        title: above it.
        lines: in it; small pictures do not name them.
        dots: pairs of x and y, drawn as points.
        levels: horizontal lines: height and name.
        moments: vertical lines: position and name.
        subtitle: a second line below the title, e.g. a verdict.
    """

    title: str
    lines: tuple[Line, ...] = ()
    dots: tuple[tuple[float, float], ...] = ()
    levels: tuple[tuple[float, str], ...] = ()
    moments: tuple[tuple[float, str], ...] = ()
    subtitle: str = ""


def draw_lines(caption: Caption, panel: Panel, axes: Axes) -> Chart:
    """One large picture of some lines.

    Args:
        caption: name for ids and files, title, the sentence that it shows, how to read it.
        panel: the lines; its title is not drawn.
        axes: the axes.

    Returns:
        The chart; its table holds the mean of every named line at up to 20 positions, with the span over seeds.
    """
    axes = _settle(axes, [panel])
    layers = _draw_panel(panel, axes, is_small=False, is_named=True)
    longest = max((len(line.name) for line in panel.lines), default=0)
    padding = {"left": 8, "right": int(16 + 0.25 * LETTER_WIDTH * longest), "top": 8, "bottom": 8}
    width = int(min(WIDTH, 700 - LETTER_WIDTH * longest))
    chart = alt.layer(*layers).properties(width=width, height=HEIGHT, padding=padding)
    return _finish(chart, caption, [panel], axes)


def draw_panels(
    caption: Caption, panels: Sequence[Panel], axes: Axes, *, per_row: int = 3, height: int = 150
) -> Chart:
    """Several small pictures side by side, all with the same axes.

    Args:
        caption: name for ids and files, title, the sentence that they show, how to read them (what each colour and
            dash is belongs there).
        panels: the pictures.
        axes: the axes of all.
        per_row: how many stand side by side.
        height: of one, in pixels.

    Returns:
        The chart with one table for all panels.
    """
    axes = _settle(axes, panels)
    width = int(PANELS_WIDTH / per_row) - 40
    drawn = []
    for place, panel in enumerate(panels):
        layers = _draw_panel(panel, axes, is_small=True, is_named=False, has_y=place % per_row == 0)
        drawn.append(alt.layer(*layers).properties(width=width, height=height, title=_make_title(panel)))
    rows = [
        alt.hconcat(*drawn[first : first + per_row], spacing=14) for first in range(0, len(drawn), per_row)
    ]
    chart = alt.vconcat(*rows, spacing=18).properties(padding=PADDING_LEFT)
    return _finish(chart, caption, panels, axes)


def _make_title(panel: Panel) -> alt.TitleParams:
    look: dict[str, Any] = {"color": INK, "fontSize": 12, "anchor": "start", "frame": "group"}
    below: dict[str, Any] = {
        "subtitle": panel.subtitle,
        "subtitleColor": "var(--soft)",
        "subtitleFontSize": 12,
    }
    return alt.TitleParams(panel.title, fontWeight="bold", **look, **(below if panel.subtitle else {}))


def _finish(chart: alt.TopLevelMixin, caption: Caption, panels: Sequence[Panel], axes: Axes) -> Chart:
    rows = tuple(
        (panel.title, line.name, x, y, low, high)
        for panel in panels
        for line in panel.lines
        if line.name
        for x, y, low, high in zip(
            line.places.tolist(),
            line.mean.tolist(),
            line.seeds.min(axis=0).tolist(),
            line.seeds.max(axis=0).tolist(),
            strict=True,
        )
    )
    return finish_chart(
        chart,
        caption,
        columns=_list_columns(panels, axes),
        rows=_list_rows(panels),
        numbers=Numbers(("picture", "line", axes.x, axes.y, "lowest", "highest"), rows),
    )


def _settle(axes: Axes, panels: Sequence[Panel]) -> Axes:
    """Give the axes their limits, common to all panels."""
    lines = [line for panel in panels for line in panel.lines]
    places = np.concatenate([line.places for line in lines])
    values = np.concatenate([line.seeds.ravel() for line in lines])
    values = values[np.isfinite(values)]
    x_domain = axes.x_domain or (float(places.min()), float(places.max()))
    if axes.y_domain:
        y_domain = axes.y_domain
    elif axes.has_log_y:
        positive = values[values > 0]
        y_domain = (float(positive.min()) / 1.2, float(positive.max()) * 1.2)
    else:
        y_domain = (min(0.0, 1.05 * float(values.min())), 1.08 * float(values.max()))
    return Axes(
        axes.x,
        axes.y,
        x_domain,
        y_domain,
        axes.has_log_x,
        axes.has_log_y,
        axes.x_format,
        axes.y_format,
        axes.x_ticks,
    )


def _encode(axes: Axes, *, is_small: bool, has_y: bool = True) -> tuple[alt.X, alt.Y]:
    def scale(domain: tuple[float, float] | None, has_log: bool) -> alt.Scale:
        kind: dict[str, Any] = {"type": "log"} if has_log else {}
        return alt.Scale(domain=list(domain or (0, 1)), nice=False, clamp=False, **kind)

    count: dict[str, Any] = {"tickCount": 3} if is_small else {}
    ticks: dict[str, Any] = {"values": list(axes.x_ticks)} if axes.x_ticks else dict(count)
    if axes.x_format or axes.has_log_x:
        ticks["format"] = axes.x_format or "~s"
    heights: dict[str, Any] = dict(count)
    if axes.has_log_y:
        form = "~g" if (axes.y_domain or (1.0,))[0] > SMALLEST_PLAIN else ".0e"
        heights = {
            "values": _list_log_ticks(axes.y_domain or (0.1, 1.0)),
            "format": form,
        }
    if axes.y_format:
        heights["format"] = axes.y_format
    if not has_y:
        heights["labels"] = False
    x = alt.X(
        "x:Q",
        title=axes.x,
        scale=scale(axes.x_domain, axes.has_log_x),
        axis=alt.Axis(**AXIS, grid=False, **ticks),
    )
    title = axes.y if has_y else None
    y = alt.Y(
        "y:Q", title=title, scale=scale(axes.y_domain, axes.has_log_y), axis=alt.Axis(**AXIS, **heights)
    )
    return x, y


def _list_log_ticks(domain: tuple[float, float]) -> list[float]:
    """Powers of ten; 2 and 5 of each where there would be fewer than three, every second one above eight."""
    first, last = int(np.floor(np.log10(domain[0]))), int(np.ceil(np.log10(domain[1])))
    step = 1 + (last - first) // 8
    digits = (1, 2, 5) if last - first <= 3 else (1,)
    ticks = [digit * 10.0**power for power in range(first, last + 1, step) for digit in digits]
    return [float(f"{tick:.3g}") for tick in ticks if domain[0] <= tick <= domain[1]]


def _draw_panel(
    panel: Panel, axes: Axes, *, is_small: bool, is_named: bool, has_y: bool = True
) -> list[alt.Chart]:
    x, y = _encode(axes, is_small=is_small, has_y=has_y)
    layers = [layer for line in panel.lines for layer in _draw_line(line, x=x, y=y, is_small=is_small)]
    if panel.dots:
        dots = alt.Chart(embed_rows([{"x": at, "y": height} for at, height in panel.dots]))
        mark = dots.mark_point(filled=True, color=INK, opacity=0.8, size=14 if is_small else 22, clip=True)
        layers.append(mark.encode(x=x, y=y))
    start = (axes.x_domain or (0, 1))[0]
    top = (axes.y_domain or (0, 1))[1]
    for height, words in panel.levels:
        layers += _draw_level(height, words=words, at=start, x=x, y=y)
    for at, words in panel.moments:
        layers += _draw_moment(at, words=words, top=top, x=x, y=y)
    if is_named:
        layers += _name_lines(panel, axes, x=x, y=y)
    return layers


def _draw_line(line: Line, *, x: alt.X, y: alt.Y, is_small: bool) -> list[alt.Chart]:
    seeds, places = line.seeds, line.places.tolist()
    layers: list[alt.Chart] = []
    if len(seeds) > 1 and not line.is_bundle:
        span = zip(places, seeds.min(axis=0).tolist(), seeds.max(axis=0).tolist(), strict=True)
        band = alt.Chart(embed_rows([{"x": at, "y": low, "high": high} for at, low, high in span]))
        mark = band.mark_area(color=line.colour, opacity=0.13, clip=True)
        layers.append(mark.encode(x=x, y=y, y2="high:Q"))
    if line.is_bundle or (len(seeds) > 1 and line.shows_seeds):
        rows = [
            {"x": at, "y": value, "seed": seed}
            for seed, values in enumerate(seeds.tolist())
            for at, value in zip(places, values, strict=True)
        ]
        thin = alt.Chart(embed_rows(rows)).mark_line(
            color=line.colour, strokeWidth=0.8, opacity=0.4, clip=True
        )
        layers.append(thin.encode(x=x, y=y, detail="seed:N"))
    if not line.is_bundle:
        dashes: dict[str, Any] = {"strokeDash": list(line.dash)} if line.dash else {}
        means = [{"x": at, "y": value} for at, value in zip(places, line.mean.tolist(), strict=True)]
        width = 1.8 if is_small else 2.5
        thick = alt.Chart(embed_rows(means)).mark_line(
            color=line.colour, strokeWidth=width, clip=True, **dashes
        )
        layers.append(thick.encode(x=x, y=y))
    return layers


def _draw_level(height: float, *, words: str, at: float, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    base = alt.Chart(embed_rows([{"x": at, "y": height, "words": words}]))
    rule = base.mark_rule(color=GREY, strokeDash=[2, 3], clip=True).encode(y=y)
    text = base.mark_text(color=GREY, align="left", dx=4, dy=-7).encode(x=x, y=y, text="words:N")
    return [rule, text]


def _draw_moment(at: float, *, words: str, top: float, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    base = alt.Chart(embed_rows([{"x": at, "y": top, "words": words}]))
    rule = base.mark_rule(color=INK, strokeWidth=1, strokeDash=[1, 2]).encode(x=x)
    text = base.mark_text(color=INK, align="left", dx=5, dy=6, baseline="top")
    return [rule, text.encode(x=x, y=y, text="words:N")]


def _name_lines(panel: Panel, axes: Axes, *, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """Names at the right ends, moved apart where lines end close together."""
    named = [line for line in panel.lines if line.name]
    if not named:
        return []
    low, high = axes.y_domain or (0.0, 1.0)
    ends = [float(np.clip(line.mean[-1], low, high)) for line in named]
    if axes.has_log_y:
        moved = spread_labels(np.log(ends).tolist(), gap=0.06 * float(np.log(high / low)))
        heights = np.exp(moved).tolist()
    else:
        heights = spread_labels(ends, gap=0.06 * (high - low))
    at = (axes.x_domain or (0.0, 1.0))[1]
    layers = []
    for line, height in zip(named, heights, strict=True):
        base = alt.Chart(embed_rows([{"x": at, "y": height, "words": line.name}]))
        mark = base.mark_text(align="left", dx=7, color=line.colour, fontWeight="bold", clip=False)
        layers.append(mark.encode(x=x, y=y, text="words:N"))
    return layers


def _list_columns(panels: Sequence[Panel], axes: Axes) -> tuple[str, ...]:
    names = dict.fromkeys(line.name for panel in panels for line in panel.lines if line.name)
    return (*(("picture",) if len(panels) > 1 else ()), axes.x, *names)


def _list_rows(panels: Sequence[Panel]) -> tuple[tuple[str, ...], ...]:
    """The mean of every named line, with the span over seeds, at up to 20 positions."""
    names = list(dict.fromkeys(line.name for panel in panels for line in panel.lines if line.name))
    rows: list[tuple[str, ...]] = []
    for panel in panels:
        own = {line.name: line for line in panel.lines if line.name}
        places = np.unique(np.concatenate([line.places for line in own.values()]))
        kept = places[
            np.unique(
                np.linspace(0, len(places) - 1, MOST_TABLE_ROWS // min(len(panels), 4)).round().astype(int)
            )
        ]
        for at in kept.tolist():
            cells = [_show_at(own[name], at) if name in own else "" for name in names]
            rows.append((*((panel.title,) if len(panels) > 1 else ()), format_number(at), *cells))
    return tuple(rows)


def _show_at(line: Line, at: float) -> str:
    found = np.flatnonzero(np.isclose(line.places, at))
    if not found.size:
        return ""
    values = line.seeds[:, found[0]]
    mean = format_number(float(values.mean()))
    if len(values) == 1:
        return mean
    return f"{mean} ({format_number(float(values.min()))} to {format_number(float(values.max()))})"
