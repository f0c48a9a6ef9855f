"""Sixth stage: train the delivered networks, calibrate them on rows they have not seen, and make the bundle."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from heldout.bundle import Bundle, Member, mark_rows
from heldout.bundle.forward import decide_labels, predict_members, temper
from heldout.bundle.known_rows import Marks
from heldout.evidence.calibration import choose_threshold, conformal_half_width, fit_temperature
from heldout.evidence.early_stopping import Stop, StoppingRule, find_stop
from heldout.executors import LocalExecutor
from heldout.label_sets import look_up
from heldout.ladder import lengthen, plan_schedule
from heldout.nets import Net, fold_shares, list_layers
from heldout.plan import COMPILE_SECONDS, DELIVERY_EFFORT, LONGER
from heldout.records import (
    MIN_ROWS,
    Choice,
    Configuration,
    DoubleArray,
    Fold,
    Hyper,
    IndexArray,
    Prediction,
    Task,
    Tensors,
)
from heldout.settings import Settings
from heldout.stages.preparing import Prepared, make_tensors, take_development, thin_folds
from heldout.stages.reading import Reading
from heldout.stages.training import Crew, Trained
from heldout.stages.workplace import END_SECONDS
from heldout.train.program import MemberResults, MemberSpec, count_devices

INTERVAL_LEVEL = 0.9
# A network trained anew stops computing after so large a share of its epochs without a lower loss: assumption, not
# measured. Where the loss still falls late it runs to the end.
FRUITLESS_SHARE = 1 / 3
LATE_SHARE = 3 / 4  # of the epochs: a lowest loss after it may only mean that they were too few (assumption)
TRIED_LONGER = 2  # networks that show whether more epochs bring anything, before the others get them
Layers = tuple[tuple[np.ndarray, ...], ...]


@dataclass(frozen=True)
class Delivered:
    """The networks that leave the study.

    Args:
        bundle: the ensemble with its recipe, calibrated.
        development: predictions of the validation rows (pooled order), each by networks that had not fitted it.
        order: int64 [M], positions of those rows in the table.
        epoch: deployed epoch (the median over networks where each has its own).
        folds: the folds the delivered networks were trained on.
        optimism: how much too low the loss of the chosen configuration is on the rows it was chosen on.
    """

    bundle: Bundle
    development: Prediction
    order: IndexArray
    epoch: int
    folds: tuple[Fold, ...]
    optimism: float = 0.0


@dataclass(frozen=True)
class Weights:
    """Weights of the delivered networks, in the order of their specs.

    Args:
        specs: seed and fold of each.
        layers: for each network the arrays of each layer, the weight first.
        epochs: epoch of each.
        net: the network they share; a fully connected one of their own sizes when left out.
        memory: for each network what its layers keep beside their weights (running means); empty where none does.
        losses: validation loss of each at its epoch; empty where one epoch was given for all.
    """

    specs: tuple[MemberSpec, ...]
    layers: tuple[Layers, ...]
    epochs: tuple[int, ...]
    net: Net | None = None
    memory: tuple[Layers, ...] = ()
    losses: tuple[float, ...] = ()


def train_delivered(
    crew: Crew, trained: Trained, choice: Choice, reading: Reading, prepared: Prepared
) -> Delivered:
    """Train the chosen configuration on all fit rows and calibrate it.

    Where the ladder already ran on all fit rows, these are the study's own networks at the deployed epoch, or the same
    configuration trained anew for longer (`train_longer`). Where it ran on a subset, or where the user named another
    rule of early stopping than "best", they are trained again and each is stopped by its own validation loss.
    """
    settings, plan = crew.settings, crew.plan
    configuration, rule = trained.find(choice.name).configuration, read_rule(settings)
    folds = thin_folds(prepared)
    executor, tensors = crew.executor, crew.tensors
    crew.workplace.reserved = END_SECONDS  # what was kept free for this is being used
    if plan.n_fit == plan.n_fit_all and rule.name == "best":
        weights = train_longer(crew, trained, choice)
        if weights is None:
            weights = retrain_chosen(executor, configuration, choice.epoch, crew.seeds)
        delivered = deliver(reading, prepared, tensors, weights, settings, folds=folds)
        return replace(delivered, optimism=choice.optimism)
    if plan.n_fit < plan.n_fit_all:
        tensors = make_tensors(prepared, folds)
        schedule = plan_schedule(plan.n_fit_all, effort=DELIVERY_EFFORT, layout=tensors.layout)
        executor = crew.workplace.make_executor(tensors, schedule, kept=False)
    weights = train_by_rule(executor, configuration, crew.seeds, rule)
    delivered = deliver(reading, prepared, tensors, weights, settings, folds=folds)
    return replace(delivered, optimism=choice.optimism)


def read_rule(settings: Settings) -> StoppingRule:
    """Read the rule of early stopping that the user named.

    Example:
        >>> read_rule(Settings(early_stopping="lecture")).name
        'lecture'
    """
    asked = settings.early_stopping
    return StoppingRule(asked.rule, asked.patience, asked.min_delta, asked.smoothing)


def train_longer(crew: Crew, trained: Trained, choice: Choice) -> Weights | None:
    """Train the chosen configuration for more epochs where its loss still fell at the end of the ladder's.

    All sizes and remedies are compared at one length, which is enough for most; those that learn slowest, with
    augmentation above all, are not at their end by then. Each network is stopped by its own validation loss, which
    several folds of few rows each could not do.

    Args:
        crew: plan, seeds, executor.
        trained: the runs of the study.
        choice: the chosen configuration and its epoch.

    Returns:
        None where its loss was lowest earlier, in a quick study, with several folds, without the time for it, and where
        more epochs brought the first networks or all no lower loss.

    Source:
        Residual network (8, 16, 32), 1,758 pictures of 64 x 64 pixels, turned and moved, mean of two seeds: lowest
        validation loss 0.855 in 57 epochs, 0.747 in 150.
    """
    workplace, plan, n_epochs = crew.workplace, crew.plan, crew.plan.schedule.n_epochs
    run, n_folds = trained.find(choice.name), len(crew.tensors.fit_rows)
    if plan.preset == "quick" or n_folds > 1 or choice.epoch <= LATE_SHARE * n_epochs:
        return None
    # the shorter training again, if the longer one brings nothing
    seconds = COMPILE_SECONDS + (LONGER + 1) * crew.executor.expect(run.configuration, len(crew.seeds))
    if not workplace.can_afford("longer-training", seconds):
        workplace.note("the budget is used up: the delivered networks were not trained longer")
        return None
    executor = workplace.make_executor(crew.tensors, lengthen(plan.schedule, LONGER), kept=False)
    lowest = np.fmin.reduce(run.validation_curve, axis=1)  # a diverged network has none
    weights, falls = Weights((), (), ()), ""
    for seeds in (crew.seeds[:TRIED_LONGER], crew.seeds[TRIED_LONGER:]):
        weights = join_weights(
            weights, train_by_rule(executor, run.configuration, seeds, StoppingRule("best"))
        )
        before, after = float(np.nanmean(lowest[: len(weights.losses)])), float(np.mean(weights.losses))
        falls = f"lowest validation loss, mean of {len(weights.losses)} networks, {before:.4g} -> {after:.4g}"
        if not after < before:
            why = falls if math.isfinite(after) else "a network diverged"
            workplace.note(
                f"{LONGER * n_epochs} epochs brought nothing ({why}): the study's own networks are delivered"
            )
            return None
    workplace.note(
        f"the loss of {choice.name} was lowest in the last quarter of the {n_epochs} epochs: the delivered networks "
        f"were given {LONGER * n_epochs} ({falls}); verdict, remedies and the corrected loss of the choice are about "
        "the shorter training"
    )
    return weights


def retrain_chosen(
    executor: LocalExecutor, configuration: Configuration, epoch: int, seeds: tuple[int, ...]
) -> Weights:
    """Train the chosen configuration again up to its deployed epoch: the same bits as the networks of the study."""
    n_folds = len(executor.tensors.fit_rows)
    specs = tuple(MemberSpec(configuration.hyper, seed, fold) for seed in seeds for fold in range(n_folds))
    results = executor.train_members(
        configuration,
        specs,
        ends=(epoch,),
        progress=lambda done: executor.report("delivery", done, len(specs)),
    )
    net = executor.net_of(configuration)
    layers = tuple(
        fold_dropout(_take_layers(results, index), net, configuration.hyper) for index in range(len(specs))
    )
    memory = tuple(_take_memory(results, index) for index in range(len(specs)))
    return Weights(specs, layers, (epoch,) * len(specs), net, memory)


def train_by_rule(
    executor: LocalExecutor, configuration: Configuration, seeds: tuple[int, ...], rule: StoppingRule
) -> Weights:
    """Train the chosen configuration, each network stopped and its weights kept by the rule.

    A check is an epoch of the network's own recorded curve. These are the only networks that stop computing before the
    last epoch; "best" stops where a third of all epochs have brought no lower loss.
    """
    n_folds, n_epochs = len(executor.tensors.fit_rows), executor.schedule.n_epochs
    if rule.name == "best":
        rule = replace(rule, name="patience", patience=math.ceil(FRUITLESS_SHARE * n_epochs), min_delta=0.0)
    specs = tuple(MemberSpec(configuration.hyper, seed, fold) for seed in seeds for fold in range(n_folds))
    net, step = executor.net_of(configuration), count_devices()
    layers: list[Layers] = []
    memory: list[Layers] = []
    epochs: list[int] = []
    losses: list[float] = []
    for first in range(0, len(specs), step):
        group = specs[first : first + step]
        kept = _Kept(len(group), rule)
        executor.train_members(configuration, group, ends=tuple(range(1, n_epochs + 1)), watch=kept.update)
        layers.extend(fold_dropout(each, net, configuration.hyper) for each in kept.layers)
        memory.extend(kept.memory)
        epochs.extend(kept.epochs)
        losses.extend(kept.losses)
        executor.report("delivery", first + len(group), len(specs))
    return Weights(specs, tuple(layers), tuple(epochs), net, tuple(memory), tuple(losses))


def join_weights(first: Weights, second: Weights) -> Weights:
    """Give the networks of two trainings as one.

    Args:
        first: may hold none.
        second: of the same size of network; may hold none.
    """
    return Weights(
        (*first.specs, *second.specs),
        (*first.layers, *second.layers),
        (*first.epochs, *second.epochs),
        first.net or second.net,
        (*first.memory, *second.memory),
        (*first.losses, *second.losses),
    )


class _Kept:
    """Reads each network's curve after every epoch, keeps its weights by the rule, and says when all have stopped."""

    def __init__(self, n_members: int, rule: StoppingRule) -> None:
        self.epochs = [0] * n_members
        self.losses = [math.nan] * n_members
        self.layers: list[Layers] = [()] * n_members
        self.memory: list[Layers] = [()] * n_members
        self._rule = rule
        self._stopped = [False] * n_members

    def update(self, epoch: int, results: MemberResults) -> bool:
        for member, curve in enumerate(results.curves[:, :epoch, 1]):
            if self._stopped[member]:
                continue
            lost = not np.isfinite(curve).any()  # diverged at once: the first weights are all there is
            stop = Stop(epoch, 1, has_fired=True) if lost else find_stop(self._rule, curve)
            self._stopped[member] = stop.has_fired
            if stop.kept != self.epochs[member]:
                self.epochs[member], self.layers[member] = stop.kept, _take_layers(results, member)
                self.losses[member] = float(curve[stop.kept - 1])
                self.memory[member] = _take_memory(results, member)
        return all(self._stopped)


