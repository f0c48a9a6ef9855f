"""The pictures of the configurations that were compared: all of them, and those that might as well be delivered."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt

from heldout.counts import count_things
from heldout.records import Candidate
from heldout.report.content import StudyContent
from heldout.report.marks import (
    AXIS,
    PADDING_LEFT,
    WIDTH,
    Caption,
    embed_rows,
    finish_chart,
    keep_apart,
)
from heldout.report.sentences import format_interval, format_number, show_text
from heldout.report.svg import Chart, Numbers

MOST_CANDIDATES, MOST_RIVALS, MOST_ROWS = 15, 6, 200
_DELIVERED, _TIED, _WORSE = "delivered", "not shown to be worse", "worse"
_MARKS = {
    _DELIVERED: ("var(--train)", "circle"),
    _TIED: ("var(--reference)", "square"),
    _WORSE: ("var(--last)", "triangle-right"),
}
_COLUMNS = ("configuration", "weights", "epoch", "loss", "95 % interval, paired with the leader", "standing")
_BARS = (
    "In brackets: weights. Bars: 95 % intervals of the difference to the leader, added to the leader's loss; the "
    "leader has none."
)


def draw_leaderboard(content: StudyContent) -> Chart | None:
    """The best configurations with intervals paired with the leader; None with fewer than two.

    Args:
        content: the study.
    """
    if content.choice is None or len(content.choice.candidates) < 2:
        return None
    candidates = content.choice.candidates
    shown = list(candidates[:MOST_CANDIDATES])
    shown += [item for item in candidates[MOST_CANDIDATES:] if item.chosen]
    caption = Caption(
        "leaderboard",
        "The configurations with the lowest validation loss",
        _find_leaders(candidates),
        "Circle: delivered. Squares: not shown to be worse than the leader. Triangles: worse beyond chance. "
        + _BARS,
    )
    return _finish(shown, candidates, caption)


def draw_rivals(content: StudyContent) -> Chart | None:
    """The delivered configuration beside those not shown to be worse than the best; None where there are none.

    Args:
        content: the study.
    """
    if content.choice is None:
        return None
    candidates = content.choice.candidates
    delivered = [item for item in candidates if item.chosen]
    rivals = [item for item in candidates if not (item.chosen or item.excluded)]
    if not (delivered and rivals):
        return None
    many = count_things(len(candidates) - 1, "configuration")
    are = "is" if len(rivals) == 1 else "are"
    caption = Caption(
        "rivals",
        "The delivered configuration and those not shown to be worse than the best one",
        f"{len(rivals)} of the other {many} {are} not shown to be worse on the development rows than the one with the "
        "lowest loss: these rows do not decide between them. Why one is delivered stands under “What helped?”.",
        "Circle: delivered. Squares: the others, the lowest loss first. Validation loss on development rows, never on "
        "test rows. "
        + _BARS
        + (f" {len(rivals) - MOST_RIVALS} more stand in the table." if len(rivals) > MOST_RIVALS else ""),
    )
    return _finish([*delivered, *rivals[:MOST_RIVALS]], (*delivered, *rivals), caption)


def _finish(shown: Sequence[Candidate], listed: Sequence[Candidate], caption: Caption) -> Chart:
    numbers = Numbers(
        ("configuration", "weights", "epoch", "loss", "low", "high", "excluded", "delivered"),
        tuple(
            (c.name, c.n_parameters, c.epoch, c.loss, c.low, c.high, int(c.excluded), int(c.chosen))
            for c in listed
        ),
    )
    rows = tuple(_list_candidate(item) for item in listed[:MOST_ROWS])
    return finish_chart(_plot(shown), caption, columns=_COLUMNS, rows=rows, numbers=numbers)


def _plot(shown: Sequence[Candidate]) -> alt.TopLevelMixin:
    labels = keep_apart([f"{show_text(item.name, limit=40)} ({item.n_parameters:,})" for item in shown])
    rows = [
        {
            "what": what,
            "value": item.loss,
            "low": item.low if item.high > item.low else None,  # the leader is compared with itself
            "high": item.high if item.high > item.low else None,
            "standing": _DELIVERED if item.chosen else _WORSE if item.excluded else _TIED,
        }
        for what, item in zip(labels, shown, strict=True)
    ]
    axis = alt.Axis(**AXIS, ticks=False, domain=False, grid=False)
    colours, shapes = zip(*_MARKS.values(), strict=True)
    base = alt.Chart(embed_rows(rows)).encode(
        y=alt.Y("what:N", sort=[row["what"] for row in rows], title=None, axis=axis),
        color=alt.Color("standing:N", legend=None, scale=alt.Scale(domain=list(_MARKS), range=list(colours))),
    )
    scale = alt.Scale(zero=False, nice=True, padding=10)  # the leader's dot keeps clear of its name
    x = alt.X(
        "value:Q", title="validation loss", axis=alt.Axis(**AXIS, tickCount=5, labelFlush=False), scale=scale
    )
    shape = alt.Shape("standing:N", legend=None, scale=alt.Scale(domain=list(_MARKS), range=list(shapes)))
    return alt.layer(
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(filled=True, opacity=1, size=70).encode(x=x, shape=shape),
    ).properties(width=WIDTH - 200, height=alt.Step(20), padding=PADDING_LEFT)


def _find_leaders(candidates: tuple[Candidate, ...]) -> str:
    leader = min(candidates, key=lambda item: item.loss)
    tied = sum(not item.excluded for item in candidates) - 1
    beside = (
        "every other one is worse beyond chance"
        if tied == 0
        else f"{tied} of the other {len(candidates) - 1} {'is' if tied == 1 else 'are'} not shown to be worse"
    )
    return f"{show_text(leader.name, limit=60)} has the lowest validation loss, {format_number(leader.loss)}; {beside}."


def _list_candidate(item: Candidate) -> tuple[str, ...]:
    standing = (
        "worse than the leader, beyond chance" if item.excluded else "not shown to be worse than the leader"
    )
    return (
        show_text(item.name, limit=60),
        f"{item.n_parameters:,}",
        str(item.epoch),
        format_number(item.loss),
        format_interval(item.low, item.high) if item.high > item.low else "the leader itself",
        "delivered" if item.chosen else standing,
    )
