"""The pictures of each size of the ladder over its epochs, side by side on the same scales."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt

from heldout.counts import count_things
from heldout.records import ConfigurationRun
from heldout.report.content import StudyContent
from heldout.report.curves import list_curve_numbers
from heldout.report.marks import AXIS, Caption, draw_curve, embed_rows, finish_chart
from heldout.report.sentences import format_change, format_number
from heldout.report.series import (
    CurvePoint,
    find_best_epoch,
    find_top,
    follow_epochs,
    list_ladder,
    summarize_seeds,
)
from heldout.report.svg import Chart

COLUMNS, PANEL = 4, (148, 92)
# Points of one line, and of all together: 8 sizes of 5 seeds make 78 KB (measured), 12 of 13 would make 300.
FEWEST_POINTS, MOST_POINTS, ALL_POINTS = 15, 30, 3_000
_TRAIN, _VALIDATION, _DASH = "var(--train)", "var(--validation)", (5, 3)
# (run, best epoch, training, validation)
_Drawn = tuple[ConfigurationRun, int, tuple[CurvePoint, ...], tuple[CurvePoint, ...]]


def draw_sizes(content: StudyContent) -> Chart | None:
    """Every size of the ladder over its epochs, each seed and their mean; None with fewer than two sizes.

    Every panel holds curves: a size without a loss that can be drawn is left out and named.

    Args:
        content: the study.
    """
    runs = list_ladder(content)
    if len(runs) < 2:
        return None
    n_lines = 2 * sum(run.validation_curve.shape[0] for run in runs)
    most = min(max(ALL_POINTS // n_lines, FEWEST_POINTS), MOST_POINTS)
    followed = [_follow(content, run, most=most) for run in runs]
    values = [
        value for _, _, *curves in followed for curve in curves for p in curve for value in (p.low, p.high)
    ]
    top, cut = find_top(values, reference=content.constant_loss)
    drawn = [item for item in followed if _is_seen(item[2:], top=top)]
    if not drawn:
        return None
    n_epochs = max(run.validation_curve.shape[1] for run, *_ in drawn)
    panels = [
        _draw_panel(
            item, ends=(n_epochs, top), is_first=place % COLUMNS == 0, is_last=place + COLUMNS >= len(drawn)
        )
        for place, item in enumerate(drawn)
    ]
    chart = alt.concat(*panels, columns=COLUMNS, spacing=16)
    left_out = [
        f"{item[0].configuration.rung.n_parameters:,}" for item in followed if not _is_seen(item[2:], top=top)
    ]
    caption = Caption(
        "sizes",
        "Each size over its epochs",
        _find_sizes(content, runs),
        "Thick: mean over seeds. Thin: each seed. Shaded: from the lowest to the highest seed. Solid: training. "
        "Dashed: validation. Dotted: epoch with the lowest validation loss."
        + (" Losses above the upper edge are not drawn; the file of the numbers has them." if cut else "")
        + (
            f" Not drawn, since no loss is finite or below the edge: {', '.join(left_out)} weights."
            if left_out
            else ""
        ),
    )
    rows = tuple(row for item in followed for row in _list_rows(item))
    columns = ("size", "epoch", "training", "validation", "validation, lowest to highest seed")
    return finish_chart(chart, caption, columns=columns, rows=rows, numbers=list_curve_numbers(runs))


def _follow(content: StudyContent, run: ConfigurationRun, *, most: int) -> _Drawn:
    best = find_best_epoch(content, run)
    train, validation = (
        follow_epochs(curve, keep=best, most=most) for curve in (run.train_curve, run.validation_curve)
    )
    return run, best, train, validation


def _is_seen(curves: Sequence[tuple[CurvePoint, ...]], *, top: float) -> bool:
    return any(point.mean <= top for curve in curves for point in curve)


def _draw_panel(
    item: _Drawn, *, ends: tuple[float, float], is_first: bool, is_last: bool
) -> alt.FacetChart | alt.LayerChart:
    """One size; labels of the scales only at the left and below, since all panels share them."""
    run, best, train, validation = item
    n_epochs, top = ends
    x = alt.X(
        "x:Q",
        title="epoch" if is_last else None,
        axis=alt.Axis(**AXIS, grid=False, tickCount=3, labels=is_last),
        scale=alt.Scale(domain=[0, n_epochs], nice=False),
    )
    y = alt.Y(
        "y:Q",
        title="loss" if is_first else None,
        axis=alt.Axis(**AXIS, tickCount=3, labels=is_first),
        scale=alt.Scale(domain=[0, top], nice=False),
    )
    rule = alt.Chart(embed_rows([{"x": best}])).mark_rule(color="var(--soft)", strokeDash=[1, 2]).encode(x=x)
    layers = [
        *draw_curve(validation, x=x, y=y, colour=_VALIDATION, dash=_DASH),
        *draw_curve(train, x=x, y=y, colour=_TRAIN),
        rule,
    ]
    words = count_things(run.configuration.rung.n_parameters, "weight")
    title = alt.TitleParams(words, color="var(--ink)", fontSize=12, fontWeight="bold", offset=4)
    return alt.layer(*layers).properties(width=PANEL[0], height=PANEL[1], title=title)


def _list_rows(item: _Drawn) -> list[tuple[str, ...]]:
    run, _, train, validation = item
    size = count_things(run.configuration.rung.n_parameters, "weight")
    return [
        (
            size,
            str(point.at),
            format_number(other.mean),
            format_number(point.mean),
            f"{format_number(point.low)} to {format_number(point.high)}",
        )
        for other, point in zip(train, validation, strict=True)
    ]


def _find_sizes(content: StudyContent, runs: tuple[ConfigurationRun, ...]) -> str:
    """In how many sizes longer training ended higher, in the mean of the seeds, and by how much at most."""
    rises = []
    for run in runs:
        best = summarize_seeds(run.validation_curve[:, find_best_epoch(content, run) - 1], at=0).mean
        last = summarize_seeds(run.validation_curve[:, -1], at=0).mean
        if math.isfinite(last - best):
            rises.append((last - best, run.configuration.rung.n_parameters))
    least = content.tolerance if math.isfinite(content.tolerance) else 0.0
    risen = [item for item in rises if item[0] > least]
    beyond = f" by more than the tolerance {format_number(least)}" if least else ""
    if not risen:
        return (
            f"In none of {count_things(len(rises), 'size')} does the mean validation loss end higher{beyond} than at "
            "the best epoch."
        )
    most, size = max(risen)
    judged = f"which is beyond chance, {'the verdict says' if content.ladder else 'was not judged yet'}"
    return (
        f"In {len(risen)} of {count_things(len(rises), 'size')} the mean validation loss ends higher{beyond} than at "
        f"the best epoch, at most {format_change(most)} ({count_things(size, 'weight')}); {judged}."
    )
