"""The page of the demo `remedies`: words and pictures from its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from heldout.demos.drawing import (
    BLUE,
    GREY,
    ORANGE,
    Axes,
    Bars,
    Interval,
    Line,
    Panel,
    draw_histograms,
    draw_intervals,
    draw_lines,
    draw_panels,
    draw_pictures,
)
from heldout.demos.frame import DemoPage, DemoSection, DemoTable
from heldout.demos.remedies_record import ArmResult, RemediesRecord, RemedyRow, Triple
from heldout.report.marks import Caption
from heldout.report.sentences import format_change, format_interval
from heldout.report.svg import Chart

ARM_COLUMNS = (
    "network",
    "lowest validation loss (epoch)",
    "at the last epoch",
    "wrong labels known by heart",
    "against plain, both stopped early",
    "outcome",
)
PSEUDOCODE = (
    "old = infinity; repeat: train one epoch; new = loss on the test set; stop unless new < old; old = new."
)
SOURCES = (
    "Digits: E. Alpaydin and C. Kaynak, as shipped with scikit-learn (BSD 3-Clause). Their places on the sheet "
    "and the wrong labels are made by the demonstration.",
)


def show_remedies(record: RemediesRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.

    Returns:
        The page.
    """
    return DemoPage(
        title="Five remedies against overfitting, on the same rows and seeds",
        answer=_answer(record),
        sections=(
            _show_plain(record),
            _show_stopping(record),
            _show_size(record),
            _show_augmentation(record),
            _show_dropout(record),
            _show_penalties(record),
            _show_all(record),
        ),
        sources=SOURCES,
    )


def _answer(record: RemediesRecord) -> tuple[str, ...]:
    plain = record.arms[0]
    hurting = [arm for arm in record.list_arms("augmentation") if arm.outcome == "hurts"]
    memorising = max(record.list_arms("augmentation"), key=lambda arm: arm.known_by_heart)
    zeros = ", ".join(f"{item.name} {100 * item.zeros:.0f} %" for item in record.weights)
    same = record.dropout.largest_difference
    return (
        f"{record.n_fit} digits, {record.n_wrong} of them with a wrong label; {record.n_seeds} seeds; judged on "
        f"{record.n_validation} more",
        f"without a remedy: {_say_plain(record)} (loss {plain.lowest:.2f} at epoch {plain.best_epoch}, "
        f"{plain.last:.2f} at the last)",
        "",
        f"{'':20}{'at the last epoch':32}both stopped early",
        *(_answer_remedy(row) for row in record.remedies),
        "",
        "a strength that hurts: "
        + (", ".join(f"{arm.name} ({_say(arm.early_stopped)})" for arm in hurting) or "none shown"),
        f"still learned by heart with {memorising.name}: {100 * memorising.known_by_heart:.0f} % of the wrong "
        f"labels (plain {100 * plain.known_by_heart:.0f} %)",
        f"dropout at the test, both ways: the same network differs by at most {same:.0e} in any probability",
        f"weights of the first layer that are exactly zero: {zeros}",
    )


def _answer_remedy(row: RemedyRow) -> str:
    early = f"{row.outcome} {_say(row.early_stopped)}".replace("not applicable not known", "(is this itself)")
    return f"  {row.name:18}{f'{row.outcome_at_end} {_say(row.at_end)}':32}{early}"


def _say(change: Triple) -> str:
    """A change with its interval, short."""
    if math.isnan(change[0]):
        return "not known"
    return f"{change[0]:+.2f} ({change[1]:+.2f} to {change[2]:+.2f})"


def _say_plain(record: RemediesRecord) -> str:
    if record.plain_word != "overfits from":
        return record.plain_word
    return f"overfits from epoch {record.onset} on" if record.onset > 0 else "overfits at the last epoch"


