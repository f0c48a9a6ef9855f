"""Parts that the user declared: separate files for validation and test, or a column that says which row is what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from heldout.errors import DataError, UsageError
from heldout.records import PART_FIT, PART_TEST, PART_UNDECLARED, PART_VALIDATION, RawColumn, SetAside, Table
from heldout.sources.columns import compact_levels, find_column, list_names, name_nearest
from heldout.sources.ledger import add_ledgers
from heldout.sources.stacks import join_arrays

_SPLIT_NAMES = frozenset(
    {"split", "data_split", "dataset_split", "part", "partition", "set", "subset", "dataset", "fold"}
)
_PART_NAMES = {PART_VALIDATION: "validation", PART_TEST: "test"}
_PART_WORDS = {
    "train": PART_FIT,
    "training": PART_FIT,
    "fit": PART_FIT,
    "val": PART_VALIDATION,
    "valid": PART_VALIDATION,
    "validation": PART_VALIDATION,
    "dev": PART_VALIDATION,
    "test": PART_TEST,
    "testing": PART_TEST,
    "holdout": PART_TEST,
}


def join_parts(
    main: Table,
    *,
    validation: Table | None = None,
    test: Table | None = None,
    optional: Collection[str] = (),
) -> Table:
    """One table of the main file and the files given for validation and test, joined by column name.

    Args:
        main: the table to develop on. With a validation file its rows are fit rows; with a test file alone they
            stay undeclared, so that validation rows can still be drawn from them.
        validation: rows for choices, or None.
        test: rows for the final score, or None.
        optional: columns that an extra file may lack; its cells are null then.

    Returns:
        Main rows, then validation rows, then test rows, in `main`'s columns; `part` int8 [N]. `lines` counts in
        each row's own file. Columns that only an extra file has are ignored with a note.

    Raises:
        DataError: an extra file lacks columns of the main one, or declares a part that rows already have.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> main = Table((encode_cells("x", ["a", "b"]),), np.array([2, 3]), "main.csv")
        >>> more = Table((encode_cells("x", ["c"]),), np.array([2]), "test.csv")
        >>> join_parts(main, test=more).part.tolist()
        [0, 0, 3]
        >>> join_parts(main, test=replace(more, columns=(encode_cells("X ", ["c"]),)))
        Traceback (most recent call last):
        heldout.errors.DataError: the test file test.csv lacks 1 of 1 columns of main.csv: x
          -> it has 'X ': rename it to 'x'
    """
    extras = [(PART_VALIDATION, validation), (PART_TEST, test)]
    given = [(part, table) for part, table in extras if table is not None]
    if not given:
        return main
    own = main.part
    if own is None:
        own = np.full(len(main.lines), PART_UNDECLARED if validation is None else PART_FIT, dtype=np.int8)
    pieces: list[tuple[Table, NDArray[np.int8]]] = [(main, own)]
    notes, aside = list(main.notes), _name_file(main)
    for part, table in given:
        if (own == part).any():
            raise DataError(
                f"{_PART_NAMES[part]} rows are given twice: by {table.source} and by a column of {main.source}",
                hint=f"leave out one of --{_PART_NAMES[part]} and --split",
            )
        notes.extend((*table.notes, *_compare_columns(main, table, _PART_NAMES[part], optional)))
        aside.extend(_name_file(table))
        pieces.append((table, np.full(len(table.lines), part, dtype=np.int8)))
    return Table(
        columns=tuple(_join_column(name, pieces) for name in (column.name for column in main.columns)),
        lines=np.concatenate([table.lines for table, _ in pieces]),
        source=" + ".join(table.source for table, _ in pieces),
        notes=tuple(notes),
        set_aside=tuple(aside),
        part=np.concatenate([part for _, part in pieces]),
        ledger=add_ledgers([table.ledger for table, _ in pieces]),
        arrays=join_arrays([(table.source, table.arrays) for table, _ in pieces]),
        doubts=tuple(doubt for table, _ in pieces for doubt in table.doubts),
    )


def _name_file(table: Table) -> list[SetAside]:
    """The rows set aside, with their file: lines count in each file by itself."""
    return [replace(row, file=row.file or table.source) for row in table.set_aside]


def _compare_columns(main: Table, extra: Table, part: str, optional: Collection[str]) -> tuple[str, ...]:
    wanted = [column.name for column in main.columns if column.name not in optional]
    have = [column.name for column in extra.columns if column.name not in optional]
    lacking = [name for name in wanted if name not in have]
    surplus = [name for name in have if name not in wanted]
    if lacking:
        near = {name: name_nearest(name, surplus) for name in lacking}
        matches = [f"it has {there!r}: rename it to {name!r}" for name, there in near.items() if there]
        hint = "; ".join(matches[:3]) or f"its columns are: {list_names(have)}"
        raise DataError(
            f"the {part} file {extra.source} lacks {len(lacking)} of {len(wanted)} columns of {main.source}: "
            f"{list_names(lacking)}",
            hint=hint,
        )
    if not surplus:
        return ()
    return (
        f"the {part} file {extra.source} has columns that {main.source} lacks, ignored: {list_names(surplus)}",
    )


def _join_column(name: str, pieces: list[tuple[Table, NDArray[np.int8]]]) -> RawColumn:
    index: dict[str, int] = {}
    blocks = []
    for table, _ in pieces:
        if all(column.name != name for column in table.columns):
            blocks.append(np.full(len(table.lines), -1, dtype=np.int32))
            continue
        column = compact_levels(find_column(table, name))
        # One entry more than levels, so that code -1 (null) looks up -1.
        renumber = np.array(
            [*(index.setdefault(text, len(index)) for text in column.levels), -1], dtype=np.int32
        )
        blocks.append(renumber[column.codes])
    return RawColumn(name, np.concatenate(blocks), tuple(index))


def find_split_column(table: Table, *, skipped: Collection[str] = ()) -> str:
    """The column that says of every row whether it is train, validation or test; "" when there is none or several.

    Only a column called `split`, `part` or the like counts, with no other word in it: in a table of an experiment the
    words training and test may be conditions.

    Args:
        table: any table.
        skipped: columns of which the user said what they are.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> columns = (encode_cells("split", ["train", "test"]), encode_cells("phase", ["training", "test"]))
        >>> find_split_column(Table(columns, np.array([2, 3]), "t.csv"))
        'split'
    """
    found = []
    for column in table.columns:
        words = {text.strip().casefold() for text in column.levels}
        parts = {_PART_WORDS.get(word, -1) for word in words}
        is_named = column.name.strip().casefold() in _SPLIT_NAMES and column.name not in skipped
        if is_named and min(parts, default=-1) >= 0 and PART_FIT in parts and len(parts) > 1:
            found += [column.name] if (column.codes >= 0).all() else []
    return found[0] if len(found) == 1 else ""


def mark_parts(table: Table, column: str) -> Table:
    """The table with `part` filled from a column that says train, validation or test.

    Args:
        table: rows of all parts.
        column: its name; cells are train, training, fit / val, valid, validation, dev / test, testing, holdout
            in any case.

    Returns:
        The same table with `part` int8 [N]; the column stays in it and must not become a feature.

    Raises:
        DataError: no such column, or a cell with another word.
        UsageError: `part` is declared already.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> table = Table((encode_cells("fold", ["Train", "test"]),), np.array([2, 3]), "t.csv")
        >>> mark_parts(table, "fold").part.tolist()
        [1, 3]
        >>> mark_parts(replace(table, columns=(encode_cells("fold", ["train", "3"]),)), "fold")
        Traceback (most recent call last):
        heldout.errors.DataError: line 3 of t.csv: '3' in the split column 'fold' is no part
          -> use train, validation or test (1 row has another word)
    """
    if table.part is not None:
        raise UsageError(f"the parts of {table.source} are declared already", hint="leave out --split")
    raw = find_column(table, column)
    per_level = [_PART_WORDS.get(text.strip().casefold(), -1) for text in raw.levels]
    part = np.array([*per_level, -1], dtype=np.int8)[raw.codes]
    strange = np.flatnonzero(part < 0)
    if strange.size:
        row = int(strange[0])
        text = raw.levels[raw.codes[row]] if raw.codes[row] >= 0 else ""
        count = "1 row has" if strange.size == 1 else f"{strange.size} rows have"
        raise DataError(
            f"line {table.lines[row]} of {table.source}: {text!r} in the split column {column!r} is no part",
            hint=f"use train, validation or test ({count} another word)",
        )
    return replace(table, part=part)
