"""Two claims about deep networks, measured: pooling makes them blind to shifts, and gradients vanish with depth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np

from heldout.demos.depth_page import show_depth
from heldout.demos.depth_record import DepthRecord, ShiftResult, TowerResult
from heldout.demos.frame import DemoOutcome, DemoRequest
from heldout.demos.shipped import Pictures, read_digits, split_rows
from heldout.demos.towers import TOWERS, teaching_families
from heldout.demos.training import DemoData, Networks, build_data, predict_networks, train_networks
from heldout.evidence import compare_remedies
from heldout.ladder import Schedule, make_net
from heldout.nets import (
    EVALUATION,
    Mode,
    apply_net,
    count_layer_parameters,
    draw_params,
    list_layers,
    start_memory,
)
from heldout.records import (
    Configuration,
    DoubleArray,
    FloatArray,
    Fold,
    Hyper,
    InputLayout,
    RemedyResult,
    Rung,
    Task,
)
from heldout.remedies.augmentation import add_augmentation
from heldout.train.losses import row_losses

N_SEEDS, N_CLASSES = 5, 10
MARGIN = 4  # places of paper on each side of a digit: no shift up to here loses ink
SIDE = 8 + 2 * MARGIN
SHIFTS = tuple(range(MARGIN + 1))
DIRECTIONS = ((0, 1), (0, -1), (1, 0), (-1, 0))
CHANNELS, KERNEL = (8, 16), 3
CNN_FIT, CNN_VALIDATION, CNN_EPOCHS, CNN_BATCH, CNN_RATE = 600, 400, 15, 32, 0.003
N_LAYERS, TOWER_WIDTH, DEPTHS = 16, 32, (1, 2, 4, 8, 16)
TOWER_FIT, TOWER_VALIDATION, TOWER_EPOCHS, TOWER_BATCH, TOWER_RATE = 800, 800, 25, 64, 0.002
PLAIN, BOTH = "sigmoid", "sigmoid, both"
N_MARKS = 12
GRADIENT_ROWS = 256
GLOBAL_MEAN, GLOBAL_RATE = "mean over the picture", 0.02  # few weights, each moved little by any one place
TRAINED_WITH_SHIFTS = "one pooling, trained with shifts"
# name -> (family, widths, channels); the first has no convolution at all
SHIFTED = {
    "no convolution": ("mlp", (64,), ()),
    "no pooling": ("cnn without pooling", (), CHANNELS),
    "one pooling": ("cnn", (), CHANNELS),
    "two poolings": ("cnn with two poolings", (), CHANNELS),
    GLOBAL_MEAN: ("cnn with a global mean", (), CHANNELS),
    TRAINED_WITH_SHIFTS: ("cnn", (), CHANNELS),
}


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Measure how far pooling makes a network blind to shifts, and what helps gradients on their way down.

    Args:
        request: what is asked for.

    Returns:
        A `DepthRecord` and its page.
    """
    digits = read_digits()
    n_seeds = 2 if request.is_small else N_SEEDS
    seeds = tuple(range(request.seed * N_SEEDS, request.seed * N_SEEDS + n_seeds))
    with teaching_families():
        shifted = _study_shifts(digits, seeds, request)
        data, features = _prepare_towers(digits, request)
        n_layers = 6 if request.is_small else N_LAYERS
        towers = _study_towers(data, features, seeds, n_layers, request)
        depths = tuple(depth for depth in DEPTHS if depth <= n_layers)
        first = [
            [[_measure(name, features, data, depth, seed)[0] for depth in depths] for seed in seeds]
            for name in (PLAIN, BOTH)
        ]
    record = DepthRecord(
        n_fit=data.tensors.fit_rows.shape[1],
        n_validation=len(data.judge.constant_losses),
        n_seeds=n_seeds,
        shifts=SHIFTS,
        shift_results=shifted,
        n_layers=n_layers,
        width=TOWER_WIDTH,
        constant_loss=data.constant_loss,
        towers=towers,
        depths=depths,
        first_gradients=np.array(first),
    )
    return DemoOutcome(record, show_depth(record))


