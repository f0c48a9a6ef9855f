"""Arrays in the safetensors format, with a header that is checked before any array is made."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from heldout.bundle.strict_json import parse_json
from heldout.errors import BundleError

MAX_HEADER_BYTES = 1 << 26
_DTYPES = {
    "BOOL": np.dtype("bool"),
    "U8": np.dtype("<u1"),
    "I32": np.dtype("<i4"),
    "I64": np.dtype("<i8"),
    "U64": np.dtype("<u8"),
    "F32": np.dtype("<f4"),
    "F64": np.dtype("<f8"),
}

Shapes = Mapping[str, tuple[tuple[int, ...], str]]


def write_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Write named arrays as safetensors, names sorted, so that equal arrays give equal bytes.

    Example:
        >>> sorted(read_arrays(write_arrays({"b": np.zeros(2), "a": np.ones(1)}), where="x"))
        ['a', 'b']
    """
    ordered = {name: np.asarray(arrays[name], order="C") for name in sorted(arrays)}
    for name, array in ordered.items():
        if array.dtype not in _DTYPES.values():
            raise BundleError(
                f"array {name!r} is {array.dtype}, expected one of {', '.join(map(str, _DTYPES))}"
            )
    return save(ordered)


def read_arrays(data: bytes, *, where: str, expected: Shapes | None = None) -> dict[str, NDArray[Any]]:
    """Read safetensors after checking its header ourselves.

    The usual reader keeps the last of two arrays of one name and takes NaN weights (measured with safetensors
    0.8), so names, types, shapes, gaps and overlaps are checked here, and every number must be finite.

    Args:
        data: the bytes of the member.
        where: member and file, for messages.
        expected: exact (shape, type word such as "F32") per name; None accepts any closed set of arrays.

    Returns:
        The arrays by name, each a copy of its own that can be changed.

    Raises:
        BundleError: a malformed header, a repeated, unknown or missing name, another shape or type than expected,
            gaps or overlaps between arrays, or a number that is not finite.

    Example:
        >>> data = write_arrays({"w": np.ones((2, 1), np.float32)})
        >>> read_arrays(data, where="weights", expected={"w": ((3, 1), "F32")})
        Traceback (most recent call last):
        heldout.errors.BundleError: weights: array 'w' is F32 (2, 1), expected F32 (3, 1)
    """
    header, body = _split_header(data, where)
    if expected is not None:
        _check_names(set(header), set(expected), where)
    arrays, end = {}, 0
    for name, entry in sorted(header.items(), key=lambda item: _read_offsets(item[1], item[0], where)):
        dtype, shape, (first, last) = _check_entry(name, entry, where)
        if expected is not None and (shape, dtype) != expected[name]:
            want = f"{expected[name][1]} {expected[name][0]}"
            raise BundleError(f"{where}: array {name!r} is {dtype} {shape}, expected {want}")
        if first != end or last > len(body) or last - first != math.prod(shape) * _DTYPES[dtype].itemsize:
            raise BundleError(f"{where}: the bytes of array {name!r} do not fit its shape or its neighbours")
        array = np.frombuffer(body[first:last], dtype=_DTYPES[dtype]).reshape(shape).copy()
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise BundleError(f"{where}: array {name!r} holds a number that is not finite (NaN or infinity)")
        arrays[name], end = array, last
    if end != len(body):
        raise BundleError(f"{where}: {len(body) - end} bytes behind the last array")
    return arrays


def _split_header(data: bytes, where: str) -> tuple[dict[str, Any], memoryview]:
    size = struct.unpack_from("<Q", data)[0] if len(data) >= 8 else -1
    if not 0 < size <= min(MAX_HEADER_BYTES, len(data) - 8):
        raise BundleError(f"{where}: the header is said to have {size} bytes, the member has {len(data)}")
    header = parse_json(data[8 : 8 + size], where=where, max_bytes=MAX_HEADER_BYTES)
    if not isinstance(header, dict):
        raise BundleError(f"{where}: the header is {type(header).__name__}, expected an object")
    return header, memoryview(data)[8 + size :]


def _read_offsets(entry: object, name: str, where: str) -> tuple[int, int]:
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise BundleError(
            f"{where}: array {name!r} must have exactly dtype, shape and data_offsets, got {entry!r}"
        )
    offsets = entry["data_offsets"]
    if not _is_counts(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:
        raise BundleError(f"{where}: array {name!r} has data_offsets {offsets!r}, expected [first, last]")
    return offsets[0], offsets[1]


def _check_entry(
    name: str, entry: dict[str, Any], where: str
) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    dtype, shape = entry["dtype"], entry["shape"]
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise BundleError(f"{where}: array {name!r} has type {dtype!r}, expected one of {', '.join(_DTYPES)}")
    if not _is_counts(shape) or len(shape) > 8:
        raise BundleError(
            f"{where}: array {name!r} has shape {shape!r}, expected at most 8 whole numbers from 0"
        )
    return dtype, tuple(shape), _read_offsets(entry, name, where)


def _is_counts(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _check_names(found: set[str], expected: set[str], where: str) -> None:
    for name in sorted(found - expected):
        raise BundleError(f"{where}: unknown array {name!r}, expected {', '.join(sorted(expected))}")
    for name in sorted(expected - found):
        raise BundleError(f"{where}: array {name!r} is missing")
