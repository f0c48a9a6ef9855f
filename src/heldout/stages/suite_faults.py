"""Planted faults, planted slices and solved ladders: what the evidence says, held against what was planted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from threadpoolctl import threadpool_limits

from heldout.evidence import answer_overtrained, answer_too_big, answer_underfit, choose, judge_chosen
from heldout.evidence.contrasts import pick_freer, pick_restrained
from heldout.evidence.crossfit import deploy_run, make_crossfit_folds
from heldout.evidence.curve_rule import DELTA_SHARE
from heldout.evidence.gates import gate_copies, gate_flipped, gate_shift
from heldout.evidence.looks import answer_in_looks
from heldout.evidence.subgroups import find_subgroups
from heldout.records import (
    Answer,
    Attribute,
    Configuration,
    ConfigurationRun,
    FloatArray,
    Gate,
    Hyper,
    JudgeSettings,
    Outcome,
    Rung,
    Task,
)
from heldout.stages.parting import score_out_of_fold
from heldout.stages.suite_checks import LARGE_ROWS
from heldout.stages.suite_studies import Study, cut_run, make_judge, mix_truth
from heldout.stages.suite_training import SIZES, Played, play_tasks
from heldout.suite import (
    N_VALIDATION,
    PARTS,
    MadeTask,
    Sizes,
    SolvedLadder,
    draw_double_descent,
    draw_outlier_flags,
    draw_polynomials,
    draw_slices,
    draw_sound,
    draw_task,
    make_rng,
    permute_labels,
    plant_fault,
)
from heldout.suite.faults import copied_rows
from heldout.suite.promises import Mark

FAULT_SEEDS = 5
N_PERMUTATIONS = 3
FAULT_SIZES = (80, 160, 320, 640)
# "" plants nothing; a leak is asked without training, by `suite_leaks`
PLANTED = ("flipped", "shuffled", "random", "", "duplicates", "shift")
BUG_CODES = ("HO112", "HO119")  # rows and labels do not correspond, and any other gate that overrides
SLICE_ROWS = 400
FULL_VERDICT_ROWS = 300
POLYNOMIAL_ROWS = (*PARTS[:2], FULL_VERDICT_ROWS, *PARTS[2:])
MANY_SEEDS = 8


def check_faults(seed: int, index: int) -> list[Mark]:
    """Plant one fault, train on real and on permuted labels, and see what is said.

    Args:
        seed: of the suite.
        index: number of the task; decides which fault (`PLANTED`).

    Returns:
        marks for studies of 400 and 1000 rows.
    """
    fault = PLANTED[index % len(PLANTED)]
    rng = make_rng("faults", seed, index)
    if fault == "random":
        task = draw_task("random labels", seed, 10_000 + index)
    else:
        task = draw_sound(rng, Sizes(int(rng.choice(FAULT_SIZES)), N_VALIDATION, 500))
    if fault not in ("", "random"):
        task = plant_fault(rng, task, fault)
    seeds = range(seed + FAULT_SEEDS * index, seed + FAULT_SEEDS * (index + 1))
    mixed = [permute_labels(rng, task) for _ in range(N_PERMUTATIONS)]
    real, *permuted = play_tasks([task, *mixed], seeds=seeds, configurations=slice(0, len(SIZES)))
    starts = np.cumsum([0, *PARTS])
    marks: list[Mark] = []
    for part, size in enumerate(PARTS):
        if size >= LARGE_ROWS:
            rows = np.arange(starts[part], starts[part + 1])
            marks.append(_check_fault((real, join_permuted(permuted)), fault, rows, index))
    return marks


def join_permuted(permuted: Sequence[Played]) -> ConfigurationRun:
    """Give the largest network on permuted labels, each seed with a permutation of its own.

    With one permutation for all seeds, the luck of that permutation looks like something to learn.

    Args:
        permuted: the task with different permutations, all trained with the same seeds.

    Returns:
        a run with as many seeds as permutations.
    """
    parts = [cut_run(item.runs[-1], np.arange(N_VALIDATION), (place,)) for place, item in enumerate(permuted)]
    return replace(
        parts[0],
        losses=np.concatenate([part.losses for part in parts], axis=1),
        hits=np.concatenate([part.hits for part in parts], axis=1) if parts[0].hits.size else parts[0].hits,
        train_curve=np.concatenate([part.train_curve for part in parts]),
        validation_curve=np.concatenate([part.validation_curve for part in parts]),
        outcomes=tuple(outcome for part in parts for outcome in part.outcomes),
        zero_share=np.concatenate([part.zero_share for part in parts]),
        weight_norm=np.concatenate([part.weight_norm for part in parts]),
    )


def _check_fault(pair: tuple[Played, ConfigurationRun], fault: str, rows: np.ndarray, index: int) -> Mark:
    real, permuted = pair
    seeds = tuple(range(FAULT_SEEDS))
    judge = make_judge(real, rows, index)
    runs = [cut_run(run, rows, seeds) for run in real.runs]
    fake = cut_run(permuted, rows, range(N_PERMUTATIONS))
    is_copy = np.isin(rows, copied_rows(real.task))
    losses = runs[-1].losses[-1]
    gates = [
        gate_flipped(runs[0], judge),
        gate_copies(losses, is_copy, judge),
        _look_for_shift(real.task, rows, losses, judge),
    ]
    verdict = judge_chosen(runs[-1], runs, judge, permuted=fake, gates=gates, n_rows=len(rows))
    is_called = verdict.code in BUG_CODES
    key = {"random": "random as bug", "": "clean as fault"}.get(fault, fault)
    return Mark(f"fault: {key}", "faults", f"{len(rows)} rows, {FAULT_SEEDS} seeds", index, float(is_called))


def _look_for_shift(task: MadeTask, rows: np.ndarray, losses: FloatArray, judge: JudgeSettings) -> Gate:
    fit = task.sizes.n_fit
    features = np.concatenate([task.features[:fit], task.features[fit + rows]])
    is_validation = np.arange(len(features)) >= fit
    unit = np.arange(len(features))
    score = score_out_of_fold(features, is_validation, unit=unit, rng=np.random.default_rng(judge.fold_seed))
    return gate_shift(score, is_validation, unit, losses, judge)


def check_slices(seed: int, index: int) -> list[Mark]:
    """Plant a weak slice, or none, and search for it; the same for a rule that drops one group more often.

    Args:
        seed: of the suite.
        index: number of the task.

    Returns:
        marks of the slice search and of the outlier search.
    """
    rng = make_rng("slices", seed, index)
    marks = []
    for depth in (0, 1, 2):
        made = draw_slices(rng, SLICE_ROWS, depth=depth)
        attributes = [
            Attribute(f"a{i}", codes.astype(np.int32), tuple(f"a{i} = {level}" for level in range(4)))
            for i, codes in enumerate(made.attributes.T)
        ]
        found = find_subgroups(made.losses, None, attributes=attributes, unit=range(SLICE_ROWS), seed=index)
        worse = [item for item in found.slices if item.outcome == "worse"]
        if depth == 0:
            marks.append(_mark_slice("slices: any false", bool(worse), index))
            continue
        rows = [_find_rows(attributes, item.parts) for item in worse]
        hit = any((made.weak & part).sum() > 0.5 * (made.weak | part).sum() for part in rows)
        marks.append(_mark_slice("slices: power" if depth == 1 else "slices: power of pairs", hit, index))
    return [*marks, *_check_outliers(rng, index)]


def _mark_slice(promise: str, value: bool, index: int) -> Mark:
    return Mark(promise, "slices", f"{SLICE_ROWS} rows", index, float(value))


def _find_rows(attributes: list[Attribute], parts: tuple[str, ...]) -> np.ndarray:
    rows = np.ones(len(attributes[0].codes), bool)
    for part in parts:
        owner = next(item for item in attributes if part in item.levels)
        rows &= owner.codes == owner.levels.index(part)
    return rows


def _check_outliers(rng: np.random.Generator, index: int) -> list[Mark]:
    marks = []
    for ratio, promise in ((1.0, "outliers: any false"), (6.0, "outliers: dropped group")):
        flags, group = draw_outlier_flags(rng, 3 * SLICE_ROWS, ratio=ratio)
        names = tuple(f"group = {level}" for level in range(6))
        attribute = Attribute("group", group.astype(np.int32), names)
        found = find_subgroups(
            flags.astype(float), None, attributes=[attribute], unit=range(len(flags)), seed=index
        )
        worse = [item.name for item in found.slices if item.outcome == "worse"]
        value = bool(worse) if ratio == 1 else names[-1] in worse
        marks.append(Mark(promise, "outliers", f"{3 * SLICE_ROWS} rows", index, float(value)))
    return marks


def check_polynomials(seed: int, index: int) -> list[Mark]:
    """Judge polynomials of degree 2, 3 and 10 on a noisy cubic, as the lecture does by eye.

    Args:
        seed: of the suite.
        index: number of the task.

    Returns:
        marks of TOO BIG and UNDERFIT for 40 to 1000 validation rows, of all claims made, and at 300 rows whether the
        verdict is full: every question about every degree decided, and rightly.
    """
    marks = []
    for n_rows in POLYNOMIAL_ROWS:
        made = draw_polynomials(make_rng("polynomials", seed, index), n_rows)
        found = _ask_solved(made, index)
        claims = [mark.value for mark in found if ": wrong " in mark.promise]
        size, n_asked = found[0].size, len([mark for mark in found if ": false " in mark.promise])
        marks += found if n_rows in PARTS else []
        marks += [Mark("polynomials: wrong claim", made.family, size, index, value) for value in claims]
        if n_rows == FULL_VERDICT_ROWS:
            is_full = len(claims) == n_asked and not any(claims)
            marks.append(Mark("polynomials: full verdict", made.family, size, index, float(is_full)))
            marks.append(Mark("polynomials: decided", made.family, size, index, len(claims) / n_asked))
    return marks


def check_descent(seed: int, index: int) -> list[Mark]:
    """Judge a ladder of random features with a second descent, and choose from it.

    Args:
        seed: of the suite.
        index: number of the task.

    Returns:
        marks of TOO BIG, UNDERFIT and of the regret of the choice, beside other ways to choose.
    """
    with threadpool_limits(1):  # many small systems: threads only wait for each other
        made = draw_double_descent(make_rng("double descent", seed, index), LARGE_ROWS)
    marks = _ask_solved(made, index)
    runs, judge = _make_runs(made, index)
    choice = choose(runs, judge)
    truth = made.truth.mean(axis=1)
    chosen = next(i for i, run in enumerate(runs) if run.configuration.name == choice.name)
    seen = made.losses.mean(axis=(1, 2))
    rises = np.flatnonzero(np.diff(seen) > 0)
    rivals = {
        "descent: regret median": chosen,
        "descent: regret p90": chosen,
        "descent: regret of the lowest loss": int(seen.argmin()),
        "descent: regret of the first rise": int(rises[0]) if rises.size else len(seen) - 1,
        "descent: regret of the largest": len(seen) - 1,
    }
    unit = 100 / float(made.constant.mean())
    size = f"{LARGE_ROWS} rows, {len(made.truth.T)} seeds"
    return marks + [
        Mark(name, made.family, size, index, unit * float(truth[place] - truth.min()))
        for name, place in rivals.items()
    ]


def _make_runs(made: SolvedLadder, index: int) -> tuple[list[ConfigurationRun], JudgeSettings]:
    judge = JudgeSettings(
        Task.REGRESSION,
        made.constant,
        np.arange(len(made.constant)),
        DELTA_SHARE * float(made.constant.mean()),
        fold_seed=index,
    )
    empty = Hyper(0.0, (0.0,), (0.0,), (0.0,))
    runs = []
    for i, (size, losses) in enumerate(zip(made.sizes, made.losses, strict=True)):
        configuration = Configuration(f"rung {i}", Rung(i, (size,), size, 0.0), (), empty)
        curve = losses.mean(axis=1)[:, None].astype(np.float32)
        outcomes = (Outcome.FINISHED,) * len(losses)
        blank = np.zeros((len(losses), 1), np.float32)
        runs.append(
            ConfigurationRun(
                configuration,
                np.array([1], np.int32),
                losses[None].astype(np.float32),
                np.zeros((0, 0, 0), bool),
                curve,
                curve,
                outcomes,
                blank,
                blank,
                made.n_fit,
            )
        )
    return runs, judge


def _ask_solved(made: SolvedLadder, index: int) -> list[Mark]:
    """TOO BIG and UNDERFIT of every rung; one epoch, so nothing is overtrained."""
    runs, judge = _make_runs(made, index)
    folds = make_crossfit_folds(judge.unit, judge.fold_seed)
    items = [deploy_run(run, judge, folds=folds) for run in runs]
    names = [run.configuration for run in runs]
    truth = made.truth.mean(axis=1)
    size = f"{len(judge.unit)} rows, {made.truth.shape[1]} seeds"
    marks = []
    for place, own in enumerate(items):
        asked = (("too big", pick_restrained, answer_too_big), ("underfit", pick_freer, answer_underfit))
        for question, pick, ask in asked:
            others = pick(names[place], names)
            if not others:
                continue
            excess = float(truth[place] - truth[list(others)].min())
            answer: Answer = ask(own, [items[i] for i in others], judge)
            is_true = excess > judge.delta
            kind, wrong = ("false no", "no") if is_true else ("false yes", "yes")
            marks.append(Mark(f"{question}: {kind}", made.family, size, index, float(answer.answer == wrong)))
            if answer.answer in ("yes", "no"):
                value = float((answer.answer == "yes") != is_true)
                marks.append(Mark(f"{question}: wrong {answer.answer}", made.family, size, index, value))
    return marks


def check_looks(study: Study) -> list[Mark]:
    """Ask OVERTRAINED with more and more seeds until it is decided.

    Args:
        study: any study of a task with at least eight seeds; its rows are used.

    Returns:
        marks of false claims over all looks.
    """
    played = study.played
    if played.runs[0].losses.shape[1] < MANY_SEEDS:
        return []
    part = PARTS.index(len(study.rows))
    marks = []
    for run, expected in zip(played.runs, played.expected, strict=True):

        def ask(n_seeds: int, settings: JudgeSettings, run: ConfigurationRun = run) -> Answer:
            return answer_overtrained(
                deploy_run(cut_run(run, study.rows, range(n_seeds)), settings), settings
            )

        answer, used = answer_in_looks(ask, study.judge, most_seeds=MANY_SEEDS)
        truth = mix_truth(expected, played, part, range(used))
        if truth[-1] - truth.min() <= study.judge.delta:
            marks.append(study.mark("sequential: false yes", answer.answer == "yes"))
        else:
            marks.append(study.mark("sequential: found", answer.answer == "yes"))
    return [replace(mark, size=f"{len(study.rows)} rows") for mark in marks]
