"""What was learned by heart: the plain network and each remedy, with one thing at a time hidden from them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.evidence.by_heart import Occlusion, OcclusionRows, judge_by_heart
from heldout.evidence.crossfit import has_diverged
from heldout.recipe import Role
from heldout.records import (
    BoolArray,
    ByHeart,
    Configuration,
    ConfigurationRun,
    IndexArray,
    JudgeSettings,
    RemedyResult,
    Tensors,
)
from heldout.report.sentences import name_remedy
from heldout.stages.delivering import retrain_chosen
from heldout.stages.hiding import TOKENS, Unit, list_units, mark_held
from heldout.stages.hiding_words import keep_leant_on, list_words
from heldout.stages.preparing import Prepared
from heldout.stages.probing import PLAIN, Network, Seen, measure_rises, take_rows
from heldout.stages.training import Crew, Trained

MOST_SHARE = 0.1  # of the study's training, by steps and weights
LOOKING_SHARE = 0.2  # of that, for looking; a step costs as much as three passes of its rows
SMALL_WEIGHTS = 3000  # a step costs as much as so many weights whatever the size (see plan.SECONDS_PER_STEP)
LEAST_SEEDS = 3  # with two, the bounds over seeds are too wide to say anything
MOST_ROWS = 300  # rows a fold and side: the interval narrows with the root, the time grows with the number
LEAST_ROWS = 40  # fewer say nothing at the level of forty columns at once (assumption)
MOST_TEXTS = 6000  # rows a side, over all folds, among which those that hold a word are sought
MOST_NUMBERS = 20_000_000  # of these rows of one fold: 80 MB
LEAST_HELD = 15  # rows a side that hold a word, over all folds: measured in docs/error-rates.md
MOST_COLUMNS, SCREENING_ROWS = 40, 100
BUDGET_SHARE, PHASE = 0.85, "by-heart"  # of the budget, after which it is not begun


@dataclass(frozen=True)
class Inputs:
    """What is hidden and in which rows, the same for every network.

    Args:
        units: what is hidden, one at a time.
        fit: for each fold int64 positions of fit rows, within the development rows.
        validation: for each fold positions of its validation rows.
        most_rows: at most so many rows a fold and side are looked at for each unit.
    """

    units: tuple[Unit, ...]
    fit: tuple[IndexArray, ...]
    validation: tuple[IndexArray, ...]
    most_rows: int = MOST_ROWS


@dataclass(frozen=True)
class Subject:
    """A network that is trained again to be looked into.

    Args:
        what: in words.
        configuration: its size and remedies.
        epoch: how far it is trained.
    """

    what: str
    configuration: Configuration
    epoch: int


def find_by_heart(
    crew: Crew, prepared: Prepared, *, judged: tuple[Trained, tuple[RemedyResult, ...], JudgeSettings]
) -> ByHeart | None:
    """Find what helps on fit rows and not on validation rows, before and after each remedy.

    The plain network of the remedies' size and each remedy at its chosen strength are trained again with few seeds,
    to have their weights: with the looking at most a tenth of the study's training.

    Args:
        crew: executor, tensors, seeds.
        prepared: recipe (what stands where in a row) and split.
        judged: what was trained, the remedies' results, and what losses are judged against.

    Returns:
        None where nothing can be hidden, the plain network diverged, or the budget is used up.
    """
    trained, results, judge = judged
    plain = next(run for run in trained.ladder if run.configuration.rung.index == trained.rung.index)
    if has_diverged(plain):
        return None
    subjects, n_seeds = plan_subjects(plain, trained, results, n_seeds=len(crew.seeds))
    if _is_cut(crew, subjects, n_seeds):
        return None
    seeds = crew.seeds[:n_seeds]
    is_plain = trained.rung.family == PLAIN and crew.tensors.layout is None
    inputs = choose_inputs(crew.tensors, prepared, n_epochs=0 if is_plain else subjects[0].epoch)
    if not inputs.units:
        return None
    first = _train_again(crew, subjects[0], seeds)
    inputs, notes = screen_units(first[0], crew.tensors, inputs)
    occlusions = []
    for number, subject in enumerate(subjects):  # one remedy's networks in memory at a time
        networks = first if number == 0 else _train_again(crew, subject, seeds)
        occlusions.append(occlude(subject.what, networks, crew.tensors, inputs, seeds=seeds))
    return judge_by_heart(
        occlusions[0],
        occlusions[1:],
        rows=_list_rows(crew.tensors, prepared, inputs),
        tolerance=judge.delta,
        n_networks=len(subjects) * len(first),
        notes=notes,
        alpha=judge.alpha,
    )


def choose_inputs(tensors: Tensors, prepared: Prepared, *, n_epochs: int = 0) -> Inputs:
    """Choose rows, and list what can be hidden in them.

    The choice of rows follows from the data's fingerprint alone.

    Args:
        tensors: arrays of the study.
        prepared: recipe and split.
        n_epochs: how long a network is trained; where that is short, fewer rows are looked at. 0 for no bound.
    """
    units = list_units(prepared.recipe)
    n_folds = len(tensors.fit_rows)
    n_units = min(max(len(units), 1), MOST_COLUMNS)
    share = LOOKING_SHARE / (1 - LOOKING_SHARE)  # of a network's own training
    n_passes = 3 * share * n_epochs * tensors.fit_rows.shape[1]
    most = int(np.clip(n_passes / (2 * n_units), LEAST_ROWS, MOST_ROWS)) if n_epochs else MOST_ROWS
    has_texts = any(slot.role is Role.TOKEN for slot in prepared.recipe.layout)
    n_texts = min(MOST_TEXTS // n_folds, MOST_NUMBERS // prepared.recipe.n_features)
    taken = max(most, n_texts) if has_texts else most
    seed = int(prepared.split.fingerprint[:12], 16)
    fit, validation = [], []
    for fold in range(n_folds):
        real = tensors.fit_rows[fold][tensors.fit_weight[fold] > 0]
        fit.append(_sample(real, (seed, fold, 2), taken))
        validation.append(_sample(tensors.order[tensors.order_fold == fold], (seed, fold, 3), taken))
    inputs = Inputs(units, tuple(fit), tuple(validation), most)
    if not has_texts and not any(unit.is_held for unit in units):
        return inputs
    sides = _take_sides(tensors, inputs)
    words = list_words(prepared.recipe, sides, least=LEAST_HELD)
    kept = (unit for unit in units if not unit.is_held or _count_least(unit, sides) >= LEAST_HELD)
    return replace(inputs, units=(*kept, *words))


def _count_least(unit: Unit, sides: tuple[list[Seen], list[Seen]]) -> int:
    """Count the rows that hold a word on the side where they are fewer."""
    return min(sum(int(mark_held(unit, seen.x, fold=seen.fold).sum()) for seen in side) for side in sides)


def _take_sides(tensors: Tensors, inputs: Inputs) -> tuple[list[Seen], list[Seen]]:
    fit, validation = (
        [take_rows(tensors, fold=fold, rows=rows) for fold, rows in enumerate(side)]
        for side in (inputs.fit, inputs.validation)
    )
    return fit, validation


def plan_subjects(
    plain: ConfigurationRun, trained: Trained, results: Sequence[RemedyResult], *, n_seeds: int
) -> tuple[tuple[Subject, ...], int]:
    """Choose which networks are trained again, and with how many seeds, within a tenth of the study's training.

    Args:
        plain: the plain network of the remedies' size.
        trained: everything that was trained.
        results: the remedies at their chosen strength.
        n_seeds: seeds of the study.
    """
    last = int(plain.checkpoints[-1])
    first = Subject(plain.configuration.name, plain.configuration, last)
    spent = sum(_weigh(run.configuration) * run.losses.shape[1] for run in trained.all_runs())
    allowed = MOST_SHARE * spent / _weigh(plain.configuration)  # in seeds of the plain network
    if plain.configuration.rung.family != PLAIN:  # there, looking is next to nothing
        allowed *= 1 - LOOKING_SHARE
    kept, cost = [first], 1.0
    for subject in _list_remedied(plain, trained, results, last):
        more = subject.epoch / last
        if len(kept) == 1 or LEAST_SEEDS * (cost + more) <= allowed:
            kept.append(subject)
            cost += more
    return tuple(kept), int(np.clip(allowed / cost, min(LEAST_SEEDS, n_seeds), n_seeds))


def _list_remedied(
    plain: ConfigurationRun, trained: Trained, results: Sequence[RemedyResult], last: int
) -> list[Subject]:
    """Stopping early first, since it costs little, then the remedies, best first."""
    subjects = []
    for item in sorted(results, key=lambda item: (item.name != "early_stopping", item.early_stopped[0])):
        if item.name == "early_stopping" and item.strength in plain.checkpoints:
            what = f"stopping at epoch {item.strength:g}"
            subjects.append(Subject(what, plain.configuration, int(item.strength)))
        elif item.configuration and item.name not in ("early_stopping", "fewer_parameters"):
            subjects.append(Subject(name_remedy(item), trained.find(item.configuration).configuration, last))
    return subjects


def screen_units(network: Network, tensors: Tensors, inputs: Inputs) -> tuple[Inputs, tuple[str, ...]]:
    """Keep the forty units that the first network leans on most, where there are more.

    The rises of fit rows and of validation rows count alike: under the hypothesis that both have one distribution,
    what chooses is independent of their difference, so that the choice makes nothing look learned by heart.

    Args:
        network: of the first seed and fold.
        tensors: arrays of the study.
        inputs: rows and units.

    Source:
        Bourgon, Gentleman and Huber 2010, "Independent filtering increases detection power".
    """
    if not inputs.units:
        return inputs, ()
    sides = [take_rows(tensors, fold=0, rows=side[0]) for side in (inputs.fit, inputs.validation)]
    words = tuple(unit for unit in inputs.units if unit.how == TOKENS)
    leant = keep_leant_on(words, network, sides)
    units = (*(unit for unit in inputs.units if unit.how != TOKENS), *leant)
    if len(units) > MOST_COLUMNS:
        strength = sum((_rate(network, seen, units) for seen in sides), np.zeros(len(units)))
        kept = np.sort(np.argsort(-strength, kind="stable")[:MOST_COLUMNS])
        units = tuple(units[index] for index in kept.tolist())
    chosen = replace(inputs, units=units)
    if len(units) == len(inputs.units):
        return chosen, ()
    noun = "columns" if all(unit.kind == "column" for unit in inputs.units) else "inputs"
    told = f"Of {len(inputs.units)} {noun} the {len(units)} that one network leans on most were looked at."
    return chosen, (told,)


def _rate(network: Network, seen: Seen, units: tuple[Unit, ...]) -> np.ndarray:
    """How much a network leans on each unit: absolute rises, by what can be told apart in the rows that hold it."""
    looked = mark_units(units, seen, most=SCREENING_ROWS)
    rises = np.abs(measure_rises(network, seen, units, looked=looked, key=(0, 0, 0))).sum(axis=1)
    return rises / np.sqrt(np.maximum(looked.sum(axis=1), 1))


def mark_units(units: tuple[Unit, ...], seen: Seen, *, most: int) -> BoolArray:
    """Mark the rows in which each unit is hidden: those that hold it, evenly thinned to at most so many.

    Returns:
        bool [C, n].
    """
    marks = np.stack([mark_held(unit, seen.x, fold=seen.fold) for unit in units])
    for mark in marks:
        held = np.flatnonzero(mark)
        if len(held) > most:
            mark[:] = False
            mark[held[np.linspace(0, len(held) - 1, most).round().astype(int)]] = True
    return marks


def occlude(
    what: str, networks: Sequence[Network], tensors: Tensors, inputs: Inputs, *, seeds: tuple[int, ...]
) -> Occlusion:
    """Measure how much each row's loss rises when one unit is hidden from the network.

    All positions of a column move together. What replaces them depends on fold, unit and seed, never on the network,
    so that remedies are compared under the same permutations.

    Args:
        what: the network in words.
        networks: one per seed and fold, seeds outer.
        tensors: arrays of the study.
        inputs: rows and units.
        seeds: seed numbers.
    """
    n_folds = len(inputs.fit)
    sides = []
    for side, rows in enumerate((inputs.fit, inputs.validation)):
        made = np.zeros((len(inputs.units), len(seeds), sum(map(len, rows))), np.float32)
        start = 0
        for fold in range(n_folds):
            seen = take_rows(tensors, fold=fold, rows=rows[fold])
            looked = mark_units(inputs.units, seen, most=inputs.most_rows)
            for s, seed in enumerate(seeds):
                network, key = networks[s * n_folds + fold], (seed, fold, side)
                rises = measure_rises(network, seen, inputs.units, looked=looked, key=key)
                made[:, s, start : start + len(rows[fold])] = rises
            start += len(rows[fold])
        sides.append(made)
    return Occlusion(what, *sides)


def _list_rows(tensors: Tensors, prepared: Prepared, inputs: Inputs) -> OcclusionRows:
    unit = prepared.split.unit[prepared.split.development]
    looked = [
        np.concatenate([mark_units(inputs.units, seen, most=inputs.most_rows) for seen in side], axis=1)
        for side in _take_sides(tensors, inputs)
    ]
    return OcclusionRows(
        tuple(unit.name for unit in inputs.units),
        unit[np.concatenate(inputs.fit)],
        unit[np.concatenate(inputs.validation)],
        kinds=tuple(unit.kind for unit in inputs.units),
        fit_looked=looked[0],
        validation_looked=looked[1],
    )


def _train_again(crew: Crew, subject: Subject, seeds: tuple[int, ...]) -> tuple[Network, ...]:
    """Networks of a subject, seeds outer and folds inner."""
    weights = retrain_chosen(crew.executor, subject.configuration, subject.epoch, seeds)
    net = weights.net or crew.executor.net_of(subject.configuration)
    memory = weights.memory or ((),) * len(weights.layers)
    return tuple(Network(net, *arrays) for arrays in zip(weights.layers, memory, strict=True))


def _weigh(configuration: Configuration) -> float:
    return float(configuration.rung.n_parameters + SMALL_WEIGHTS)


def _sample(rows: np.ndarray, key: tuple[int, int, int], most: int) -> IndexArray:
    if len(rows) <= most:
        return np.asarray(rows, np.int64)
    return np.sort(np.random.default_rng(key).permutation(rows)[:most]).astype(np.int64)


def _is_cut(crew: Crew, subjects: Sequence[Subject], n_seeds: int) -> bool:
    """Whether the budget leaves no time for this; what a first start left out stays left out."""
    workplace = crew.workplace
    if workplace.read_cut(PHASE) is None:
        deadline = workplace.deadline(BUDGET_SHARE)
        if deadline is None:
            return False
        # What is delivered is trained already, and this is all that still asks for time: the networks, and the looking.
        n_networks = n_seeds * len(crew.tensors.fit_rows)
        cost = sum(crew.executor.expect(subject.configuration, n_networks) for subject in subjects)
        if time.monotonic() + cost / (1 - LOOKING_SHARE) <= deadline:
            return False
        workplace.write_cut(PHASE, [])
    workplace.note("the budget is used up: what was learned by heart was not looked at")
    return True
