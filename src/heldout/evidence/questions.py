"""The five questions about one configuration, each answered yes, no or undecided against the tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heldout.errors import DataError
from heldout.evidence.contrasts import (
    Contrast,
    contrast_alternatives,
    contrast_overtrained,
    contrast_skill,
)
from heldout.evidence.crossfit import Deployed, has_diverged
from heldout.evidence.needs import say_needs
from heldout.evidence.paired import bound_mean
from heldout.evidence.wording import name_loss, say_change, say_interval
from heldout.records import Answer, ConfigurationRun, JudgeSettings

LEAN_ALPHA = 0.20
MEMORISED_SHARE = 0.5  # training loss below this share of the constant predictor's counts as "far below"
AT_LAST_EPOCH = "Its loss was lowest at the last epoch; a longer training is not part of this comparison."
BELOW_ZERO = "It can be below 0, since the best epoch is chosen on other rows than those it is judged on."
BUG_Z = 2.5  # real labels fitted better than permuted ones by this many standard errors: something to learn


def decide(
    contrast: Contrast, settings: JudgeSettings, *, meaning: str, threshold: float | None = None
) -> Answer:
    """Turn a contrast into yes, no or undecided with its sentence.

    yes: the cross-fitted lower bound is above the threshold. no: every alternative's upper bound (and the
    cross-fitted one) is below delta. Both at error rate alpha (nominally more where measured to be
    less, see `Contrast.spending`); neither needs a correction for the number of
    alternatives (the first is one test, the second an intersection-union test).

    Args:
        contrast: the question as numbers.
        settings: delta and alpha.
        meaning: what a positive difference is, for the sentence, e.g. "the last epoch against the best one".
        threshold: what "yes" has to exceed; delta unless given (0 for skill).

    Returns:
        `Answer` with estimate, bounds, lean and what would decide.
    """
    delta = settings.delta
    needed = delta if threshold is None else threshold
    yes, each = contrast.yes, contrast.each
    low, high = float(yes.low), float(max(each.high.max(), yes.high))
    word = "no" if high < delta else "undecided"
    if contrast.can_be_yes and low > needed:
        word = "yes"
    lean = _lean(contrast, needed, delta) if word == "undecided" else ""
    level = round(100 * (1 - (1 + contrast.spending) * settings.alpha))
    sentence = (
        f"{contrast.question}: {word}{' (' + lean + ')' if lean else ''} - {meaning}: "
        f"{say_change(float(yes.mean), scale=delta)} {name_loss(settings.task)} "
        f"({say_interval(low, high, level=level, scale=delta)}), "
        f"tolerance {say_change(delta, scale=delta).lstrip('+')}"
        f"{'; holds for this one network only' if contrast.n_seeds == 1 else ''}."
    )
    needs = say_needs(contrast, delta, n_asked=settings.n_seeds) if word == "undecided" else ()
    return Answer(
        contrast.question,
        word,
        float(yes.mean),
        low,
        high,
        needed,
        lean=lean,
        sentence=sentence,
        would_decide=needs,
    )


def answer_skill(deployed: Deployed, settings: JudgeSettings) -> Answer:
    """Answer whether the network predicts better than the constant predictor on fresh rows.

    Args:
        deployed: the configuration at its cross-fitted epoch (`deploy_run`).
        settings: constant predictor's losses, units, delta.

    Returns:
        `Answer`: "yes" when better beyond chance, "no" when better by less than delta at most.
    """
    contrast = contrast_skill(deployed, settings)
    return decide(contrast, settings, meaning="constant predictor minus network", threshold=0.0)


def answer_overtrained(deployed: Deployed, settings: JudgeSettings, *, at_deployed: bool = False) -> Answer:
    """Answer whether training went on too long: is the last epoch worse than the best one by more than delta?

    Args:
        deployed: the configuration.
        settings: units, delta, alpha.
        at_deployed: ask about the deployed epoch instead (then "yes" is impossible: no epoch looks better).

    Returns:
        `Answer`.
    """
    contrast = contrast_overtrained(deployed, settings, at_deployed=at_deployed)
    last = int(deployed.run.checkpoints[-1])
    best = int(deployed.run.checkpoints[deployed.best])
    meaning = f"deployed epoch {best}" if at_deployed else f"last epoch {last}"
    answer = decide(contrast, settings, meaning=f"{meaning} minus the best epoch")
    return extend_answer(answer, BELOW_ZERO) if answer.estimate < 0 else answer


def answer_too_big(deployed: Deployed, alternatives: Sequence[Deployed], settings: JudgeSettings) -> Answer:
    """Answer whether a simpler or more restrained configuration is better by more than delta.

    Args:
        deployed: the configuration asked about.
        alternatives: simpler or remedied configurations; empty when none was run.
        settings: units, delta, alpha.

    Returns:
        `Answer`; "not applicable" when nothing simpler was run.
    """
    if not alternatives:
        return _skip("too big", "not applicable", "nothing simpler was run", settings)
    contrast = contrast_alternatives("too big", deployed, alternatives, settings)
    return decide(
        contrast, settings, meaning=f"this one minus the best of {len(alternatives)} simpler or remedied"
    )


def answer_underfit(deployed: Deployed, alternatives: Sequence[Deployed], settings: JudgeSettings) -> Answer:
    """Answer whether a larger or freer configuration is better by more than delta.

    Args:
        deployed: the configuration asked about.
        alternatives: larger or less remedied configurations; empty at the end of the ladder.
        settings: units, delta, alpha.

    Returns:
        `Answer`; "undecided" when nothing larger was run: a high loss can be the noise of the data.
    """
    if not alternatives:
        found = _skip("underfit", "undecided", "the ladder ended: nothing larger was run", settings)
        needs = ("One larger network would decide: a high loss alone may be the noise of the data.",)
        return replace(found, would_decide=needs)
    contrast = contrast_alternatives("underfit", deployed, alternatives, settings)
    answer = decide(
        contrast, settings, meaning=f"this one minus the best of {len(alternatives)} larger or freer"
    )
    if (deployed.epochs == deployed.run.losses.shape[0] - 1).all() and answer.answer == "no":
        return extend_answer(answer, AT_LAST_EPOCH)
    return answer


def answer_memorising(
    run: ConfigurationRun, permuted: ConfigurationRun | None, settings: JudgeSettings, *, skill: Answer
) -> Answer:
    """Answer whether the network only memorises: it fits permuted labels as well as the real ones, without skill.

    Args:
        run: the configuration.
        permuted: the same configuration trained on permuted labels, or None.
        settings: constant predictor's losses and delta.
        skill: the answer to the skill question; only a "no" can be memorising.

    Returns:
        `Answer`; estimate is the training loss with permuted labels minus the one with real labels.
    """
    if skill.answer == "yes":
        return _skip("memorising", "no", "it has skill on rows it did not see", settings)
    if permuted is None:
        return _skip("memorising", "not applicable", "no network was trained on permuted labels", settings)
    if has_diverged(run) or has_diverged(permuted):
        return _skip("memorising", "undecided", "a network diverged", settings)
    real, fake = run.train_curve[:, -1].astype(np.float64), permuted.train_curve[:, -1].astype(np.float64)
    mean, low, high = _compare_means(fake, real)
    ceiling = MEMORISED_SHARE * float(settings.constant_losses.mean())
    if low > 0 and mean > settings.delta:
        word, why = "no", "real labels are fitted better than permuted ones, so there is something to learn"
    elif skill.answer == "undecided":
        word, why = "undecided", "skill itself is undecided"
    elif float(real.mean()) < ceiling:
        word, why = "yes", "permuted labels are fitted as well as the real ones"
    else:
        word, why = "no", f"the training loss {real.mean():.3f} is not far below the constant predictor's"
    numbers = " ".join(say_change(value, scale=settings.delta) for value in (mean, low, high))
    sentence = (
        f"memorising: {word} - {why} (training loss, permuted minus real labels, -+{BUG_Z} se: {numbers})."
    )
    return Answer("memorising", word, mean, low, high, settings.delta, sentence=sentence)


def does_not_correspond(memorising: Answer, skill: Answer) -> bool:
    """Say whether the training labels can be learned while validation shows nothing: the rows do not correspond.

    Args:
        memorising: the answer to memorising, with a permuted run.
        skill: the answer to skill.

    Returns:
        True for a probable fault (shuffled, flipped or otherwise encoded validation labels).
    """
    return (
        skill.answer == "no"
        and memorising.answer == "no"
        and memorising.low > 0
        and (memorising.estimate > memorising.tolerance)
    )


def refuse_diverged(question: str, settings: JudgeSettings) -> Answer:
    """Give the answer for a configuration of which a network diverged.

    Args:
        question: the question.
        settings: delta.

    Returns:
        `Answer` "undecided" without numbers.
    """
    return _skip(question, "undecided", "a network diverged, so its losses say nothing", settings)


def extend_answer(answer: Answer, note: str) -> Answer:
    """Give the same answer with a further sentence.

    Args:
        answer: any answer.
        note: a sentence, not empty.

    Returns:
        a new `Answer`.

    Raises:
        DataError: the note is empty.
    """
    if not note.strip():
        raise DataError(f"empty note for the answer to {answer.question!r}: expected a sentence")
    return replace(answer, sentence=f"{answer.sentence} {note.strip()}")


def _lean(contrast: Contrast, needed: float, delta: float) -> str:
    yes, each = contrast.yes, contrast.each
    low, high = bound_mean(yes.mean, yes.se, df=yes.df, alpha=LEAN_ALPHA)
    _, highs = bound_mean(each.mean, each.se, df=each.df, alpha=LEAN_ALPHA)
    if contrast.can_be_yes and float(low) > needed:
        return "leaning yes"
    return "leaning no" if max(float(highs.max()), float(high)) < delta else ""


def _skip(question: str, word: str, why: str, settings: JudgeSettings) -> Answer:
    unknown = float("nan")
    return Answer(
        question, word, unknown, unknown, unknown, settings.delta, sentence=f"{question}: {word} - {why}."
    )


def _compare_means(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    """Difference of two means over seeds, minus and plus `BUG_Z` standard errors; one seed gives no bounds.

    The real labels (`other`) are compared with what a further permutation would give, not with the mean of all: labels
    that mean nothing are themselves one draw among the permutations.
    """
    mean = float(one.mean() - other.mean())
    if min(len(one), len(other)) < 2:
        return mean, float("-inf"), float("inf")
    half = BUG_Z * float(np.sqrt(one.var(ddof=1) * (1 + 1 / len(one)) + other.var(ddof=1) / len(other)))
    return mean, mean - half, mean + half
