"""Fourth stage: what the losses say, by the evidence room's rules."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from heldout.evidence import compare_remedies, judge_chosen
from heldout.evidence import judge_ladder as judge_ladder
from heldout.records import (
    Choice,
    ChosenVerdict,
    ConfigurationRun,
    Fold,
    JudgeSettings,
    LadderVerdict,
    RemedyResult,
    Rung,
    Split,
    Tensors,
)
from heldout.stages.preparing import Prepared
from heldout.stages.training import Controls, Trained
from heldout.tensors import constant_losses

TOLERANCE_SHARE = 0.02  # delta, as a share of the constant predictor's loss R0


def make_judge(prepared: Prepared, tensors: Tensors, folds: tuple[Fold, ...]) -> JudgeSettings:
    """Say what the losses are judged against: constant predictor, units, tolerance."""
    constant = constant_losses(prepared.source, folds)
    return JudgeSettings(
        task=tensors.task,
        constant_losses=constant,
        unit=prepared.split.unit[prepared.split.development[tensors.order]],
        delta=TOLERANCE_SHARE * float(np.mean(constant)),
        fold_seed=_fold_seed(prepared.split),
        has_groups=prepared.split.has_groups,
    )


def _fold_seed(split: Split) -> int:
    text = f"cross-fit {split.fingerprint} {split.split_seed}"
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def judge_remedies(
    ladder: tuple[ConfigurationRun, ...],
    remedies: dict[str, tuple[ConfigurationRun, ...]],
    rung: Rung,
    judge: JudgeSettings,
) -> tuple[RemedyResult, ...]:
    """Compare every remedy with the plain network of the same rung, fewer parameters (the smaller rungs) included."""
    plain = next(run for run in ladder if run.configuration.rung.index == rung.index)
    smaller = tuple(run for run in ladder if run.configuration.rung.index < rung.index)
    table = {"fewer_parameters": smaller} if smaller else {}
    return compare_remedies(plain, table | remedies, judge)


def judge_delivered(
    name: str, trained: Trained, judge: JudgeSettings, *, permuted: ConfigurationRun | None
) -> ChosenVerdict:
    """Give the verdict on the chosen configuration; "cannot tell" under thirty development rows."""
    runs = trained.all_runs()
    return judge_chosen(trained.find(name), runs, judge, permuted=permuted, n_rows=len(judge.constant_losses))


@dataclass(frozen=True)
class Verdicts:
    """All that was judged from losses.

    Args:
        ladder: from which size on the data are overfitted.
        chosen: on the delivered configuration.
        remedies: each remedy against the plain network.
        choice: what is delivered, and the leaderboard.
        controls: permuted labels.
        judge: what the losses were judged against.
    """

    ladder: LadderVerdict
    chosen: ChosenVerdict
    remedies: tuple[RemedyResult, ...]
    choice: Choice
    controls: Controls
    judge: JudgeSettings
