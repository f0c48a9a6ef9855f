"""The same question in a second metric: is what the loss says true of the decisions, or of the probabilities alone?

The headline stays with the loss. What is said here has a tolerance of its own, in units of the metric, and its own
error rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from heldout.evidence.contrasts import (
    Contrast,
    contrast_alternatives,
    contrast_overtrained,
    pick_restrained,
)
from heldout.evidence.crossfit import (
    Deployed,
    average_outside,
    deploy_run,
    has_diverged,
    leave_seed_out,
    make_crossfit_folds,
    pick_epochs,
)
from heldout.evidence.curve_rule import ACCURACY_TOLERANCE
from heldout.evidence.paired import bound_mean, index_units
from heldout.evidence.wording import say_harm
from heldout.records import (
    Answer,
    ChosenVerdict,
    ConfigurationRun,
    DoubleArray,
    JudgeSettings,
    LadderVerdict,
    Task,
)

RARE_SHARE = 0.10  # of the rarest class; below it every class counts the same, as in the scores
_PROBABILITIES = " (the probabilities got worse, the decisions did not)"
JUDGED_WORDS = ("overfit", "underfit", "between", "good fit", "undecided")


@dataclass(frozen=True)
class _Judged:
    """What the contrasts of one size or configuration say: the word, and the interval that it rests on."""

    word: str
    estimate: float
    low: float
    high: float
    level: int = 90


def weigh_classes(shares: ArrayLike) -> DoubleArray:
    """Give what a row of each class counts in the second metric.

    Args:
        shares: [C], share of rows of each class.

    Returns:
        float64 [C]: ones, or weights under which every class that has rows counts the same, where one has under 10 %.

    Example:
        >>> weigh_classes([0.4, 0.6]), weigh_classes([0.05, 0.95]).round(3)
        (array([1., 1.]), array([10.   ,  0.526]))
    """
    given = np.asarray(shares, dtype=np.float64)
    if given.min() >= RARE_SHARE:
        return np.ones(given.size)
    there = given > 0
    return np.divide(1.0, given * there.sum(), out=np.zeros(given.size), where=there)


def weigh_rows(labels: ArrayLike, *, n_classes: int) -> DoubleArray | None:
    """Give what each validation row counts in the second metric; None where all count the same.

    Args:
        labels: [M], class of each row.
        n_classes: classes.

    Example:
        >>> weigh_rows([0] * 19 + [1], n_classes=2)[[0, -1]].round(3)
        array([ 0.526, 10.   ])
        >>> weigh_rows([0, 1, 1], n_classes=2) is None
        True
    """
    codes = np.asarray(labels).astype(np.int64)
    weights = weigh_classes(np.bincount(codes, minlength=n_classes) / max(codes.size, 1))
    return None if (weights == 1).all() else weights[codes]


def name_second(settings: JudgeSettings) -> str:
    """Name the second metric of a task.

    Args:
        settings: task, and whether rows have weights.

    Returns:
        "accuracy", "balanced accuracy", "exact match", "R2" or "R2 of the logarithm".
    """
    if settings.task is Task.REGRESSION:
        return "R2 of the logarithm" if settings.target_log else "R2"
    if settings.task is Task.MULTILABEL:
        return "exact match"
    return "accuracy" if settings.hit_weights is None else "balanced accuracy"


def add_second_to_ladder(
    verdict: LadderVerdict, runs: Sequence[ConfigurationRun], settings: JudgeSettings
) -> LadderVerdict:
    """Add to a ladder's verdict what the second metric says of the size it names, or of the largest.

    That size is asked as by the loss: is its last epoch worse than its best one, is a smaller size better; with epochs
    chosen by the metric itself, on other rows and seeds.

    Args:
        verdict: of the losses.
        runs: the plain rungs, in any order.
        settings: units, alpha, weights of rows.

    Returns:
        the verdict with `second`; as it was where hits were not recorded.
    """
    ordered = sorted(runs, key=lambda run: run.configuration.rung.index)
    sound = [run for run in ordered if not has_diverged(run)]
    if not sound:
        return verdict
    named = next((run for run in sound if run.configuration.rung.index == verdict.rung), sound[-1])
    size = named.configuration.rung.n_parameters
    smaller = [run for run in sound if run.configuration.rung.n_parameters < size]
    where = f"at {size:,} weights" if size > 0 else f"at configuration {named.configuration.name!r}"
    against = f"last epoch against the best one{', and against smaller sizes' if smaller else ''}"
    if settings.task is Task.REGRESSION:
        answers = verdict.per_rung[ordered.index(named)][:2]
        return replace(verdict, second=_rescale(answers, settings, f"{where}, {against}"))
    if any(run.hits.shape != run.losses.shape for run in (named, *smaller)):
        return verdict
    own = judge_in_hits(settings)
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    deployed = [deploy_run(count_misses(run, settings), own, folds=folds) for run in (named, *smaller)]
    contrasts = [contrast_overtrained(deployed[0], own)]
    if smaller:
        contrasts.append(contrast_alternatives("too big", deployed[0], deployed[1:], own))
    judged = _judge(contrasts, own)
    told = f"{against}: it {_say_judged(judged, own)}"
    sentence = _say_ladder(
        judged.word, name_second(own), where, told, overfits=verdict.word == "overfits from"
    )
    return replace(verdict, second=_answer(judged, own, sentence))


def add_second_to_chosen(
    verdict: ChosenVerdict,
    chosen: ConfigurationRun,
    runs: Sequence[ConfigurationRun],
    settings: JudgeSettings,
) -> ChosenVerdict:
    """Add to the verdict on what is delivered whether another epoch or a simpler configuration decides better.

    What is delivered, and what the simpler ones would deliver, is chosen by the loss, as always; only what is counted
    is another.

    Args:
        verdict: of the losses.
        chosen: the delivered configuration.
        runs: all configurations, the chosen one among them or not.
        settings: units, alpha, weights of rows.

    Returns:
        the verdict with `second`; as it was where there is nothing to judge or hits were not recorded.
    """
    if verdict.word not in JUDGED_WORDS:
        return verdict
    if settings.task is Task.REGRESSION:
        return replace(verdict, second=_rescale_chosen(verdict, settings))
    others = [run for run in runs if not has_diverged(run)]
    restrained = [
        others[i] for i in pick_restrained(chosen.configuration, [run.configuration for run in others])
    ]
    if any(run.hits.shape != run.losses.shape for run in (chosen, *restrained)):
        return verdict
    own = judge_in_hits(settings)
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    mine = deploy_run(chosen, settings, folds=folds)
    delivered = _count_deployed(mine, settings)
    contrasts = [_contrast_epoch(delivered, deploy_run(delivered.run, own, folds=folds), own)]
    if restrained:
        simpler = [_count_deployed(deploy_run(run, settings, folds=folds), settings) for run in restrained]
        contrasts.append(contrast_alternatives("too big", delivered, simpler, own))
    judged = _judge(contrasts, own)
    told = f"{_name_others(bool(restrained))} it {_say_judged(judged, own)}"
    sentence = _say_chosen(
        judged.word, name_second(own), told, overfits=verdict.word in ("overfit", "between")
    )
    return replace(verdict, second=_answer(judged, own, sentence))


def judge_in_hits(settings: JudgeSettings) -> JudgeSettings:
    """Give what wrong answers are judged against: one percentage point, and a variance that no luck takes away.

    Where hardly a row is answered otherwise, no spread is seen and none would be counted. Two rows (units) that
    changed, one each way, are always counted; where every class counts the same, two of the rarest.

    Args:
        settings: of the losses.

    Returns:
        the same with a tolerance and `row_floor` for shares of wrong answers.

    Source:
        Bonett and Price 2012, one more discordant pair each way in intervals of paired shares.
    """
    heaviest = 1.0 if settings.hit_weights is None else float(settings.hit_weights.max())
    floor = 2 * (heaviest / (index_units(settings.unit).n_units + 2)) ** 2
    return replace(settings, delta=ACCURACY_TOLERANCE, row_floor=floor)


def count_misses(run: ConfigurationRun, settings: JudgeSettings) -> ConfigurationRun:
    """Give a run whose losses are its wrong answers: one byte a row, or a weight where classes count the same.

    Args:
        run: with hits.
        settings: weights of rows.

    Returns:
        `ConfigurationRun` with losses int8 or float32 [E, S, M].
    """
    missed = (~run.hits).view(np.int8)
    if settings.hit_weights is not None:
        missed = missed * settings.hit_weights.astype(np.float32)
    return replace(run, losses=missed)


def _count_deployed(item: Deployed, settings: JudgeSettings) -> Deployed:
    """The wrong answers at the epochs that the losses chose."""
    run = count_misses(item.run, settings)
    outside = leave_seed_out(average_outside(run.losses, item.folds))
    kept = np.take_along_axis(outside, item.epochs[None], axis=0)[0]
    return replace(item, run=run, losses=pick_epochs(run.losses, item.epochs, item.folds), outside=kept)


def _contrast_epoch(delivered: Deployed, own: Deployed, settings: JudgeSettings) -> Contrast:
    """What is delivered, as one more epoch after the last, against those that the metric itself would choose."""
    losses = np.concatenate([own.run.losses, delivered.losses[None]])
    asked = replace(own, run=replace(own.run, losses=losses))
    return contrast_overtrained(asked, settings)


def _judge(contrasts: Sequence[Contrast], settings: JudgeSettings) -> _Judged:
    """Yes where any difference is above the tolerance, no where every one is below; they share alpha.

    The interval belongs to the difference that decides: the clearest, or the one that is least known to be small.
    """
    alpha = settings.alpha / len(contrasts)
    bounds = [_bound(item, alpha) for item in contrasts]
    shown = int(np.argmax([low for low, _ in bounds]))
    if bounds[shown][0] > settings.delta:
        word, place = "yes", shown
    else:
        place = int(np.argmax([high for _, high in bounds]))
        word = "no" if bounds[place][1] < settings.delta else "undecided"
    level = round(100 * (1 - 2 * alpha))
    return _Judged(word, float(contrasts[place].yes.mean), *bounds[place], level)


def _bound(contrast: Contrast, alpha: float) -> tuple[float, float]:
    """Lower bound of the cross-fitted difference, upper bound over all alternatives."""
    yes, each = contrast.yes, contrast.each
    low, high = bound_mean(yes.mean, yes.se, df=yes.df, alpha=alpha)
    _, highs = bound_mean(each.mean, each.se, df=each.df, alpha=alpha)
    return float(low), float(max(high, highs.max()))


def _answer(judged: _Judged, settings: JudgeSettings, sentence: str) -> Answer:
    return Answer(
        name_second(settings),
        judged.word,
        judged.estimate,
        judged.low,
        judged.high,
        settings.delta,
        sentence=sentence,
    )


def _rescale_chosen(verdict: ChosenVerdict, settings: JudgeSettings) -> Answer | None:
    asked = [item for item in verdict.answers if item.question in ("overtrained", "too big")]
    simpler = any(item.question == "too big" and np.isfinite(item.estimate) for item in asked)
    return _rescale(asked, settings, f"of what is delivered, {_name_others(simpler)}")


def _rescale(answers: Sequence[Answer], settings: JudgeSettings, where: str) -> Answer | None:
    """R2 is one minus the squared error over that of the constant prediction: the same answer in its units."""
    known = [item for item in answers if np.isfinite((item.estimate, item.low, item.high)).all()]
    if not known:
        return None
    told = max(known, key=lambda item: (item.answer == "yes", item.answer == "undecided", item.high))
    unit = float(settings.constant_losses.mean())
    lost = (told.estimate / unit, told.low / unit, told.high / unit)
    tolerance = settings.delta / unit
    words = {"yes": "lower than it could be", "no": "not lower than it could be by more than the tolerance"}
    name = name_second(settings)
    sentence = (
        f"{name} {where}: {words.get(told.answer, 'undecided')}, as the squared error that it follows from: it "
        f"{say_harm(lost, tolerance=tolerance, how='interval ', is_share=False)}."
    )
    return Answer(name, told.answer, *lost, tolerance, sentence=sentence)


def _say_judged(judged: _Judged, settings: JudgeSettings) -> str:
    lost = (judged.estimate, judged.low, judged.high)
    return say_harm(lost, tolerance=settings.delta, how=f"{judged.level} % interval ")


def _name_others(simpler: bool) -> str:
    return f"against other epochs{' and simpler configurations' if simpler else ''}"


def _say_ladder(answer: str, name: str, where: str, told: str, *, overfits: bool) -> str:
    title = name[0].upper() + name[1:]
    if answer == "yes":
        start = "is harmed too" if overfits else "is harmed, though the log-loss is not shown to be"
        return f"{title} {start}, {where}, {told}."
    if answer == "no":
        return f"{title} is not harmed {where}{_PROBABILITIES if overfits else ''}, {told}."
    return f"Whether {name} is harmed{' too' if overfits else ''} {where} is undecided, {told}."


def _say_chosen(answer: str, name: str, told: str, *, overfits: bool) -> str:
    title = name[0].upper() + name[1:]
    if answer == "yes":
        return (
            f"{title} is harmed{' too' if overfits else ', though the log-loss is not shown to be'}: {told}."
        )
    if answer == "no":
        return f"{title} is not harmed{_PROBABILITIES if overfits else ''}: {told}."
    return f"Whether {name} is harmed{' too' if overfits else ''} is undecided: {told}."
