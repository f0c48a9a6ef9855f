"""The ladder: from the number of rows and inputs follow the sizes of network, the steps and the learning rates.

One dial, the position on the ladder, sets width, depth and learning rate; the size of the data sets batch size and
number of epochs. Each constant says what it rests on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.errors import UsageError
from heldout.nets import count_parameters
from heldout.records import Hyper, Rung

SMALLEST_WIDTH = 4  # assumption: below four units a network is hardly more than the linear rung
LARGEST_WIDTH = 512  # measured: one step of 512 x 512 costs 5 ms on one core, the limit of a study in minutes
DEEP_FROM = 16  # assumption: two hidden layers from this width on, one below
WEIGHTS_PER_ROW = (
    20  # the largest rung holds at least so many weights per fit row: ten times past interpolation
)
LEAST_LARGEST = 20_000  # weights of the largest rung on tiny data
RATES = (3e-4, 1e-3, 3e-3)  # candidates for wide rungs; measured on tables, a wrong rate fakes underfitting
CHECKPOINTS = (
    20  # geometric epochs with per-row losses; twenty lose nothing for the verdict (verdicts, section 10)
)


@dataclass(frozen=True)
class Schedule:
    """How long and in which steps every network of a study is trained.

    Args:
        batch_size: rows of one step.
        n_steps: steps of one epoch.
        n_epochs: epochs; ladder and remedy networks always run to the last one.
        checkpoints: epochs (1-based) at which per-row losses are kept.
    """

    batch_size: int
    n_steps: int
    n_epochs: int
    checkpoints: tuple[int, ...]


def grow_ladder(n_inputs: int, n_outputs: int, n_rows: int, *, n_rungs: int) -> tuple[Rung, ...]:
    """Lay out the rungs, from linear to far past the size that can memorise the fit rows.

    Args:
        n_inputs: features.
        n_outputs: outputs.
        n_rows: fit rows of one network.
        n_rungs: number of rungs, at least 2.

    Returns:
        Rungs with strictly growing numbers of parameters; the learning rate is the middle candidate until it is
        chosen.

    Raises:
        UsageError: fewer than two rungs.

    Example:
        >>> [rung.widths for rung in grow_ladder(20, 1, 200, n_rungs=4)]
        [(), (4,), (24, 24), (136, 136)]
        >>> grow_ladder(20, 1, 200, n_rungs=1)
        Traceback (most recent call last):
        heldout.errors.UsageError: a ladder needs at least 2 rungs, got 1
    """
    if n_rungs < 2:
        raise UsageError(f"a ladder needs at least 2 rungs, got {n_rungs}")
    # many inputs times many outputs make a large linear rung: the largest one must still be larger
    linear = count_parameters(n_inputs, (), n_outputs)
    wanted = max(LEAST_LARGEST, WEIGHTS_PER_ROW * n_rows, 2 * linear)
    largest = next(
        (
            width
            for width in range(32, LARGEST_WIDTH, 8)
            if count_parameters(n_inputs, (width, width), n_outputs) >= wanted
        ),
        LARGEST_WIDTH,
    )
    widths = [_round_width(width) for width in np.geomspace(SMALLEST_WIDTH, largest, max(n_rungs - 1, 2))]
    layers = [(), *((width,) if width < DEEP_FROM else (width, width) for width in widths[-(n_rungs - 1) :])]
    rungs: list[Rung] = []
    for shape in layers:
        size = count_parameters(n_inputs, shape, n_outputs)
        if not rungs or size > rungs[-1].n_parameters:
            rungs.append(Rung(len(rungs), shape, size, candidate_rates(shape)[1]))
    return tuple(rungs)


def _round_width(width: float) -> int:
    """Round to multiples of 8 (4 below 16), which fill the vector registers."""
    unit = 4 if width < DEEP_FROM else 8
    return max(SMALLEST_WIDTH, int(round(width / unit)) * unit)


def candidate_rates(widths: tuple[int, ...]) -> tuple[float, float, float]:
    """Give the three learning rates tried on a rung: narrower layers take larger steps.

    Example:
        >>> candidate_rates(())
        (0.003, 0.01, 0.03)
    """
    if not widths:
        return (0.003, 0.01, 0.03)
    factor = 3.0 if widths[0] < DEEP_FROM else 1.0
    low, middle, high = (round(rate * factor, 6) for rate in RATES)
    return (low, middle, high)


def plan_schedule(n_fit: int, *, effort: float = 1.0) -> Schedule:
    """Derive batch size, epochs and checkpoints from the number of fit rows.

    Args:
        n_fit: fit rows of one network.
        effort: factor on the number of steps (1 standard).

    Example:
        >>> plan_schedule(200).n_epochs, plan_schedule(10_000).batch_size
        (143, 256)
    """
    # measured on heart (194 rows) and california (13,000): about 1,000 steps are past the best epoch of every rung
    # on small data, 1,600 on large ones
    batch = next(
        size
        for size, limit in ((32, 1500), (64, 4000), (128, 8000), (256, 60_000), (512, 1 << 60))
        if n_fit < limit
    )
    batch = min(batch, n_fit)
    n_steps = -(-n_fit // batch)
    total = effort * (1000 if n_fit < 1500 else 1600)
    n_epochs = int(np.clip(round(total / n_steps), 20, 150))
    marks = np.unique(np.geomspace(1, n_epochs, CHECKPOINTS).round().astype(int))
    return Schedule(batch, n_steps, n_epochs, tuple(int(mark) for mark in marks))


def plain_hyper(rung: Rung, *, learning_rate: float | None = None) -> Hyper:
    """Give the training inputs of a rung without any remedy.

    Example:
        >>> plain_hyper(Rung(0, (), 3, 0.01)).dropout
        (0.0,)
    """
    zeros = (0.0,) * (len(rung.widths) + 1)
    return Hyper(learning_rate or rung.learning_rate, dropout=zeros, l1=zeros, l2=zeros)
