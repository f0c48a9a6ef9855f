"""What the terminal shows: the answer of a study, the look at a table, the plan of a study."""

from __future__ import annotations

import math
import re
import textwrap

from heldout.counts import count_things
from heldout.records import Affected, ChosenVerdict, Finding, LadderVerdict, Severity
from heldout.report.affected import tell_whose
from heldout.report.content import ColumnNote, LookContent, PlanContent, StudyContent
from heldout.report.groups import tell_groups
from heldout.report.losses import say_loss
from heldout.report.sentences import (
    describe_remedy,
    format_bytes,
    format_number,
    format_seconds,
    measure_width,
    name_remedy,
    show_text,
)
from heldout.report.summary import (
    find_headline_score,
    headline_study,
    list_critical,
    sort_findings,
    tell_best_baseline,
    tell_contradiction,
    tell_guessing,
    tell_score,
)

MOST_LINES = 25
LINE_WIDTH = 100
NAMES_WIDTH = 56
_BASIS = re.compile(r"^[A-Z][^(]*\([^;()]*; ([^()]*)\): ")  # the word and the name stand in the line above
LEAST_CHANCE = 10  # percent; less is no advice
MOST_LOOK_COLUMNS, MOST_LOOK_CLASSES = 200, 12
MOST_REASONS = 5
MOST_SCORE_LINES = 5  # of one sentence: four, and one more where its first clause is as long

WITHOUT_TARGET = (
    "No target was named, so only the columns and the number of rows were looked at: leaks, near copies, conflicting "
    "labels, rare classes and groups are searched once a target is named."
)
WITH_QUESTIONS = (
    "Only the columns and the number of rows were looked at: leaks, near copies, conflicting labels, rare classes and "
    "groups are searched once a target is named that can be read."
)


def answer_text(content: StudyContent) -> str:
    """The end of `heldout fit`: verdict, what helped, the test, what to look at, what to do next.

    Args:
        content: the study, finished or partial.

    Returns:
        At most 25 lines without control characters, each about 100 characters wide; paths, commands, the verdict, the
        score and the codes of critical findings are never cut.
    """
    tail = _list_tail(content)
    critical = list_critical(content)[:2]
    blocks = {
        "partial": _tell_partial(content),
        "contradiction": _keep_clauses(tell_contradiction(content), most=2),
        "ladder": _tell_ladder(content),
        "harm at the end": _tell_harm(content.ladder),
        "chosen": _tell_chosen(content),
        "harm": _tell_harm(content.chosen),
        "critical": _tell_critical(critical, most=2),
        "remedies": _tell_remedies(content),
        "scores": _tell_scores(content),
        "groups": [
            line
            for told in tell_groups(content)[:2]
            for line in _keep_clauses(f"For whom not: {told}", most=2)
        ],
        "findings": _tell_look(content),
    }
    room = MOST_LINES - len(tail) - 2
    # what matters least goes first when the screen is full: how many findings more there are, then the others whole
    if sum(map(len, blocks.values())) > room:
        blocks["findings"] = blocks["findings"][:2]
    for least in ("harm at the end", "findings", "harm", "remedies", "ladder", "groups"):
        if sum(map(len, blocks.values())) > room:
            blocks[least] = []
    # then each of the others keeps its beginning: the critical ones their codes, the verdict and the score themselves
    firsts = {
        "partial": 1,
        "critical": len(critical),
        "contradiction": 1,
        "chosen": 2,
        "scores": MOST_SCORE_LINES,
    }
    for name, most in firsts.items():
        if sum(map(len, blocks.values())) > room:
            blocks[name] = _tell_critical(critical, most=1) if name == "critical" else blocks[name][:most]
    body = [line for block in blocks.values() for line in block]
    return "\n".join([*body, "", *tail]) + "\n"


def _tell_critical(findings: tuple[Finding, ...], *, most: int) -> list[str]:
    told = [f"Warning: {_tell_finding(item)}" for item in findings]
    return [
        line
        for text in told
        for line in (_keep_clauses(text, most=most) if most > 1 else _wrap(text, most=1))
    ]


def _tell_partial(content: StudyContent) -> list[str]:
    return _wrap(f"Not complete: {content.partial}", most=2) if content.partial else []


