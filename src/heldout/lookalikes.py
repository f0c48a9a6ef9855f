"""Which pictures are near copies of one another: re-coded, shifted, zoomed, brightened, mirrored.

Candidates come from a perceptual hash and from the neighbours in an embedding of low frequencies, searched exactly in
blocks; each candidate is then laid over its partner, shifted and zoomed. What counts as a copy follows from how alike
other pictures of the same data are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from heldout.records import ArrayColumn, BoolArray, DoubleArray, FloatArray, IndexArray, Kind
from heldout.shrunk import (
    MIRROR,
    Shrunk,
    hash_pictures,
    lay_over,
    shrink_pictures,
)

# All pairs of so many are compared: about 50 s of one core for 60,000 pictures of 32 x 32 x 3, 32 of them for the
# cosines (from 20,000 measured and the square; the whole took 63 s before strips, on a busy core). Above, only pictures
# whose hashes agree in a quarter are compared, which finds fewer shifted copies.
MOST_COMPARED = 70_000
FEWEST = 50
_NEIGHBOURS, _MIRRORED = 8, 2
_BLOCK, _STRIP, _GROUP = 256, 4_096, 64
# Lowest cosine of a candidate: of 249 pairs of CIFAR-10 that people called near copies the lowest has 0.41.
_LEAST_COSINE, _LEAST_MIRRORED = 0.4, 0.6
_NEXT_IN_BUCKET, _BITS_OF_BAND = 4, 16
# How far below the limit (in arctanh) a candidate may be at half the size to be compared at full size, and there to be
# zoomed: 0.55 and 0.70 where the limit is 0.88.
_COARSE, _UNZOOMED = 0.75, 0.5
LEAST_LIKENESS = (
    0.87  # below, pairs of CIFAR-10 begin to be of two classes (249 known copies, 6,000 pictures)
)
# Telling points of a picture below which it can be laid over many others. Of 1,958 radio sources on an empty sky 6 have
# 16 or more, and half of 2,596 pairs beyond 0.87 were of two classes; of 3,000 digits (28 x 28) the fewest have 37, of
# 2,000 pictures of CIFAR-10 24.
FEWEST_POINTS = 16
_CHANCE = 0.003  # of a picture to reach the limit although it has no copy, were likenesses normal
# A family ends at a level if fewer pairs lie within 0.25 (arctanh) below it than beyond it (each counted from both
# ends); levels are tried upwards from the limit.
_RUNS_ON, _MOST_BELOW, _LEVELS = 0.25, 2.0, 7
_SAMPLE = 1_000  # pictures whose best likeness says what is usual
_LOW, _MIDDLE = 0.16, 0.5  # quantiles: a standard deviation of a normal distribution, unmoved by copies


@dataclass(frozen=True)
class Lookalikes:
    """Pairs of pictures that are near copies.

    Args:
        pairs: int64 [P, 2], positions, the smaller first; the most alike pair first.
        likeness: float64 [P], correlation of the two where they lie over each other best, 0 to 1.
        limit: from which likeness on.
        usual: median likeness of a picture to the most alike other one.
        by_hash: only pictures whose hashes agree in part were compared.
        n_empty: pictures with too few telling points to be compared.
    """

    pairs: IndexArray
    likeness: FloatArray
    limit: float
    usual: float
    by_hash: bool = False
    n_empty: int = 0


def find_lookalikes(array: ArrayColumn) -> Lookalikes:
    """Find near copies among pictures; reads no label.

    Args:
        array: pictures of one size; a channel "mask" or "alpha" is not compared.

    Returns:
        Pairs; none where there are fewer than 50 pictures. Pictures of a few points on an empty ground are not
        compared: shifted and zoomed, each lies over many others. A pair counts from a likeness that three pictures in
        1,000 would reach by chance, were the best likeness of each picture (its arctanh) normal, and at least 0.87; the
        spread comes from the lower half, which copies do not move as long as less than half of the pictures have one.

    Source:
        Measured on CIFAR-10 and the list of Barz & Denzler 2020, "Do we train on test data?", J. Imaging 6:41:
        docs/how-to/pictures.md.

    Example:
        >>> from heldout.records import ArrayPolicy
        >>> values = np.random.default_rng(0).integers(0, 255, (60, 8, 8, 1), dtype=np.uint8).repeat(4, 1).repeat(4, 2)
        >>> values[7] = np.roll(values[3], 1, axis=1)
        >>> find_lookalikes(ArrayColumn("p", Kind.PICTURE, values, ArrayPolicy(Kind.PICTURE, "uint8", ("gray",)))).pairs
        array([[3, 7]])
    """
    nothing = Lookalikes(np.zeros((0, 2), np.int64), np.zeros(0, np.float32), 1.0, 0.0)
    n = len(array.values)
    if n < FEWEST or array.kind is not Kind.PICTURE:
        return nothing
    shrunk = shrink_pictures(array)
    pairs = [_pair_hashes(hash_pictures(shrunk))]
    if n <= MOST_COMPARED:
        pairs.append(_pair_neighbours(shrunk.points))
    # Constant pictures are like every other and like none; equal ones are exact copies.
    is_even = shrunk.energy == 0
    full = (count_points(shrunk) >= FEWEST_POINTS) & ~is_even
    n_empty = int((~full & ~is_even).sum())
    if full.sum() < FEWEST:
        return replace(nothing, n_empty=n_empty)
    candidates = np.unique(np.concatenate(pairs), axis=0)
    candidates = candidates[full[candidates[:, :2]].all(axis=1)]
    usual, limit = _judge_usual(shrunk, candidates, np.flatnonzero(full))
    likeness = _compare(shrunk, candidates, limit)
    pairs_kept, likeness = _strip_mirrors(candidates, likeness)
    kept = np.zeros(len(pairs_kept), np.bool_)
    for step in range(_LEVELS):
        kept |= _stand_apart(pairs_kept, likeness, np.tanh(np.arctanh(limit) + step * _RUNS_ON), n)
    return Lookalikes(
        pairs_kept[kept], likeness[kept], limit, usual, by_hash=n > MOST_COMPARED, n_empty=n_empty
    )


def count_points(shrunk: Shrunk) -> DoubleArray:
    """Telling points of each picture: how many equal ones would carry its structure.

    Returns:
        float64 [N], (sum of squares) ** 2 / (sum of fourth powers) of the bands; 0 without structure.

    Example:
        >>> bands = np.zeros((2, 8, 8), np.int8)
        >>> bands[0, 2:5, 3] = 9
        >>> count_points(Shrunk(np.zeros((2, 1), np.float32), bands, np.ones(2, np.float32)))
        array([3., 0.])
    """
    found = np.zeros(len(shrunk.bands))
    for start in range(0, len(found), _BLOCK):
        squares = (
            shrunk.bands[start : start + _BLOCK].astype(np.float64).reshape(-1, shrunk.bands[0].size) ** 2
        )
        fourth = (squares**2).sum(axis=1)
        found[start : start + _BLOCK] = squares.sum(axis=1) ** 2 / np.where(fourth > 0, fourth, 1.0)
    return found


def _stand_apart(pairs: IndexArray, likeness: FloatArray, level: float, n: int) -> BoolArray:
    """Pairs beyond a level in families that end there.

    A family that runs on below is a kind of picture, as are ones among digits: it has more pairs just below the level
    than beyond it.
    """
    beyond = likeness >= level
    below = (likeness >= np.tanh(np.arctanh(level) - _RUNS_ON)) & ~beyond
    graph = coo_array((np.ones(int(beyond.sum()), np.int8), tuple(pairs[beyond].T)), shape=(n, n))
    family = connected_components(graph, directed=False)[1]
    inside = np.bincount(family[pairs[beyond, 0]], minlength=n)
    outside = sum(np.bincount(family[pairs[below, side]], minlength=n) for side in (0, 1))
    return beyond & (outside < _MOST_BELOW * inside)[family[pairs[:, 0]]]


def _strip_mirrors(candidates: IndexArray, likeness: FloatArray) -> tuple[IndexArray, FloatArray]:
    """Give each pair once, with its likeness unmirrored or mirrored, the most alike first."""
    order = np.argsort(-likeness, kind="stable")
    pairs, likeness = candidates[order, :2], likeness[order]
    _, first = np.unique(pairs, axis=0, return_index=True)
    first = np.sort(first)
    return pairs[first], likeness[first]


def _pair_hashes(hashes: NDArray[np.uint64]) -> IndexArray:
    """Pictures that follow one another among those whose hashes agree in one band of bits: rows (one, other, 0)."""
    found = []
    for band in range(0, 64, _BITS_OF_BAND):
        part = (hashes >> np.uint64(band)) & np.uint64((1 << _BITS_OF_BAND) - 1)
        # Within a bucket by the whole hash, so that equal hashes are neighbours.
        order = np.lexsort((hashes, part))
        for step in range(1, _NEXT_IN_BUCKET + 1):
            one, other = order[:-step], order[step:]
            same = part[one] == part[other]
            found.append(np.column_stack([one[same], other[same]]))
    pairs = np.sort(np.concatenate(found), axis=1)
    return np.column_stack([pairs, np.zeros(len(pairs), np.int64)]).astype(np.int64)


@dataclass(frozen=True)
class _Tables:
    """Cosines of a block of pictures with all, and their largest ones in groups of columns; used again by each block.

    Args:
        cosine: float32 [block, groups * 64].
        tops: float32 [block, groups].
    """

    cosine: FloatArray
    tops: FloatArray


def _pair_neighbours(points: FloatArray) -> IndexArray:
    """The nearest pictures of each, and of each mirrored one, by cosine: rows (one, other, is mirrored)."""
    n = len(points)
    # Mirroring changes the sign of odd frequencies, so that two halves of one product give both cosines.
    even, odd = (np.ascontiguousarray(points[:, side == MIRROR]) for side in (1, -1))
    n_groups = -(-n // _GROUP)
    block = min(_BLOCK, n)
    plain, turned = (
        _Tables(
            np.full((block, n_groups * _GROUP), -2.0, np.float32), np.zeros((block, n_groups), np.float32)
        )
        for _ in range(2)
    )
    found = []
    for start in range(0, n, block):
        stop = min(start + block, n)
        _compare_block(even, odd, (start, stop), (plain, turned))
        for tables, most, least in (
            (plain, _NEIGHBOURS, _LEAST_COSINE),
            (turned, _MIRRORED, _LEAST_MIRRORED),
        ):
            row, other = _take_nearest(tables, stop - start, min(most, n - 1), least)
            found.append(np.column_stack([row + start, other, np.full(len(row), tables is turned)]))
    pairs = np.concatenate(found).astype(np.int64)
    pairs[:, :2].sort(axis=1)
    return np.unique(pairs, axis=0)


def _compare_block(
    even: FloatArray, odd: FloatArray, rows: tuple[int, int], tables: tuple[_Tables, _Tables]
) -> None:
    """Fill the tables of a block, in strips that stay in the processor's cache."""
    start, stop = rows
    n, size = len(even), stop - start
    plain, turned = tables
    for first in range(0, n, _STRIP):
        last = min(first + _STRIP, n)
        one = even[start:stop] @ even[first:last].T
        other = odd[start:stop] @ odd[first:last].T
        np.add(one, other, out=plain.cosine[:size, first:last])
        np.subtract(one, other, out=turned.cosine[:size, first:last])
        own = np.arange(max(start, first), min(stop, last))
        groups = slice(first // _GROUP, -(-last // _GROUP))
        wide = slice(groups.start * _GROUP, groups.stop * _GROUP)
        for table in tables:
            table.cosine[own - start, own] = -2.0
            strip = table.cosine[:size, wide].reshape(size, -1, _GROUP)
            np.max(strip, axis=2, out=table.tops[:size, groups])


def _take_nearest(tables: _Tables, size: int, most: int, least: float) -> tuple[IndexArray, IndexArray]:
    """Rows and columns of the largest numbers of each row, looked for only in the groups with the largest ones."""
    groups = tables.cosine[:size].reshape(size, -1, _GROUP)
    tops = tables.tops[:size]
    most_groups = min(most, tops.shape[1])
    best = np.argpartition(-tops, most_groups - 1, axis=1)[:, :most_groups]
    inner = np.take_along_axis(groups, best[..., None], axis=1).reshape(size, -1)
    place = np.argpartition(-inner, most - 1, axis=1)[:, :most]
    column = np.take_along_axis(best, place // _GROUP, axis=1) * _GROUP + place % _GROUP
    is_near = np.take_along_axis(inner, place, axis=1) >= least
    row = np.repeat(np.arange(size)[:, None], most, axis=1)
    return row[is_near], column[is_near]


def _judge_usual(shrunk: Shrunk, candidates: IndexArray, compared: IndexArray) -> tuple[float, float]:
    """How alike a picture usually is to the most alike other one, and what is beyond chance among those compared."""
    n = len(shrunk.bands)
    rng = np.random.default_rng(n)
    sample = np.sort(rng.choice(compared, min(len(compared), _SAMPLE), replace=False))
    among = candidates[np.isin(candidates[:, :2], sample).any(axis=1)]
    likeness = lay_over(shrunk, among)
    best = np.zeros(n, np.float32)
    for side in (0, 1):
        np.maximum.at(best, among[:, side], likeness)
    # A picture without any candidate is as unlike the others as the least cosine makes it.
    points = np.arctanh(np.clip(best[sample].astype(np.float64), 0.0, 0.999999))
    low, middle = np.quantile(points, [_LOW, _MIDDLE])
    beyond = np.tanh(middle + norm.isf(_CHANCE) * max(middle - low, 1e-3))
    return float(np.tanh(middle)), float(max(LEAST_LIKENESS, beyond))


def _compare(shrunk: Shrunk, candidates: IndexArray, limit: float) -> FloatArray:
    """Likeness of each candidate, 0 where a cheaper look says that it cannot reach the limit."""
    likeness = np.zeros(len(candidates), np.float32)
    rough = lay_over(shrunk, candidates, is_half=True, is_zoomed=False)
    near = np.flatnonzero(rough >= np.tanh(np.arctanh(limit) - _COARSE))
    fine = lay_over(shrunk, candidates[near], is_zoomed=False)
    likeness[near] = fine
    open_ones = near[(fine >= np.tanh(np.arctanh(limit) - _UNZOOMED)) & (fine < limit)]
    likeness[open_ones] = np.maximum(likeness[open_ones], lay_over(shrunk, candidates[open_ones]))
    return likeness
