"""The five remedies against overfitting, one after another on the same rows, first weights and seeds.

The rows are digits that nobody has centred, a fifth of them with a wrong label: a network can only give a wrong label
back by knowing its row by heart, so that learning by heart can be counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.demos.frame import DemoOutcome, DemoRequest
from heldout.demos.remedies_page import show_remedies
from heldout.demos.remedies_record import (
    ArmResult,
    DropoutCheck,
    RemediesRecord,
    RemedyRow,
    StopRow,
    WeightsResult,
)
from heldout.demos.shipped import read_digits, split_rows
from heldout.demos.training import DemoData, Networks, build_data, predict_networks, train_networks
from heldout.evidence import StoppingRule, compare_remedies, cost_of_faults, find_stop, judge_ladder
from heldout.ladder import Schedule
from heldout.nets import count_parameters
from heldout.records import (
    Configuration,
    DoubleArray,
    FloatArray,
    Fold,
    IndexArray,
    InputLayout,
    RemedyResult,
    RemedyUse,
    Rung,
    Task,
)
from heldout.remedies import apply_remedies
from heldout.remedies.augmentation.examples import augment_examples

MARGIN = 1  # places around a digit: it lies anywhere within them
SIDE = 8 + 2 * MARGIN
WRONG_SHARE, N_CLASSES = 0.2, 10
N_FIT, N_VALIDATION, N_SEEDS = 600, 800, 5  # under five seeds no remedy may be said to help
WIDTH, LEARNING_RATE = 64, 0.003
SMALLER_WIDTHS = (8, 16, 32)
N_EPOCHS, BATCH, N_MARKS = 60, 32, 20
LARGEST_WEIGHT, N_BINS = 0.6, 61  # of the histograms; weights beyond are counted in the last bin
L1_SHOWN, L2_SHOWN, DROPOUT_SHOWN = 3e-3, 1e-2, 0.3
ONE_PLACE = 1.0 / SIDE  # shift of one place
USES = (
    RemedyUse("augmentation", ONE_PLACE, "shift"),
    RemedyUse("augmentation", 0.3, "noise"),
    RemedyUse("augmentation", 1.0, "noise"),
    RemedyUse("augmentation", 4.0, "noise"),
    RemedyUse("dropout", DROPOUT_SHOWN),
    RemedyUse("dropout", 0.5),
    RemedyUse("l1", 1e-3),
    RemedyUse("l1", L1_SHOWN),
    RemedyUse("l2", 1e-3),
    RemedyUse("l2", L2_SHOWN),
)
OTHER_WAY = RemedyUse("dropout", DROPOUT_SHOWN, "at test")
NAMES = {
    "early_stopping": "early stopping",
    "fewer_parameters": "fewer parameters",
    "augmentation": "augmentation",
    "dropout": "dropout",
    "l1": "L1",
    "l2": "L2",
}
HAND_MADE = (
    (0.9, 0.7, 0.6, 0.5, 0.55, 0.65),
    (0.9, 0.7, 0.71, 0.5, 0.4, 0.42, 0.46),
    (0.9, 0.6, 0.61, 0.62, 0.55, 0.63, 0.7, 0.8),
)
RULES = (
    ("pseudocode", StoppingRule("lecture")),
    ("patience 1", StoppingRule("patience", patience=1)),
    ("patience 3", StoppingRule("patience", patience=3)),
    ("best epoch", StoppingRule("best")),
)


@dataclass(frozen=True)
class Rows:
    """The rows of the demo.

    Args:
        data: for training and evidence.
        features: float32 [N, D], standardized.
        given: float64 [N], labels as given, some of them wrong.
        wrong: int64, fit rows with a wrong label.
        pictures: float32 [N, H, W], 0 (paper) to 1 (ink).
        fit: int64, fit rows.
    """

    data: DemoData
    features: FloatArray
    given: DoubleArray
    wrong: IndexArray
    pictures: FloatArray
    fit: IndexArray


def run_demo(request: DemoRequest) -> DemoOutcome:
    """Train the same network without and with each of the five remedies, and let the evidence say what each is worth.

    Args:
        request: what is asked for.

    Returns:
        A `RemediesRecord` and its page.
    """
    rows = draw_rows(request)
    n_seeds = 3 if request.is_small else N_SEEDS
    schedule = _plan(len(rows.fit), 45 if request.is_small else N_EPOCHS)
    plain, *others = _train(rows, schedule, n_seeds, request)
    record = _collect(rows, plain, others, seed=request.seed)
    return DemoOutcome(record, show_remedies(record))


def draw_rows(request: DemoRequest) -> Rows:
    """Lay the digits somewhere on a larger sheet and write a fifth of the labels down wrong.

    Args:
        request: its seed decides where and which.

    Returns:
        `Rows`.
    """
    digits = read_digits()
    rng = np.random.default_rng([request.seed, 5])
    n_rows = len(digits.target)
    pictures = np.zeros((n_rows, SIDE, SIDE), np.float32)
    starts = rng.integers(0, 2 * MARGIN + 1, (n_rows, 2))
    for sheet, picture, (row, column) in zip(pictures, digits.values, starts, strict=True):
        sheet[row : row + 8, column : column + 8] = picture
    is_wrong = rng.random(n_rows) < WRONG_SHARE
    moved = (digits.target + rng.integers(1, N_CLASSES, n_rows)) % N_CLASSES
    given = np.where(is_wrong, moved, digits.target)
    n_fit, n_validation = (300, 400) if request.is_small else (N_FIT, N_VALIDATION)
    fit, validation = split_rows(digits.target, n_fit, n_validation=n_validation, seed=request.seed)
    flat = pictures.reshape(n_rows, -1)
    features = ((flat - flat[fit].mean()) / flat[fit].std()).astype(np.float32)
    layout = InputLayout("picture", (SIDE, SIDE, 1))
    data = build_data(features, given, task=Task.MULTICLASS, folds=[Fold(fit, validation)], layout=layout)
    return Rows(data, features, given, fit[is_wrong[fit]], pictures, fit)


def _plan(n_fit: int, n_epochs: int) -> Schedule:
    marks = np.unique(np.geomspace(1, n_epochs, N_MARKS).round().astype(int))
    return Schedule(BATCH, -(-n_fit // BATCH), n_epochs, tuple(int(mark) for mark in marks))


def _make_rung(index: int, width: int) -> Rung:
    widths = (width, width)
    return Rung(index, widths, count_parameters(SIDE * SIDE, widths, N_CLASSES), LEARNING_RATE)


def _train(rows: Rows, schedule: Schedule, n_seeds: int, request: DemoRequest) -> tuple[Networks, ...]:
    """Train all arms: plain, smaller networks, every use, and dropout the other way."""
    rung = _make_rung(len(SMALLER_WIDTHS), WIDTH)
    configurations = [apply_remedies(rung, ())]
    configurations += [apply_remedies(_make_rung(i, width), ()) for i, width in enumerate(SMALLER_WIDTHS)]
    configurations += [apply_remedies(rung, (use,)) for use in (*USES, OTHER_WAY)]
    seeds = range(request.seed * N_SEEDS, request.seed * N_SEEDS + n_seeds)
    shapes = {(width, width): (WIDTH, WIDTH) for width in SMALLER_WIDTHS}  # one program for all sizes
    return train_networks(
        rows.data, schedule, configurations, seeds=seeds, request=request, phase="remedies", shapes=shapes
    )


def _collect(rows: Rows, plain: Networks, others: Sequence[Networks], *, seed: int) -> RemediesRecord:
    judge = rows.data.judge
    verdict = judge_ladder([plain.run], judge)
    faults = cost_of_faults(plain.run, judge)
    *arms, other_way = others
    edges = np.linspace(-LARGEST_WEIGHT, LARGEST_WEIGHT, N_BINS + 1)
    shown = [plain, _find(arms, "l1", L1_SHOWN), _find(arms, "l2", L2_SHOWN)]
    return RemediesRecord(
        n_fit=len(rows.fit),
        n_wrong=len(rows.wrong),
        n_validation=len(judge.constant_losses),
        n_seeds=plain.run.losses.shape[1],
        constant_loss=rows.data.constant_loss,
        tolerance=judge.delta,
        plain_word=verdict.word,
        plain_sentence=verdict.per_rung[0][0].sentence,
        onset=verdict.onset[0],
        seed_epochs=tuple(int(epoch) + 1 for epoch in plain.run.validation_curve.argmin(axis=1)),
        arms=_describe_arms(rows, plain, arms),
        remedies=_compare(rows, plain, arms),
        stops=read_stops(),
        fault_sentences=tuple(fault.sentence for fault in faults),
        fault_costs=tuple((fault.cost, fault.low, fault.high) for fault in faults),
        dropout=_check_dropout(rows, _find(arms, "dropout", DROPOUT_SHOWN), other_way),
        edges=edges,
        weights=tuple(_count_weights(networks, edges) for networks in shown),
        pictures=_show_augmentation(rows, seed),
    )


def _find(arms: Sequence[Networks], name: str, strength: float) -> Networks:
    return next(
        arm
        for arm in arms
        if [(u.name, u.strength) for u in arm.run.configuration.remedies] == [(name, strength)]
    )


def name_arm(configuration: Configuration) -> str:
    """Say in words what is special about a configuration.

    Example:
        >>> rung = Rung(3, (64, 64), 11274, 0.003)
        >>> name_arm(apply_remedies(rung, (RemedyUse("augmentation", 0.3, "noise"),)))
        'noise 0.3'
        >>> name_arm(apply_remedies(Rung(0, (8, 8), 970, 0.003), ()))
        '8 + 8 units'
    """
    if not configuration.remedies:
        widths = configuration.rung.widths
        return "plain" if widths == (WIDTH, WIDTH) else " + ".join(map(str, widths)) + " units"
    use = configuration.remedies[0]
    if use.detail == "shift":
        return f"shift by {round(use.strength * SIDE)} place"
    name = use.detail if use.name == "augmentation" else NAMES[use.name]
    return f"{name} {use.strength:g}"


def _describe_arms(rows: Rows, plain: Networks, arms: Sequence[Networks]) -> tuple[ArmResult, ...]:
    """Each arm against the plain network; all comparisons are one family."""
    named = {name_arm(arm.run.configuration): [arm.run] for arm in arms}
    _, *results = compare_remedies(plain.run, named, rows.data.judge)
    unknown = float("nan")
    nothing = (unknown, unknown, unknown)
    first = RemedyResult("plain", 0.0, "", nothing, nothing, "", "", "")
    return tuple(
        _describe_arm(rows, networks, result)
        for networks, result in zip((plain, *arms), (first, *results), strict=True)
    )


def _describe_arm(rows: Rows, networks: Networks, result: RemedyResult) -> ArmResult:
    run = networks.run
    configuration = run.configuration
    said = predict_networks(networks, rows.features[rows.wrong]).argmax(axis=2)
    remedy = configuration.remedies[0].name if configuration.remedies else "fewer_parameters"
    return ArmResult(
        name=name_arm(configuration),
        remedy="" if result.name == "plain" else NAMES[remedy],
        n_parameters=configuration.rung.n_parameters,
        training=run.train_curve.astype(np.float64),
        validation=run.validation_curve.astype(np.float64),
        best_epoch=int(run.validation_curve.mean(axis=0).argmin()) + 1,
        known_by_heart=float(np.mean(said == rows.given[rows.wrong])),
        zero_share=run.zero_share.mean(axis=0, dtype=np.float64),
        at_end=result.at_end,
        early_stopped=result.early_stopped,
        outcome_at_end=result.outcome_at_end,
        outcome=result.outcome,
    )


def _compare(rows: Rows, plain: Networks, arms: Sequence[Networks]) -> tuple[RemedyRow, ...]:
    """The five remedies, each at the strength that is chosen without the rows it is judged on."""
    table: dict[str, list] = {}
    for arm in arms:
        uses = arm.run.configuration.remedies
        table.setdefault(uses[0].name if uses else "fewer_parameters", []).append(arm.run)
    results = compare_remedies(plain.run, table, rows.data.judge)
    return tuple(
        RemedyRow(
            NAMES[result.name],
            result.at_end,
            result.early_stopped,
            result.outcome_at_end,
            result.outcome,
            result.sentence,
        )
        for result in results
    )


def read_stops() -> tuple[StopRow, ...]:
    """Read lists of losses written by hand with each rule of early stopping.

    Returns:
        One row a list and rule.

    Example:
        >>> [(row.rule, row.stops, row.keeps) for row in read_stops()[4:6]]
        [('pseudocode', 3, 3), ('patience 1', 3, 2)]
    """
    rows = []
    for losses in HAND_MADE:
        for words, rule in RULES:
            stop = find_stop(rule, losses)
            rows.append(StopRow(losses, words, stop.epoch, stop.kept, losses[stop.kept - 1], stop.has_fired))
    return tuple(rows)


def _check_dropout(rows: Rows, divides: Networks, multiplies: Networks) -> DropoutCheck:
    """Hold the two ways of dropout against each other: the same network, and two trainings."""
    use, judge = divides.run.configuration.remedies[0], rows.data.judge
    _, result = compare_remedies(divides.run, {"dropout": [multiplies.run]}, judge)
    return DropoutCheck(
        rate=use.strength,
        largest_difference=_rewrite_and_compare(divides, rows.features),
        outcome=result.outcome_at_end,
        change=result.at_end,
    )


def _rewrite_and_compare(divides: Networks, features: FloatArray) -> float:
    """Largest change of a probability when networks that divide while training are rewritten to multiply at the test.

    What is kept is divided by the keep share 1 - p before it meets the weights: the same as dividing the weights. So
    the weights behind each dropout are divided by 1 - p, and at the test every value there is multiplied by it.
    """
    configuration = divides.run.configuration
    hyper = replace(configuration.hyper, scales_test=True)
    params = tuple(
        (layer[0] / np.float32(1.0 - rate), *layer[1:])
        for layer, rate in zip(divides.results.params, hyper.dropout, strict=True)
    )
    rewritten = Networks(
        run=replace(divides.run, configuration=replace(configuration, hyper=hyper)),
        net=divides.net,
        results=replace(divides.results, params=params),
    )
    one, other = (_find_probabilities(networks, features) for networks in (divides, rewritten))
    return float(np.abs(one - other).max())


def _find_probabilities(networks: Networks, features: FloatArray) -> DoubleArray:
    outputs = predict_networks(networks, features).astype(np.float64)
    powers = np.exp(outputs - outputs.max(axis=2, keepdims=True))
    return powers / powers.sum(axis=2, keepdims=True)


def _count_weights(networks: Networks, edges: DoubleArray) -> WeightsResult:
    weights = np.asarray(networks.results.params[0][0], np.float64).ravel()
    inside = np.clip(weights, edges[0] + 1e-9, edges[-1] - 1e-9)
    counts = np.histogram(inside, edges)[0].astype(np.float64) / len(networks.results.alive)
    zeros = float(networks.run.zero_share[:, 0].mean())
    return WeightsResult(name_arm(networks.run.configuration), counts, zeros)


def _show_augmentation(rows: Rows, seed: int) -> tuple[tuple[str, FloatArray], ...]:
    """One fit picture of a three, and what each augmentation makes of it."""
    place = rows.fit[0]
    layout = InputLayout("picture", (SIDE, SIDE, 1))
    uses = [use for use in USES if use.name == "augmentation"]
    made = augment_examples(layout, rows.features[place][None], uses, seed)
    rung = _make_rung(0, WIDTH)
    named = [name_arm(apply_remedies(rung, (use,))) for use in uses]
    pictures = [("as it is", rows.pictures[place])]
    pictures += [(name, np.asarray(one[0, :, :, 0])) for name, one in zip(named, made, strict=True)]
    return tuple(pictures)
