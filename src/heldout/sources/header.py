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
_DATE = re.compile(r"\s*\d{1,4}([-/.])\d{1,2}\1\d{1,4}([ T]\d{1,2}:\d{2}.*)?\s*|\s*\d{1,2}:\d{2}(:\d{2})?\s*")
_BRACKETED = re.compile(r"\s*[(\[{].*[)\]}]\s*")
_MOSTLY = 0.8
# A unit is short; longer texts in every column are a second, longer row of names (assumption).
_LONGEST_UNIT = 12
_FULL_ROW = 3
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
    if _is_series(first, body):
        return HeaderDecision(
            is_header=True,
            note=f"{name}: the first row counts up in steps of one ({', '.join(first[:4])}, ...), the rows do not; "
            "it was taken as names; say --header no to change",
        )
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


def _is_series(first: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Years or column numbers as names: whole numbers that rise by one, above columns of other numbers."""
    places = [place for place, cell in enumerate(first) if cell.strip().isdecimal()]
    tops = [int(first[place]) for place in places]
    if len(tops) < _FULL_ROW or any(
        after - before != 1 for before, after in zip(tops, tops[1:], strict=False)
    ):
        return False
    is_whole = all(
        row[place].strip().isdecimal() for row in body for place in places if not _is_null(row[place])
    )
    words = [cell.strip() for place, cell in enumerate(first) if place not in places]
    again = any(
        row[place].strip() == first[place].strip() != "" for row in body for place in range(len(first))
    )
    return not is_whole and not again and len(set(words)) == len(words)


def find_numeric(body: Sequence[Sequence[str]], share: float = _MOSTLY) -> tuple[int, ...]:
    """The positions of columns that hold (mostly) numbers or dates.

    Args:
        body: rows of equal width.
        share: how many of the cells that are not missing must be numbers or dates.

    Example:
        >>> find_numeric([["a", "1", "2021-03-04"], ["b", "?", "2021-03-05"]])
        (1, 2)
    """
    found: list[int] = []
    for place, column in enumerate(zip(*body, strict=True)):
        cells = [cell for cell in column if not _is_null(cell)]
        if cells and sum(map(_is_data, cells)) >= share * len(cells):
            found.append(place)
    return tuple(found)


def _is_data(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None or _DATE.fullmatch(cell) is not None


def is_ruler(cells: Sequence[str]) -> bool:
    """Whether a row is a line drawn with signs, as text tables have it below their names.

    Example:
        >>> is_ruler(["---", ":--", ""]), is_ruler(["-", "-"]), is_ruler(["----+----"])
        (True, False, True)
    """
    signs = "".join(cells).replace(" ", "")
    return (
        len(signs) > _FULL_ROW - 1
        and signs[0] in "-=+:_"
        and not signs.strip("-=+:_|")
        and any(len(cell.strip()) > 1 for cell in cells)
    )


def is_heading(cells: Sequence[str], numeric: Sequence[int]) -> bool:
    """Whether a row has words and no data in the columns of numbers.

    Example:
        >>> is_heading(["name", "age"], (1,)), is_heading(["Anna", "63"], (1,)), is_heading(["Anna", "?"], (1,))
        (True, False, False)
    """
    tops = [cells[place] for place in numeric if not _is_null(cells[place])]
    return bool(tops) and not any(map(_is_data, tops)) and not any(top.strip()[:1] in "<>" for top in tops)


def is_group_row(cells: Sequence[str], numeric: Sequence[int]) -> bool:
    """Whether a row names groups of columns: words with gaps, and nothing in the columns of numbers.

    Example:
        >>> is_group_row(["person", "", "", "blood", ""], (1, 2)), is_group_row(["Anna", "", "", "A", "B"], (1, 2))
        (True, True)
        >>> is_group_row(["Anna", "63", "", "A", "B"], (1, 2))
        False
    """
    filled = [cell for cell in cells if cell.strip()]
    is_word = not any(map(_is_data, filled)) and not any(cells[place].strip() for place in numeric)
    return len(filled) > 1 and is_word and bool(numeric)


def is_unit_row(cells: Sequence[str], numeric: Sequence[int]) -> bool:
    """Whether a row below the names holds units (`[mg/dL]`) or longer names, and no observation.

    Brackets say so alone; other short words only where the columns that are not numeric are empty; long texts only
    where every column of numbers has one.

    Example:
        >>> is_unit_row(["", "[years]"], (1,)), is_unit_row(["Anna", "absent"], (1,))
        (True, False)
    """
    filled = [cell for cell in cells if cell.strip()]
    if not filled or not is_heading(cells, numeric):
        return False
    if all(_BRACKETED.fullmatch(cell) for cell in filled):
        return True
    others = [cells[place] for place in range(len(cells)) if place not in set(numeric)]
    tops = [cells[place] for place in numeric if cells[place].strip()]
    if len(tops) > 1 and all(len(top.strip()) <= _LONGEST_UNIT for top in tops):
        return all(_is_null(cell) or _BRACKETED.fullmatch(cell) for cell in others)
    is_every = len(tops) == len(numeric) >= _FULL_ROW and len(set(filled)) == len(filled)
    return is_every and all(" " in top.strip() for top in tops)


def join_names(
    groups: Sequence[Sequence[str]], names: Sequence[str], units: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """Names that stand over several rows, joined with "/"; a group's name holds until the next one begins.

    Example:
        >>> join_names([["blood", "", "urine"]], ["na", "k", "na"], [["", "(mM)", ""]])
        ('blood/na', 'blood/k/(mM)', 'urine/na')
    """
    spread: list[list[str]] = []
    for group in groups:
        row: list[str] = []
        for cell in group:
            row.append(cell.strip() or (row[-1] if row else ""))
        spread.append(row)
    return tuple(
        "/".join(
            part
            for part in (*(row[i] for row in spread), names[i].strip(), *(u[i].strip() for u in units))
            if part
        )
        for i in range(len(names))
    )


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
    taken: set[str] = set()
    next_number: dict[str, int] = {}
    repeated, empty = [], []
    for position, cell in enumerate(cells, start=1):
        clean = " ".join(cell.split())
        wanted = clean or f"column_{position}"
        if not clean:
            empty.append(wanted)
        if wanted in taken or (not clean and wanted in given):
            number = next_number.get(wanted, 2)
            while f"{wanted}#{number}" in taken or f"{wanted}#{number}" in given:
                number += 1
            next_number[wanted] = number + 1
            wanted = f"{wanted}#{number}"
            repeated.append(wanted)
        names.append(wanted)
        taken.add(wanted)
    notes: list[str] = []
    if repeated:
        notes.append(f"{name} repeats column names; renamed: {', '.join(repeated[:20])}")
    if empty:
        notes.append(f"{name} has {len(empty)} columns without a name; named: {', '.join(empty[:20])}")
    return tuple(names), tuple(notes)