def _show_plain(record: RemediesRecord) -> DemoSection:
    plain = record.arms[0]
    epochs = np.arange(1, plain.training.shape[1] + 1)
    caption = Caption(
        "plain",
        "The network without any remedy",
        f"Without a remedy: {_say_plain(record)}.",
        "Thick: mean over the seeds. Thin: each seed.",
    )
    panel = Panel(
        "",
        (
            Line("validation", epochs, plain.validation, ORANGE, (6, 3)),
            Line("training", epochs, plain.training, BLUE),
        ),
        levels=((record.constant_loss, "constant guess"),),
        moments=((float(plain.best_epoch), f"lowest: epoch {plain.best_epoch}"),),
    )
    share = 100 * record.n_wrong / record.n_fit
    return DemoSection(
        "What is to be remedied?",
        (
            f"{record.n_fit} handwritten digits, not centred, {share:.0f} % of them with a wrong label, as "
            "happens where people label by hand; the validation rows are of the same kind. A wrong label "
            "cannot be read off the picture. Whoever gives it back knows that row by heart, so that learning "
            "by heart can be counted, remedy by remedy.",
            f"The plain network knows {100 * plain.known_by_heart:.0f} % of the wrong labels by heart at the "
            "last epoch. It pays for them on all other rows.",
            record.plain_sentence,
        ),
        charts=(draw_lines(caption, panel, Axes("epoch", "log-loss")),),
    )


def _show_stopping(record: RemediesRecord) -> DemoSection:
    rows = tuple(
        (
            " ".join(f"{loss:g}" for loss in row.losses),
            row.rule,
            str(row.stops) if row.has_fired else f"{row.stops} (the end)",
            str(row.keeps),
            f"{row.kept_loss:g}",
            f"{min(row.losses):g}",
        )
        for row in record.stops
    )
    columns = ("losses by epoch", "rule", "stops after", "keeps epoch", "its loss", "lowest of the list")
    early = record.remedies[0]
    faults = " ".join(record.fault_sentences)
    spread = ", ".join(map(str, record.seed_epochs))
    return DemoSection(
        "1. Early stopping: why not stop when it is best?",
        (
            f"It costs nothing: {early.name} changes the loss by {_say(early.at_end)} ({early.outcome_at_end}). "
            f"The pseudocode that lectures give for it: {PSEUDOCODE} It has three faults.",
            "It reads the test set, and what has decided when to stop is no test any more: the loss it stopped "
            "at looks better than it is. It compares with the epoch before only, and stops at the first bump. "
            "And when it stops, the weights it has in hand are those after the rise, the worse ones.",
            "The lists below are written by hand and read by the library's own rules. The pseudocode is given "
            "validation losses, because the test is sealed here; with the first list it keeps a worse epoch, "
            "with the second it stops at the bump in the third epoch. Patience waits for several bad epochs in "
            "a row and goes back to the best one; the rule called best looks at the whole curve.",
        ),
        tables=(DemoTable("What the rules make of lists of losses", columns, rows),),
        after=(
            f"What the faults cost on the curves of the plain network, one rule a seed: {faults}",
            "Even without the faults it is a makeshift. It does not say what makes a network generalize; it "
            "leaves a training unfinished at a moment that depends on everything: on the learning rate, on the "
            f"first weights (the lowest epochs of the seeds here are {spread}) and on the luck of the "
            "validation rows. One number, the number of epochs, has to serve two ends at once, to learn enough "
            "and not to learn by heart. The other remedies change what is learned, and can then be trained to "
            "the end.",
        ),
    )


def _show_size(record: RemediesRecord) -> DemoSection:
    arms = record.list_arms("fewer parameters")
    return DemoSection(
        "2. Fewer parameters: would a smaller network do?",
        (
            "A network that cannot hold all rows cannot learn them by heart. But it may not hold the rule "
            "either: the smaller it is, the fewer wrong labels it knows, and the worse may be its best epoch.",
            _tell_remedy(record, "fewer parameters"),
        ),
        tables=(_list_arms(record, arms),),
        charts=(_draw_arms("size", record, arms),),
    )


