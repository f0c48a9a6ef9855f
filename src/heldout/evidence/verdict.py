"""The two verdicts of a study: from which size on it overfits, and what the delivered configuration is."""

from __future__ import annotations

from collections.abc import Sequence

from heldout.errors import DataError
from heldout.evidence.codes import find_code
from heldout.evidence.contrasts import (
    contrast_alternatives,
    contrast_overtrained,
    find_p_yes,
    pick_freer,
    pick_restrained,
)
from heldout.evidence.crossfit import Deployed, deploy_run, has_diverged, make_crossfit_folds
from heldout.evidence.descent import find_descents
from heldout.evidence.gates.override import override_chosen
from heldout.evidence.onset import find_onset
from heldout.evidence.paired import index_units
from heldout.evidence.questions import (
    AT_LAST_EPOCH,
    BELOW_ZERO,
    answer_memorising,
    answer_overtrained,
    answer_skill,
    answer_too_big,
    answer_underfit,
    does_not_correspond,
    extend_answer,
    refuse_diverged,
)
from heldout.records import (
    MIN_ROWS,
    Answer,
    ChosenVerdict,
    ConfigurationRun,
    Gate,
    JudgeSettings,
    LadderVerdict,
)

MIN_GROUPS = 10
TOP_WEIGHT = 0.5  # share of alpha for the largest rung, which overfits most often


def share_alpha(p_values: Sequence[float], alpha: float) -> tuple[bool, ...]:
    """Decide which rungs of a ladder overfit so that at most alpha of all studies name a rung wrongly.

    Rungs are tested from the largest down. The largest has half of alpha, the others share the rest; a rung that
    is shown passes its alpha on to the next smaller one (the fallback procedure). So a ladder whose upper rungs
    all overfit is tested at nearly full alpha down to its onset, and a largest rung that stays undecided (second
    descent, fewer seeds) does not silence the others, as a fixed sequence would.

    Args:
        p_values: one per rung, smallest rung first.
        alpha: error rate of the whole study.

    Returns:
        for each rung whether it is shown to overfit.

    Source:
        Fallback procedure: Wiens 2003, Pharmaceutical Statistics 2:211.

    Example:
        >>> share_alpha([0.5, 0.03, 0.001], 0.05)
        (False, True, True)
        >>> share_alpha([0.5, 0.03, 0.9], 0.05)
        (False, False, False)
    """
    shown = [False] * len(p_values)
    passed = 0.0
    lower = len(p_values) - 1
    weights = [TOP_WEIGHT, *[(1 - TOP_WEIGHT) / lower] * lower] if lower else [1.0]
    for position, index in enumerate(reversed(range(len(p_values)))):
        level = weights[position] * alpha + passed
        shown[index] = p_values[index] <= level
        passed = level if shown[index] else 0.0
    return tuple(shown)


def judge_ladder(runs: Sequence[ConfigurationRun], settings: JudgeSettings) -> LadderVerdict:
    """Say from which size of network on the data are overfitted, with the error rate of the whole study.

    A rung overfits when it is OVERTRAINED (its last epoch is worse than its best) or TOO BIG (a smaller rung is
    better). "From" names the smallest rung shown to; rungs above it have their own answers, as a second descent
    is possible (and named in the sentence where it is shown). The first rise decides nothing. Each rung's two p
    values are doubled at the smaller one, and rungs share alpha (`share_alpha`).

    Args:
        runs: the plain rungs, in any order.
        settings: units, delta, alpha.

    Returns:
        `LadderVerdict`; `per_rung`, `onset` and `best_epoch` in the order of rung index.

    Raises:
        DataError: no runs, or a run does not fit the settings.
    """
    if not runs:
        raise DataError(
            "an empty ladder cannot be judged: expected at least one rung", hint="train a ladder first"
        )
    ordered = sorted(runs, key=lambda run: run.configuration.rung.index)
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    deployed = [None if has_diverged(run) else deploy_run(run, settings, folds=folds) for run in ordered]
    sound = [item for item in deployed if item is not None]
    answers = tuple(_answer_rung(item, sound, settings) for item in deployed)
    p_values = [1.0 if item is None else _find_p_overfit(item, sound, settings) for item in deployed]
    shown = share_alpha(p_values, settings.alpha)
    word, position = _name_ladder(answers, shown)
    code = {"overfits from": "HO101", "no overfitting shown": "HO102"}.get(word, "HO103")
    descents = find_descents([item.run for item in sound], settings, folds=folds)
    sentence = " ".join(
        (_say_ladder(word, position, (ordered, answers, shown)), *(d.sentence for d in descents))
    )
    return LadderVerdict(
        word,
        code,
        ordered[position].configuration.rung.index if position >= 0 else -1,
        sentence,
        answers,
        tuple(-1 if item is None else find_onset(item.run, settings, best=item.best) for item in deployed),
        tuple(-1 if item is None else int(item.run.checkpoints[item.best]) for item in deployed),
    )


