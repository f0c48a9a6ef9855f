"""Many groups against the rest at once: the largest of all t statistics under permutations or sign flips.

Looking at hundreds of groups finds a "significant" one in 95 of 100 data sets where there is none. The distribution
of the largest statistic over all groups controls that, and unlike Bonferroni it knows that groups overlap.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from heldout.errors import DataError
from heldout.evidence.paired import Units, compare_paired, sum_units
from heldout.records import BoolArray, DoubleArray, FloatArray, IndexArray

N_DRAWS = 999
LEAST_ALIKE, LEAST_PERMUTED = (
    5,
    0.8,
)  # units of one size, and share of rows in such units, to permute (assumptions)
_ELEMENTS = 4_000_000  # 16 MB of float32 a block


@dataclass(frozen=True)
class Contrasts:
    """Each group against the other rows, with the distribution of all statistics where no group differs.

    Args:
        difference: float64 [C], mean of the group minus mean of the rest.
        se: float64 [C], its standard error.
        t: float64 [C], their ratio; 0 where nothing varies.
        null: float32 [B, C], the same statistics on B data sets without any difference.
    """

    difference: DoubleArray
    se: DoubleArray
    t: DoubleArray
    null: FloatArray


def contrast_groups(
    values: DoubleArray, members: BoolArray, units: Units, *, seed: int, n_draws: int = N_DRAWS
) -> Contrasts:
    """Compare each group's mean with that of the other rows, and draw the same where nothing differs.

    Rows of one unit stay together: whole units change places with units of the same size. Where most units have
    sizes of their own, the sign of each whole unit is flipped instead (wild cluster bootstrap with the null hypothesis
    imposed), which is valid and finds less: losses are skewed, and flipped ones are not.

    Args:
        values: float64 [M], one number per row, e.g. a loss.
        members: bool [C, M], the rows of each group; every group and its rest hold at least two rows.
        units: which rows belong together.
        seed: of the draws.
        n_draws: number of data sets without a difference.

    Raises:
        DataError: shapes do not agree, or a group or its rest is empty.

    Source:
        Westfall and Young 1993 (max-T); Cameron, Gelbach and Miller 2008 (wild cluster bootstrap).

    Example:
        >>> from heldout.evidence.paired import index_units
        >>> losses, members = np.array([0.0, 0.1, 0.0, 2.0, 2.1, 2.2]), np.array([[0, 0, 0, 1, 1, 1]], bool)
        >>> found = contrast_groups(losses, members, index_units(range(6)), seed=0, n_draws=9)
        >>> round(float(found.difference[0]), 3), found.null.shape
        (2.067, (9, 1))
    """
    _check(values, members, units)
    spread = float(values.std())
    scaled = (values - values.mean()) / (spread if spread > 0 else 1.0)
    if _can_permute(units):
        t, difference, se = _welch(scaled[None], members)
        blocks = [_welch(scaled[order], members)[0] for order in _permute(units, n_draws, seed)]
    else:
        sums = _sum_groups(scaled, members, units)
        t, difference, se = _flip(np.ones((1, units.n_units), np.float32), sums)
        blocks = [_flip(signs, sums)[0] for signs in draw_signs(units.n_units, n_draws, seed)]
    null = np.concatenate(blocks).astype(np.float32)
    return Contrasts(difference[0] * spread, se[0] * spread, t[0], null)


def adjust_max_t(t: DoubleArray, null: FloatArray) -> DoubleArray:
    """Give p values corrected for all groups: how often the largest statistic of all is as large by chance.

    Args:
        t: float64 [C], observed statistics.
        null: float32 [B, C], statistics without a difference.

    Returns:
        float64 [C], between 1 / (B + 1) and 1.

    Example:
        >>> adjust_max_t(np.array([3.0, 0.5]), np.array([[1.0, 2.0], [0.1, 0.2], [0.0, 0.1]], np.float32))
        array([0.25, 0.5 ])
    """
    if null.shape[1] == 0:
        return np.zeros(0)
    largest = np.sort(null.max(axis=1))
    # a hair below, so that a statistic that chance reproduces exactly counts as reached in spite of rounding
    as_large = len(largest) - np.searchsorted(largest, t - 1e-4 * np.maximum(1.0, np.abs(t)), side="left")
    return (1 + as_large) / (1 + len(largest))


def find_limit(null: FloatArray, alpha: float) -> float:
    """Give the value that the largest statistic of all exceeds by chance with probability alpha.

    Args:
        null: float32 [B, C].
        alpha: error rate over all groups.

    Returns:
        infinity when there are no groups or too few draws for alpha.

    Example:
        >>> find_limit(np.arange(19, dtype=np.float32)[:, None], 0.05)
        18.0
    """
    rank = int(np.floor(alpha * (len(null) + 1) + 1e-9))
    if null.shape[1] == 0 or rank < 1:
        return float("inf")
    return float(np.sort(null.max(axis=1))[-rank])


@dataclass(frozen=True)
class Changes:
    """What a change does to each group, with bounds and p values that hold for all groups at once.

    Args:
        mean: float64 [C], mean change of the group's loss.
        low: float64 [C], one-sided simultaneous lower bound.
        high: float64 [C], upper bound.
        p_up: float64 [C], corrected p value of "does not rise".
        p_down: float64 [C], corrected p value of "does not fall".
    """

    mean: DoubleArray
    low: DoubleArray
    high: DoubleArray
    p_up: DoubleArray
    p_down: DoubleArray


def contrast_changes(
    difference: FloatArray, members: BoolArray, units: Units, *, seed: int, alpha: float, widen: float = 1.0
) -> Changes:
    """Judge a paired change of the loss inside each group, crossed over rows and seeds, for all groups at once.

    Each group has its own crossed standard error and degrees of freedom; how far the level must be lowered because
    many overlapping groups are looked at follows from flipping the sign of whole units.

    Args:
        difference: [S, M], loss with the change minus loss without it.
        members: bool [C, M].
        units: which rows belong together.
        seed: of the flips.
        alpha: one-sided error rate over all groups.
        widen: factor on the standard errors (`compare.EARLY_STOPPED_WIDTH` where the epoch was chosen too).

    Example:
        >>> from heldout.evidence.paired import index_units
        >>> rng = np.random.default_rng(0)
        >>> change = np.where(np.arange(80) < 40, 0.5, 0.0) + 0.1 * rng.normal(size=(5, 80))
        >>> members = np.stack([np.arange(80) < 40, np.arange(80) >= 40])
        >>> found = contrast_changes(change, members, index_units(range(80)), seed=0, alpha=0.05)
        >>> (found.low > 0).tolist()
        [True, False]
    """
    _check(np.asarray(difference).mean(axis=0), members, units)
    bounds = [
        compare_paired(difference[:, rows], units.code[rows], alpha=alpha, widen=widen) for rows in members
    ]
    mean, se, df = (np.array([float(getattr(one, name)) for one in bounds]) for name in ("mean", "se", "df"))
    smallest = _flip_changes(np.asarray(difference, np.float64).mean(axis=0), members, units, seed)
    rank = max(1, int(np.floor(alpha * (len(smallest) + 1) + 1e-9)))
    level = min(float(smallest[rank - 1]), alpha)
    half = stdtrit(df, 1 - level) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, mean / se, 0.0)
    up, down = (
        (1 + np.searchsorted(smallest, stdtr(df, -side), side="right")) / (1 + len(smallest))
        for side in (t, -t)
    )
    return Changes(mean, mean - half, mean + half, up, down)


def _check(values: DoubleArray, members: BoolArray, units: Units) -> None:
    n_rows = values.size
    if members.ndim != 2 or members.shape[1] != n_rows or units.code.size != n_rows:
        raise DataError(
            f"groups of shape {members.shape} and {units.code.size} units for {n_rows} rows: expected one column "
            "per row",
            hint="give a bool array [groups, rows]",
        )
    if not np.isfinite(values).all():
        raise DataError(
            f"row {int(np.flatnonzero(~np.isfinite(values))[0])} has no finite loss",
            hint="leave diverged networks out before comparing groups",
        )
    sizes = members.sum(axis=1)
    if members.size and sizes.min() == 0:
        raise DataError(
            f"group {int(sizes.argmin())} has no rows of {n_rows}",
            hint="compare groups that hold at least a few rows",
        )


def _can_permute(units: Units) -> bool:
    """Whether most rows lie in units that have others of their size to change places with."""
    counts = np.bincount(units.sizes.astype(np.int64))
    alike = counts[units.sizes.astype(np.int64)] >= LEAST_ALIKE
    return float(units.sizes[alike].sum()) >= LEAST_PERMUTED * units.code.size


def _permute(units: Units, n_draws: int, seed: int) -> Iterator[IndexArray]:
    """Yield blocks [b, M] of row orders in which whole units change places with others of their size."""
    rng = np.random.default_rng((seed, 1))
    n_rows, sizes = units.code.size, units.sizes.astype(np.int64)
    classes = [
        units.order[units.starts[sizes == size][:, None] + np.arange(size)] for size in np.unique(sizes)
    ]  # for each size the rows of its units, [units, size]
    step = max(1, _ELEMENTS // n_rows)
    for first in range(0, n_draws, step):
        n_block = min(step, n_draws - first)
        order = np.empty((n_block, n_rows), np.int64)
        for rows in classes:
            shuffled = rng.permuted(np.tile(np.arange(len(rows)), (n_block, 1)), axis=1)
            order[:, rows.ravel()] = rows[shuffled].reshape(n_block, -1)
        yield order


def draw_signs(n_units: int, n_draws: int, seed: int) -> Iterator[FloatArray]:
    """Yield blocks of random signs, one per unit.

    Args:
        n_units: units G.
        n_draws: rows in all.
        seed: of the draws.

    Yields:
        float32 [b, G] of -1 and 1.

    Example:
        >>> np.unique(next(draw_signs(3, 20, 0))).tolist()
        [-1.0, 1.0]
    """
    rng = np.random.default_rng((seed, 2))
    step = max(1, _ELEMENTS // n_units)
    for first in range(0, n_draws, step):
        size = (min(step, n_draws - first), n_units)
        yield (2.0 * rng.integers(0, 2, size, dtype=np.int8) - 1.0).astype(np.float32)


def _welch(values: DoubleArray, members: BoolArray) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Welch's t, difference and standard error of each group against the rest, for each row of values: [B, C]."""
    narrow, belongs = values.astype(np.float32), members.astype(np.float32).T
    size = members.sum(axis=1).astype(np.float64)
    rest = values.shape[1] - size
    total, squares = narrow.sum(axis=1, dtype=np.float64), (narrow**2).sum(axis=1, dtype=np.float64)
    inside, inside_squares = (
        (narrow @ belongs).astype(np.float64),
        ((narrow**2) @ belongs).astype(np.float64),
    )
    mean, other = inside / size, (total[:, None] - inside) / rest
    spread = np.maximum(inside_squares / size - mean**2, 0.0) / np.maximum(size - 1, 1)
    far = np.maximum((squares[:, None] - inside_squares) / rest - other**2, 0.0) / np.maximum(rest - 1, 1)
    return _divide(mean - other, spread + far)


