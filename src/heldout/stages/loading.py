"""How a finished study is read again: its record alone, without anything that trains."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

from heldout.errors import StudyError
from heldout.folder import IDENTITY_FILE
from heldout.report import StudyContent
from heldout.stages.codec import from_plain

CONTENT_SCHEMA = "heldout/content/1"
BUNDLE = "bundle.zip"


def load_content(folder: Path) -> StudyContent:
    """Read what a finished study shows.

    Raises:
        StudyError: there is no finished study, it is damaged, or of another version.
    """
    place = folder / "content.json"
    if not place.is_file():
        raise StudyError(
            f"{str(folder)!r} holds no finished study",
            hint=f"{name_resume(folder)}, or name another folder",
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


def refuse_unfinished(model: Path) -> None:
    """Refuse a study that has no networks to hand out yet, and say how to go on with it.

    Args:
        model: folder of a study, or a bundle; anything that is no begun study is left to the reader of bundles.

    Raises:
        StudyError: it was begun, and its bundle is not there.

    Example:
        >>> refuse_unfinished(Path("no/such/study"))
    """
    model = model.parent if model.name == BUNDLE else model
    if not (model / IDENTITY_FILE).is_file() or (model / BUNDLE).exists():
        return
    lacks = f"{BUNDLE} with its networks, which is written last, is missing"
    if (model / "content.json").is_file():
        raise StudyError(
            f"the study in {str(model)!r} is finished, but {BUNDLE} with its networks is missing",
            hint="restore that file, or run the study again in another folder",
        )
    raise StudyError(
        f"the study in {str(model)!r} has not come to its end: {lacks}",
        hint=f"{name_resume(model)}\n  -> see what there is by now: heldout report {shlex.quote(str(model))}",
    )


def name_resume(folder: Path) -> str:
    """Give the advice how to go on with a study that was begun; its own command where its folder knows it.

    Args:
        folder: the study's folder.

    Example:
        >>> name_resume(Path("no/such/study"))
        'continue it with --resume'
    """
    try:
        command = json.loads((folder / "study.json").read_text(encoding="utf-8"))["command"]
        words = shlex.split(command)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        words = []  # stopped before its plan was written, or begun by an earlier version
    if words[:2] != ["heldout", "fit"]:
        return "continue it with --resume" + (" (in Python resume=True)" if words else "")
    named = any(word == "--out" or word.startswith("--out=") for word in words)
    place = [] if named else ["--out", str(folder)]
    return f"continue it with: {shlex.join([*words, *place, '--resume'])}"


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
