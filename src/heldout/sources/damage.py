"""Traces of spreadsheets in cells: formulas around texts taken off; dates made of genes, broken ids and errors told."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from heldout.packed import PackedTexts
from heldout.records import IndexArray, RawColumn
from heldout.sources.columns import compact_levels
from heldout.spreadsheet import Trace, find_spreadsheet

_FORMULA = re.compile(r'="([^"]*)"')
_SHOWN = 3


def unwrap_formulas(
    columns: Sequence[RawColumn], *, name: str
) -> tuple[tuple[RawColumn, ...], tuple[str, ...]]:
    """The columns with cells such as `="00123"` read as the text they stand for, and a note for each column.

    Spreadsheets write them to keep leading zeros; nothing is lost by taking the formula off.

    Args:
        columns: as read.
        name: file name for messages.

    Example:
        >>> columns, notes = unwrap_formulas([RawColumn("zip", np.array([0, 1]), ('="007"', "12"))], name="t.csv")
        >>> columns[0].levels, notes
        (('007', '12'), ("t.csv: column 'zip' holds 1 distinct cell written as a formula (='...'); read as text",))
    """
    read: list[RawColumn] = []
    notes: list[str] = []
    for column in columns:
        levels = column.levels
        if not (
            levels.holds('="') if isinstance(levels, PackedTexts) else any('="' in text for text in levels)
        ):
            read.append(column)
            continue
        matches = [_FORMULA.fullmatch(text) if text.startswith('="') else None for text in column.levels]
        count = sum(match is not None for match in matches)
        if not count:
            read.append(column)
            continue
        texts = [match[1] if match else text for match, text in zip(matches, column.levels, strict=True)]
        read.append(_merge_levels(column, texts))
        cells = "distinct cell" if count == 1 else "distinct cells"
        notes.append(
            f"{name}: column {column.name!r} holds {count} {cells} written as a formula (='...'); read as text"
        )
    return tuple(read), tuple(notes)


def _merge_levels(column: RawColumn, texts: list[str]) -> RawColumn:
    index: dict[str, int] = {}
    renumber = np.array([*(index.setdefault(text, len(index)) for text in texts), -1], dtype=np.int32)
    return compact_levels(RawColumn(column.name, renumber[column.codes], tuple(index)))


def find_damage(
    columns: Sequence[RawColumn], *, name: str, lines: Sequence[int] | IndexArray = ()
) -> tuple[str, ...]:
    """One sentence for each trace that a spreadsheet left in the cells; nothing is changed.

    Told are: genes that became dates (`2-Sep` among gene names), long numbers rounded to `1.24E+18` or to 15 digits
    (different identifiers became equal), leading zeros that some cells lost, and error values (`#REF!`, `######`).

    Args:
        columns: as read.
        name: file name for messages.
        lines: of the rows, for the place of the first cell of each kind.

    Example:
        >>> column = RawColumn("gene", np.array([0, 1, 2]), ("TP53", "BRCA1", "2-Sep"))
        >>> find_damage([column], name="t.csv", lines=[2, 3, 4])[0][:60]
        "t.csv, line 4: column 'gene' holds 1 cell that looks like a "
    """
    notes: list[str] = []
    for column in columns:
        for trace in find_spreadsheet(column.levels):
            rows = find_rows(column, trace)
            cells = "cell that looks" if len(rows) == 1 else "cells that look"
            shown = ", ".join(repr(text) for text in trace.texts[:_SHOWN])
            more = f" and {len(trace.texts) - _SHOWN} more texts" if len(trace.texts) > _SHOWN else ""
            line = f", line {lines[rows[0]]}" if len(rows) and len(lines) else ""
            notes.append(
                f"{name}{line}: column {column.name!r} holds {len(rows)} {cells} like {trace.what} ({shown}{more})"
            )
    return tuple(notes)


def find_rows(column: RawColumn, trace: Trace) -> IndexArray:
    """The rows whose cells bear a trace, ascending.

    Args:
        column: as read.
        trace: from `find_spreadsheet` on its distinct cells.

    Example:
        >>> find_rows(RawColumn("x", np.array([1, 0, 1]), ("a", "#REF! ")), Trace(("#REF!",), "an error"))
        array([0, 2])
    """
    borne = set(trace.texts)
    codes = [code for code, text in enumerate(column.levels) if text.strip() in borne]
    return np.flatnonzero(np.isin(column.codes, codes))
