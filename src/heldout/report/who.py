"""The pictures of answers: for which group they fail, which class is taken for which, and how far to believe them."""

from __future__ import annotations

import math
from typing import Any

import altair as alt

from heldout.counts import count_things
from heldout.records import Slice
from heldout.report.content import Calibration, Confusion, LabelTable, StudyContent
from heldout.report.marks import AXIS, PADDING_LEFT, WIDTH, Caption, embed_rows, finish_chart, keep_apart
from heldout.report.sentences import (
    format_change,
    format_interval,
    format_number,
    show_text,
)
from heldout.report.svg import Chart, Numbers

MOST_GROUPS = 20
MOST_CLASSES = 12  # a whole matrix stays readable; above, the most frequent mix-ups are listed
MOST_MIXED = 30


def draw_groups(content: StudyContent) -> Chart | None:
    """Each listed group's loss against all other rows, with its size; None where no group was compared.

    Args:
        content: the study.
    """
    found = content.subgroups
    slices = [item for item in (found.slices if found else ()) if math.isfinite(item.difference[0])]
    if not slices:
        return None
    slices = slices[:MOST_GROUPS]
    labels = keep_apart([f"{show_text(item.name, limit=44)} (n = {item.n_rows:,})" for item in slices])
    rows = [row for what, item in zip(labels, slices, strict=True) for row in _list_marks(item, what)]
    names = list(dict.fromkeys(row["what"] for row in rows))
    axis = alt.Axis(**{**AXIS, "labelLimit": 330}, ticks=False, domain=False, grid=False)
    sides = ["development rows", "test rows"]
    colours = alt.Scale(domain=sides, range=["var(--train)", "var(--validation)"])
    base = alt.Chart(embed_rows(rows)).encode(
        y=alt.Y("what:N", sort=names, title=None, axis=axis, scale=alt.Scale(paddingInner=0.3)),
        yOffset=alt.YOffset("side:N", sort=sides),
        color=alt.Color("side:N", legend=None, scale=colours),
    )
    zero = alt.Chart(embed_rows([{"zero": 0}])).mark_rule(color="var(--soft)").encode(x="zero:Q")
    x = alt.X(
        "value:Q", title="loss against all other rows (right of 0: worse)", axis=alt.Axis(**AXIS, tickCount=5)
    )
    shapes = alt.Scale(domain=sides, range=["circle", "diamond"])
    shape = alt.Shape("side:N", legend=None, scale=shapes)
    chart = alt.layer(
        zero,
        base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"),
        base.mark_point(filled=True, opacity=1, size=70).encode(x=x, shape=shape),
    ).properties(width=WIDTH - 260, height=alt.Step(15), padding=PADDING_LEFT)
    caption = Caption(
        "groups",
        "Loss of each listed group against all other rows",
        _find_groups(slices, found.n_searched if found else 0),
        "n: development rows. Circles: development rows, with 95 % bounds that hold for all groups searched at once. "
        "Diamonds: the same group on the test rows, by itself; without a bar it has too few rows for an interval.",
    )
    return finish_chart(
        chart,
        caption,
        columns=(
            "group",
            "n",
            "loss against the rest",
            "95 % bounds, all groups at once",
            "on test rows",
            "outcome",
        ),
        rows=tuple(_tell_slice(item) for item in slices),
        numbers=Numbers(
            ("group", "rows", "difference", "low", "high", "test_rows", "test_difference", "outcome"),
            tuple(_count_slice(item) for item in slices),
        ),
    )


def _find_groups(slices: list[Slice], n_searched: int) -> str:
    worse = [item for item in slices if item.outcome == "worse"]
    searched = f"with {count_things(n_searched, 'group')} compared at once"
    if not worse:
        return f"No group listed is shown to be worse than the other rows, {searched}."
    told = f"{_count_shown(len(worse), len(slices))} worse than the other rows"
    tried = [item.test for item in worse if item.test and math.isfinite(item.test.difference[0])]
    same = sum(test.difference[0] > 0 for test in tried)
    sealed = (
        f"; on the test rows the difference points the same way in {same} of {len(tried)}" if tried else ""
    )
    return f"{told} beyond chance, {searched}{sealed}."


