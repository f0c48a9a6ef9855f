"""`tokens@1`: free text as a row of word numbers, and of numbers for pairs of neighbouring words."""

from __future__ import annotations

import functools
import html
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from heldout.markup import TAG
from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.pieces import INNER, cut_word, learn_pieces, rank_merges
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import FloatArray

MOST_WORDS = 100_000
MOST_TOKENS = 4096
PADDING, UNKNOWN = 0, 1  # numbers of the two tokens that are no word
# An unknown token with digits still tells something: a short number, a year or amount, a telephone number, a code.
SHAPES = ("1 to 2 digits", "3 to 4 digits", "5 digits or more", "letters and digits")
FIRST_WORD = UNKNOWN + 1 + len(SHAPES)
# words of any script with inner apostrophes, what carries feeling in a review, and money; linear in the text
_TOKEN = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*|[!?]+|[$\u00a3\u20ac%]")
_ENTITY = re.compile(
    r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)"
)  # as `html.unescape` finds them


@dataclass(frozen=True)
class TokensAsked:
    """Asked: how long a row is and which words have a number of their own.

    Args:
        length: words of a text that are kept; of a longer one the first and the last half.
        most_words: at most so many words, those in most fit rows.
        fewest_rows: a word must stand in at least so many fit rows.
        most_pairs: at most so many pairs of neighbouring words; 0 leaves pairs out.
        fewest_pair_rows: a pair must stand in at least so many fit rows.
        pieces: at most so many pieces of words (byte-pair encoding) take the place of words; 0 reads whole words.
    """

    length: int = 256
    most_words: int = 20_000
    fewest_rows: int = 2
    most_pairs: int = 20_000
    fewest_pair_rows: int = 4
    pieces: int = 0


@dataclass(frozen=True, eq=False)
class Numbering:
    """Fitted: the known words and pairs, most frequent first; word i has number 6 + i, pairs follow.

    Args:
        words: known words.
        pairs: known pairs, the two words joined by a blank.
        length: words of a text that are kept.
        has_pairs: True when pairs have slots.
        merges: how words are cut into pieces, which are then the words known here; none for whole words.
    """

    words: tuple[str, ...]
    pairs: tuple[str, ...]
    length: int
    has_pairs: bool
    merges: tuple[str, ...] = ()


def split_tokens(text: str) -> list[str]:
    """Split a text into lower-case words, numbers and runs of ! and ?; tags and entities of HTML are taken out.

    Example:
        >>> split_tokens("It's <br />GREAT!!! &amp; long")
        ["it's", 'great', '!!!', 'long']
    """
    plain = html.unescape(TAG.sub(" ", text)) if "<" in text or "&" in text else text
    return _TOKEN.findall(plain.lower().replace("\u2019", "'"))


def locate_tokens(text: str) -> list[tuple[int, int]]:
    """Give the characters of the raw text that each word of `split_tokens` comes from.

    Args:
        text: as it stands in the cell, with tags and entities, in any case.

    Returns:
        (first character, one after the last) of each word, in order.

    Example:
        >>> text = "It's <br />GREAT &amp; l&ouml;ng"
        >>> [text[start:stop] for start, stop in locate_tokens(text)]
        ["It's", 'GREAT', 'l&ouml;ng']
    """
    pieces = _unescape_pieces(text) if "<" in text or "&" in text else [(text, 0, 0)]
    plain = "".join(piece for piece, _, _ in pieces)
    starts: list[int] = []
    stops: list[int] = []
    for piece, start, width in pieces:
        for place, letter in enumerate(piece):
            first = start if width else start + place
            n_made = len(letter.lower())  # a capital I with a dot becomes two characters
            starts += [first] * n_made
            stops += [first + (width or 1)] * n_made
    found = _TOKEN.finditer(plain.lower().replace("\u2019", "'"))
    return [(starts[match.start()], stops[match.end() - 1]) for match in found]


def cut_text(text: str, fitted: Numbering) -> list[str]:
    """Split a text into the words that have numbers, or into their pieces.

    Example:
        >>> cut_text("An ant", Numbering(("an", "##t"), (), 8, False, ("a ##n",)))
        ['an', 'an', '##t']
    """
    return [piece for pieces in _cut_words(split_tokens(text), fitted) for piece in pieces]


def locate_text(text: str, fitted: Numbering) -> list[tuple[int, int]]:
    """Give the characters of the raw text that each word or piece of `cut_text` comes from.

    Example:
        >>> locate_text("An ant", Numbering(("an", "##t"), (), 8, False, ("a ##n",)))
        [(0, 2), (3, 5), (5, 6)]
    """
    spans: list[tuple[int, int]] = []
    pieces_of = _cut_words(split_tokens(text), fitted)
    for pieces, (start, stop) in zip(pieces_of, locate_tokens(text), strict=True):
        sizes = [len(piece.removeprefix(INNER)) for piece in pieces]
        if (
            sum(sizes) != stop - start
        ):  # an entity stands for a letter: the whole word is all that can be said
            spans += [(start, stop)] * len(pieces)
            continue
        for size in sizes:
            spans.append((start, start + size))
            start += size
    return spans


