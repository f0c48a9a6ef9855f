"""Does the first row hold names? Names made unique."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from heldout.errors import DataError, UsageError

_NUMBER = re.compile(r"\s*[+\-\u2212]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?\s*%?\s*")
_NULL_WORDS = frozenset(
    {"", "?", "na", "n/a", "nan", "null", "none", "-", "--", ".", "nd", "missing", "unknown"}
)
_MOSTLY = 0.8
_GREY = 0.2
_LONGEST_NAME = 60


@dataclass(frozen=True)
class HeaderDecision:
    """Whether the first row holds names.

    Args:
        is_header: True when it does.
        note: why, and how to override; empty when the user decided or the evidence is plain.
    """

    is_header: bool
    note: str = ""


def decide_header(
    first: Sequence[str], body: Sequence[Sequence[str]], *, header: str, name: str
) -> HeaderDecision:
    """Whether the first row holds column names, from its contrast with the rows below.

    A column whose body is mostly numbers votes: a word on top speaks for names, a number on top for data. Where
    no column is numeric, names must be distinct, not empty, short, and must not occur again below.

    Args:
        first: cells of the first row.
        body: cells of following rows, some hundred, same width.
        header: "auto", "yes" or "no" (the last two decide).
        name: file name for messages.

    Raises:
        UsageError: header is another word.
        DataError: the numeric columns contradict each other.

    Example:
        >>> decide_header(["age", "sex"], [["63", "M"], ["67", "F"]], header="auto", name="t.csv").is_header
        True
        >>> decide_header(["63", "M"], [["67", "F"], ["41", "F"]], header="auto", name="t.csv").is_header
        False
    """
    if header not in ("auto", "yes", "no"):
        raise UsageError(f"header {header!r} is not known", hint="use auto, yes or no")
    if header != "auto":
        return HeaderDecision(header == "yes")
    names, data = _count_votes(first, body)
    if names + data == 0:
        return _judge_texts(first, body, name)
    if min(names, data) > _GREY * (names + data):
        raise DataError(
            f"cannot tell whether the first row of {name} holds column names: of the columns with numbers below, "
            f"{names} begin with a word and {data} with a number ({', '.join(first[:8])})",
            hint="say --header yes or --header no",
        )
    if names > data:
        return HeaderDecision(is_header=True)
    return HeaderDecision(
        is_header=False,
        note=f"{name} has no header: its first row holds numbers in {data} of {names + data} columns of numbers; "
        f"columns are named column_1 to column_{len(first)}; say --header yes to change",
    )


def _count_votes(first: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[int, int]:
    names = data = 0
    for position, top in enumerate(first):
        # An empty or missing cell on top says nothing: unnamed index columns and missing first values look alike.
        if _is_null(top):
            continue
        below = [row[position] for row in body if not _is_null(row[position])]
        n_numbers = sum(_NUMBER.fullmatch(cell) is not None for cell in below)
        if not below or n_numbers < _MOSTLY * len(below):
            continue
        if _NUMBER.fullmatch(top):
            data += 1
        else:
            names += 1
    return names, data


def _is_null(cell: str) -> bool:
    return cell.strip().casefold() in _NULL_WORDS


def _judge_texts(first: Sequence[str], body: Sequence[Sequence[str]], name: str) -> HeaderDecision:
    cells = [cell.strip() for cell in first]
    reason = ""
    if any(not cell for cell in cells):
        reason = "it has an empty cell"
    elif len(set(cells)) < len(cells):
        reason = "a cell occurs twice in it"
    elif any(len(cell) > _LONGEST_NAME for cell in cells):
        reason = f"it has a cell longer than {_LONGEST_NAME} characters"
    elif any(_NUMBER.fullmatch(cell) for cell in cells):
        reason = "it holds a number"
    else:
        again = [cell for i, cell in enumerate(cells) if any(row[i].strip() == cell for row in body)]
        if again:
            reason = f"{again[0]!r} occurs again in its column"
    if reason:
        return HeaderDecision(
            is_header=False,
            note=f"{name} has no header: no column is numeric and the first row looks like data, because {reason}; "
            f"columns are named column_1 to column_{len(cells)}; say --header yes to change",
        )
    return HeaderDecision(
        is_header=True,
        note=f"{name}: no column is numeric; the first row was taken as names, because its cells are distinct, short "
        "and do not occur again; say --header no to change",
    )


def repair_names(cells: Sequence[str], *, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Unique column names from header cells, and a note for each kind of repair.

    Blanks around names go; a repeated name becomes `age#2`; an empty one `column_3`.

    Args:
        cells: header cells as read.
        name: file name for messages.

    Example:
        >>> repair_names(["age", "age", ""], name="t.csv")[0]
        ('age', 'age#2', 'column_3')
    """
    names: list[str] = []
    # A name that stands in the file is never given to another column by a repair.
    given = {" ".join(cell.split()) for cell in cells}
    repeated, empty = [], []
    for position, cell in enumerate(cells, start=1):
        clean = " ".join(cell.split())
        wanted = clean or f"column_{position}"
        if not clean:
            empty.append(wanted)
        if wanted in names or (not clean and wanted in given):
            wanted = _number_name(wanted, given.union(names))
            repeated.append(wanted)
        names.append(wanted)
    notes: list[str] = []
    if repeated:
        notes.append(f"{name} repeats column names; renamed: {', '.join(repeated[:20])}")
    if empty:
        notes.append(f"{name} has {len(empty)} columns without a name; named: {', '.join(empty[:20])}")
    return tuple(names), tuple(notes)


def _number_name(wanted: str, taken: set[str]) -> str:
    number = 2
    while f"{wanted}#{number}" in taken:
        number += 1
    return f"{wanted}#{number}"
