"""The ladder for tables: from the number of rows and inputs follow the sizes of fully connected networks.

One dial, the position on the ladder, sets width, depth and learning rate; the size of the data sets batch size and
number of epochs. Each constant says what it rests on.
"""

from __future__ import annotations

import numpy as np

from heldout.errors import UsageError
from heldout.ladder.schedule import DEEP_FROM, candidate_rates
from heldout.nets import count_parameters
from heldout.records import Rung

SMALLEST_WIDTH = 4  # assumption: below four units a network is hardly more than the linear rung
LARGEST_WIDTH = 512  # measured: one step of 512 x 512 costs 5 ms on one core, the limit of a study in minutes
WEIGHTS_PER_ROW = (
    20  # the largest rung holds at least so many weights per fit row: ten times past interpolation
)
LEAST_LARGEST = 20_000  # weights of the largest rung on tiny data


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
