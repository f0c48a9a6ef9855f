"""Do rows almost repeat? Copies with noise are as much memory as exact ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.audit.input import NUMBER_KINDS, AuditInput, list_features, make_rng, pass_check, skip_check
from heldout.records import DoubleArray, Finding, FloatArray, IndexArray, Kind, RowSet, Severity, TypedColumn

MOST_ROWS = 20_000  # all pairs of these take about 3 s of one core; above, a stated sample
NEAR = 0.13  # of the median distance to the nearest other row (Datalab's rule; recall 1.0 up to 5 % noise)
LOCAL = 0.4  # of the distance to the fifth row: where a region is dense, near is common (measured: bench/messy_audit)
APART = 0.3  # of the distance to the second row, for a pair by itself
N_NEIGHBOURS = 5
FALSE_ALARM = 0.02  # expected number of chance pairs per table
N_CODES = 8
CHUNK = 512
MOST_USUAL = 2_000  # rows by which the usual distance is measured: its median is then known to about 3 %
FEWEST_ROWS, FEWEST_COLUMNS = 40, 3
FARTHEST = 5.0


@dataclass(frozen=True)
class NearCopies:
    """Rows that almost repeat another.

    Args:
        rows: int64, positions of rows with a near copy, sorted.
        partner: int64, the nearest row of each.
        distance: float64, to that row.
        limit: distance below which two rows were called near copies.
        median: median distance of a row to its nearest one.
        dimension: how many directions the rows really spread in.
        usual: how often rows of one part are alike: share of an even sample of the known rows that have a near copy
            among the known ones; NaN where rows were compared with one another.
    """

    rows: IndexArray
    partner: IndexArray
    distance: DoubleArray
    limit: float
    median: float
    dimension: float
    usual: float = float("nan")


def check_near(data: AuditInput) -> tuple[Finding, ...]:
    """Near copies among the development rows, and how many stand on both sides of a fold.

    Args:
        data: the audit's input.

    Returns:
        HO216.
    """
    title = "near copies"
    columns = pick_columns(data)
    rows = np.unique(data.first_of_duplicate[data.rows])
    rows = rows[np.isin(rows, data.rows)]
    if len(columns) < FEWEST_COLUMNS or len(rows) < FEWEST_ROWS:
        return (skip_check("HO216", title, f"{len(columns)} comparable columns, {len(rows)} different rows"),)
    sampled = ""
    if len(rows) > MOST_ROWS:
        rows = np.sort(make_rng(data, "near").choice(rows, MOST_ROWS, replace=False))
        sampled = f" (a sample of {MOST_ROWS} rows)"
    found = find_near(embed_rows(columns, rows, make_rng(data, "codes")), rows)
    if not len(found.rows):
        looked = f"no row almost repeats another in {len(columns)} columns{sampled}"
        return (pass_check("HO216", title, looked),)
    return (_report(data, found, rows, sampled),)


def pick_columns(data: AuditInput) -> list[TypedColumn]:
    """Columns in which rows can be compared: numbers and categories; free text and sets are left out.

    Args:
        data: the audit's input.
    """
    return [column for column in list_features(data) if is_comparable(column, data.rows)]


def is_comparable(column: TypedColumn, rows: IndexArray) -> bool:
    """Whether rows can be compared by a column: a number or category with several values.

    Args:
        column: a feature.
        rows: int64 [n].
    """
    return column.spec.kind in (*NUMBER_KINDS, Kind.CATEGORY) and _has_spread(column, rows)


def embed_rows(columns: list[TypedColumn], rows: IndexArray, rng: np.random.Generator) -> FloatArray:
    """Rows as points: numbers in robust standard deviations, each category as a random direction of its own.

    Two different categories are about one apart, like two numbers one standard deviation apart; a missing cell is
    one apart from any value.

    Args:
        columns: number, date, yes/no and category columns.
        rows: int64 [n].
        rng: for the directions.

    Returns:
        float32 [n, D].
    """
    parts = []
    for column in columns:
        if len(column.values):
            values = column.values[rows]
            gone = ~np.isfinite(values)
            parts += [_scale(values, gone)[:, None], gone[:, None].astype(np.float64)]
        else:
            codes = column.codes[rows]
            directions = rng.normal(size=(len(column.levels) + 1, N_CODES))
            directions /= np.sqrt(2) * np.linalg.norm(directions, axis=1, keepdims=True)
            parts.append(directions[codes])
    return np.concatenate(parts, axis=1).astype(np.float32)


def find_near(points: FloatArray, rows: IndexArray) -> NearCopies:
    """Rows much nearer to another than is usual among these rows, and than is usual around them.

    How near is unusual depends on the number of directions d in which rows spread: by chance a row of n has a
    neighbour within t median distances with probability of about t**d log 2.

    Args:
        points: float32 [n, D], no two equal.
        rows: int64 [n], their positions.

    Source:
        The dimension from the ratio of the second to the first distance: Facco et al. 2017, Sci. Rep. 7, 12140.

    Example:
        >>> points = np.random.default_rng(0).normal(size=(200, 9)).astype(np.float32)
        >>> points[7] = points[3] + 0.001
        >>> find_near(points, np.arange(200)).rows.tolist()
        [3, 7]
    """
    distance, nearest = _find_neighbours(points, points, own=np.arange(len(points)))
    usual = _measure_usual(distance)
    limit, near = _judge_near(distance, usual, n_rows=len(points))
    return NearCopies(rows[near], rows[nearest[near]], distance[near, 0], limit, *usual)


def find_known(points: FloatArray, known: IndexArray, asked: IndexArray) -> NearCopies:
    """Asked rows much nearer to a known row than known rows are to one another: copies across declared parts.

    How far apart rows usually are is read from the known rows alone, so that it holds although every asked row is a
    copy. Cost: asked times known rows.

    Args:
        points: float32 [n, D].
        known: int64 [k], rows of `points` that a network may learn from, more than 2.
        asked: int64 [a], rows of `points` that it is to be asked about.

    Returns:
        The near copies, rows and partners as places in `points`.

    Example:
        >>> points = np.random.default_rng(0).normal(size=(200, 9)).astype(np.float32)
        >>> points[150] = points[3] + 0.001
        >>> found = find_known(points, np.arange(100), np.arange(100, 200))
        >>> found.rows.tolist(), found.partner.tolist(), found.usual
        ([150], [3], 0.0)
    """
    own = np.unique(np.linspace(0, len(known) - 1, min(len(known), MOST_USUAL)).astype(np.int64))
    among, _ = _find_neighbours(points[known], points[known[own]], own=own)
    usual = _measure_usual(among)
    alike = float(_judge_near(among, usual, n_rows=len(known))[1].mean())
    distance, nearest = _find_neighbours(points[known], points[asked], own=None)
    limit, near = _judge_near(distance, usual, n_rows=len(points))
    return NearCopies(asked[near], known[nearest[near]], distance[near, 0], limit, *usual, alike)


def _measure_usual(distance: DoubleArray) -> tuple[float, float]:
    """Median distance to the nearest row, and the number of directions in which rows spread."""
    first = distance[:, 0]
    inner = (first > 0) & (distance[:, 1] > first)
    # The median is right although a third of the rows may be near copies themselves.
    middle = float(np.median(np.log(distance[inner, 1] / first[inner]))) if inner.any() else 0.0
    return float(np.median(first)), float(np.clip(np.log(2) / max(middle, 1e-9), 0.1, 1e3))


def _judge_near(
    distance: DoubleArray, usual: tuple[float, float], *, n_rows: int
) -> tuple[float, np.ndarray]:
    """The distance below which rows are near copies, and which are: against what is usual, and alone."""
    median, dimension = usual
    first = distance[:, 0]
    share = min(NEAR, float((FALSE_ALARM / (n_rows * np.log(2))) ** (1 / dimension)))
    near = _stand_apart(first / np.maximum(median, 1e-300), share, among=first <= LOCAL * distance[:, -1])
    # Or a pair far closer than either is to any third row, whatever is usual elsewhere: chance n q**d.
    alone = min(APART, float((FALSE_ALARM / n_rows) ** (1 / dimension)))
    near |= _stand_apart(first / np.maximum(distance[:, 1], 1e-300), alone, among=first <= APART * median)
    return share * median, near


def _stand_apart(closeness: DoubleArray, limit: float, *, among: np.ndarray) -> np.ndarray:
    """Rows below the limit, where a gap follows; none where closeness runs on evenly (rows of few coarse columns)."""
    below = among & (closeness <= limit)
    beyond = among & (closeness > limit) & (closeness <= 2 * limit)
    return below if beyond.sum() <= below.sum() / 2 else np.zeros(len(closeness), np.bool_)


def _find_neighbours(
    points: FloatArray, asked: FloatArray, *, own: IndexArray | None
) -> tuple[DoubleArray, IndexArray]:
    """Distances of asked rows to the nearest points, ascending, and which is the nearest; by blocks of all pairs.

    `own` is the place of each asked row among the points, which is left out; None where it is none of them.
    """
    n_kept = min(N_NEIGHBOURS, len(points) - (own is not None))
    square, of_asked = (
        (each.astype(np.float64) ** 2).sum(axis=1).astype(np.float32) for each in (points, asked)
    )
    distance, nearest = np.empty((len(asked), n_kept)), np.empty(len(asked), np.int64)
    for start in range(0, len(asked), CHUNK):
        block = slice(start, min(start + CHUNK, len(asked)))
        apart = of_asked[block, None] + square[None]
        apart -= 2 * (asked[block] @ points.T)
        if own is not None:
            apart[np.arange(len(apart)), own[block]] = np.inf
        few = np.argpartition(apart, n_kept - 1, axis=1)[:, :n_kept]
        # Differences of large squares are rounded: the few nearest are measured again exactly.
        exact = np.sqrt(((asked[block][:, None] - points[few]).astype(np.float64) ** 2).sum(axis=2))
        order = np.argsort(exact, axis=1, kind="stable")
        distance[block] = np.take_along_axis(exact, order, axis=1)
        nearest[block] = np.take_along_axis(few, order, axis=1)[:, 0]
    return distance, nearest


def _scale(values: DoubleArray, gone: np.ndarray) -> DoubleArray:
    known = values[~gone]
    if not len(known):
        return np.zeros(len(values))
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    spread = (high - low) / 1.349 or float(known.std()) or 1.0
    return np.where(
        gone, 0.0, np.clip((np.where(gone, middle, values) - middle) / spread, -FARTHEST, FARTHEST)
    )


def _has_spread(column: TypedColumn, rows: IndexArray) -> bool:
    cells = column.values[rows] if len(column.values) else column.codes[rows]
    known = cells[np.isfinite(cells)] if len(column.values) else cells[cells >= 0]
    return len(known) > 0 and bool((known != known[0]).any())


def _report(data: AuditInput, found: NearCopies, rows: IndexArray, sampled: str) -> Finding:
    torn, n_rows = 0, len(rows)
    for fold in data.split.folds:
        held = np.isin(found.rows, fold.validation)
        torn += int((held & np.isin(found.partner, fold.fit)).sum())
    share = len(found.rows) / n_rows
    return Finding(
        "HO216",
        "near copies",
        Severity.WARNING if torn and share >= 0.01 else Severity.INFO,
        f"{len(found.rows)} of {n_rows} rows{sampled} lie within {found.limit:.3g} of another row, where the usual "
        f"distance to the nearest is {found.median:.3g}; {torn} of them were validated by networks that had fitted "
        f"the other; first pair in lines {data.table.lines[found.rows[0]]} and {data.table.lines[found.partner[0]]}",
        rows=len(found.rows),
        where=RowSet(found.rows, looked_at=rows),
        action="kept; if they are repeats of one measurement, declare what they share with --group, or say "
        "keep_near_rows = true, which keeps them on one side of every split",
    )