def _tell_ladder(content: StudyContent) -> list[str]:
    ladder = content.ladder
    if ladder is None:
        return []
    head, told = ladder.word.capitalize(), ladder.sentence
    is_found = ladder.word == "overfits from"
    # "Overfits from 9 weights at the latest; smaller sizes are not shown to ..."
    if is_found and told.startswith(head):
        head = re.split(r"[;,.] | \(", told)[0]
        told = told.removeprefix(head).lstrip(" ,;.")
    elif is_found:
        rung = next((rung for rung in content.rungs if rung.index == ladder.rung), None)
        head += f" {count_things(rung.n_parameters, 'weight')}" if rung else ""
    return [_head(head, ladder.code), *_inset(told[:1].upper() + told[1:], most=3)]


def _tell_harm(verdict: LadderVerdict | ChosenVerdict | None) -> list[str]:
    """Whether the decisions are harmed too, or the probabilities alone; what is undecided stands in the report."""
    second = verdict.second if verdict is not None else None
    return _inset(second.sentence, most=2) if second and second.answer in ("yes", "no") else []


def _tell_chosen(content: StudyContent) -> list[str]:
    chosen = content.chosen
    if chosen is None:
        return []
    epoch = f", epoch {content.epoch}" if content.epoch else ""
    what = f"Delivered: {show_text(content.chosen_name, limit=50)}{epoch}: " if content.chosen_name else ""
    words = headline_study(content)
    title = what + (words.lower() if what else words)
    told = _BASIS.sub(r"\1: ", chosen.sentence) if what else chosen.sentence
    lines = [_head(title, chosen.code), *_inset(told, most=3)]
    chances = [
        line
        for answer in chosen.answers
        for line in answer.would_decide
        if _find_chance(line) >= LEAST_CHANCE
    ]
    decide = max(chances, key=_find_chance, default="")
    undecided = chosen.word in ("undecided", "cannot tell", "no skill shown")
    return [*lines, *(_inset(f"What would decide it: {decide}", most=1) if decide and undecided else [])]


def _find_chance(line: str) -> int:
    """Give the largest chance that a sentence on what would decide names, in percent; -1 if it names none."""
    return max((int(found) for found in re.findall(r"(\d+) %", line) if "chance" in line), default=-1)


def _tell_remedies(content: StudyContent) -> list[str]:
    helped = [item for item in content.remedies if item.outcome == "helps"]
    if not content.remedies:
        return []
    lines = [f"{name_remedy(item):<24} {describe_remedy(item)}" for item in helped[:2]]
    if not helped:
        trained = any(item.name not in ("early_stopping", "fewer_parameters") for item in content.remedies)
        lines.append("no remedy was shown to help" if trained else "no remedy but stopping early was tried")
    for outcome, words in (
        ("equivalent", "no change beyond the tolerance"),
        ("cannot tell", "cannot tell"),
        ("hurts", "made it worse"),
    ):
        names = [show_text(name_remedy(item)) for item in content.remedies if item.outcome == outcome]
        if names:
            lines.append(f"{_list_names(names):<24} {words}")
    heads = ["What helped: ", *[" " * 13] * (len(lines) - 1)]
    return [show_text(head + line, limit=LINE_WIDTH + 10) for head, line in zip(heads, lines, strict=True)]


def _list_names(names: list[str]) -> str:
    """As many whole names as fit beside the outcome, the others counted."""
    shown = [
        name
        for index, name in enumerate(names)
        if len(", ".join(names[: index + 1])) <= NAMES_WIDTH or not index
    ]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left} more" if left else "")


def _tell_scores(content: StudyContent) -> list[str]:
    score, sealed = find_headline_score(content)
    lines: list[str] = []
    if score is not None:
        guess = tell_guessing(content)
        lines += _keep_clauses(f"{tell_score(content, score, sealed=sealed)} {guess}".strip(), most=4)
    if content.permutation_p is not None:
        p = format_number(content.permutation_p)
        lines.append(
            f"Permutation test: p = {p} (share of shuffled targets that a shortened procedure fits as well)"
        )
    best = tell_best_baseline(content)
    return [*lines, *_keep_clauses(best, most=2)]


def _tell_look(content: StudyContent) -> list[str]:
    warnings = [
        item for item in content.findings if item.severity == Severity.WARNING and item.code != "HO404"
    ]  # that one stands first
    lines = [
        line
        for item in warnings[:1]
        for line in _keep_clauses(f"Look at this: {_tell_finding(item)}", most=2)
    ]
    rest = len(content.findings) - min(len(warnings), 1) - min(len(list_critical(content)), 2)
    return [
        *lines,
        *([f"  and {count_things(rest, 'more finding', 'more findings')} in the report"] if rest else []),
    ]


