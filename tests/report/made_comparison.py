"""An invented comparison of two studies."""

from __future__ import annotations

from dataclasses import replace

from heldout.report.comparison import ComparedStudy, ComparisonContent
from report.example import make_scores, make_study, make_target

NAN = float("nan")


def make_side(name="heart-1", *, loss=0.41, **changes):
    """One side, from the invented study."""
    study = make_study()
    side = ComparedStudy(
        name=name,
        folder=f"runs/{name}",
        source="heart.csv",
        created=study.created,
        word="good fit",
        code="HO116",
        ladder="Overfits from 465 weights.",
        chosen_name="rung 4 + dropout 0.3",
        epoch=31,
        n_parameters=465,
        n_seeds=5,
        n_configurations=24,
        n_networks=325,
        seconds=79.6,
        loss=loss,
        development_scores=make_scores(0.829, n_rows=589),
        test_scores=make_scores(0.837, n_rows=147),
        test_opened="2025-03-02T10:13:00+00:00",
        openings_before=0,
        run=study.runs[-1],
    )
    return replace(side, **changes)


def make_comparison(**changes):
    """Two studies that cannot be told apart."""
    content = ComparisonContent(
        first=make_side(),
        second=make_side("heart-2", loss=0.42, word="undecided", code="HO117", openings_before=1),
        target=make_target(),
        loss_name="log-loss",
        outcome="cannot tell",
        sentence="Cannot tell heart-1 from heart-2: validation log-loss of heart-1 minus heart-2 -0.010 (95 % "
        "interval -0.030 to +0.010).",
        delivered=(-0.010, -0.030, 0.010),
        choice=(-0.008, -0.031, 0.015),
        hits=(0.012, -0.004, 0.028),
        tolerance=0.0138,
        constant_loss=0.688,
        n_rows=589,
        n_units=589,
        n_seeds=5,
        metric="accuracy",
        same_split=True,
        differences=(("seed", "0", "3"), ("preset", "quick", "standard")),
        notes=("A note.",),
        warning="Picking the study with the better test score is a second use of the test.",
    )
    return replace(content, **changes)
