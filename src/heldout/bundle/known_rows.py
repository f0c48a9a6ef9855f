"""Which new rows are rows of the study: told by one short salted mark a row, so that no row is kept."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from heldout.bundle.checks import match_columns
from heldout.bundle.record import Bundle, list_inputs
from heldout.cells import type_column
from heldout.errors import BundleError
from heldout.recipe import Recipe
from heldout.records import ArrayColumn, BoolArray, IndexArray, Table, TypedColumn
from heldout.sources import hash_rows

# 64 bits: of a million new rows beside a million known ones one is taken for known by chance in 18 million files.
MARK_BYTES = 8
AT_ONCE = 16_000_000  # marks of cells in memory at a time: 128 MB
Marks = NDArray[np.uint64]


def mark_rows(
    recipe: Recipe,
    columns: tuple[TypedColumn, ...],
    arrays: tuple[ArrayColumn, ...],
    *,
    rows: IndexArray,
    salt: str,
) -> Marks:
    """Give one mark for each row, equal where all cells that the networks read are.

    Cells are compared as they are read, so that `1.0` of one file is the `1` of another. Labels, identifiers and other
    columns that are not read do not count.

    Args:
        recipe: which columns, pictures and signals are read.
        columns: typed columns of the whole table, in any order; those that are not read are passed over.
        arrays: pictures and signals of the whole table.
        rows: int64 [n], the rows to mark.
        salt: what makes the marks those of one study: a mark of another study says nothing here.

    Returns:
        uint64 [n], in the order of `rows`.
    """
    by_name = {column.spec.name: column for column in columns}
    key = hashlib.sha256(salt.encode("utf-8")).digest()
    cells = [_mark_cells(by_name[plan.spec.name], key) for plan in list_inputs(recipe)]
    texts = {array.name: hash_rows(array) for array in arrays}
    for plan in recipe.arrays:
        digest = texts[plan.name]
        cells.append(_mark_texts(tuple(digest.levels), key)[digest.codes])
    marks = np.zeros(len(rows), np.uint64)
    step = max(1, AT_ONCE // max(1, len(cells)))
    for first in range(0, len(rows), step):
        part = rows[first : first + step]
        block = np.stack([one[part] for one in cells], axis=1)
        marks[first : first + step] = [_hash(row.tobytes(), key) for row in block]
    return marks


def find_known(bundle: Bundle, table: Table) -> BoolArray:
    """Say which new rows repeat a row of the study in every cell that the networks read.

    Args:
        bundle: a loaded bundle.
        table: the new rows as read, with the columns that the bundle needs.

    Returns:
        bool [N].

    Raises:
        DataError: a column is missing.
    """
    plans = list_inputs(bundle.recipe)
    raws = match_columns(table, tuple(plan.spec.source or plan.spec.name for plan in plans))
    typed = tuple(type_column(raw, plan.spec) for raw, plan in zip(raws, plans, strict=True))
    every = np.arange(len(table.lines))
    marks = mark_rows(bundle.recipe, typed, table.arrays, rows=every, salt=bundle.fingerprint)
    return np.isin(marks, bundle.known_rows)


def share_repeated(marks: Marks) -> float:
    """Give the share of rows that have a twin among themselves: where many have, new rows agree with them by accident.

    Example:
        >>> share_repeated(np.array([3, 5, 3, 8], np.uint64))
        0.5
    """
    _, counts = np.unique(marks, return_counts=True)
    return float(counts[counts > 1].sum() / max(len(marks), 1))


def check_marks(marks: Marks, *, where: str) -> Marks:
    """Refuse marks that are not as they are written: ascending, which tells nothing of the order of the rows.

    Raises:
        BundleError: naming the member.

    Example:
        >>> check_marks(np.array([5, 3], np.uint64), where="rows")
        Traceback (most recent call last):
        heldout.errors.BundleError: rows: the marks of the study's rows are not in ascending order
    """
    if marks.ndim != 1 or (marks[1:] < marks[:-1]).any():
        raise BundleError(f"{where}: the marks of the study's rows are not in ascending order")
    return marks


def _mark_cells(column: TypedColumn, key: bytes) -> Marks:
    """One number for each cell: of a number its bits, of a text a hash; missing ones are all alike."""
    if len(column.codes):
        return np.append(_mark_texts(column.levels, key), np.uint64(0))[column.codes]
    values = column.values + 0.0  # of -0.0 it makes 0.0
    values[np.isnan(values)] = np.nan
    return values.view(np.uint64)


def _mark_texts(texts: tuple[str, ...], key: bytes) -> Marks:
    return np.array([_hash(text.encode("utf-8", "surrogatepass"), key) for text in texts], np.uint64)


def _hash(content: bytes, key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=MARK_BYTES, key=key).digest(), "little")
