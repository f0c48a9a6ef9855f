"""Traces of spreadsheets in cells: formulas around texts taken off; dates made of genes, broken ids and errors told."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from heldout.packed import PackedTexts
from heldout.records import RawColumn
from heldout.sources.columns import compact_levels

_FORMULA = re.compile(r'="([^"]*)"')
_GENE_DATE = re.compile(
    r"(\d{1,2}-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|(Mar|Sep|Dec|Feb|Oct)-\d{1,2})", re.I
)
_GENE = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,14}")
_ROUNDED = re.compile(r"\d\.\d{1,6}E\+(0?[9]|1[0-9]|2[0-9])", re.I)
_ERROR = re.compile(r"#(REF|VALUE|DIV/0|NAME|NULL|NUM|N/A|SPILL|CALC)[!?]?", re.I)
_MOSTLY, _LEVELS = 0.6, 200_000


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


def find_damage(columns: Sequence[RawColumn], *, name: str) -> tuple[str, ...]:
    """One sentence for each trace that a spreadsheet left in the cells; nothing is changed.

    Told are: genes that became dates (`2-Sep` among gene names), long numbers rounded to `1.24E+18` (different
    identifiers became equal), and error values (`#REF!`).

    Args:
        columns: as read.
        name: file name for messages.

    Source:
        Genes to dates: 30.9 % of 11,117 papers with gene lists (Abeysooriya et al., PLOS Comput. Biol. 2021).

    Example:
        >>> find_damage([RawColumn("gene", np.array([0, 1, 2]), ("TP53", "BRCA1", "2-Sep"))], name="t.csv")[0][:60]
        "t.csv: column 'gene' holds 1 cell that looks like a gene nam"
    """
    notes: list[str] = []
    for column in columns:
        levels = column.levels[:_LEVELS]
        if _are_plain(levels):
            continue
        for count, example, what in _find_traces(levels):
            cells = "cell that looks" if count == 1 else "distinct cells that look"
            notes.append(
                f"{name}: column {column.name!r} holds {count} {cells} like {what} (first: {example!r})"
            )
    return tuple(notes)


def _are_plain(levels: Sequence[str]) -> bool:
    """Whether texts have the characters of plain numbers alone, none of them of 1e9 or more: these bear no trace."""
    joined = "".join(levels).encode("utf-8", "surrogatepass").lower()
    return not joined.translate(None, b"0123456789+-. e") and b"e+" not in joined


def _find_traces(levels: Sequence[str]) -> list[tuple[int, str, str]]:
    texts = [text.strip() for text in levels]
    traces: list[tuple[int, str, str]] = []
    dates = [text for text in texts if _GENE_DATE.fullmatch(text)]
    if dates:
        others = [text for text in texts if text and text not in set(dates)]
        genes = sum(_GENE.fullmatch(text) is not None for text in others)
        if others and genes >= _MOSTLY * len(others):
            what = "a gene name or code that a spreadsheet turned into a date"
            traces.append((len(dates), dates[0], what))
    rounded = [text for text in texts if _ROUNDED.fullmatch(text)]
    if rounded:
        what = "a long number that a spreadsheet rounded: different identifiers may have become equal"
        traces.append((len(rounded), rounded[0], what))
    errors = [text for text in texts if text.startswith("#") and _ERROR.fullmatch(text)]
    if errors:
        traces.append((len(errors), errors[0], "an error value of a spreadsheet"))
    return traces
