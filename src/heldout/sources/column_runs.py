"""Runs of columns that form a signal or a picture: t0 to t511, pixel1 to pixel784."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import DataError
from heldout.records import ArrayColumn, ArrayPolicy, DoubleArray, Kind, RawColumn, Table
from heldout.sources.columns import find_column, list_names
from heldout.sources.request import Request
from heldout.sources.smooth import is_smooth

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d+)")
_LEAST_RUN = 32
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "?", "-"})
_ROWS_JUDGED = 400
# Of MNIST's pixels the ratio is 0.17, of sine waves 3.9 (measured); the bound is an assumption between them.
_NEARER = 0.8
# Correlation of a column with its neighbour below which it is none of the run (assumption).
_ALONE = 0.3


@dataclass(frozen=True)
class ColumnRun:
    """Neighbouring columns whose names count on.

    Args:
        names: the columns in order.
        kind: signal, or picture where a square of them is smooth in both directions.
        why: how that was decided, one sentence.
    """

    names: tuple[str, ...]
    kind: Kind
    why: str


def find_runs(table: Table) -> tuple[ColumnRun, ...]:
    """Runs of at least 32 columns of numbers that count on in their names and go together with their neighbours.

    Nothing is joined by it: numbered columns that do not go together (principal components, genes) are no signal.

    Args:
        table: any table.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> angle = np.linspace(0, 6, 40) + np.arange(9)[:, None]
        >>> columns = [encode_cells(f"t{i}", [f"{value:.3f}" for value in np.sin(angle[:, i])]) for i in range(40)]
        >>> find_runs(Table(tuple(columns), np.arange(9), "t.csv"))[0].kind
        <Kind.SIGNAL: 'signal'>
    """
    found = []
    by_name = {column.name: column for column in table.columns}
    rows = np.linspace(0, len(table.lines) - 1, min(_ROWS_JUDGED, len(table.lines))).astype(np.int64)
    for names in _list_runs(list(by_name)):
        values = _parse_columns([by_name[name] for name in names], rows)
        if values is None:
            continue
        first, last = _trim_ends(values)
        names, values = names[first:last], values[:, first:last]
        if len(names) < _LEAST_RUN or not is_smooth(values):
            continue
        side = round(len(names) ** 0.5)
        told = f"{len(names)} columns from {names[0]!r} to {names[-1]!r}, neighbours go together"
        is_square = side * side == len(names) and _repeats(values, side)
        kind = Kind.PICTURE if is_square else Kind.SIGNAL
        found.append(ColumnRun(names, kind, told + (f", and so do those {side} apart" if is_square else "")))
    return tuple(found)


def _trim_ends(values: DoubleArray) -> tuple[int, int]:
    """The run without a first or last column that has nothing to do with its neighbour: a label among `column_1`..."""
    first, last = 0, values.shape[1]
    if _is_alone(values[:, 0], values[:, 1]):
        first = 1
    if _is_alone(values[:, -1], values[:, -2]):
        last -= 1
    return first, last


def _is_alone(column: DoubleArray, neighbour: DoubleArray) -> bool:
    known = np.isfinite(column) & np.isfinite(neighbour)
    one, other = column[known], neighbour[known]
    if len(one) < _LEAST_RUN or np.ptp(one) == 0:
        return False
    return bool(np.ptp(other) == 0 or abs(np.corrcoef(one, other)[0, 1]) < _ALONE)


def _repeats(values: DoubleArray, side: int) -> bool:
    """Whether columns one row of a square apart are more alike than those half a row apart.

    In a signal columns become less alike with their distance; in a picture the pixel below is near again.
    """
    lags = (side, side // 2)
    near, between = (float(np.nanmean((values[:, lag:] - values[:, :-lag]) ** 2)) for lag in lags)
    return near < _NEARER * between


def _list_runs(names: list[str]) -> list[tuple[str, ...]]:
    runs: list[tuple[str, ...]] = []
    run: list[str] = []
    last: tuple[str, int] | None = None
    for name in [*names, ""]:
        match = _NUMBERED.fullmatch(name)
        here = (match["stem"], int(match["number"])) if match and len(match["number"]) < 10 else None
        if here is not None and last is not None and here == (last[0], last[1] + 1):
            run.append(name)
        else:
            runs += [tuple(run)] if len(run) >= _LEAST_RUN else []
            run = [name]
        last = here
    return runs


def _parse_columns(columns: list[RawColumn], rows: np.ndarray) -> DoubleArray | None:
    """float64 [rows, columns], or None when a cell is no number."""
    values = np.empty((len(rows), len(columns)))
    for place, column in enumerate(columns):
        numbers = np.full(len(column.levels) + 1, np.nan)
        for code, text in enumerate(column.levels):
            try:
                numbers[code] = np.nan if text.strip().casefold() in _MISSING else float(text)
            except ValueError:
                return None
        values[:, place] = numbers[column.codes[rows]]
    values[~np.isfinite(values)] = np.nan
    return values


def join_run(table: Table, run: ColumnRun, request: Request, *, name: str = "") -> Table:
    """The table with a run of columns replaced by one array.

    Args:
        table: the table the run was found in.
        run: from `find_runs`, or made from the names a user gave.
        request: policy, if given.
        name: name of the array, "signal" or "picture" by default.

    Raises:
        DataError: no such columns, cells that are no numbers, or another length than the policy's.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> table = Table((encode_cells("a", ["1", "2"]), encode_cells("b", ["3", ""])), np.arange(2), "t.csv")
        >>> joined = join_run(table, ColumnRun(("a", "b"), Kind.SIGNAL, "as told"), Request())
        >>> joined.columns, joined.arrays[0].values[1].tolist()
        ((), [[2.0, 0.0], [2.0, 1.0]])
    """
    columns = [find_column(table, item) for item in run.names]
    values = _parse_columns(columns, np.arange(len(table.lines)))
    if values is None:
        raise DataError(f"columns {list_names(run.names)} of {table.source} hold cells that are no numbers")
    policy = request.policy(run.kind) or _decide(values, run)
    array = _shape(values, policy, table.source)
    column = ArrayColumn(name or str(run.kind), run.kind, array, policy, (run.why,))
    rest = tuple(column for column in table.columns if column.name not in set(run.names))
    note = f"{table.source}: {len(run.names)} columns are read as one {run.kind} ({run.why})"
    return replace(table, columns=rest, arrays=(*table.arrays, column), notes=(*table.notes, note))


def _decide(values: DoubleArray, run: ColumnRun) -> ArrayPolicy:
    has_gaps = bool(np.isnan(values).any())
    if run.kind is Kind.SIGNAL:
        channels = ("value", "mask") if has_gaps else ("value",)
        return ArrayPolicy(Kind.SIGNAL, "float32", channels, length=values.shape[1], why=run.why)
    side = round(values.shape[1] ** 0.5)
    is_bytes = not has_gaps and values.min() >= 0 and values.max() <= 255 and bool((values % 1 == 0).all())
    dtype = "uint8" if is_bytes and values.max() > 1 else "float32"
    channels = ("gray", "mask") if has_gaps else ("gray",)
    return ArrayPolicy(Kind.PICTURE, dtype, channels, height=side, width=side, why=run.why)


def _shape(values: DoubleArray, policy: ArrayPolicy, source: str) -> np.ndarray:
    shape = (policy.length,) if policy.kind is Kind.SIGNAL else (policy.height, policy.width)
    if values.shape[1] != int(np.prod(shape)):
        raise DataError(
            f"{source} has {values.shape[1]} such columns where {int(np.prod(shape))} were expected"
        )
    missing = np.isnan(values)
    filled = _fill_rows(values, missing).reshape(-1, *shape)
    if policy.dtype == "uint8":
        if filled.min() < 0 or filled.max() > 255:
            raise DataError(
                f"{source} holds numbers from {filled.min()} to {filled.max()}; 0 to 255 were expected"
            )
        return np.round(filled).astype(np.uint8)[..., None]
    planes = [filled]
    if policy.channels[-1] == "mask":
        planes.append(missing.reshape(-1, *shape).astype(np.float64))
    return np.stack(planes, axis=-1).astype(np.float32)


def _fill_rows(values: DoubleArray, missing: np.ndarray) -> DoubleArray:
    """Gaps filled along each row by straight lines; rows without a value are zeros."""
    filled = values.copy()
    places = np.arange(values.shape[1])
    for row in np.flatnonzero(missing.any(axis=1)):
        known = ~missing[row]
        filled[row] = np.interp(places, places[known], values[row][known]) if known.any() else 0.0
    return filled