def _cut_words(words: list[str], fitted: Numbering) -> list[list[str]]:
    return [[word] for word in words] if not fitted.merges else list(map(_make_cutter(fitted.merges), words))


@functools.lru_cache(maxsize=16)
def _make_cutter(merges: tuple[str, ...]) -> Callable[[str], list[str]]:
    """A function that cuts words, and remembers the frequent ones."""
    ranks = rank_merges(merges)
    return functools.lru_cache(maxsize=MOST_WORDS)(lambda word: cut_word(word, ranks))


def _unescape_pieces(text: str) -> list[tuple[str, int, int]]:
    """The text without tags and entities in pieces: (characters, where they come from, width if they are replaced)."""
    pieces: list[tuple[str, int, int]] = []
    place = 0
    replaced = [(match, " ") for match in TAG.finditer(text)]
    for match, _ in replaced.copy():
        replaced += [
            (entity, html.unescape(entity[0])) for entity in _ENTITY.finditer(text, place, match.start())
        ]
        place = match.end()
    replaced += [(entity, html.unescape(entity[0])) for entity in _ENTITY.finditer(text, place)]
    place = 0
    for match, made in sorted(replaced, key=lambda item: item[0].start()):
        pieces.append((text[place : match.start()], place, 0))
        pieces.append((made, match.start(), match.end() - match.start()))
        place = match.end()
    return [*pieces, (text[place:], place, 0)]


def name_token(fitted: Numbering, number: int) -> str:
    """Give the word or pair that a number stands for.

    Example:
        >>> fitted = Numbering(("a", "b"), ("a b",), 8, True)
        >>> [name_token(fitted, number) for number in (0, 1, 5, 6, 7, 8, 9)]
        ['<nothing>', '<unknown>', '<unknown: letters and digits>', 'a', 'b', 'a b', '<no number>']
    """
    shapes = (f"<unknown: {shape}>" for shape in SHAPES)
    items = ("<nothing>", "<unknown>", *shapes, *fitted.words, *fitted.pairs)
    return items[number] if 0 <= number < len(items) else "<no number>"


def keep_ends(tokens: list[str], length: int) -> list[str]:
    """Keep the first and the last half of a text that is too long: reviews end with their verdict.

    Example:
        >>> keep_ends(list("abcdef"), 4)
        ['a', 'b', 'e', 'f']
    """
    if len(tokens) <= length:
        return tokens
    half = length // 2
    return tokens[: length - half] + tokens[len(tokens) - half :]


def count_vocabulary(fitted: Numbering) -> int:
    """Count the numbers in use, padding and unknown included.

    Example:
        >>> count_vocabulary(Numbering(("a", "b"), ("a b",), 8, True))
        9
    """
    return FIRST_WORD + len(fitted.words) + len(fitted.pairs)


def number_unknown(token: str) -> int:
    """Give the number of a token that has none of its own: by its shape.

    Example:
        >>> [number_unknown(token) for token in ("wuthering", "42", "2024", "08452810075", "k52")]
        [1, 2, 3, 4, 5]
    """
    if not any(letter.isdigit() for letter in token):
        return UNKNOWN
    if not token.isdigit():
        return UNKNOWN + 4
    return UNKNOWN + (1 if len(token) <= 2 else 2 if len(token) <= 4 else 3)


def _join_pairs(tokens: list[str]) -> list[str]:
    return [f"{one} {other}" for one, other in pairwise(tokens)]


def _choose(rows_with: Counter[str], fewest: int, most: int) -> tuple[str, ...]:
    frequent = [item for item, rows in rows_with.items() if rows >= fewest]
    frequent.sort(key=lambda item: (-rows_with[item], item))
    return tuple(frequent[:most])


def _fit(cells: Cells, asked: TokensAsked) -> Numbering:
    weight = np.bincount(cells.codes[cells.outcome == Outcome.VALUE], minlength=len(cells.levels)).tolist()
    if asked.pieces:
        return _fit_pieces(cells, weight, asked)
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for text, rows in zip(cells.levels, weight, strict=True):
        if not rows:
            continue
        tokens = split_tokens(text)
        _add(words, tokens, rows)
        if asked.most_pairs:
            _add(pairs, _join_pairs(tokens), rows)
    return Numbering(
        _choose(words, asked.fewest_rows, asked.most_words),
        _choose(pairs, asked.fewest_pair_rows, asked.most_pairs),
        asked.length,
        asked.most_pairs > 0,
    )


