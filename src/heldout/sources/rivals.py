"""Cells that would be other letters in another encoding that fits as well: told, and asked where little tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heldout.counts import count_things
from heldout.records import Doubt, IndexArray, RawColumn, Table

# Assumption: of the letters in which sister encodings differ, fewer different words of a file than these tell
# nothing of a language; then the question stays open.
FEW_WORDS = 5
# Letters of Icelandic: where the rival is Turkish they are more likely ğ, ş and ı.
_RARE = frozenset("ðÐþÞýÝ")


def tell_rivals(table: Table, codec: str, rivals: tuple[str, ...], lines: Sequence[int]) -> Table:
    """The table with a note for each other encoding that its letters fit, and questions where few words tell.

    Args:
        table: as read.
        codec: the encoding that was taken for these lines.
        rivals: other encodings that are as plausible.
        lines: numbers of the lines that were read in this encoding, ascending; the letters of all others are certain.

    Example:
        >>> table = Table((RawColumn("town", np.array([0, 1]), ("Gda\u00f1sk", "Paris")),), np.array([2, 3]), "t.csv")
        >>> told = tell_rivals(table, "cp1252", ("iso8859-2",), (2,))
        >>> told.notes[0][:66]
        't.csv: 1 cell would be other letters as iso8859-2 (first: line 2, '
        >>> told.doubts[0].column
        'town'
        >>> tell_rivals(table, "cp1252", ("iso8859-2",), (3,)).notes
        ()
    """
    if not rivals or not len(lines):
        return table
    # A quoted cell may go on in lines below the one where its row begins; the header is no row.
    at = np.searchsorted(table.lines, np.asarray(lines), side="right") - 1
    rows = np.unique(at[at >= 0])
    suspects = [(column, _list_lettered(column, rows)) for column in table.columns]
    for rival in rivals:
        found = [(column, _list_changed(texts, codec, rival)) for column, texts in suspects]
        found = [(column, changed) for column, changed in found if changed]
        if found:
            table = _tell(table, (codec, rival), found, rows)
    return table


def _list_lettered(column: RawColumn, rows: IndexArray) -> dict[int, str]:
    """Codes and texts of the cells in these rows that hold more than ASCII."""
    texts = {int(code): column.levels[code] for code in np.unique(column.codes[rows]) if code >= 0}
    return {code: text for code, text in texts.items() if not text.isascii()}


def _list_changed(texts: dict[int, str], codec: str, rival: str) -> dict[int, str]:
    """Codes of the cells that are other texts in the rival encoding, with these."""
    changed: dict[int, str] = {}
    for code, text in texts.items():
        try:
            other = text.encode(codec).decode(rival)
        except UnicodeError:  # a byte that the rival does not have
            continue
        if other != text:
            changed[code] = other
    return changed


def _tell(
    table: Table, pair: tuple[str, str], found: list[tuple[RawColumn, dict[int, str]]], rows: IndexArray
) -> Table:
    codec, rival = pair
    n_words = sum(len(changed) for _, changed in found)
    doubts, n_cells, first = [], 0, ""
    for column, changed in found:
        own = rows[np.isin(column.codes[rows], list(changed))]
        code = int(column.codes[own[0]])
        shown = f"{column.levels[code]!r} or {changed[code]!r}"
        n_cells += len(own)
        first = first or f"line {table.lines[own[0]]}, column {column.name!r}: {shown}"
        letters = {sign for code in changed for sign in column.levels[code]}
        if n_words < FEW_WORDS or (rival == "cp1254" and letters & _RARE):
            was = "was" if len(own) == 1 else "were"
            question = (
                f"{count_things(len(own), 'cell')} {was} read as {codec} and would be other letters as {rival} (line "
                f"{table.lines[own[0]]}: {shown}); say --encoding {rival} or --encoding {codec}"
            )
            doubts.append(Doubt(column.name, question, len(own)))
    cells = count_things(n_cells, "cell")
    note = f"{table.source}: {cells} would be other letters as {rival} (first: {first}); read as {codec}"
    return replace(table, notes=(*table.notes, note), doubts=(*table.doubts, *doubts))
