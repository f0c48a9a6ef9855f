"""Tables of pictures: a folder of them, or a table with a column of paths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np

from heldout.errors import DataError
from heldout.records import Kind, RawColumn, SetAside, Table
from heldout.sources.albums import Album, decode_files
from heldout.sources.column_runs import COLUMNS_UNIT
from heldout.sources.columns import find_column, list_names, take_rows
from heldout.sources.file_tables import FileRows, build_file_table
from heldout.sources.folders import FileSet, collect_names, list_files, list_named
from heldout.sources.pictures import PICTURE_ENDINGS
from heldout.sources.placement import place_files
from heldout.sources.request import Request

_PATHS_SHARE, _MOST_FAULTS = 0.9, 0.5
# A table that only mentions pictures must not cost a walk through a whole disk (assumption: a second at most).
_PATHS_JUDGED, _FILES_JUDGED = 1_000, 100_000
# How a policy names the column of paths it was made of.
PATHS_UNIT = re.compile(r"column (?P<column>.*)", re.DOTALL)
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
    found = FileRows(album.rows, album.faults, "picture", arrays=(album.array,), columns=album.columns)
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
        if len(column.levels) and _are_paths(column.levels):
            found.append(column.name)
    return found[0] if len(found) == 1 else ""


def _are_paths(levels: Sequence[str]) -> bool:
    hits, most_others = 0, len(levels) - _PATHS_SHARE * len(levels)
    for place, text in enumerate(levels):
        hits += text.strip().casefold().endswith(PICTURE_ENDINGS)
        if place + 1 - hits > most_others:
            return False
    return hits >= _PATHS_SHARE * len(levels)


def attach_named(table: Table, beside: Path | None, request: Request) -> Table:
    """The table with its pictures, where a column holds their paths and at least one of them is there.

    Tables that only mention pictures stay tables: without `images` nothing is refused for a picture that is missing,
    unless others are there.

    Args:
        table: any table.
        beside: folder of the table's file, None for a frame.
        request: where the pictures lie, and the policy of an earlier reading.

    Raises:
        DataError: as `attach_pictures`; or no column holds paths although a folder of pictures was given.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> table = Table((encode_cells("f", ["no-such.png"]),), np.array([2]), "t.csv")
        >>> attach_named(table, Path("."), Request()).notes
        ("t.csv: column 'f' names pictures, but none of them was found; say --images FOLDER if they are to be read",)
    """
    units = [policy.unit for policy in request.policies if policy.kind is Kind.PICTURE]
    earlier = [match["column"] for unit in units if (match := PATHS_UNIT.fullmatch(unit))]
    # A network that was trained on a folder of pictures takes a list of their paths too.
    is_wanted = not request.is_fixed or any(not COLUMNS_UNIT.fullmatch(unit) for unit in units)
    column = earlier[0] if earlier else _choose_column(table, request) if is_wanted else ""
    if not column:
        return table
    folder = request.images or beside
    if not earlier and request.images is None and (folder is None or not has_pictures(table, folder, column)):
        told = f"{table.source}: column {column!r} names pictures, but none of them was found; say --images FOLDER if "
        return replace(table, notes=(*table.notes, told + "they are to be read"))
    attached = attach_pictures(table, folder or Path(), column, request)
    last = attached.arrays[-1]
    policy = replace(last.policy, unit=f"column {column}")
    return replace(attached, arrays=(*attached.arrays[:-1], replace(last, policy=policy)))


def _choose_column(table: Table, request: Request) -> str:
    column = find_picture_column(table)
    if column in (*request.declared, *request.kept):
        return ""
    if not column and request.images is not None:
        raise DataError(
            f"no column of {table.source} holds paths of pictures, or several do; its columns are: "
            f"{list_names([item.name for item in table.columns])}",
            hint="leave out --images, or keep one column of paths (they end with .png, .jpg or the like)",
        )
    return column


def has_pictures(table: Table, folder: str | Path, column: str) -> bool:
    """Whether at least one of the pictures that a column of paths names lies in a folder or archive.

    Args:
        table: rows with paths.
        folder: where they would lie; nothing outside it is looked at.
        column: name of the column of paths.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> has_pictures(Table((encode_cells("f", ["no-such.png"]),), np.array([2]), "t.csv"), ".", "f")
        False
    """
    levels = find_column(table, column).levels
    texts = [text.strip().replace("\\", "/") for text in levels[:: max(1, len(levels) // _PATHS_JUDGED)]]
    inside = [text for text in texts if not _is_outside(text)]
    if Path(folder).is_dir():
        if any(Path(folder, text).is_file() for text in inside):
            return True
        known = collect_names(folder, most=_FILES_JUDGED)
    else:
        files = list_files(folder)
        known = set() if files is None else {PurePosixPath(file).name for file in files.files}
    return any(PurePosixPath(text).name in known for text in inside)


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
    paths = [levels[raw.levels[code]] if code >= 0 else "" for code in raw.codes]
    files = list_named(folder, paths) or list_files(folder)
    if files is None:
        raise DataError(f"there is no folder {str(folder)!r} for the pictures of column {column!r}")
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
    if _is_outside(text.strip()):
        row = int(np.flatnonzero(raw.codes == code)[0])
        raise DataError(
            f"line {table.lines[row]} of {table.source}: {text[:80]!r} in column {raw.name!r} leads out of the folder "
            "of the pictures",
            hint="give paths relative to it, without '..', drives or addresses",
        )
    return str(PurePosixPath(path)) if path else ""


def _is_outside(text: str) -> bool:
    parts = PurePosixPath(text.replace("\\", "/")).parts
    return _OUTSIDE.match(text) is not None or ".." in parts or "\x00" in text


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
    known = {item.name for item in kept.columns}
    return replace(
        kept,
        columns=(*kept.columns, *(item for item in album.columns if item.name not in known)),
        arrays=(*kept.arrays, album.array),
        set_aside=(*table.set_aside, *aside),
        ledger=ledger,
        notes=notes,
    )
