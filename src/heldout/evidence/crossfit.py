"""Cross-fitted choices: what is chosen is chosen on four fifths of the rows and on the other seeds.

Rows alone are not enough. Seeds differ at each epoch, and an epoch that is lucky in these seeds is lucky on all rows:
with flat curves, 3 seeds and 1000 rows, a choice over rows only called 14 to 27 % of them overtrained, a choice over
rows and seeds 5 to 9 %, at most 5 % with the usual tolerance (measured, nominal 5 %).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from heldout.errors import DataError
from heldout.evidence.paired import index_units
from heldout.records import ConfigurationRun, DoubleArray, FloatArray, IndexArray, JudgeSettings, Outcome

CROSSFIT_FOLDS = 5


@dataclass(frozen=True)
class Deployed:
    """A configuration with its epoch chosen without looking at the rows it is judged on.

    Args:
        run: what was recorded.
        folds: int64 [M], cross-fitting fold of each row.
        epochs: int64 [S, K], index into `run.checkpoints` chosen outside fold k by the other seeds.
        losses: float32 [S, M], loss of each row and seed at the epoch chosen without both.
        outside: float64 [S, K], mean loss of the other seeds outside fold k at that epoch (what a choice may see).
        best: index of the checkpoint with the lowest mean loss over all seeds and rows: the deployed epoch.
    """

    run: ConfigurationRun
    folds: IndexArray
    epochs: IndexArray
    losses: FloatArray
    outside: DoubleArray
    best: int


def make_crossfit_folds(unit: ArrayLike, seed: int, *, n_folds: int = CROSSFIT_FOLDS) -> IndexArray:
    """Divide the validation rows into folds for choosing; units are never cut. Nothing is retrained.

    Args:
        unit: int [M], the unit of each row.
        seed: from the data fingerprint, so that the answer does not depend on the study's seed.
        n_folds: 5 by default; fewer when there are fewer units.

    Returns:
        int64 [M], fold 0..K-1 of each row; folds differ by at most one unit when units have one size.

    Raises:
        DataError: fewer than two units.

    Example:
        >>> np.bincount(make_crossfit_folds(np.arange(10), seed=0))
        array([2, 2, 2, 2, 2])
        >>> make_crossfit_folds([4, 4, 4], seed=0)
        Traceback (most recent call last):
        heldout.errors.DataError: all 3 validation rows belong to one unit: nothing can be chosen and judged
          -> collect rows of other groups, or use a finer group column
    """
    units = index_units(unit)
    if units.n_units < 2:
        raise DataError(
            f"all {units.code.size} validation rows belong to one unit: nothing can be chosen and judged",
            hint="collect rows of other groups, or use a finer group column",
        )
    n_used = min(n_folds, units.n_units)
    shuffled = np.random.default_rng(seed).permutation(units.n_units)
    by_size = shuffled[np.argsort(-units.sizes[shuffled], kind="stable")]
    fold_of_unit = np.empty(units.n_units, dtype=np.int64)
    if units.sizes.min() == units.sizes.max():
        fold_of_unit[by_size] = np.arange(units.n_units) % n_used
    else:
        rows = np.zeros(n_used)
        for item in by_size:  # the largest unit first, always into the emptiest fold
            target = int(rows.argmin())
            fold_of_unit[item] = target
            rows[target] += units.sizes[item]
    return fold_of_unit[units.code]


def has_diverged(run: ConfigurationRun) -> bool:
    """Say whether any network of a configuration diverged: such a configuration is never judged or chosen.

    Args:
        run: what was recorded.

    Returns:
        True when an outcome is DIVERGED or a recorded loss is not finite.
    """
    if any(outcome is Outcome.DIVERGED for outcome in run.outcomes):
        return True
    with np.errstate(invalid="ignore"):
        return not bool(np.isfinite(run.losses.sum(dtype=np.float64)))


def average_outside(per_row: NDArray[np.floating], folds: IndexArray) -> DoubleArray:
    """Give the mean over the rows outside each fold.

    Args:
        per_row: [..., M] numbers.
        folds: int64 [M].

    Returns:
        float64 [..., K].

    Example:
        >>> average_outside(np.array([1.0, 2.0, 6.0]), np.array([0, 1, 1]))
        array([4., 1.])
    """
    member = (folds[:, None] == np.arange(int(folds.max()) + 1)).astype(np.float64)  # [M, K]
    outside = 1.0 - member
    return (per_row @ outside) / outside.sum(axis=0)


def deploy_run(
    run: ConfigurationRun, settings: JudgeSettings, *, folds: IndexArray | None = None
) -> Deployed:
    """Choose the epoch of a configuration on other rows and seeds than those it is judged on.

    The best epoch of the same rows looks better than it is; this one does not. One seed chooses by itself: the
    statement is then about that one network.

    Args:
        run: what was recorded; all losses finite.
        settings: unit and fold seed.
        folds: from `make_crossfit_folds`, to share them over runs.

    Returns:
        `Deployed` with losses float32 [S, M].

    Raises:
        DataError: a network diverged, or the rows do not agree with the settings.
    """
    if run.losses.ndim != 3 or run.losses.shape[-1] != settings.unit.size:
        raise DataError(
            f"configuration {run.configuration.name!r}: losses of shape {run.losses.shape} for "
            f"{settings.unit.size} validation rows; expected [checkpoints, seeds, rows]",
            hint="record one loss per checkpoint, seed and validation row",
        )
    if has_diverged(run):
        raise DataError(
            f"configuration {run.configuration.name!r} diverged and cannot be judged",
            hint="lower its learning rate or leave it out",
        )
    chosen_folds = make_crossfit_folds(settings.unit, settings.fold_seed) if folds is None else folds
    outside = leave_seed_out(average_outside(run.losses, chosen_folds))  # [E, S, K]
    epochs = outside.argmin(axis=0).astype(np.int64)
    best = int(run.losses.mean(axis=(1, 2), dtype=np.float64).argmin())
    lowest = np.take_along_axis(outside, epochs[None], axis=0)[0]
    return Deployed(run, chosen_folds, epochs, pick_epochs(run.losses, epochs, chosen_folds), lowest, best)


def leave_seed_out(outside: DoubleArray) -> DoubleArray:
    """Give for each seed the mean over the other seeds; a single seed keeps its own.

    Args:
        outside: float64 [..., S, K], means outside each fold.

    Returns:
        float64 of the same shape.

    Example:
        >>> leave_seed_out(np.array([[1.0], [2.0], [6.0]]))
        array([[4. ],
               [3.5],
               [1.5]])
    """
    n_seeds = outside.shape[-2]
    if n_seeds == 1:
        return outside
    return (outside.sum(axis=-2, keepdims=True) - outside) / (n_seeds - 1)


def pick_epochs(values: NDArray[Any], epochs: IndexArray, folds: IndexArray) -> NDArray[Any]:
    """Give what was recorded for each seed and row at the epoch chosen for its seed and fold.

    Args:
        values: [E, S, M], losses or hits.
        epochs: int64 [S, K].
        folds: int64 [M].

    Returns:
        [S, M] of the same type.
    """
    n_seeds, n_rows = values.shape[1:]
    return values[epochs[:, folds], np.arange(n_seeds)[:, None], np.arange(n_rows)]


def assemble_choice(candidates: Sequence[Deployed], *, n_seeds: int) -> FloatArray:
    """Give the losses of "the best of these", chosen for each fold and seed outside both.

    Args:
        candidates: at least one, all with the same folds.
        n_seeds: the first seeds to give (a comparison uses the seeds that both sides have).

    Returns:
        float32 [n_seeds, M].

    Raises:
        DataError: no candidates, or one has fewer seeds.
    """
    if not candidates or min(len(item.losses) for item in candidates) < n_seeds:
        raise DataError(
            f"{len(candidates)} candidates for a choice with {n_seeds} seeds: expected at least one, each with "
            "that many seeds",
            hint="train the alternatives with the same seeds",
        )
    winner = np.stack([item.outside[:n_seeds] for item in candidates]).argmin(axis=0)  # [S, K]
    stacked = np.stack([item.losses[:n_seeds] for item in candidates])  # [C, S, M]
    return pick_epochs(stacked, winner, candidates[0].folds)
