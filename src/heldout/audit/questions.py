"""What could not be settled from the cells of a column, and which line settles it."""

from __future__ import annotations

from collections.abc import Sequence

from heldout.audit.input import AuditInput, pass_check
from heldout.records import ColumnSpec, Doubt, Finding, Severity


def check_questions(data: AuditInput) -> tuple[Finding, ...]:
    """Questions that the reading of a column left open: nothing was guessed, one line of `heldout.toml` answers each.

    Args:
        data: the audit's input.

    Returns:
        HO215, one finding per open question, or one that says that there is none.
    """
    asked = ask_columns(
        [column.spec for column in data.columns], n_rows=len(data.rows), doubts=data.table.doubts
    )
    return asked or (pass_check("HO215", "open questions", "every column could be read without a question"),)


def ask_columns(
    specs: Sequence[ColumnSpec], *, n_rows: int, doubts: Sequence[Doubt] = ()
) -> tuple[Finding, ...]:
    """The open questions of columns, one finding each; they need no target.

    Args:
        specs: how the columns are read.
        n_rows: rows that decided it.
        doubts: questions that the reading of the file left open.

    Example:
        >>> from heldout.records import Kind
        >>> ask_columns([ColumnSpec("x", Kind.NUMBER, "", question="codes?")], n_rows=9)[0].sentence
        "column 'x': codes?"
    """
    until = "; until then the cells are read as the reason of the column says"
    of_cells = [(doubt.column, doubt.question, doubt.rows, "one of the options named") for doubt in doubts]
    of_columns = [
        (spec.name, spec.question, n_rows, f"the line named{until}") for spec in specs if spec.question
    ]
    return tuple(
        Finding(
            "HO215",
            "open question",
            Severity.WARNING,
            f"column {name!r}: {question}",
            column=name,
            rows=rows,
            action=f"answer it with {how}",
        )
        for name, question, rows, how in (*of_cells, *of_columns)
    )
