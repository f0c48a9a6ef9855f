"""What a report keeps to itself unless rows may be shown: cells quoted as they stand, extremes, rows by their line.

A report is passed on more freely than data. Names of columns, categories and classes stay, as do counts; what belongs
to single rows goes. The study's folder holds all of it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from heldout.records import Finding
from heldout.report.content import ColumnNote, StudyContent

HIDDEN = "(hidden; show with --show-rows)"
_NUMBER = r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
_VALUE = rf"(?:\d{{4}}-\d\d-\d\d[T \d:.+Z]*|{_NUMBER})"
_RANGE = re.compile(rf"(, )?(?<![\w.]){_VALUE} to {_VALUE}(?=[,;).]|$)")
_EXAMPLE = re.compile(rf", as {_NUMBER} does")
_CELL = r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")(?: \d+)?"
_QUOTED_CELLS = re.compile(rf" \({_CELL}(?:, {_CELL})*[^()]*\)")
_PAIR_OF_LINES = re.compile(r"; first pair in lines \d+ and \d+")
_NOTE = re.compile(r"^line \d+ says .*?(?=: which cells)", re.DOTALL)


def hide_rows(content: StudyContent) -> StudyContent:
    """Give the study as it may be shown to anyone who does not hold the data.

    Args:
        content: the study.

    Returns:
        The same without the worst mistakes, texts of rows set aside, own examples, quoted cells and extremes.
    """
    return replace(
        content,
        columns=tuple(hide_cells(note) for note in content.columns),
        findings=tuple(hide_lines(item) for item in content.findings),
        muted=tuple(hide_lines(item) for item in content.muted),
        set_aside=tuple(replace(row, text="") for row in content.set_aside),
        niceness=tuple(hide_extremes(line) for line in content.niceness),
        target=replace(content.target, why=hide_extremes(content.target.why)),
        read_notes=tuple(hide_extremes(line) for line in content.read_notes),
        mistakes=(),
        examples=None,
    )


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
    if finding.code in ("HO215", "HO217"):
        sentence = hide_extremes(sentence)
    return replace(finding, sentence=sentence)
