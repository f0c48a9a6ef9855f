"""The page of the demo `depth`: words and pictures from its numbers."""

from __future__ import annotations

import math

import numpy as np

from heldout.demos.depth_record import DepthRecord, ShiftResult, TowerResult
from heldout.demos.drawing import (
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PURPLE,
    Axes,
    Line,
    Panel,
    draw_lines,
    draw_panels,
)
from heldout.demos.frame import DemoPage, DemoSection, DemoTable
from heldout.report.marks import Caption
from heldout.report.sentences import format_change, format_interval, format_number
from heldout.report.svg import Chart

LOOKS = ((GREY, (2, 3)), (INK, ()), (BLUE, (6, 3)), (PURPLE, (3, 2)), (ORANGE, ()), (GREEN, (8, 2)))
SOURCES = ("Digits: E. Alpaydin and C. Kaynak, as shipped with scikit-learn (BSD 3-Clause).",)


def show_depth(record: DepthRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.

    Returns:
        The page.
    """
    return DemoPage(
        title="How blind to shifts does pooling make a network, and where do gradients vanish?",
        answer=(*_answer_shifts(record), "", *_answer_towers(record)),
        sections=(
            _show_shifts(record),
            _show_gradients(record),
            _show_training(record),
        ),
        sources=SOURCES,
    )


def _answer_shifts(record: DepthRecord) -> list[str]:
    places = [place for place in (1, 2, 4) if place < len(record.shifts)]
    head = "".join(f"{f'{place} place' + ('s' if place > 1 else ''):>10}" for place in places)
    lines = [
        "Digits moved by some places: share of answers that stay the same (trained on centred digits)",
        f"{'':36}{head}",
    ]
    for result in record.shift_results:
        shares = "".join(f"{100 * float(result.agreement[:, place].mean()):>8.0f} %" for place in places)
        lines.append(f"  {result.name:34}{shares}")
    return lines


def _answer_towers(record: DepthRecord) -> list[str]:
    lines = [
        f"{record.n_layers} hidden layers: gradient of the first over that of the last, and the validation loss "
        "after training",
        f"  (a constant guess is {record.constant_loss:.2f}; outcome against the plain tower, both stopped early)",
    ]
    for tower in record.towers:
        loss = float(tower.validation[:, -1].mean())
        lines.append(
            f"  {tower.name:22}{format_number(tower.first_over_last):>10}   loss {loss:.2f}   {tower.outcome}".rstrip()
        )
    return lines


def _show_shifts(record: DepthRecord) -> DemoSection:
    pooled, _, averaged, augmented = record.shift_results[2:]
    return DemoSection(
        "How far is a network with pooling blind to shifts?",
        (
            "A convolution does the same everywhere: move the digit, and what it finds moves along. That is "
            "not blindness to shifts, it is faithfulness to them. Blindness must come from what follows. "
            "Pooling takes the largest value of two by two places and forgets which of them it was: one place "
            "of freedom for each pooling, not more. The output layer behind it still has a weight of its own "
            "for every place.",
            "Here networks learn from digits in the middle of the sheet and are then asked about the same "
            "digits moved by one to four places. No ink is lost; a person would not even notice.",
        ),
        tables=(_list_agreement(record),),
        charts=_draw_shifts(record),
        after=(
            "What does make it blind: averaging over the whole picture, which throws the place away for good, "
            "or showing the shifts while training (augmentation), which is the third remedy. Neither is free: "
            f"without any shift the first gives {_percent(averaged.accuracy[:, 0])} right answers and the "
            f"second {_percent(augmented.accuracy[:, 0])}, where one pooling alone gives "
            f"{_percent(pooled.accuracy[:, 0])}. And the second holds as far as the shifts it was shown.",
        ),
    )


def _list_agreement(record: DepthRecord) -> DemoTable:
    rows = tuple(
        (
            result.name,
            f"{result.n_parameters:,}",
            *(_percent(result.agreement[:, place]) for place in range(1, len(record.shifts))),
            format_number(result.half),
        )
        for result in record.shift_results
    )
    columns = ("network", "weights", *(f"at {place}" for place in record.shifts[1:]), "half is left at")
    return DemoTable("Answers that stay the same", columns, rows)


def _draw_shifts(record: DepthRecord) -> tuple[Chart, Chart]:
    shifts = np.array(record.shifts, np.float64)
    agreement, accuracy = (
        Panel(
            "",
            tuple(
                Line(result.name, shifts, values, colour, dash, shows_seeds=False)
                for result, values, (colour, dash) in zip(record.shift_results, chosen, LOOKS, strict=False)
            ),
        )
        for chosen in (
            [result.agreement for result in record.shift_results],
            [result.accuracy for result in record.shift_results],
        )
    )
    axes = Axes(
        "shift in places (a digit is 8 wide)",
        "share of answers that stay the same",
        y_domain=(0.0, 1.0),
        y_format="%",
        x_ticks=record.shifts,
    )
    same = Caption(
        "agreement",
        "Answers that survive a shift",
        _find_shifts(record),
        "Line: mean over the seeds and the four directions. Shaded: from the lowest to the highest seed.",
    )
    right = Caption(
        "accuracy",
        "Right answers after a shift",
        f"Right at no shift and at {record.shifts[-1]} places: "
        + "; ".join(
            f"{result.name} {_percent(result.accuracy[:, 0])} and {_percent(result.accuracy[:, -1])}"
            for result in record.shift_results
        )
        + ".",
        "As above. A tenth is what guessing gives.",
    )
    return draw_lines(same, agreement, axes), draw_lines(right, accuracy, _rename(axes, "right answers"))


def _rename(axes: Axes, y: str) -> Axes:
    return Axes(axes.x, y, y_domain=axes.y_domain, y_format=axes.y_format, x_ticks=axes.x_ticks)


def _percent(shares: np.ndarray) -> str:
    return f"{100 * float(np.mean(shares)):.0f} %"


def _find_shifts(record: DepthRecord) -> str:
    """The finding on shifts, from the numbers."""
    far = record.shifts[-1]

    def say(result: ShiftResult) -> str:
        if result.half >= far:
            return f"{result.name}: more than half at every shift tried"
        return f"{result.name}: half at {result.half:.1f} places"

    return "Answers left: " + "; ".join(say(result) for result in record.shift_results) + "."


def _show_gradients(record: DepthRecord) -> DemoSection:
    return DemoSection(
        "Where do gradients vanish?",
        (
            "On its way from the loss to the first layer the gradient is multiplied at every layer by the "
            "slope of the activation and by the weights. A sigmoid is nowhere steeper than a quarter. Sixteen "
            "quarters in a row leave less than a billionth: the layers next to the inputs, where everything "
            "begins, learn nothing.",
            "Batch normalization brings the sums of every layer back to where the sigmoid is steep, and to a "
            "spread at which the weights no longer shrink what passes. A residual block adds what comes in to "
            "what goes out: the gradient has a way past every layer, on which nothing is multiplied.",
        ),
        charts=_draw_gradients(record),
    )


def _draw_gradients(record: DepthRecord) -> tuple[Chart, Chart]:
    layers = np.arange(1, record.n_layers + 1)
    lines = tuple(
        Line(tower.name, layers, tower.gradients, colour, dash, shows_seeds=False)
        for tower, (colour, dash) in zip(record.towers, (LOOKS[1], *LOOKS[2:], LOOKS[0]), strict=False)
    )
    plain = record.towers[0]
    caption = Caption(
        "gradients",
        "Gradient by layer before the first step",
        f"From the last to the first of {record.n_layers} layers the gradient changes by a factor of "
        + ", ".join(f"{format_number(tower.first_over_last)} ({tower.name})" for tower in record.towers)
        + ".",
        "Root mean square over the weights of a layer; layer 1 is next to the inputs. Line: mean "
        "over the seeds; shaded: their span.",
    )
    by_depth = Caption(
        "first-layer",
        "Gradient of the first layer by number of layers",
        f"In the plain tower the first layer's gradient falls from {_mean(record, 0, 0)} with "
        f"{record.depths[0]} hidden layer to {_mean(record, 0, -1)} with {record.depths[-1]}; with both helps "
        f"from {_mean(record, 1, 0)} to {_mean(record, 1, -1)}.",
        "Both axes are logarithmic.",
    )
    depth_lines = (
        Line(plain.name, record.depths, record.first_gradients[0], INK, shows_seeds=False),
        Line(
            record.towers[3].name, record.depths, record.first_gradients[1], ORANGE, (6, 3), shows_seeds=False
        ),
    )
    gradient = "gradient (root mean square)"
    depth_axes = Axes(
        "hidden layers",
        gradient,
        has_log_x=True,
        has_log_y=True,
        x_ticks=tuple(float(depth) for depth in record.depths),
    )
    return (
        draw_lines(caption, Panel("", lines), Axes("hidden layer", gradient, has_log_y=True)),
        draw_lines(by_depth, Panel("", depth_lines), depth_axes),
    )


def _mean(record: DepthRecord, which: int, place: int) -> str:
    return format_number(float(record.first_gradients[which, :, place].mean()))


def _show_training(record: DepthRecord) -> DemoSection:
    panels = [_draw_tower(tower) for tower in record.towers]
    stuck = [
        tower.name
        for tower in record.towers
        if float(tower.training[:, -1].mean()) > 0.95 * record.constant_loss
    ]
    caption = Caption(
        "training",
        "Losses of the towers by epoch",
        (
            "Never left the constant guess: " + ", ".join(stuck) + "."
            if stuck
            else "All towers learned something."
        ),
        "Solid blue: training. Dashed orange: validation. Thick: mean over the seeds. Thin: each seed.",
    )
    top = 1.25 * record.constant_loss
    rows = tuple(
        (
            tower.name,
            format_number(float(tower.training[:, -1].mean())),
            format_number(float(tower.validation[:, -1].mean())),
            "" if math.isnan(tower.change[0]) else _show_change(tower),
            tower.outcome,
        )
        for tower in record.towers
    )
    columns = (
        "tower",
        "training loss",
        "validation loss",
        "against the plain one, both stopped early",
        "outcome",
    )
    return DemoSection(
        "Does it matter for the result?",
        (
            f"The same towers of {record.n_layers} layers with {record.width} units, trained on {record.n_fit} "
            "digits with the same steps. A tower that stands still is not overfitted and not too small: its "
            "training loss itself is high. No remedy against overfitting helps it. What it lacks is a way for "
            "the gradient.",
        ),
        tables=(DemoTable("Towers at the last epoch", columns, rows),),
        charts=(
            draw_panels(
                caption, panels, Axes("epoch", "log-loss", y_domain=(0.0, top)), per_row=3, height=130
            ),
        ),
        after=tuple(tower.sentence for tower in record.towers if tower.sentence),
    )


def _show_change(tower: TowerResult) -> str:
    return f"{format_change(tower.change[0])} ({format_interval(*tower.change[1:], signed=True)})"


def _draw_tower(tower: TowerResult) -> Panel:
    epochs = np.arange(1, tower.training.shape[1] + 1)
    return Panel(
        tower.name,
        (
            Line("training", epochs, tower.training, BLUE),
            Line("validation", epochs, tower.validation, ORANGE, (6, 3)),
        ),
        subtitle=tower.outcome,
    )
