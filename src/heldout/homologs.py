"""Which sequences are copies of one another, whole or in part: families that no split may cut.

Sequences that share a seed are compared along the line that the seed lies on, as BLAST does without gaps: the best
stretch, with one point for a match and minus one for a mismatch, must be longer than chance makes it among all the
sequences given, and cover a part of the shorter one. The work grows with the letters, not with the pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from heldout.cells.sequences import choose_alphabet, read_sequence
from heldout.cells.tally import keep_present, tally_column
from heldout.letters import GAPS, PROTEIN, list_letters, spell_bytes
from heldout.links import LARGE_UNIT_SHARE, Links
from heldout.records import IndexArray, RawColumn

# Places of the letters of a seed, by their number: spaced seeds hit more (Ma et al. 2002, PatternHunter). Those of
# bases are symmetric, so that both strands have the same seeds; they are the best of 400 drawn ones at 85 % identity
# over 60 letters, where they hit with probability 1.00, 0.99, 0.96 and 0.88.
_SEEDS_OF_BASES = (
    (0, 3, 4, 5, 6, 7, 10),
    (0, 1, 4, 5, 7, 9, 10, 13, 14),
    (0, 1, 2, 4, 6, 9, 12, 14, 16, 17, 18),
    (0, 1, 2, 3, 5, 7, 8, 9, 11, 13, 14, 15, 16),
)
_SEEDS_OF_RESIDUES = ((0, 1, 3), (0, 1, 3, 4), (0, 1, 3, 4, 6), (0, 1, 2, 4, 6, 7))
_MOST_SEEDS = 5_000_000  # beyond, a share of all seeds is used, the same in every sequence
_MOST_CHANCES = 100_000_000  # so many letters may be compared since seeds agree by chance: seconds of work
_NEIGHBOURS = 8  # a seed is compared with the next ones in its bucket; a family is joined through neighbours
_MOST_CELLS = 4_000_000
_SHORT_LINE = 32_000
_LONG_LINE = 200  # copies of 85 % identity have two seeds on such a line in 99.9 % of cases, see above
# Karlin & Altschul 1990: K m n exp(-lambda S) stretches of score S are expected by chance; K of +1/-1 is below 0.4.
_K, _EXPECTED = 0.4, 0.01
_LEAST_SHARE = (
    0.25  # of the shorter sequence: a repeat, a primer or a domain alone makes no copy (assumption)
)
_EXPECTED_OF_PAIR = (
    0.05  # a further stretch of the same pair counts from what chance gives one pair in twenty
)
_LEAST_UNITS = 0.5
_PERIODS = (1, 2, 3)
_REPEATED = {False: 8, True: 5}  # letters in a row that repeat the one a period before: bases, residues


@dataclass(frozen=True)
class Homologs:
    """Families of sequences.

    Args:
        unit: int64 [N], consecutive numbers from 0; sequences of one family share one.
        n_families: families of two or more different sequences.
        n_members: rows in them.
        score: points that a stretch needed, the letters of an exact copy.
    """

    unit: IndexArray
    n_families: int
    n_members: int
    score: int


@dataclass(frozen=True)
class _Letters:
    """All sequences one after the other.

    Args:
        codes: int8 [T], number of each letter, -1 for codes and low complexity.
        reverse: int8 [T], the same with each sequence read from the other strand; empty for proteins.
        first: int64 [n + 1], where each sequence begins.
        owner: int64 [T], sequence of each letter.
        base: number of letters of the alphabet.
    """

    codes: NDArray[np.int8]
    reverse: NDArray[np.int8]
    first: IndexArray
    owner: IndexArray
    base: int


def find_homologs(texts: Sequence[str], *, alphabet: str) -> Homologs:
    """Join sequences that are copies of one another beyond chance: homologous, overlapping, or from the other strand.

    A model that has seen the gene of a mouse knows the one of a rat. Reads no label.

    Args:
        texts: sequences in either case; "" and other texts without letters stand alone.
        alphabet: "DNA", "RNA" or "protein".

    Returns:
        Families. Joined are pairs whose common stretches score what chance gives once in a hundred such data sets
        (about 25 matching bases among 3,000 sequences of 60), and at least a quarter of the shorter one.

    Source:
        Karlin & Altschul 1990, "Methods for assessing the statistical significance of molecular sequence features",
        PNAS 87:2264; rates on planted families and real files: docs/how-to/sequences.md.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> one, other = ("".join(rng.choice(list("ACGT"), 80)) for _ in range(2))
        >>> find_homologs([one, other, one[:40] + "T" + one[40:], ""], alphabet="DNA").unit
        array([0, 1, 0, 2])
    """
    plain = [text.upper().translate(_NO_GAPS) for text in texts]
    numbers: dict[str, int] = {}
    of_text = np.array([numbers.setdefault(text, len(numbers)) for text in plain], np.int64)
    letters = _lay_out(tuple(numbers), alphabet)
    score = _needed_score(letters, len(letters.codes), _EXPECTED)
    pairs = _find_pairs(letters, score)
    joined = _join(pairs, len(numbers))[of_text]
    alone = np.flatnonzero([not text for text in plain])
    joined[alone] = len(numbers) + np.arange(len(alone))
    unit = _number_by_appearance(joined)
    related = np.isin(of_text, np.unique(pairs))
    return Homologs(unit, len(np.unique(unit[related])), int(related.sum()), score)


def join_homologs(
    links: Links, columns: tuple[RawColumn, ...], *, accession: RawColumn | None = None
) -> Links:
    """Keep the families of sequence columns together, besides what is kept together already.

    Args:
        links: declared groups and copies.
        columns: the columns that hold sequences.
        accession: names the molecule that each sequence is a range of; the ranges of one are kept together unless
            that leaves fewer than half as many units as rows: windows of whole chromosomes are a choice for the user.

    Returns:
        The links with larger units and a sentence with numbers; unchanged units, and a sentence that says so, where the
        families would leave too little to split: a gene tiled by overlapping windows is one family.

    Example:
        >>> links = Links(np.arange(2), 0, 0, np.arange(2))
        >>> join_homologs(links, ()) is links
        True
    """
    for column in columns:
        links = _join_column(links, column)
    return links if accession is None else _join_ranges(links, accession)


def _join_ranges(links: Links, column: RawColumn) -> Links:
    n_rows = len(column.codes)
    molecule = np.where(column.codes < 0, len(column.levels) + np.arange(n_rows), column.codes)
    joined = _join_labels(links.unit, molecule)
    n_shared = int((np.bincount(molecule) > 1).sum())
    n_units = int(joined.max(initial=-1)) + 1
    if not n_shared or n_units < _LEAST_UNITS * n_rows:
        return links
    note = (
        f"{n_shared:,} of {len(column.levels):,} accessions have several ranges; "
        "they stay on one side of every split"
    )
    return replace(links, unit=joined, notes=(*links.notes, note))


def _join_column(links: Links, column: RawColumn) -> Links:
    tally = tally_column(column, np.arange(len(column.codes)))
    alphabet = choose_alphabet(keep_present(tally, tally.text_words)).alphabet
    texts = [read_sequence(level, alphabet) or "" for level in column.levels]
    found = find_homologs(texts, alphabet=alphabet)
    n_rows = len(column.codes)
    # A row without a sequence is no copy of another one without.
    empty = np.array([not text for text in texts] + [True])[column.codes]
    family = found.unit[column.codes]
    family = np.where(empty, len(texts) + np.arange(n_rows), family)
    if not found.n_families:
        return links
    joined = _join_labels(links.unit, family)
    sizes, before = np.bincount(joined), np.bincount(links.unit)
    n_members = int(np.isin(family, np.flatnonzero(np.bincount(found.unit) > 1)).sum())
    what = (
        f"{n_members:,} of {n_rows:,} sequences of {column.name!r} are copies of another one in part, in "
        f"{found.n_families:,} families (at least {found.score} letters more alike than unlike, a quarter of the "
        "shorter one, either strand)"
    )
    if sizes.max() > max(LARGE_UNIT_SHARE * n_rows, before.max()):
        note = (
            f"{what}; kept together, the largest family would hold {int(sizes.max()):,} rows, so families were not "
            "kept together: scores may be too high"
        )
        return replace(links, notes=(*links.notes, note))
    note = f"{what}; they stay on one side of every split"
    alike = np.concatenate([links.alike, _chain_rows(family)])
    return replace(links, unit=joined, notes=(*links.notes, note), alike=alike)


def _chain_rows(family: IndexArray) -> IndexArray:
    """Pairs of rows that join each family, int64 [P, 2]: each row with the next one of its family."""
    order = np.argsort(family, kind="stable")
    same = family[order[1:]] == family[order[:-1]]
    return np.stack([order[:-1][same], order[1:][same]], axis=1)


_NO_GAPS = str.maketrans("", "", "".join(GAPS))


def _lay_out(texts: tuple[str, ...], alphabet: str) -> _Letters:
    plain = list_letters(alphabet)
    number = np.full(256, -1, np.int8)
    number[[ord(letter) for letter in plain]] = np.arange(len(plain))
    if alphabet != PROTEIN:
        number[ord("U")] = plain.index("T")
    codes = number[np.frombuffer(b"".join(map(spell_bytes, texts)), np.uint8)]
    lengths = np.array([len(text) for text in texts], np.int64)
    first = np.concatenate([[0], np.cumsum(lengths)])
    owner = np.repeat(np.arange(len(texts)), lengths)
    codes[_find_repeats(codes, owner, _REPEATED[alphabet == PROTEIN])] = -1
    reverse = np.zeros(0, np.int8)
    if alphabet != PROTEIN:
        turned = codes[first[owner] + first[owner + 1] - 1 - np.arange(len(codes))]
        reverse = np.where(turned < 0, turned, np.int8(len(plain) - 1) - turned)
    return _Letters(codes, reverse, first, owner, len(plain))


def _find_repeats(codes: NDArray[np.int8], owner: IndexArray, least: int) -> IndexArray:
    """Give the letters of low complexity: repeats of one to three letters, as in tails of A and in microsatellites."""
    found = np.zeros(len(codes), np.bool_)
    for period in _PERIODS:
        if len(codes) <= period:
            continue
        same = (codes[period:] == codes[:-period]) & (owner[period:] == owner[:-period])
        edges = np.flatnonzero(np.diff(np.concatenate([[0], same.astype(np.int8), [0]])))
        starts, ends = edges[::2], edges[1::2]
        is_long = ends - starts >= least
        marks = np.zeros(len(codes) + 1, np.int64)
        np.add.at(marks, starts[is_long], 1)
        np.add.at(marks, ends[is_long] + period, -1)
        found |= np.cumsum(marks[:-1]) > 0
    return np.flatnonzero(found)


def _needed_score(letters: _Letters, size: float, expected: float) -> int:
    """Points that chance gives so often when all stretches of so many letters of this composition are compared."""
    known = letters.codes[letters.codes >= 0]
    agree = float(((np.bincount(known, minlength=letters.base) / max(len(known), 1)) ** 2).sum())
    # Where letters agree more often than not, no score is beyond chance; such data are refused elsewhere.
    scale = math.log(max((1.0 - agree) / max(agree, 1e-3), 1.05))
    strands = 2 if letters.reverse.size else 1
    return math.ceil(math.log(max(_K * strands * size * size / 2 / expected, 1.0)) / scale)


def _choose_seed(letters: _Letters) -> tuple[int, ...]:
    n_seeds = min(len(letters.codes), _MOST_SEEDS)
    seeds = _SEEDS_OF_BASES if letters.reverse.size else _SEEDS_OF_RESIDUES
    # Letters of proteins are uneven: they agree about as often as 17 even ones.
    base = letters.base if letters.reverse.size else 17
    usual = len(letters.codes) / max(len(letters.first) - 1, 1)
    fitting = (seed for seed in seeds if n_seeds * n_seeds * usual <= _MOST_CHANCES * base ** len(seed))
    return next(fitting, seeds[-1])


def _list_seeds(
    codes: NDArray[np.int8], letters: _Letters, seed: tuple[int, ...]
) -> tuple[IndexArray, IndexArray]:
    """Value and place of each seed without an unknown letter; of very many letters a share, chosen by value."""
    n_places = max(len(codes) - seed[-1], 0)
    value, known = np.zeros(n_places, np.int64), np.ones(n_places, np.bool_)
    for offset in seed:
        letter = codes[offset : offset + n_places]
        value = value * letters.base + letter
        known &= letter >= 0
    known &= letters.owner[:n_places] == letters.owner[seed[-1] : seed[-1] + n_places]
    every = -(-len(codes) // _MOST_SEEDS)
    if every > 1:
        known &= (value * 0x9E3779B1 >> 7) % every == 0
    places = np.flatnonzero(known)
    return value[places], places


def _find_pairs(letters: _Letters, score: int) -> IndexArray:
    """Give the pairs [P, 2] of sequences that are copies."""
    seed = _choose_seed(letters)
    value, place = _list_seeds(letters.codes, letters, seed)
    is_turned = np.zeros(len(value), np.bool_)
    if letters.reverse.size:
        other, there = _list_seeds(letters.reverse, letters, seed)
        value, place = np.concatenate([value, other]), np.concatenate([place, there])
        is_turned = np.concatenate([is_turned, np.ones(len(other), np.bool_)])
    order = np.argsort(value, kind="stable")
    value, place, is_turned = value[order], place[order], is_turned[order]
    lines = [_meet(letters, value, place, is_turned, step) for step in range(1, _NEIGHBOURS + 1)]
    candidates = _choose_lines(letters, np.concatenate(lines))
    if not len(candidates):
        return np.zeros((0, 2), np.int64)
    return _keep_copies(letters, candidates, _score_lines(letters, candidates), score)


def _choose_lines(letters: _Letters, lines: IndexArray) -> IndexArray:
    """Give each line once; a long one must hold two seeds, since chance alone puts one on many lines."""
    length = np.diff(letters.first)
    n, span = len(length), 2 * int(length.max(initial=0)) + 1
    first, second, turned, shift = lines.T
    key = ((first * n + second) * span + shift + span // 2) * 2 + turned
    key, n_seeds = np.unique(key, return_counts=True)
    rest, turned = key // 2, key % 2
    pair, shift = rest // span, rest % span - span // 2
    first, second = pair // n, pair % n
    overlap = np.minimum(length[first] - np.maximum(shift, 0), length[second] - np.maximum(-shift, 0))
    # A line between two strands is met from both ends.
    enough = (n_seeds + turned) // (1 + turned) >= np.where(overlap >= _LONG_LINE, 2, 1)
    return np.column_stack([first, second, turned, shift])[enough]


def _meet(
    letters: _Letters, value: IndexArray, place: IndexArray, is_turned: NDArray[np.bool_], step: int
) -> IndexArray:
    """Pair each seed with a later one of its value: rows (sequence, other sequence, strand, shift)."""
    same = np.flatnonzero(value[:-step] == value[step:]) if len(value) > step else np.zeros(0, np.int64)
    one, other = same, same + step
    # The first of a pair is read forwards: a pair of which both are turned is there as one of which none is.
    swap = is_turned[one]
    one, other = np.where(swap, other, one), np.where(swap, one, other)
    keep = ~is_turned[one] & (letters.owner[place[one]] != letters.owner[place[other]])
    one, other = one[keep], other[keep]
    first, second = letters.owner[place[one]], letters.owner[place[other]]
    at = place[one] - letters.first[first]
    there = place[other] - letters.first[second]
    turned = is_turned[other]
    # The order of the two does not matter; between two strands the ends change places with it.
    swap = first > second
    length = np.diff(letters.first)
    shift = at - there
    mirrored = np.where(turned, shift + length[second] - length[first], -shift)
    first, second = np.where(swap, second, first), np.where(swap, first, second)
    return np.column_stack([first, second, turned, np.where(swap, mirrored, shift)]).astype(np.int64)


def _score_lines(letters: _Letters, candidates: IndexArray) -> IndexArray:
    """Give the best stretch along each candidate's line: matches minus mismatches."""
    length = np.diff(letters.first)
    first, second, turned, shift = candidates.T
    start, other_start = np.maximum(shift, 0), np.maximum(-shift, 0)
    overlap = np.minimum(length[first] - start, length[second] - other_start)
    at = letters.first[first] + start
    there = letters.first[second] + other_start
    strands = np.concatenate([letters.codes, letters.reverse])
    there = there + turned * len(letters.codes)
    scores = np.zeros(len(candidates), np.int64)
    order = np.argsort(overlap, kind="stable")
    begin = 0
    while begin < len(order):
        # Sorted by length, so that the last of a chunk is the longest.
        end = min(len(order), begin + max(1, _MOST_CELLS // max(int(overlap[order[begin]]), 1)))
        while end > begin + 1 and (end - begin) * int(overlap[order[end - 1]]) > 2 * _MOST_CELLS:
            end = begin + (end - begin + 1) // 2
        chosen = order[begin:end]
        scores[chosen] = _score_chunk(letters.codes, strands, at[chosen], there[chosen], overlap[chosen])
        begin = end
    return scores


def _score_chunk(
    codes: NDArray[np.int8], strands: NDArray[np.int8], at: IndexArray, there: IndexArray, overlap: IndexArray
) -> IndexArray:
    steps = np.arange(int(overlap.max()))
    inside = steps < overlap[:, None]
    one = codes[np.where(inside, at[:, None] + steps, 0)]
    other = strands[np.where(inside, there[:, None] + steps, 0)]
    points = ((one == other) & (one >= 0) & inside).view(np.int8) * np.int8(2) - np.int8(1)
    total = np.cumsum(points, axis=1, dtype=np.int16 if len(steps) < _SHORT_LINE else np.int32)
    before = np.minimum.accumulate(np.minimum(total - points, 0), axis=1)
    return (total - before).max(axis=1)


def _keep_copies(letters: _Letters, candidates: IndexArray, scores: IndexArray, score: int) -> IndexArray:
    """Add up the stretches of each pair and strand, and keep the pairs whose sum is enough."""
    lines, pair_of = np.unique(candidates[:, :3], axis=0, return_inverse=True)
    pair_of = pair_of.reshape(-1)
    best = np.zeros(len(lines), np.int64)
    np.maximum.at(best, pair_of, scores)
    length = np.diff(letters.first)
    gap = _needed_score(letters, float(length.mean()), _EXPECTED_OF_PAIR)
    extra = np.bincount(pair_of, np.maximum(scores - gap, 0), minlength=len(lines))
    total = best + extra - np.maximum(best - gap, 0)
    shorter = np.minimum(length[lines[:, 0]], length[lines[:, 1]])
    return lines[total >= np.maximum(score, _LEAST_SHARE * shorter), :2]


def _join(pairs: IndexArray, n: int) -> IndexArray:
    graph = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _join_labels(unit: IndexArray, family: IndexArray) -> IndexArray:
    """Number the connected components of "same unit" and "same family", by first appearance."""
    families = np.unique(family, return_inverse=True)[1].reshape(-1)
    n_units = int(unit.max(initial=0)) + 1
    pairs = np.column_stack([unit, n_units + families])
    return _number_by_appearance(_join(pairs, n_units + int(families.max(initial=0)) + 1)[unit])


def _number_by_appearance(labels: IndexArray) -> IndexArray:
    _, start, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(start), np.int64)
    rank[np.argsort(start)] = np.arange(len(start))
    return rank[inverse.reshape(-1)]
