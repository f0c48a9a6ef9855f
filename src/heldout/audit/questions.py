"""What could not be settled from the cells of a column, and which line settles it."""

from __future__ import annotations

from heldout.audit.input import AuditInput, pass_check
from heldout.records import Finding, Severity


def check_questions(data: AuditInput) -> tuple[Finding, ...]:
    """Questions that the reading of a column left open: nothing was guessed, one line of `heldout.toml` answers each.

    Args:
        data: the audit's input.

    Returns:
        HO215, one finding per open question, or one that says that there is none.
    """
    asked = [column.spec for column in data.columns if column.spec.question]
    if not asked:
        return (pass_check("HO215", "open questions", "every column could be read without a question"),)
    return tuple(
        Finding(
            "HO215",
            "open question",
            Severity.WARNING,
            f"column {spec.name!r}: {spec.question}",
            column=spec.name,
            rows=len(data.rows),
            action="answer it with the line named; until then the cells are read as the reason of the column says",
        )
        for spec in asked
    )
