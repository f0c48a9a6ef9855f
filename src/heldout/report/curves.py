"""The pictures made of loss curves: the ladder, each size over its epochs, and the delivered network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import altair as alt

from heldout.counts import count_things
from heldout.records import ConfigurationRun
from heldout.report.content import StudyContent
from heldout.report.marks import (
    AXIS,
    PADDING_RIGHT,
    WIDTH,
    Caption,
    draw_curve,
    draw_level,
    draw_moment,
    finish_chart,
    label_end,
)
from heldout.report.sentences import format_number, show_text
from heldout.report.series import (
    MOST_POINTS,
    CurvePoint,
    find_best_epoch,
    find_run,
    find_top,
    follow_epochs,
    list_ladder,
    spread_labels,
    summarize_seeds,
    thin_epochs,
)
from heldout.report.svg import Chart, Numbers

_TRAIN, _VALIDATION, _LAST = "var(--train)", "var(--validation)", "var(--last)"
_CUT = " Losses above the upper edge are not drawn; the table has them."
_Line = tuple[str, tuple[CurvePoint, ...], str, tuple[int, ...]]


def draw_ladder(content: StudyContent) -> Chart | None:
    """Loss against number of weights; None with fewer than two sizes.

    Args:
        content: the study.
    """
    runs = list_ladder(content)
    if len(runs) < 2:
        return None
    best = [find_best_epoch(content, run) for run in runs]
    lines: list[_Line] = [
        ("validation, last epoch", _take_epochs(runs, None, validation=True), _LAST, (2, 3)),
        ("validation, best epoch", _take_epochs(runs, best, validation=True), _VALIDATION, (6, 3)),
        ("training, best epoch", _take_epochs(runs, best, validation=False), _TRAIN, ()),
    ]
    top, cut = find_top(_list_values(lines), reference=content.constant_loss)
    sizes = [run.configuration.rung.n_parameters for run in runs]
    axis = alt.Axis(**AXIS, values=sizes, format=".2~s", grid=False, labelOverlap="greedy")
    x = alt.X(
        "x:Q", title="number of weights (logarithmic)", axis=axis, scale=alt.Scale(type="log", nice=False)
    )
    layers = _draw_lines(lines, x=x, top=top)
    layers += _draw_marks(content, at=sizes[0], top=top)
    words = content.ladder.sentence if content.ladder else "The ladder has not been judged yet."
    note = (
        "Thick: mean over seeds. Thin: each seed. Shaded: from the lowest to the highest seed. "
        "Overfitting shows where the dotted line (trained to the end) leaves the dashed one (stopped at the best "
        "epoch), or where the dashed one turns upwards."
    )
    caption = Caption("ladder", "Loss by number of weights", words, note + (_CUT if cut else ""))
    pairs = list(zip(runs, best, strict=True))
    rows = tuple(_list_ladder_row(run, epoch) for run, epoch in pairs)
    columns = (
        "size",
        "weights",
        "best epoch",
        "training",
        "validation (lowest to highest seed)",
        "validation at last epoch (lowest to highest seed)",
        "seeds",
    )
    numbers = Numbers(
        ("weights", "seed", "best_epoch", "train_loss", "val_loss", "val_loss_last_epoch"),
        tuple(row for run, epoch in pairs for row in _list_ladder_numbers(run, epoch)),
    )
    return finish_chart(_lay(layers, height=300), caption, columns=columns, rows=rows, numbers=numbers)


def _list_ladder_numbers(run: ConfigurationRun, epoch: int) -> list[tuple[str | float | int, ...]]:
    size = run.configuration.rung.n_parameters
    triples = zip(
        run.train_curve[:, epoch - 1],
        run.validation_curve[:, epoch - 1],
        run.validation_curve[:, -1],
        strict=True,
    )
    return [(size, seed, epoch, *(float(value) for value in losses)) for seed, losses in enumerate(triples)]


def _take_epochs(
    runs: tuple[ConfigurationRun, ...], epochs: list[int] | None, *, validation: bool
) -> tuple[CurvePoint, ...]:
    points = []
    for position, run in enumerate(runs):
        curve = run.validation_curve if validation else run.train_curve
        column = curve.shape[1] - 1 if epochs is None else epochs[position] - 1
        points.append(summarize_seeds(curve[:, column], at=run.configuration.rung.n_parameters))
    return tuple(points)


def _list_ladder_row(run: ConfigurationRun, epoch: int) -> tuple[str, ...]:
    train = summarize_seeds(run.train_curve[:, epoch - 1], at=epoch)
    ends = [
        summarize_seeds(values, at=epoch)
        for values in (run.validation_curve[:, epoch - 1], run.validation_curve[:, -1])
    ]
    means = [
        format_number(train.mean),
        *(f"{format_number(point.mean)} ({_show_span(point)})" for point in ends),
    ]
    widths = run.configuration.rung.widths
    return (
        " + ".join(str(width) for width in widths) + " units" if widths else "linear",
        f"{run.configuration.rung.n_parameters:,}",
        str(epoch),
        *means,
        str(run.validation_curve.shape[0]),
    )


def _draw_marks(content: StudyContent, *, at: float, top: float) -> list[alt.Chart]:
    layers: list[alt.Chart] = []
    if math.isfinite(content.constant_loss) and content.constant_loss < top:
        layers += draw_level(content.constant_loss, words="constant guess", at=at)
    ladder = content.ladder
    first = next((rung for rung in content.rungs if ladder and rung.index == ladder.rung), None)
    if ladder and ladder.rung >= 0 and first:
        layers += draw_moment(first.n_parameters, words="overfits from here", top=top)
    return layers


def draw_learning(content: StudyContent) -> Chart | None:
    """Training and validation loss of the delivered configuration, epoch by epoch; None when it was not recorded.

    Args:
        content: the study.
    """
    run = find_run(content, content.chosen_name)
    if run is None:
        return None
    n_epochs = run.validation_curve.shape[1]
    best = content.epoch if 1 <= content.epoch <= n_epochs else find_best_epoch(content, run)
    validation = follow_epochs(run.validation_curve, keep=best)
    lines: list[_Line] = [
        ("validation", validation, _VALIDATION, (6, 3)),
        ("training", follow_epochs(run.train_curve, keep=best), _TRAIN, ()),
    ]
    top, cut = find_top(_list_values(lines), reference=content.constant_loss)
    x = alt.X(
        "x:Q",
        title="epoch",
        axis=alt.Axis(**AXIS, grid=False),
        scale=alt.Scale(domain=[0, n_epochs], nice=False),
    )
    layers = _draw_lines(lines, x=x, top=top)
    if math.isfinite(content.constant_loss) and content.constant_loss < top:
        layers += draw_level(content.constant_loss, words="constant guess", at=0)
    words = f"delivered: epoch {best}"
    layers += draw_moment(best, words=words, top=top)
    caption = Caption(
        "learning",
        "Loss of the delivered network by epoch",
        _find_learning(run, best=best, name=content.chosen_name),
        "Thick: mean over seeds. Thin: each seed. Training loss is measured with remedies switched off and without "
        "penalties, so both lines are comparable." + (_CUT if cut else ""),
    )
    rows = tuple(
        (str(point.at), format_number(other.mean), format_number(point.mean), _show_span(point))
        for point, other in zip(validation, lines[1][1], strict=True)
    )
    columns = ("epoch", "training", "validation", "validation, lowest to highest seed")
    numbers = list_curve_numbers([run], most=n_epochs)
    return finish_chart(_lay(layers, height=280), caption, columns=columns, rows=rows, numbers=numbers)


def list_curve_numbers(runs: Sequence[ConfigurationRun], *, most: int = MOST_POINTS) -> Numbers:
    """Every seed, with all digits.

    Args:
        runs: recorded configurations.
        most: epochs at most, evenly spread.
    """
    rows = []
    for run in runs:
        for epoch in thin_epochs(run.validation_curve.shape[1], most=most):
            losses = zip(run.train_curve[:, epoch - 1], run.validation_curve[:, epoch - 1], strict=True)
            for seed, (train, validation) in enumerate(losses):
                name, size = run.configuration.name, run.configuration.rung.n_parameters
                rows.append((name, size, seed, epoch, float(train), float(validation)))
    columns = ("configuration", "weights", "seed", "epoch", "train_loss", "val_loss")
    return Numbers(columns, tuple(rows))


def draw_pair(content: StudyContent) -> Chart | None:
    """The delivered network's training and validation loss, small, for the first screen; None without curves.

    Args:
        content: the study.
    """
    run = find_run(content, content.chosen_name)
    if run is None:
        return None
    n_epochs = run.validation_curve.shape[1]
    best = content.epoch if 1 <= content.epoch <= n_epochs else find_best_epoch(content, run)
    points = follow_epochs(run.validation_curve, keep=best, most=16)
    others = follow_epochs(run.train_curve, keep=best, most=16)
    top, cut = find_top([point.mean for point in (*points, *others)], reference=content.constant_loss)
    x = alt.X(
        "x:Q",
        title="epoch",
        axis=alt.Axis(**AXIS, grid=False, tickCount=4),
        scale=alt.Scale(domain=[0, n_epochs], nice=False),
    )
    plain = [
        (words, _forget_seeds(line), colour, dash)
        for words, line, colour, dash in (
            ("validation", points, _VALIDATION, (6, 3)),
            ("training", others, _TRAIN, ()),
        )
    ]
    layers = [
        *_draw_lines(plain, x=x, top=top, gap=0.11),
        *draw_moment(best, words=f"delivered: {best}", top=top),
    ]
    at_best, at_end = (summarize_seeds(run.validation_curve[:, k - 1], at=k).mean for k in (best, n_epochs))
    at_last = f", and {format_number(at_end)} at the last epoch {n_epochs}"
    ending = at_last if best < n_epochs else " and the last one"
    caption = Caption(
        "pair",
        "Training and validation loss of the delivered network",
        f"The validation loss is {format_number(at_best)} at epoch {best}, which is delivered"
        f"{ending} (means over seeds).",
        _CUT.strip() if cut else "",
    )
    rows = tuple(
        (str(point.at), format_number(other.mean), format_number(point.mean))
        for point, other in zip(points, others, strict=True)
    )
    numbers = Numbers(
        ("epoch", "train_loss", "val_loss"),
        tuple((point.at, other.mean, point.mean) for point, other in zip(points, others, strict=True)),
    )
    chart = alt.layer(*layers).properties(width=400, height=150, padding=PADDING_RIGHT)
    return finish_chart(
        chart, caption, columns=("epoch", "training", "validation"), rows=rows, numbers=numbers
    )


def _forget_seeds(points: tuple[CurvePoint, ...]) -> tuple[CurvePoint, ...]:
    return tuple(replace(point, low=point.mean, high=point.mean, seeds=()) for point in points)


def _find_learning(run: ConfigurationRun, *, best: int, name: str) -> str:
    train = summarize_seeds(run.train_curve[:, best - 1], at=best).mean
    validation = summarize_seeds(run.validation_curve[:, best - 1], at=best).mean
    seeds = count_things(run.validation_curve.shape[0], "seed")
    return (
        f"{show_text(name)}: at epoch {best} the training loss is {format_number(train)} and the validation loss "
        f"{format_number(validation)} (mean of {seeds}). "
        "A gap alone is not overfitting; the verdict says what it means."
    )


def _show_span(point: CurvePoint) -> str:
    return f"{format_number(point.low)} to {format_number(point.high)}"


def _draw_lines(lines: list[_Line], *, x: alt.X, top: float, gap: float = 0.06) -> list[alt.Chart]:
    y = alt.Y("y:Q", title="loss", axis=alt.Axis(**AXIS), scale=alt.Scale(domain=[0, top], nice=False))
    layers = [
        layer
        for _, points, colour, dash in lines
        for layer in draw_curve(points, x=x, y=y, colour=colour, dash=dash)
    ]
    ends = [_find_end(points, top=top) for _, points, _, _ in lines]
    heights = spread_labels([height for _, height in ends], gap=gap * top)
    for (words, _, colour, _), (at, _), height in zip(lines, ends, heights, strict=True):
        layers.append(label_end(at, height=height, words=words, colour=colour))
    return layers


def _find_end(points: tuple[CurvePoint, ...], *, top: float) -> tuple[float, float]:
    last = next((point for point in reversed(points) if math.isfinite(point.mean)), points[-1])
    return last.at, min(last.mean, top) if math.isfinite(last.mean) else 0.0


def _list_values(lines: list[_Line]) -> list[float]:
    return [value for _, points, _, _ in lines for point in points for value in (point.low, point.high)]


def _lay(layers: list[alt.Chart], *, height: int) -> alt.TopLevelMixin:
    return alt.layer(*layers).properties(width=WIDTH, height=height, padding=PADDING_RIGHT)
