"""The report as one self-contained HTML file: no request, no script, readable in light, dark and on paper."""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup

from heldout.codes import CODES, Code, say_measured
from heldout.counts import count_things
from heldout.records import LINEAR_FAMILIES, Answer, Rung, SetAside
from heldout.report import affected, sentences, summary, wording
from heldout.report.charts import draw_charts
from heldout.report.content import ColumnNote, StudyContent
from heldout.report.examples import show_examples, show_rows_changed
from heldout.report.groups import list_groups
from heldout.report.losses import say_kept
from heldout.report.privacy import hide_rows, tell_hidden
from heldout.report.series import MOST_POINTS, find_run, is_delivered_linear
from heldout.report.sparks import draw_spark
from heldout.report.svg import Chart
from heldout.report.who import list_labels, list_rights

FULL_COLUMNS = 40
MOST_COLUMNS = 2000
MOST_FINDINGS = 200
MOST_ROWS_SHOWN = 50
# A page stays under 3 MB whatever was found: so many lines of a list, rows of a table, letters of a sentence.
MOST_LINES, MOST_ROWS, MOST_LETTERS = 200, 400, 2000

QUESTIONS = {
    "skill": "Is it better than a constant guess?",
    "overtrained": "Does training to the end make it worse (overfitting in time)?",
    "too big": "Would a smaller or restrained network be better (overfitting in size)?",
    "underfit": "Would a larger network be better (underfitting)?",
    "memorising": "Does it learn rows by heart without learning a rule?",
}


