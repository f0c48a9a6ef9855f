"""Arrays of a table taken by rows, put one behind another, and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from heldout.errors import DataError
from heldout.records import ArrayColumn, IndexArray, RawColumn

_BLOCK_BYTES = 1 << 24


def take_arrays(arrays: tuple[ArrayColumn, ...], rows: IndexArray) -> tuple[ArrayColumn, ...]:
    """The arrays restricted to some rows; rows that follow each other are a view, others a copy.

    Args:
        arrays: of one table.
        rows: int64 positions, in the order wanted.

    Example:
        >>> from heldout.records import ArrayPolicy, Kind
        >>> column = ArrayColumn("p", Kind.PICTURE, np.arange(3), ArrayPolicy(Kind.PICTURE, "uint8", ("gray",)))
        >>> take_arrays((column,), np.array([2, 0]))[0].values.tolist()
        [2, 0]
    """
    if not arrays:
        return arrays
    if len(rows) and (np.diff(rows) == 1).all():
        start, stop = int(rows[0]), int(rows[-1]) + 1
        return tuple(replace(item, values=item.values[start:stop]) for item in arrays)
    return tuple(replace(item, values=item.values[rows]) for item in arrays)


def join_arrays(tables: Sequence[tuple[str, tuple[ArrayColumn, ...]]]) -> tuple[ArrayColumn, ...]:
    """The arrays of several tables one behind another.

    Args:
        tables: source and arrays of each table; the first one's policy is kept.

    Raises:
        DataError: a table lacks an array of the first, or its examples have another shape.

    Example:
        >>> join_arrays([("a", ()), ("b", ())])
        ()
    """
    source, first = tables[0]
    joined = []
    for item in first:
        pieces = [item.values]
        for other, arrays in tables[1:]:
            match = next((array for array in arrays if array.name == item.name), None)
            if match is None:
                raise DataError(f"{other} has no {item.kind} {item.name!r}, which {source} has")
            if match.values.shape[1:] != item.values.shape[1:] or match.values.dtype != item.values.dtype:
                raise DataError(
                    f"the {item.kind}s of {other} are {match.values.shape[1:]} {match.values.dtype}, those of {source} "
                    f"{item.values.shape[1:]} {item.values.dtype}",
                    hint="read both by one policy",
                )
            pieces.append(match.values)
        joined.append(replace(item, values=np.concatenate(pieces) if len(pieces) > 1 else item.values))
    return tuple(joined)


def hash_arrays(arrays: Sequence[ArrayColumn]) -> bytes:
    """The sha256 of names, shapes and values, for the fingerprint of a table.

    Example:
        >>> hash_arrays([]).hex()[:8]
        'e3b0c442'
    """
    digest = hashlib.sha256()
    for item in arrays:
        digest.update(f"{item.name};{item.kind};{item.values.shape};{item.values.dtype};".encode())
        for block in _cut(item.values):
            digest.update(np.ascontiguousarray(block).data)
    return digest.digest()


def hash_rows(array: ArrayColumn) -> RawColumn:
    """One text for each example, equal where the values are, so that rows can be compared like cells.

    Args:
        array: of one table.

    Example:
        >>> from heldout.records import ArrayPolicy, Kind
        >>> policy = ArrayPolicy(Kind.PICTURE, "uint8", ("gray",))
        >>> hash_rows(ArrayColumn("p", Kind.PICTURE, np.array([[3], [4], [3]], np.uint8), policy)).codes.tolist()
        [0, 1, 0]
    """
    # 128 bits: two of a billion examples agree by chance once in 10**20 tables.
    numbers: dict[str, int] = {}
    codes = [
        numbers.setdefault(
            hashlib.blake2b(np.ascontiguousarray(row).data, digest_size=16).hexdigest(), len(numbers)
        )
        for block in _cut(array.values)
        for row in block
    ]
    return RawColumn(array.name, np.array(codes, dtype=np.int32), tuple(numbers))


def _cut(values: np.ndarray) -> Iterator[np.ndarray]:
    rows = max(1, _BLOCK_BYTES // max(1, values[:1].nbytes))
    for start in range(0, len(values), rows):
        yield values[start : start + rows]