def judge_chosen(
    chosen: ConfigurationRun,
    runs: Sequence[ConfigurationRun],
    settings: JudgeSettings,
    *,
    permuted: ConfigurationRun | None = None,
    gates: Sequence[Gate] = (),
    n_rows: int,
) -> ChosenVerdict:
    """Give the verdict on the delivered configuration at its deployed epoch.

    The epoch is part of what is delivered, so OVERTRAINED asks whether another epoch is better than the deployed
    one; what training to the last epoch would do is added in words and decides nothing. "overfit" therefore means
    TOO BIG. Alternatives are all configurations that were run, ladder and remedies.

    Args:
        chosen: the delivered configuration.
        runs: all configurations, the chosen one among them or not.
        settings: units, delta, alpha, constant predictor's losses.
        permuted: the chosen configuration trained on permuted labels, or None.
        gates: what was checked before; one that overrides makes the word "data or bug" (HO119).
        n_rows: development rows; under 30 no verdict is given.

    Returns:
        `ChosenVerdict` with the five answers (none when "cannot tell").
    """
    why = _refuse(chosen, settings, n_rows)
    if why:
        return ChosenVerdict("cannot tell", "HO118", f"Cannot tell: {why}.", ())
    folds = make_crossfit_folds(settings.unit, settings.fold_seed)
    own = deploy_run(chosen, settings, folds=folds)
    others = [run for run in runs if not has_diverged(run)]
    names = [run.configuration for run in others]
    restrained = [
        deploy_run(others[i], settings, folds=folds) for i in pick_restrained(chosen.configuration, names)
    ]
    freer = [deploy_run(others[i], settings, folds=folds) for i in pick_freer(chosen.configuration, names)]
    skill = answer_skill(own, settings)
    answers = (
        skill,
        _answer_delivered_epoch(own, settings),
        answer_too_big(own, restrained, settings),
        answer_underfit(own, freer, settings),
        answer_memorising(chosen, permuted, settings, skill=skill),
    )
    word, code = _name_chosen(answers)
    sentence = _say_chosen(word, code, chosen, answers)
    if own.best == chosen.losses.shape[0] - 1:
        sentence += f" {AT_LAST_EPOCH}"
    verdict = ChosenVerdict(word, code, sentence, answers)
    return override_chosen(verdict, gates)


def _answer_delivered_epoch(own: Deployed, settings: JudgeSettings) -> Answer:
    answer = answer_overtrained(own, settings, at_deployed=True)
    to_the_end = answer_overtrained(own, settings).sentence.removeprefix("overtrained: ")
    if answer.sentence.endswith(BELOW_ZERO):  # said once
        to_the_end = to_the_end.removesuffix(f" {BELOW_ZERO}")
    return extend_answer(answer, f"If it were trained to the last epoch: {to_the_end}")


def _refuse(chosen: ConfigurationRun, settings: JudgeSettings, n_rows: int) -> str:
    n_units = index_units(settings.unit).n_units
    if n_rows < MIN_ROWS:
        groups = f" in {n_units} groups of rows that stay together" if settings.has_groups else ""
        return f"{n_rows} development rows{groups}; under {MIN_ROWS} no rule keeps its error rate"
    if n_units < MIN_GROUPS:
        return f"{n_units} independent groups of validation rows; under {MIN_GROUPS} no interval is honest"
    if has_diverged(chosen):
        return f"a network of {chosen.configuration.name!r} diverged"
    return ""


def _answer_rung(
    own: Deployed | None, rungs: Sequence[Deployed], settings: JudgeSettings
) -> tuple[Answer, ...]:
    if own is None:
        return tuple(
            refuse_diverged(question, settings) for question in ("overtrained", "too big", "underfit")
        )
    size = own.run.configuration.rung.n_parameters
    smaller = [item for item in rungs if item.run.configuration.rung.n_parameters < size]
    larger = [item for item in rungs if item.run.configuration.rung.n_parameters > size]
    return (
        answer_overtrained(own, settings),
        answer_too_big(own, smaller, settings),
        answer_underfit(own, larger, settings),
    )


def _find_p_overfit(own: Deployed, rungs: Sequence[Deployed], settings: JudgeSettings) -> float:
    """Bonferroni over the two ways to overfit; one way only where nothing smaller was run."""
    contrasts = [contrast_overtrained(own, settings)]
    size = own.run.configuration.rung.n_parameters
    smaller = [item for item in rungs if item.run.configuration.rung.n_parameters < size]
    if smaller:
        contrasts.append(contrast_alternatives("too big", own, smaller, settings))
    return min(1.0, len(contrasts) * min(find_p_yes(item, settings.delta) for item in contrasts))


