"""The pictures made of estimates with intervals: remedies and scores."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from heldout.records import RemedyResult, Score
from heldout.report.content import StudyContent
from heldout.report.marks import (
    AXIS,
    HEADER,
    PADDING_LEFT,
    WIDTH,
    Caption,
    embed_rows,
    finish_chart,
)
from heldout.report.sentences import (
    describe_size,
    find_score,
    format_change,
    format_interval,
    format_number,
    name_baseline,
    name_metric,
    name_remedy,
    show_text,
)
from heldout.report.svg import Chart, Numbers

_GROUPS = {
    "helps": "helped, beyond chance",
    "equivalent": "no change beyond the tolerance",
    "cannot tell": "cannot tell from these data",
    "hurts": "made it worse, beyond chance",
    "not applicable": "compared at the last epoch only",
}
_EARLY, _END = "both stopped early", "both at the last epoch"


def draw_remedies(content: StudyContent) -> Chart | None:
    """Each remedy's change of loss with its interval, against both comparators; None without remedies.

    Args:
        content: the study.
    """
    rows = [row for remedy in _sort_remedies(content.remedies) for row in _list_remedy_rows(remedy)]
    if not any(math.isfinite(row["estimate"]) for row in rows):
        return None
    shaded = math.isfinite(content.tolerance)
    caption = Caption(
        "remedies",
        "Change of loss by each remedy, against the same network without it",
        _find_remedies(content.remedies),
        "Left: both networks stopped at their best epoch, in groups by what that shows. Right, on its own scale: both "
        "trained to the last epoch. "
        "Bars: 95 % intervals; a bar across 0 leaves open whether the remedy helps or hurts."
        + (" Shaded: changes too small to matter (the tolerance)." if shaded else ""),
    )
    table = tuple(
        (
            row["remedy"],
            row["comparator"],
            format_change(row["estimate"]),
            format_interval(row["low"], row["high"], signed=True),
            row["outcome"],
        )
        for row in rows
    )
    columns = ("remedy", "comparison", "change of loss", "95 % interval", "outcome")
    numbers = Numbers(
        ("remedy", "comparison", "change", "low", "high", "outcome"),
        tuple(
            (row["remedy"], row["comparator"], row["estimate"], row["low"], row["high"], row["outcome"])
            for row in rows
        ),
    )
    plot = _plot_remedies(rows, content.tolerance)
    return finish_chart(plot, caption, columns=columns, rows=table, numbers=numbers)


def _sort_remedies(remedies: tuple[RemedyResult, ...]) -> list[RemedyResult]:
    rank = {outcome: position for position, outcome in enumerate(_GROUPS)}
    return sorted(remedies, key=lambda item: (rank.get(item.outcome, len(rank)), item.early_stopped[0]))


def _list_remedy_rows(remedy: RemedyResult) -> list[dict[str, Any]]:
    shared = {
        "remedy": show_text(name_remedy(remedy), limit=40),
        "group": _GROUPS.get(remedy.outcome, remedy.outcome),
    }
    sides = ((_EARLY, remedy.early_stopped, remedy.outcome), (_END, remedy.at_end, remedy.outcome_at_end))
    return [
        {
            **shared,
            "comparator": side,
            "estimate": numbers[0],
            "low": numbers[1],
            "high": numbers[2],
            "outcome": outcome,
        }
        for side, numbers, outcome in sides
    ]


def _plot_remedies(rows: list[dict[str, Any]], tolerance: float) -> alt.HConcatChart:
    """Two panels with scales of their own: what remedies do at the last epoch is often ten times as large."""
    names = list(dict.fromkeys(row["remedy"] for row in rows))
    groups = list(dict.fromkeys(row["group"] for row in rows))
    panels = [
        _plot_side(
            [row for row in rows if row["comparator"] == side], order=(names, groups), tolerance=tolerance
        )
        for side in (_EARLY, _END)
    ]
    return alt.hconcat(*panels, spacing=24).properties(padding=PADDING_LEFT)


def _plot_side(
    rows: list[dict[str, Any]], *, order: tuple[list[str], list[str]], tolerance: float
) -> alt.FacetChart:
    (names, groups), side = order, rows[0]["comparator"]
    is_first = side == _EARLY
    colour, shape = ("var(--train)", "circle") if is_first else ("var(--validation)", "diamond")
    axis = alt.Axis(**AXIS, ticks=False, domain=False, grid=False, labels=is_first)
    base = alt.Chart().encode(
        y=alt.Y("remedy:N", sort=names, title=None, axis=axis, scale=alt.Scale(paddingInner=0.35))
    )
    x = alt.X(
        "estimate:Q",
        title=[side, "change of loss (left of 0: better)"],
        axis=alt.Axis(**AXIS, tickCount=4, labelFlush=False),
    )
    layers: list[alt.Chart] = []
    if math.isfinite(tolerance):
        band = alt.Chart(embed_rows([{"low": -tolerance, "high": tolerance}]))
        layers.append(band.mark_rect(color="var(--band)").encode(x="low:Q", x2="high:Q"))
    layers.append(alt.Chart(embed_rows([{"zero": 0}])).mark_rule(color="var(--soft)").encode(x="zero:Q"))
    layers.append(base.mark_rule(strokeWidth=2, color=colour).encode(x=alt.X("low:Q"), x2="high:Q"))
    layers.append(base.mark_point(filled=True, opacity=1, size=70, color=colour, shape=shape).encode(x=x))
    # what the groups say is true of the left panel; the right one has only room in their place
    words: dict[str, Any] = {} if is_first else {"labelExpr": "' '"}
    header = alt.Header(labelAngle=0, labelAnchor="start", labelOrient="top", **HEADER, **words)
    plot = alt.layer(*layers).properties(width=215, height=alt.Step(20))
    facet = plot.facet(row=alt.Row("group:N", sort=groups, header=header), data=embed_rows(rows), spacing=20)
    return facet.resolve_scale(y="independent")


def _find_remedies(remedies: tuple[RemedyResult, ...]) -> str:
    parts = []
    for outcome, words in (("helps", "Helped beyond chance"), ("hurts", "Made it worse beyond chance")):
        names = [name_remedy(remedy) for remedy in remedies if remedy.outcome == outcome]
        if names:
            parts.append(f"{words}: {', '.join(names)}.")
    same = [name_remedy(remedy) for remedy in remedies if remedy.outcome == "equivalent"]
    if same:
        parts.append(f"Changed the loss by no more than the tolerance: {', '.join(same)}.")
    unclear = [name_remedy(remedy) for remedy in remedies if remedy.outcome == "cannot tell"]
    if unclear:
        parts.append(f"Cannot tell from these data: {', '.join(unclear)}.")
    return "With both networks stopped at their best epoch. " + " ".join(parts)


def draw_scores(content: StudyContent) -> Chart | None:
    """The primary metric on the test rows, the development rows and of the baselines; None with no score.

    Args:
        content: the study.
    """
    scores = list_primary_scores(content)
    if not scores:
        return None
    rows = [
        {
            "what": what,
            "value": score.value,
            "low": score.low,
            "high": score.high,
            "network": network,
            "label": format_number(score.value),
        }
        for what, score, network in scores
    ]
    axis = alt.Axis(**AXIS, ticks=False, domain=False, grid=False)
    marks = alt.Scale(domain=[True, False], range=["var(--train)", "var(--reference)"])
    base = alt.Chart(embed_rows(rows)).encode(
        y=alt.Y("what:N", sort=[row["what"] for row in rows], title=None, axis=axis),
        color=alt.Color("network:N", legend=None, scale=marks),
    )
    scale = alt.Scale(zero=False, nice=True)
    axis = alt.Axis(**AXIS, labelFlush=False)
    x = alt.X("value:Q", title=name_metric(content.metric), axis=axis, scale=scale)
    span = base.mark_rule(strokeWidth=2.5).encode(x=alt.X("low:Q"), x2="high:Q")
    shape = alt.Shape(
        "network:N", legend=None, scale=alt.Scale(domain=[True, False], range=["circle", "square"])
    )
    dots = base.mark_point(filled=True, opacity=1, size=90).encode(x=x, shape=shape)
    words = base.mark_text(dy=-11, fontSize=11).encode(x="value:Q", text="label:N")
    chart = alt.layer(span, dots, words)
    chart = chart.properties(width=WIDTH - 120, height=alt.Step(36), padding=PADDING_LEFT)
    caption = Caption(
        "scores",
        f"{content.metric} with its 95 % interval",
        _find_scores(scores),
        "Circles: the network; its development score comes from rows that also served for choosing. Squares: simple "
        "predictors. Overlapping intervals alone prove neither a difference nor "
        "its absence; the paired comparison below does that better.",
    )
    table = tuple(
        (
            what,
            format_number(score.value),
            format_interval(score.low, score.high),
            describe_size(score),
            score.method,
        )
        for what, score, _ in scores
    )
    columns = ("what", content.metric, "95 % interval", "measured on", "method")
    numbers = Numbers(
        ("what", "metric", "value", "low", "high", "rows", "groups"),
        tuple(
            (what, score.metric, score.value, score.low, score.high, score.n_rows, score.n_units)
            for what, score, _ in scores
        ),
    )
    return finish_chart(chart, caption, columns=columns, rows=table, numbers=numbers)


def list_primary_scores(content: StudyContent) -> list[tuple[str, Score, bool]]:
    """Name, score and whether it is the network's, for each score of the primary metric."""
    named = [
        ("test, sealed until the end", find_score(content.test_scores, content.metric), True),
        ("test without copies", find_score(content.test_scores_without_copies, content.metric), True),
        ("development", find_score(content.development_scores, content.metric), True),
    ]
    named += [
        (name_baseline(item.name), find_score(item.scores, content.metric), False)
        for item in content.baselines
    ]
    return [
        (show_text(what), score, network)
        for what, score, network in named
        if score and math.isfinite(score.value)
    ]


def _find_scores(scores: list[tuple[str, Score, bool]]) -> str:
    what, score, _ = scores[0]
    return (
        f"{what[0].upper()}{what[1:]}: {score.metric} {format_number(score.value)}, "
        f"95 % interval {format_interval(score.low, score.high)}, "
        f"on {describe_size(score)}."
    )
