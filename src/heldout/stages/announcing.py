"""What a study tells those who watch it run: its plan, and every verdict as soon as the rule has made it.

Only development rows are behind these words; nothing of the sealed test rows is announced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from heldout.cells import CHANGE_TO_NUMBERS

if TYPE_CHECKING:  # whatever is announced was made elsewhere: nothing heavy is loaded for it
    from heldout.plan import Plan
    from heldout.records import Answer, ConfigurationRun, JudgeSettings, LadderVerdict, RemedyResult, Target
    from heldout.settings import Settings
    from heldout.stages.judging import Judgement
    from heldout.stages.preparing import Prepared
    from heldout.stages.workplace import Workplace


def tell_plan(
    workplace: Workplace, prepared: Prepared, plan: Plan, judge: JudgeSettings, *, names: tuple[str, str]
) -> None:
    """Tell what is studied and how much of it there will be.

    Args:
        workplace: its events are the sink.
        prepared: split and target.
        plan: rungs, seeds, folds.
        judge: what losses are judged against.
        names: of the data and of the target.
    """
    split, (source, target) = prepared.split, names
    workplace.events.keep(
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
        constant_loss=float(judge.constant_losses.mean()),
        tolerance=judge.delta,
        seconds=plan.seconds,
    )


def say_guess(target: Target) -> str:
    """Say that a target of few whole numbers was taken for classes, and how it becomes one of amounts.

    Args:
        target: as it was read.

    Returns:
        a sentence; "" where nothing was guessed, or there are two classes, which are hardly ever amounts.
    """
    if len(target.classes) < 3 or CHANGE_TO_NUMBERS not in target.why:
        return ""
    return (
        f"target {target.name!r} is taken for {len(target.classes)} classes, as it has so few different whole numbers; "
        f"if these are amounts, stop and {CHANGE_TO_NUMBERS}"
    )


def tell_rule(workplace: Workplace, prepared: Prepared, settings: Settings) -> None:
    """Tell whose rows an outlier rule takes, and what to do instead, before any network has been trained by it.

    Args:
        workplace: its events are the sink; every line is told to those who watch, and the numbers are kept.
        prepared: the data as the study will be fitted.
        settings: outliers, outlier_limit, and the rules of single columns; without a rule nothing is told.
    """
    from heldout.stages.affecting import preview_rule

    shown = preview_rule(prepared.reading, prepared, settings)
    if shown is None:
        return
    workplace.events.say(shown.sentence)
    for item in shown.dropped:
        workplace.events.say(
            f"  {item.name}: {item.n_flagged:,} of {item.n_rows:,} rows ({100 * item.n_flagged / item.n_rows:.1f} %), "
            f"rest {100 * item.rest_share:.1f} %"
        )
    for other in shown.alternatives:
        workplace.events.say(f"  instead: {other}")
    workplace.events.keep(
        "outliers",
        sentence=shown.sentence,
        groups=[item.name for item in shown.dropped],
        flagged=[item.n_flagged for item in shown.dropped],
        rows=[item.n_rows for item in shown.dropped],
        rest=[item.rest_share for item in shown.dropped],
        alternatives=list(shown.alternatives),
    )


def tell_ladder(
    workplace: Workplace, verdict: LadderVerdict, ladder: Sequence[ConfigurationRun]
) -> LadderVerdict:
    """Tell from which size on the data are overfitted, and each size's answers; checks may still override it.

    Args:
        workplace: its events are the sink.
        verdict: the verdict on the ladder.
        ladder: its runs, smallest first.

    Returns:
        The verdict, unchanged.
    """
    workplace.events.keep(
        "verdict",
        **_describe_ladder(verdict),
        final=False,
        configurations=[run.configuration.name for run in ladder],
        words=[say_answers(answers) for answers in verdict.per_rung],
    )
    return verdict


def tell_remedies(workplace: Workplace, results: tuple[RemedyResult, ...]) -> tuple[RemedyResult, ...]:
    """Tell what each remedy did: its change of the loss against early stopping alone, and the rule's word.

    Returns:
        The results, unchanged.
    """
    for result in results:
        change, low, high = result.early_stopped
        workplace.events.keep(
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
    return results


def tell_final(workplace: Workplace, verdicts: Judgement) -> Judgement:
    """Tell what stands after the checks of data and training: the ladder, and the network that is delivered.

    Returns:
        The verdicts, unchanged.
    """
    choice, chosen = verdicts.choice, verdicts.chosen
    workplace.events.keep("verdict", **_describe_ladder(verdicts.ladder), final=True)
    workplace.events.keep(
        "verdict",
        about="chosen",
        word=chosen.word,
        code=chosen.code,
        sentence=chosen.sentence,
        configuration=choice.name,
        epoch=choice.epoch,
        why=choice.sentence,
        final=True,
    )
    return verdicts


def _describe_ladder(verdict: LadderVerdict) -> dict[str, str | int]:
    return {
        "about": "ladder",
        "word": verdict.word,
        "code": verdict.code,
        "sentence": verdict.sentence,
        "rung": verdict.rung,
    }


def say_answers(answers: Sequence[Answer]) -> str:
    """One phrase for the answers on one size.

    Args:
        answers: of one rung.

    Example:
        >>> from heldout.records import Answer
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
