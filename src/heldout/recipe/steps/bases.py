"""`bases@1`: a sequence letter by letter, each position as one number per letter of its alphabet."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.errors import RecipeError
from heldout.letters import DNA, GAPS, NUCLEOTIDES, PROTEIN, RNA, list_letters, spell_bytes, weigh_letters
from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import FloatArray, IndexArray

ALPHABETS = (DNA, RNA, PROTEIN)
MOST_LETTERS = 20_000
# Longer sequences are cut: a network of this size sees 1,000 letters (assumption), `kmers@1` counts in all of them.
USUAL_LENGTH = 1_000
MOST_NUMBERS = 100_000_000  # of one state's fit rows: 400 MB (assumption: a laptop's memory)
LENGTH_SHARE = 0.95
_CHUNK = 4_096
_LOWER = "lower case"


@dataclass(frozen=True)
class BasesAsked:
    """Asked: how many letters are kept, and of which alphabet.

    Args:
        alphabet: "DNA", "RNA" or "protein".
        length: letters that are kept, from the left; of a longer sequence the end is lost.
        has_case: True when lower-case letters are marked in a channel of their own.
        both_strands: True when sequences may come from either strand: networks read both.
    """

    alphabet: str = DNA
    length: int = USUAL_LENGTH
    has_case: bool = False
    both_strands: bool = False


@dataclass(frozen=True)
class Bases:
    """Fitted: what the fit rows hold.

    Args:
        alphabet: as asked.
        length: as asked.
        has_case: as asked.
        reached: positions that a fit row fills; later ones stay 0, no weight is trained for them.
        present: plain letters that a fit row holds; others stay 0 everywhere.
        rows: fit rows with a sequence.
        longer: fit rows that are longer and lose their end.
        both_strands: as asked.
    """

    alphabet: str
    length: int
    has_case: bool
    reached: int
    present: str
    rows: int
    longer: int
    both_strands: bool = False


def plan_bases(alphabet: str, views: tuple[Cells, ...], *, both_strands: bool = False) -> BasesAsked:
    """Choose how many letters are kept: all of them where the fit rows are of one length, else nearly all.

    Args:
        alphabet: of the column; "" is judged from the letters.
        views: cells of each state's fit rows.
        both_strands: whether sequences may come from either strand.

    Returns:
        The common length, else the 95 % quantile of the longest view, at most 1,000 and at most what 100 million
        numbers hold. Case is kept where one sequence has both (soft masking); sequences in different cases come from
        different files.

    Raises:
        RecipeError: a protein has one strand.

    Example:
        >>> nothing = np.zeros(0)
        >>> cells = Cells("x", "sequence", np.zeros(2, np.uint8), nothing, nothing, np.arange(2), ("ACGT", "AcG"))
        >>> plan_bases("DNA", (cells,))
        BasesAsked(alphabet='DNA', length=4, has_case=True, both_strands=False)
    """
    chosen = alphabet if alphabet in ALPHABETS else _guess_alphabet(views)
    if both_strands and chosen == PROTEIN:
        raise RecipeError("a protein has one strand", hint="leave strands out, or set it to 'one'")
    n_letters = len(list_letters(chosen))
    longest, has_case, rows = 1, False, 1
    for view in views:
        lengths, weight = _measure_levels(view)
        rows = max(rows, int(weight.sum()))
        if not weight.any():
            continue
        counted = np.sort(np.repeat(lengths, weight))
        longest = max(longest, int(counted[math.ceil(LENGTH_SHARE * counted.size) - 1]))
        used = (view.levels[code] for code in np.flatnonzero(weight).tolist())
        has_case = has_case or any(not (text.islower() or text.isupper()) for text in used)
    fitting = max(1, MOST_NUMBERS // (rows * (n_letters + has_case)))
    return BasesAsked(chosen, min(longest, USUAL_LENGTH, fitting), has_case, both_strands)


def explain_bases(asked: BasesAsked, views: tuple[Cells, ...]) -> str:
    """Say in one sentence what a sequence becomes, and how many sequences lose their end.

    Example:
        >>> explain_bases(BasesAsked("DNA", 60), ())
        'a DNA sequence becomes its first 60 letters, 4 numbers each, and the counts of its short words'
    """
    said = (
        f"a {asked.alphabet} sequence becomes its first {asked.length} letters, "
        f"{len(list_letters(asked.alphabet)) + asked.has_case} numbers each, and the counts of its short words"
        + ("; both strands are read, a word and its reverse complement are one" if asked.both_strands else "")
    )
    measured = [_measure_levels(view) for view in views]
    cut = [(int(weight[lengths > asked.length].sum()), int(weight.sum())) for lengths, weight in measured]
    worst = max(cut, default=(0, 0))
    if worst[0]:
        said += f"; {worst[0]} of {worst[1]} fit rows are longer and lose their end, but not their words"
    return said


def count_bases(fitted: Bases) -> tuple[int, int]:
    """Give the shape of the numbers of one row: positions, and channels of each; the slots lie position by position.

    Example:
        >>> count_bases(Bases("DNA", 60, False, 60, "ACGT", 9, 0))
        (60, 4)
    """
    return fitted.length, len(list_letters(fitted.alphabet)) + fitted.has_case


def locate_base(fitted: Bases, place: int) -> range:
    """Give the offsets, among the step's slots, of the letter at a place of the sequence.

    Args:
        fitted: the step's fitted values.
        place: 1-based, as people count bases.

    Returns:
        Empty for a place that is not kept.

    Example:
        >>> fitted = Bases("DNA", 60, False, 60, "ACGT", 9, 0)
        >>> locate_base(fitted, 2), locate_base(fitted, 61)
        (range(4, 8), range(0, 0))
    """
    length, channels = count_bases(fitted)
    return range((place - 1) * channels, place * channels) if 1 <= place <= length else range(0)


def name_base(fitted: Bases, offset: int) -> tuple[int, str]:
    """Give the place (1-based) in the sequence and the letter that one of the step's slots stands for.

    Example:
        >>> name_base(Bases("DNA", 60, False, 60, "ACGT", 9, 0), 6)
        (2, 'G')
    """
    names = (*list_letters(fitted.alphabet), *([_LOWER] if fitted.has_case else []))
    return offset // len(names) + 1, names[offset % len(names)]


def spell_rows(texts: tuple[str, ...], length: int) -> NDArray[np.uint8]:
    """Write sequences as rows of bytes, left aligned; gaps follow a shorter one, a longer one is cut.

    Returns:
        uint8 [n, length].

    Example:
        >>> spell_rows(("ACG", "T"), 2).tolist() == [[65, 67], [84, 45]]
        True
    """
    joined = b"".join(spell_bytes(text[:length]).ljust(length, b"-") for text in texts)
    return np.frombuffer(joined, np.uint8).reshape(len(texts), length)


def _guess_alphabet(views: tuple[Cells, ...]) -> str:
    found = set().union(*(set(text.upper()) for view in views for text in view.levels))
    return DNA if found <= NUCLEOTIDES | GAPS else PROTEIN


def _measure_levels(cells: Cells) -> tuple[IndexArray, IndexArray]:
    lengths = np.array([len(text) for text in cells.levels], np.int64)
    has_value = cells.outcome == Outcome.VALUE
    return lengths, np.bincount(cells.codes[has_value], minlength=len(cells.levels)).astype(np.int64)


def _fit(cells: Cells, asked: BasesAsked) -> Bases:
    lengths, weight = _measure_levels(cells)
    used = np.flatnonzero(weight)
    kept = {letter for code in used.tolist() for letter in set(cells.levels[code][: asked.length])}
    weights = weigh_letters(asked.alphabet)[[ord(letter) for letter in kept if letter.isascii()]]
    plain = list_letters(asked.alphabet)
    return Bases(
        alphabet=asked.alphabet,
        length=asked.length,
        has_case=asked.has_case,
        reached=int(min(lengths[used].max(initial=0), asked.length)),
        present="".join(letter for place, letter in enumerate(plain) if weights[:, place].any()),
        rows=int(weight.sum()),
        longer=int(weight[lengths > asked.length].sum()),
        both_strands=asked.both_strands,
    )


def _plan(states: tuple[Bases, ...]) -> tuple[SlotPlan, ...]:
    length, channels = count_bases(states[0])
    names = [name_base(states[0], offset) for offset in range(length * channels)]
    return tuple(
        SlotPlan(Role.BASE, f"position {place} {letter}", "yes/no" if letter == _LOWER else "probability")
        for place, letter in names
    )


def _weigh(fitted: Bases) -> FloatArray:
    """Numbers of each character [256, channels], zero for letters that no fit row holds."""
    plain = list_letters(fitted.alphabet)
    weights = weigh_letters(fitted.alphabet)
    weights[:, [letter not in fitted.present for letter in plain]] = 0.0
    if not fitted.has_case:
        return weights
    is_lower = np.array([chr(code).islower() for code in range(128)] + [False] * 128)
    return np.column_stack([weights, (is_lower & weights.any(axis=1)).astype(np.float32)])


def _apply(cells: Cells, fitted: Bases, slots: tuple[Slot, ...]) -> FloatArray:
    length, channels = count_bases(fitted)
    made = np.zeros((cells.size, length, channels), np.float32)
    has_value = np.flatnonzero(cells.outcome == Outcome.VALUE)
    used, row_of = np.unique(cells.codes[has_value], return_inverse=True)
    spelled = spell_rows(tuple(cells.levels[code] for code in used.tolist()), max(fitted.reached, 1))
    weights = _weigh(fitted)
    for start in range(0, has_value.size, _CHUNK):
        rows = slice(start, start + _CHUNK)
        made[has_value[rows], : spelled.shape[1]] = weights[spelled[row_of[rows]]]
    return made.reshape(cells.size, length * channels)


def _describe(fitted: Bases) -> str:
    plain = list_letters(fitted.alphabet)
    code = (
        "X, B, Z and J are shared evenly"
        if fitted.alphabet == PROTEIN
        else "N is 1/4 each, R is half A, half G"
    )
    said = (
        f"{len(plain)} numbers for each of the first {fitted.length} letters ({', '.join(plain)}), aligned on the "
        f"left; a code for several letters is shared ({code}), gaps are 0"
    )
    if fitted.has_case:
        said += "; one more number marks lower case"
    if fitted.both_strands:
        said += "; networks read both strands and give the mean"
    if fitted.longer:
        said += f"; {fitted.longer} of {fitted.rows} fit rows are longer and lose their end"
    return said


def _check(fitted: Bases, slots: tuple[Slot, ...]) -> str:
    length, channels = count_bases(fitted)
    if len(slots) != length * channels or any(slot.role is not Role.BASE for slot in slots):
        return f"expected {length} x {channels} slots of letters, got {len(slots)}"
    if fitted.reached > fitted.length or fitted.longer > fitted.rows:
        return "more positions or rows than there are"
    if fitted.both_strands and fitted.alphabet == PROTEIN:
        return "a protein has one strand"
    plain = list_letters(fitted.alphabet)
    if "".join(letter for letter in plain if letter in fitted.present) != fitted.present:
        return f"present letters {fitted.present!r} are not letters of {fitted.alphabet} in their order"
    return ""


def _decode(numbers: FloatArray, fitted: Bases, slots: tuple[Slot, ...]) -> str | None:
    """Read the sequence back as far as it is kept: plain letters and codes, lower case where it is marked."""
    length, channels = count_bases(fitted)
    weights = _weigh(fitted)
    # Plain letters last, so that they win over codes that stand for the same (U for T).
    order = [ord(code) for code in (*"BDHVRYSWKMNUOJZX", *list_letters(fitted.alphabet))]
    known = {weights[code].tobytes(): chr(code) for code in order if weights[code].any()}
    known |= (
        {weights[ord(code.lower())].tobytes(): code.lower() for code in known.values()}
        if fitted.has_case
        else {}
    )
    rows = np.ascontiguousarray(numbers, np.float32).reshape(length, channels)
    return "".join(known.get(row.tobytes(), "-") for row in rows).rstrip("-") or None


STEP = Step(
    name="bases@1",
    asked_record=BasesAsked,
    fitted_record=Bases,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    decode=_decode,
    asked_rules={
        "alphabet": Rule("choice", choices=ALPHABETS),
        "length": Rule("count", low=1, high=MOST_LETTERS),
        "has_case": Rule("flag"),
        "both_strands": Rule("flag"),
    },
    fitted_rules={
        "alphabet": Rule("choice", choices=ALPHABETS),
        "length": Rule("count", low=1, high=MOST_LETTERS),
        "has_case": Rule("flag"),
        "reached": Rule("count", low=0, high=MOST_LETTERS),
        "present": Rule("text", longest=20),
        "rows": Rule("count", low=0),
        "longer": Rule("count", low=0),
        "both_strands": Rule("flag"),
    },
)
