"""Sixth stage: train the delivered networks, calibrate them on rows they have not seen, and make the bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heldout.bundle import Bundle, Member
from heldout.bundle.forward import decide_labels, predict_members
from heldout.evidence.calibration import choose_threshold, conformal_half_width, fit_temperature
from heldout.executors import LocalExecutor
from heldout.ladder import plan_schedule
from heldout.plan import DELIVERY_EFFORT
from heldout.records import Choice, Configuration, DoubleArray, Fold, IndexArray, Prediction, Task, Tensors
from heldout.settings import Settings
from heldout.stages.preparing import Prepared, make_tensors, thin_folds
from heldout.stages.reading import Reading
from heldout.stages.training import Crew, Trained
from heldout.train.program import MemberResults, MemberSpec, count_devices

INTERVAL_LEVEL = 0.9
LEAST_CALIBRATION_ROWS = 30


@dataclass(frozen=True)
class Delivered:
    """The networks that leave the study.

    Args:
        bundle: the ensemble with its recipe, calibrated.
        development: predictions of the validation rows (pooled order), each by networks that had not fitted it.
        order: int64 [M], positions of those rows in the table.
        epoch: deployed epoch (the median over networks where each has its own).
        folds: the folds the delivered networks were trained on.
    """

    bundle: Bundle
    development: Prediction
    order: IndexArray
    epoch: int
    folds: tuple[Fold, ...]


@dataclass(frozen=True)
class Weights:
    """Weights of the delivered networks, in the order of their specs.

    Args:
        specs: seed and fold of each.
        layers: for each network its (weight, bias) pairs.
        epochs: epoch of each.
    """

    specs: tuple[MemberSpec, ...]
    layers: tuple[tuple[tuple[np.ndarray, np.ndarray], ...], ...]
    epochs: tuple[int, ...]


def train_delivered(
    crew: Crew, trained: Trained, choice: Choice, reading: Reading, prepared: Prepared
) -> Delivered:
    """Train the chosen configuration on all fit rows and calibrate it.

    Where the ladder already ran on all fit rows, these are the study's own networks at the deployed epoch; where it
    ran on a subset, they are trained anew on all rows, each stopped by its validation loss.
    """
    settings, plan = crew.settings, crew.plan
    configuration = trained.find(choice.name).configuration
    folds = thin_folds(prepared)
    if plan.n_fit == plan.n_fit_all:
        weights = retrain_chosen(crew.executor, configuration, choice.epoch, crew.seeds)
        return deliver(reading, prepared, crew.tensors, weights, settings, folds=folds)
    tensors = make_tensors(prepared, folds)
    executor = crew.workplace.make_executor(
        tensors, plan_schedule(plan.n_fit_all, effort=DELIVERY_EFFORT), kept=False
    )
    weights = train_on_all(
        executor, configuration, crew.seeds, patience=settings.patience, min_delta=settings.min_delta
    )
    return deliver(reading, prepared, tensors, weights, settings, folds=folds)


def retrain_chosen(
    executor: LocalExecutor, configuration: Configuration, epoch: int, seeds: tuple[int, ...]
) -> Weights:
    """Train the chosen configuration again up to its deployed epoch: the same bits as the networks of the study."""
    stop_at = list(executor.schedule.checkpoints).index(epoch) + 1
    n_folds = len(executor.tensors.fit_rows)
    specs = tuple(MemberSpec(configuration.hyper, seed, fold) for seed in seeds for fold in range(n_folds))
    results = executor.train_members(
        configuration,
        specs,
        stop_at=stop_at,
        progress=lambda done: executor.report("delivery", done, len(specs)),
    )
    layers = tuple(_take_layers(results, index) for index in range(len(specs)))
    return Weights(specs, layers, (epoch,) * len(specs))


def train_on_all(
    executor: LocalExecutor,
    configuration: Configuration,
    seeds: tuple[int, ...],
    *,
    patience: int,
    min_delta: float,
) -> Weights:
    """Train the chosen configuration on all fit rows, each network stopped and restored by its validation loss.

    These are the only networks that stop computing before the last epoch.
    """
    specs = tuple(MemberSpec(configuration.hyper, seed, 0) for seed in seeds)
    layers: list[tuple] = []
    epochs: list[int] = []
    checkpoints = executor.schedule.checkpoints
    mask = executor.tensors.validation_mask[0] > 0
    step = count_devices()
    for first in range(0, len(specs), step):
        group = specs[first : first + step]
        best = _BestSoFar(len(group), patience, min_delta)
        executor.train_members(
            configuration, group, watch=lambda index, results, best=best: best.update(index, results, mask)
        )
        layers.extend(best.layers)
        epochs.extend(checkpoints[index] for index in best.index)
        executor.report("delivery", first + len(group), len(specs))
    return Weights(specs, tuple(layers), tuple(epochs))


class _BestSoFar:
    """Keeps each network's weights at its lowest validation loss and says when all have stopped improving."""

    def __init__(self, n_members: int, patience: int, min_delta: float) -> None:
        self.loss = np.full(n_members, np.inf)
        self.index = [0] * n_members
        self.layers: list[tuple] = [()] * n_members
        self._patience, self._min_delta = patience, min_delta

    def update(self, index: int, results: MemberResults, mask: np.ndarray) -> bool:
        losses = results.losses[:, index, :][:, mask].mean(axis=1)
        for member, loss in enumerate(losses):
            if not self.layers[member] or loss < self.loss[member] - self._min_delta:
                self.loss[member] = loss if np.isfinite(loss) else np.inf
                self.index[member] = index
                self.layers[member] = _take_layers(results, member)
        return all(index - best >= self._patience for best in self.index)