def _count_shown(n_worse: int, n_shown: int) -> str:
    if n_shown == 1:
        return "The one group shown is"
    if n_worse == n_shown:
        return f"All {n_shown} groups shown are"
    return f"{n_worse} of the {n_shown} groups shown {'is' if n_worse == 1 else 'are'}"


def _list_marks(item: Slice, what: str) -> list[dict[str, Any]]:
    marks = [{"what": what, "side": "development rows", **_spread(item.difference)}]
    if item.test is not None and math.isfinite(item.test.difference[0]):
        marks.append({"what": what, "side": "test rows", **_spread(item.test.difference)})
    return marks


def _spread(numbers: tuple[float, float, float]) -> dict[str, float]:
    return dict(zip(("value", "low", "high"), numbers, strict=True))


def _tell_slice(item: Slice) -> tuple[str, ...]:
    test = item.test
    told = "" if test is None else f"{format_change(test.difference[0])} ({count_things(test.n_rows, 'row')})"
    return (
        show_text(item.name, limit=120),
        f"{item.n_rows:,}",
        format_change(item.difference[0]),
        format_interval(item.difference[1], item.difference[2], signed=True),
        told,
        item.outcome,
    )


def _count_slice(item: Slice) -> tuple[str | float | int, ...]:
    test = (0, math.nan) if item.test is None else (item.test.n_rows, item.test.difference[0])
    return (show_text(item.name), item.n_rows, *item.difference, *test, item.outcome)


