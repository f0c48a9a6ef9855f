"""The report as one self-contained HTML file: no request, no script, readable in light, dark and on paper."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from heldout.records import Answer, SetAside
from heldout.report import sentences, summary
from heldout.report.charts import draw_charts
from heldout.report.content import ColumnNote, StudyContent
from heldout.report.groups import list_groups

FULL_COLUMNS = 40
MOST_COLUMNS = 2000
MOST_FINDINGS = 200
MOST_ROWS_SHOWN = 50

QUESTIONS = {
    "skill": "Is it better than a constant guess?",
    "overtrained": "Does training to the end make it worse (overfitting in time)?",
    "too big": "Would a smaller or restrained network be better (overfitting in size)?",
    "underfit": "Would a larger network be better (underfitting)?",
    "memorising": "Does it learn rows by heart without learning a rule?",
}


def render_report(content: StudyContent, *, show_rows: bool = False) -> str:
    """The report of a study as the text of one HTML file.

    Args:
        content: the study, finished or partial.
        show_rows: also show the beginning of rows that were set aside, as they stand in the file; off by default
            since a report is passed on more freely than data.

    Returns:
        HTML with its style inside, no script, no reference to anything outside the file.

    Raises:
        HeldoutError: a chart could not be drawn.
    """
    style = read_packaged("report.css")
    page = make_environment().get_template("report.html.j2")
    return page.render(
        study=content,
        style=Markup(style),  # noqa: S704 - our own packaged file
        style_hash=hash_for_policy(style),
        charts=draw_charts(content),
        works=summary.tell_whether_it_works(content),
        sure=summary.tell_how_sure(content),
        for_whom_not=summary.tell_for_whom_not(content),
        best_baseline=summary.tell_best_baseline(content),
        other_baselines=[
            item for item in content.baselines if item is not summary.find_best_baseline(content)
        ],
        tone=choose_tone(content),
        answers=[_list_answer(answer) for answer in (content.chosen.answers if content.chosen else ())],
        findings=summary.sort_findings(content.findings)[:MOST_FINDINGS],
        set_aside=_count_reasons(content.set_aside),
        rows_shown=content.set_aside[:MOST_ROWS_SHOWN] if show_rows else (),
        groups=list_groups(content),
        **_split_columns(content),
    )


def choose_tone(content: StudyContent) -> str:
    """The colour of the verdict: "good", "warn" or "plain"; the words carry the meaning.

    Args:
        content: the study; a critical finding never leaves a "good" tone.
    """
    word = content.chosen.word if content.chosen else ""
    if word in ("overfit", "underfit", "between", "no skill shown", "data or bug"):
        return "warn"
    return "good" if word == "good fit" and not summary.list_critical(content) else "plain"


def make_environment() -> jinja2.Environment:
    """The templates with the sentences they use; every text is escaped, an unknown name is an error."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(read_packaged),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_show_safely,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        number=sentences.format_number,
        change=sentences.format_change,
        interval=sentences.format_interval,
        seconds=sentences.format_seconds,
        size=sentences.format_bytes,
        count=sentences.count_things,
        shorten=sentences.show_text,
        metric_words=sentences.name_metric,
        score_words=sentences.describe_score,
        baseline_words=sentences.describe_baseline,
        baseline_name=sentences.name_baseline,
        remedy_name=sentences.name_remedy,
        verdict_words=sentences.headline_chosen,
    )
    return environment


def _show_safely(value: object) -> object:
    """Every text of the page passes here before it is escaped: control characters become visible, 95 % unbroken."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return sentences.show_text(value).replace(" %", "\u00a0%")
    return value


def read_packaged(name: str) -> str:
    """Give the text of a template or style that is part of the package."""
    return files("heldout.report").joinpath("templates", name).read_text(encoding="utf-8")


def hash_for_policy(text: str) -> str:
    """Give the hash by which a page allows this style and no other."""
    digest = hashlib.sha256(text.encode()).digest()
    return "sha256-" + base64.b64encode(digest).decode()


def _list_answer(answer: Answer) -> dict[str, Any]:
    lean = f" ({answer.lean})" if answer.lean and answer.answer == "undecided" else ""
    asked = answer.answer != "not applicable"
    return {
        "question": QUESTIONS.get(answer.question, answer.question),
        "answer": answer.answer + lean,
        "estimate": sentences.format_change(answer.estimate) if asked else "",
        "bounds": sentences.format_interval(answer.low, answer.high, signed=True) if asked else "",
        "tolerance": sentences.format_number(answer.tolerance) if asked else "",
        "sentence": answer.sentence,
        "would_decide": answer.would_decide,
    }


def _count_reasons(rows: tuple[SetAside, ...]) -> list[tuple[str, int]]:
    return Counter(row.reason for row in rows).most_common()


def _split_columns(content: StudyContent) -> dict[str, Any]:
    troubled = {finding.column for finding in content.findings if finding.column}
    ranked = sorted(content.columns, key=lambda note: _rank_column(note, troubled=troubled))
    if len(ranked) <= FULL_COLUMNS * 3 // 2:
        return {"full_columns": ranked, "short_columns": [], "n_hidden_columns": 0}
    rest = ranked[FULL_COLUMNS:]
    return {
        "full_columns": ranked[:FULL_COLUMNS],
        "short_columns": rest[:MOST_COLUMNS],
        "n_hidden_columns": max(len(rest) - MOST_COLUMNS, 0),
    }


def _rank_column(note: ColumnNote, *, troubled: set[str]) -> tuple[float, ...]:
    return (-note.importance, note.name not in troubled, -note.n_unparsed, -note.n_missing)