def _plan(n_fit: int, batch: int, n_epochs: int) -> Schedule:
    marks = np.unique(np.geomspace(1, n_epochs, N_MARKS).round().astype(int))
    return Schedule(batch, -(-n_fit // batch), n_epochs, tuple(int(mark) for mark in marks))


def _configure(name: str, rung: Rung, layout: InputLayout) -> Configuration:
    """Name a network without remedies; its size is counted on the real inputs."""
    layers = list_layers(make_net(rung, layout, N_CLASSES))
    zeros = (0.0,) * len(layers)
    sized = replace(rung, n_parameters=count_layer_parameters(layers))
    return Configuration(name, sized, (), Hyper(rung.learning_rate, zeros, zeros, zeros))


def _study_shifts(digits: Pictures, seeds: Sequence[int], request: DemoRequest) -> tuple[ShiftResult, ...]:
    """Train each kind of network on centred digits, and ask it about shifted ones."""
    n_fit, n_validation = (200, 100) if request.is_small else (CNN_FIT, CNN_VALIDATION)
    fit, validation = split_rows(digits.target, n_fit, n_validation=n_validation, seed=request.seed)
    sheets = np.pad(digits.values, ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN)))
    center, spread = float(sheets[fit].mean()), float(sheets[fit].std())
    sheets = ((sheets - center) / spread).astype(np.float32)
    layout = InputLayout("picture", (SIDE, SIDE, 1))
    flat = sheets.reshape(len(sheets), -1)
    data = build_data(flat, digits.target, task=Task.MULTICLASS, folds=[Fold(fit, validation)], layout=layout)
    configurations = []
    for index, (name, (family, widths, channels)) in enumerate(SHIFTED.items()):
        rate = GLOBAL_RATE if name == GLOBAL_MEAN else CNN_RATE
        rung = Rung(index, widths, 0, rate, family, channels, KERNEL if channels else 0)
        configuration = _configure(name, rung, layout)
        if name == TRAINED_WITH_SHIFTS:
            hyper = add_augmentation(configuration.hyper, (MARGIN - 1) / SIDE, "shift")
            configuration = replace(configuration, hyper=hyper)
        configurations.append(configuration)
    schedule = _plan(n_fit, CNN_BATCH, 4 if request.is_small else CNN_EPOCHS)
    trained = train_networks(
        data, schedule, configurations, seeds=seeds, request=request, phase="networks on shifted digits"
    )
    paper = float(-center / spread)
    return tuple(
        _ask_shifted(networks, sheets[validation], digits.target[validation], paper) for networks in trained
    )


def _ask_shifted(networks: Networks, sheets: FloatArray, target: DoubleArray, paper: float) -> ShiftResult:
    unshifted = _answer(networks, sheets)
    agreement, accuracy = [], []
    for places in SHIFTS:
        answers = [
            _answer(networks, shift_pictures(sheets, places * down, places * right, paper=paper))
            for down, right in (DIRECTIONS if places else DIRECTIONS[:1])
        ]
        agreement.append(np.mean([(answer == unshifted).mean(axis=1) for answer in answers], axis=0))
        accuracy.append(np.mean([(answer == target).mean(axis=1) for answer in answers], axis=0))
    agreed = np.stack(agreement, axis=1)
    configuration = networks.run.configuration
    return ShiftResult(
        configuration.name,
        configuration.rung.n_parameters,
        agreed,
        np.stack(accuracy, axis=1),
        find_half(agreed.mean(axis=0)),
    )


def _answer(networks: Networks, sheets: FloatArray) -> np.ndarray:
    """The class that each network says, int64 [S, R]."""
    return predict_networks(networks, sheets.reshape(len(sheets), -1)).argmax(axis=2)


def shift_pictures(sheets: FloatArray, down: int, right: int, *, paper: float) -> FloatArray:
    """Move pictures by whole places; what comes in is paper.

    Args:
        sheets: float32 [N, H, W].
        down: places downwards, negative upwards.
        right: places to the right, negative to the left.
        paper: value of an empty place.

    Returns:
        float32 [N, H, W].

    Example:
        >>> shift_pictures(np.array([[[1.0, 2.0], [3.0, 4.0]]]), 0, 1, paper=0.0).tolist()
        [[[0.0, 1.0], [0.0, 3.0]]]
    """
    moved = np.full_like(sheets, paper)
    height, width = sheets.shape[1:]
    source = sheets[:, max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)]
    moved[:, max(0, down) : height + min(0, down), max(0, right) : width + min(0, right)] = source
    return moved


