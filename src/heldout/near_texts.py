"""Which texts are near copies of one another: a review posted twice with a word changed, a message from a template.

Each text keeps the smallest hashes of its pairs of neighbouring words; texts that share some of them are compared in
full. The work grows with the words, not with the pairs of texts.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.records import DoubleArray, IndexArray

_WORD = re.compile(r"[^\W_]+")
# Broder 1997, "On the resemblance and containment of documents": the smallest hashes are a fair sample of a set.
_SKETCH = 64
_NEIGHBOURS = (
    6  # a text is compared with the next ones that share a hash; copies are joined through neighbours
)
# Two texts that share the least share below have 26 of 64 smallest hashes in common, half of them rare.
_LEAST_SHARED, _LEAST_OF_SKETCH = 2, 0.1
# Share of the pairs of words of either text that both have: 10 % of the words changed leave 0.68, 30 % leave 0.32
# (each change breaks two pairs). Unrelated reviews share 0.02 (measured on IMDB).
LEAST_SHARE = 0.4
_EXPECTED = 0.01  # pairs of unrelated texts that share so rare words by chance, over all texts
# Of very many words a share of the pairs is compared, the same in every text: 3 GB of
# memory at most (1.5 GB for the 11 million of IMDB).
_MOST_PAIRS, _LETTERS_OF_WORD = 20_000_000, 6
_FEWEST_PAIRS = 4  # of words: two texts of three words are alike by chance
_MIX = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class NearTexts:
    """Pairs of texts that are near copies.

    Args:
        pairs: int64 [P, 2], positions, the smaller first; the most alike pair first.
        likeness: float64 [P], share of their pairs of neighbouring words that both have, 0 to 1.
    """

    pairs: IndexArray
    likeness: DoubleArray


@dataclass(frozen=True)
class _Shingles:
    """Different pairs of neighbouring words of all texts, text by text.

    Args:
        number: int64 [T], which pair of words, from 0.
        first: int64 [N + 1], where each text begins.
        count: int64 [D], texts that hold each pair of words.
    """

    number: IndexArray
    first: IndexArray
    count: IndexArray


def find_near_texts(texts: Sequence[str]) -> NearTexts:
    """Find near copies among texts; reads no label.

    Case, punctuation, numbers of blanks and markup are not compared. A pair counts when 40 % of the pairs of words of
    the two are the same, and these are rarer than chance explains: what many texts hold (a signature, a formula of
    politeness) counts little.

    Args:
        texts: all texts, exact copies among them.

    Returns:
        Pairs; a family of copies is joined through some of its pairs, not all of them.

    Example:
        >>> one = "the film was long and loud but my sister liked it all the same"
        >>> find_near_texts([one, "nothing to see here at all, go home", one.upper() + "!"]).pairs
        array([[0, 2]])
    """
    shingles = _list_shingles(texts)
    candidates = _pair_sketches(shingles)
    likeness, rarity = _compare(shingles, candidates)
    n = max(len(texts), 2)
    # Neighbouring pairs of words share a word, so that about half of them say something new.
    is_rare = rarity / 2 >= np.log(n * n / 2 / _EXPECTED) if n > 2 else np.ones(len(rarity), np.bool_)
    is_near = (likeness >= LEAST_SHARE) & (is_rare | (likeness == 1.0))
    order = np.argsort(-likeness[is_near], kind="stable")
    return NearTexts(candidates[is_near][order], likeness[is_near][order])


def split_words(text: str) -> list[str]:
    """Words in lower case, without punctuation and tags of HTML.

    Example:
        >>> split_words("It's <br />GREAT_fun")
        ['it', 's', 'great', 'fun']
    """
    return _WORD.findall(re.sub(r"<[^<>]{1,80}>", " ", text).lower() if "<" in text else text.lower())


def _list_shingles(texts: Sequence[str]) -> _Shingles:
    numbers: dict[str, int] = {}
    hashes: list[int] = []
    found: list[NDArray[np.uint64]] = []
    every = np.uint64(1 + sum(map(len, texts)) // (_LETTERS_OF_WORD * _MOST_PAIRS))
    for text in texts:
        codes = []
        for word in split_words(text):
            code = numbers.get(word)
            if code is None:
                code = numbers[word] = len(hashes)
                raw = word.encode()
                hashes.append(zlib.crc32(raw) << 32 | zlib.adler32(raw) ^ len(raw))
            codes.append(code)
        words = np.array([hashes[code] for code in codes], np.uint64)
        pairs = _mix(_mix(words[:-1]) * np.uint64(3) ^ _mix(words[1:]))
        found.append(np.unique(pairs[pairs % every == 0]))
    first = np.concatenate([[0], np.cumsum([len(part) for part in found])]).astype(np.int64)
    flat = np.concatenate(found) if found else np.zeros(0, np.uint64)
    _, number, count = np.unique(flat, return_inverse=True, return_counts=True)
    return _Shingles(number.reshape(-1).astype(np.int64), first, count.astype(np.int64))


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread the bits of hashes (Steele et al. 2014, SplitMix64)."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _pair_sketches(shingles: _Shingles) -> IndexArray:
    """Pairs of texts that share enough of the pairs of words with the smallest hashes."""
    n_texts = len(shingles.first) - 1
    owner = np.repeat(np.arange(n_texts), np.diff(shingles.first))
    # Numbers follow the order of hashes, so that the first ones of a text are its smallest; a further mix makes the
    # sample independent of how the hashes were made.
    order = np.lexsort((_mix(shingles.number.astype(np.uint64) * _MIX), owner))
    rank = np.arange(len(order)) - shingles.first[owner[order]]
    kept = order[rank < _SKETCH]
    shared = kept[shingles.count[shingles.number[kept]] > 1]
    by_value = shared[np.lexsort((owner[shared], shingles.number[shared]))]
    number, text = shingles.number[by_value], owner[by_value]
    pairs = []
    for step in range(1, _NEIGHBOURS + 1):
        same = np.flatnonzero(number[step:] == number[:-step])
        pairs.append(text[same] * np.int64(n_texts) + text[same + step])
    key, n_shared = np.unique(np.concatenate(pairs) if pairs else np.zeros(0, np.int64), return_counts=True)
    found = np.column_stack([key // max(n_texts, 1), key % max(n_texts, 1)])
    sizes = np.minimum(np.diff(shingles.first), _SKETCH)
    needed = np.maximum(_LEAST_SHARED, _LEAST_OF_SKETCH * sizes[found].min(axis=1, initial=_SKETCH))
    return found[n_shared >= needed]


def _compare(shingles: _Shingles, candidates: IndexArray) -> tuple[DoubleArray, DoubleArray]:
    """Share of the pairs of words that two texts have in common, and the sum of log(texts / texts with it) of these."""
    n_texts = len(shingles.first) - 1
    rarity = np.log(max(n_texts, 1) / np.maximum(shingles.count, 1))
    shares, sums = np.zeros(len(candidates)), np.zeros(len(candidates))
    for row, (one, other) in enumerate(candidates.tolist()):
        first = shingles.number[shingles.first[one] : shingles.first[one + 1]]
        second = shingles.number[shingles.first[other] : shingles.first[other + 1]]
        common = np.intersect1d(first, second, assume_unique=True)
        if min(len(first), len(second)) >= _FEWEST_PAIRS:
            shares[row] = len(common) / (len(first) + len(second) - len(common))
            sums[row] = rarity[common].sum()
    return shares, sums
