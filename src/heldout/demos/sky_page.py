"""The page of the demo on the sky."""

from __future__ import annotations

import numpy as np

from heldout.demos.drawing import (
    BLUE,
    ORANGE,
    Axes,
    Bars,
    Line,
    Panel,
    draw_histograms,
    draw_panels,
    draw_pictures,
)
from heldout.demos.frame import DemoPage, DemoSection, DemoTable
from heldout.demos.sky_record import SkyRecord, Turning
from heldout.demos.studies import draw_studies, list_studies, show_score
from heldout.report.marks import Caption
from heldout.report.sentences import format_number
from heldout.report.svg import Chart


def show_sky(record: SkyRecord) -> DemoPage:
    """Lay out the page.

    Args:
        record: the numbers.
    """
    study, turned = record.study, record.turning.result
    return DemoPage(
        title="The sky: faint pictures, gaps, and a symmetry that is known beforehand",
        answer=(
            f"{record.n_pictures} synthetic galaxies of {record.raw.shape[1]} x {record.raw.shape[2]} pixels, as "
            f"{record.form}.",
            f"The brightest pixel lies {format_number(record.brightest)} times the sky's noise above the sky.",
            f"Pixels without a measurement: {100 * record.share_missing:.1f} %.",
            f"Turning pictures by any angle: {turned.outcome_at_end} at the last epoch, {turned.outcome} stopped "
            "early.",
            f"Delivered: {study.delivered}, epoch {study.epoch}: {study.headline} [{study.code}].",
            f"Sealed pictures: {show_score(study.test)}.",
        ),
        sections=(_show_stretch(record), _show_gaps(record), _show_turning(record), _show_study(record)),
        sources=("The sky is synthetic, drawn by src/heldout/demos/sky.py; no telescope has seen it.",),
    )


def _show_stretch(record: SkyRecord) -> DemoSection:
    raw = Caption(
        "counts",
        "The pictures in counts",
        "Next to the centres of the bright ones nothing else is seen.",
        "The larger, the darker, in each picture from its smallest to its largest number.",
    )
    seen = Caption(
        "stretched",
        "The same pictures as the network sees them",
        "The faint outskirts, which show the shape, are seen as well.",
        "After the stretch and the scale, both fitted on fit rows alone.",
    )
    names = [f"picture {number + 1}" for number in range(len(record.raw))]
    caption = Caption(
        "pixels",
        "Pixels by value, before and after",
        f"Before, nearly all lie in the first bins, and the brightest {format_number(record.brightest)} noise spreads "
        "above; after, they fill the range.",
        "The height is stretched so that single pixels can be seen. Bins are numbered from the smallest value to the "
        "largest.",
    )
    places = np.arange(len(record.raw_counts) + 1)
    bars = (
        Bars("in counts", places, record.raw_counts, BLUE),
        Bars("as seen by the network", places, record.encoded_counts, BLUE),
    )
    return DemoSection(
        "What becomes of a faint picture?",
        (
            "A detector counts light, and a galaxy's centre can be a thousand times as bright as its edge. Scaled by "
            "mean and spread, a few bright pixels would be all that a network notices.",
            f"What the recipe decided: {record.stretch}. asinh is linear near the sky's level, logarithmic far above.",
        ),
        charts=(
            draw_pictures(raw, list(zip(names, record.raw, strict=True))),
            draw_pictures(seen, list(zip(names, record.encoded, strict=True))),
            draw_histograms(caption, bars, x="bin", y="pixels", has_log_y=True),
        ),
    )


def _show_gaps(record: SkyRecord) -> DemoSection:
    caption = Caption(
        "mask",
        "Where nothing was measured",
        f"{100 * record.share_missing:.1f} % of the pixels of the fit rows.",
        "Dark: no measurement. The pixel itself holds the median of its picture.",
    )
    names = [f"picture {number + 1}" for number in range(len(record.mask))]
    return DemoSection(
        "And the gaps?",
        (
            "Dead pixels come as NaN. They become the median of their picture, and a channel of its own says where "
            "they are: the network can learn to look away, and a gap is never mistaken for darkness.",
        ),
        charts=(draw_pictures(caption, list(zip(names, record.mask, strict=True))),),
    )


def _show_turning(record: SkyRecord) -> DemoSection:
    turning = record.turning
    caption = Caption(
        "turned",
        "One galaxy as the network meets it in five epochs",
        "The shape stays, the direction does not.",
        f"Turned by up to {record.turning.result.strength:g} degrees either way, newly drawn each time; what comes in "
        "at the corners is sky.",
    )
    names = [f"epoch {number + 1}" for number in range(len(record.turned))]
    return DemoSection(
        "What does turning help?",
        (
            "The sky has no up. An elongated galaxy may lie in any direction, and few fit pictures show few of them. "
            "Turning tells the network what an astronomer knows before the first picture. Whether it helps is not "
            "taken for granted but measured against the plain network on the same rows and seeds "
            f"({turning.size}):",
            turning.result.sentence,
        ),
        charts=(
            draw_pictures(caption, list(zip(names, record.turned, strict=True))),
            _draw_turning(turning),
        ),
        after=(
            "A figure 6 must not be turned into a 9, nor a heart scan left to right. Only what leaves the answer as it "
            "is may be told to a network this way.",
        ),
    )


def _draw_turning(turning: Turning) -> Chart:
    n_epochs = turning.plain.shape[1]
    epochs = np.arange(1, n_epochs + 1)
    lowest = [
        float(curves.mean(axis=0).min()) / turning.constant_loss for curves in (turning.plain, turning.turned)
    ]
    caption = Caption(
        "turning-curves",
        "Training and validation loss without and with turning",
        f"Lowest validation loss: {format_number(lowest[0])} constant guesses without, {format_number(lowest[1])} with "
        "turning.",
        f"Means over {turning.n_seeds} seeds, with their span, as shares of the loss of a constant guess. Solid blue: "
        "training; dashed orange: validation, whose pictures are never turned.",
    )
    panels = [
        Panel(
            name,
            (
                Line(f"{name}: training", epochs, training / turning.constant_loss, BLUE, shows_seeds=False),
                Line(
                    f"{name}: validation",
                    epochs,
                    validation / turning.constant_loss,
                    ORANGE,
                    (6, 3),
                    shows_seeds=False,
                ),
            ),
            levels=((1.0, "constant guess"),),
        )
        for name, training, validation in (
            ("as they are", turning.plain_training, turning.plain),
            ("turned", turning.training, turning.turned),
        )
    ]
    axes = Axes("epoch", "loss (constant guesses)", y_domain=(0.0, 2.0))
    return draw_panels(caption, panels, axes, per_row=2, height=200)


def _show_study(record: SkyRecord) -> DemoSection:
    rows = tuple(
        (name.replace("_", " "), outcome, sentence) for name, outcome, sentence in record.study.remedies
    )
    return DemoSection(
        "What does the study say?",
        (
            "The parts were named in the data (train, validation, test), so there is one division and no folds.",
        ),
        tables=(
            list_studies("The study", (record.study,)),
            DemoTable(
                "Remedies against the plain network", ("remedy", "outcome, stopped early", "in words"), rows
            ),
        ),
        charts=(draw_studies((record.study,)),),
    )
