"""What a study tells those who watch it run: its plan, and every verdict as soon as the rule has made it.

Only development rows are behind these words; nothing of the sealed test rows is announced.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from heldout.events import Events
from heldout.plan import Plan
from heldout.records import (
    Answer,
    Choice,
    ChosenVerdict,
    ConfigurationRun,
    JudgeSettings,
    LadderVerdict,
    RemedyResult,
)
from heldout.stages.preparing import Prepared


def announce_plan(
    events: Events, prepared: Prepared, plan: Plan, judge: JudgeSettings, *, names: tuple[str, str]
) -> None:
    """Tell what is studied and how much of it there will be.

    Args:
        events: the sink.
        prepared: split and target.
        plan: rungs, seeds, folds.
        judge: what losses are judged against.
        names: of the data and of the target.
    """
    split, (source, target) = prepared.split, names
    events.keep(
        "study",
        source=source,
        target=target,
        task=judge.task.value,
        n_development=len(split.development),
        n_test=len(split.test),
        why_no_test=split.why_no_test,
        preset=plan.preset,
        rungs=[rung.index for rung in plan.rungs],
        weights=[rung.n_parameters for rung in plan.rungs],
        n_seeds=plan.n_seeds,
        n_folds=plan.n_folds,
        n_epochs=plan.schedule.n_epochs,
        constant_loss=float(np.mean(judge.constant_losses)),
        tolerance=judge.delta,
        seconds=plan.seconds,
    )


def announce_ladder(
    events: Events, verdict: LadderVerdict, ladder: Sequence[ConfigurationRun], *, final: bool
) -> None:
    """Tell from which size on the data are overfitted, and each size's answers.

    Args:
        events: the sink.
        verdict: the verdict on the ladder.
        ladder: its runs, smallest first.
        final: False while the checks of data and training may still override it.
    """
    events.keep(
        "verdict",
        about="ladder",
        word=verdict.word,
        code=verdict.code,
        sentence=verdict.sentence,
        rung=verdict.rung,
        final=final,
        configurations=[run.configuration.name for run in ladder],
        words=[say_answers(answers) for answers in verdict.per_rung],
    )


def announce_remedies(events: Events, results: Sequence[RemedyResult]) -> None:
    """Tell what each remedy did: its change of the loss against early stopping alone, and the rule's word."""
    for result in results:
        change, low, high = result.early_stopped
        events.keep(
            "remedy",
            name=result.name,
            configuration=result.configuration,
            outcome=result.outcome,
            outcome_at_end=result.outcome_at_end,
            change=change,
            low=low,
            high=high,
            sentence=result.sentence,
        )


def announce_choice(events: Events, choice: Choice, verdict: ChosenVerdict, *, final: bool) -> None:
    """Tell which network is delivered and what the rule says of it.

    Args:
        events: the sink.
        choice: the choice with its reason.
        verdict: the verdict on the chosen configuration.
        final: False while the checks of data and training may still override it.
    """
    events.keep(
        "verdict",
        about="chosen",
        word=verdict.word,
        code=verdict.code,
        sentence=verdict.sentence,
        configuration=choice.name,
        epoch=choice.epoch,
        why=choice.sentence,
        final=final,
    )


def say_answers(answers: Sequence[Answer]) -> str:
    """One phrase for the answers on one size.

    Args:
        answers: of one rung.

    Example:
        >>> say_answers([Answer("overtrained", "yes", 0.2, 0.1, 0.3, 0.01), Answer("underfit", "no", 0, 0, 0, 0.01)])
        'overtrained'
        >>> say_answers([Answer("overtrained", "undecided", 0.01, -0.1, 0.1, 0.01, lean="leaning yes")])
        'undecided: overtrained? leaning yes'
    """
    found = [answer.question for answer in answers if answer.answer == "yes"]
    if found:
        return ", ".join(found)
    unsure = [answer for answer in answers if answer.answer == "undecided"]
    if unsure:
        return "undecided: " + ", ".join(f"{a.question}? {a.lean}".strip() for a in unsure)
    return "none of these" if answers else ""
