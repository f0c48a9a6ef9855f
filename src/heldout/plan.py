"""The plan of a study: how many networks of which size, and how long that takes, before anything is trained."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import NamedTuple

from heldout.errors import UsageError
from heldout.ladder import (
    Schedule,
    grow_kind_ladder,
    grow_ladder,
    make_net,
    order_rungs,
    plan_schedule,
    thin_ladder,
)
from heldout.ladder.expected import HALVES, RATES_TRIED, Phase, expect_phases
from heldout.nets import count_embedded, count_products, list_layers
from heldout.records import InputLayout, Rung

# (rungs, seeds, strengths) of each preset
PRESETS = {"quick": (5, 3, 2), "standard": (8, 5, 3), "thorough": (12, 8, 5)}
# Studies of pictures, texts and signals are cut to what people wait for: five minutes, half an hour more for each sixty
# million pixels, points or words, and up to twenty minutes for large examples, each of which costs more however
# few there are (assumptions; see docs/results.md for what comes out).
LEAST_WAIT, WAIT_PER_NUMBER = 300.0, 30e-6
WAIT_PER_SIZE, LARGE_EXAMPLE = 0.3, 4_000  # seconds for each number of an example, and how many count
WAIT_FACTOR = {"quick": 0.5, "standard": 1.0, "thorough": 5.0}
LEAST_KIND_RUNGS, MOST_KIND_RUNGS = 3, 99
FEWEST_RUNGS = 2  # a ladder compares sizes
EXPECTED_REMEDIES = 4  # augmentation, dropout, l1, l2: those that need training
LEAST_ROWS_FOR_SUBSET = 12_000  # above so many fit rows ladder and remedies run on a nested subset
SUBSET_ROWS = 8_000
FLOPS_PER_SECOND = (
    5e10  # one core; measured 3e10 to 1e11 for 64 to 512 units (a fixed figure: plans must not vary)
)
SECONDS_PER_STEP = 1.2e-5  # fixed cost of a step, measured on a linear rung
SECONDS_PER_EMBEDDED = 1.3e-9  # measured: 4.3 ms a step for 50,000 words of 64 numbers
LEAST_ROWS_WITHOUT_PERMUTATION = 200
PERMUTED_NETWORKS = (
    240  # 199 permutations of three rungs at two fifths of the steps, in networks of the whole length
)
DELIVERY_EFFORT = 1.5  # more rows bear more steps; training stops by itself when the validation loss does
LONGER = 3  # times the ladder's epochs for delivered networks whose loss still fell at the end of them
ASSUMED_CORES = 2  # a plan must be the same on every machine; more cores only end it earlier
COMPILE_SECONDS = 3.0  # one program, cold
READ_SECONDS = 8.0  # reading, audit, baselines, report
SAFE_SHARE = 0.7  # a plan may use so much of the budget: the estimate is +-40 %


class Lean(NamedTuple):
    """A smaller plan that is tried where the preset's own would take too long.

    Args:
        n_rungs: sizes of the ladder.
        n_seeds: seeds.
        n_strengths: strengths of each remedy.
        n_fit: fit rows of the ladder's networks.
        effort: factor on the number of steps.
    """

    n_rungs: int
    n_seeds: int
    n_strengths: int
    n_fit: int
    effort: float


LEAN = (
    Lean(6, 3, 2, SUBSET_ROWS, 1.0),
    Lean(6, 3, 2, SUBSET_ROWS // 2, 0.7),
    Lean(5, 3, 2, SUBSET_ROWS // 2, 0.5),
    Lean(5, 3, 2, SUBSET_ROWS // 4, 0.5),
)
# Only where the smallest three sizes take too long even so: a few large pictures.
LEANEST = (Lean(4, 3, 2, SUBSET_ROWS // 4, 0.25), Lean(4, 3, 2, SUBSET_ROWS // 8, 0.125))


@dataclass(frozen=True)
class Plan:
    """What a study is going to train.

    Args:
        preset: its name.
        rungs: the ladder.
        schedule: steps and epochs of the ladder and remedy networks.
        n_seeds: seeds of each configuration.
        n_folds: folds.
        n_strengths: strengths of each remedy.
        n_fit: fit rows of one network of the ladder.
        n_fit_all: fit rows of the delivered networks (larger where the ladder runs on a subset).
        seconds: estimated time of the whole study.
        budget_seconds: the user's limit, or 0.
        shapes: pairs of a rung's widths and the widths of the program it runs in.
        n_rates: learning rates tried at each rung; 1 where the user fixed one.
    """

    preset: str
    rungs: tuple[Rung, ...]
    schedule: Schedule
    n_seeds: int
    n_folds: int
    n_strengths: int
    n_fit: int
    n_fit_all: int
    seconds: float
    budget_seconds: float = 0.0
    shapes: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = ()
    n_rates: int = RATES_TRIED


@dataclass(frozen=True)
class Wishes:
    """What the user asks of every network, beside preset and budget.

    Args:
        largest: weights above which no network is tried; None for any number.
        n_seeds: seeds of each configuration; None for the preset's number.
        learning_rate: of every rung; None where it is searched.
        weight_decay: decoupled decay of every network.
        label_smoothing: of every network.
    """

    largest: int | None = None
    n_seeds: int | None = None
    learning_rate: float | None = None
    weight_decay: float = 0.0
    label_smoothing: float = 0.0


@dataclass(frozen=True)
class Sizes:
    """The sizes a plan follows from.

    Args:
        n_inputs: features.
        n_outputs: outputs; 1 for classes in order, which are steps on one scale.
        n_fit: fit rows of one fold.
        n_validation: validation rows of one fold.
        n_folds: folds.
        layout: what the numbers of a row are; None for numbers in any order.
        n_steps: classes in order; 0 where they have none.
        wishes: what the user asks of every network.
    """

    n_inputs: int
    n_outputs: int
    n_fit: int
    n_validation: int
    n_folds: int
    layout: InputLayout | None = None
    n_steps: int = 0
    wishes: Wishes = Wishes()


def parse_budget(text: str) -> float:
    """Read a time such as "90s", "5m" or "1h" as seconds.

    Raises:
        UsageError: not a time.

    Example:
        >>> parse_budget("5m")
        300.0
        >>> parse_budget("soon")
        Traceback (most recent call last):
        heldout.errors.UsageError: budget 'soon' is not a time
          -> write a number with s, m or h, e.g. --budget 5m
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", text)
    if not match or float(match[1]) <= 0:
        raise UsageError(
            f"budget {text!r} is not a time", hint="write a number with s, m or h, e.g. --budget 5m"
        )
    return float(match[1]) * {"s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0}[match[2]]


def make_plan(sizes: Sizes, *, preset: str, budget: str | None) -> Plan:
    """Derive the plan from the sizes of the data, the preset and the budget.

    With a budget the largest plan is taken whose estimate fits; rates of the machine are fixed figures, so that the
    same data and options give the same plan.

    Raises:
        UsageError: the budget does not hold the seeds (3, or as many as were asked for) of 2 rungs.
    """
    full = _build(sizes, preset, 1.0)
    if budget is None:
        return full
    seconds = parse_budget(budget)
    names = [name for name in ("thorough", "standard", "quick") if PRESETS[name] <= PRESETS[preset]]
    smaller = [_build(sizes, name, effort) for name in names for effort in (1.0, 0.6)]
    least = replace(_build(sizes, "quick", 0.4), preset="least")
    least = replace(
        least, rungs=least.rungs[:FEWEST_RUNGS], seconds=_estimate(sizes, least, least.rungs[:FEWEST_RUNGS])
    )
    for plan in (*smaller, least):
        if plan.seconds <= SAFE_SHARE * seconds:
            return replace(plan, budget_seconds=seconds)
    needed = least.seconds / SAFE_SHARE
    raise UsageError(
        f"a budget of {budget!r} is too small: {least.n_seeds} seeds of {FEWEST_RUNGS} rungs need about "
        f"{needed:.0f} seconds here",
        hint=f"try --budget {needed + 5:.0f}s",
    )


def _build(sizes: Sizes, preset: str, effort: float) -> Plan:
    if sizes.layout is not None:
        return _build_kind(sizes, sizes.layout, preset, effort)
    n_rungs, n_seeds, n_strengths = PRESETS[preset]
    n_seeds = sizes.wishes.n_seeds or n_seeds
    n_fit = sizes.n_fit if sizes.n_fit <= LEAST_ROWS_FOR_SUBSET or sizes.n_folds > 1 else SUBSET_ROWS
    schedule = plan_schedule(n_fit, effort=effort)
    rungs = _limit(grow_ladder(sizes.n_inputs, sizes.n_outputs, n_fit, n_rungs=n_rungs), sizes)
    shapes = bucket_widths(
        rungs, schedule, n_members=2 * n_seeds * sizes.n_folds, n_evaluated=2 * sizes.n_validation
    )
    counts = (n_seeds, sizes.n_folds, n_strengths, n_fit, sizes.n_fit)
    plan = Plan(preset, rungs, schedule, *counts, 0.0, shapes=shapes, n_rates=_count_rates(sizes))
    return replace(plan, seconds=_estimate(sizes, plan, rungs))


def _count_rates(sizes: Sizes) -> int:
    return RATES_TRIED if sizes.wishes.learning_rate is None else 1


def _build_kind(sizes: Sizes, layout: InputLayout, preset: str, effort: float) -> Plan:
    """Plan a study of pictures, texts or signals: the largest network and the widest plan that people wait for.

    One such network can cost more than a whole study of a table, so that time decides here: first which is the largest
    network that the leanest plan affords in half of the time, then how many rungs, seeds, strengths, rows and steps
    the time holds. Each size has a program of its own.
    """
    asked = sizes.wishes.n_seeds
    # who asks for more seeds waits longer: smaller networks or fewer rows would answer another question
    longer = max(1.0, (asked or 0) / PRESETS[preset][1])
    limit = wait_seconds(sizes.n_fit, layout, preset=preset) * effort * longer
    attends = preset == "thorough"
    grown = grow_kind_ladder(layout, sizes.n_outputs, n_rungs=MOST_KIND_RUNGS, attends=attends)
    every = _limit(grown, sizes)
    leans = (Lean(*PRESETS[preset], SUBSET_ROWS, 1.0), *LEAN)

    def plan(lean: Lean, n_sizes: int) -> Plan:
        n_fit = sizes.n_fit if sizes.n_fit <= 1.5 * lean.n_fit or sizes.n_folds > 1 else lean.n_fit
        rungs = thin_ladder(every[:n_sizes], min(lean.n_rungs, PRESETS[preset][0]))
        schedule = plan_schedule(n_fit, effort=effort * lean.effort, layout=layout)
        counts = (asked or lean.n_seeds, sizes.n_folds, lean.n_strengths, n_fit, sizes.n_fit)
        made = Plan(preset, rungs, schedule, *counts, 0.0, n_rates=_count_rates(sizes))
        return replace(made, seconds=_estimate(sizes, made, rungs))

    n_sizes = len(every)
    while n_sizes > LEAST_KIND_RUNGS and plan(leans[-1], n_sizes).seconds > limit / 2:
        n_sizes -= 1
    plans = [plan(lean, n_sizes) for lean in (*leans, *LEANEST)]
    return next((made for made in plans if made.seconds <= limit), plans[-1])


def _limit(rungs: tuple[Rung, ...], sizes: Sizes) -> tuple[Rung, ...]:
    """Give the rungs their outputs for classes in order and what the user asks of all, leave out those too large."""
    wishes = sizes.wishes
    rungs = order_rungs(rungs, sizes.n_steps) if sizes.n_steps else rungs
    limit = math.inf if wishes.largest is None else wishes.largest
    n_small = sum(rung.n_parameters <= limit for rung in rungs)
    return tuple(
        replace(
            rung,
            learning_rate=wishes.learning_rate or rung.learning_rate,
            weight_decay=wishes.weight_decay,
            label_smoothing=wishes.label_smoothing,
        )
        for rung in rungs[: max(n_small, FEWEST_RUNGS)]
    )


def count_validation(n_fit: int) -> int:
    """Give the validation rows at most that are read where the ladder runs on a subset of so many fit rows.

    They are read after every epoch: more would cost more than half of the training.

    Example:
        >>> count_validation(8_000), count_validation(2_000)
        (5000, 2000)
    """
    return min(5_000, max(2_000, n_fit * 5 // 8))


def wait_seconds(n_fit: int, layout: InputLayout, *, preset: str) -> float:
    """Give the time that a study of pictures, texts or signals may take where no budget is named.

    Args:
        n_fit: fit rows.
        layout: shape of one example.
        preset: its name.

    Example:
        >>> wait_seconds(54_000, InputLayout("picture", (28, 28, 1)), preset="standard") < 35 * 60
        True
    """
    size = math.prod(layout.shape)
    waited = LEAST_WAIT + WAIT_PER_NUMBER * n_fit * size + WAIT_PER_SIZE * min(size, LARGE_EXAMPLE)
    return WAIT_FACTOR[preset] * waited


def rung_seconds(rung: Rung, sizes: Sizes, schedule: Schedule) -> float:
    """Estimate the time one core needs to train one network of a rung on data of these sizes."""
    n_validation = sizes.n_validation
    if schedule.batch_size * schedule.n_steps < sizes.n_fit:  # a subset of the rows
        n_validation = min(n_validation, count_validation(schedule.batch_size * schedule.n_steps))
    n_evaluated = 2 * n_validation
    if sizes.layout is None:
        return member_seconds(rung.n_parameters, schedule, n_evaluated)
    net = make_net(rung, sizes.layout, sizes.n_outputs)
    return member_seconds(
        count_products(list_layers(net)), schedule, n_evaluated, n_embedded=count_embedded(net)
    )


def member_seconds(n_products: int, schedule: Schedule, n_evaluated: int, *, n_embedded: int = 0) -> float:
    """Estimate the time one core needs to train one network.

    Args:
        n_products: multiplications of one example's way through it (`nets.count_products`).
        schedule: its steps.
        n_evaluated: rows evaluated after each epoch.
        n_embedded: numbers of the table of word vectors, which every step updates as a whole.
    """
    step = (
        SECONDS_PER_STEP
        + n_embedded * SECONDS_PER_EMBEDDED
        + 6.0 * n_products * schedule.batch_size / FLOPS_PER_SECOND
    )
    evaluation = 2.0 * n_products * n_evaluated / FLOPS_PER_SECOND
    return schedule.n_epochs * (schedule.n_steps * step + evaluation)


def stretch_to_all_rows(n_products: int, n_fit: int, n_all: int, *, n_validation: int) -> float:
    """Give how many times as long a network takes on all fit rows as on the subset the ladder ran on.

    Whoever does without a study trains on all rows: that is what its price is held against.

    Args:
        n_products: multiplications of one example's way through the network.
        n_fit: fit rows of the ladder.
        n_all: all fit rows.
        n_validation: validation rows, the same in both.

    Returns:
        1.0 where the ladder ran on all rows.

    Example:
        >>> stretch_to_all_rows(10_000, 800, 800, n_validation=400)
        1.0
        >>> stretch_to_all_rows(10_000, 8_000, 64_000, n_validation=5_000) > 1.5
        True
    """
    few, every = (
        member_seconds(n_products, plan_schedule(rows), 2 * n_validation) for rows in (n_fit, n_all)
    )
    return every / few


def bucket_widths(
    rungs: tuple[Rung, ...], schedule: Schedule, *, n_members: int, n_evaluated: int
) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]:
    """Decide which rungs share a program: a narrow rung runs in a wider one where that is cheaper than compiling.

    Unused units have zero weights and stay so; the choice rests on fixed rates, never on the state of the cache.

    Args:
        rungs: the ladder.
        schedule: its steps.
        n_members: networks that will be trained at one rung (seeds, folds and an allowance for remedies).
        n_evaluated: rows evaluated after each epoch.

    Returns:
        For each rung: its widths, and those of its program (of the same depth).

    Example:
        >>> rungs = (Rung(0, (), 9, 0.01), Rung(1, (4,), 40, 0.01), Rung(2, (8,), 80, 0.01))
        >>> bucket_widths(rungs, Schedule(32, 5, 50, (1, 50)), n_members=50, n_evaluated=100)
        (((), ()), ((4,), (8,)), ((8,), (8,)))
    """
    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = []
    bucket: Rung | None = None
    for rung in sorted(rungs, key=lambda rung: rung.index, reverse=True):
        if bucket is None or len(bucket.widths) != len(rung.widths):
            bucket = rung
        else:
            extra = member_seconds(bucket.n_parameters, schedule, n_evaluated) - member_seconds(
                rung.n_parameters, schedule, n_evaluated
            )
            if n_members * extra > COMPILE_SECONDS:
                bucket = rung
        pairs.append((rung.widths, bucket.widths))
    return tuple(reversed(pairs))


def count_networks(plan: Plan, *, n_uses: int) -> tuple[int, int]:
    """Count the networks of a study's comparison: as many as are expected, and as many as there can be.

    Args:
        plan: rungs, seeds, folds.
        n_uses: strengths of all remedies together.

    Example:
        >>> count_networks(make_plan(Sizes(20, 1, 800, 200, 1), preset="standard", budget=None), n_uses=12)
        (114, 144)
    """
    phases = _list_phases(plan, len(plan.rungs), n_uses)
    return round(sum(phase.n_networks for phase in phases)), round(sum(phase.at_most for phase in phases))


def _list_phases(plan: Plan, n_rungs: int, n_uses: int) -> tuple[Phase, ...]:
    has_halves = plan.preset != "quick" and plan.n_seeds >= HALVES
    return expect_phases(
        n_rungs,
        n_seeds=plan.n_seeds,
        n_folds=plan.n_folds,
        n_uses=n_uses,
        has_halves=has_halves,
        n_rates=plan.n_rates,
    )


def _estimate(sizes: Sizes, plan: Plan, rungs: tuple[Rung, ...]) -> float:
    """Estimate the wall time of the study with no program compiled yet, on two cores."""
    # a narrow rung costs what the program costs that it runs in
    wide = {rung.widths: rung for rung in rungs}
    program = {own: wide[shared] for own, shared in plan.shapes if shared in wide}
    run_as = [program.get(rung.widths, rung) for rung in rungs]
    each = [rung_seconds(rung, sizes, plan.schedule) for rung in run_as]
    phases = _list_phases(plan, len(rungs), EXPECTED_REMEDIES * plan.n_strengths)
    trained = sum(phase.n_networks * each[phase.place] for phase in phases)
    typical = len(rungs) // 2
    delivered = each[typical]
    n_programs = 1 + (len({shape for _, shape in plan.shapes}) or len(rungs))  # one more with augmentation
    if plan.n_fit < plan.n_fit_all:
        whole = plan_schedule(plan.n_fit_all, effort=DELIVERY_EFFORT, layout=sizes.layout)
        delivered = rung_seconds(run_as[typical], sizes, whole)
        n_programs += 1
    elif plan.n_folds == 1 and plan.preset != "quick":
        delivered *= 1 + LONGER
        n_programs += 1
    delivery = delivered * plan.n_seeds * plan.n_folds
    permutations = 0.0
    if sizes.n_folds > 1 and sizes.n_fit + sizes.n_validation < LEAST_ROWS_WITHOUT_PERMUTATION:
        permutations = PERMUTED_NETWORKS * sizes.n_folds * each[len(each) // 3]
    on_all_cores = COMPILE_SECONDS * n_programs + trained + delivery + permutations
    return READ_SECONDS + on_all_cores / ASSUMED_CORES