def render_report(
    content: StudyContent,
    *,
    show_rows: bool = False,
    charts: Mapping[str, Chart] | None = None,
    beside: str = "",
) -> str:
    """The report of a study as the text of one HTML file.

    Args:
        content: the study, finished or partial.
        show_rows: also show what belongs to single rows (the beginning of rows that were set aside, the worst mistakes,
            quoted cells, extremes, own examples); off by default since a report is passed on more freely than data.
        charts: the pictures where they were drawn already.
        beside: folder of the charts' files as seen from the page, e.g. "charts/"; empty where there are none, and
            then none is named.

    Returns:
        HTML with its style inside, no script, no reference to anything outside the file.

    Raises:
        HeldoutError: a chart could not be drawn.
    """
    style = read_packaged("report.css")
    content = content if show_rows else hide_rows(content)
    passed, skipped = _split_checks(content.passed_checks)
    page = make_environment().get_template("report.html.j2")
    return page.render(
        study=content,
        style=Markup(style),  # noqa: S704 - our own packaged file
        style_hash=hash_for_policy(style),
        charts=draw_charts(content) if charts is None else charts,
        beside=beside,
        show_rows=show_rows,
        has_hidden=tell_hidden(content),
        plain=sentences.explain_verdict(content.chosen),
        compared=_count_compared(content),
        would_change=_list_deciders(content),
        delivered=_describe_delivered(content),
        delivered_size=_describe_size(content),
        rights=[(found.rows, list_rights(found, content.target.classes)) for found in content.confusions],
        labels=[(found.rows, list_labels(found)) for found in content.labels],
        examples=show_examples(content),
        example_rows=show_rows_changed(content),
        mistakes=[
            (f"{item.line}", item.truth, item.answer, sentences.format_number(item.loss))
            for item in content.mistakes
        ],
        codes=_list_codes(content),
        known_codes={item.code for item in CODES},
        passed=passed,
        skipped=skipped,
        spark=draw_spark,
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
    doubted = (
        summary.list_critical(content)
        or summary.tell_contradiction(content)
        or summary.is_guess_within(content)
    )
    return "good" if word == "good fit" and not doubted else "plain"


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
        count=count_things,
        shorten=sentences.show_text,
        say_kept=say_kept,
        list_levels=affected.list_levels,
        name_lines=affected.name_lines,
        LEVEL_COLUMNS=affected.LEVEL_COLUMNS,
        MOST_LINES=MOST_LINES,
        MOST_ROWS=MOST_ROWS,
        MOST_LETTERS=MOST_LETTERS,
        MOST_POINTS=MOST_POINTS,
        metric_words=sentences.name_metric,
        score_words=sentences.describe_score,
        baseline_words=sentences.describe_baseline,
        baseline_name=sentences.name_baseline,
        remedy_name=sentences.name_remedy,
        verdict_words=summary.headline_study,
        sentence=wording.write_sentence,
        finding_words=wording.tell_finding,
        moment=wording.format_moment,
        times=wording.say_times,
        split_title=wording.split_title,
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
    has_number = asked and math.isfinite(answer.estimate)
    return {
        "question": QUESTIONS.get(answer.question, answer.question),
        "answer": answer.answer + lean,
        "estimate": sentences.format_change(answer.estimate) if has_number else "",
        "bounds": sentences.format_interval(answer.low, answer.high, signed=True) if has_number else "",
        "tolerance": sentences.format_number(answer.tolerance) if has_number else "",
        "sentence": wording.tell_answer(answer),
    }


def _count_reasons(rows: tuple[SetAside, ...]) -> list[tuple[str, int]]:
    return Counter(row.reason for row in rows).most_common()


def _split_columns(content: StudyContent) -> dict[str, Any]:
    troubled = {finding.column for finding in content.findings if finding.column}
    ranked = sorted(content.columns, key=lambda note: _rank_column(note, troubled=troubled))
    rest = ranked[FULL_COLUMNS:]
    return {
        "has_sketches": any(note.before or note.after for note in ranked[:FULL_COLUMNS]),
        "full_columns": ranked[:FULL_COLUMNS],
        "short_columns": rest[:MOST_COLUMNS],
        "n_hidden_columns": max(len(rest) - MOST_COLUMNS, 0),
    }


def _rank_column(note: ColumnNote, *, troubled: set[str]) -> tuple[float, ...]:
    return (-note.importance, note.name not in troubled, -note.n_unparsed, -note.n_missing)


def _split_checks(lines: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Checks without a finding: (code, words) of those that passed, and of those that do not apply."""
    passed, skipped = [], []
    for line in lines:
        found = re.fullmatch(r"(.*) \[(HO\d{3})\]", line, re.DOTALL)
        words, code = found.groups() if found else (line, "")
        bare = words.removeprefix("not applicable: ")
        (passed if bare == words else skipped).append((code, bare))
    return passed, skipped


def _list_codes(content: StudyContent) -> list[dict[str, str]]:
    """What the codes on the page mean, those of verdicts and findings, each once."""
    verdicts = (content.chosen, content.ladder)
    used = {item.code for item in (*(v for v in verdicts if v), *content.findings, *content.muted)}
    return [_explain_code(item) for item in CODES if item.code in used]


def _explain_code(item: Code) -> dict[str, str]:
    return {
        "code": item.code,
        "title": item.title,
        "meaning": item.meaning,
        "threshold": item.threshold,
        "error_rate": item.error_rate,
        "measured": say_measured(item) if item.measured else "",
        "mute": "" if item.is_verdict else f'Mute: mute = ["{item.code}"] in heldout.toml.',
    }


def _count_compared(content: StudyContent) -> str:
    """How many choices were made on the validation rows, and what was done about it."""
    if not content.runs:
        return ""
    configurations = sentences.count_things(len(content.runs), "configuration")
    epochs = max(
        run.validation_curve.shape[1] if run.validation_curve.ndim == 2 else 0 for run in content.runs
    )
    corrected = (
        " The score above does not rest on these rows."
        if content.test_scores
        else " A score on rows that served for choosing is too good, so that of the whole choice is corrected below."
        if content.choice
        else ""
    )
    return (
        f"{configurations}, each at up to {sentences.count_things(epochs, 'epoch')}, were compared on the validation "
        f"rows.{corrected}"
    )


def _list_deciders(content: StudyContent) -> list[tuple[str, str]]:
    """What would settle what is open: (question, how) for each open question."""
    answers = content.chosen.answers if content.chosen else ()
    return [
        (QUESTIONS.get(answer.question, answer.question), " ".join(answer.would_decide))
        for answer in answers
        if answer.would_decide
    ]


def _describe_size(content: StudyContent) -> str:
    """The delivered configuration's size in brackets; empty where its run is not known."""
    run = find_run(content, content.chosen_name)
    if run is None:
        return ""
    linear = "linear, " if is_delivered_linear(content) else ""
    return f" ({linear}{sentences.count_things(run.configuration.rung.n_parameters, 'weight')})"


def _describe_layers(rung: Rung) -> str:
    """What stands between input and output, in the order of the network."""
    layers = [f"{rung.embedding} numbers a token"] if rung.embedding else []
    layers += [f"{n} channels" for n in rung.channels]
    layers += [f"{width} units" for width in rung.widths]
    return " + ".join(layers) or (
        "linear" if rung.family in LINEAR_FAMILIES else rung.family.replace("_", " ")
    )


def _describe_delivered(content: StudyContent) -> list[tuple[str, str]]:
    """The delivered configuration as (what, value)."""
    run = find_run(content, content.chosen_name)
    if run is None:
        return []
    rung = run.configuration.rung
    best = content.epoch if 1 <= content.epoch <= run.validation_curve.shape[1] else 0
    rows = [
        ("configuration", run.configuration.name),
        ("size", _describe_layers(rung)),
        ("weights", f"{rung.n_parameters:,}"),
        ("learning rate", f"{run.configuration.hyper.learning_rate:g}"),
        *([("weight decay", f"{rung.weight_decay:g}")] if rung.weight_decay else []),
        *([("label smoothing", f"{rung.label_smoothing:g}")] if rung.label_smoothing else []),
        ("seeds", f"{run.validation_curve.shape[0]}"),
        ("fit rows of one network", f"{run.n_rows:,}"),
        ("epoch delivered", f"{best} of {run.validation_curve.shape[1]}" if best else "by its own curve"),
    ]
    if best:
        gap = float(run.validation_curve[:, best - 1].mean() - run.train_curve[:, best - 1].mean())
        rows.append(("gap there, validation minus training loss", sentences.format_change(gap)))
    return rows
