"""What the folders of a file say about it: its part (train, validation, test) and its label."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from heldout.errors import UsageError
from heldout.records import (
    PART_FIT,
    PART_TEST,
    PART_UNDECLARED,
    PART_VALIDATION,
    BoolArray,
    RawColumn,
    SetAside,
)
from heldout.sources.columns import encode_cells

PART_FOLDERS = {
    "train": PART_FIT,
    "training": PART_FIT,
    "fit": PART_FIT,
    "val": PART_VALIDATION,
    "valid": PART_VALIDATION,
    "validation": PART_VALIDATION,
    "dev": PART_VALIDATION,
    "test": PART_TEST,
    "testing": PART_TEST,
    "t10k": PART_TEST,
    "holdout": PART_TEST,
}
# Folders of examples without a label beside folders that name one (the movie reviews have `unsup`).
_UNLABELLED = frozenset({"unsup", "unsupervised", "unlabeled", "unlabelled", "nolabel", "no_label"})
_SHOWN = 8
_MOSTLY = 0.9


@dataclass(frozen=True)
class Placement:
    """Where files lie, read as columns.

    Args:
        keep: bool [F], files that are examples.
        columns: one text for each kept file and level of folders: `label`, or `folder/1`, `folder/2`, ...
        part: int8 [kept], or None when no folder names a part.
        set_aside: files that are no examples, each with its reason; `line` is the number of the file from 1.
        notes: one sentence per guess made.
    """

    keep: BoolArray
    columns: tuple[RawColumn, ...]
    part: NDArray[np.int8] | None
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]


def place_files(files: Sequence[str], *, name: str) -> Placement:
    """The parts and labels that the folders of files name.

    One level of folders with several names is the label; with several such levels none is chosen: they become the
    columns `folder/1`, `folder/2`. A level of folders called train, val (valid, validation, dev), test is the part.

    Args:
        files: paths below the source, with "/".
        name: the source, for messages.

    Returns:
        The placement; without a validation folder training files stay undeclared, so that validation rows can be
        drawn from them.

    Example:
        >>> found = place_files(["train/cat/1.png", "train/dog/2.png", "test/dog/3.png", "README"], name="pets")
        >>> found.columns[0].levels, found.part.tolist(), found.set_aside[0].reason
        (('cat', 'dog'), [0, 0, 3], 'lies beside the folders test and train')
    """
    folders = [PurePosixPath(file).parts[:-1] for file in files]
    folders = _strip_common(folders)
    keep = np.ones(len(files), dtype=np.bool_)
    reasons: dict[int, str] = {}
    notes: list[str] = []
    folders, part = _take_part(folders, files, reasons, notes, name=name)
    keep[list(reasons)] = False
    _drop_odd_depths(folders, keep, reasons, notes, name=name)
    columns = _read_levels(folders, keep, reasons, notes, name=name)
    kept = np.flatnonzero(keep)
    aside = tuple(
        SetAside(number + 1, reason, text=files[number], kind="dropped")
        for number, reason in sorted(reasons.items())
    )
    return Placement(keep, columns, None if part is None else part[kept], aside, tuple(notes))


def _strip_common(folders: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    while True:
        inner = [parts for parts in folders if parts]
        # A few notes beside the only folder do not make it a level of its own.
        is_one = len({parts[0] for parts in inner}) == 1 and len(inner) >= _MOSTLY * len(folders)
        if not inner or not is_one or (len(inner) < len(folders) and max(map(len, inner)) < 2):
            return folders
        folders = [parts[1:] for parts in folders]


def _part_of(folder: str) -> int:
    return PART_FOLDERS.get(folder.casefold(), -1)


def _take_part(
    folders: list[tuple[str, ...]],
    files: Sequence[str],
    reasons: dict[int, str],
    notes: list[str],
    *,
    name: str,
) -> tuple[list[tuple[str, ...]], NDArray[np.int8] | None]:
    for level in (0, 1):
        named = [_part_of(parts[level]) if len(parts) > level else -1 for parts in folders]
        is_whole = level == 0 or min(named, default=-1) >= 0
        if len(set(named) - {-1}) < 2 or not is_whole:
            continue
        part = np.array(named, dtype=np.int8)
        words = sorted({parts[level] for parts, code in zip(folders, named, strict=True) if code >= 0})
        _leave_others(folders, files, part, reasons, notes, words=words, name=name)
        if not (part == PART_VALIDATION).any():
            part[part == PART_FIT] = PART_UNDECLARED
        notes.append(f"{name}: the folders {' and '.join(words)} declare the parts")
        return [parts[:level] + parts[level + 1 :] for parts in folders], part
    return folders, None


def _leave_others(
    folders: list[tuple[str, ...]],
    files: Sequence[str],
    part: NDArray[np.int8],
    reasons: dict[int, str],
    notes: list[str],
    *,
    words: list[str],
    name: str,
) -> None:
    inside = {PurePosixPath(files[row]).name for row in np.flatnonzero(part >= 0).tolist()}
    others: Counter[str] = Counter()
    copies: Counter[str] = Counter()
    for row in np.flatnonzero(part < 0).tolist():
        if not folders[row]:
            reasons[row] = f"lies beside the folders {' and '.join(words)}"
            continue
        folder = folders[row][0]
        reasons[row] = f"the folder {folder!r} is none of {', '.join(words)}"
        others[folder] += 1
        copies[folder] += PurePosixPath(files[row]).name in inside
    for folder, count in others.items():
        notes.append(
            f"{name}: the folder {folder!r} was left out ({count:,} files, {copies[folder]:,} of them with the "
            f"name of a file in {', '.join(words)}); give it alone to read it"
        )


def _drop_odd_depths(
    folders: list[tuple[str, ...]], keep: BoolArray, reasons: dict[int, str], notes: list[str], *, name: str
) -> None:
    depths = Counter(len(folders[row]) for row in np.flatnonzero(keep).tolist())
    if len(depths) < 2:
        return
    usual = max(depths, key=lambda depth: (depths[depth], depth))
    deeper = 0
    for row in np.flatnonzero(keep).tolist():
        if len(folders[row]) < usual:
            reasons[row] = "lies beside the folders that name the labels"
            keep[row] = False
        elif len(folders[row]) > usual:
            folders[row] = folders[row][:usual]
            deeper += 1
    if deeper:
        notes.append(
            f"{name}: {deeper:,} files lie deeper than the others; folders below level {usual} were not read"
        )


def _read_levels(
    folders: list[tuple[str, ...]], keep: BoolArray, reasons: dict[int, str], notes: list[str], *, name: str
) -> tuple[RawColumn, ...]:
    rows = np.flatnonzero(keep).tolist()
    depth = len(folders[rows[0]]) if rows else 0
    varying = [level for level in range(depth) if len({folders[row][level] for row in rows}) > 1]
    if len(varying) == 1:
        level = varying[0]
        without = [row for row in rows if folders[row][level].casefold() in _UNLABELLED]
        for row in without:
            reasons[row] = f"the folder {folders[row][level]!r} names no label"
            keep[row] = False
        rows = [row for row in rows if keep[row]]
        cells = [folders[row][level] for row in rows]
        classes = sorted(set(cells))
        shown = ", ".join(classes[:_SHOWN]) + (", ..." if len(classes) > _SHOWN else "")
        notes.append(f"{name}: the column 'label' is the folder a file lies in ({len(classes)}: {shown})")
        return (encode_cells("label", cells),)
    if varying:
        names = [f"folder/{number}" for number in range(1, len(varying) + 1)]
        notes.append(
            f"{name}: {len(varying)} levels of folders differ; they are the columns {', '.join(names)}; say --target "
            "to name the label"
        )
        return tuple(
            encode_cells(column, [folders[row][level] for row in rows])
            for column, level in zip(names, varying, strict=True)
        )
    return ()


def match_labels(texts: Sequence[str], pattern: str, *, what: str) -> RawColumn:
    r"""The column `label` that a regular expression finds in headers or file names; null where it does not match.

    Args:
        texts: one for each row.
        pattern: regular expression; its first group is the label, or all of it when it has no group.
        what: what the texts are, for messages.

    Raises:
        UsageError: no regular expression, or it matches nowhere.

    Example:
        >>> match_labels(["s1 class=EI", "s2 class=N", "s3"], r"class=(\w+)", what="headers").codes.tolist()
        [0, 1, -1]
        >>> match_labels(["s1"], "kind=(.)", what="headers")
        Traceback (most recent call last):
        heldout.errors.UsageError: --label-pattern 'kind=(.)' matches none of the 1 headers (the first is 's1')
          -> it is a regular expression whose first group is the label, e.g. 'class=(\w+)'
    """
    example = r"it is a regular expression whose first group is the label, e.g. 'class=(\w+)'"
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"--label-pattern {pattern!r} is no regular expression: {error}", hint=example
        ) from None
    found = [compiled.search(text[:10_000]) for text in texts]
    cells = [match and match[min(compiled.groups, 1)] for match in found]
    if not any(cell is not None for cell in cells):
        first = texts[0][:80] if texts else ""
        raise UsageError(
            f"--label-pattern {pattern!r} matches none of the {len(texts):,} {what} (the first is {first!r})",
            hint=example,
        )
    return encode_cells("label", cells)
