"""Tables with one row a file: what became of each file, with its label, its part and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.errors import DataError
from heldout.records import ArrayColumn, IndexArray, Ledger, RawColumn, SetAside, Table
from heldout.sources.columns import encode_cells
from heldout.sources.folders import FileSet
from heldout.sources.placement import Placement, match_labels
from heldout.sources.request import Request

# More broken files than this are no accident (assumption).
_MOST_FAULTS = 0.5


@dataclass(frozen=True)
class FileRows:
    """What became of the files that are examples.

    Args:
        rows: int64 [N], positions among the files kept by the placement that became rows.
        faults: (position, reason) of those that did not.
        what: what a file holds, for messages.
        arrays: arrays of N entries.
        columns: further columns of N cells.
        notes: further notes.
    """

    rows: IndexArray
    faults: Sequence[tuple[int, str]]
    what: str
    arrays: tuple[ArrayColumn, ...] = ()
    columns: tuple[RawColumn, ...] = ()
    notes: tuple[str, ...] = ()


def build_file_table(files: FileSet, place: Placement, found: FileRows, request: Request) -> Table:
    """A table with one row a file: columns `file` and `label`, then those of the reader.

    Args:
        files: all files.
        place: what their folders say.
        found: what became of each.
        request: pattern for labels.

    Raises:
        DataError: more than half of the files could not be read.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> from heldout.sources.placement import place_files
        >>> files = as_file_set("t", {"a/1": b"", "b/2": b""})
        >>> found = FileRows(np.array([1]), [(0, "is empty")], "text")
        >>> table = build_file_table(files, place_files(files.files, name="t"), found, Request())
        >>> table.columns[1].levels, table.ledger.quarantined
        (('b',), 1)
    """
    numbers = np.flatnonzero(place.keep)
    names = [files.files[number] for number in numbers]
    rows, faults = found.rows, found.faults
    if len(faults) > _MOST_FAULTS * len(names):
        first, reason = min(faults)
        raise DataError(
            f"{len(faults):,} of {len(names):,} files of {files.name} hold no {found.what} that can be read; the "
            f"first, {names[first]!r}: {reason}",
            hint="take the broken files away, or give the folder that holds the data",
        )
    aside = [SetAside(int(numbers[row]) + 1, reason, text=names[row]) for row, reason in sorted(faults)]
    kept = [names[row] for row in rows]
    label = _find_label(kept, place, rows, request)
    told = (*found.notes, *_tell_faults(files.name, names, faults, found.what))
    return Table(
        columns=(encode_cells("file", kept), *label, *found.columns),
        lines=numbers[rows].astype(np.int64) + 1,
        source=files.name,
        notes=(*files.notes, *place.notes, *(note for array in found.arrays for note in array.notes), *told),
        set_aside=(*aside, *place.set_aside, *files.ignored),
        part=None if place.part is None else place.part[rows],
        ledger=Ledger(
            rows=len(files.files) + len(files.ignored),
            used=len(rows),
            quarantined=len(aside),
            dropped=len(place.set_aside) + len(files.ignored),
        ),
        arrays=found.arrays,
    )


def _find_label(
    names: list[str], place: Placement, rows: np.ndarray, request: Request
) -> tuple[RawColumn, ...]:
    taken = tuple(
        encode_cells(column.name, [column.levels[column.codes[row]] for row in rows])
        for column in place.columns
    )
    if not request.label_pattern:
        return taken
    label = match_labels(names, request.label_pattern, what="file names")
    return (label, *(column for column in taken if column.name != "label"))


def _tell_faults(
    name: str, names: list[str], faults: Sequence[tuple[int, str]], what: str
) -> tuple[str, ...]:
    if not faults:
        return ()
    first, reason = min(faults)
    share = 100 * len(faults) / len(names)
    return (
        f"{name}: {len(faults):,} of {len(names):,} files ({share:.1f} %) hold no {what} that can be read and were set "
        f"aside; the first, {names[first]}: {reason}",
    )
