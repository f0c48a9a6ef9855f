"""What a report keeps to itself unless rows may be shown: cells quoted as they stand, extremes, rows by their line.

A report is passed on more freely than data. Names of columns and classes, levels that several rows share and counts
stay; what belongs to single rows goes. The study's folder holds all of it.

In a sentence of a record the quotation marks are the mark: who writes a cell writes it quoted (`{cell!r}`). Whatever
stands in quotation marks is hidden unless it is known to be public, so that a sentence nobody thought of here hides
too much rather than too little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from heldout.cells.missing import MISSING_AMONG_NUMBERS, fold_word
from heldout.cells.sentinels import CODES
from heldout.cells.yesno import FALSE_WORDS, TRUE_WORDS
from heldout.records import Finding, Kind, Subgroups
from heldout.report.affected import hide_places
from heldout.report.content import ColumnNote, LookContent, PlanContent, StudyContent
from heldout.report.losses import hide_lost_words

HIDDEN = "(hidden; show with --show-rows)"
HIDDEN_CELL = "(hidden)"
# A value that fewer rows share is hidden: the smallest count that statistical offices commonly publish is 3 to 5
# (Hundepool et al., Handbook on Statistical Disclosure Control, ESSnet 2010, section 4.2); the upper end is taken.
FEWEST_SHARING = 5
# Words of the language of sentences and settings, of no data set.
_COMMON = frozenset(
    {
        *map(fold_word, MISSING_AMONG_NUMBERS),
        *TRUE_WORDS,
        *FALSE_WORDS,
        *(f"{code:g}" for code in CODES),
        *(kind.value for kind in Kind),
    }
)
_QUOTED = re.compile(
    r"(?<![\w\\])(?:'((?:\\.|.)*?)'(?!\w)|\"((?:\\.|.)*?)\"(?!\w)|['\"](?=\w).*$)", re.DOTALL
)
_COUNT_AFTER = re.compile(r" \(?(\d[\d,]*)(?![\d%]| %|\.\d)")
_ALL_HOLD = re.compile(r"(?:\ball (\d[\d,]*) cells are|\bevery fit row holds) $")
_NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
_VALUE = rf"(?:\d{{4}}-\d\d-\d\d[T \d:.+Z]*|{_NUMBER})"
_RANGE = re.compile(rf"(, )?(?<![\w.]){_VALUE} to {_VALUE}(?=[,;).]|$)")
_EXAMPLE = re.compile(rf", as {_NUMBER} does")
_CELL = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")(?: \d+)?"
_QUOTED_CELLS = re.compile(rf" \({_CELL}(?:, {_CELL})*[^()]*\)")
_PAIR_OF_LINES = re.compile(r"; first pair in lines \d+ and \d+")
_NOTE = re.compile(r"^line \d+ says .*?(?=: which cells)", re.DOTALL)


@dataclass(frozen=True)
class Public:
    """What may stand in quotation marks: names, not cells.

    Args:
        names: columns, parts of columns, classes, the source, and what the user typed as settings.
    """

    names: frozenset[str] = frozenset()

    def hide(self, text: str) -> str:
        """Give a sentence in which every quoted text that is no such name is hidden."""
        return hide_quoted(text, self.names)

    def hide_all(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Give several sentences so."""
        return tuple(self.hide(text) for text in texts)

    def hide_finding(self, finding: Finding) -> Finding:
        """Give a finding so, its action too."""
        told = hide_places(hide_lines(finding))
        return replace(told, sentence=self.hide(told.sentence), action=self.hide(told.action))

    def hide_note(self, note: ColumnNote) -> ColumnNote:
        """Give a column's line so."""
        told = hide_cells(note)
        return replace(told, why=self.hide(told.why), changed_to=self.hide(told.changed_to))