def _divide(difference: DoubleArray, variance: DoubleArray) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    se = np.sqrt(np.maximum(variance, 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        # standardized values: below 1e-5 only rounding is left of a spread that is none
        t = np.where(se > 1e-5, difference / se, 0.0)
    return t, difference, se


@dataclass(frozen=True)
class _Sums:
    """What flipping signs needs, all [G, C] but the last two: sums and counts inside, influences, and moments."""

    inside: FloatArray
    own: FloatArray
    other: FloatArray
    total: FloatArray
    size: DoubleArray
    rest: DoubleArray
    squares: DoubleArray
    moments: tuple[DoubleArray, DoubleArray, DoubleArray]


def _sum_groups(values: DoubleArray, members: BoolArray, units: Units) -> _Sums:
    inside = sum_units(members * values, units).T  # [G, C]
    count = sum_units(members.astype(np.float64), units).T
    total, size = sum_units(values, units), members.sum(axis=1).astype(np.float64)
    rest = values.size - size
    influence = inside / size - (total[:, None] - inside) / rest
    share, other_share = count / size, (units.sizes[:, None] - count) / rest
    return _Sums(
        inside=inside.astype(np.float32),
        own=(influence * share).astype(np.float32),
        other=(influence * other_share).astype(np.float32),
        total=total.astype(np.float32),
        size=size,
        rest=rest,
        squares=(influence**2).sum(axis=0),
        moments=((share**2).sum(axis=0), (share * other_share).sum(axis=0), (other_share**2).sum(axis=0)),
    )


def _flip(signs: FloatArray, sums: _Sums) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    """Statistics after flipping the signs of whole units; all ones give the observed ones: [B, C]."""
    n_units = signs.shape[1]
    inside = (signs @ sums.inside).astype(np.float64)
    mean, other = inside / sums.size, ((signs @ sums.total)[:, None] - inside) / sums.rest
    own, cross, far = sums.moments
    variance = sums.squares - 2 * mean * (signs @ sums.own) + 2 * other * (signs @ sums.other)
    variance = variance + mean**2 * own - 2 * mean * other * cross + other**2 * far
    return _divide(mean - other, variance * n_units / max(n_units - 1, 1))


def _flip_changes(mean_change: DoubleArray, members: BoolArray, units: Units, seed: int) -> DoubleArray:
    """Give the sorted smallest one-sided p value over all groups on data without a change: float64 [B]."""
    inside = sum_units(members * mean_change, units).T  # [G, C]
    count = sum_units(members.astype(np.float64), units).T
    size, n_units = members.sum(axis=1).astype(np.float64), np.maximum((count > 0).sum(axis=0), 2)
    squares, counts = (inside**2).sum(axis=0), (count**2).sum(axis=0)
    scale = max(float(np.abs(inside).max(initial=0.0)), 1e-300)
    narrow, product = (inside / scale).astype(np.float32), (inside * count / scale).astype(np.float32)
    smallest = []
    for signs in draw_signs(units.n_units, N_DRAWS, seed):
        mean = (signs @ narrow).astype(np.float64) * scale / size
        cross = (signs @ product).astype(np.float64) * scale
        variance = (squares - 2 * mean * cross + mean**2 * counts) * n_units / (n_units - 1) / size**2
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.where(variance > 1e-12 * squares / size**2, mean / np.sqrt(variance), 0.0)
        smallest.append(stdtr(n_units - 1.0, -t).min(axis=1))
    return np.sort(np.concatenate(smallest))
