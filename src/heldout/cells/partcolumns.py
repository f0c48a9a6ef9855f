"""Columns whose cells hold several things become one column per part, each read by its own kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np

from heldout.cells.clock import find_clock
from heldout.cells.composites import list_parts
from heldout.cells.dates import find_date_format
from heldout.cells.findparts import Composite, find_composite
from heldout.cells.keynames import split_name
from heldout.cells.missing import MISSING_AMONG_NUMBERS
from heldout.cells.numbers import parse_number
from heldout.cells.overrides import ColumnOverride, take_override
from heldout.cells.quantities import parse_quantity
from heldout.cells.tally import Present, describe_missing, keep_present, tally_column
from heldout.cells.typed import take_parts
from heldout.cells.units import find_unit
from heldout.errors import DataError
from heldout.records import ColumnSpec, IndexArray, Kind, RawColumn, Table

# What the parts of a grammar are, whatever their cells look like.
_KINDS = {
    "variant": {
        "effect": Kind.SET,
        "protein": Kind.SET,
        "coding": Kind.SET,
        "codon": Kind.NUMBER,
        "count": Kind.NUMBER,
    },
    "region": {"type": Kind.SET, "number": Kind.NUMBER, "set": Kind.SET},
    "pedigree": {"generation": Kind.NUMBER, "member": Kind.NUMBER, "relation": Kind.CATEGORY},
    "range": {"low": Kind.NUMBER, "high": Kind.NUMBER},
    "spread": {"value": Kind.NUMBER, "spread": Kind.NUMBER},
}
_PROBES, _MOSTLY = 50, 0.95
_RANGE_MARKS = ("-", "\u2013", "\u2014", "\u00b1", "+/-", " to ")
_MARK_WORDS = re.compile(
    r"\b(bold(?:ed|face)?|italic(?:s|ized)?|underlin(?:e|ed)|shad(?:ed|ing)|highlight(?:ed)?|colou?red|superscripts?)\b",
    re.IGNORECASE,
)


class Declare(Protocol):
    """What declares one column as a whole."""

    def __call__(
        self, raw: RawColumn, *, rows: IndexArray, override: ColumnOverride | None = None
    ) -> ColumnSpec:
        """Declare one column."""
        ...


def declare_parts(
    raw: RawColumn, *, rows: IndexArray, overrides: Mapping[str, ColumnOverride], declare: Declare
) -> tuple[ColumnSpec, ...]:
    """The declarations of a composite column and of its parts, or none when its cells are whole.

    Args:
        raw: the column.
        rows: int64 positions of the development rows.
        overrides: what the user says, by column or part name ("patient/age").
        declare: what declares a part as a column of its own.

    Returns:
        First the column itself, not used, then one declaration per part.

    Raises:
        DataError: the user names a grammar that the cells do not fit.
    """
    said = take_override(overrides.get(raw.name))
    if (
        said.kind is not None
        or said.true is not None
        or said.date_format is not None
        or said.grammar == "whole"
    ):
        return ()
    tally = tally_column(raw, rows)
    present = keep_present(tally, MISSING_AMONG_NUMBERS)
    if not present.texts or (said.grammar is None and _is_plain(present, raw.name)):
        return ()
    found = find_composite(present, name=raw.name)
    if said.grammar is not None and (found is None or found.grammar != said.grammar):
        raise DataError(
            f"column {raw.name!r} is declared as {said.grammar}, but fewer than 95 % of its cells fit",
            hint="leave grammar out, or correct the cells",
        )
    if found is None:
        return ()
    parts = [
        _declare_part(raw, rows, found, part, (overrides, declare))
        for part in list_parts(found.grammar, found.pattern)
    ]
    names = ", ".join(repr(spec.name) for spec in parts)
    what = found.pattern or found.grammar
    why = f"{found.share:.0%} of the cells are like {found.example!r} ({what}): read as {names}; "
    why += describe_missing(present)
    whole = ColumnSpec(
        raw.name,
        Kind.CATEGORY,
        why,
        decided="auto" if said.grammar is None else "user",
        missing_words=MISSING_AMONG_NUMBERS,
        used=False,
    )
    return (whole, *parts)


def _is_plain(present: Present, name: str) -> bool:
    """Numbers (with a unit), dates and times are whole; so are columns without a digit."""
    texts, counts = present.texts, present.counts.tolist()
    probes = texts[:_PROBES]
    read = [parse_quantity(text) or parse_quantity(text, decimal=",") for text in probes]
    n_read = sum(quantity is not None for quantity in read)
    scales = {quantity.unit for quantity in read if quantity is not None and quantity.unit.startswith("of ")}
    if n_read >= _MOSTLY * len(probes) and len(scales) <= 1:
        # A range may hide among many numbers; the minus of an exponent is none.
        odd = (text for text in present.others if any(mark in text[1:] for mark in _RANGE_MARKS))
        return all(parse_number(text) is not None for text in odd)
    if not any(any(character.isdigit() for character in text) for text in probes):
        return True
    try:
        return bool(find_date_format(texts, counts, column=name)) or bool(
            find_clock(texts, counts, column=name)
        )
    except DataError:
        # Ambiguous dates are dates; the judge of dates refuses them with the line to paste.
        return True


def _declare_part(
    raw: RawColumn,
    rows: IndexArray,
    found: Composite,
    part: str,
    how: tuple[Mapping[str, ColumnOverride], Declare],
) -> ColumnSpec:
    overrides, declare = how
    name = f"{raw.name}/{part}"
    place = ColumnSpec(
        name, Kind.TEXT, "", source=raw.name, grammar=found.grammar, pattern=found.pattern, part=part
    )
    texts = take_parts(raw.levels, place)
    derived = RawColumn(
        name, _recode(raw, texts), tuple(dict.fromkeys(text for text in texts if text is not None))
    )
    override = overrides.get(name)
    kind = _KINDS.get(found.grammar, {}).get(part) or (Kind.NUMBER if found.grammar == "pair" else None)
    made = declare(derived, rows=rows, override=override)
    if kind is not None and override is None and made.kind not in (kind, Kind.CONSTANT):
        made = _force_kind(made, kind)
    if made.kind is Kind.IDENTIFIER and override is None and kind is None:
        made = replace(made, kind=Kind.CATEGORY, used=True)
    made = replace(
        made,
        source=raw.name,
        grammar=found.grammar,
        pattern=found.pattern,
        part=part,
        why=f"part {part!r} of {raw.name!r}: {made.why}",
    )
    return _add_header_unit(made, raw.name)


def _force_kind(made: ColumnSpec, kind: Kind) -> ColumnSpec:
    is_value = kind is Kind.NUMBER
    words = MISSING_AMONG_NUMBERS if is_value else ("",)
    return replace(
        made,
        kind=kind,
        used=True,
        missing_words=words,
        spellings=(),
        question="",
        true_words=(),
        false_words=(),
    )


def _recode(raw: RawColumn, texts: list[str | None]) -> np.ndarray:
    index: dict[str, int] = {}
    for text in texts:
        if text is not None:
            index.setdefault(text, len(index))
    lookup = np.array([*(-1 if text is None else index[text] for text in texts), -1], np.int32)
    return lookup[raw.codes]


def _add_header_unit(spec: ColumnSpec, name: str) -> ColumnSpec:
    """An age without a unit takes the unit of time that the header names: "Gender/Age of onset (year)"."""
    if spec.kind is not Kind.NUMBER or spec.unit or spec.part != "age":
        return spec
    units = [unit for word in split_name(name) if len(word) > 2 and (unit := find_unit(word)) is not None]
    units = [unit for unit in units if unit.dimension == "time"]
    if not units:
        return replace(spec, why=f"{spec.why}; the unit of the age is not said")
    return replace(spec, unit=units[0].name, why=f"{spec.why}; unit {units[0].name}, as the header says")


def find_lost_marks(spec: ColumnSpec, table: Table) -> ColumnSpec:
    """The declaration with a note when the file says that some of its cells are marked by type or colour.

    A text file keeps no bold type: what the mark said ("novel mutations are bolded") is lost, and said to be.

    Args:
        spec: a column's declaration.
        table: its table, for the rows that were set aside and the notes.

    Example:
        >>> from heldout.records import SetAside
        >>> table = Table((), np.zeros(0, np.int64), "t.csv", set_aside=(SetAside(9, "note", "New genes are bolded."),))
        >>> find_lost_marks(ColumnSpec("gene", Kind.CATEGORY, "2 texts"), table).why
        "2 texts; the file says 'New genes are bolded.': that mark is not in the file and is lost"
    """
    if spec.source:
        return spec
    for text in (*(row.text for row in table.set_aside), *table.notes):
        if not _MARK_WORDS.search(text):
            continue
        said = {word.rstrip("s") for word in split_name(text)}
        if any(len(word) > 3 and word.rstrip("s") in said for word in split_name(spec.name)):
            quoted = text.strip().strip('",')[:120]
            return replace(
                spec, why=f"{spec.why}; the file says {quoted!r}: that mark is not in the file and is lost"
            )
    return spec
