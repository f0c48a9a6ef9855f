"""Tables of pictures: a folder of them, or a table with a column of paths."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from heldout.errors import DataError
from heldout.records import RawColumn, SetAside, Table
from heldout.sources.albums import Album, decode_files
from heldout.sources.columns import find_column, take_rows
from heldout.sources.file_tables import FileRows, build_file_table
from heldout.sources.folders import FileSet, list_files
from heldout.sources.pictures import PICTURE_ENDINGS
from heldout.sources.placement import place_files
from heldout.sources.request import Request
from heldout.sources.stacks import take_arrays

_PATHS_SHARE, _MOST_FAULTS = 0.9, 0.5
_OUTSIDE = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*:|[/\\~])")


def read_pictures(files: FileSet, request: Request) -> Table:
    """The table of a folder of pictures: columns `file` and `label`, and the array `picture`.

    Args:
        files: the files, from `list_files`.
        request: policy, cache and pattern, if given.

    Returns:
        One row a picture that could be decoded, in the order of the file names; every other file is set aside.

    Raises:
        DataError: no picture can be read, or more than half of them cannot.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> read_pictures(as_file_set("t", {"a/1.png": b"x", "b/1.png": b"y"}), Request())
        Traceback (most recent call last):
        heldout.errors.DataError: none of the 2 files of t is a picture that can be read; the first, 'a/1.png': ...
    """
    place = place_files(files.files, name=files.name)
    numbers = np.flatnonzero(place.keep)
    names = [files.files[number] for number in numbers]
    album = decode_files(files, names, request)
    found = FileRows(album.rows, album.faults, "picture", arrays=(album.array,))
    return build_file_table(files, place, found, request)


def find_picture_column(table: Table) -> str:
    """The column that holds paths of pictures: nearly all its cells end like one; "" when there is none or several.

    Args:
        table: any table.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> find_picture_column(Table((encode_cells("f", ["a.png", "b.jpg"]),), np.array([2, 3]), "t.csv"))
        'f'
    """
    found = []
    for column in table.columns:
        hits = sum(text.strip().casefold().endswith(PICTURE_ENDINGS) for text in column.levels)
        if column.levels and hits >= _PATHS_SHARE * len(column.levels):
            found.append(column.name)
    return found[0] if len(found) == 1 else ""


def attach_pictures(table: Table, folder: str | Path, column: str, request: Request) -> Table:
    """The table with the pictures that a column of paths names, as the array `picture`.

    Args:
        table: rows with paths relative to the folder.
        folder: folder or archive that holds the pictures; nothing outside it is ever opened.
        column: name of the column of paths.
        request: policy and cache, if given.

    Returns:
        The rows whose picture could be decoded; the others are set aside with the reason.

    Raises:
        DataError: no such column or folder, a path leads out of the folder, or none or less than half of the
            pictures can be read.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> table = Table((encode_cells("f", ["../a.png"]),), np.array([2]), "t.csv")
        >>> attach_pictures(table, ".", "f", Request())
        Traceback (most recent call last):
        heldout.errors.DataError: line 2 of t.csv: '../a.png' in column 'f' leads out of the folder of the pictures
          -> give paths relative to it, without '..', drives or addresses
    """
    raw = find_column(table, column)
    levels = {text: _check_path(text, table, raw, code) for code, text in enumerate(raw.levels)}
    files = list_files(folder)
    if files is None:
        raise DataError(f"there is no folder {str(folder)!r} for the pictures of column {column!r}")
    paths = [levels[raw.levels[code]] if code >= 0 else "" for code in raw.codes]
    files = _resolve(files, paths)
    album = decode_files(files, paths, request)
    if len(album.faults) > _MOST_FAULTS * len(paths):
        row, reason = min(album.faults)
        raise DataError(
            f"{len(album.faults):,} of {len(paths):,} pictures that column {column!r} of {table.source} names cannot "
            f"be read; the first, {paths[row]!r}: {reason}",
            hint=f"paths are taken relative to {str(folder)!r}",
        )
    return _keep_rows(table, album, paths)


def _check_path(text: str, table: Table, raw: RawColumn, code: int) -> str:
    path = text.strip().replace("\\", "/")
    parts = PurePosixPath(path).parts
    if _OUTSIDE.match(text.strip()) or ".." in parts or "\x00" in text:
        row = int(np.flatnonzero(raw.codes == code)[0])
        raise DataError(
            f"line {table.lines[row]} of {table.source}: {text[:80]!r} in column {raw.name!r} leads out of the folder "
            "of the pictures",
            hint="give paths relative to it, without '..', drives or addresses",
        )
    return str(PurePosixPath(path)) if path else ""


def _resolve(files: FileSet, paths: list[str]) -> FileSet:
    """The files under the names that the table uses: the path itself, or the only file that ends with it."""
    known = set(files.files)
    by_end: dict[str, list[str]] = {}
    for file in files.files:
        by_end.setdefault(PurePosixPath(file).name, []).append(file)
    real = {}
    for path in set(paths) - known:
        ends = [file for file in by_end.get(PurePosixPath(path).name, ()) if file.endswith("/" + path)]
        real[path] = ends[0] if len(ends) == 1 else ""

    def load(file: str) -> bytes:
        target = real.get(file, file)
        if not target:
            raise DataError(f"there is no file {file!r}" if file else "no path is given")
        return files.load(target)

    return replace(files, load=load)


def _keep_rows(table: Table, album: Album, paths: list[str]) -> Table:
    aside = tuple(
        SetAside(int(table.lines[row]), f"its picture cannot be read: {reason}", text=paths[row])
        for row, reason in album.faults
    )
    kept = take_rows(table, album.rows)
    ledger = table.ledger and replace(
        table.ledger,
        used=table.ledger.used - len(aside),
        quarantined=table.ledger.quarantined + len(aside),
        lines_used=0,
        lines=0,
    )
    told = (f"{len(aside):,} rows were set aside: their picture cannot be read",) if aside else ()
    notes = (*table.notes, *album.array.notes, *told)
    return replace(
        kept,
        arrays=(*take_arrays(table.arrays, album.rows), album.array),
        set_aside=(*table.set_aside, *aside),
        ledger=ledger,
        notes=notes,
    )
