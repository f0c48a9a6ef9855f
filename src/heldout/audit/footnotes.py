"""Do notes around the table speak of marks that a text file cannot hold? Bold and colours are lost on the way."""

from __future__ import annotations

import re

from heldout.audit.input import AuditInput, pass_check
from heldout.records import Finding, Severity

OUTSIDE = ("footer", "preamble", "comment")
_MARKS = re.compile(
    r"\b(bold(?:ed|face)?|italic(?:s|ised|ized)?|underlined?|highlight(?:ed)?|shaded|colou?red|in colou?r|"
    r"(?:in|marked) (?:red|green|blue|yellow|grey|gray)|struck through|strikethrough|fett|kursiv)\b",
    re.IGNORECASE,
)
LONGEST_SHOWN = 120


def check_footnotes(data: AuditInput) -> tuple[Finding, ...]:
    """Notes above or below the table that explain cells by their looks, which were lost.

    Args:
        data: the audit's input.

    Returns:
        HO233, one finding per note.
    """
    notes = [row for row in data.table.set_aside if row.kind in OUTSIDE]
    found = [(row, match.group()) for row in notes if (match := find_lost_mark(row.text))]
    if not found:
        looked = f"none of {len(notes)} notes around the table speaks of bold, italics or colours"
        return (pass_check("HO233", "marks lost with the formatting", looked),)
    return tuple(
        Finding(
            "HO233",
            "marks lost with the formatting",
            Severity.WARNING,
            f"line {row.line} says {row.text[:LONGEST_SHOWN]!r}: which cells were {mark} does not stand in the file, "
            "so that this information is lost",
            rows=0,
            action="add a column that says it for each row, from the original",
        )
        for row, mark in found
    )


def find_lost_mark(text: str) -> re.Match[str] | None:
    """A word for a mark that a text file cannot hold.

    Args:
        text: a note.

    Example:
        >>> find_lost_mark("Footnotes: Novel mutations are bolded.").group()
        'bolded'
        >>> find_lost_mark("units in mg/dL") is None
        True
    """
    return _MARKS.search(text)
