"""What the report shows of each column: how much it matters alone, and its numbers before and after the recipe."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.recipe import Role
from heldout.recipe.steps.tokens import PADDING
from heldout.records import DoubleArray, FloatArray, IndexArray, Kind, TypedColumn
from heldout.report.content import ColumnNote
from heldout.stages.preparing import Prepared
from heldout.tensors import TensorSource

MOST_ROWS = 5_000  # of the development rows, evenly spread: a sketch of 12 bins needs no more
MOST_SKETCHED = 60  # columns; the report draws at most so many
N_BINS = 12
CHUNK = 256  # columns of the encoded rows at a time: 5,000 x 256 numbers are 10 MB
MOST_TOKENS = 256  # words of a text, the most frequent ones: as many as the weights of words have


def sketch_columns(notes: tuple[ColumnNote, ...], prepared: Prepared) -> tuple[ColumnNote, ...]:
    """Give the notes with their importance, and small histograms of the columns that matter most.

    Only development rows are counted. Importance is a property of the column alone: what it is worth beside the
    others, only a trained network can say.

    Args:
        notes: one per column.
        prepared: columns, recipe and encoded development rows.

    Returns:
        The same notes; those of columns without numbers of their own in the encoded row are unchanged.
    """
    development = prepared.split.development
    picked = pick_rows(len(development))
    encoded = _take_encoded(prepared, picked)
    places: dict[str, list[int]] = {}
    tokens: dict[str, list[int]] = {}
    for slot in prepared.recipe.layout if encoded is not None else ():
        kept = tokens if slot.role is Role.TOKEN else places
        kept.setdefault(slot.column, []).append(slot.position)
    shares: dict[str, float] = {}
    if encoded is not None:
        source, truth = prepared.source, _take_truth(prepared.source, picked)
        numbers = {name: encoded[:, slots] for name, slots in places.items()}
        words = {name: mark_words(encoded[:, slots]) for name, slots in tokens.items()}
        for name, values in (*numbers.items(), *words.items()):
            explained = explain_alone(values, truth, classes=source.n_classes)
            shares[name] = max(shares.get(name, 0.0), float(explained.max(initial=0.0)))
    weighed = tuple(replace(note, importance=shares.get(note.name, 0.0)) for note in notes)
    first = {
        note.name
        for note in sorted(weighed, key=lambda note: -note.importance)[:MOST_SKETCHED]
        if note.n_slots
    }
    columns = {column.spec.name: column for column in prepared.columns}
    return tuple(
        replace(
            note,
            before=count_values(columns[note.name], development[picked]),
            after=() if encoded is None else count_encoded(encoded[:, places[note.name]]),
        )
        if note.name in first and note.name in columns and (encoded is None or note.name in places)
        else note
        for note in weighed
    )


def pick_rows(n_rows: int) -> IndexArray:
    """Give at most 5,000 positions, evenly spread over all rows.

    Example:
        >>> pick_rows(3).tolist(), len(pick_rows(12_345))
        ([0, 1, 2], 5000)
    """
    if n_rows <= MOST_ROWS:
        return np.arange(n_rows)
    return np.linspace(0, n_rows - 1, MOST_ROWS).astype(np.int64)


def mark_words(tokens: FloatArray) -> FloatArray:
    """Say which rows hold each of the words and pairs that most rows hold: the numbers of words are only names.

    Args:
        tokens: float32 [N, T], numbers of words, 0 for nothing.

    Returns:
        float32 [N, words], ones and zeros; at most 256 words.

    Example:
        >>> mark_words(np.array([[7, 9], [9, 0], [9, 9]], np.float32)).tolist()
        [[1.0, 1.0], [1.0, 0.0], [1.0, 0.0]]
    """
    ordered = np.sort(tokens.astype(np.int64), axis=1)
    is_first = np.diff(ordered, axis=1, prepend=PADDING) > 0
    counts = np.bincount(ordered[is_first], minlength=1)
    chosen = np.argsort(-counts, kind="stable")[:MOST_TOKENS]
    chosen = chosen[counts[chosen] > 0]
    made = np.zeros((len(tokens), len(chosen)), np.float32)
    for place, number in enumerate(chosen):
        made[:, place] = (tokens == number).any(axis=1)
    return made


def _take_truth(source: TensorSource, rows: IndexArray) -> DoubleArray:
    target = source.target[rows]
    return target if source.sets is None else source.sets[target.astype(np.int64)].astype(np.float64)


def explain_alone(encoded: FloatArray, target: DoubleArray, *, classes: int) -> DoubleArray:
    """Give for each input the share of the target's spread that it alone explains (squared correlation).

    Args:
        encoded: float32 [N, D].
        target: float64 [N], class index or number; [N, labels] ones and zeros.
        classes: number of classes; 0 for a number.

    Returns:
        float64 [D], 0 to 1: the largest over the classes; 0 for inputs that never change.

    Example:
        >>> x = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]], dtype=np.float32)
        >>> explain_alone(x, np.array([5.0, 7.0, 9.0]), classes=0).round(6).tolist()
        [1.0, 0.0]
    """
    truth = target if target.ndim == 2 else target[:, None]
    truth = (truth == np.arange(classes)).astype(np.float64) if classes and target.ndim == 1 else truth
    truth = truth - truth.mean(axis=0)
    length = np.sqrt((truth**2).sum(axis=0))
    truth = truth / np.where(length > 0, length, 1.0)
    found = np.zeros(encoded.shape[1])
    for start in range(0, encoded.shape[1], CHUNK):
        part = encoded[:, start : start + CHUNK].astype(np.float64)
        part -= part.mean(axis=0)
        size = np.sqrt((part**2).sum(axis=0))
        share = ((part.T @ truth) / np.where(size > 1e-12, size, np.inf)[:, None]) ** 2
        found[start : start + CHUNK] = share.max(axis=1)
    return np.clip(found, 0.0, 1.0)


def count_values(column: TypedColumn, rows: IndexArray) -> tuple[int, ...]:
    """Count a column's values as read: numbers in 12 bins of equal width, categories from the most frequent on.

    Args:
        column: the column.
        rows: positions of the rows to count.

    Returns:
        at most 12 counts; empty where there is nothing to count (texts, columns without a value).
    """
    if len(column.values):
        values = column.values[rows]
        return count_bins(values[np.isfinite(values)])
    if column.spec.kind in (Kind.TEXT, Kind.IDENTIFIER) or not len(column.codes):
        return ()
    codes = column.codes[rows]
    counts = np.sort(np.bincount(codes[codes >= 0], minlength=1))[::-1]
    return _as_counts(counts[counts > 0][:N_BINS])


def count_encoded(slots: FloatArray) -> tuple[int, ...]:
    """Count what the network sees of a column: one number in bins, several yes/no inputs by how often each is on.

    Args:
        slots: float32 [N, inputs of the column].
    """
    if slots.shape[1] == 0:
        return ()
    first = slots[:, 0]
    if np.isin(slots, (0.0, 1.0)).all():
        on = slots.sum(axis=0).astype(np.int64)
        return _as_counts(on[:N_BINS])
    return count_bins(first.astype(np.float64))


def count_bins(values: DoubleArray) -> tuple[int, ...]:
    """Count numbers in 12 bins of equal width from the smallest to the largest.

    Example:
        >>> count_bins(np.array([0.0, 0.0, 12.0]))
        (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
        >>> count_bins(np.zeros(0))
        ()
    """
    if not len(values):
        return ()
    low, high = float(values.min()), float(values.max())
    if not high - low > 0 or not np.isfinite(high - low):
        return (len(values),)
    return _as_counts(np.histogram(values, bins=N_BINS, range=(low, high))[0])


def _as_counts(counts: np.ndarray) -> tuple[int, ...]:
    return tuple(int(count) for count in counts)


def _take_encoded(prepared: Prepared, picked: IndexArray) -> FloatArray | None:
    """The first fold's encoded rows; None where inputs are tokens or bytes and belong to no column one by one."""
    features, layout = prepared.source.features, prepared.source.layout
    n_slots = len(prepared.recipe.layout)
    if features.ndim != 3 or n_slots == 0 or features.shape[2] < n_slots:
        return None
    if layout is not None and layout.kind == "tokens":
        return None
    return np.asarray(features[0, picked, :n_slots], dtype=np.float32)
