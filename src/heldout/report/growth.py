"""The picture of what more rows bring."""

from __future__ import annotations

import math

import altair as alt

from heldout.counts import count_things
from heldout.records import Growth
from heldout.report.content import StudyContent
from heldout.report.marks import AXIS, PADDING_LEFT, WIDTH, Caption, embed_rows, finish_chart
from heldout.report.sentences import format_change, format_interval
from heldout.report.svg import Chart, Numbers

COLUMNS = ("rows", "fall of the loss", "interval", "kind")


def draw_growth(content: StudyContent) -> Chart | None:
    """What twice as many fit rows brought, and a guess for the next doubling; None where it was not measured.

    Args:
        content: the study.
    """
    growth = content.growth
    if growth is None or not math.isfinite(growth.fall[0]):
        return None
    measured = f"{growth.n_half:,} to {growth.n_full:,} rows: measured"
    guessed = f"{growth.n_full:,} to {2 * growth.n_full:,} rows: a guess"
    rows = [
        {"what": measured, "value": growth.fall[0], "low": growth.fall[1], "high": growth.fall[2]},
        {"what": guessed, "value": math.nan, "low": growth.guess[0], "high": growth.guess[1]},
    ]
    axis = alt.Axis(**AXIS, ticks=False, domain=False, grid=False)
    base = alt.Chart(embed_rows(rows)).encode(
        y=alt.Y("what:N", sort=[measured, guessed], title=None, axis=axis)
    )
    layers: list[alt.Chart] = []
    if math.isfinite(content.tolerance):
        band = alt.Chart(embed_rows([{"low": -content.tolerance, "high": content.tolerance}]))
        layers.append(band.mark_rect(color="var(--band)").encode(x="low:Q", x2="high:Q"))
    layers.append(alt.Chart(embed_rows([{"zero": 0}])).mark_rule(color="var(--soft)").encode(x="zero:Q"))
    dashes = alt.Scale(domain=[measured, guessed], range=[[1, 0], [3, 4]])
    span = base.mark_rule(strokeWidth=2.5, color="var(--train)")
    dash = alt.StrokeDash("what:N", legend=None, scale=dashes)
    layers.append(span.encode(x=alt.X("low:Q"), x2="high:Q", strokeDash=dash))
    x = alt.X("value:Q", title="fall of the loss (right of 0: better)", axis=alt.Axis(**AXIS, tickCount=5))
    layers.append(base.mark_point(filled=True, opacity=1, size=80, color="var(--train)").encode(x=x))
    chart = alt.layer(*layers).properties(width=WIDTH - 180, height=alt.Step(34), padding=PADDING_LEFT)
    caption = Caption(
        "growth",
        "Fall of the loss by twice as many rows",
        growth.sentence,
        "Solid: measured, with its 95 % interval. Dotted: continued by rule of thumb, which is wrong more often than "
        "its interval says. Shaded: changes too small to matter.",
    )
    return finish_chart(
        chart, caption, columns=COLUMNS, rows=_list_growth(growth), numbers=_count_growth(growth)
    )


def _list_growth(growth: Growth) -> tuple[tuple[str, ...], ...]:
    return (
        (
            f"{growth.n_half:,} to {growth.n_full:,}",
            format_change(growth.fall[0]),
            format_interval(growth.fall[1], growth.fall[2], signed=True),
            f"measured on {count_things(growth.n_subsamples, 'subsample')}",
        ),
        (
            f"{growth.n_full:,} to {2 * growth.n_full:,}",
            "",
            format_interval(growth.guess[0], growth.guess[1], signed=True),
            "a guess",
        ),
    )


def _count_growth(growth: Growth) -> Numbers:
    return Numbers(
        ("rows_before", "rows_after", "fall", "low", "high", "kind"),
        (
            (growth.n_half, growth.n_full, *growth.fall, "measured"),
            (growth.n_full, 2 * growth.n_full, math.nan, *growth.guess, "guess"),
        ),
    )
