"""Rows that agree in every cell but one, told apart from rows that agree by chance."""

from __future__ import annotations

import re

import numpy as np

from heldout.records import BoolArray, DoubleArray, IndexArray, RawColumn

FALSE_ALARM = 0.02  # expected number of chance pairs per table, as for rows that lie near (audit/near.py)
FEWEST_COLUMNS = 4  # assumption: three agreeing cells at least
MOST_SAMPLED = 400  # rows compared cell by cell with all others; 0.2 s for 20,000 rows of 20 columns
_DECIMALS = re.compile(r"[-+]?\d+(?:\.(\d*))?")
_SEED = 0


def find_one_cell(columns: tuple[RawColumn, ...], known: IndexArray, asked: IndexArray) -> IndexArray:
    """Pairs of an asked and a known row whose cells are equal in all columns but one.

    A cell that was corrected, or lost, leaves the rest of the row as it was: it is still known by heart. Numbers that
    one part writes with fewer decimals are compared at these. In a table of
    few coarse columns such pairs arise by chance, and none is called a copy there: the cells that agree must be rarer
    together than one chance pair in the table, and rows that differ in two cells must be rarer than those that differ
    in one, since where rows differ in one cell by chance, more differ in two.

    Args:
        columns: features as read, of all rows.
        known: int64, rows that a network may learn from.
        asked: int64, rows that it is asked about; the same rows as `known` for pairs within one part. No asked row may
            equal a known one in every cell.

    Returns:
        int64 [P, 2], asked row and known row.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> texts = [[f"{17 * row * (column + 3) % 101}" for row in range(50)] for column in range(5)]
        >>> for column in texts: column.append(column[7])
        >>> texts[2][50] = "5"
        >>> table = tuple(encode_cells(f"x{k}", cells) for k, cells in enumerate(texts))
        >>> find_one_cell(table, np.arange(50), np.array([50])).tolist()
        [[50, 7]]
    """
    rows = np.union1d(known, asked)
    if len(columns) < FEWEST_COLUMNS or not len(known) or not len(asked):
        return np.zeros((0, 2), np.int64)
    is_known, is_asked = np.isin(rows, known), np.isin(rows, asked)
    codes = np.stack([_number_cells(column, rows, (known, asked)) for column in columns], axis=1)
    surprise = np.stack([_measure_surprise(codes[:, k]) for k in range(codes.shape[1])], axis=1)
    chance = np.log(float(len(known)) * float(len(asked)) / FALSE_ALARM)
    pairs = _pair_rows(codes, surprise, chance, parts=(is_known, is_asked))
    return rows[pairs] if len(pairs) and _stands_apart(codes, pairs, is_known, is_asked) else rows[pairs[:0]]


def _number_cells(column: RawColumn, rows: IndexArray, parts: tuple[IndexArray, IndexArray]) -> IndexArray:
    """Codes of the stripped texts from 0, which stands for an empty cell; numbers at the decimals of both parts."""
    found = [_DECIMALS.fullmatch(text.strip()) for text in column.levels]
    decimals = np.array([len(item[1] or "") if item else -1 for item in found] or [-1])
    fine, coarse = sorted((_count_decimals(decimals, column.codes[part]) for part in parts), reverse=True)
    texts = [
        f"{float(text):.{coarse}f}" if is_number and fine > coarse >= 0 else text.strip()
        for text, is_number in zip(column.levels, (decimals >= 0).tolist(), strict=False)
    ]
    numbers: dict[str, int] = {"": 0}
    of_level = np.array([numbers.setdefault(text, len(numbers)) for text in texts] or [0], np.int64)
    codes = column.codes[rows]
    return np.where(codes < 0, 0, of_level[np.maximum(codes, 0)])


def _count_decimals(decimals: IndexArray, codes: np.ndarray) -> int:
    known = codes[codes >= 0]
    return int(decimals[known].max()) if len(known) else -1


def _measure_surprise(codes: IndexArray) -> DoubleArray:
    """How rare each cell's text is in its column, as -log of its share."""
    counts = np.bincount(codes)
    return -np.log(counts[codes] / len(codes))


def _pair_rows(
    codes: IndexArray, surprise: DoubleArray, chance: float, *, parts: tuple[BoolArray, BoolArray]
) -> IndexArray:
    """Pairs that agree but in one column, by one sort per column of the sums of the other columns' random numbers."""
    is_known, is_asked = parts
    rng = np.random.default_rng(_SEED)
    words = np.zeros(codes.shape, np.uint64)
    for k in range(codes.shape[1]):
        words[:, k] = rng.integers(0, 2**64, int(codes[:, k].max()) + 1, dtype=np.uint64)[codes[:, k]]
    total, rarity = words.sum(axis=1, dtype=np.uint64), surprise.sum(axis=1)
    pairs = []
    for k in range(codes.shape[1]):
        rare = rarity - surprise[:, k] > chance
        of_rest = total - words[:, k]
        known = np.flatnonzero(is_known & rare)
        keys, first = np.unique(of_rest[known], return_index=True)
        asked = np.flatnonzero(is_asked & rare)
        if not len(keys) or not len(asked):
            continue
        place = np.minimum(np.searchsorted(keys, of_rest[asked]), len(keys) - 1)
        partner = known[first[place]]
        same = (keys[place] == of_rest[asked]) & (partner != asked)
        pairs.append(np.stack([asked[same], partner[same]], axis=1))
    return np.unique(np.concatenate(pairs), axis=0) if pairs else np.zeros((0, 2), np.int64)


def _stands_apart(codes: IndexArray, pairs: IndexArray, is_known: BoolArray, is_asked: BoolArray) -> bool:
    """Whether fewer asked rows differ from their nearest known row in two cells than half of those with one."""
    asked = np.flatnonzero(is_asked)
    sample = asked[np.unique(np.linspace(0, len(asked) - 1, min(len(asked), MOST_SAMPLED)).astype(np.int64))]
    compact = codes.astype(np.int32)
    known = np.ascontiguousarray(compact[is_known].T)
    n_two = 0
    for row in sample.tolist():
        differing = np.zeros(known.shape[1], np.int16)
        for column, cell in zip(known, compact[row].tolist(), strict=True):
            differing += column != cell
        differing[differing == 0] = len(codes[0])  # the row itself
        n_two += int(differing.min()) == 2
    return n_two * len(asked) / len(sample) <= len(np.unique(pairs[:, 0])) / 2
