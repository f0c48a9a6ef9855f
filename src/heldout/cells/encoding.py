"""Cells that were once read in a wrong encoding: "M\u00c3\u00bcller" is "M\u00fcller"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from heldout.records import ColumnSpec, IndexArray, Kind, RawColumn

ENCODING_GRAMMAR = "encoding"
REPAIRED_KINDS = (Kind.TEXT, Kind.CATEGORY)
# Damage is two letters beyond ASCII side by side, a control character of Latin-1, or the first half of a pair whose
# second half became a blank; all else is not even looked at by ftfy (0.2 us a character, measured).
_SUSPECT = re.compile("[^\x00-\x7f]{2}|[\x80-\x9f\u00c2\u00c3\u00e2]")
_SHOWN = 2


def repair_encoding(text: str) -> str:
    """Give a text as it was before it was read in a wrong encoding; any other text as it is.

    A text is only touched where its letters follow one another as those of a language hardly do, and as bytes of UTF-8
    always do.

    Args:
        text: a cell.

    Source: the library ftfy (Speer 2019, doi 10.5281/zenodo.2591652), its step `fix_encoding` alone.

    Example:
        >>> repair_encoding("M\u00c3\u00bcller"), repair_encoding("M\u00fcller"), repair_encoding("\u00c5ngstr\u00f6m")
        ('M\u00fcller', 'M\u00fcller', '\u00c5ngstr\u00f6m')
    """
    if text.isascii() or not _SUSPECT.search(text):
        return text
    from ftfy import fix_encoding

    return fix_encoding(text)


def find_damaged(texts: Iterable[str]) -> dict[str, str]:
    """Give those texts that were read in a wrong encoding, with what they were.

    Args:
        texts: distinct cells.

    Example:
        >>> find_damaged(["caf\u00c3\u00a9", "caf\u00e9", "tea"])
        {'caf\u00c3\u00a9': 'caf\u00e9'}
    """
    made = ((text, repair_encoding(text)) for text in texts)
    return {text: repaired for text, repaired in made if repaired != text}


def show_damage(damaged: dict[str, str]) -> list[str]:
    """Show the first word of each text that was repaired.

    Example:
        >>> show_damage(find_damaged(["a caf\u00c3\u00a9 here"]))
        ["'caf\u00c3\u00a9' is 'caf\u00e9'"]
    """
    shown = []
    for text, made in damaged.items():
        pairs = zip(text.split(" "), made.split(" "), strict=False)
        first, other = next(((one, two) for one, two in pairs if one != two), (text, made))
        shown.append(f"{first[:40]!r} is {other[:40]!r}")
    return list(dict.fromkeys(shown))


def mend_encoding(spec: ColumnSpec, raw: RawColumn, rows: IndexArray) -> ColumnSpec:
    """Give the declaration of a column of texts or categories with the repair of wrong encodings, where it needs it.

    The declaration is part of the recipe: new rows are repaired in the same way. A column without damage among the
    rows that decide is read as it stands.

    Args:
        spec: how the column is read.
        raw: the column.
        rows: int64 positions of the rows that decide.

    Example:
        >>> raw = RawColumn("town", np.array([0, 1, 1], np.int32), ("K\u00f6ln", "K\u00c3\u00b6ln"))
        >>> mend_encoding(ColumnSpec("town", Kind.CATEGORY, "2 texts"), raw, np.arange(3)).grammar
        'encoding'
    """
    if spec.kind not in REPAIRED_KINDS or spec.grammar or spec.source:
        return spec
    codes = raw.codes[rows]
    counts = np.bincount(codes[codes >= 0], minlength=len(raw.levels))
    used = np.flatnonzero(counts).tolist()
    damaged = find_damaged(raw.levels[code] for code in used)
    if not damaged:
        return spec
    n_rows = sum(int(counts[code]) for code in used if raw.levels[code] in damaged)
    shown = ", ".join(show_damage(damaged)[:_SHOWN])
    why = f"{spec.why}; {n_rows} cells ({len(damaged)} distinct) were once read in a wrong encoding, repaired: {shown}"
    return replace(spec, grammar=ENCODING_GRAMMAR, why=why)
