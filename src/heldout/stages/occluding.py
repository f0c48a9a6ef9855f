"""What was learned by heart: the plain network and each remedy, with one raw column at a time permuted among rows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.evidence.by_heart import Occlusion, OcclusionRows, judge_by_heart
from heldout.evidence.crossfit import has_diverged
from heldout.records import (
    ByHeart,
    Configuration,
    ConfigurationRun,
    DoubleArray,
    FloatArray,
    IndexArray,
    JudgeSettings,
    RemedyResult,
    Task,
    Tensors,
)
from heldout.stages.delivering import retrain_chosen
from heldout.stages.preparing import Prepared
from heldout.stages.training import Crew, Trained
from heldout.train.member import LOGIT_LIMIT

MOST_SHARE = 0.1  # of the study's training, by steps and weights
SMALL_WEIGHTS = 3000  # a step costs as much as so many weights whatever the size (see plan.SECONDS_PER_STEP)
LEAST_SEEDS = 3  # with two, the bounds over seeds are too wide to say anything
MOST_ROWS = 300  # rows a fold and side: the interval narrows with the root, the time grows with the number
MOST_COLUMNS, SCREENING_ROWS = 40, 100
FAMILY = "mlp"  # what `_finish` computes
BUDGET_SHARE, CUT = 0.85, "cut-by-heart.json"
Layers = Sequence[tuple[np.ndarray, ...]]


@dataclass(frozen=True)
class Inputs:
    """Rows and columns that are permuted, the same for every network.

    Args:
        names: names of the columns.
        positions: for each column its positions in the network's input.
        fit: for each fold int64 positions of fit rows, within the development rows.
        validation: for each fold positions of its validation rows.
    """

    names: tuple[str, ...]
    positions: tuple[IndexArray, ...]
    fit: tuple[IndexArray, ...]
    validation: tuple[IndexArray, ...]


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
    """Find the columns whose help on fit rows does not carry over to validation rows, before and after each remedy.

    The plain network of the remedies' size and each remedy at its chosen strength are trained again with few seeds,
    to have their weights: at most a tenth of the study's training.

    Args:
        crew: executor, tensors, seeds.
        prepared: recipe (which positions belong to which column) and split.
        judged: what was trained, the remedies' results, and what losses are judged against.

    Returns:
        None where the inputs are no columns, the plain network diverged, or the budget is used up.
    """
    trained, results, judge = judged
    plain = next(run for run in trained.ladder if run.configuration.rung.index == trained.rung.index)
    inputs = choose_inputs(crew.tensors, prepared)
    if inputs is None or trained.rung.family != FAMILY or has_diverged(plain) or _is_cut(crew):
        return None
    subjects, n_seeds = plan_subjects(plain, trained, results, n_seeds=len(crew.seeds))
    seeds = crew.seeds[:n_seeds]
    n_folds = len(crew.tensors.fit_rows)
    networks = [_take_layers(crew, subject, seeds) for subject in subjects]
    inputs, notes = screen_columns(networks[0], crew.tensors, inputs)
    occlusions = [
        occlude(subject.what, layers, crew.tensors, inputs, seeds=seeds)
        for subject, layers in zip(subjects, networks, strict=True)
    ]
    unit = prepared.split.unit[prepared.split.development]
    rows = OcclusionRows(
        inputs.names, unit[np.concatenate(inputs.fit)], unit[np.concatenate(inputs.validation)]
    )
    return judge_by_heart(
        occlusions[0],
        occlusions[1:],
        rows=rows,
        tolerance=judge.delta,
        n_networks=len(subjects) * n_seeds * n_folds,
        notes=notes,
        alpha=judge.alpha,
    )


def choose_inputs(tensors: Tensors, prepared: Prepared) -> Inputs | None:
    """Choose rows and find the positions of each raw column; None where the inputs are no columns.

    The choice of rows follows from the data's fingerprint alone.
    """
    layout = prepared.recipe.layout
    if tensors.features.ndim != 3 or tensors.features.shape[2] != len(layout):
        return None
    names = tuple(dict.fromkeys(slot.column for slot in layout))
    places: dict[str, list[int]] = {name: [] for name in names}
    for slot in layout:
        places[slot.column].append(slot.position)
    seed = int(prepared.split.fingerprint[:12], 16)
    fit, validation = [], []
    for fold in range(len(tensors.fit_rows)):
        real = tensors.fit_rows[fold][tensors.fit_weight[fold] > 0]
        fit.append(_sample(real, (seed, fold, 2)))
        validation.append(_sample(tensors.order[tensors.order_fold == fold], (seed, fold, 3)))
    return Inputs(names, tuple(np.array(places[name]) for name in names), tuple(fit), tuple(validation))


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
            what = f"{item.name.replace('_', ' ')} {item.strength:g}"
            subjects.append(Subject(what, trained.find(item.configuration).configuration, last))
    return subjects


def screen_columns(
    layers: Sequence[Layers], tensors: Tensors, inputs: Inputs
) -> tuple[Inputs, tuple[str, ...]]:
    """Keep the forty columns that the first network leans on most on its fit rows, where there are more.

    Args:
        layers: networks, seeds outer, folds inner.
        tensors: arrays of the study.
        inputs: rows and columns.
    """
    if len(inputs.names) <= MOST_COLUMNS:
        return inputs, ()
    first = Inputs(
        inputs.names, inputs.positions, (inputs.fit[0][:SCREENING_ROWS],), (inputs.validation[0][:1],)
    )
    rises = np.abs(occlude("", layers[:1], tensors, first, seeds=(0,)).fit[:, 0]).mean(axis=1)
    kept = np.sort(np.argsort(-rises, kind="stable")[:MOST_COLUMNS])
    note = f"Of {len(inputs.names)} columns the {MOST_COLUMNS} that one network leans on most were looked at."
    chosen = Inputs(
        tuple(inputs.names[i] for i in kept),
        tuple(inputs.positions[i] for i in kept),
        inputs.fit,
        inputs.validation,
    )
    return chosen, (note,)


def occlude(
    what: str, layers: Sequence[Layers], tensors: Tensors, inputs: Inputs, *, seeds: tuple[int, ...]
) -> Occlusion:
    """Measure how much each row's loss rises when one column is permuted among the rows of its fold and side.

    All positions of a raw column move together. The permutations depend on fold, column and seed, never on the
    network, so that remedies are compared under the same ones.

    Args:
        what: the network in words.
        layers: one network per seed and fold, seeds outer.
        tensors: arrays of the study.
        inputs: rows and columns.
        seeds: seed numbers.
    """
    n_folds = len(inputs.fit)
    sides = []
    for side, rows in enumerate((inputs.fit, inputs.validation)):
        by_seed = []
        for s, seed in enumerate(seeds):
            parts = [
                _rise(layers[s * n_folds + fold], tensors, (fold, rows[fold]), inputs, key=(seed, fold, side))
                for fold in range(n_folds)
            ]
            by_seed.append(np.concatenate(parts, axis=1))
        sides.append(np.stack(by_seed, axis=1).astype(np.float32))  # [C, S, rows]
    return Occlusion(what, *sides)


def row_loss(outputs: FloatArray, tensors: Tensors, *, fold: int, rows: IndexArray) -> DoubleArray:
    """Compute each row's loss from a network's outputs, as in training's evaluation.

    Args:
        outputs: float32 [n, n_outputs].
        tensors: target, offset and scale.
        fold: whose network.
        rows: int64 [n], within the development rows.

    Returns:
        float64 [n], log-loss or squared error in common units.
    """
    target = tensors.target[fold, rows]
    if tensors.task is Task.REGRESSION:
        return np.square(outputs[:, 0] - target).astype(np.float64) * float(tensors.target_scale[fold]) ** 2
    offset = 0.0 if tensors.output_offset is None else tensors.output_offset[fold]
    logits = np.clip(outputs.astype(np.float64) + offset, -LOGIT_LIMIT, LOGIT_LIMIT)
    if tensors.task is Task.BINARY:
        return np.logaddexp(0.0, np.where(target > 0.5, -logits[:, 0], logits[:, 0]))
    return (
        np.logaddexp.reduce(logits, axis=1)
        - np.take_along_axis(logits, target.astype(int)[:, None], axis=1)[:, 0]
    )


def _rise(
    layers: Layers,
    tensors: Tensors,
    of: tuple[int, IndexArray],
    inputs: Inputs,
    *,
    key: tuple[int, int, int],
) -> DoubleArray:
    fold, rows = of
    x = tensors.features[min(fold, len(tensors.features) - 1), rows].astype(np.float32)
    weight, bias = layers[0][0], layers[0][1]
    first = x @ weight + bias
    before = row_loss(_finish(first, layers), tensors, fold=fold, rows=rows)
    rises = np.empty((len(inputs.names), len(rows)))
    for index, places in enumerate(inputs.positions):
        order = np.random.default_rng((*key, int(places[0]))).permutation(len(rows))
        # only the permuted positions change what reaches the first layer
        changed = first + (x[order][:, places] - x[:, places]) @ weight[places]
        rises[index] = row_loss(_finish(changed, layers), tensors, fold=fold, rows=rows) - before
    return rises


def _finish(first: FloatArray, layers: Layers) -> FloatArray:
    """Compute the outputs of a fully connected network from the sums that reach its first layer."""
    hidden = first
    for weight, bias in (layer[:2] for layer in layers[1:]):
        hidden = np.maximum(hidden, 0.0) @ weight + bias
    return hidden


def _take_layers(crew: Crew, subject: Subject, seeds: tuple[int, ...]) -> Sequence[Layers]:
    return retrain_chosen(crew.executor, subject.configuration, subject.epoch, seeds).layers


def _weigh(configuration: Configuration) -> float:
    return float(configuration.rung.n_parameters + SMALL_WEIGHTS)


def _sample(rows: np.ndarray, key: tuple[int, int, int]) -> IndexArray:
    if len(rows) <= MOST_ROWS:
        return np.asarray(rows, np.int64)
    return np.sort(np.random.default_rng(key).permutation(rows)[:MOST_ROWS]).astype(np.int64)


def _is_cut(crew: Crew) -> bool:
    """Whether the budget leaves no time for this; what a first start left out stays left out."""
    workplace = crew.workplace
    if workplace.folder.has(CUT):
        return True
    deadline = workplace.deadline(BUDGET_SHARE)
    if deadline is None or time.monotonic() <= deadline:
        return False
    workplace.folder.write_json(CUT, {"left_out": ["what was learned by heart"]})
    workplace.events.say("the budget is used up: what was learned by heart is not looked at")
    return True
