"""How a finished study is read again: its record alone, without anything that trains."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from heldout.errors import StudyError
from heldout.report import StudyContent
from heldout.stages.codec import from_plain

CONTENT_SCHEMA = "heldout/content/1"


def load_content(folder: Path) -> StudyContent:
    """Read what a finished study shows.

    Raises:
        StudyError: there is no finished study, it is damaged, or of another version.
    """
    place = folder / "content.json"
    if not place.is_file():
        raise StudyError(
            f"{str(folder)!r} holds no finished study",
            hint="continue it with --resume, or name another folder",
        )
    try:
        record = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{str(place)!r} is damaged: {error}",
            hint="remove that file and run the study again with --resume",
        ) from None
    if not isinstance(record, dict) or record.get("schema") != CONTENT_SCHEMA:
        raise StudyError(
            f"{str(place)!r} has another schema than {CONTENT_SCHEMA!r}",
            hint="read it with the version of heldout that wrote it",
        )
    content = from_plain(StudyContent, record.get("content"), where="content")
    return replace(content, **name_paths(folder))


def name_paths(folder: Path) -> dict[str, str]:
    """Give where a study lies, by the names of the fields of `StudyContent`; a folder may have been moved.

    Example:
        >>> name_paths(Path("runs/a"))["bundle_path"]
        'runs/a/bundle.zip'
    """
    return {
        "study_folder": str(folder),
        "report_path": str(folder / "report.html"),
        "bundle_path": str(folder / "bundle.zip"),
    }
