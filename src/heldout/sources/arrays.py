"""Arrays of numbers with one example along the first axis: pictures, signals or ordinary columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from heldout.errors import DataError
from heldout.records import (
    PART_FIT,
    PART_UNDECLARED,
    PART_VALIDATION,
    ArrayColumn,
    ArrayPolicy,
    Kind,
    Ledger,
    RawColumn,
    SetAside,
    Table,
)
from heldout.sources.columns import encode_cells
from heldout.sources.request import Request
from heldout.sources.smooth import is_smooth

_COLOURS = {
    1: ("gray",),
    2: ("gray", "alpha"),
    3: ("red", "green", "blue"),
    4: ("red", "green", "blue", "alpha"),
}
# A picture has at least 8 rows and columns and is at most 8 times as long as wide; a signal has at least 16 points.
_LEAST_SIDE, _LONGEST, _LEAST_POINTS, _MOST_SIGNALS = 8, 8, 16, 64
_MOST_COLUMNS = 20_000
_LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class ArrayPart:
    """Examples of one part of the data.

    Args:
        name: where they come from, for messages.
        part: PART_UNDECLARED, PART_FIT, PART_VALIDATION or PART_TEST.
        values: one example along the first axis.
        columns: further arrays of the same length by name.
    """

    name: str
    part: int
    values: NDArray[np.generic]
    columns: dict[str, NDArray[np.generic]] = field(default_factory=dict)


def build_array_table(
    parts: Sequence[ArrayPart],
    request: Request,
    *,
    source: str,
    notes: tuple[str, ...] = (),
    others: Sequence[str] = (),
    ledger: Ledger | None = None,
) -> Table:
    """One table of the examples of all parts.

    Args:
        parts: examples; all of one shape.
        request: policy, if given.
        source: for messages.
        notes: sentences of the reader.
        others: files that were not used; they are set aside.
        ledger: not None when the files count as rows of the ledger too.

    Returns:
        Rows of the parts one after another; examples with fewer than two axes become ordinary columns.

    Raises:
        DataError: parts of unequal shapes or lengths, or of a shape that is no picture, signal or column.

    Example:
        >>> part = ArrayPart("x.npy", 0, np.zeros((2, 8, 8), np.uint8), {"label": np.array([1, 0])})
        >>> table = build_array_table([part], Request(), source="x.npy")
        >>> table.arrays[0].values.shape, table.columns[0].levels
        ((2, 8, 8, 1), ('1', '0'))
    """
    shapes = {part.name: part.values.shape[1:] for part in parts}
    if len(set(shapes.values())) > 1:
        told = ", ".join(f"{name} {' x '.join(map(str, shape))}" for name, shape in shapes.items())
        raise DataError(f"the parts of {source} hold examples of different shapes: {told}")
    for part in parts:
        _check_lengths(part, source)
    values = parts[0].values if len(parts) == 1 else np.concatenate([part.values for part in parts])
    arrays, columns, told = describe_array(values, request, source=source)
    names = list(dict.fromkeys(name for part in parts for name in part.columns))
    columns = (*(_join(name, parts) for name in names), *columns)
    codes = np.concatenate([np.full(len(part.values), part.part, np.int8) for part in parts])
    if (codes != PART_UNDECLARED).any() and not (codes == PART_VALIDATION).any():
        codes[codes == PART_FIT] = PART_UNDECLARED
    aside = tuple(
        SetAside(0, "is none of the arrays that were read", text=file, kind="dropped") for file in others
    )
    is_parted = bool((codes != PART_UNDECLARED).any())
    named = f"{source}: the names {', '.join(part.name for part in parts)} declare the parts"
    n_rows = len(values)
    return Table(
        columns=columns,
        lines=np.concatenate([np.arange(1, len(part.values) + 1, dtype=np.int64) for part in parts]),
        source=source,
        notes=(*notes, *told, *([named] if is_parted else [])),
        set_aside=aside,
        part=codes if is_parted else None,
        ledger=Ledger(rows=n_rows + len(aside), used=n_rows, dropped=len(aside)),
        arrays=arrays,
    )


def _check_lengths(part: ArrayPart, source: str) -> None:
    for name, column in part.columns.items():
        if len(column) != len(part.values):
            raise DataError(
                f"{source}: {part.name} has {len(part.values):,} examples, its {name} has {len(column):,}",
                hint="the two must belong together, in the same order",
            )


def _join(name: str, parts: Sequence[ArrayPart]) -> RawColumn:
    cells: list[str | None] = []
    for part in parts:
        given = part.columns.get(name)
        cells += [None] * len(part.values) if given is None else write_numbers(given)
    return encode_cells(name, cells)


def write_numbers(values: NDArray[np.generic]) -> list[str | None]:
    """The shortest exact text of each number; NaN is null.

    Example:
        >>> write_numbers(np.array([1.5, np.nan], np.float32))
        ['1.5', None]
    """
    if values.dtype.kind in "SU":
        texts = [
            text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
            for text in values.tolist()
        ]
        return list(texts)
    if values.dtype.kind == "f":
        return [_write_float(number) for number in values]
    return [str(number) for number in values.tolist()]


def _write_float(number: np.floating) -> str | None:
    if number != number:
        return None
    return np.format_float_positional(number, trim="-") if abs(number) < 1e16 else repr(float(number))


def describe_array(
    values: NDArray[np.generic], request: Request, *, source: str
) -> tuple[tuple[ArrayColumn, ...], tuple[RawColumn, ...], tuple[str, ...]]:
    """What an array of examples is: a picture or a signal for each, or ordinary columns.

    Three axes are gray pictures where two of them are alike in length, else signals of several channels; four are
    pictures; two are a signal where neighbouring numbers go together, else columns.

    Args:
        values: [N, ...].
        request: policy, if given.
        source: for messages.

    Returns:
        The array column or none, columns, notes.

    Raises:
        DataError: a shape that is none of these, numbers that are no real numbers, or another shape than the policy's.

    Example:
        >>> describe_array(np.zeros((2, 3, 4, 5, 6)), Request(), source="x.npy")
        Traceback (most recent call last):
        heldout.errors.DataError: x.npy holds examples of 3 x 4 x 5 x 6 numbers, which are neither pictures nor ...
          -> ...
    """
    if values.dtype.kind not in "buif":
        raise DataError(f"{source} holds values of type {values.dtype}; real numbers were expected")
    if values.ndim < 1 or not len(values) or values.size == 0:
        raise DataError(f"{source} holds no examples: its shape is {values.shape}")
    shape = values.shape[1:]
    kind, values, why = _recognise_shape(values, request, source)
    if kind is None:
        flat = values.reshape(len(values), -1)
        names = ["value"] if flat.shape[1] == 1 else [f"x{number}" for number in range(flat.shape[1])]
        columns = tuple(encode_cells(name, write_numbers(flat[:, place])) for place, name in enumerate(names))
        return (), columns, (f"{source}: each example has {flat.shape[1]} numbers, read as columns; {why}",)
    stored, names, notes = _settle_numbers(values, kind, source)
    given = request.policy(kind)
    policy = ArrayPolicy(kind, str(stored.dtype), names, why=why)
    if kind is Kind.PICTURE:
        size = (
            (given.height, given.width) if given and given.fit == "scale" else _choose_size(stored, request)
        )
        if size != tuple(stored.shape[1:3]):
            stored = scale_pictures(stored, size, has_mask=names[-1] == "mask")
            why = f"{why}; scaled to {size[0]} x {size[1]}"
            policy = replace(policy, fit="scale", why=why)
        policy = replace(policy, height=stored.shape[1], width=stored.shape[2])
    else:
        policy = replace(policy, length=stored.shape[1])
    if given is not None:
        stored, policy = _follow(stored, policy, given, source), given
    name = "picture" if kind is Kind.PICTURE else "signal"
    text = f"{source}: examples of {' x '.join(map(str, shape))} numbers are read as {name}s: {why}"
    return (ArrayColumn(name, kind, stored, policy, (text, *notes)),), (), (text, *notes)


def _choose_size(values: NDArray[np.generic], request: Request) -> tuple[int, int]:
    height, width = int(values.shape[1]), int(values.shape[2])
    shrink = min(1.0, request.side / float(np.sqrt(height * width)))
    if shrink == 1.0 or request.policy(Kind.PICTURE) is not None:
        return height, width
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def scale_pictures(
    values: NDArray[np.generic], size: tuple[int, int], *, has_mask: bool = False
) -> NDArray[np.generic]:
    """Pictures of another size, channel by channel: bytes as picture files are scaled, other numbers by means of areas.

    Args:
        values: [N, height, width, channels], uint8 or float32.
        size: rows and columns wanted.
        has_mask: the last channel says where nothing was observed, and stays zero or one.

    Example:
        >>> scale_pictures(np.full((1, 8, 8, 1), 9, np.uint8), (4, 4)).tolist()[0][0]
        [[9], [9], [9], [9]]
    """
    scaled = np.empty((len(values), *size, values.shape[3]), values.dtype)
    is_bytes = values.dtype == np.uint8
    how = Image.Resampling.BICUBIC if is_bytes else Image.Resampling.BOX
    for row, channel in np.ndindex(len(values), values.shape[3]):
        plane = Image.fromarray(np.ascontiguousarray(values[row, ..., channel]))
        scaled[row, ..., channel] = np.asarray(plane.resize((size[1], size[0]), how))
    if has_mask:
        scaled[..., -1] = np.round(scaled[..., -1])  # type: ignore[arg-type] - float32 wherever there is a mask
    return scaled


def _recognise_shape(
    values: NDArray[np.generic], request: Request, source: str
) -> tuple[Kind | None, NDArray[np.generic], str]:
    shape = values.shape[1:]
    wanted = {policy.kind for policy in request.policies}
    if len(shape) <= 1:
        points = shape[0] if shape else 1
        if points >= _LEAST_POINTS and (Kind.SIGNAL in wanted or (not wanted and is_smooth(values))):
            return Kind.SIGNAL, values[..., None], "neighbouring numbers go together"
        if points > _MOST_COLUMNS:
            raise DataError(
                f"{source} holds {points:,} numbers an example; at most {_MOST_COLUMNS:,} can be columns"
            )
        return None, values, "neighbouring numbers do not go together, so they are no signal"
    if len(shape) == 2:
        if Kind.SIGNAL not in wanted and min(shape) >= _LEAST_SIDE and max(shape) <= _LONGEST * min(shape):
            return Kind.PICTURE, values[..., None], f"{shape[0]} x {shape[1]} pixels of one channel"
        if shape[0] >= _LEAST_POINTS and shape[1] <= _MOST_SIGNALS:
            return Kind.SIGNAL, values, f"{shape[0]} points of {shape[1]} channels"
        if shape[1] >= _LEAST_POINTS and shape[0] <= _MOST_SIGNALS:
            return (
                Kind.SIGNAL,
                np.swapaxes(values, 1, 2),
                f"{shape[1]} points of {shape[0]} channels (axes swapped)",
            )
    if len(shape) == 3 and min(shape[:2]) >= _LEAST_SIDE and shape[2] <= _MOST_SIGNALS:
        return Kind.PICTURE, values, f"{shape[0]} x {shape[1]} pixels of {shape[2]} channels"
    if len(shape) == 3 and min(shape[1:]) >= _LEAST_SIDE and shape[0] <= _MOST_SIGNALS:
        told = f"{shape[1]} x {shape[2]} pixels of {shape[0]} channels (channels were the first axis)"
        return Kind.PICTURE, np.moveaxis(values, 1, 3), told
    raise DataError(
        f"{source} holds examples of {' x '.join(map(str, shape))} numbers, which are neither pictures nor signals",
        hint="the first axis counts examples: pictures N x height x width (x channels), signals N x points x channels",
    )


def _settle_numbers(
    values: NDArray[np.generic], kind: Kind, source: str
) -> tuple[NDArray[np.generic], tuple[str, ...], tuple[str, ...]]:
    """Bytes stay bytes, everything else becomes float32; numbers that are missing get a mask channel."""
    count = values.shape[-1]
    names = _COLOURS.get(count, ()) if kind is Kind.PICTURE and count in (1, 3, 4) else ()
    names = names or tuple(str(number) for number in range(1, count + 1))
    if values.dtype == np.bool_:
        values = values.astype(np.uint8) * np.uint8(255)
    is_whole = kind is Kind.PICTURE and values.dtype.kind in "ui" and values.dtype != np.uint8
    if is_whole and int(values.min()) >= 0 and int(values.max()) <= 255:
        values = values.astype(np.uint8)
    if kind is Kind.PICTURE and values.dtype == np.uint8:
        return values, names, ()
    if values.dtype.itemsize > 4:
        finite = values[np.isfinite(values)]
        if finite.size and float(np.abs(finite).max()) > _LARGEST:
            raise DataError(f"{source} holds numbers above 3.4e38, which single precision cannot hold")
    with np.errstate(over="ignore"):
        floats = values.astype(np.float32)
    missing = ~np.isfinite(floats)
    if not missing.any():
        return floats, names, ()
    filled, mask = fill_missing(floats, missing)
    share = 100 * float(missing.mean())
    note = f"{source}: {share:.2g} % of the numbers are missing (not finite); they are marked in the channel 'mask'"
    return np.concatenate([filled, mask], axis=-1), (*names, "mask"), (note,)


def fill_missing(
    values: NDArray[np.float32], missing: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Missing numbers replaced by the median of the example's channel (zero where all are), and the mask.

    Args:
        values: [N, ..., C].
        missing: of the same shape.

    Returns:
        Values without gaps; mask float32 [N, ..., 1], one where any channel is missing.

    Example:
        >>> values = np.array([[[1.0], [np.nan], [3.0]]], np.float32)
        >>> filled, mask = fill_missing(values, np.isnan(values))
        >>> filled.ravel().tolist(), mask.ravel().tolist()
        ([1.0, 2.0, 3.0], [0.0, 1.0, 0.0])
    """
    filled = values.copy()
    for row in np.flatnonzero(missing.reshape(len(values), -1).any(axis=1)):
        for channel in range(values.shape[-1]):
            holes = missing[row, ..., channel]
            known = values[row, ..., channel][~holes]
            filled[row, ..., channel][holes] = np.median(known) if known.size else 0.0
    return filled, np.asarray(missing.any(axis=-1, keepdims=True), dtype=np.float32)


def _follow(
    values: NDArray[np.generic], found: ArrayPolicy, given: ArrayPolicy, source: str
) -> NDArray[np.generic]:
    if given.channels[-1] == "mask" and found.channels == given.channels[:-1]:
        none = np.zeros((*values.shape[:-1], 1), np.float32)
        values = np.concatenate([values.astype(np.float32), none], axis=-1)
        found = replace(found, channels=given.channels, dtype="float32")
    same = ("channels", "height", "width", "length")
    if any(getattr(found, item) != getattr(given, item) for item in same):
        raise DataError(
            f"{source} holds examples of {values.shape[1:]} ({', '.join(found.channels)}); the network was trained "
            f"on {(given.height, given.width) if given.height else given.length} ({', '.join(given.channels)})"
        )
    if given.dtype == "uint8" and found.dtype != "uint8":
        raise DataError(
            f"{source} holds {found.dtype}; the network was trained on whole numbers from 0 to 255"
        )
    return values.astype(given.dtype, copy=False)