def _tell_finding(finding: Finding) -> str:
    column = f"{show_text(finding.column, limit=40)}: " if finding.column else ""
    action = f"; {finding.action}" if finding.action else ""
    return f"[{finding.code}] {column}{finding.sentence.rstrip('.')}{action}"


def _list_tail(content: StudyContent) -> list[str]:
    lines = []
    for name, value in (("report", content.report_path), ("bundle", content.bundle_path)):
        if value:
            lines.append(f"{name:<8} {show_text(value)}")
    names = ["next", *[""] * len(content.next_commands)]
    lines += [
        f"{name:<8} {show_text(line)}" for name, line in zip(names, content.next_commands[:3], strict=False)
    ]
    return lines


def look_text(content: LookContent) -> str:
    """What `heldout look` prints: each column as it will be read, the state of the data, the findings.

    Args:
        content: the table before training.

    Returns:
        Text without control characters; at most 200 columns one by one, the others counted.
    """
    lines = [
        f"{show_text(content.source)}: {count_things(content.n_rows, 'row')}, "
        f"{count_things(content.n_columns, 'column')}"
    ]
    lines += [line for note in content.read_notes for line in _indent(note, most=2)]
    if content.n_set_aside:
        shown = content.set_aside[:MOST_REASONS]
        for reason, rows in shown:
            lines += _indent(f"{count_things(rows, 'line')} set aside: {reason}", most=2)
        told = sum(rows for _, rows in shown)
        if not shown:
            lines.append(f"  {count_things(content.n_set_aside, 'row')} set aside")
        elif len(shown) < len(content.set_aside):
            rest = sum(rows for _, rows in content.set_aside) - told
            lines.append(f"  and {count_things(rest, 'line')} more, each with its reason with --json")
    if content.target is not None:
        target = content.target
        classes = f": {_list_classes(target.classes, content.counts)}" if target.classes else ""
        lines += _wrap(
            f"Target {show_text(target.name)}: {target.task.value}{show_text(classes)}. {target.why}", most=2
        )
    lines += ["", *_list_columns(content.columns)]
    lines += [line for loss in content.losses for told in say_loss(loss) for line in _bullet(told)]
    if content.bullets or content.nice_or_messy:
        lines.append("")
    lines += [line for bullet in content.bullets for line in _bullet(bullet)]
    lines += _wrap(content.nice_or_messy, most=3) if content.nice_or_messy else []
    lines += _list_dropped(content.affected)
    if content.target is None:
        # Without a target hardly anything can be asked of the rows.
        lines += ["", *(_list_findings(content.findings) if content.findings else [])]
        lines += _wrap(WITH_QUESTIONS if content.refusal else WITHOUT_TARGET, most=3)
    else:
        lines += ["", *_list_findings(content.findings)]
    if content.next_command:
        lines += ["", f"{'next':<8} {show_text(content.next_command)}"]
    return "\n".join(lines) + "\n"


def _list_classes(classes: tuple[str, ...], counts: tuple[tuple[str, int], ...]) -> str:
    rows = dict(counts)
    shown = [f"{name} {rows[name]:,}" if name in rows else name for name in classes[:MOST_LOOK_CLASSES]]
    left = len(classes) - len(shown)
    return ", ".join(shown) + (f" and {left:,} more" if left else "")


def _list_dropped(affected: Affected | None) -> list[str]:
    """The table of whose rows a rule would drop, flag or clip, before it does."""
    if affected is None:
        return []
    lines = ["", *_wrap(affected.sentence, most=4)]
    for item in affected.dropped:
        share = 100 * item.n_flagged / max(item.n_rows, 1)
        lines.append(
            f"  {show_text(item.name, limit=50)}: {item.n_flagged:,} of {item.n_rows:,} rows ({share:.1f} %), "
            f"rest {100 * item.rest_share:.1f} %"
        )
    return lines + [line for other in affected.alternatives for line in _bullet(f"instead: {other}")]


def _list_columns(columns: tuple[ColumnNote, ...]) -> list[str]:
    shown = columns[:MOST_LOOK_COLUMNS]
    names = [show_text(note.name, limit=28) for note in shown]
    wide = max((measure_width(name) for name in names), default=0)
    lines = []
    for name, note in zip(names, shown, strict=True):
        decided = " (you said so)" if note.decided == "user" else ""
        lines.append(
            f"{name}{' ' * (wide - measure_width(name))}  {note.kind}{decided}: {_tell_column(note)}"
        )
    if len(columns) > len(shown):
        lines.append(
            f"and {count_things(len(columns) - len(shown), 'more column', 'more columns')} (all with --json)"
        )
    return lines


