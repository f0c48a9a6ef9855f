"""Where the table stands in a file: titles above it, names over one or several rows, or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from heldout.errors import DataError
from heldout.records import SetAside
from heldout.sources.dialect import Dialect
from heldout.sources.header import (
    HeaderDecision,
    decide_header,
    find_numeric,
    is_group_row,
    is_heading,
    is_ruler,
    is_unit_row,
    join_names,
    repair_names,
)
from heldout.sources.rows import Row

TEXT_SHOWN = 120
_OPENING_ROWS = 30
# Each column costs some kB before its first cell (assumption).
_MOST_COLUMNS = 200_000
_BODY_SKIPPED = 10


@dataclass(frozen=True)
class Layout:
    """Where the table stands in the file.

    Args:
        names: unique column names.
        given: the names as they stand in the file, before repairs; empty texts without a header.
        header_cells: the header as read, to recognise repetitions; empty without a header.
        notes: sentences on header and names.
        delimiter: for showing rows that were set aside.
        numeric: positions of the columns that hold numbers or dates.
        above: lines above the table.
        n_lines_above: lines covered by `above` that are no comments.
        n_lines_header: lines covered by the header.
    """

    names: tuple[str, ...]
    given: tuple[str, ...]
    header_cells: list[str]
    notes: tuple[str, ...]
    delimiter: str
    numeric: tuple[int, ...] = ()
    above: tuple[SetAside, ...] = ()
    n_lines_above: int = 0
    n_lines_header: int = 0

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.names)


def find_layout(head: Sequence[Row], dialect: Dialect, *, header: str, name: str) -> tuple[Layout, list[Row]]:
    """Width, title lines and names of the table that begins in the first rows.

    Args:
        head: the first rows of the file.
        dialect: how they were parsed.
        header: "auto", "yes" or "no".
        name: file name for messages.

    Returns:
        The layout, and the rows of `head` that belong below the header.

    Raises:
        DataError: only blank lines, a header that cannot be told from the rows, or a second table above.

    Example:
        >>> head = [(1, 1, ["Results"], ""), (2, 2, ["a", "b"], ""), (3, 3, ["1", "2"], ""), (4, 4, ["3", "4"], "")]
        >>> layout, rest = find_layout(head, Dialect(","), header="auto", name="t.csv")
        >>> layout.names, layout.above[0].text, len(rest)
        (('a', 'b'), 'Results', 2)
    """
    filled = [
        row for row in head if not row[3] and any(cell.strip() for cell in row[2]) and not is_ruler(row[2])
    ]
    if not filled:
        raise DataError(f"{name} holds only blank lines", hint="check that the export was finished")
    counts = Counter(len(row[2]) for row in filled)
    # The widest of equally frequent widths: short lines are more often notes than rows.
    width = max(counts.items(), key=lambda item: (item[1], item[0]))[0]
    if width > _MOST_COLUMNS:
        raise DataError(
            f"{name} has {width} columns with the delimiter {dialect.delimiter!r}; at most {_MOST_COLUMNS} are read",
            hint="say --delimiter if that is not the delimiter, or give fewer columns",
        )
    full = [row for row in filled if len(row[2]) == width]
    body = [
        row[2] for row in (full[_BODY_SKIPPED:] if len(full) > 2 * _BODY_SKIPPED else full[len(full) // 2 :])
    ]
    numeric = find_numeric(body) if len(full) > 1 else ()
    opening = _find_opening(full, numeric, body) if header != "no" else []
    plan = _choose_headings(opening, full, numeric, header=header, name=name)
    start = plan.names or plan.after
    before = [row for row in head if row[0] < start[0] and row not in plan.groups and _is_content(row)]
    if plan.names is None and before and header != "no":
        narrow = _read_narrow_header(start, before, [row[2] for row in full])
        if narrow is not None:
            return _finish(head, narrow, numeric, dialect, width, name)
    found = _Found(before, plan.headings, plan.cells or ("",) * width, plan.notes)
    return _finish(head, found, numeric, dialect, width, name)


@dataclass(frozen=True)
class _Headings:
    """What the first full rows are: rows of names, or the first row of data."""

    after: Row
    names: Row | None = None
    groups: tuple[Row, ...] = ()
    headings: tuple[Row, ...] = ()
    cells: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Found:
    """Lines above the table, rows of the header, names as given, notes."""

    above: list[Row]
    headings: tuple[Row, ...]
    given: tuple[str, ...]
    notes: tuple[str, ...]


def _find_opening(full: Sequence[Row], numeric: tuple[int, ...], body: list[list[str]]) -> list[Row]:
    """The first full rows that hold no data: titles filled up with delimiters, names, units."""
    usual = sorted(sum(bool(cell.strip()) for cell in cells) for cells in body)
    median = usual[len(usual) // 2] if usual else 0
    opening: list[Row] = []
    for row, below in zip(full[:_OPENING_ROWS], full[1 : _OPENING_ROWS + 1], strict=False):
        is_group = is_group_row(row[2], numeric) and is_heading(below[2], numeric)
        if not (is_heading(row[2], numeric) or is_group or _is_title(row[2], median)):
            break
        opening.append(row)
    return opening if len(opening) < len(full) else opening[:1]


def _is_content(row: Row) -> bool:
    """Whether a row is more than blanks, delimiters or a ruler."""
    return bool(row[3]) or (any(cell.strip() for cell in row[2]) and not is_ruler(row[2]))


def _is_title(cells: list[str], usual: int) -> bool:
    """A text in the first cell and nothing else, while rows are fuller."""
    return bool(cells[0].strip()) and not any(cell.strip() for cell in cells[1:]) and usual > 2


def _is_prose(cells: list[str]) -> bool:
    """Pieces of a sentence cut at its commas: they begin with a blank."""
    inner = cells[1:]
    return bool(inner) and sum(cell.startswith(" ") and len(cell) > 1 for cell in inner) > len(inner) / 2


def _choose_headings(
    opening: list[Row], full: list[Row], numeric: tuple[int, ...], *, header: str, name: str
) -> _Headings:
    """Tell titles, groups of names, names and units apart among the rows that open the table."""
    # Names that all begin with a blank are names; one line of prose above other rows is not.
    titles = [row for row in opening if _is_title(row[2], 3) and len(row[2]) > 2]
    is_mixed = any(not _is_prose(row[2]) for row in opening if row not in titles)
    rows = [row for row in opening if row not in titles and not (is_mixed and _is_prose(row[2]))]
    if not rows:
        first = next((row for row in full if row not in titles), full[0])
        rest = [row[2] for row in full if row[0] > first[0]]
        decision = _decide(first[2], rest, header, name)
        notes = (decision.note,) if decision.note else ()
        if decision.is_header:
            return _Headings(first, first, headings=(first,), cells=tuple(first[2]), notes=notes)
        return _Headings(first, notes=notes)
    if len(rows) == 1 or not numeric:
        first = rows[0]
        decision = _decide(first[2], [row[2] for row in full if row[0] > first[0]], header, name)
        notes = (decision.note,) if decision.note else ()
        if not decision.is_header:
            return _Headings(first, notes=notes)
        return _Headings(first, first, headings=(first,), cells=tuple(first[2]), notes=notes)
    return _join_headings(rows, numeric, name)


def _join_headings(rows: list[Row], numeric: tuple[int, ...], name: str) -> _Headings:
    distinct = [len({cell.strip() for cell in row[2]} - {""}) for row in rows]
    at = distinct.index(max(distinct))
    names = rows[at]
    groups: list[Row] = []
    for row in reversed(rows[:at]):
        is_next = row[1] + 1 == (groups[-1] if groups else names)[0]
        if not is_next or not any(not cell.strip() for cell in row[2]):
            break
        groups.append(row)
    groups.reverse()
    units: list[Row] = []
    for row in rows[at + 1 :]:
        if is_unit_row(row[2], numeric):
            units.append(row)
            continue
        n_words = sum(bool(row[2][place].strip()) for place in numeric)
        if n_words > 1:
            raise DataError(
                f"{name}: line {row[0]} holds words in {n_words} columns of numbers, as the names in line {names[0]} "
                "do: cannot tell whether it is a second row of names, another table or data",
                hint="delete the row that holds no names, or say --header no",
            )
        break
    headings = (*groups, names, *units)
    if len(headings) == 1:
        return _Headings(names, names, headings=headings, cells=tuple(names[2]))
    cells = join_names([row[2] for row in groups], names[2], [row[2] for row in units])
    note = f"{name}: the names stand in {len(headings)} rows (from line {headings[0][0]}) and were joined with '/'"
    return _Headings(names, names, tuple(groups), headings, cells, (note,))


def _decide(first: list[str], body: list[list[str]], header: str, name: str) -> HeaderDecision:
    if body:
        return decide_header(first, body, header=header, name=name)
    # A single row: with nothing to compare, words are names and the file has no rows.
    return HeaderDecision(header == "yes" or (header == "auto" and not find_numeric([first])))


def _read_narrow_header(start: Row, above: list[Row], body: list[list[str]]) -> _Found | None:
    """A header with another number of cells than its rows: row names without a title, trailing delimiters, `#`."""
    width, nearest = len(start[2]), above[-1]
    cells = nearest[2]
    if cells[0].strip() == "#" and len(cells) == width + 1:
        note = "the header stands in a comment line"
        return _Found(above[:-1], (nearest,), tuple(cells[1:]), (note,))
    n_cells = len(cells)
    if n_cells == 1 or n_cells > width or cells[0].lstrip().startswith("#") or nearest[3]:
        return None
    if all(not cell.strip() for row in body for cell in row[n_cells:]):
        return _Found(above[:-1], (nearest,), (*cells, *[""] * (width - n_cells)), ())
    first = [row[0] for row in body]
    if n_cells == width - 1 and len(set(first)) == len(first):
        note = "the header has one cell less than the rows; the first column was taken as row names"
        return _Found(above[:-1], (nearest,), ("", *cells), (note,))
    return None


def _finish(
    head: Sequence[Row], found: _Found, numeric: tuple[int, ...], dialect: Dialect, width: int, name: str
) -> tuple[Layout, list[Row]]:
    _refuse_odd_above(found, width, dialect, name)
    last = max((row[1] for row in (*found.headings, *found.above)), default=0)
    rest = [row for row in head if row[0] > last]
    blank_above = [row for row in head if row[0] <= last and not _is_content(row)]
    above = [_set_above(row, width, dialect) for row in found.above]
    n_outside = sum(
        row[1] - row[0] + 1 for row, aside in zip(found.above, above, strict=True) if aside.kind != "comment"
    )
    notes = tuple(note if note.startswith(name) else f"{name}: {note}" for note in found.notes)
    base = Layout(
        names=(),
        given=found.given,
        header_cells=list(_find_names(found.headings)),
        notes=notes,
        delimiter=dialect.delimiter,
        numeric=numeric,
        above=tuple(above),
        n_lines_above=n_outside,
        n_lines_header=sum(row[1] - row[0] + 1 for row in found.headings),
    )
    rest = [*blank_above, *rest]
    if not found.headings:
        names = tuple(f"column_{i}" for i in range(1, width + 1))
        return replace(base, names=names, notes=base.notes or (_note_numbered(width, name),)), rest
    names, repairs = repair_names(found.given, name=name)
    return replace(base, names=names, notes=(*base.notes, *repairs)), rest


def _find_names(headings: tuple[Row, ...]) -> list[str]:
    return max((row[2] for row in headings), key=lambda cells: len(set(cells)), default=[])


def _note_numbered(width: int, name: str) -> str:
    return (
        f"{name} has no header: the first full row holds data; columns are named column_1 to column_{width}"
    )


def _set_above(row: Row, width: int, dialect: Dialect) -> SetAside:
    text = dialect.delimiter.join(row[2])[:TEXT_SHOWN]
    if row[2][0].lstrip().startswith("#"):
        return SetAside(row[0], "comment line", text, "comment")
    n_filled = sum(bool(cell.strip()) for cell in row[2])
    what = f"{len(row[2])} cells" if len(row[2]) != width else f"{n_filled} filled cells"
    return SetAside(row[0], f"above the table: {what} where the table has {width}", text, "preamble")


def _refuse_odd_above(found: _Found, width: int, dialect: Dialect, name: str) -> None:
    """Refuse lines above the table that are rows of another table, or a header that fits no column."""
    line = find_second_table([(row[0], row[2]) for row in found.above])
    if line:
        raise DataError(
            f"{name} holds two tables: one begins in line {line}, another with {width} columns below it",
            hint="put each table in a file of its own",
        )
    if not found.above or found.headings:
        return
    nearest = found.above[-1]
    n_cells = len(nearest[2])
    if n_cells > 1 and n_cells != width and not nearest[2][0].lstrip().startswith("#") and not nearest[3]:
        raise DataError(
            f"{name}: line {nearest[0]} has {n_cells} cells, the rows below it have {width}: cannot tell which name "
            f"belongs to which column ({dialect.delimiter.join(nearest[2])[:TEXT_SHOWN]!r})",
            hint="correct that line, or say --header no to set it aside",
        )


def find_second_table(rows: Sequence[tuple[int, list[str]]]) -> int:
    """The line in which another table begins among rows that are not of the table's width, or 0.

    A table is a run of three or more rows of equal width, two or more cells, words on top and a column of numbers
    below.

    Args:
        rows: line and cells of each row that was not taken, in order.

    Example:
        >>> find_second_table([(9, ["code", "n"]), (10, ["a", "1"]), (11, ["b", "2"])])
        9
        >>> find_second_table([(9, ["Source: a", "b"])])
        0
    """
    begin = 0
    for end in range(1, len(rows) + 1):
        if end < len(rows) and len(rows[end][1]) == len(rows[begin][1]):
            continue
        run = rows[begin:end]
        width = len(run[0][1])
        if len(run) > 2 and width > 1:
            numeric = find_numeric([cells for _, cells in run[1:]], share=1.0)
            if len(run) > _OPENING_ROWS or (numeric and is_heading(run[0][1], numeric)):
                return run[0][0]
        begin = end
    return 0
