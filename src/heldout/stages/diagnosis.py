"""What `diagnose` gives: a record, its words for a terminal, and its numbers for machines."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from heldout.described import describe_answer, describe_gate, replace_unknown
from heldout.evidence.logged_records import LoggedCurves, LoggedVerdict
from heldout.records import Answer, ChosenVerdict, Gate, LadderVerdict

SCHEMA_NAME = "heldout/diagnosis/1"
_WIDTH = 100


@dataclass(frozen=True)
class Diagnosis:
    """The verdict on a training that another tool ran; `print` shows it.

    Args:
        word: "overfit", "undecided", "cannot tell", and with losses of single rows every word of a study.
        code: `HO1xx`.
        sentence: the answer with its numbers.
        answers: the five questions, each with what would decide it.
        kind: "curves" (means over the validation rows) or "losses" (every row).
        format: which tool's log.
        columns: which columns were read as what, and which of them were guessed.
        sources: files or objects, one per seed or configuration.
        n_validation: validation rows; None when unknown.
        n_seeds: trainings of one configuration.
        delta: the tolerance in loss units.
        rests_on: assumptions, one sentence each.
        cannot_say: what these data cannot answer, and what would.
        log_next_time: what to log so that more can be said.
        logged: numbers of the verdict on curves, None with losses of single rows.
        ladder: verdict on several sizes, None for one.
        chosen: verdict on the simplest of the best, None with curves.
        curves: the curves as judged, for drawing.
        gates: what was checked before the verdict, with losses of single rows.
        second: what a second metric says of the same training; the verdict stays with the loss.
    """

    word: str
    code: str
    sentence: str
    answers: tuple[Answer, ...]
    kind: str
    format: str
    columns: str
    sources: tuple[str, ...]
    n_validation: int | None
    n_seeds: int
    delta: float
    rests_on: tuple[str, ...] = ()
    cannot_say: tuple[str, ...] = ()
    log_next_time: tuple[str, ...] = ()
    logged: LoggedVerdict | None = None
    ladder: LadderVerdict | None = None
    chosen: ChosenVerdict | None = None
    curves: tuple[LoggedCurves, ...] = ()
    gates: tuple[Gate, ...] = ()
    second: tuple[Answer, ...] = ()

    def __str__(self) -> str:
        return write_words(self)


def write_words(diagnosis: Diagnosis) -> str:
    """The answer for a terminal: verdict, numbers, what it rests on, what it cannot say, what to log next time.

    Args:
        diagnosis: the verdict.
    """
    heading = diagnosis.word[0].upper() + diagnosis.word[1:]
    lines = [f"{heading:<56}[{diagnosis.code}]", *_wrap(diagnosis.sentence, "  ")]
    for second in diagnosis.second:
        lines += _wrap(second.sentence, "  ")
    if diagnosis.kind == "losses":
        for answer in diagnosis.answers:
            lines += _wrap(answer.sentence, "  ")
    lines += _list("gates", _say_gates(diagnosis.gates))
    asked = diagnosis.answers[:1] if diagnosis.kind == "curves" else diagnosis.answers
    needs = list(dict.fromkeys(need for answer in asked for need in answer.would_decide))
    lines += _list("would decide", needs)
    lines += _list("read", [f"{diagnosis.format}, {', '.join(diagnosis.sources)}", diagnosis.columns])
    lines += _list("rests on", diagnosis.rests_on)
    lines += _list("cannot say", diagnosis.cannot_say)
    lines += _list("log next", diagnosis.log_next_time)
    return "\n".join(lines)


def build_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The answer as plain JSON data; what is unknown is null, never NaN.

    Args:
        diagnosis: the verdict.

    Returns:
        an object of the published schema (`read_schema`).
    """
    return replace_unknown(_describe(diagnosis))


def _describe(diagnosis: Diagnosis) -> dict[str, Any]:
    logged = diagnosis.logged
    return {
        "schema": SCHEMA_NAME,
        "kind": diagnosis.kind,
        "verdict": {"word": diagnosis.word, "code": diagnosis.code, "sentence": diagnosis.sentence},
        "answers": [describe_answer(item) for item in diagnosis.answers],
        "second_metric": [
            {**describe_answer(item), "tolerance": item.tolerance} for item in diagnosis.second
        ],
        "ladder": None if diagnosis.ladder is None else _describe_ladder(diagnosis.ladder),
        "curves": None if logged is None else _describe_curves(logged),
        "gates": [describe_gate(item) for item in diagnosis.gates],
        "format": diagnosis.format,
        "columns": diagnosis.columns,
        "sources": list(diagnosis.sources),
        "n_validation": diagnosis.n_validation,
        "n_seeds": diagnosis.n_seeds,
        "tolerance": diagnosis.delta,
        "rests_on": list(diagnosis.rests_on),
        "cannot_say": list(diagnosis.cannot_say),
        "log_next_time": list(diagnosis.log_next_time),
    }


def read_schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12) of `heldout/diagnosis/1`.

    Example:
        >>> read_schema()["properties"]["schema"]["const"]
        'heldout/diagnosis/1'
    """
    place = files("heldout.stages").joinpath("schemas", "diagnosis.schema.json")
    return json.loads(place.read_text(encoding="utf-8"))


def _wrap(text: str, indent: str, *, first: str = "") -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=first or indent, subsequent_indent=indent)


def _list(title: str, sentences: tuple[str, ...] | list[str]) -> list[str]:
    lines: list[str] = []
    for number, sentence in enumerate(text for text in sentences if text):
        start = f"{title if number == 0 else '':<13}- "
        lines += _wrap(sentence, " " * 15, first=start)
    return lines


def _say_gates(gates: tuple[Gate, ...]) -> list[str]:
    """What was looked at, one sentence each, and the rest in one."""
    asked = [item for item in gates if item.state != "not applicable"]
    told = [
        f"{item.code} {item.state}: {item.sentence}"
        + (f" {item.action[0].upper()}{item.action[1:]}." if item.action else "")
        for item in asked
    ]
    skipped = ", ".join(item.code for item in gates if item.state == "not applicable")
    return [*told, f"Not asked, for want of what they need: {skipped}."] if skipped else told


def _describe_ladder(ladder: LadderVerdict) -> dict[str, Any]:
    return {
        "word": ladder.word,
        "code": ladder.code,
        "rung": ladder.rung if ladder.rung >= 0 else None,
        "sentence": ladder.sentence,
        "onset": [epoch if epoch >= 0 else None for epoch in ladder.onset],
        "best_epoch": [epoch if epoch >= 0 else None for epoch in ladder.best_epoch],
    }


def _describe_curves(logged: LoggedVerdict) -> dict[str, Any]:
    return {
        "excess": logged.excess,
        "threshold": logged.threshold,
        "largest_tolerance": logged.largest_tolerance,
        "best_epoch": logged.best_epoch,
        "best_loss": logged.best_loss,
        "last_epoch": logged.last_epoch,
        "onset": logged.onset,
        "rows_needed": logged.rows_needed or None,
        "accuracy": logged.second.sentence if logged.second else None,
    }