def _tell_column(note: ColumnNote) -> str:
    parts = [show_text(note.why, limit=120)]
    if note.changed_to:
        parts.append(f"-> {show_text(note.changed_to, limit=80)}")
    if note.n_missing:
        parts.append(f"[{note.n_missing:,} missing]")
    if note.n_unparsed:
        parts.append(f"[{note.n_unparsed:,} unreadable]")
    return " ".join(part for part in parts if part)


def _list_findings(findings: tuple[Finding, ...]) -> list[str]:
    if not findings:
        return ["No finding."]
    lines: list[str] = []
    told = {""}
    for item in sort_findings(findings):
        lines += _bullet(f"{item.severity.value} {_tell_finding(item)}")
        if (whose := tell_whose(item)) not in told:  # all cells missing are often those of one column
            told.add(whose)
            lines += [f"    {line.strip()}" for line in _wrap(f"whose: {whose}", most=3)]
    return lines


def plan_text(content: PlanContent) -> str:
    """What `--dry-run` prints: what would be trained on which rows, for how long; nothing has been trained.

    Args:
        content: the plan.
    """
    split, target = content.split, content.target
    test = (
        f"{count_things(split.n_test, 'row')} sealed as test"
        if split.n_test
        else f"no test set: {split.why_no_test}"
    )
    # How rows were split says how many there are where heldout split them.
    is_told = "development rows" in split.method
    told = "" if is_told and split.n_test else f"; {test}"
    told = told if is_told else f"; {count_things(split.n_development, 'row')} for development, {test}"
    lines = [
        f"Plan for {show_text(content.source)}, target {show_text(target.name)} ({target.task.value}). "
        "Nothing was trained.",
        *_wrap(
            f"Rows: {split.method}{told}.",
            most=3,
        ),
        "Ladder: " + ", ".join(f"{rung.n_parameters:,}" for rung in content.rungs) + " weights",
    ]
    lines += [
        f"Remedy: {show_text(name.replace('_', ' '))}: {show_text(words)}" for name, words in content.remedies
    ]
    lines.append(
        f"Trained: {count_things(content.n_networks, 'network')} of {count_things(content.n_epochs, 'epoch')}, "
        f"{count_things(content.n_seeds, 'seed')} each{f', on {show_text(content.device)}' if content.device else ''}"
    )
    lines.append(
        f"Estimated: time {_show_range(content.seconds)}, memory {format_bytes(content.memory_bytes)}"
    )
    lines += [line for note in content.notes for line in _wrap(note, most=3)]
    return "\n".join(lines) + "\n"


def _show_range(seconds: tuple[float, float]) -> str:
    if any(math.isnan(value) for value in seconds):
        return format_seconds(math.nan)
    low, high = (format_seconds(value) for value in seconds)
    return low if low == high else f"{low} to {high}"


def _head(title: str, code: str) -> str:
    title = show_text(title, limit=LINE_WIDTH - 10)
    return f"{title}{' ' * max(2, 56 - measure_width(title))}[{code}]"


def _wrap(text: str, *, most: int) -> list[str]:
    return textwrap.wrap(
        show_text(text),
        LINE_WIDTH,
        subsequent_indent="  ",
        max_lines=most,
        placeholder=" ...",
        break_on_hyphens=False,
    )


def _keep_clauses(text: str, *, most: int) -> list[str]:
    """Whole clauses as far as they fit the lines: a number must not be cut off from what it says.

    The first clause is shown whole even where it takes a line more.
    """
    clauses = re.split(r"(?<=[.;])\s+(?![^()]*\))", text.strip())
    kept = 1
    while kept < len(clauses) and len(_wrap(" ".join(clauses[: kept + 1]), most=most + 1)) <= most:
        kept += 1
    told = " ".join(clauses[:kept]).rstrip(";")
    return _wrap(told, most=most + 1) if told else []


def _inset(text: str, *, most: int) -> list[str]:
    return [f"  {line.strip()}" for line in _keep_clauses(text, most=most)]


def _indent(text: str, *, most: int) -> list[str]:
    return [f"  {line.strip()}" for line in _wrap(text, most=most)]


def _bullet(text: str) -> list[str]:
    return [f"{'- ' if index == 0 else ''}{line}" for index, line in enumerate(_wrap(text, most=4))]
