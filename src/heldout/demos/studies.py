"""A whole study within a piece of the lecture: run it small, keep its numbers, show several beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heldout.demos.drawing import BLUE, ORANGE, Axes, Interval, Line, Panel, draw_panels
from heldout.demos.frame import DemoRequest, DemoTable
from heldout.folder import IDENTITY_FILE
from heldout.records import DoubleArray, Score
from heldout.report.marks import Caption
from heldout.report.sentences import describe_score, format_interval, format_number, headline_chosen
from heldout.report.series import find_run
from heldout.report.svg import Chart
from heldout.stages.answers import Study
from heldout.study import fit

# one strength of dropout, and early stopping and fewer parameters, which cost no training of their own
FEW_REMEDIES = {"dropout": (0.5,), "l1": (), "l2": (), "augmentation": ()}
LARGEST_SHARE = 2.0  # upper end of the loss axis, in constant guesses


@dataclass(frozen=True)
class StudyNumbers:
    """What one study came to.

    Args:
        name: what sets it apart from the others of the page.
        method: how its rows were split.
        n_development: rows to fit and validate.
        n_test: sealed rows.
        n_units: groups that were never cut (rows without groups).
        ladder: verdict on the sizes: its word.
        ladder_sentence: the same with its numbers.
        word: verdict on what is delivered.
        code: its code.
        sentence: the same with its numbers.
        headline: the same as a heading.
        delivered: configuration.
        epoch: of the delivered configuration.
        remedies: name, outcome and sentence of each remedy.
        development: primary score on rows predicted out of fold, or None.
        test: primary score on sealed rows, or None.
        baselines: name and score in words of each simple predictor on the same rows.
        constant_loss: loss of always predicting the class shares.
        training: float64 [T], training loss of the delivered configuration by epoch, mean over seeds.
        validation: float64 [T], its validation loss.
        n_networks: networks trained.
    """

    name: str
    method: str
    n_development: int
    n_test: int
    n_units: int
    ladder: str
    ladder_sentence: str
    word: str
    code: str
    sentence: str
    headline: str
    delivered: str
    epoch: int
    remedies: tuple[tuple[str, str, str], ...]
    development: Score | None
    test: Score | None
    baselines: tuple[tuple[str, str], ...]
    constant_loss: float
    training: DoubleArray
    validation: DoubleArray
    n_networks: int


def run_small(source: Path, request: DemoRequest, *, name: str, **options: Any) -> Study:  # noqa: ANN401 - any setting
    """Run a quick study of a file below the folder of the demo.

    Asked again with the same folder and seed it is opened, not run again.

    Args:
        source: the data.
        request: folder, seed, and what to tell.
        name: its own folder; the phase that is told.
        **options: settings, e.g. `target="readmitted"`.

    Returns:
        The finished study.

    Raises:
        HeldoutError: data or settings are refused.
        StudyInterrupted: a stop was asked for.
    """
    request.check_stop()
    request.report(name, 0, 1)
    given: dict[str, Any] = {"preset": "quick", "remedies": FEW_REMEDIES, "seed": request.seed} | options
    out = request.folder / name
    study = fit(source, out=out, resume=(out / IDENTITY_FILE).is_file(), progress="none", **given)
    request.report(name, 1, 1)
    return study


def take_numbers(study: Study, name: str) -> StudyNumbers:
    """Keep what a page says of a study.

    Args:
        study: a finished one.
        name: what sets it apart from the others of the page.
    """
    content = study.content
    split, chosen, ladder = content.split, content.chosen, content.ladder
    run = find_run(content, content.chosen_name)
    lacking = np.zeros((1, 0))
    return StudyNumbers(
        name=name,
        method=split.method,
        n_development=split.n_development,
        n_test=split.n_test,
        n_units=split.n_units,
        ladder=ladder.word if ladder else "",
        ladder_sentence=ladder.sentence if ladder else "",
        word=chosen.word if chosen else "",
        code=chosen.code if chosen else "",
        sentence=chosen.sentence if chosen else "",
        headline=headline_chosen(chosen),
        delivered=content.chosen_name,
        epoch=content.epoch,
        remedies=tuple((item.name, item.outcome, item.sentence) for item in content.remedies),
        development=next(iter(content.development_scores), None),
        test=next(iter(content.test_scores), None),
        baselines=tuple((item.name, show_score(item.scores[0])) for item in content.baselines if item.scores),
        constant_loss=content.constant_loss,
        training=np.asarray(lacking if run is None else run.train_curve, np.float64).mean(axis=0),
        validation=np.asarray(lacking if run is None else run.validation_curve, np.float64).mean(axis=0),
        n_networks=content.costs.n_networks,
    )


def show_score(score: Score | None) -> str:
    """One score with its interval for a cell of a table.

    Example:
        >>> show_score(Score("accuracy", 0.8, 0.7, 0.9, 60, 60, "bootstrap"))
        'accuracy 0.800 (0.700 to 0.900)'
        >>> show_score(None)
        'none'
    """
    if score is None:
        return "none"
    if np.isnan(score.low):
        return f"{score.metric} {format_number(score.value)}"
    return f"{score.metric} {format_number(score.value)} ({format_interval(score.low, score.high)})"


def list_intervals(shown: Sequence[tuple[str, Score | None, str]]) -> list[Interval]:
    """Scores as dots with their intervals, each with the rows and units it rests on; what has no score is left out.

    Args:
        shown: name, score and colour of each.

    Example:
        >>> score = Score("accuracy", 0.8, 0.7, 0.9, 60, 20, "bootstrap")
        >>> [item.words for item in list_intervals([("own", score, BLUE), ("new", None, BLUE)])]
        ['60 rows, 20 units']
    """
    return [
        Interval(name, item.value, item.low, item.high, f"{item.n_rows} rows, {item.n_units} units", colour)
        for name, item, colour in shown
        if item is not None
    ]


def tell_score(score: Score | None) -> str:
    """One score as a part of a sentence, with its interval and rows."""
    return "no score" if score is None else describe_score(score)


def list_studies(title: str, studies: Sequence[StudyNumbers]) -> DemoTable:
    """Studies beside each other: rows, verdicts, scores.

    Args:
        title: above the table.
        studies: one column each.
    """
    lines: tuple[tuple[str, list[str]], ...] = (
        ("rows to fit and validate", [f"{item.n_development:,}" for item in studies]),
        ("sealed rows", [f"{item.n_test:,}" for item in studies]),
        ("units never cut", [f"{item.n_units:,}" for item in studies]),
        ("verdict on the sizes", [item.ladder_sentence for item in studies]),
        ("verdict on the delivered network", [f"{item.headline} [{item.code}]" for item in studies]),
        ("in words", [item.sentence for item in studies]),
        ("delivered", [f"{item.delivered}, epoch {item.epoch}" for item in studies]),
        ("development score", [show_score(item.development) for item in studies]),
        ("sealed score", [show_score(item.test) for item in studies]),
        ("networks trained", [f"{item.n_networks:,}" for item in studies]),
    )
    return DemoTable(
        title, ("", *(item.name for item in studies)), tuple((name, *cells) for name, cells in lines)
    )


def draw_studies(studies: Sequence[StudyNumbers], *, name: str = "curves") -> Chart:
    """Training and validation loss of what each study delivers, in constant guesses.

    Args:
        studies: one picture each.
        name: of the chart.
    """
    panels = [_make_panel(item) for item in studies]
    highest = max(float(line.mean.max()) for panel in panels for line in panel.lines)
    finding = " ".join(f"{item.name}: {item.headline[0].lower()}{item.headline[1:]}." for item in studies)
    caption = Caption(
        name,
        "Training and validation loss of what is delivered",
        finding,
        "Solid blue: training loss. Dashed orange: validation loss. Means over seeds, as shares of the loss of a "
        "constant guess. Dotted: the delivered epoch.",
    )
    axes = Axes(
        "epoch", "loss (constant guesses)", y_domain=(0.0, min(LARGEST_SHARE, max(1.1, 1.1 * highest)))
    )
    return draw_panels(caption, panels, axes, per_row=2, height=200)


def _make_panel(item: StudyNumbers) -> Panel:
    epochs = np.arange(1, len(item.training) + 1)
    return Panel(
        item.name,
        (
            Line(f"{item.name}: training", epochs, item.training / item.constant_loss, BLUE),
            Line(f"{item.name}: validation", epochs, item.validation / item.constant_loss, ORANGE, (6, 3)),
        ),
        levels=((1.0, "constant guess"),),
        moments=((float(item.epoch), f"delivered: {item.epoch}"),),
        subtitle=item.headline,
    )