def _show_augmentation(record: RemediesRecord) -> DemoSection:
    arms = record.list_arms("augmentation")
    hurting = [arm for arm in arms if arm.outcome == "hurts"]
    faint = max(arms, key=lambda arm: arm.known_by_heart)
    caption = Caption(
        "augmented",
        "One digit and what augmentation makes of it",
        "At every step each row is changed anew; the label stays.",
        "One draw each. The same digit looks different at the next step.",
    )
    too_strong = (
        "A strength that hurts: "
        + ", ".join(
            f"{arm.name} changes the early-stopped loss by {_say(arm.early_stopped)}" for arm in hurting
        )
        + ". What remains of the picture no longer shows the digit, and the network learns to expect little from it."
        if hurting
        else "No strength tried here was shown to hurt."
    )
    return DemoSection(
        "3. Augmentation: more rows for nothing?",
        (
            "Changed copies of the rows are new rows only in the direction of the change. A digit moved by one "
            "place is still that digit: moving teaches the network that the place does not matter, which in "
            "these rows is so.",
            too_strong,
            f"And it protects only where it changes something. With {faint.name} the shades vary and everything "
            f"else stays: the network still knows {100 * faint.known_by_heart:.0f} % of the wrong labels by "
            "heart, by the place and shape of the digit. In a dimension that augmentation does not cover, rows "
            "are as few as before.",
            _tell_remedy(record, "augmentation"),
        ),
        tables=(_list_arms(record, arms),),
        charts=(draw_pictures(caption, record.pictures), _draw_arms("augmentation", record, arms, per_row=5)),
    )


def _show_dropout(record: RemediesRecord) -> DemoSection:
    arms, check = record.list_arms("dropout"), record.dropout
    return DemoSection(
        "4. Dropout: what if no unit can rely on another?",
        (
            "At each step a random share of the units is set to zero. What a unit learns must then be useful "
            "without its neighbours; a wrong label, which takes many units in concert, is hard to hold.",
            "At the test all units are there, and the sums would be too large. There are two ways out: divide "
            "what is kept by the share that is kept, while training; or multiply everything by that share, at "
            f"the test. They are the same: networks trained the first way with rate {check.rate:g} and "
            f"rewritten for the second differ by at most {check.largest_difference:.0e} in any probability on "
            "any row, which is rounding.",
            "Trained anew the second way, with the same seeds, the loss at the last epoch differs by "
            f"{_say(check.change)} (tolerance {record.tolerance:.3f}; the second way against the first: "
            f"{check.outcome}). The function is the same, the way there is not: undivided values are smaller "
            "while training, as with smaller first weights and smaller steps.",
            _tell_remedy(record, "dropout"),
        ),
        tables=(_list_arms(record, arms),),
        charts=(_draw_arms("dropout", record, arms),),
    )


def _show_penalties(record: RemediesRecord) -> DemoSection:
    arms = (*record.list_arms("L1"), *record.list_arms("L2"))
    zeros = ", ".join(f"{item.name} {100 * item.zeros:.0f} %" for item in record.weights)
    caption = Caption(
        "weights",
        "Weights of the first layer at the last epoch",
        f"Exactly zero: {zeros}.",
        "Number of weights by size, mean over the seeds; a logarithmic height, so that the few large ones can "
        "be seen. Weights beyond the ends are counted in the last bins.",
    )
    bars = [
        Bars(f"{item.name}: {100 * item.zeros:.0f} % exactly zero", record.edges, item.counts, colour)
        for item, colour in zip(record.weights, (GREY, BLUE, ORANGE), strict=True)
    ]
    return DemoSection(
        "5. L1 and L2: what if weights cost something?",
        (
            "Both add the size of the weights to the cost. L2 adds the sum of squares: large weights pay "
            "dearly, small ones next to nothing, so all of them shrink and none disappears. L1 adds the sum of "
            "absolute values: every weight pays the same for its last step to zero, so those that do not earn "
            "it end exactly there.",
            _tell_remedy(record, "L1"),
            _tell_remedy(record, "L2"),
        ),
        tables=(_list_arms(record, arms),),
        charts=(
            draw_histograms(caption, bars, x="weight", y="weights", has_log_y=True),
            _draw_arms("penalties", record, arms, per_row=5),
        ),
    )


