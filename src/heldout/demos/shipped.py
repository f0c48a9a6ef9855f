"""The shipped digits and reviews as rows for training.

Tables are read by the same readers as a user's own. Everything that is fitted to data (the vocabulary) is fitted to
the fit rows alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.demos.catalogue import DATA
from heldout.records import DoubleArray, FloatArray, IndexArray, Table
from heldout.sources import Request, find_column, read_table

SIDE, DARKEST = 8, 16
WORD = re.compile(r"[a-z0-9']+")
LEAST_TIMES = 2  # a word must stand in so many fit reviews: one that stands in one teaches nothing else


@dataclass(frozen=True)
class Pictures:
    """Pictures with their classes.

    Args:
        values: float32 [N, H, W], 0 (paper) to 1 (ink).
        target: float64 [N], class index.
        name: what they are.
        source: where they come from and under which licence, one sentence.
    """

    values: FloatArray
    target: DoubleArray
    name: str
    source: str


@dataclass(frozen=True)
class Texts:
    """Texts with their classes.

    Args:
        texts: as they stand.
        target: float64 [N], 1 for positive.
        name: what they are.
        source: where they come from and under which licence, one sentence.
    """

    texts: tuple[str, ...]
    target: DoubleArray
    name: str
    source: str


def read_digits() -> Pictures:
    """The shipped digits: 1,797 pictures of 8 x 8.

    Example:
        >>> read_digits().values.shape
        (1797, 8, 8)
    """
    table = read_table(DATA / "digits.csv.gz", request=Request(is_fixed=True))  # as columns, not as pictures
    columns = [_read_numbers(table, column.name) for column in table.columns]
    values = np.stack(columns[:-1], axis=1).reshape(-1, SIDE, SIDE) / DARKEST
    return Pictures(
        values.astype(np.float32),
        columns[-1],
        "1,797 handwritten digits of 8 x 8 places",
        "Digits: E. Alpaydin and C. Kaynak, as shipped with scikit-learn (BSD 3-Clause).",
    )


def read_reviews() -> Texts:
    """The shipped reviews: 3,000 sentences on products, films and restaurants.

    Example:
        >>> reviews = read_reviews()
        >>> len(reviews.texts), float(reviews.target.mean())
        (3000, 0.5)
    """
    table = read_table(DATA / "reviews.csv.gz")
    return Texts(
        read_texts(table, "sentence"),
        np.array([word == "yes" for word in read_texts(table, "liked")], np.float64),
        "3,000 sentences from reviews",
        "Reviews: Sentiment Labelled Sentences, D. Kotzias et al. 2015, UCI Machine Learning Repository (CC BY 4.0).",
    )


def count_words(texts: Sequence[str], fit: IndexArray, *, most: int) -> tuple[FloatArray, tuple[str, ...]]:
    """Say which words stand in each text: one input a word of the fit texts, 1 where it occurs.

    Args:
        texts: all texts.
        fit: int64, positions of the fit texts; only their words become inputs.
        most: at most so many words, the most frequent first.

    Returns:
        float32 [N, W], and the words.

    Example:
        >>> rows, words = count_words(["a good film", "a bad film", "a new one"], np.array([0, 1]), most=10)
        >>> words, rows.tolist()
        (('a', 'film'), [[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    """
    found = [set(WORD.findall(text.lower().replace("<br />", " "))) for text in texts]
    counts = Counter(word for place in fit for word in sorted(found[place]))
    words = tuple(word for word, times in counts.most_common(most) if times >= LEAST_TIMES)
    place_of = {word: place for place, word in enumerate(words)}
    rows = np.zeros((len(texts), len(words)), np.float32)
    for row, own in zip(rows, found, strict=True):
        row[[place_of[word] for word in own if word in place_of]] = 1.0
    return rows, words


def split_rows(
    target: DoubleArray, n_fit: int, *, n_validation: int, seed: int
) -> tuple[IndexArray, IndexArray]:
    """Draw fit and validation rows, the classes in equal shares in both.

    Args:
        target: float64 [N], class index.
        n_fit: fit rows.
        n_validation: validation rows, drawn from what is left.
        seed: of the draw.

    Returns:
        int64 positions of both.

    Example:
        >>> fit, validation = split_rows(np.repeat([0.0, 1.0], 10), 10, n_validation=6, seed=0)
        >>> len(fit), len(validation), len(set(fit) & set(validation))
        (10, 6, 0)
    """
    rng = np.random.default_rng([seed, len(target)])
    order = rng.permutation(len(target))
    rank = np.empty(len(target))
    for label in np.unique(target):
        own = order[target[order] == label]
        rank[own] = (np.arange(len(own)) + 0.5) / len(own)  # each class is spread evenly over the ranks
    sorted_rows = order[np.argsort(rank[order], kind="stable")].astype(np.int64)
    return sorted_rows[:n_fit], sorted_rows[n_fit : n_fit + n_validation]


def _read_numbers(table: Table, name: str) -> DoubleArray:
    column = find_column(table, name)
    return np.array([float(level) for level in column.levels])[column.codes]


def read_texts(table: Table, name: str) -> tuple[str, ...]:
    """All cells of a column as they stand.

    Args:
        table: as read.
        name: of the column.

    Raises:
        DataError: there is no such column.
    """
    column = find_column(table, name)
    levels: NDArray[np.object_] = np.array(column.levels, dtype=object)
    return tuple(levels[column.codes].tolist())
