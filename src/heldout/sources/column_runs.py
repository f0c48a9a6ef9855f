"""Runs of columns that form a signal or a picture: t0 to t511, pixel1 to pixel784."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import DataError
from heldout.records import ArrayColumn, ArrayPolicy, DoubleArray, Kind, RawColumn, Table
from heldout.sources.columns import find_column, list_names
from heldout.sources.request import Request
from heldout.sources.smooth import is_smooth

_NUMBERED = re.compile(r"(?P<stem>.*?)(?P<number>\d+)")
# 1x1 to 28x28, pixel_0_0 to pixel_7_7, r1c1 to r9c9: row and column of a pixel.
_PLACED = re.compile(r"(?P<stem>.*?)(?P<row>\d{1,4})(?P<between>\D{1,3})(?P<column>\d{1,4})")
# Names that can only be pixels; other grids (questions by time) must look like pictures.
_PIXEL = re.compile(r"(pixel|pix|px|image|img)[^a-z]|\d+x\d", re.IGNORECASE)
# How a policy names the columns it was made of.
COLUMNS_UNIT = re.compile(r"columns (?P<first>.*\d) to (?P<last>.*\d)", re.DOTALL)
_LEAST_RUN, _LEAST_SIDE, _MOST_DIGITS = 32, 8, 10
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
        width: columns of a picture, row by row; 0 for a square and for signals.
    """

    names: tuple[str, ...]
    kind: Kind
    why: str
    width: int = 0


def find_runs(
    table: Table, *, skipped: Collection[str] = (), kept: Collection[str] = ()
) -> tuple[ColumnRun, ...]:
    """Runs of at least 32 columns of numbers that count on in their names and go together with their neighbours.

    Nothing is joined by it: numbered columns that do not go together (principal components, genes) are no signal.

    Args:
        table: any table.
        skipped: columns that are in no run, such as the target.
        kept: columns that keep the whole run they stand in as columns.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> angle = np.linspace(0, 6, 40) + np.arange(9)[:, None]
        >>> columns = [encode_cells(f"t{i}", [f"{value:.3f}" for value in np.sin(angle[:, i])]) for i in range(40)]
        >>> find_runs(Table(tuple(columns), np.arange(9), "t.csv"))[0].kind
        <Kind.SIGNAL: 'signal'>
    """
    by_name = {column.name: column for column in table.columns}
    free = [name for name in by_name if name not in skipped]
    rows = np.linspace(0, len(table.lines) - 1, min(_ROWS_JUDGED, len(table.lines))).astype(np.int64)
    found = _judge_grid(by_name, free, kept, rows)
    taken = {name for run in found for name in run.names}
    for names in _list_runs([name for name in free if name not in taken]):
        values = None if set(names) & set(kept) else _parse_columns([by_name[name] for name in names], rows)
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


def _judge_grid(
    by_name: dict[str, RawColumn], free: list[str], kept: Collection[str], rows: np.ndarray
) -> list[ColumnRun]:
    names, width = _find_grid(free)
    values = (
        None
        if not names or set(names) & set(kept)
        else _parse_columns([by_name[name] for name in names], rows)
    )
    if values is None or not (_PIXEL.match(names[0]) or (is_smooth(values) and _repeats(values, width))):
        return []
    told = f"{len(names)} columns from {names[0]!r} to {names[-1]!r}, {len(names) // width} rows of {width}"
    return [ColumnRun(names, Kind.PICTURE, told, width)]


def _find_grid(names: list[str]) -> tuple[tuple[str, ...], int]:
    """The columns that name a row and a column of a picture, row by row, and its width; all places must be there."""
    grids: dict[tuple[str, str], dict[tuple[int, int], str]] = {}
    for name in names:
        if match := _PLACED.fullmatch(name):
            place = (int(match["row"]), int(match["column"]))
            grids.setdefault((match["stem"], match["between"]), {})[place] = name
    for grid in grids.values():
        places = sorted(grid)
        height, width = (places[-1][axis] - places[0][axis] + 1 for axis in (0, 1))
        if min(height, width) >= _LEAST_SIDE and len(places) == height * width:
            return tuple(grid[place] for place in places), width
    return (), 0


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
        here = (
            (match["stem"], int(match["number"])) if match and len(match["number"]) < _MOST_DIGITS else None
        )
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
        codes = column.codes[rows]
        numbers = np.full(len(column.levels) + 1, np.nan)
        for code in np.unique(codes[codes >= 0]).tolist():
            text = column.levels[code]
            try:
                numbers[code] = np.nan if text.strip().casefold() in _MISSING else float(text)
            except ValueError:
                return None
        values[:, place] = numbers[codes]
    values[~np.isfinite(values)] = np.nan
    return values


