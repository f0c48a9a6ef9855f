"""Reads the event file of a study while it grows, and gives on only what the page may show.

A position in the stream is a byte offset of the file, so that a lost connection goes on exactly where it broke and
the server remembers nothing.
"""

from __future__ import annotations

import functools
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from heldout.events import TESTING

EVENTS_FILE, RECIPE_FILE = "events.jsonl", "recipe.json"
CHUNK_BYTES = 1 << 19  # one message to the browser; it parses half a mebibyte in about 5 ms (measured)
LONGEST_LINE_BYTES = 1 << 22  # a curve of 150 epochs takes 2 KB; a longer line than this is no event
# as `json.dumps` writes it; inside a text the quotation marks would be escaped
OPENING = json.dumps({"phase": TESTING})[1:-1].encode()

# Kind of event -> the fields the page may see. What is not named here never leaves the file: a field that a later
# version adds, and above all anything about test rows.
SHOWN = {
    "begin": (),
    "study": (
        "source",
        "target",
        "task",
        "n_development",
        "n_test",
        "why_no_test",
        "preset",
        "rungs",
        "weights",
        "n_seeds",
        "n_folds",
        "n_epochs",
        "constant_loss",
        "tolerance",
        "seconds",
    ),
    "phase": ("phase", "done", "total"),
    "progress": ("phase", "done", "total", "seconds_left"),
    "note": ("text",),
    "curves": (
        "phase",
        "configuration",
        "rung",
        "weights",
        "remedies",
        "seed",
        "fold",
        "share",
        "train",
        "validation",
    ),
    "verdict": (
        "about",
        "word",
        "code",
        "sentence",
        "rung",
        "final",
        "configurations",
        "words",
        "configuration",
        "epoch",
        "why",
    ),
    "remedy": ("name", "configuration", "outcome", "outcome_at_end", "change", "low", "high", "sentence"),
    "end": ("how", "text"),
}
# What is said in words may quote a cell.
WORDS = ("text", "sentence", "why")
# After the sealed test rows are opened, what is said in words may hold a score.
TEXTS = ("note",)


@dataclass(frozen=True)
class Chunk:
    """Some events of the file.

    Args:
        events: the events as plain values, in order.
        offset: bytes read so far; the next chunk begins here.
        damaged: lines that are no event.
        unknown: events of a kind that this version does not know.
        is_last: True when nothing complete stood behind it.
        is_opened: whether the sealed test rows have been opened by then.
    """

    events: tuple[dict[str, Any], ...]
    offset: int
    damaged: int = 0
    unknown: int = 0
    is_last: bool = True
    is_opened: bool = False


def read_events(path: Path, offset: int = 0, *, is_opened: bool | None = None) -> Chunk:
    r"""The next events of a file that may still grow; half a line at its end is left for later.

    Args:
        path: the event file; it need not be there yet.
        offset: where to go on, as the last chunk said.
        is_opened: what the last chunk said; found in the file when left out.

    Returns:
        at most about half a mebibyte of events.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     file = Path(place, "events.jsonl")
        ...     _ = file.write_text('{"t": 0.0, "kind": "note", "text": "a"}\n{"t": 0.1, "ki')
        ...     chunk = read_events(file)
        >>> chunk.events, chunk.offset, chunk.is_last
        (({'t': 0.0, 'kind': 'note', 'text': 'a'},), 40, True)
    """
    try:
        with path.open("rb") as file:
            if is_opened is None:
                is_opened = OPENING in file.read(offset)
            file.seek(offset)
            block = file.read(CHUNK_BYTES)
            while block and b"\n" not in block and len(block) < LONGEST_LINE_BYTES:
                more = file.read(CHUNK_BYTES)
                if not more:
                    break
                block += more
            size = os.fstat(file.fileno()).st_size
    except (
        OSError
    ):  # not there yet, or on a disk that is away: there is nothing to show, and later there may be
        return Chunk((), offset, is_opened=bool(is_opened))
    end = block.rfind(b"\n") + 1
    if not end and len(block) >= LONGEST_LINE_BYTES:
        end = len(block)
    return _sift(
        block[:end],
        (offset + end, path.parent),
        is_opened=is_opened,
        is_last=offset + len(block) >= size or not end,
    )


def is_replaced(path: Path, offset: int) -> bool:
    """Whether the file is shorter than what was read of it: another study stands there now."""
    try:
        return path.stat().st_size < offset
    except OSError:
        return False


def _sift(block: bytes, place: tuple[int, Path], *, is_opened: bool, is_last: bool) -> Chunk:
    offset, folder = place
    events: list[dict[str, Any]] = []
    damaged = unknown = 0
    for line in block.splitlines():
        is_opened = is_opened or OPENING in line
        event = _parse(line)
        if event is None:
            damaged += bool(line.strip())
        elif event["kind"] not in SHOWN:
            unknown += 1
        elif not (is_opened and event["kind"] in TEXTS):
            names = ("t", "kind", *SHOWN[event["kind"]])
            shown = {name: event[name] for name in names if name in event}
            for name in WORDS:
                if isinstance(shown.get(name), str):
                    shown[name] = _hide_cells(shown[name], folder)
            events.append(shown)
    return Chunk(tuple(events), offset, damaged, unknown, is_last, is_opened)


def _hide_cells(sentence: str, folder: Path) -> str:
    """A refusal or a note may quote a cell, which the terminal shows whole; names of columns stay."""
    if not any(mark in sentence for mark in "'\""):
        return sentence
    from heldout.report.privacy import hide_quoted  # loads numpy, which the page does without until then

    recipe = folder / RECIPE_FILE
    try:
        return hide_quoted(sentence, _read_columns(recipe, recipe.stat().st_mtime_ns))
    except OSError:  # refused or told before there is one: nothing is known to be a name
        return hide_quoted(sentence)


@functools.lru_cache(maxsize=8)
def _read_columns(recipe: Path, _written: int) -> frozenset[str]:
    """Names of columns and of what they are parts of; none where the recipe is not as this version writes it."""
    try:
        read = [plan["read"] for plan in json.loads(recipe.read_text(encoding="utf-8"))["columns"]]
        names = {str(column[field]) for column in read for field in ("name", "source", "part")}
    except (ValueError, KeyError, TypeError):
        return frozenset()
    return frozenset(names - {""})


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    is_event = isinstance(event, dict) and isinstance(event.get("kind"), str)
    return event if is_event and _is_plain(event) else None


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _is_plain(event: dict[str, Any]) -> bool:
    """Whether all values are plain or flat lists of plain values, so that the page need not look again."""
    for value in event.values():
        parts = value if isinstance(value, list) else (value,)
        if any(isinstance(part, (dict, list)) for part in parts):
            return False
        if any(isinstance(part, float) and not math.isfinite(part) for part in parts):
            return False
    return True
