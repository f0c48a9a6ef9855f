"""Texts in files: a folder of them, one text each, or a few files with one text a line, one class each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from heldout.errors import DataError
from heldout.records import PART_FIT, PART_UNDECLARED, PART_VALIDATION, Ledger, SetAside, Table
from heldout.sources.columns import encode_cells
from heldout.sources.decode import decode_text
from heldout.sources.file_tables import FileRows, build_file_table
from heldout.sources.folders import FileSet
from heldout.sources.placement import PART_FOLDERS, match_labels, place_files
from heldout.sources.request import Request

# A few files of many lines hold one text a line; assumption, and said in a note.
_MOST_LINE_FILES, _LEAST_LINES = 20, 20
_NO_TEXT = re.compile(r"(^|/)(readme|license|licence|changelog)(\.\w+)?$", re.IGNORECASE)
# A novel has half a million characters; longer ones are read and counted, so that the cut can be told later. One of
# more than the longest novel in one volume (3.2 million) is a log or a whole corpus, and no example among others.
_LONG, _LONGEST = 1_000_000, 4_000_000


def read_texts(files: FileSet, request: Request) -> Table:
    r"""The table of a folder of texts: columns `file`, `text` and `label`.

    Args:
        files: one text a file (folders name labels and parts), or up to 20 files of at least 20 lines each that are
            one class each.
        request: encoding and pattern, if given.

    Raises:
        DataError: no file holds text, or more than half do not.

    Example:
        >>> from heldout.sources.folders import as_file_set
        >>> files = as_file_set("t", {"pos/1.txt": b"good\n", "neg/1.txt": b"bad", "neg/2.txt": b" "})
        >>> table = read_texts(files, Request())
        >>> [(column.name, column.levels) for column in table.columns][1:], table.set_aside[0].reason
        ([('label', ('neg', 'pos')), ('text', ('bad', 'good'))], 'holds no text')
    """
    place = place_files(files.files, name=files.name)
    names = [files.files[number] for number in np.flatnonzero(place.keep)]
    is_note = [_NO_TEXT.search(name) is not None for name in names]
    plain = [name for name, note in zip(names, is_note, strict=True) if not note]
    # With a pattern one file will do: it finds the label of every line.
    least = 1 if request.label_pattern else 2
    if least <= len(plain) <= _MOST_LINE_FILES and not place.columns and place.part is None:
        read = {name: _decode_lines(files, name, request) for name in plain}
        if all(len(lines) >= _LEAST_LINES for lines, _ in read.values()):
            return _build_line_table(files, read, request)
    texts: dict[int, str] = {}
    faults: dict[int, str] = {}
    n_guessed = 0
    for row, name in enumerate(names):
        try:
            text, guesses = decode_text(files.read(name), name=name, encoding=request.encoding)
        except DataError as error:
            faults[row] = error.message
            continue
        if not text.strip():
            faults[row] = "holds no text"
            continue
        if len(text) > _LONGEST:
            faults[row] = f"holds {len(text):,} characters, more than {_LONGEST:,}: no single text"
            continue
        n_guessed += bool(guesses)
        texts[row] = text.removesuffix("\n").removesuffix("\r")
    if not texts:
        raise DataError(f"no file of {files.name} holds text; the first, {names[0]}: {faults[0]}")
    notes = [f"{files.name}: the encoding of {n_guessed:,} files was guessed"] if n_guessed else []
    n_long = sum(len(text) > _LONG for text in texts.values())
    notes += [f"{files.name}: {n_long:,} texts have more than a million characters"] if n_long else []
    columns = (encode_cells("text", list(texts.values())),)
    rows = np.array(list(texts), dtype=np.int64)
    found = FileRows(rows, sorted(faults.items()), "text", columns=columns, notes=tuple(notes))
    return build_file_table(files, place, found, request)


def _decode_lines(files: FileSet, name: str, request: Request) -> tuple[list[str], tuple[str, ...]]:
    text, notes = decode_text(files.read(name), name=name, encoding=request.encoding)
    # Not splitlines(): texts may hold other line separators than LF and CRLF.
    lines = re.split(r"\r\n|\r|\n", text)
    return lines[:-1] if not lines[-1] else lines, notes


def _build_line_table(
    files: FileSet, read: dict[str, tuple[list[str], tuple[str, ...]]], request: Request
) -> Table:
    names = list(read)
    classes = _name_classes(names)
    part = _find_parts(files.name, classes)
    cells: list[tuple[str, str, int]] = []
    aside: list[SetAside] = []
    for name, label in zip(names, classes, strict=True):
        for number, line in enumerate(read[name][0], start=1):
            if line.strip():
                cells.append((line, label, number))
            else:
                aside.append(SetAside(number, f"an empty line of {name}", kind="dropped"))
    others = [file for file in files.files if file not in read]
    aside += [SetAside(0, "is no text of the data", text=file, kind="dropped") for file in others]
    n_lines = sum(len(lines) for lines, _ in read.values())
    notes = _tell_lines(files, read, dict(zip(names, classes, strict=True)), part is not None, request)
    texts, labels = [text for text, _, _ in cells], [label for _, label, _ in cells]
    columns = [encode_cells("text", texts)]
    if request.label_pattern:
        label = match_labels(texts, request.label_pattern, what="lines")
        columns = [encode_cells("text", _take_out(texts, request.label_pattern)), label]
    elif part is None:
        columns.append(encode_cells("label", labels))
    return Table(
        columns=tuple(columns),
        lines=np.array([number for _, _, number in cells], dtype=np.int64),
        source=files.name,
        notes=notes,
        set_aside=(*aside, *files.ignored),
        part=None if part is None else np.array([part[label] for label in labels], np.int8),
        ledger=Ledger(
            rows=n_lines + len(others) + len(files.ignored),
            used=len(cells),
            dropped=len(aside) + len(files.ignored),
        ),
    )


def _tell_lines(
    files: FileSet,
    read: dict[str, tuple[list[str], tuple[str, ...]]],
    classes: dict[str, str],
    is_part: bool,
    request: Request,
) -> tuple[str, ...]:
    role = "part" if is_part else "" if request.label_pattern else "label"
    shown = ", ".join(f"{name} = {label}" for name, label in classes.items())
    found = f"{files.name}: the label was found in each line, and taken out of it"
    return (
        *files.notes,
        *(note for _, guesses in read.values() for note in guesses),
        f"{files.name}: each line is a text" + (f", its file is its {role} ({shown})" if role else ""),
        *([found] if request.label_pattern else []),
    )


def _take_out(texts: Sequence[str], pattern: str) -> list[str]:
    """The texts without what the pattern matched: a label that stays in its text would be learned from there."""
    compiled = re.compile(pattern)
    return [compiled.sub("", text, count=1).strip() for text in texts]


def _find_parts(name: str, classes: Sequence[str]) -> dict[str, int] | None:
    """The part of each file when their names are those of parts; files of parts beside others are ambiguous."""
    codes = {label: PART_FOLDERS[label.casefold()] for label in classes if label.casefold() in PART_FOLDERS}
    if not codes:
        return None
    if len(codes) < len(classes):
        others = [label for label in classes if label not in codes]
        raise DataError(
            f"{name} holds files named for parts ({', '.join(codes)}) beside others ({', '.join(others[:8])})",
            hint="put the files of one data set into a folder of their own",
        )
    if PART_VALIDATION not in codes.values():
        codes = {label: PART_UNDECLARED if code == PART_FIT else code for label, code in codes.items()}
    return codes


def _name_classes(names: Sequence[str]) -> list[str]:
    """What differs between the names of files: `rt-polarity.pos` and `rt-polarity.neg` are `pos` and `neg`."""
    bare = [re.sub(r"\.(gz|xz)$", "", PurePosixPath(name).name) for name in names]
    stems = [name.rpartition(".")[0] or name for name in bare]
    if len(set(stems)) == len(stems):
        return stems
    endings = [name.rpartition(".")[2] for name in bare]
    return endings if len(set(endings)) == len(endings) else bare
