"""Losses with planted weak spots, and an outlier rule that meets one group more than others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.records import BoolArray, DoubleArray, IndexArray

N_ATTRIBUTES = 8
N_LEVELS = 4
MARGIN, WEAK_MARGIN, MARGIN_SPREAD = 1.5, 0.5, 1.0


@dataclass(frozen=True)
class MadeSlices:
    """Losses of rows with attributes, some of them worse.

    Args:
        losses: float64 [M].
        attributes: int64 [M, A], level of each attribute.
        weak: bool [M], rows of the planted slice; all False where none is planted.
        depth: attributes that define it, 0 where none.
    """

    losses: DoubleArray
    attributes: IndexArray
    weak: BoolArray
    depth: int


def draw_slices(rng: np.random.Generator, n_rows: int, *, depth: int) -> MadeSlices:
    """Draw log-losses of margins 1.5 +- 1, and 0.5 +- 1 in one slice.

    Args:
        rng: source of chance.
        n_rows: rows.
        depth: 0 for no slice, 1 for one attribute's level (a quarter of the rows), 2 for a pair (a sixteenth).

    Returns:
        `MadeSlices`.
    """
    attributes = rng.integers(0, N_LEVELS, (n_rows, N_ATTRIBUTES))
    columns = rng.permutation(N_ATTRIBUTES)[:depth]
    weak = (attributes[:, columns] == 0).all(axis=1) if depth else np.zeros(n_rows, bool)
    margin = np.where(weak, WEAK_MARGIN, MARGIN) + MARGIN_SPREAD * rng.standard_normal(n_rows)
    return MadeSlices(np.logaddexp(0, -margin), attributes.astype(np.int64), weak, depth)


def draw_outlier_flags(
    rng: np.random.Generator, n_rows: int, *, ratio: float
) -> tuple[BoolArray, IndexArray]:
    """Draw which rows an outlier rule would drop, more often in the last group.

    Args:
        rng: source of chance.
        n_rows: rows.
        ratio: rate of the last group over that of the others; 1 for no difference.

    Returns:
        flags bool [M] and group int64 [M] of six groups.
    """
    group = rng.integers(0, 6, n_rows)
    rate = np.where(group == 5, 0.02 * ratio, 0.02)
    return rng.random(n_rows) < rate, group.astype(np.int64)
