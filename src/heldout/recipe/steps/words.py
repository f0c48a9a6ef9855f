"""`words@1`: free text as weights of frequent words, the share of unknown words, and its length."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.standardize import SCALE_RULES, Scale, check_scale, fit_scale, scale_values
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import DoubleArray, FloatArray

MOST_WORDS = 20_000
# Letters and digits of any script, with apostrophes inside; no two ways to match, so linear in the text.
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")


@dataclass(frozen=True)
class WordsAsked:
    """Asked: which words get a slot.

    Args:
        most_words: at most so many, those in most fit rows (1 to 20,000).
        fewest_rows: a word must stand in at least so many fit rows.
    """

    most_words: int = 256
    fewest_rows: int = 3


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Fitted: the known words with their weights.

    Args:
        words: known words, sorted.
        idf: float64, one per word: log((1 + n) / (1 + rows with it)) + 1.
        gain: what the unit-length row is multiplied with: the root of the mean number of known words in a text,
            so that a lit word weighs about as much as a lit category.
        length: scale of log(1 + number of words).
        unknown: True when a fit row holds an unknown word.
    """

    words: tuple[str, ...]
    gain: float
    length: Scale
    unknown: bool
    idf: DoubleArray


def split_words(text: str) -> list[str]:
    """Split a text into lower-case words of letters, digits and inner apostrophes.

    Example:
        >>> split_words("Don't PANIC -- 42 times!")
        ["don't", 'panic', '42', 'times']
    """
    return _WORD.findall(text.lower().replace("\u2019", "'"))


def _fit(cells: Cells, asked: WordsAsked) -> Vocabulary:
    weight = np.bincount(cells.codes[cells.outcome == Outcome.VALUE], minlength=len(cells.levels))
    texts = [split_words(text) for text in cells.levels]
    rows_with: Counter[str] = Counter()
    for words, rows in zip(texts, weight.tolist(), strict=True):
        for word in set(words) if rows else ():
            rows_with[word] += rows
    frequent = [word for word, rows in rows_with.items() if rows >= asked.fewest_rows]
    frequent.sort(key=lambda word: (-rows_with[word], word))
    known = tuple(sorted(frequent[: asked.most_words]))
    n_rows = int(weight.sum())
    idf = np.array([math.log((1 + n_rows) / (1 + rows_with[word])) + 1.0 for word in known], np.float64)
    lit = sum(rows_with[word] for word in known)
    lengths = np.repeat([math.log1p(len(words)) for words in texts], weight) if texts else np.zeros(0)
    return Vocabulary(
        words=known,
        gain=math.sqrt(max(1.0, lit / n_rows)) if n_rows else 1.0,
        length=fit_scale(np.sort(lengths), may_transform=False),
        unknown=len(known) < len(rows_with),
        idf=idf,
    )


def _plan(states: tuple[Vocabulary, ...]) -> tuple[SlotPlan, ...]:
    words = sorted({word for state in states for word in state.words})
    plans = [SlotPlan(Role.WORD, word, "weight") for word in words]
    return (
        *plans,
        SlotPlan(Role.UNKNOWN, "<unknown words>", "share"),
        SlotPlan(Role.LENGTH, "<length>", "sd"),
    )


def _apply(cells: Cells, fitted: Vocabulary, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    offset_of = {slot.label: offset for offset, slot in enumerate(slots) if slot.role is Role.WORD}
    weights = zip(fitted.words, fitted.idf.tolist(), strict=True)
    known = {word: (offset_of[word], idf) for word, idf in weights if word in offset_of}
    has_value = np.flatnonzero(cells.outcome == Outcome.VALUE)
    used, row_of = np.unique(cells.codes[has_value], return_inverse=True)
    block = np.zeros((used.size, len(slots)), np.float32)
    lengths = np.zeros(used.size)
    for row, code in enumerate(used.tolist()):
        words = split_words(cells.levels[code])
        lengths[row] = math.log1p(len(words))
        block[row, -2] = _weigh_words(words, known, fitted.gain, block[row])
    block[:, -2] *= fitted.unknown
    block[:, -1] = scale_values(lengths, fitted.length)
    made[has_value] = block[row_of]
    return made


def _weigh_words(
    words: list[str], known: dict[str, tuple[int, float]], gain: float, row: FloatArray
) -> float:
    """Fill a row with (1 + log count) * idf scaled to length `gain`; give the share of unknown words."""
    counts = Counter(word for word in words if word in known)
    numbers = {known[word][0]: (1.0 + math.log(count)) * known[word][1] for word, count in counts.items()}
    norm = math.sqrt(math.fsum(number * number for number in numbers.values()))
    for offset, number in numbers.items():
        row[offset] = gain * number / norm
    return 1.0 - sum(counts.values()) / len(words) if words else 0.0


def _describe(fitted: Vocabulary) -> str:
    return (
        f"(1 + log count) * idf of {len(fitted.words)} known words, length of the row {fitted.gain:.4g}; share of "
        f"unknown words; standardized log(1 + words); without a value: 0"
    )


def _check(fitted: Vocabulary, slots: tuple[Slot, ...]) -> str:
    roles = [slot.role for slot in slots]
    if roles != [Role.WORD] * (len(slots) - 2) + [Role.UNKNOWN, Role.LENGTH]:
        return "expected word slots, then the unknown share and the length"
    if len(fitted.words) != fitted.idf.size:
        return f"{len(fitted.words)} words but {fitted.idf.size} weights"
    if len(set(fitted.words)) != len(fitted.words) or len({slot.label for slot in slots}) != len(slots):
        return "a word is listed twice"
    return check_scale(fitted.length)


STEP = Step(
    name="words@1",
    asked_record=WordsAsked,
    fitted_record=Vocabulary,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    asked_rules={
        "most_words": Rule("count", low=1, high=MOST_WORDS),
        "fewest_rows": Rule("count", low=1, high=1_000_000_000),
    },
    fitted_rules={
        "words": Rule("texts", longest=MOST_WORDS),
        "gain": Rule("number", low=1.0, high=1e6),
        "length": Rule("record", record=Scale, rules=SCALE_RULES),
        "unknown": Rule("flag"),
        "idf": Rule("array", dtype="float64", low=1e-3, high=1e3, longest=MOST_WORDS),
    },
)
