"""What the evidence said about a made task, held against its truth: one mark for every claim that could be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.evidence import (
    answer_overtrained,
    answer_skill,
    answer_too_big,
    answer_underfit,
    choose,
    compare_remedies,
    judge_chosen,
    judge_ladder,
)
from heldout.evidence.contrasts import contrast_overtrained, pick_freer, pick_restrained
from heldout.evidence.crossfit import Deployed, deploy_run, make_crossfit_folds
from heldout.evidence.needs import estimate_assurance
from heldout.evidence.second import add_second_to_chosen, add_second_to_ladder, count_misses
from heldout.records import (
    Answer,
    ChosenVerdict,
    Configuration,
    ConfigurationRun,
    DoubleArray,
    LadderVerdict,
    RemedyResult,
)
from heldout.stages.suite_studies import Study, cut_run, make_judge
from heldout.stages.suite_training import SIZES
from heldout.suite.promises import Mark

FULL_SEEDS = 5  # and with so many seeds
LARGE_ROWS = 400  # from here on undecided and power are promised
NULL_NAME = "nothing"
NEAR = 0.6  # excesses from so many tolerances to one are the hardest to tell from true ones


@dataclass(frozen=True)
class Judged:
    """A study with what is needed to check it.

    Args:
        study: the study.
        deployed: each configuration at its cross-fitted epoch.
        last: float64 [C], true loss at the last epoch.
        kept: float64 [C], true loss at the deployed epoch.
        lowest: float64 [C], lowest true loss of any checkpoint.
    """

    study: Study
    deployed: tuple[Deployed, ...]
    last: DoubleArray
    kept: DoubleArray
    lowest: DoubleArray

    def place(self, name: str) -> int:
        """Give the position of a configuration by its name."""
        return next(i for i, run in enumerate(self.study.runs) if run.configuration.name == name)

    def excess(self, question: str, place: int) -> float:
        """Give by how much a claim about one configuration is true; minus infinity where it cannot be asked."""
        names = [run.configuration for run in self.study.runs]
        if question == "overtrained":
            return float(self.last[place] - self.lowest[place])
        if question == "skill":
            return self.study.constant - float(self.kept[place])
        pick = pick_restrained if question == "too big" else pick_freer
        others = pick(names[place], names)
        return float(self.kept[place] - self.kept[list(others)].min()) if others else -np.inf


def prepare(study: Study) -> Judged:
    """Choose epochs and read the truth at them.

    Args:
        study: from `cut_studies`.

    Returns:
        `Judged`.
    """
    folds = make_crossfit_folds(study.judge.unit, study.judge.fold_seed)
    deployed = tuple(deploy_run(run, study.judge, folds=folds) for run in study.runs)
    kept = np.array([study.truth[i, item.best] for i, item in enumerate(deployed)])
    return Judged(study, deployed, study.truth[:, -1], kept, study.truth.min(axis=1))


def check_study(study: Study) -> list[Mark]:
    """Hold everything that is said about one study against its truth.

    Args:
        study: from `cut_studies`.

    Returns:
        marks of the questions, the ladder, the remedies, the choice and the whole report.
    """
    judged = prepare(study)
    marks = [*check_questions(judged), *check_second(judged)]
    if len(study.seeds) < FULL_SEEDS:
        return marks
    false_claims: list[bool] = []
    ladder_marks, is_false = check_ladder(judged)
    false_claims.append(is_false)
    remedy_marks, is_false = check_remedies(judged)
    false_claims.append(is_false)
    choice_marks, is_false = check_choice(judged)
    false_claims.append(is_false)
    marks += [*ladder_marks, *remedy_marks, *choice_marks]
    return [*marks, study.mark("report: false claim", any(false_claims)), *check_assurance(judged)]


def check_questions(judged: Judged) -> list[Mark]:
    """Ask the four questions about every configuration.

    Args:
        judged: a study.

    Returns:
        marks of false and wrong claims, of "undecided" and of power.
    """
    settings, items = judged.study.judge, judged.deployed
    names = [run.configuration for run in judged.study.runs]
    marks: list[Mark] = []
    for place, own in enumerate(items):
        answers = {
            "overtrained": answer_overtrained(own, settings),
            "skill": answer_skill(own, settings),
            "too big": answer_too_big(own, _take(items, pick_restrained(names[place], names)), settings),
            "underfit": answer_underfit(own, _take(items, pick_freer(names[place], names)), settings),
        }
        for question, answer in answers.items():
            excess = judged.excess(question, place)
            if np.isfinite(excess):
                marks += _mark_answer(judged.study, question, answer, excess)
    return marks


def _take(items: Sequence[Deployed], places: Sequence[int]) -> list[Deployed]:
    return [items[place] for place in places]


def _mark_answer(study: Study, question: str, answer: Answer, excess: float) -> list[Mark]:
    delta = study.judge.delta
    # Skill is claimed above zero and denied below the tolerance; the others have one threshold for both.
    is_true = excess > (0 if question == "skill" else delta)
    may_deny = excess < delta
    word = answer.answer
    marks = []
    if not is_true:
        marks.append(study.mark(f"{question}: false yes", word == "yes"))
        if question != "skill" and excess > NEAR * delta:
            marks.append(study.mark(f"{question}: false yes near the tolerance", word == "yes"))
    if not may_deny:
        marks.append(study.mark(f"{question}: false no", word == "no"))
    if word == "yes":
        marks.append(study.mark(f"{question}: wrong yes", not is_true))
    if word == "no":
        marks.append(study.mark(f"{question}: wrong no", not may_deny))
    if question == "skill":
        return marks
    marks.append(study.mark(f"{question}: hard case", 0.3 * delta < excess < 3 * delta))
    if len(study.rows) >= LARGE_ROWS and len(study.seeds) == FULL_SEEDS:
        marks.append(study.mark(f"{question}: undecided", word == "undecided"))
        if is_true:
            bins = ((3, "1 to 3"), (10, "3 to 10"), (np.inf, "above 10"))
            where = next(name for limit, name in bins if excess <= limit * delta)
            marks.append(study.mark(f"{question}: power {where}", word == "yes"))
    return marks


def check_second(judged: Judged) -> list[Mark]:
    """Hold what is said of accuracy against the true share of wrong answers.

    Args:
        judged: a study.

    Returns:
        marks of the size that the ladder names, and of every configuration as if it were delivered; none for numbers.
    """
    study, settings = judged.study, judged.study.judge
    if not study.misses.size:
        return []
    names = [run.configuration for run in study.runs]
    ladder = add_second_to_ladder(
        judge_ladder(study.runs[: len(SIZES)], settings), study.runs[: len(SIZES)], settings
    )
    place = ladder.rung if ladder.rung >= 0 else len(SIZES) - 1
    best = [int(count_misses(run, settings).losses.mean(axis=(1, 2)).argmin()) for run in study.runs]
    kept = np.array([study.misses[i, epoch] for i, epoch in enumerate(best)])
    excess = study.misses[place, -1] - study.misses[place].min()
    excess = max(excess, *(kept[place] - kept[:place]), -1.0)
    marks = _mark_second(study, "ladder", ladder.second, float(excess))
    delivered = np.array([study.misses[i, item.best] for i, item in enumerate(judged.deployed)])
    for place, run in enumerate(study.runs):
        verdict = ChosenVerdict("undecided", "HO117", "", ())
        found = add_second_to_chosen(verdict, run, study.runs, settings)
        simpler = delivered[list(pick_restrained(names[place], names))]
        excess = max(delivered[place] - study.misses[place].min(), *(delivered[place] - simpler), -1.0)
        marks += _mark_second(study, "delivered", found.second, float(excess))
    return marks


def _mark_second(study: Study, which: str, answer: Answer | None, excess: float) -> list[Mark]:
    if answer is None:
        return []
    is_true = excess > answer.tolerance
    marks = [study.mark(f"second {which}: false {'no' if is_true else 'yes'}", _is_wrong(answer, is_true))]
    if not is_true and excess > NEAR * answer.tolerance:
        marks.append(study.mark(f"second {which}: false yes near the tolerance", answer.answer == "yes"))
    if answer.answer in ("yes", "no"):
        marks.append(study.mark(f"second {which}: wrong {answer.answer}", _is_wrong(answer, is_true)))
    marks.append(study.mark(f"second {which}: undecided, {study.size}", answer.answer == "undecided"))
    return marks


def _is_wrong(answer: Answer, is_true: bool) -> bool:
    return answer.answer == ("no" if is_true else "yes")


def check_ladder(judged: Judged) -> tuple[list[Mark], bool]:
    """Check from which size on the study says that the data are overfitted.

    Args:
        judged: a study.

    Returns:
        marks, and whether the claim is false.
    """
    study, n_rungs = judged.study, len(SIZES)
    verdict: LadderVerdict = judge_ladder(study.runs[:n_rungs], study.judge)
    delta = study.judge.delta
    truly = [
        judged.last[i] - judged.lowest[i] > delta
        or (i > 0 and judged.kept[i] - judged.kept[:i].min() > delta)
        for i in range(n_rungs)
    ]
    marks = [study.mark("ladder: false from", verdict.word == "overfits from" and not truly[verdict.rung])]
    if any(truly):
        marks.append(study.mark("ladder: false none", verdict.word == "no overfitting shown"))
        marks.append(study.mark("ladder: found", verdict.word == "overfits from"))
    return marks, any(mark.value > 0 for mark in marks if mark.promise != "ladder: found")


def check_remedies(judged: Judged) -> tuple[list[Mark], bool]:
    """Check the table of remedies, with one added that does nothing: the same network with other seeds.

    Args:
        judged: a study.

    Returns:
        marks, and whether any remedy is said to do what it does not.
    """
    study = judged.study
    plain = study.runs[len(SIZES) - 1]
    table: dict[str, Sequence[ConfigurationRun]] = {
        use.name: (run,) for run in study.runs[len(SIZES) :] for use in run.configuration.remedies
    }
    table["fewer_parameters"] = study.runs[: len(SIZES) - 1]
    results = compare_remedies(plain, table, study.judge)
    marks, is_false = [], False
    for result in results:
        place = judged.place(result.configuration)
        own = len(SIZES) - 1
        at_end = float(judged.last[place] - judged.last[own])
        early = float(judged.kept[place] - judged.kept[own])
        if result.name == "early_stopping":
            at_end = float(judged.kept[own] - judged.last[own])
            marks += _mark_interval(study, "stopping", result.at_end, at_end)
        elif result.name == "fewer_parameters":
            # several sizes were run: at the last epoch the best of them is another one than when stopped early
            at_end = float(judged.last[:own].min() - judged.last[own])
        else:
            marks += _mark_interval(study, "at end", result.at_end, at_end)
            marks += _mark_interval(study, "early", result.early_stopped, early)
        outcomes = ((result.outcome_at_end, at_end), (result.outcome, early))
        is_false |= any(_is_false(outcome, truth, study.judge.delta) for outcome, truth in outcomes)
    nulls, is_null_false = _check_null(study)
    return [*marks, *nulls], is_false or is_null_false


def _mark_interval(
    study: Study, which: str, interval: tuple[float, float, float], truth: float
) -> list[Mark]:
    estimate, low, high = interval
    marks = [study.mark(f"remedy: interval {which}", low <= truth <= high)]
    if which != "stopping" and high > low:
        marks.append(study.mark(f"remedy: width {which}", abs(estimate - truth) / ((high - low) / 2)))
    return marks


def _is_false(outcome: str, truth: float, delta: float) -> bool:
    if outcome == "equivalent":
        return abs(truth) > delta
    return (outcome == "helps" and truth >= 0) or (outcome == "hurts" and truth <= 0)


def _check_null(study: Study) -> tuple[list[Mark], bool]:
    """The same network with the seeds that the study did not use, offered as a remedy."""
    if len(study.seeds) * 2 > study.played.runs[0].losses.shape[1]:
        return [], False
    n_seeds = study.played.runs[0].losses.shape[1]
    others = [seed for seed in range(n_seeds) if seed not in study.seeds][: len(study.seeds)]
    plain, last = study.runs[len(SIZES) - 1], len(SIZES) - 1
    same = cut_run(study.played.runs[last], study.rows, others)
    renamed: Configuration = replace(same.configuration, name=NULL_NAME)
    results: tuple[RemedyResult, ...] = compare_remedies(
        plain, {NULL_NAME: (replace(same, configuration=renamed),)}, study.judge
    )
    result = results[1]
    claimed = {result.outcome_at_end, result.outcome} & {"helps", "hurts"}
    marks = [study.mark("remedy: null", bool(claimed))]
    marks += _mark_interval(study, "null at end", result.at_end, 0.0)
    marks += _mark_interval(study, "null early", result.early_stopped, 0.0)
    return marks, bool(claimed)


def check_choice(judged: Judged) -> tuple[list[Mark], bool]:
    """Check which configuration is chosen, what it is said to be worth, and the verdict on it.

    Args:
        judged: a study.

    Returns:
        marks, and whether the verdict on the chosen configuration is false.
    """
    study = judged.study
    choice = choose(study.runs, study.judge)
    chosen, leader = judged.place(choice.name), judged.place(choice.leader)
    unit = 100 / float(study.judge.constant_losses.mean())
    _, low, high = choice.loss
    verdict = judge_chosen(study.runs[chosen], study.runs, study.judge, n_rows=len(study.rows))
    too_big, underfit = (judged.excess(name, chosen) for name in ("too big", "underfit"))
    skill, delta = judged.excess("skill", chosen), study.judge.delta
    over, under = too_big > delta, underfit > delta
    is_false = {
        "overfit": not over,
        "underfit": not under,
        "between": not (over and under),
        "good fit": over or under or skill <= 0,
        "no skill shown": skill > delta,
    }.get(verdict.word, False)
    marks = [
        study.mark("choice: interval", low <= judged.kept[chosen] <= high),
        study.mark("choice: regret", unit * (judged.kept[chosen] - judged.kept.min())),
        study.mark("choice: regret of the leader", unit * (judged.kept[leader] - judged.kept.min())),
        study.mark("choice: extra regret", unit * (judged.kept[chosen] - judged.kept[leader])),
        study.mark("chosen: false verdict", is_false),
    ]
    return marks, is_false


def check_assurance(judged: Judged) -> list[Mark]:
    """Check the chance that more rows decide: twice as many are added from the next part of the rows.

    Args:
        judged: a study.

    Returns:
        actual minus predicted for each undecided configuration, by what was predicted.
    """
    study = judged.study
    n_rows = len(study.rows)
    more = np.arange(study.rows[-1] + 1, study.rows[-1] + 1 + n_rows)
    if more[-1] >= len(study.played.task.unit):
        return []
    rows = np.concatenate([study.rows, more])
    settings = replace(make_judge(study.played, rows, study.index), delta=study.judge.delta)
    marks = []
    for place, own in enumerate(judged.deployed):
        if answer_overtrained(own, study.judge).answer != "undecided":
            continue
        contrast = contrast_overtrained(own, study.judge)
        chance = estimate_assurance(contrast, study.judge.delta, rows_factor=2.0)
        later = deploy_run(cut_run(study.played.runs[place], rows, study.seeds), settings)
        is_decided = answer_overtrained(later, settings).answer != "undecided"
        if np.isfinite(chance):
            low = 20 * min(int(chance * 5), 4)
            where = f"predicted {low} to {low + 20} %"
            marks.append(
                Mark("assurance", study.played.task.family, where, study.index, float(is_decided) - chance)
            )
    return marks
