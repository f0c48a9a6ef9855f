"""Sentences from elsewhere made fit to be read one after another: capitals, full stops, nothing said twice."""

from __future__ import annotations

import re
from datetime import datetime

from heldout.records import Answer, Finding

_ABBREVIATIONS = {"auc": "AUC", "f1": "F1", "mae": "MAE", "r2": "R²", "rmse": "RMSE"}
_NAME = re.compile(
    r"[^\s:]*(?:[A-Z_0-9\\/]|\.(?=[^\s:]))"
)  # age_2, oldPeak, heart.csv: no word of a sentence


def write_sentence(text: str) -> str:
    """A clause as a sentence: a capital letter first, a full stop last; names of columns and files stay as they are.

    Findings and notes are clauses, since the terminal shows several on one line; a page shows each by itself.

    Args:
        text: a clause, a sentence or nothing.

    Example:
        >>> write_sentence("kept; copies share a unit"), write_sentence("oldPeak is odd."), write_sentence("")
        ('Kept; copies share a unit.', 'oldPeak is odd.', '')
    """
    text = text.strip()
    if not text:
        return ""
    first = text if _NAME.match(text) else text[0].upper() + text[1:]
    return first if first[-1] in ".!?:…" else f"{first}."


def tell_finding(finding: Finding) -> str:
    """What a finding says, without the column's name, which stands before it.

    Args:
        finding: of the audit or the evidence.

    Example:
        >>> from heldout.records import Severity
        >>> tell_finding(Finding("HO217", "people", Severity.INFO, "column 'sex': 2 groups in 9 rows", "sex", 9))
        '2 groups in 9 rows.'
    """
    return write_sentence(finding.sentence.removeprefix(f"column {finding.column!r}: "))


def tell_answer(answer: Answer) -> str:
    """What an answer rests on, without question and answer, which stand beside it.

    Args:
        answer: one of the five behind a verdict.

    Example:
        >>> tell_answer(Answer("skill", "yes", 0.2, 0.1, 0.3, 0.0, "", "skill: yes - constant minus network: +0.2."))
        'Constant minus network: +0.2.'
    """
    lean = f" ({answer.lean})" if answer.lean else ""
    return write_sentence(answer.sentence.removeprefix(f"{answer.question}: {answer.answer}{lean} - "))


def split_title(sentence: str) -> tuple[str, str]:
    """A sentence such as "dropout 0.5: no clear difference" as its title and the rest.

    Args:
        sentence: of a remedy.

    Example:
        >>> split_title("dropout 0.5: no clear difference")
        ('Dropout 0.5', 'no clear difference')
        >>> split_title("No remedy was tried.")
        ('', 'No remedy was tried.')
    """
    title, colon, rest = sentence.partition(": ")
    return (title[:1].upper() + title[1:], rest) if colon else ("", sentence)


def format_moment(moment: str) -> str:
    """A moment in UTC for people; a text that is no moment stays as it is.

    Example:
        >>> format_moment("2026-11-23T11:40:21+00:00"), format_moment("unknown")
        ('2026-11-23 11:40 UTC', 'unknown')
    """
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return moment
    is_utc = found.utcoffset() is not None and not found.utcoffset()
    return f"{found:%Y-%m-%d %H:%M}{' UTC' if is_utc else ''}"


def say_times(number: int) -> str:
    """How often something happened.

    Example:
        >>> say_times(1), say_times(2), say_times(5)
        ('once', 'twice', '5 times')
    """
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


def abbreviate_metric(metric: str) -> str:
    """A metric's name as people write it within a sentence.

    Example:
        >>> abbreviate_metric("rmse"), abbreviate_metric("balanced accuracy")
        ('RMSE', 'balanced accuracy')
    """
    return _ABBREVIATIONS.get(metric, metric)