def _name_ladder(answers: Sequence[tuple[Answer, ...]], shown: Sequence[bool]) -> tuple[str, int]:
    if any(shown):
        return "overfits from", shown.index(True)
    clear = all(answer.answer in ("no", "not applicable") for rung in answers for answer in rung[:2])
    return ("no overfitting shown" if clear else "undecided"), -1


def _say_ladder(
    word: str,
    position: int,
    found: tuple[Sequence[ConfigurationRun], Sequence[tuple[Answer, ...]], Sequence[bool]],
) -> str:
    ordered, answers, shown = found
    n_seeds = min(run.losses.shape[1] for run in ordered)
    basis = f"{_count_seeds(n_seeds)} x {ordered[0].losses.shape[2]} validation rows, at {ordered[0].n_rows} fit rows"
    if word != "overfits from":
        start = (
            "No overfitting shown"
            if word == "no overfitting shown"
            else "Undecided whether any size overfits"
        )
        leaning = sum(1 for rung in answers if any(answer.lean == "leaning yes" for answer in rung[:2]))
        lean = f"; {leaning} of {len(ordered)} sizes lean towards it" if leaning else ""
        return f"{start} ({basis}){lean}."
    rung = ordered[position].configuration.rung
    reason = max(answers[position][:2], key=lambda answer: (answer.answer == "yes", answer.low))
    larger = len(ordered) - position - 1
    above = _say_larger(sum(shown[position + 1 :]), larger)
    smaller = _say_smaller(answers[:position])
    start = f"Overfits from {rung.n_parameters:,} weights{smaller} (rung {rung.index}; {basis})."
    why = reason.sentence.removeprefix(f"{reason.question}: {reason.answer} - ")
    return f"{start} {why[0].upper()}{why[1:]}{above}"


def _say_smaller(answers: Sequence[tuple[Answer, ...]]) -> str:
    """What is known of the sizes below: "not shown" is no "not", and a size may lean towards overfitting."""
    if not answers:
        return ""
    clear = sum(all(answer.answer in ("no", "not applicable") for answer in rung[:2]) for rung in answers)
    if clear == len(answers):
        return ", no smaller size does"
    leaning = sum(any(answer.lean == "leaning yes" for answer in rung[:2]) for rung in answers)
    lean = f", {leaning} of {len(answers)} leaning towards it" if leaning else ""
    return f" at the latest; smaller sizes are not shown to overfit{lean}"


def _count_seeds(number: int) -> str:
    return f"{number} seed{'' if number == 1 else 's'}"


def _say_larger(n_shown: int, n_larger: int) -> str:
    """What is shown of the sizes above the first that overfits."""
    if not n_larger:
        return ""
    if n_larger == 1:
        return f" The one larger size is {'shown to overfit too' if n_shown else 'not shown to overfit'}."
    if n_shown == 0:
        return f" None of the {n_larger} larger sizes is shown to overfit."
    some = f"All {n_larger}" if n_shown == n_larger else f"{n_shown} of the {n_larger}"
    return f" {some} larger sizes {'is' if n_shown == 1 else 'are'} shown to overfit too."


def _name_chosen(answers: tuple[Answer, ...]) -> tuple[str, str]:
    skill, overtrained, too_big, underfit, memorising = answers
    if skill.answer == "no":
        if memorising.answer == "yes":
            return "no skill shown", "HO111"
        return "no skill shown", "HO112" if does_not_correspond(memorising, skill) else "HO110"
    over = "yes" in (overtrained.answer, too_big.answer)
    under = underfit.answer == "yes"
    if over and under:
        return "between", "HO115"
    if over or under:
        return ("overfit", "HO113") if over else ("underfit", "HO114")
    clear = all(item.answer in ("no", "not applicable") for item in (overtrained, too_big, underfit))
    return ("good fit", "HO116") if clear and skill.answer == "yes" else ("undecided", "HO117")


def _say_chosen(word: str, code: str, chosen: ConfigurationRun, answers: tuple[Answer, ...]) -> str:
    start = {"between": "Between: smaller and larger are better"}.get(word, word.capitalize())
    _, n_seeds, n_valid = chosen.losses.shape
    basis = f"{_count_seeds(n_seeds)} x {n_valid} validation rows, at {chosen.n_rows} fit rows"
    sentence = f"{start} ({chosen.configuration.name}; {basis}): {find_code(code).meaning}."
    if word != "undecided":
        return sentence
    open_answers = [item for item in answers[:4] if item.answer == "undecided"]
    parts = [item.question + (f" ({item.lean})" if item.lean else "") for item in open_answers]
    return f"{sentence} Open: {', '.join(parts)}."