def _show_all(record: RemediesRecord) -> DemoSection:
    intervals = []
    for row in record.remedies:
        intervals.append(Interval(f"{row.name}, last epoch", *row.at_end, row.outcome_at_end, ORANGE))
        if not math.isnan(row.early_stopped[0]):
            intervals.append(
                Interval(f"{row.name}, both stopped early", *row.early_stopped, row.outcome, BLUE)
            )
    helped = [row.name for row in record.remedies if row.outcome == "helps"]
    caption = Caption(
        "all",
        "Change of the validation loss by each remedy",
        "Better than early stopping alone, beyond chance: " + (", ".join(helped) or "none shown") + ".",
        "Dot: estimate; bar: 95 % interval. Orange: both networks at the last epoch. Blue: both stopped early. "
        "Shaded: changes too small to matter. The strength of each remedy was chosen without the rows it is "
        "judged on.",
    )
    title = "change of the log-loss (left of 0: better)"
    return DemoSection(
        "What is each of them worth?",
        (
            "Against the network trained to the end almost anything helps. The honest question is what a "
            "remedy adds to early stopping, which is free: then both networks are stopped at their best epoch, "
            "and little remains of most gains. That is why every study here makes both comparisons.",
        ),
        charts=(draw_intervals(caption, intervals, title=title, tolerance=record.tolerance),),
        after=tuple(row.sentence for row in record.remedies),
    )


def _tell_remedy(record: RemediesRecord, name: str) -> str:
    return next(row.sentence for row in record.remedies if row.name == name)


def _list_arms(record: RemediesRecord, arms: Sequence[ArmResult]) -> DemoTable:
    rows = tuple(
        (
            arm.name,
            f"{arm.lowest:.3f} ({arm.best_epoch})",
            f"{arm.last:.3f}",
            f"{100 * arm.known_by_heart:.0f} %",
            ""
            if math.isnan(arm.early_stopped[0])
            else f"{format_change(arm.early_stopped[0])} ({format_interval(*arm.early_stopped[1:], signed=True)})",
            arm.outcome,
        )
        for arm in (record.arms[0], *arms)
    )
    return DemoTable("By strength, in the mean of the seeds", ARM_COLUMNS, rows)


def _draw_arms(name: str, record: RemediesRecord, arms: Sequence[ArmResult], *, per_row: int = 4) -> Chart:
    top = 1.05 * float(record.arms[0].validation.max())
    panels = [_draw_arm(arm) for arm in (record.arms[0], *arms)]
    best = min(arms, key=lambda arm: arm.last)
    caption = Caption(
        f"curves-{name}",
        "Losses by epoch",
        f"Lowest at the last epoch: {best.name} with {best.last:.2f} (plain {record.arms[0].last:.2f}).",
        "Solid blue: training. Dashed orange: validation. Line: mean over the seeds; shaded: their span. Below "
        "each name: wrong labels known by heart.",
    )
    return draw_panels(
        caption, panels, Axes("epoch", "log-loss", y_domain=(0.0, top)), per_row=per_row, height=110
    )


def _draw_arm(arm: ArmResult) -> Panel:
    epochs = np.arange(1, arm.training.shape[1] + 1)
    return Panel(
        arm.name,
        (
            Line("training", epochs, arm.training, BLUE, shows_seeds=False),
            Line("validation", epochs, arm.validation, ORANGE, (6, 3), shows_seeds=False),
        ),
        subtitle=f"{100 * arm.known_by_heart:.0f} % by heart",
    )