def fold_dropout(layers: Layers, net: Net, hyper: Hyper) -> Layers:
    """Multiply weights by the keep shares where dropout does so at the test: a bundle then needs nothing special.

    Args:
        layers: as trained.
        net: the network's own size.
        hyper: its dropout.
    """
    if not hyper.scales_test:
        return layers
    return fold_shares(list_layers(net), layers, np.float32(1.0) - np.array(hyper.dropout, np.float32))


def _take_layers(results: MemberResults, member: int) -> Layers:
    return tuple(tuple(array[member].copy() for array in layer) for layer in results.params)


def _take_memory(results: MemberResults, member: int) -> Layers:
    """Give what the layers of one network keep; nothing where no layer keeps anything."""
    kept = tuple(tuple(array[member].copy() for array in layer) for layer in results.memory)
    return kept if any(kept) else ()


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
            memory=weights.memory[number] if weights.memory else (),
        )
        for number, (spec, layers, epoch) in enumerate(
            zip(weights.specs, weights.layers, weights.epochs, strict=True)
        )
    )
    bundle = Bundle(
        task=reading.target.task,
        classes=reading.target.classes,
        target=reading.target.name,
        members=members,
        recipe=prepared.recipe,
        fingerprint=reading.fingerprint,
        target_log=settings.target_log,
        net=weights.net,
        group=settings.group or "",
        known_rows=_mark_study(reading, prepared),
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
        replace(bundle, members=members[:kept]),
        values,
        look_up(reading.target, reading.target.values[order]),
        settings,
    )
    development = _apply_calibration(bundle, values)
    return Delivered(bundle, development, order, int(np.median(weights.epochs)), folds)


