"""What a reader must know first, in lines: does it work, how sure is that, for whom not.

The terminal answer, the report and the notebook card say the same because they all take their lines from here.
"""

from __future__ import annotations

import math

from heldout.counts import count_things
from heldout.records import Baseline, Finding, Score, Severity, Task
from heldout.report.content import StudyContent
from heldout.report.groups import tell_groups
from heldout.report.sentences import (
    answer_skill,
    describe_baseline,
    describe_frequency,
    describe_score,
    find_score,
    format_interval,
    format_number,
    headline_chosen,
    judge_difference,
    name_baseline,
)
from heldout.report.series import is_delivered_linear
from heldout.report.wording import abbreviate_metric, say_times

_GUESSES = {
    Task.REGRESSION: "Always predicting the mean",
    Task.MULTILABEL: "Always giving the labels that most rows have",
}
LOWER_IS_BETTER = ("rmse", "mae", "logloss", "rank error")
_SEVERITY_ORDER = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


def sort_findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings with the most severe first, otherwise in their order."""
    return tuple(sorted(findings, key=lambda finding: _SEVERITY_ORDER.index(finding.severity)))


def list_critical(content: StudyContent) -> tuple[Finding, ...]:
    """The critical findings: they come before any praise."""
    return tuple(finding for finding in content.findings if finding.severity == Severity.CRITICAL)


def find_headline_score(content: StudyContent) -> tuple[Score | None, bool]:
    """The score to show first, and whether it comes from sealed test rows.

    Returns:
        The primary metric on the test rows, else on development rows (not sealed), else None.
    """
    score = find_score(content.test_scores, content.metric)
    if score is not None:
        return score, True
    return find_score(content.development_scores, content.metric), False


def tell_whether_it_works(content: StudyContent) -> tuple[str, ...]:
    """First line: the short answer. Then the score in words, and what guessing would reach."""
    lines = [answer_skill(content.chosen)]
    if lines[0].startswith("Yes") and not is_confirmed(content):
        lines[0] = "On the development rows yes; the test rows do not confirm it"
    if list_critical(content):
        lines[0] += ", but read the critical warning first" if lines[0].startswith("Yes") else ""
    score, sealed = find_headline_score(content)
    if score is None:
        is_lost = "development_scores" in content.unread
        told = "Its score is not readable in this folder." if is_lost else "No score has been measured yet."
        return (*lines, told)
    lines.append(tell_score(content, score, sealed=sealed))
    in_plain_words = (
        describe_frequency(score),
        tell_explained(content, sealed=sealed),
        tell_guessing(content),
    )
    return (*lines, *(line for line in in_plain_words if line))


def is_confirmed(content: StudyContent) -> bool:
    """Whether the sealed rows agree that the network beats the constant predictor (True where nothing was sealed)."""
    constant = next((item for item in content.baselines if item.name == "constant"), None)
    return not content.test_scores or constant is None or constant.difference[2] < 0


def tell_contradiction(content: StudyContent) -> str:
    """Say that the sealed rows do not bear out what was found on development rows; nothing where they do.

    The verdict on the fit is one on development rows. Where the test rows are worse than a constant guess, or clearly
    worse than the development rows, it must not be read first.
    """
    finding = next((item for item in content.findings if item.code == "HO404"), None)
    if finding is not None:
        sentence = finding.sentence.rstrip(".")
        return f"The test rows do not confirm it: {sentence}."
    return ""


def headline_study(content: StudyContent) -> str:
    """The verdict on the delivered network as a heading.

    A good fit says so where the test rows contradict it, or where rows of one group were split.
    """
    if content.chosen is None and "chosen" in content.unread:
        return "Verdict not readable"
    words = headline_chosen(content.chosen)
    is_doubted = (
        content.chosen is not None and content.chosen.word == "good fit" and tell_contradiction(content)
    )
    if is_doubted:
        return f"{words}, not confirmed by the test rows"
    is_open = content.chosen is not None and content.chosen.word == "good fit" and is_guess_within(content)
    metric = abbreviate_metric(content.metric)
    if is_open:
        return f"{words}; by {metric} alone the test rows do not confirm it"
    is_praise = content.chosen is not None and content.chosen.word == "good fit"
    return (
        f"{words}, but rows of one group were split" if is_praise and tell_split_families(content) else words
    )


def is_guess_within(content: StudyContent) -> bool:
    """Whether the interval of the headline score on sealed rows holds what a constant guess reaches there.

    The loss may show what right and wrong answers of few rows do not: then this is no contradiction (see
    `tell_contradiction`), but verdict and interval must not stand side by side unexplained.
    """
    score, sealed = find_headline_score(content)
    guess = _find_guess(content)
    if score is None or guess is None or not sealed or tell_contradiction(content):
        return False
    if content.metric in LOWER_IS_BETTER:
        return score.high >= guess.value
    return score.low <= guess.value


def tell_score(content: StudyContent, score: Score, *, sealed: bool) -> str:
    """The headline score as a sentence that says which rows it rests on."""
    unit, of = content.target.unit, name_parts(content)
    if not sealed:
        why = content.split.why_no_test or "the test rows have not been opened"
        return (
            f"On development rows: {describe_score(score, unit=unit, of=of)}. No untouched rows were used: {why}."
            f"{tell_split_families(content)}"
        )
    if content.openings_before:
        times = say_times(content.openings_before)
        return (
            f"On test rows: {describe_score(score, unit=unit, of=of)}. These rows had been looked at {times} before, "
            f"so the score may be too high.{tell_without_known(content)}{tell_split_families(content)}"
        )
    return (
        f"On test rows opened once, at the end: {describe_score(score, unit=unit, of=of)}.{tell_without_known(content)}"
        f"{tell_split_families(content)}"
    )


def name_parts(content: StudyContent) -> str:
    """What the units of the intervals are: groups, or blocks of time where the rows follow one another."""
    return "block of time" if content.split.ordered else "group"


def tell_without_known(content: StudyContent) -> str:
    """The same score without test rows that are known from the development rows; nothing where there are none."""
    score = find_score(content.test_scores_without_copies, content.metric)
    if score is None:
        return ""
    told = describe_score(score, unit=content.target.unit, of=name_parts(content))
    return f" Without copies of development rows (or their groups): {told}."


def tell_split_families(content: StudyContent) -> str:
    """Say beside the score that it is too high for a new unit where found families were split; else nothing.

    Families are proposed and never applied silently, so the score itself must carry the warning.
    """
    torn = next(
        (item for item in content.findings if item.code == "HO211" and item.severity is not Severity.INFO),
        None,
    )
    if torn is None:
        return ""
    return f" Too high for a new group: rows of one value of {torn.column!r} stood on both sides of the split [HO211]."


def tell_explained(content: StudyContent, *, sealed: bool) -> str:
    """How much of the spread of a number is explained, where another score is shown first; else nothing."""
    score = find_score(content.test_scores if sealed else content.development_scores, "r2")
    if score is None or content.metric == "r2":
        return ""
    if score.value <= 0:
        return "It explains none of the spread of the target (R² is not above 0)."
    interval = "" if math.isnan(score.low) else f"; 95 % interval {format_interval(score.low, score.high)}"
    return (
        f"It explains about {100 * score.value:.0f} % of the spread of the target "
        f"(R² {format_number(score.value)}{interval})."
    )


def tell_guessing(content: StudyContent) -> str:
    """What a constant guess reaches in the primary metric; empty when not measured."""
    score = _find_guess(content)
    if score is None:
        return ""
    guess = _GUESSES.get(content.target.task, "Always predicting the same class")
    better = " (lower is better)" if content.metric in LOWER_IS_BETTER else ""
    return f"{guess} reaches {format_number(score.value)}{better}.{_tell_open_guess(content)}"


def _find_guess(content: StudyContent) -> Score | None:
    constant = next((item for item in content.baselines if item.name == "constant"), None)
    return find_score(constant.scores, content.metric) if constant else None


def _tell_open_guess(content: StudyContent) -> str:
    """Why a network that is shown to be better than a guess has an interval that holds the guess; else nothing."""
    score, _ = find_headline_score(content)
    if score is None or not answer_skill(content.chosen).startswith("Yes") or not is_guess_within(content):
        return ""
    return (
        f" That lies within the interval: by {abbreviate_metric(content.metric)} these "
        f"{count_things(score.n_rows, 'row')} alone do not confirm the verdict, which rests on the loss of "
        f"{count_things(content.split.n_validation, 'development row')}."
    )


def tell_how_sure(content: StudyContent) -> tuple[str, ...]:
    """What the certainty rests on: rows, seeds, looks at the test, permutation test."""
    lines = []
    score, sealed = find_headline_score(content)
    if score is not None:
        lines.append(_tell_basis(score, of=name_parts(content)))
    seeds = max((run.validation_curve.shape[0] for run in content.runs), default=0)
    if seeds:
        configurations = count_things(len(content.runs), "configuration")
        up_to = count_things(seeds, "seed")
        lines.append(f"{configurations} compared on the development rows, each trained with up to {up_to}.")
    if content.permutation_p is not None:
        lines.append(
            f"Permutation test: p = {format_number(content.permutation_p)} "
            "(share of shuffled targets fitted as well by a shortened procedure)."
        )
    if content.growth is not None:
        lines.append(content.growth.sentence)
    if sealed and content.openings_before:
        lines.extend([content.best_shown] if content.best_shown else [])
    is_lost = "development_scores" in content.unread
    none = (
        "What was measured is not readable in this folder." if is_lost else "Nothing has been measured yet."
    )
    return tuple(lines) or (none,)


def _tell_basis(score: Score, *, of: str) -> str:
    if math.isnan(score.low) or math.isnan(score.high):
        return f"No honest interval could be given: {score.method.rpartition('no interval: ')[2]}."
    groups = f" from {count_things(score.n_units, of)}" if 0 < score.n_units < score.n_rows else ""
    low, high = format_number(score.low), format_number(score.high)
    return (
        f"The true {abbreviate_metric(score.metric)} on such rows is plausibly between {low} and {high} "
        f"(95 % interval, {count_things(score.n_rows, 'row')}{groups})."
    )


def tell_for_whom_not(content: StudyContent) -> tuple[str, ...]:
    """Critical findings first, then the stated limits."""
    lines = [finding.sentence for finding in list_critical(content)]
    lines += tell_groups(content)
    lines += list(content.limits)
    if "limits" in content.unread:
        lines.append("For what else it should not be used is not readable in this folder.")
    return tuple(lines) or (f"Nothing is known beyond rows like those of {content.source}.",)


def find_best_baseline(content: StudyContent) -> Baseline | None:
    """The simple predictor that comes closest to the network or beats it; None without one.

    A constant guess counts only when there is nothing else: the first card names it.
    """
    others = [item for item in content.baselines if item.name != "constant"]
    judged = [item for item in others or content.baselines if math.isfinite(item.difference[0])]
    return max(judged, key=lambda item: item.difference[0]) if judged else None


def tell_best_baseline(content: StudyContent) -> str:
    """The strongest simple predictor against the network, and what follows from it; empty without baselines."""
    best = find_best_baseline(content)
    if best is None:
        return ""
    name = name_baseline(best.name)
    outcome = judge_difference(best.difference[1], best.difference[2], tolerance=content.tolerance)
    advice = {
        "better": "",
        "worse": f" Consider {name} instead.",
        "equivalent": f" Consider {name}, it does as well within the tolerance.",
        "cannot tell": f" It is not shown that the network is worth more than {name}.",
    }[outcome]
    if best.name == "linear" and is_delivered_linear(content):  # then neither is the simpler one
        advice = " The delivered network is linear itself: two linear models were compared."
    told = describe_baseline(best, tolerance=content.tolerance).removesuffix(").")
    is_corrected = not content.test_scores and content.choice is not None and content.choice.optimism > 0
    corrected = "corrected for the choice made on these rows, " if is_corrected else ""
    return f"{told}; {corrected}below 0 the network is better).{advice}"