def draw_confusion(content: StudyContent) -> Chart | None:
    """Which class is answered for which, on development rows; None for regression or where nothing was answered.

    Args:
        content: the study.
    """
    if not content.confusions:
        return None
    confusion, classes = content.confusions[0], content.target.classes
    names = keep_apart([show_text(name, limit=22) for name in classes])
    rows = _list_cells(confusion, names)
    if not rows:
        return None
    step = max(9, min(56, 420 // len(classes)))
    size = min(12, step - 1)  # of forty classes each label has ten pixels
    axis = alt.Axis(
        **{**AXIS, "labelLimit": 150, "labelFontSize": size}, ticks=False, domain=False, grid=False
    )
    base = alt.Chart(embed_rows(rows)).encode(
        x=alt.X("answer:N", sort=names, title="answered", axis=alt.Axis(**_turn(axis, len(classes)))),
        y=alt.Y("truth:N", sort=names, title="true class", axis=axis),
    )
    opacity = alt.FillOpacity("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.04, 0.45]))
    layers = [base.mark_rect(color="var(--train)", stroke="var(--grid)").encode(fillOpacity=opacity)]
    if len(classes) <= MOST_CLASSES:
        layers.append(base.mark_text(color="var(--ink)").encode(text="n:Q"))
    chart = alt.layer(*layers).properties(width=alt.Step(step), height=alt.Step(max(9, min(34, step))))
    caption = Caption(
        "confusion",
        "Answers by true class",
        _find_mixed(confusion, classes),
        f"On {confusion.rows}. Rows: the true class; the darker, the larger its share.",
    )
    columns, table = _tell_confusion(confusion, classes)
    numbers = Numbers(
        ("true", "answered", "rows"),
        tuple(
            (show_text(classes[i]), show_text(classes[k]), n)
            for i, row in enumerate(confusion.counts)
            for k, n in enumerate(row)
        ),
    )
    return finish_chart(
        chart.properties(padding=PADDING_LEFT), caption, columns=columns, rows=table, numbers=numbers
    )


def _turn(axis: alt.Axis, n_classes: int) -> dict[str, Any]:
    return {**axis.to_dict(), "labelAngle": 0 if n_classes <= 4 else -60, "labelLimit": 90}


def _list_cells(confusion: Confusion, names: list[str]) -> list[dict[str, Any]]:
    """One row per cell; with many classes the empty ones are left out."""
    return [
        {"truth": names[i], "answer": names[k], "n": n, "share": n / max(sum(row), 1)}
        for i, row in enumerate(confusion.counts)
        for k, n in enumerate(row)
        if n or len(names) <= MOST_CLASSES
    ]


def _list_mixed(confusion: Confusion) -> list[tuple[int, int, int]]:
    """(rows, true, answered) of all wrong answers, the most frequent first."""
    mixed = [(n, i, k) for i, row in enumerate(confusion.counts) for k, n in enumerate(row) if n and i != k]
    return sorted(mixed, key=lambda item: (-item[0], item[1], item[2]))


def _find_mixed(confusion: Confusion, classes: tuple[str, ...]) -> str:
    total = sum(sum(row) for row in confusion.counts)
    right = sum(row[i] for i, row in enumerate(confusion.counts))
    mixed = _list_mixed(confusion)
    start = f"{right:,} of {count_things(total, 'answer')} are right"
    if not mixed:
        return f"{start}."
    n, truth, answer = mixed[0]
    of_class = sum(confusion.counts[truth])
    return (
        f"{start}; the most frequent mistake is “{show_text(classes[answer], limit=40)}” for "
        f"“{show_text(classes[truth], limit=40)}”: {n:,} of {count_things(of_class, 'row')} of that class."
    )


def _tell_confusion(
    confusion: Confusion, classes: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    if len(classes) <= MOST_CLASSES:
        columns = ("true class", *(f"answered {show_text(name, limit=30)}" for name in classes))
        cells = [
            (show_text(name, limit=60), *(f"{n:,}" for n in row))
            for name, row in zip(classes, confusion.counts, strict=True)
        ]
        return columns, tuple(cells)
    mixed = _list_mixed(confusion)[:MOST_MIXED]
    return (
        ("true class", "answered", "rows", "of the class"),
        tuple(
            (
                show_text(classes[i], limit=60),
                show_text(classes[k], limit=60),
                f"{n:,}",
                f"{sum(confusion.counts[i]):,}",
            )
            for n, i, k in mixed
        ),
    )


def list_rights(confusion: Confusion, classes: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Each class with its rows and the share of right answers, the lowest share first.

    Args:
        confusion: counts and intervals.
        classes: the target's classes.

    Example:
        >>> found = Confusion("rows", ((9, 1), (2, 8)), ((0.9, 0.55, 0.998), (0.8, 0.44, 0.97)))
        >>> list_rights(found, ("no", "yes"))[0]
        ('yes', '10', '80 %', '44 to 97 %')
    """
    order = sorted(
        range(len(classes)), key=lambda i: confusion.right[i][0] if sum(confusion.counts[i]) else math.inf
    )
    return tuple(_tell_right(confusion, classes, place) for place in order)


def list_labels(found: LabelTable) -> tuple[tuple[str, ...], ...]:
    """Each label with the rows that have it, those it was answered for, AUC and F1 with their intervals.

    Args:
        found: scores of every label on some rows.

    Example:
        >>> from heldout.records import LabelScore
        >>> score = LabelScore("fever", 100, 40, 35, (0.8, 0.7, 0.9), (0.75, math.nan, math.nan))
        >>> list_labels(LabelTable("rows", (score,)))[0]
        ('fever', '40', '35', '0.80 (0.70 to 0.90)', '0.75 (no honest interval)')
    """
    return tuple(
        (
            show_text(item.name, limit=60),
            f"{item.n_with:,}",
            f"{item.n_answered:,}",
            _tell_measure(item.auc),
            _tell_measure(item.f1),
        )
        for item in found.labels
    )


def _tell_measure(measured: tuple[float, float, float]) -> str:
    value, low, high = measured
    if math.isnan(value):
        return "not defined"
    return f"{value:.2f} ({'no honest interval' if math.isnan(low) else f'{low:.2f} to {high:.2f}'})"


def _tell_right(confusion: Confusion, classes: tuple[str, ...], place: int) -> tuple[str, ...]:
    share, low, high = confusion.right[place]
    n_rows = sum(confusion.counts[place])
    bounds = "no honest interval" if math.isnan(low) else f"{100 * low:.0f} to {100 * high:.0f} %"
    told = "" if math.isnan(share) else f"{100 * share:.0f} %"
    return (show_text(classes[place], limit=60), f"{n_rows:,}", told, bounds if told else "no row")


def draw_reliability(content: StudyContent) -> Chart | None:
    """What was predicted against what came true: probabilities, or numbers; None when it was not measured.

    Args:
        content: the study.
    """
    calibration = content.calibration
    if calibration is None or not calibration.bins:
        return None
    is_share = bool(content.target.classes)
    base = alt.Chart(embed_rows([vars(item) for item in calibration.bins]))
    ends = (0.0, 1.0) if is_share else _find_ends(calibration)
    scale = alt.Scale(domain=list(ends), nice=not is_share)
    axis = alt.Axis(**AXIS, format="%" if is_share else "~s", tickCount=6)
    unit = f" in {show_text(content.target.unit, limit=20)}" if content.target.unit else ""
    words = ("predicted probability", "came true") if is_share else (f"predicted{unit}", f"true mean{unit}")
    x = alt.X("predicted:Q", title=words[0], scale=scale, axis=axis)
    y = alt.Y("observed:Q", title=words[1], scale=scale, axis=axis)
    ideal = alt.Chart(embed_rows([{"x": ends[0], "y": ends[0]}, {"x": ends[1], "y": ends[1]}]))
    line = ideal.mark_line(color="var(--reference)", strokeDash=[3, 3], strokeWidth=1.2)
    span = base.mark_rule(color="var(--train)", strokeWidth=2).encode(x=x, y="low:Q", y2="high:Q")
    dots = base.mark_point(filled=True, opacity=1, size=70, color="var(--train)").encode(x=x, y=y)
    note = (
        "On the dashed line, of all rows given 70 % seven in ten come true."
        if is_share
        else (
            "Each dot: a tenth of the rows, by the predicted number. On the dashed line they are right on average."
        )
    )
    title = "Predicted probability against what came true" if is_share else "Predicted against true numbers"
    caption = Caption(
        "reliability",
        title,
        _find_reliability(calibration, is_share=is_share),
        f"{note} Bars: 95 % intervals.",
    )
    table = tuple(
        (
            format_number(item.predicted),
            format_number(item.observed),
            format_interval(item.low, item.high),
            f"{item.n_rows:,}",
        )
        for item in calibration.bins
    )
    chart = alt.layer(line.encode(x="x:Q", y="y:Q"), span, dots).properties(width=300, height=300)
    numbers = Numbers(
        ("predicted", "observed", "low", "high", "rows"),
        tuple((b.predicted, b.observed, b.low, b.high, b.n_rows) for b in calibration.bins),
    )
    columns = ("predicted", "came true" if is_share else "true mean", "95 % interval", "rows")
    return finish_chart(chart, caption, columns=columns, rows=table, numbers=numbers)


def _find_ends(calibration: Calibration) -> tuple[float, float]:
    """The smallest and largest number of the picture, so that both axes are alike."""
    values = [
        value
        for item in calibration.bins
        for value in (item.predicted, item.observed, item.low, item.high)
        if math.isfinite(value)
    ]
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 1.0, high + 1.0)


def _find_reliability(calibration: Calibration, *, is_share: bool) -> str:
    judged = [item for item in calibration.bins if math.isfinite(item.low) and math.isfinite(item.high)]
    if not judged:
        return f"On {calibration.rows}; no interval could be given, so no statement is made."
    off = sum(not item.low <= item.predicted <= item.high for item in judged)
    what = ("predicted probability", "what came true") if is_share else ("mean prediction", "the true mean")
    return (
        f"On {calibration.rows}: in {off} of {len(judged)} bins the {what[0]} lies outside the 95 % interval of "
        f"{what[1]}."
    )
