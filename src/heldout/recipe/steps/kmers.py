"""`kmers@1`: how often each short word of letters occurs in a sequence, wherever it stands."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from heldout.letters import BASES, DNA, PROTEIN, list_letters, spell_bytes
from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.bases import ALPHABETS
from heldout.recipe.steps.standardize import SCALE_RULES, Scale, check_scale, fit_scale, scale_values
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import DoubleArray, FloatArray

MOST_WORDS = 20_000
LARGEST_WORD = 7  # 4^7 = 16,384 words
# Words of 3 to 5 bases, of 1 and 2 residues: 1,344 and 420 numbers. Logistic regression on letters and words of 2 and
# 3, 3 and 4, 3 to 5 bases, 5 folds: promoters, AUC 0.958, 0.967, 0.972; splice junctions, where the place decides,
# accuracy 0.959, 0.958, 0.953. Networks (`bench/letters.py`) do not lose what the linear model does: words of 3 and 4
# and of 3 to 5 with weight 0.15, promoters, 32 units, AUC 0.9651 and 0.9690; splice junctions, 32 filters, validation
# loss 0.0927 and 0.0915. Those of residues are an assumption.
SIZES = {DNA: (3, 5), PROTEIN: (1, 2)}
_LENGTH = "<length>"
# Of a standard deviation: hundreds of words at full weight drown the letters. Logistic regression on letters and words
# of 3 and 4 with weights 1, 1/4, 1/6, 1/10: splice junctions, accuracy 0.932, 0.958, 0.959, 0.959; promoters, AUC
# 0.966, 0.967, 0.963, 0.959 (5 folds). Networks, 3 to 5 bases, weights 0.25 and 0.15, promoters: 0.9679 and 0.9690.
_WEIGHT = 0.15
_MOST = 10.0  # standard deviations: one row with a word that hardly any other has must not drown the rest


@dataclass(frozen=True)
class WordsOfLettersAsked:
    """Asked: which words are counted.

    Args:
        alphabet: "DNA", "RNA" or "protein".
        shortest: letters of the shortest words.
        longest: letters of the longest words, at most 7.
        both_strands: True when a word and its reverse complement count as one: for sequences whose strand is unknown.
    """

    alphabet: str = DNA
    shortest: int = 3
    longest: int = 5
    both_strands: bool = False


@dataclass(frozen=True, eq=False)
class WordCounts:
    """Fitted: scale of each word's count.

    Args:
        alphabet: as asked.
        shortest: as asked.
        longest: as asked.
        both_strands: as asked.
        length: scale of log(1 + letters).
        center: float64, mean of log(1 + count) of each word over the fit rows.
        spread: float64, its standard deviation; 0 for words that no two fit rows differ in: their slot stays 0.
    """

    alphabet: str
    shortest: int
    longest: int
    both_strands: bool
    length: Scale
    center: DoubleArray
    spread: DoubleArray


def plan_words(alphabet: str, *, both_strands: bool = False) -> WordsOfLettersAsked:
    """Choose the lengths of the words of an alphabet.

    Args:
        alphabet: "DNA", "RNA" or "protein".
        both_strands: whether a word and its reverse complement count as one.

    Example:
        >>> plan_words("protein").longest
        2
    """
    shortest, longest = SIZES[PROTEIN if alphabet == PROTEIN else DNA]
    return WordsOfLettersAsked(alphabet, shortest, longest, both_strands)


def list_kmers(asked: WordsOfLettersAsked | WordCounts) -> tuple[str, ...]:
    """List the words that are counted, shorter ones first, each length in the order of the alphabet.

    Example:
        >>> list_kmers(WordsOfLettersAsked(shortest=1, longest=1, both_strands=True))
        ('A', 'C')
    """
    return tuple(
        word for size in range(asked.shortest, asked.longest + 1) for word in _list_size(asked, size)
    )


def _list_size(asked: WordsOfLettersAsked | WordCounts, size: int) -> list[str]:
    letters = list_letters(asked.alphabet)
    words = ["".join(word) for word in product(letters, repeat=size)]
    return [words[code] for code in np.flatnonzero(_fold_strands(asked, size) == np.arange(len(words)))]


def _fold_strands(asked: WordsOfLettersAsked | WordCounts, size: int) -> NDArray[np.int64]:
    """Code that each word is counted as: its own, or the smaller one of the two strands."""
    n_letters = len(list_letters(asked.alphabet))
    codes = np.arange(n_letters**size)
    if not asked.both_strands or n_letters != len(BASES):
        return codes
    reverse, rest = np.zeros_like(codes), codes.copy()
    for _ in range(size):
        reverse = reverse * n_letters + (n_letters - 1 - rest % n_letters)  # A-T and C-G add up to 3
        rest //= n_letters
    return np.minimum(codes, reverse)


def count_kmers(text: str, asked: WordsOfLettersAsked | WordCounts) -> NDArray[np.int64]:
    """Count the words of one sequence; those with a gap are counted across it, those with a code for several are not.

    Args:
        text: a sequence in either case.
        asked: which words.

    Returns:
        int64 [words], in the order of `list_kmers`.

    Example:
        >>> count_kmers("ACAN-cA", WordsOfLettersAsked(shortest=2, longest=2)).nonzero()[0].tolist()
        [1, 4]
    """
    letters = list_letters(asked.alphabet)
    number = np.full(256, -1, np.int64)
    for place, letter in enumerate(letters):
        number[[ord(letter), ord(letter.lower())]] = place
    if letters == BASES:
        number[[ord("U"), ord("u")]] = letters.index("T")
    plain = text.replace("-", "").replace(".", "")
    return np.concatenate(
        _count_sizes(number[np.frombuffer(spell_bytes(plain), np.uint8)], len(letters), asked)
    )


def _count_sizes(
    codes: NDArray[np.int64], n_letters: int, asked: WordsOfLettersAsked | WordCounts
) -> list[NDArray[np.int64]]:
    made = []
    for size in range(asked.shortest, asked.longest + 1):
        n_words = max(len(codes) - size + 1, 0)
        word, known = np.zeros(n_words, np.int64), np.ones(n_words, np.bool_)
        for offset in range(size):
            part = codes[offset : offset + n_words]
            word, known = word * n_letters + part, known & (part >= 0)
        folded = _fold_strands(asked, size)
        counts = np.bincount(folded[word[known]], minlength=n_letters**size)
        made.append(counts[folded == np.arange(n_letters**size)])
    return made


def _count_levels(
    cells: Cells, asked: WordsOfLettersAsked | WordCounts
) -> tuple[DoubleArray, DoubleArray, np.ndarray]:
    """log(1 + count) and log(1 + letters) of the distinct sequences in use, and which of them each valued row holds."""
    has_value = cells.outcome == Outcome.VALUE
    used, row_of = np.unique(cells.codes[has_value], return_inverse=True)
    texts = [cells.levels[code] for code in used.tolist()]
    n_words = len(list_kmers(asked))
    counts = np.zeros((len(texts), n_words))
    for row, text in enumerate(texts):
        counts[row] = count_kmers(text, asked)
    lengths = np.array([len(text) for text in texts], np.float64)
    return np.log1p(counts), np.log1p(lengths), row_of


def _fit(cells: Cells, asked: WordsOfLettersAsked) -> WordCounts:
    logs, lengths, row_of = _count_levels(cells, asked)
    weight = np.bincount(row_of, minlength=len(logs)).astype(np.float64)
    total = max(weight.sum(), 1.0)
    center = weight @ logs / total
    spread = np.sqrt(weight @ (logs - center) ** 2 / total)
    spread[spread < 1e-9] = 0.0
    return WordCounts(
        asked.alphabet,
        asked.shortest,
        asked.longest,
        asked.both_strands,
        fit_scale(np.sort(lengths[row_of]), may_transform=False),
        center,
        spread,
    )


def _plan(states: tuple[WordCounts, ...]) -> tuple[SlotPlan, ...]:
    words = tuple(SlotPlan(Role.KMER, word, "weight") for word in list_kmers(states[0]))
    has_length = any(state.length.scale > 0.0 for state in states)
    return (*words, SlotPlan(Role.LENGTH, _LENGTH, "sd")) if has_length else words


def _apply(cells: Cells, fitted: WordCounts, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    logs, lengths, row_of = _count_levels(cells, fitted)
    is_used = fitted.spread > 0.0
    block = np.zeros((len(logs), len(slots)), np.float32)
    scaled = (logs - fitted.center) / np.where(is_used, fitted.spread, 1.0)
    block[:, : is_used.size] = _WEIGHT * np.clip(np.where(is_used, scaled, 0.0), -_MOST, _MOST)
    if len(slots) > is_used.size:
        block[:, -1] = scale_values(lengths, fitted.length)
    made[cells.outcome == Outcome.VALUE] = block[row_of]
    return made


def _describe(fitted: WordCounts) -> str:
    sizes = range(fitted.shortest, fitted.longest + 1)
    strands = "; a word and its reverse complement are one" if fitted.both_strands else ""
    dead = int((fitted.spread == 0.0).sum())
    silent = f"; {dead} words do not differ among the fit rows and stay 0" if dead else ""
    length = "; standardized log(1 + letters)" if fitted.length.scale > 0.0 else ""
    return (
        f"{_WEIGHT} times standardized log(1 + count) of {fitted.spread.size} words of {' and '.join(map(str, sizes))} "
        f"letters, counted in the whole sequence without its gaps{strands}{silent}{length}; without a value: 0"
    )


def _check(fitted: WordCounts, slots: tuple[Slot, ...]) -> str:
    if fitted.shortest > fitted.longest:
        return f"words of {fitted.shortest} to {fitted.longest} letters are none"
    n_words = sum(len(_list_size(fitted, size)) for size in range(fitted.shortest, fitted.longest + 1))
    if n_words != fitted.center.size or n_words != fitted.spread.size:
        return f"{n_words} words but {fitted.center.size} centers and {fitted.spread.size} spreads"
    roles = [slot.role for slot in slots]
    if roles not in ([Role.KMER] * n_words, [Role.KMER] * n_words + [Role.LENGTH]):
        return f"expected {n_words} slots of words, then perhaps the length"
    return check_scale(fitted.length)


_SIZE = Rule("count", low=1, high=LARGEST_WORD)
_ASKED_RULES = {
    "alphabet": Rule("choice", choices=ALPHABETS),
    "shortest": _SIZE,
    "longest": _SIZE,
    "both_strands": Rule("flag"),
}
STEP = Step(
    name="kmers@1",
    asked_record=WordsOfLettersAsked,
    fitted_record=WordCounts,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    asked_rules=_ASKED_RULES,
    fitted_rules={
        **_ASKED_RULES,
        "length": Rule("record", record=Scale, rules=SCALE_RULES),
        "center": Rule("array", dtype="float64", low=0.0, high=100.0, longest=MOST_WORDS),
        "spread": Rule("array", dtype="float64", low=0.0, high=100.0, longest=MOST_WORDS),
    },
)
