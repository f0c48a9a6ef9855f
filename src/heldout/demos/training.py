"""From arrays to judged networks: the engine as every demo uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from heldout.demos.frame import DemoRequest
from heldout.evidence.curve_rule import DELTA_SHARE
from heldout.executors import LocalExecutor, Surroundings
from heldout.ladder import Schedule
from heldout.nets import EVALUATION, Net, apply_net, fold_shares, list_layers
from heldout.records import (
    Configuration,
    ConfigurationRun,
    DoubleArray,
    FloatArray,
    Fold,
    IndexArray,
    InputLayout,
    JudgeSettings,
    Task,
    Tensors,
)
from heldout.tensors import TensorSource, build_tensors, constant_losses
from heldout.train.assemble import assemble_run, join_results
from heldout.train.program import MemberResults, MemberSpec

Widths = tuple[int, ...]


@dataclass(frozen=True)
class DemoData:
    """Rows ready for training, and what their losses are judged against.

    Args:
        tensors: what the executor takes.
        judge: what the evidence room takes; its tolerance is 2 % of the constant predictor's loss, as in a study.
    """

    tensors: Tensors
    judge: JudgeSettings

    @property
    def constant_loss(self) -> float:
        """Mean loss of always predicting the class shares, or the mean, of the fit rows."""
        return float(np.mean(self.judge.constant_losses))


@dataclass(frozen=True)
class Networks:
    """One configuration with all its trained networks, one a seed.

    Args:
        run: what was recorded, for the evidence room.
        net: the size of the network.
        results: weights at the last epoch, and the curves; axis 0 is the seed (seeds outer, folds inner).
    """

    run: ConfigurationRun
    net: Net
    results: MemberResults


def build_data(
    features: FloatArray,
    target: DoubleArray,
    *,
    task: Task,
    folds: Sequence[Fold],
    layout: InputLayout | None = None,
    unit: IndexArray | None = None,
) -> DemoData:
    """Put rows into the form that training and evidence take.

    Args:
        features: float32 [N, D], standardized, one flat row an example.
        target: float64 [N], class index or number.
        task: what is predicted.
        folds: fit and validation rows; one for a plain split.
        layout: what the D numbers of a row are; None for numbers in any order.
        unit: int64 [N], rows of one unit (patient) count as one observation; each row its own when left out.

    Returns:
        `DemoData`.

    Raises:
        DataError: a number to predict that does not vary among the fit rows.

    Example:
        >>> x, y = np.zeros((4, 2), np.float32), np.array([0.0, 1.0, 0.0, 1.0])
        >>> data = build_data(x, y, task=Task.BINARY, folds=[Fold(np.array([0, 1]), np.array([2, 3]))])
        >>> round(data.constant_loss, 3)
        0.693
    """
    n_classes = 0 if task is Task.REGRESSION else int(target.max()) + 1
    unseen = np.full(features.shape[1], -1, np.int32)
    source = TensorSource(
        features[None], target.astype(np.float64), task, n_classes, None, False, unseen, layout
    )
    tensors = build_tensors(source, tuple(folds))
    constant = constant_losses(source, tuple(folds))
    units = np.arange(len(target), dtype=np.int64) if unit is None else unit
    judge = JudgeSettings(
        task=task,
        constant_losses=constant,
        unit=units[tensors.order],
        delta=DELTA_SHARE * float(np.mean(constant)),
        has_groups=unit is not None,
    )
    return DemoData(tensors, judge)


def train_networks(
    data: DemoData,
    schedule: Schedule,
    configurations: Sequence[Configuration],
    *,
    seeds: Sequence[int],
    request: DemoRequest,
    phase: str = "training",
    shapes: Mapping[Widths, Widths] | None = None,
) -> tuple[Networks, ...]:
    """Train some configurations with the same seeds, through the executor that studies use.

    Args:
        data: rows.
        schedule: steps and epochs; all run to the last one.
        configurations: what to train.
        seeds: seed numbers.
        request: whom to tell, and whether to stop.
        phase: name for the progress line.
        shapes: widths of a size -> widths of the program it runs in, where several sizes are to share one.

    Returns:
        One `Networks` for each configuration, in their order.

    Raises:
        StudyInterrupted: a stop was asked for.
    """
    around = Surroundings(check_stop=request.check_stop, say=request.say)
    executor = LocalExecutor(data.tensors, schedule, around=around, shapes=shapes)
    executor.compile(configurations)
    n_folds = len(data.tensors.fit_rows)
    entries = [
        (configuration, MemberSpec(configuration.hyper, seed, fold))
        for configuration in configurations
        for seed in seeds
        for fold in range(n_folds)
    ]
    found: dict[str, list[MemberResults]] = {configuration.name: [] for configuration in configurations}
    for done, (configuration, results) in enumerate(executor.run_entries(entries), start=1):
        found[configuration.name].append(results)
        request.report(phase, done, len(entries))
    return tuple(
        _assemble(executor, configuration, join_results(found[configuration.name]), len(seeds))
        for configuration in configurations
    )


def _assemble(
    executor: LocalExecutor, configuration: Configuration, results: MemberResults, n_seeds: int
) -> Networks:
    checkpoints = executor.schedule.checkpoints
    run = assemble_run(configuration, results, executor.tensors, checkpoints, n_seeds)
    return Networks(run, executor.net_of(configuration), results)


def predict_networks(networks: Networks, features: FloatArray) -> FloatArray:
    """Compute what all networks of a configuration say about some rows at the last epoch, in evaluation mode.

    Args:
        networks: trained.
        features: float32 [R, D], rows as they were trained on.

    Returns:
        float32 [S, R, n_outputs]: logits, or standardized numbers.
    """
    net, hyper = networks.net, networks.run.configuration.hyper
    layers = list_layers(net)
    rows = jnp.asarray(features)
    shares = [1.0 - rate if hyper.scales_test else 1.0 for rate in hyper.dropout]

    def predict(params: tuple, memory: tuple) -> jax.Array:
        own = fold_shares(layers, params, shares)
        return apply_net(net, own, memory, rows, EVALUATION)[0]

    compiled: Callable[..., jax.Array] = jax.jit(predict)
    n_members = len(networks.results.alive)
    outputs = [
        compiled(*(jax.tree.map(lambda array, at=at: array[at], part) for part in _list_state(networks)))
        for at in range(n_members)
    ]
    return np.stack([np.asarray(output) for output in outputs])


def _list_state(networks: Networks) -> tuple[tuple, tuple]:
    return networks.results.params, networks.results.memory


def take_seeds(networks: Networks, data: DemoData) -> ConfigurationRun:
    """Read folds as seeds: where every fold is one draw of the fit rows and all are judged on the same rows.

    So the evidence room's intervals count the chance of the draw, as they else count the chance of the seed.

    Args:
        networks: trained with one seed over K folds, each with V validation rows.
        data: their rows.

    Returns:
        The run of one fold with K seeds.
    """
    tensors = data.tensors
    n_folds, n_validation = tensors.validation_rows.shape
    one = replace(
        tensors,
        fit_rows=tensors.fit_rows[:1],
        fit_weight=tensors.fit_weight[:1],
        validation_rows=tensors.validation_rows[:1],
        validation_mask=tensors.validation_mask[:1],
        target_scale=tensors.target_scale[:1],
        target_center=tensors.target_center[:1],
        target_spread=tensors.target_spread[:1],
        order=tensors.order[:n_validation],
        order_fold=tensors.order_fold[:n_validation],
    )
    run = networks.run
    checkpoints = tuple(int(mark) for mark in run.checkpoints)
    return assemble_run(run.configuration, networks.results, one, checkpoints, n_folds)