def hide_rows(content: StudyContent) -> StudyContent:
    """Give the study as it may be shown to anyone who does not hold the data.

    Args:
        content: the study.

    Returns:
        The same without the worst mistakes, texts of rows set aside, own examples, quoted cells and extremes.
    """
    typed = [word for _, value in content.settings for word in _list_words(value)]
    public = Public(
        _list_names(content.columns, content.source)
        | _list_target(content.target.name, content.target.classes)
        | {word for spec in content.specs for word in (spec.name, spec.source, spec.part)}
        | {item.column for item in (*content.findings, *content.muted)}
        | set(typed)
    )
    return replace(
        content,
        columns=tuple(public.hide_note(note) for note in content.columns),
        losses=tuple(map(hide_lost_words, content.losses)),
        findings=tuple(public.hide_finding(item) for item in content.findings),
        muted=tuple(public.hide_finding(item) for item in content.muted),
        gates=tuple(
            replace(gate, sentence=public.hide(gate.sentence), action=public.hide(gate.action))
            for gate in content.gates
        ),
        set_aside=tuple(replace(row, text="", reason=public.hide(row.reason)) for row in content.set_aside),
        niceness=public.hide_all(map(hide_extremes, content.niceness)),
        passed_checks=public.hide_all(content.passed_checks),
        target=replace(content.target, why=public.hide(hide_extremes(content.target.why))),
        split=replace(
            content.split,
            method=public.hide(content.split.method),
            notes=public.hide_all(content.split.notes),
        ),
        read_notes=public.hide_all(map(hide_extremes, content.read_notes)),
        notes=public.hide_all(content.notes),
        partial=public.hide(content.partial),
        subgroups=None if content.subgroups is None else hide_small_groups(content.subgroups),
        mistakes=(),
        examples=None,
    )


def hide_look(content: LookContent) -> LookContent:
    """Give what `look` found as it may be shown to anyone who does not hold the data.

    Args:
        content: the table before training.
    """
    target = content.target
    public = Public(
        _list_names(content.columns, content.source)
        | (_list_target(target.name, target.classes) if target else frozenset())
        | {item.column for item in content.findings}
    )
    return replace(
        content,
        columns=tuple(public.hide_note(note) for note in content.columns),
        losses=tuple(map(hide_lost_words, content.losses)),
        findings=tuple(public.hide_finding(item) for item in content.findings),
        passed_checks=public.hide_all(content.passed_checks),
        set_aside=tuple((public.hide(reason), count) for reason, count in content.set_aside),
        bullets=public.hide_all(map(hide_extremes, content.bullets)),
        nice_or_messy=public.hide(content.nice_or_messy),
        refusal=public.hide(content.refusal),
        read_notes=public.hide_all(map(hide_extremes, content.read_notes)),
        target=replace(target, why=public.hide(hide_extremes(target.why))) if target else None,
    )


def hide_plan(content: PlanContent) -> PlanContent:
    """Give a plan without cells in the reasons of its target and split.

    Args:
        content: what `--dry-run` shows.
    """
    target, split = content.target, content.split
    public = Public(_list_names((), content.source) | _list_target(target.name, target.classes))
    return replace(
        content,
        target=replace(target, why=public.hide(hide_extremes(target.why))),
        split=replace(split, method=public.hide(split.method), notes=public.hide_all(split.notes)),
        notes=public.hide_all(content.notes),
    )


def tell_hidden(content: StudyContent | LookContent) -> bool:
    """Say whether a cell was hidden in what is told of columns, findings and the reading."""
    told = [
        *(f"{note.why} {note.changed_to}" for note in content.columns),
        *(f"{item.sentence} {item.action}" for item in content.findings),
        *content.read_notes,
    ]
    return any(HIDDEN_CELL in text for text in told)


def hide_quoted(text: str, names: Iterable[str] = ()) -> str:
    r"""Give a sentence in which quoted text is hidden, unless it is a name or several rows share it.

    Shown are: the names given; text without letters and digits (a separator); words for missing, yes and no; a text
    that the sentence counts in at least 5 rows (`'well' 137`); one of which the sentence says that all cells hold it.

    Args:
        text: a sentence.
        names: what is public.

    Example:
        >>> hide_quoted("3 distinct texts ('well' 137, 'J45.39' 1) in 'state', split at ';'", ("state",))
        "3 distinct texts ('well' 137, (hidden) 1) in 'state', split at ';'"
        >>> hide_quoted("cells are like 'M/43': read as two; the rows' line 7 says 'it\'s'")
        "cells are like (hidden): read as two; the rows' line 7 says (hidden)"
        >>> hide_quoted("a text that was cut off: 'It began")
        'a text that was cut off: (hidden)'
    """
    known = frozenset(names)
    return _QUOTED.sub(lambda found: found[0] if _is_public(found, known) else HIDDEN_CELL, text)


