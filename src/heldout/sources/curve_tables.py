"""Tables of signals: a folder of small text files, one signal each, and the array that signals become."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import DataError
from heldout.records import ArrayColumn, DoubleArray, Kind, Table
from heldout.sources.cache import make_space
from heldout.sources.curves import Curve, decide_curve_policy, drop_empty_mask, fit_curve, order_curve
from heldout.sources.decode import decode_text
from heldout.sources.file_tables import FileRows, build_file_table
from heldout.sources.folders import FileSet
from heldout.sources.placement import place_files
from heldout.sources.request import Request

_AXIS_WORDS = frozenset(
    {"time", "t", "x", "wavelength", "wave", "lambda", "loglam", "mjd", "jd", "hjd", "bjd", "phase", "frequency",
     "freq", "second", "seconds", "sec", "ms", "s", "sample", "index"}
)  # fmt: skip
_MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--", "?", "inf", "-inf"})
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eEdD][+-]?\d+)?")
_DELIMITERS = (",", ";", "\t")
_MOST_CHANNELS = 64


@dataclass(frozen=True)
class Grid:
    """The numbers of a small text file.

    Args:
        names: names of the columns, numbers where it has no header.
        values: float64 [T, C], NaN where missing.
        has_names: a header was there.
    """

    names: tuple[str, ...]
    values: DoubleArray
    has_names: bool


def parse_grid(text: str) -> Grid:
    r"""The columns of numbers in a small text file; lines beginning with # and one header line are allowed.

    Args:
        text: the decoded file.

    Raises:
        DataError: a cell that is no number, lines of different widths, or no numbers.

    Example:
        >>> parse_grid("t,y\n0,1\n1,\n").values.tolist()
        [[0.0, 1.0], [1.0, nan]]
        >>> parse_grid("0,1\n1,two\n")
        Traceback (most recent call last):
        heldout.errors.DataError: line 2: 'two' is no number
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    lines = [(number, line) for number, line in lines if not line.lstrip().startswith(("#", "%"))]
    if not lines:
        raise DataError("holds no numbers")
    delimiter = next((mark for mark in _DELIMITERS if mark and all(mark in line for _, line in lines)), None)
    rows = [(number, [cell.strip().strip('"') for cell in line.split(delimiter)]) for number, line in lines]
    names: list[str] = []
    if not any(_is_number(cell) for cell in rows[0][1]):
        names = rows.pop(0)[1]
    if not rows:
        raise DataError("holds no numbers")
    width = len(rows[0][1])
    if width > _MOST_CHANNELS or (names and len(names) != width):
        raise DataError(
            f"{width} columns under {len(names) or 'no'} names; at most {_MOST_CHANNELS} are read"
        )
    values = np.empty((len(rows), width))
    for place, (number, cells) in enumerate(rows):
        if len(cells) != width:
            raise DataError(f"line {number} has {len(cells)} cells, the first {width}")
        values[place] = [_to_number(cell, number) for cell in cells]
    given = tuple(names) or tuple(str(number) for number in range(1, width + 1))
    return Grid(given, values, bool(names))


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _to_number(cell: str, line: int) -> float:
    if cell.casefold() in _MISSING:
        return float("nan")
    if not _is_number(cell):
        raise DataError(f"line {line}: {cell[:40]!r} is no number")
    return float(cell.translate(str.maketrans("dD", "ee")))


def read_curves(files: FileSet, request: Request) -> Table:
    r"""The table of a folder of signals: one row a file, the array `signal`.

    The axis is the column called time, wavelength or the like, else, in files without a header, the first of several
    columns when it increases in every file.

    Args:
        files: small text files with the same columns.
        request: policy and pattern, if given.

    Raises:
        DataError: no file holds a signal, or more than half do not.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> raw = b"t,y\n0,1\n1,2\n2,1\n3,4\n"
        >>> files = as_file_set("t", {f"{c}/{i}.csv": raw for c in "ab" for i in (1, 2)})
        >>> read_curves(files, Request()).arrays[0].values.shape
        (4, 4, 1)
    """
    place = place_files(files.files, name=files.name)
    names = [files.files[number] for number in np.flatnonzero(place.keep)]
    grids: dict[int, Grid] = {}
    faults: dict[int, str] = {}
    for row, name in enumerate(names):
        try:
            grids[row] = parse_grid(decode_text(files.read(name), name=name, encoding=request.encoding)[0])
        except DataError as error:
            faults[row] = error.message
    if not grids:
        raise DataError(f"no file of {files.name} holds a signal; the first, {names[0]}: {faults[0]}")
    usual = Counter(grid.names for grid in grids.values()).most_common(1)[0][0]
    axis = _find_axis([grid for grid in grids.values() if grid.names == usual])
    curves, strange = _list_curves(grids, usual, axis)
    faults.update(strange)
    if not curves:
        raise DataError(
            f"no file of {files.name} holds a signal; the first, {names[0]}: {faults[min(faults)]}"
        )
    channels = [name for place_, name in enumerate(usual) if place_ != axis]
    array, failed = stack_curves(curves, channels, request, axis=usual[axis] if axis >= 0 else "")
    faults.update(failed)
    rows = np.array([row for row in curves if row not in failed], dtype=np.int64)
    told = f"{files.name}: each file is a signal of {', '.join(channels[:8])}" + (
        f" over {usual[axis]}" if axis >= 0 else ", one value a line"
    )
    found = FileRows(rows, sorted(faults.items()), "signal", arrays=(array,), notes=(told,))
    return build_file_table(files, place, found, request)