def _mark_study(reading: Reading, prepared: Prepared) -> Marks:
    """Mark every row of the study, in an order that tells nothing of theirs."""
    columns, arrays = prepared.columns, prepared.arrays
    marks = mark_rows(prepared.recipe, columns, arrays, rows=reading.rows, salt=reading.fingerprint)
    return np.sort(marks)


def _add_offset(layers: Layers, tensors: Tensors, fold: int) -> Layers:
    """Put the shares that classes have in new data into a delivered network, through its last bias."""
    if tensors.output_offset is None or not tensors.output_offset.any():
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
        features = take_development(prepared, tensors.order[chosen])
        each = predict_members(replace(bundle, members=own), features)
        values[chosen] = _average(each, bundle)
    return values


def _average(each: DoubleArray, bundle: Bundle) -> DoubleArray:
    if bundle.target_log:  # the ensemble averages what the networks learned, the logarithm
        return np.exp(np.log(each).mean(axis=0))
    return each.mean(axis=0)


def _calibrate(bundle: Bundle, values: DoubleArray, truth: DoubleArray, settings: Settings) -> Bundle:
    if bundle.task is Task.REGRESSION:
        if len(truth) < MIN_ROWS:
            return bundle
        half = conformal_half_width(values[:, 0] - truth, level=INTERVAL_LEVEL)
        return replace(bundle, half_width=half, level=INTERVAL_LEVEL)
    if len(truth) < MIN_ROWS:
        return bundle
    bundle = replace(bundle, temperature=_fit_temperature(values, truth))
    if bundle.task is Task.BINARY and settings.class_weight == "balanced" and not settings.costs:
        # equal weight of both classes is the cost of a miss over that of a false alarm that their rarity implies
        return replace(bundle, threshold=float(np.clip(np.mean(truth == 1), 0.01, 0.99)))
    if bundle.task is Task.BINARY and settings.costs:
        miss, false_alarm = settings.costs.get("miss", 1.0), settings.costs.get("false_alarm", 1.0)
        costs = {"miss": miss, "false_alarm": false_alarm}
        tempered = temper(values, bundle.temperature, task=bundle.task)
        found = choose_threshold(costs, tempered[:, 1], truth == 1)
        bundle = replace(bundle, threshold=found.threshold, costs=(miss, false_alarm))
    return bundle


def _fit_temperature(values: DoubleArray, truth: DoubleArray) -> float:
    """Fit one temperature to all classes, or to the yes or no of every label of every row."""
    if truth.ndim == 2:
        values, truth = np.stack([1.0 - values, values], axis=-1).reshape(-1, 2), truth.reshape(-1)
    return fit_temperature(np.log(np.maximum(values, 1e-12)), truth.astype(int))


def _apply_calibration(bundle: Bundle, values: DoubleArray) -> Prediction:
    if bundle.task is Task.REGRESSION:
        nothing = bundle.level == 0.0
        low, high = values[:, 0] - bundle.half_width, values[:, 0] + bundle.half_width
        return Prediction(
            values, np.zeros(0, np.int32), *((np.zeros(0), np.zeros(0)) if nothing else (low, high))
        )
    calibrated = temper(values, bundle.temperature, task=bundle.task)
    return Prediction(calibrated, decide_labels(bundle, calibrated))
