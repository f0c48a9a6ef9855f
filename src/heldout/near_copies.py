"""Near copies among the pictures and texts of a table: found without a label, and kept on one side of every split."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from heldout.links import LARGE_UNIT_SHARE, Links, NearPairs
from heldout.lookalikes import MOST_COMPARED, find_lookalikes
from heldout.near_texts import LEAST_SHARE, find_near_texts, split_words
from heldout.records import ArrayColumn, IndexArray, Kind, RawColumn

# A column of texts is compared where most rows have one of their own and they are more than titles (assumption):
# equal job titles are no copies.
_LEAST_DISTINCT, _LEAST_WORDS, _WORDS_JUDGED = 0.5, 5, 500


def join_near(links: Links, arrays: tuple[ArrayColumn, ...], texts: tuple[RawColumn, ...]) -> Links:
    """Keep near copies of pictures and texts together, besides what is kept together already.

    A network that has fitted a review knows the one with a sentence added; a picture shifted by two pixels is as much
    memory. Reads features only, never a label, so that rows that will be sealed may be looked at.

    Args:
        links: declared groups, copies, families.
        arrays: of the table; only pictures are compared.
        texts: columns of texts that are features.

    Returns:
        The links with the pairs, larger units and a sentence with numbers; unchanged units, and a sentence that says
        so, where families would leave too little to split.

    Example:
        >>> links = Links(np.arange(2), 0, 0, np.arange(2))
        >>> join_near(links, (), ()) is links
        True
    """
    found = [_pair_pictures(array) for array in arrays if array.kind is Kind.PICTURE]
    found += [_pair_texts(column) for column in texts if is_compared(column)]
    for near in found:
        links = _join_pairs(links, near)
    return links


def is_compared(column: RawColumn) -> bool:
    """Whether the texts of a column are compared: most rows have one of their own, of five words or more.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> is_compared(encode_cells("title", ["nurse", "police officer", "nurse"]))
        False
    """
    if len(column.levels) < max(2.0, _LEAST_DISTINCT * len(column.codes)):
        return False
    sample = column.levels[:: max(1, len(column.levels) // _WORDS_JUDGED)]
    return float(np.median([len(split_words(text)) for text in sample])) >= _LEAST_WORDS


def _pair_pictures(array: ArrayColumn) -> NearPairs:
    found = find_lookalikes(array)
    compared = (
        f"; of more than {MOST_COMPARED:,} pictures only those were compared whose perceptual hashes agree in part"
        if found.by_hash
        else ""
    )
    how = (
        f"laid over each other, shifted, zoomed or mirrored, they correlate with {found.limit:.2f} or more, where "
        f"{found.usual:.2f} is usual for the most alike picture{compared}"
    )
    return NearPairs(
        array.name, "pictures", found.pairs, found.likeness.astype(np.float64), how, n_empty=found.n_empty
    )


def _pair_texts(column: RawColumn) -> NearPairs:
    found = find_near_texts(column.levels)
    rows_of = _list_rows(column)
    # A level that several rows hold: each of them is a copy of the first one. Cells without a word are no texts.
    repeats = [
        (rows[0], row)
        for rows, text in zip(rows_of, column.levels, strict=True)
        if split_words(text)
        for row in rows[1:]
    ]
    pairs = np.array([(rows_of[one][0], rows_of[other][0]) for one, other in found.pairs.tolist()])
    whole = np.concatenate(
        [np.array(repeats, np.int64).reshape(-1, 2), pairs.astype(np.int64).reshape(-1, 2)]
    )
    likeness = np.concatenate([np.ones(len(repeats)), found.likeness.astype(np.float64)])
    how = (
        f"they share {100 * LEAST_SHARE:.0f} % or more of their pairs of neighbouring words, which chance does not "
        "explain"
    )
    return NearPairs(column.name, "texts", np.sort(whole, axis=1), likeness, how)


def _list_rows(column: RawColumn) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in column.levels]
    for row, code in enumerate(column.codes.tolist()):
        if code >= 0:
            rows[code].append(row)
    # A level that no row holds stands for nothing; it has no words that others share either.
    return [found or [0] for found in rows]


def _join_pairs(links: Links, near: NearPairs) -> Links:
    pairs = near.pairs[near.pairs[:, 0] != near.pairs[:, 1]]
    near = replace(near, pairs=pairs, likeness=near.likeness[near.pairs[:, 0] != near.pairs[:, 1]])
    if not len(pairs):
        return replace(links, near=(*links.near, near))
    n_rows = len(links.unit)
    joined = connect_pairs(links.unit, pairs)
    sizes, before = np.bincount(joined), np.bincount(links.unit)
    n_members = len(np.unique(pairs))
    n_families = len(np.unique(connect_pairs(np.arange(n_rows), pairs)[pairs[:, 0]]))
    what = f"{n_members:,} of {n_rows:,} {near.what} of {near.name!r} are near copies of another one, in "
    what += f"{n_families:,} families ({near.how})"
    if sizes.max() > max(LARGE_UNIT_SHARE * n_rows, before.max()):
        note = (
            f"{what}; kept together, the largest family would hold {int(sizes.max()):,} rows, so near copies were not "
            "kept together: scores may be too high"
        )
        apart = replace(near, is_joined=False)
        return replace(links, notes=(*links.notes, note), near=(*links.near, apart))
    note = f"{what}; they stay on one side of every split that heldout makes"
    return replace(links, unit=joined, notes=(*links.notes, note), near=(*links.near, near))


def connect_pairs(unit: IndexArray, pairs: IndexArray) -> IndexArray:
    """Number the connected components of "same unit" and "a pair", by first appearance.

    Args:
        unit: int64 [N], units of rows, numbered from 0.
        pairs: int64 [P, 2], positions of rows that belong together.

    Returns:
        int64 [N], the larger units.

    Example:
        >>> connect_pairs(np.array([0, 1, 2, 3]), np.array([[3, 1]]))
        array([0, 1, 2, 1])
    """
    n_units = int(unit.max(initial=-1)) + 1
    ends = (unit[pairs[:, 0]], unit[pairs[:, 1]])
    graph = coo_array((np.ones(len(pairs), np.int8), ends), shape=(n_units, n_units))
    label = connected_components(graph, directed=False)[1][unit]
    _, start, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(start), np.int64)
    rank[np.argsort(start)] = np.arange(len(start))
    return rank[inverse.reshape(-1)]