def join_runs(table: Table, request: Request) -> Table:
    """The table with every run of columns as an array; of an earlier reading those columns that formed one then.

    Args:
        table: any table.
        request: what the user declared of columns, and the policies of an earlier reading.

    Raises:
        DataError: the columns of an earlier reading are not all there.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> table = Table((encode_cells("a", ["1", "2"]),), np.arange(2), "t.csv")
        >>> join_runs(table, Request()) is table
        True
    """
    known = [(policy, match) for policy in request.policies if (match := COLUMNS_UNIT.fullmatch(policy.unit))]
    if known or request.is_fixed:
        runs = [(_find_again(table, policy, match), (policy,)) for policy, match in known]
    else:
        runs = [(run, ()) for run in find_runs(table, skipped=request.declared, kept=request.kept)]
    for run, policies in runs:
        number = 1 + sum(array.kind is run.kind for array in table.arrays)
        name = str(run.kind) if number == 1 else f"{run.kind} {number}"
        table = join_run(table, run, replace(request, policies=policies), name=name)
    return table


def _find_again(table: Table, policy: ArrayPolicy, match: re.Match[str]) -> ColumnRun:
    count = policy.length or policy.height * policy.width
    numbered = {(found["stem"], int(found["number"])): found[0] for found in _match_numbered(table)}
    wanted = _list_wanted(match["first"], policy, by_place=_PLACED.fullmatch(match["last"]))
    lacking = [name for key, name in wanted if key not in numbered]
    if lacking:
        raise DataError(
            f"{table.source} lacks {len(lacking)} of the {count} columns that form the {policy.kind} ({policy.unit}): "
            f"{list_names(lacking)}"
        )
    return ColumnRun(tuple(numbered[key] for key, _ in wanted), policy.kind, policy.why)


def _list_wanted(
    first: str, policy: ArrayPolicy, *, by_place: re.Match[str] | None
) -> list[tuple[tuple[str, int], str]]:
    """The stem and number of each column of a run, and how it was written."""
    placed, numbered = _PLACED.fullmatch(first), _NUMBERED.fullmatch(first)
    if placed and by_place and placed["stem"] == by_place["stem"] and placed["row"] != by_place["row"]:
        start, wide = (int(placed["row"]), int(placed["column"])), (len(placed["row"]), len(placed["column"]))
        rows = [
            f"{placed['stem']}{row:0{wide[0]}d}{placed['between']}"
            for row in range(start[0], start[0] + policy.height)
        ]
        columns = range(start[1], start[1] + policy.width)
        return [((row, column), f"{row}{column:0{wide[1]}d}") for row in rows for column in columns]
    if numbered is None:
        return []
    start, width, count = (
        int(numbered["number"]),
        len(numbered["number"]),
        policy.length or policy.height * policy.width,
    )
    numbers = range(start, start + count)
    return [((numbered["stem"], number), f"{numbered['stem']}{number:0{width}d}") for number in numbers]


def _match_numbered(table: Table) -> list[re.Match[str]]:
    found = (_NUMBERED.fullmatch(column.name) for column in table.columns)
    return [match for match in found if match and len(match["number"]) < _MOST_DIGITS]


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
    unit = f"columns {run.names[0]} to {run.names[-1]}"
    if run.kind is Kind.SIGNAL:
        channels = ("value", "mask") if has_gaps else ("value",)
        return ArrayPolicy(Kind.SIGNAL, "float32", channels, length=values.shape[1], unit=unit, why=run.why)
    width = run.width or round(values.shape[1] ** 0.5)
    height = values.shape[1] // width
    is_bytes = not has_gaps and values.min() >= 0 and values.max() <= 255 and bool((values % 1 == 0).all())
    dtype = "uint8" if is_bytes and values.max() > 1 else "float32"
    channels = ("gray", "mask") if has_gaps else ("gray",)
    return ArrayPolicy(Kind.PICTURE, dtype, channels, height=height, width=width, unit=unit, why=run.why)


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