def find_half(agreement: DoubleArray) -> float:
    """Give the shift at which agreement falls below one half, between two shifts by a straight line.

    Args:
        agreement: float64 [P], share of unchanged answers at shifts of 0, 1, 2, ... places.

    Returns:
        The shift; the largest one tried where agreement never falls so low.

    Example:
        >>> find_half(np.array([1.0, 0.75, 0.25])), find_half(np.array([1.0, 0.9]))
        (1.5, 1.0)
    """
    below = np.flatnonzero(agreement < 0.5)
    if not below.size:
        return float(len(agreement) - 1)
    last = int(below[0])
    before, after = float(agreement[last - 1]), float(agreement[last])
    return last - 1 + (before - 0.5) / (before - after)


def _prepare_towers(digits: Pictures, request: DemoRequest) -> tuple[DemoData, FloatArray]:
    n_fit, n_validation = (200, 300) if request.is_small else (TOWER_FIT, TOWER_VALIDATION)
    fit, validation = split_rows(digits.target, n_fit, n_validation=n_validation, seed=request.seed)
    flat = digits.values.reshape(len(digits.values), -1)
    features = ((flat - flat[fit].mean()) / flat[fit].std()).astype(np.float32)
    data = build_data(features, digits.target, task=Task.MULTICLASS, folds=[Fold(fit, validation)])
    return data, features


def _study_towers(
    data: DemoData, features: FloatArray, seeds: Sequence[int], n_layers: int, request: DemoRequest
) -> tuple[TowerResult, ...]:
    """Train towers of the same depth and width, and hold each against the plain one."""
    layout = InputLayout("numbers", features.shape[1:])
    configurations = [
        _configure(name, Rung(index, (TOWER_WIDTH,) * n_layers, 0, TOWER_RATE, name), layout)
        for index, name in enumerate(TOWERS)
    ]
    n_fit = data.tensors.fit_rows.shape[1]
    schedule = _plan(n_fit, TOWER_BATCH, 5 if request.is_small else TOWER_EPOCHS)
    trained = train_networks(
        data, schedule, configurations, seeds=seeds, request=request, phase="deep towers"
    )
    plain, *others = trained
    named = {networks.run.configuration.name: [networks.run] for networks in others}
    _, *results = compare_remedies(plain.run, named, data.judge)
    unknown = float("nan")
    nothing = (unknown, unknown, unknown)
    first = RemedyResult(PLAIN, unknown, "", nothing, nothing, "", "", "")
    return tuple(
        _describe_tower(networks, result, _measure_all(networks, data, features, seeds))
        for networks, result in zip(trained, (first, *results), strict=True)
    )


def _describe_tower(networks: Networks, result: RemedyResult, gradients: DoubleArray) -> TowerResult:
    run = networks.run
    ratio = np.log(gradients[:, 0]) - np.log(gradients[:, -1])
    return TowerResult(
        name=run.configuration.name,
        gradients=gradients,
        first_over_last=float(np.exp(ratio.mean())),
        training=run.train_curve.astype(np.float64),
        validation=run.validation_curve.astype(np.float64),
        change=result.early_stopped,
        outcome=result.outcome,
        sentence=result.sentence.replace(" nan:", ":"),  # a tower has no strength
    )


def _measure_all(
    networks: Networks, data: DemoData, features: FloatArray, seeds: Sequence[int]
) -> DoubleArray:
    name, depth = networks.run.configuration.name, len(networks.net.widths)
    return np.stack([_measure(name, features, data, depth, seed) for seed in seeds])


def _measure(name: str, features: FloatArray, data: DemoData, depth: int, seed: int) -> DoubleArray:
    """Give the gradient of each hidden layer's weights before the first step: float64 [L], root mean square."""
    rung = Rung(0, (TOWER_WIDTH,) * depth, 0, TOWER_RATE, name)
    net = make_net(rung, InputLayout("numbers", features.shape[1:]), N_CLASSES)
    rows = data.tensors.fit_rows[0][:GRADIENT_ROWS]
    x, y = jnp.asarray(features[rows]), jnp.asarray(data.tensors.target[0][rows])
    layers = list_layers(net)
    memory = start_memory(layers)
    mode = Mode(EVALUATION.drop, training=True)

    def mean_loss(params: tuple) -> jax.Array:
        outputs, _ = apply_net(net, params, memory, x, mode)
        return jnp.mean(row_losses(Task.MULTICLASS, outputs, y))

    gradient = jax.grad(mean_loss)(draw_params(layers, seed))
    return np.array([float(jnp.sqrt(jnp.mean(jnp.square(layer[0])))) for layer in gradient[:-1]])