def _fit_pieces(cells: Cells, weight: list[int], asked: TokensAsked) -> Numbering:
    words: Counter[str] = Counter()
    for text, rows in zip(cells.levels, weight, strict=True):
        for word in split_tokens(text) if rows else ():
            words[word] += rows
    pieces, merges = learn_pieces(words, size=asked.pieces)
    return Numbering(pieces, (), asked.length, False, merges)


def _add(counter: Counter[str], items: Iterable[str], rows: int) -> None:
    for item in set(items):
        counter[item] += rows


def _plan(states: tuple[Numbering, ...]) -> tuple[SlotPlan, ...]:
    length, has_pairs = states[0].length, states[0].has_pairs
    words = tuple(SlotPlan(Role.TOKEN, f"word {place + 1}", "number") for place in range(length))
    pairs = tuple(SlotPlan(Role.TOKEN, f"pair {place + 1}", "number") for place in range(length - 1))
    return (*words, *pairs) if has_pairs else words


def _apply(cells: Cells, fitted: Numbering, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    number_of = {word: FIRST_WORD + place for place, word in enumerate(fitted.words)}
    pair_of = {pair: FIRST_WORD + len(fitted.words) + place for place, pair in enumerate(fitted.pairs)}
    has_value = np.flatnonzero(cells.outcome == Outcome.VALUE)
    used, row_of = np.unique(cells.codes[has_value], return_inverse=True)
    block = np.zeros((used.size, len(slots)), np.float32)
    for row, code in enumerate(used.tolist()):
        tokens = keep_ends(cut_text(cells.levels[code], fitted), fitted.length)
        block[row, : len(tokens)] = [number_of.get(token) or number_unknown(token) for token in tokens]
        if fitted.has_pairs and len(tokens) > 1:
            found = [pair_of.get(pair, PADDING) for pair in _join_pairs(tokens)]
            block[row, fitted.length : fitted.length + len(found)] = found
    made[has_value] = block[row_of]
    return made


def _describe(fitted: Numbering) -> str:
    if fitted.merges:
        return (
            f"words are cut into pieces by {len(fitted.merges):,} merges learned from the fit rows; numbers of "
            f"{len(fitted.words):,} pieces; of more than {fitted.length} the first and last half are kept"
        )
    return (
        f"numbers of {len(fitted.words):,} known words and {len(fitted.pairs):,} pairs of neighbours; 1 is an unknown "
        f"word, 2 to 5 unknown numbers and codes, 0 is nothing; of more than {fitted.length} words the first and last "
        "half are kept"
    )


def _check(fitted: Numbering, slots: tuple[Slot, ...]) -> str:
    wanted = 2 * fitted.length - 1 if fitted.has_pairs else fitted.length
    if len(slots) != wanted or any(slot.role is not Role.TOKEN for slot in slots):
        return f"expected {wanted} token slots, got {len(slots)}"
    for items in (fitted.words, fitted.pairs):
        if len(set(items)) != len(items):
            return "a word or pair is listed twice"
    if fitted.merges and fitted.has_pairs:
        return "pieces of words have no pairs"
    if any(len(merge.split(" ")) != 2 for merge in fitted.merges):
        return "a merge does not join two pieces"
    return "" if fitted.has_pairs or not fitted.pairs else "pairs without slots for them"


def _decode(numbers: FloatArray, fitted: Numbering, slots: tuple[Slot, ...]) -> str:
    """Read the words back, unknown ones as <unk>."""
    words = numbers[: fitted.length].astype(int)
    said = " ".join(
        fitted.words[number - FIRST_WORD] if number >= FIRST_WORD else "<unk>"
        for number in words.tolist()
        if number != PADDING
    )
    return said.replace(" " + INNER, "") if fitted.merges else said


STEP = Step(
    name="tokens@1",
    asked_record=TokensAsked,
    fitted_record=Numbering,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    decode=_decode,
    asked_rules={
        "length": Rule("count", low=2, high=MOST_TOKENS),
        "most_words": Rule("count", low=1, high=MOST_WORDS),
        "fewest_rows": Rule("count", low=1, high=1_000_000_000),
        "most_pairs": Rule("count", low=0, high=MOST_WORDS),
        "fewest_pair_rows": Rule("count", low=1, high=1_000_000_000),
        "pieces": Rule("count", low=0, high=MOST_WORDS),
    },
    fitted_rules={
        "words": Rule("texts", longest=MOST_WORDS),
        "pairs": Rule("texts", longest=MOST_WORDS),
        "length": Rule("count", low=2, high=MOST_TOKENS),
        "has_pairs": Rule("flag"),
        "merges": Rule("texts", longest=MOST_WORDS),
    },
)