def _is_public(found: re.Match[str], names: frozenset[str]) -> bool:
    word = found[1] if found[1] is not None else found[2]
    if word is None:  # a quotation mark that is never closed
        return False
    plain = re.sub(r"\\(['\"\\])", r"\1", word)
    if plain in names or word in names or fold_word(plain.rstrip("=")) in _COMMON:
        return True
    if not any(letter.isalnum() for letter in word) or word.startswith(("heldout ", "heldout/")):
        return True
    if "~" in word and word.partition("~")[0] in names:  # a pattern on a column: name~S\\d+
        return True
    count = _COUNT_AFTER.match(found.string, found.end()) or _ALL_HOLD.search(found.string[: found.start()])
    return count is not None and int((count[1] or "5").replace(",", "")) >= FEWEST_SHARING


def _list_names(columns: tuple[ColumnNote, ...], source: str) -> frozenset[str]:
    # A part of a cell is a column named "pair/sex"; a sentence names the part and the whole alone too.
    parts = (word for note in columns for word in note.name.split("/"))
    return frozenset({*(note.name for note in columns), *parts, source, Path(source).name})


def _list_target(name: str, classes: tuple[str, ...]) -> frozenset[str]:
    return frozenset({name, *classes})


def _list_words(setting: str) -> list[str]:
    """The texts in a setting, which the user typed."""
    try:
        waiting: list[Any] = [json.loads(setting)]
    except ValueError:
        return [setting]
    words = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += [*value, *value.values()]
        elif isinstance(value, list):
            waiting += value
        elif isinstance(value, str):
            words.append(value)
    return words


def hide_small_groups(groups: Subgroups) -> Subgroups:
    """Give the groups without the names of those that are too small to judge; they stay counted.

    A value that a few rows share is often a person's: the address or name of one who was seen several times.

    Example:
        >>> found = Subgroups("", (), 1, 99, 0.5, too_small=("mail = ann@ulm.org (7 rows)",), n_too_small=1)
        >>> hide_small_groups(found).too_small, hide_small_groups(found).n_too_small
        ((), 1)
    """
    return replace(groups, too_small=())


def hide_cells(note: ColumnNote) -> ColumnNote:
    """Give a column's note without its smallest and largest value and without cells quoted as unreadable.

    Example:
        >>> why = "5 cells are numbers (4 distinct, -3 to 42.5); 1 cells are no numbers and are kept as unparsed ('x')"
        >>> hide_cells(ColumnNote("a", "number", why)).why
        '5 cells are numbers (4 distinct); 1 cells are no numbers and are kept as unparsed'
    """
    why = hide_extremes(note.why)
    if "unparsed" in why:
        head, word, tail = why.partition("unparsed")
        why = head + word + _QUOTED_CELLS.sub("", tail)
    return replace(note, why=why)


def hide_extremes(text: str) -> str:
    """Give a sentence without ranges from the smallest to the largest value.

    Example:
        >>> hide_extremes("731 different numbers, 4.5 to 50")
        '731 different numbers'
        >>> hide_extremes("4 folds to 5")
        '4 folds to 5'
    """
    return _RANGE.sub(lambda match: "" if match.group(1) else "range hidden", _EXAMPLE.sub("", text))


def hide_lines(finding: Finding) -> Finding:
    """Give a finding without what it tells of single rows.

    Example:
        >>> from heldout.records import Severity
        >>> told = "1 of 9 labels are contradicted. Most suspicious first: line 7: 'yes', the networks say 'no'"
        >>> hide_lines(Finding("HO232", "labels to look at", Severity.INFO, told)).sentence
        '1 of 9 labels are contradicted. Most suspicious first: (hidden; show with --show-rows)'
    """
    sentence = finding.sentence
    for start in ("Most suspicious first: ", "farthest first: ", "Most alike first: "):
        head, found, _ = sentence.partition(start)
        if found and finding.code in ("HO229", "HO232", "HO241", "HO242"):
            sentence = head + found + HIDDEN
    if finding.code == "HO216":
        sentence = _PAIR_OF_LINES.sub("", sentence)
    if finding.code == "HO233":
        sentence = _NOTE.sub("a note beside the table speaks of the looks of cells", sentence)
    if finding.code in ("HO213", "HO215", "HO217"):
        sentence = hide_extremes(sentence)
    return replace(finding, sentence=sentence)