def _take_layers(results: MemberResults, member: int) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    return tuple(tuple(array[member].copy() for array in layer) for layer in results.params)


def deliver(
    reading: Reading,
    prepared: Prepared,
    tensors: Tensors,
    weights: Weights,
    settings: Settings,
    *,
    folds: tuple[Fold, ...],
) -> Delivered:
    """Turn weights into a calibrated bundle, with the predictions of the validation rows.

    Args:
        reading: the data.
        prepared: recipe and folds.
        tensors: arrays the networks were trained on.
        weights: the delivered networks; with `single` only the first one is kept.
        settings: costs, single.
        folds: the folds of `tensors`.
    """
    kept = 1 if settings.single else len(weights.specs)
    members = tuple(
        Member(
            params=_add_offset(layers, tensors, spec.fold),
            state=spec.fold,
            seed=spec.seed,
            fold=spec.fold,
            epoch=epoch,
            target_center=float(tensors.target_center[spec.fold]),
            target_spread=float(tensors.target_spread[spec.fold]),
        )
        for spec, layers, epoch in zip(weights.specs, weights.layers, weights.epochs, strict=True)
    )
    bundle = Bundle(
        task=reading.target.task,
        classes=reading.target.classes,
        target=reading.target.name,
        members=members,
        recipe=prepared.recipe,
        fingerprint=reading.fingerprint,
        target_log=settings.target_log,
        target_spread=float(np.std(prepared.source.target))
        if reading.target.task is Task.REGRESSION
        else 1.0,
    )
    seeds = {members[0].seed} if settings.single else {member.seed for member in members}
    values = _predict_held_out(bundle, prepared, tensors, seeds)
    order = prepared.split.development[tensors.order]
    if (
        prepared.split.ordered
    ):  # later folds know more of the past: an earlier one would predict from older rows
        last = max(member.fold for member in members)
        members = tuple(member for member in members if member.fold == last)
    bundle = _calibrate(
        replace(bundle, members=members[:kept]), values, reading.target.values[order], settings
    )
    development = _apply_calibration(bundle, values)
    return Delivered(bundle, development, order, int(np.median(weights.epochs)), folds)


def _add_offset(
    layers: tuple[tuple[np.ndarray, np.ndarray], ...], tensors: Tensors, fold: int
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Take class weights out of a delivered network, once and for all, through its last bias."""
    if tensors.output_offset is None:
        return layers
    weight, bias = layers[-1]
    return (*layers[:-1], (weight, bias + tensors.output_offset[fold]))


def _predict_held_out(bundle: Bundle, prepared: Prepared, tensors: Tensors, seeds: set[int]) -> DoubleArray:
    """Average, for each validation row, the networks of the fold that held it out: float64 [M, classes or 1]."""
    width = len(bundle.classes) or 1
    values = np.zeros((len(tensors.order), width))
    for fold in range(len(tensors.fit_rows)):
        chosen = tensors.order_fold == fold
        own = tuple(member for member in bundle.members if member.fold == fold and member.seed in seeds)
        features = tuple(prepared.source.features[:, tensors.order[chosen]])
        each = predict_members(replace(bundle, members=own), features)
        values[chosen] = _average(each, bundle)
    return values


def _average(each: DoubleArray, bundle: Bundle) -> DoubleArray:
    if bundle.target_log:  # the ensemble averages what the networks learned, the logarithm
        return np.exp(np.log(each).mean(axis=0))
    return each.mean(axis=0)


def _calibrate(bundle: Bundle, values: DoubleArray, truth: DoubleArray, settings: Settings) -> Bundle:
    if bundle.task is Task.REGRESSION:
        if len(truth) < LEAST_CALIBRATION_ROWS:
            return bundle
        half = conformal_half_width(values[:, 0] - truth, level=INTERVAL_LEVEL)
        return replace(bundle, half_width=half, level=INTERVAL_LEVEL)
    if len(truth) < LEAST_CALIBRATION_ROWS:
        return bundle
    bundle = replace(
        bundle, temperature=fit_temperature(np.log(np.maximum(values, 1e-12)), truth.astype(int))
    )
    if bundle.task is Task.BINARY and settings.class_weight == "balanced" and not settings.costs:
        # equal weight of both classes is the cost of a miss over that of a false alarm that their rarity implies
        return replace(bundle, threshold=float(np.clip(np.mean(truth == 1), 0.01, 0.99)))
    if bundle.task is Task.BINARY and settings.costs:
        miss, false_alarm = settings.costs.get("miss", 1.0), settings.costs.get("false_alarm", 1.0)
        costs = {"miss": miss, "false_alarm": false_alarm}
        found = choose_threshold(costs, _temper(values, bundle.temperature)[:, 1], truth == 1)
        bundle = replace(bundle, threshold=found.threshold, costs=(miss, false_alarm))
    return bundle


def _apply_calibration(bundle: Bundle, values: DoubleArray) -> Prediction:
    if bundle.task is Task.REGRESSION:
        nothing = bundle.level == 0.0
        low, high = values[:, 0] - bundle.half_width, values[:, 0] + bundle.half_width
        return Prediction(
            values, np.zeros(0, np.int32), *((np.zeros(0), np.zeros(0)) if nothing else (low, high))
        )
    calibrated = _temper(values, bundle.temperature)
    return Prediction(calibrated, decide_labels(bundle, calibrated))


def _temper(values: DoubleArray, temperature: float) -> DoubleArray:
    powers = (values / values.max(axis=1, keepdims=True)) ** (1.0 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)