def _find_axis(grids: Sequence[Grid]) -> int:
    """The position of the axis among the columns, -1 without one."""
    for place, name in enumerate(grids[0].names):
        if re.split(r"[^a-z]", name.casefold())[0] in _AXIS_WORDS and len(grids[0].names) > 1:
            return place
    is_first = len(grids[0].names) > 1 and not grids[0].has_names
    return 0 if is_first and all((np.diff(grid.values[:, 0]) > 0).all() for grid in grids) else -1


def _list_curves(
    grids: dict[int, Grid], usual: tuple[str, ...], axis: int
) -> tuple[dict[int, Curve], dict[int, str]]:
    curves: dict[int, Curve] = {}
    faults: dict[int, str] = {}
    for row, grid in grids.items():
        try:
            curves[row] = _as_curve(grid, usual, axis)
        except DataError as error:
            faults[row] = error.message
    return curves, faults


def _as_curve(grid: Grid, usual: tuple[str, ...], axis: int) -> Curve:
    if grid.names != usual:
        raise DataError(
            f"its columns are {', '.join(grid.names[:8])}; most others have {', '.join(usual[:8])}"
        )
    if axis < 0:
        return order_curve(grid.values, None)
    return order_curve(np.delete(grid.values, axis, axis=1), grid.values[:, axis])


def stack_curves(
    curves: dict[int, Curve], names: Sequence[str], request: Request, *, axis: str, unit: str = ""
) -> tuple[ArrayColumn, dict[int, str]]:
    """The array of signals, and the reason for each that does not fit.

    Args:
        curves: by number.
        names: name of each channel.
        request: policy, if given.
        axis: name of the axis.
        unit: extension they were read from.

    Raises:
        DataError: none fits.
    """
    has_axis = Counter(curve.axis is not None for curve in curves.values()).most_common(1)[0][0]
    failed = {
        row: "has no axis, unlike the others"
        for row, curve in curves.items()
        if has_axis and curve.axis is None
    }
    if not has_axis:
        curves = {row: replace(curve, axis=None) for row, curve in curves.items()}
    good = [curve for row, curve in curves.items() if row not in failed]
    given = request.policy(Kind.SIGNAL)
    policy = given or replace(decide_curve_policy(good, names, axis=axis if has_axis else ""), unit=unit)
    full = policy if policy.channels[-1] == "mask" else replace(policy, channels=(*policy.channels, "mask"))
    space = make_space((len(curves), full.length, len(full.channels)), "float32")
    filled = 0
    for row, curve in curves.items():
        if row in failed:
            continue
        try:
            space.values[filled] = fit_curve(curve, full)
            filled += 1
        except DataError as error:
            failed[row] = error.message
    if not filled:
        raise DataError(f"none of the {len(curves)} signals can be read; the first: {failed[min(failed)]}")
    values = space.finish(filled, {})
    notes = [policy.why]
    if given is not None and policy.channels[-1] != "mask":
        missing = int((values[..., -1].any(axis=1)).sum())  # type: ignore[union-attr]
        notes += [f"{missing} signals have gaps, which the signals trained on had not"] if missing else []
        return ArrayColumn("signal", Kind.SIGNAL, values[..., :-1], policy, tuple(notes)), failed
    if given is None:
        values, channels = drop_empty_mask(values, full)  # type: ignore[arg-type]
        policy = replace(policy, channels=channels)
    return ArrayColumn("signal", Kind.SIGNAL, values, policy, tuple(notes)), failed
