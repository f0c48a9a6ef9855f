"""What the folder of a study still tells when it is incomplete, damaged or of another version: all that can be read."""

from __future__ import annotations

import json
from dataclasses import MISSING, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from heldout.counts import count_things
from heldout.errors import HeldoutError, StudyError
from heldout.records import Finding, Rung, Score, Target, Task
from heldout.report import SplitSummary, StudyContent
from heldout.stages.codec import from_plain
from heldout.stages.loading import CONTENT_SCHEMA, load_content, name_paths, name_resume
from heldout.stages.rebuilding import read_events, rebuild_runs, rebuild_verdict
from heldout.stages.recovering import ANSWER, RECIPE, read_answer, read_columns, read_stored_runs
from heldout.stages.telling import sort_findings

UNKNOWN, ABSENT = "not known", "there is no such file"
OTHERS = ("audit.json", "split.json", "test.json", ANSWER, RECIPE)
# What only a finished study has; an unfinished one lacks them without fault.
LATE = ("test.json", ANSWER, "bundle.zip", "report.html")
# Fields whose emptiness a report puts in words ("no remedy was tried").
TOLD = (
    "chosen", "ladder", "remedies", "findings", "subgroups", "costs", "limits", "growth", "development_scores",
    "columns", "calibration", "niceness", "choice",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One file of a study's folder.

    Args:
        value: what it holds; None where it is absent or cannot be read.
        trouble: why not, in words; empty where it was read.
    """

    value: Any = None
    trouble: str = ""


def salvage_content(folder: Path) -> StudyContent:
    """Read a study as far as it can be read; what is missing stands in `partial`.

    A finished study is read as it is. Of any other folder the report then shows what is left: what was asked, the
    audit, the split, curves of networks that were trained, test scores where the test had been opened.

    Args:
        folder: the study's folder.

    Raises:
        StudyError: nothing in it belongs to a study.
    """
    try:
        return load_content(folder)
    except StudyError:
        pass
    record, start = read_file(folder / "content.json"), read_file(folder / "study.json")
    others = {name: read_file(folder / name) for name in ("study.json", *OTHERS)}
    known, lost = read_known(record)
    given = {**_gather_rest(folder, start), **known}
    if not any(file.value for file in (record, *others.values())):
        replay = f"its event file is there: 'heldout live {folder}' shows the curves again"
        raise StudyError(
            f"{str(folder)!r} holds no study that can be read",
            hint=replay
            if (folder / "events.jsonl").is_file()
            else "name the folder that --out named, or one under runs/",
        )
    is_begun = record.trouble == ABSENT and not _was_finished(folder)
    notes = [f"content.json: {record.trouble}"] if record.trouble and not is_begun else []
    notes += [f"content.json, field {name}: {why}" for name, why in lost]
    notes += [f"{name}: {why}" for name, file in others.items() if (why := _find_trouble(name, file))]
    before = say_unfinished(folder) if is_begun else str(known.get("partial", ""))
    content = StudyContent(**{**_default_required(folder), **given})
    unread = ("content.json", *(_list_unknown(given, known) if _was_finished(folder) else ()))
    partial = _say_missing(notes, before, content)
    return replace(content, **name_paths(folder), partial=partial, unread=unread)


def say_unfinished(folder: Path) -> str:
    """Say in one or two sentences why a study has no end yet, by the last thing that its events tell of it.

    Args:
        folder: the study's folder.

    Example:
        >>> say_unfinished(Path("no/such/study"))
        'It has not come to its end (continue it with --resume).'
    """
    last = [event for event in read_events(folder) if event.get("kind") in ("begin", "end")][-1:]
    end = last[0] if last else {}
    told = {
        "stopped": "It was stopped before its end",
        "failed": f"It ended with an error ({end.get('text', '')})",
    }
    why = told.get(str(end.get("how")), "It has not come to its end")
    return f"{why} ({name_resume(folder)})."


def _was_finished(folder: Path) -> bool:
    return any((folder / name).is_file() for name in ("content.json", *LATE))


def _list_unknown(given: dict[str, Any], known: dict[str, Any]) -> tuple[str, ...]:
    """Fields of a finished study that no file tells; the counts of a column stand in its record alone."""
    rest = [name for name in TOLD if name not in given]
    return (*rest, *(() if "columns" in known or "columns" in rest else ("column counts",)))


def _find_trouble(name: str, file: Found) -> str:
    """What is wrong with one of the other files; a study that ended early has no test scores, which is no fault."""
    if name in LATE and file.trouble == ABSENT:
        return ""
    schema = "" if file.value is None else str(file.value.get("schema", ""))
    is_newer = bool(schema) and not schema.endswith("/1")
    return file.trouble or (f"{schema!r}: another version of heldout wrote it" if is_newer else "")


def read_file(place: Path) -> Found:
    """Read one JSON file; why it cannot be read is an answer, not an error.

    Args:
        place: the file.

    Example:
        >>> read_file(Path("no/such/file.json")).trouble
        'there is no such file'
    """
    if not place.is_file():
        return Found(trouble=ABSENT)
    try:
        value = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return Found(trouble=f"damaged ({error})")
    return Found(value) if isinstance(value, dict) else Found(trouble="damaged (it holds no record)")


def read_known(record: Found) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Read each field of a content record by itself: those of a newer version are named, the others kept.

    Args:
        record: `content.json`.

    Returns:
        (fields that could be read, (name, why) of the others).
    """
    if record.value is None:
        return {}, []
    hints = get_type_hints(StudyContent)
    plain = record.value.get("content")
    lost: list[tuple[str, str]] = []
    schema = record.value.get("schema")
    if schema != CONTENT_SCHEMA:
        lost.append(("schema", f"{schema!r} is not {CONTENT_SCHEMA!r}: another version of heldout wrote it"))
    if not isinstance(plain, dict):
        return {}, [*lost, ("content", "there is none")]
    kept: dict[str, Any] = {}
    for name, value in plain.items():
        if name not in hints:
            lost.append((name, "this version does not know it"))
            continue
        try:
            kept[name] = from_plain(hints[name], value, where=name)
        except HeldoutError as error:
            lost.append((name, error.message))
        except (TypeError, ValueError, AttributeError) as error:
            lost.append((name, f"damaged ({error})"))
    needed = [item.name for item in fields(StudyContent) if item.default is MISSING]
    lost += [(name, "it is not there") for name in needed if name not in plain]
    return kept, lost


def _gather_rest(folder: Path, start: Found) -> dict[str, Any]:
    """What the other files tell: request, plan, audit, split, curves, opened test."""
    given: dict[str, Any] = {}
    told = start.value or {}
    settings = told.get("settings")
    if isinstance(settings, dict):
        given["settings"] = tuple((name, json.dumps(value)) for name, value in settings.items())
        given["target"] = _name_target(str(settings.get("target") or UNKNOWN))
    if isinstance(told.get("versions"), dict):
        given["versions"] = tuple((str(name), str(value)) for name, value in told["versions"].items())
    given["source"] = str(told.get("source") or UNKNOWN)
    plan = told.get("plan")
    rungs = _try(tuple[Rung, ...], plan.get("rungs")) if isinstance(plan, dict) else None
    given.update({} if rungs is None else {"rungs": rungs})
    audit = read_file(folder / "audit.json").value or {}
    findings = _try(tuple[Finding, ...], audit.get("findings"))
    if findings is not None:
        ordered = sort_findings(findings)
        given.update(niceness=ordered.niceness, passed_checks=ordered.passed)
        given.setdefault("findings", ordered.findings)  # the answer's hold those of the evidence too
    given.update(_read_split(folder))
    answer = read_answer(read_file(folder / ANSWER).value or {})
    given |= {name: value for name, value in answer.items() if name != "rungs" or rungs is None}
    columns = read_columns(folder)
    given.update({"columns": columns} if columns else {})
    opened = read_file(folder / "test.json").value or {}
    scores = _try(tuple[Score, ...], opened.get("scores"))
    if scores:
        given.update(test_scores=scores, test_opened=str(opened.get("opened", "")), metric=scores[0].metric)
    events = {**rebuild_runs(folder, rungs or ()), **rebuild_verdict(folder)}
    stored = read_stored_runs(folder)
    # what was judged at the end goes before what was told on the way
    return {**events, **given, "runs": max(stored, events["runs"], key=len)}


def _read_split(folder: Path) -> dict[str, Any]:
    split = read_file(folder / "split.json").value
    if split is None:
        return {}
    try:
        folds = split["folds"]
        summary = SplitSummary(
            method=str(split["method"]),
            n_development=len(split["development"]),
            n_test=len(split["test"]),
            n_folds=len(folds),
            n_fit=max(len(fold["fit"]) for fold in folds),
            n_validation=sum(len(fold["validation"]) for fold in folds),
            n_units=len({split["unit"][row] for row in split["development"]}),
            has_groups=bool(split["has_groups"]),
            ordered=bool(split["ordered"]),
            why_no_test=str(split["why_no_test"]),
        )
    except (KeyError, TypeError, ValueError, IndexError):
        return {}
    return {"split": summary, "n_rows": len(split["unit"])}


def _try(kind: Any, value: Any) -> Any:  # noqa: ANN401 - any record
    """A record where it can be read, else None."""
    try:
        return from_plain(kind, value)
    except (HeldoutError, TypeError, ValueError, AttributeError):
        return None


def _name_target(name: str) -> Target:
    nothing = np.zeros(0, dtype=np.int64)
    return Target(name, Task.BINARY, "what kind of target it is was not kept", (), np.zeros(0), nothing)


def _default_required(folder: Path) -> dict[str, Any]:
    """Something for each field that a content must have."""
    nobody = SplitSummary("how rows were divided is not known", 0, 0, 0, 0, 0, 0, why_no_test=UNKNOWN)
    required: dict[str, Any] = {
        "name": folder.resolve().name,
        "created": "time not known",
        "command": UNKNOWN,
        "source": UNKNOWN,
        "n_rows": 0,
        "n_columns": 0,
        "target": _name_target(UNKNOWN),
        "split": nobody,
        "metric": UNKNOWN,
    }
    needed = {item.name for item in fields(StudyContent) if item.default is MISSING}
    return {name: required[name] for name in needed}


def _say_missing(notes: list[str], before: str, content: StudyContent) -> str:
    """One sentence on what could not be read, and one on what is shown nevertheless."""
    shown = [
        (content.findings or content.passed_checks, "the audit"),
        (content.chosen, "the verdict"),
        (content.runs, f"curves of {count_things(len(content.runs), 'configuration')}"),
        (content.test_scores, "the test scores"),
    ]
    rest = ", ".join(words for there, words in shown if there) or "what was asked"
    told = "; ".join(notes[:8]) + (f"; and {len(notes) - 8} more" if len(notes) > 8 else "")
    missing = (
        f"Missing or not readable: {told}. Shown is the rest" if notes else "Shown is what there is by now"
    )
    return f"{before} {missing}: {rest}.".strip()
