"""Cells that would be other letters in another encoding that fits as well: told, and asked where little tells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.records import Doubt, RawColumn, Table

# Assumption: of the letters in which sister encodings differ, fewer different words than these tell nothing of a
# language; then the question stays open.
FEW_WORDS = 5
# Letters of Icelandic: where the rival is Turkish they are more likely ğ, ş and ı.
_RARE = frozenset("ðÐþÞýÝ")


def tell_rivals(table: Table, codec: str, rivals: tuple[str, ...]) -> Table:
    """The table with a note for each other encoding that its letters fit, and questions where few words tell.

    Args:
        table: as read.
        codec: the encoding that was taken.
        rivals: other encodings that are as plausible.

    Example:
        >>> table = Table((RawColumn("town", np.array([0, 1]), ("Gda\u00f1sk", "Paris")),), np.array([2, 3]), "t.csv")
        >>> told = tell_rivals(table, "cp1252", ("iso8859-2",))
        >>> told.notes[0][:66]
        't.csv: 1 cell would be other letters as iso8859-2 (first: line 2, '
        >>> told.doubts[0].column
        'town'
    """
    for rival in rivals:
        found = [(column, _list_changed(column, codec, rival)) for column in table.columns]
        found = [(column, changed) for column, changed in found if changed]
        if found:
            table = _tell(table, codec, rival, found)
    return table


def _list_changed(column: RawColumn, codec: str, rival: str) -> dict[int, str]:
    """Codes of the cells that are other texts in the rival encoding, with these."""
    changed: dict[int, str] = {}
    for code, text in enumerate(column.levels):
        if text.isascii():
            continue
        try:
            other = text.encode(codec).decode(rival)
        except UnicodeError:  # a line in UTF-8, or a byte that the rival does not have
            continue
        if other != text:
            changed[code] = other
    return changed


def _tell(table: Table, codec: str, rival: str, found: list[tuple[RawColumn, dict[int, str]]]) -> Table:
    doubts, n_cells, first = [], 0, ""
    for column, changed in found:
        rows = np.flatnonzero(np.isin(column.codes, list(changed)))
        if not len(rows):
            continue
        code = int(column.codes[rows[0]])
        shown = f"{column.levels[code]!r} or {changed[code]!r}"
        n_cells += len(rows)
        first = first or f"line {table.lines[rows[0]]}, column {column.name!r}: {shown}"
        letters = {sign for code in changed for sign in column.levels[code]}
        if len(changed) < FEW_WORDS or (rival == "cp1254" and letters & _RARE):
            question = (
                f"{len(rows)} cells were read as {codec} and would be other letters as {rival} (line "
                f"{table.lines[rows[0]]}: {shown}); say --encoding {rival} or --encoding {codec}"
            )
            doubts.append(Doubt(column.name, question, len(rows)))
    cells = "1 cell" if n_cells == 1 else f"{n_cells:,} cells"
    note = f"{table.source}: {cells} would be other letters as {rival} (first: {first}); read as {codec}"
    return replace(table, notes=(*table.notes, note), doubts=(*table.doubts, *doubts))
