"""Columns whose cells have two readings: kept as texts, and all of them asked about at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from heldout.audit.input import name_some
from heldout.cells import declare_columns
from heldout.counts import count_things
from heldout.errors import DataError
from heldout.records import Finding, Severity, Table
from heldout.report import ColumnNote, LookContent
from heldout.settings import ColumnSettings, Settings, read_config
from heldout.stages.pasting import name_next

Questions = tuple[tuple[str, str, str], ...]  # (column, what is unclear, line that settles it)

UNCLEAR = "unclear"
AS_TEXTS = ColumnSettings.model_validate({"kind": "category"})
MOST_NAMED = 20  # as many as one refusal tells one by one


def keep_texts(settings: Settings, asked: Questions) -> Settings:
    """Give the settings under which the cells of unclear columns stay texts: nothing is guessed of them.

    Rows then differ by them as they do in the file; without them, rows would look like copies of one another.

    Args:
        settings: as the user gave them.
        asked: open questions.

    Example:
        >>> keep_texts(Settings(), (("dose", "mg or g?", "columns.dose.unit"),)).columns["dose"].kind
        'category'
    """
    columns = {**settings.columns, **{name: AS_TEXTS for name, _, _ in asked if name}}
    return settings.model_copy(update={"columns": columns}) if asked else settings


def find_questions(table: Table, settings: Settings) -> Questions:
    """The columns, the target among them, whose cells have two readings when all rows decide.

    Args:
        table: the rows as read.
        settings: what the user says of columns.
    """
    ignored = {name: "left out" for name, said in settings.columns.items() if said.kind == "ignore"}
    try:
        declare_columns(table, rows=np.arange(len(table.lines)), overrides=settings.columns, unused=ignored)
    except DataError as error:
        return error.questions
    return ()


def join_questions(error: DataError, asked: Questions, found: Questions, *, target: str | None) -> Questions:
    """All questions where the study was refused for another reason, and that reason as the first of them.

    Args:
        error: the other reason: a target that has no classes, or no column that is left.
        asked: questions known by then.
        found: questions of all columns.
        target: name of the target; where it has a question of its own, the reason follows from that one.

    Returns:
        Nothing where no column is unclear: the refusal then stands as it is. A reason that is no question of one column
        stands under the name "".

    Example:
        >>> join_questions(DataError("no class"), (), (), target="ill")
        ()
        >>> join_questions(DataError("no class"), (), (("dose", "mg or g?", ""),), target="ill")
        (('', 'no class', ''), ('dose', 'mg or g?', ''))
    """
    every = {item[0]: item for item in (*asked, *found)}
    is_told = target in every or any(error.message == message for _, message, _ in every.values())
    reason = () if is_told or not every else (("", error.message, error.hint),)
    return (*reason, *every.values())


def add_questions(content: LookContent, asked: Questions, source: Any, settings: Settings) -> LookContent:  # noqa: ANN401 - a path or any data frame
    """Give what was shown without the unclear columns, and these with the line that answers each.

    Args:
        content: of all other columns.
        asked: open questions, at least one.
        source: path or frame.
        settings: as the user gave them.
    """
    questions = {name: (what, hint) for name, what, hint in asked}
    notes = tuple(
        ColumnNote(note.name, UNCLEAR, questions[note.name][0], changed_to="not used until it is answered")
        if note.name in questions
        else note
        for note in content.columns
    )
    findings = tuple(
        Finding(
            "HO215", "open question", Severity.CRITICAL, what, column=name, rows=content.n_rows, action=hint
        )
        for name, what, hint in asked
    )
    named = [name for name in questions if name]
    cannot = f"{count_things(len(named), 'column')} cannot be read for sure: {name_some(named, MOST_NAMED)}"
    others = "".join(f"; {what}" for name, what, _ in asked if not name)
    return replace(
        content,
        columns=notes,
        findings=(*findings, *(item for item in content.findings if item.column not in questions)),
        refusal=f"fit would refuse {content.source}: {cannot}{others}",
        next_command=_name_next(source, settings),
    )


def _name_next(source: Any, settings: Settings) -> str:  # noqa: ANN401 - as above
    """The same look again; lines that were pasted into `heldout.toml` are read only where it is named."""
    line = name_next("look", source, settings)
    has_file = bool(read_config(settings)[0]) or not isinstance(source, str | Path)
    return line if has_file or not line.startswith("heldout look") else f"{line} --config heldout.toml"
