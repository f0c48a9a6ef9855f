"""Which labels look wrong? Ranked for a look by people, from predictions of networks that had not fitted the row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.errors import DataError
from heldout.records import BoolArray, DoubleArray, IndexArray

MOST_LISTED = 20
CLOSE = (
    1e-6  # shares this far below a threshold still count as reaching it, as in the reference implementation
)


@dataclass(frozen=True)
class Suspects:
    """Rows whose label the predictions contradict, the most suspicious first.

    Args:
        rows: int64 [n], indices into what was given.
        margin: float64 [n], share of the given class minus that of the best other one; below 0.
        guess: int64 [n], the class predicted.
        given: int64 [n], the class written.
        n_rows: rows looked at.
        n_expected: how many so contradicted labels predictions with these shares have where every label is drawn
            from them: where this is as large, classes overlap and labels need not be wrong.
    """

    rows: IndexArray
    margin: DoubleArray
    guess: IndexArray
    given: IndexArray
    n_rows: int
    n_expected: float


def find_suspects(shares: DoubleArray, labels: IndexArray) -> Suspects:
    """Rank the rows whose predicted class is another one, with a share usual for rows of that class.

    Confident learning: a row counts where the share of another class reaches the mean share of that class among the
    rows labelled with it. About half of such flags are wrong on real data, and on classes that overlap nearly all;
    so it is a list to look through, never a rate of wrong labels, and nothing is dropped or relabelled.

    Args:
        shares: float64 [N, C], predicted probabilities of networks that had not fitted the row.
        labels: int64 [N], the class written.

    Raises:
        DataError: shapes that do not fit.

    Source:
        Northcutt, Jiang and Chuang 2021, J. Artif. Intell. Res. 70, 1373; agrees with cleanlab 2.9
        (`filter_by="confident_learning"`, bench/messy_audit.py).

    Example:
        >>> shares = np.array([[0.9, 0.1]] * 5 + [[0.1, 0.9]] * 5)
        >>> find_suspects(shares, np.array([0, 0, 0, 0, 1, 1, 1, 1, 1, 1])).rows
        array([4])
        >>> find_suspects(shares, np.zeros(3, np.int64))
        Traceback (most recent call last):
        heldout.errors.DataError: 3 labels for predictions of shape (10, 2)
    """
    if shares.ndim != 2 or len(labels) != len(shares):
        raise DataError(f"{len(labels)} labels for predictions of shape {shares.shape}")
    flags = flag_confident(shares, labels)
    margin = measure_margin(shares, labels)
    rows = np.flatnonzero(flags)
    rows = rows[np.argsort(margin[rows], kind="stable")]
    return Suspects(
        rows=rows,
        margin=margin[rows],
        guess=shares.argmax(axis=1)[rows].astype(np.int64),
        given=labels[rows].astype(np.int64),
        n_rows=len(labels),
        n_expected=float((1.0 - shares[np.arange(len(labels)), shares.argmax(axis=1)]).sum()),
    )


def rank_labels(shares: DoubleArray, labels: IndexArray) -> IndexArray:
    """All rows, those whose label is farthest behind another class first.

    Args:
        shares: float64 [N, C], predicted probabilities of networks that had not fitted the row.
        labels: int64 [N].

    Returns:
        int64 [N], row indices.

    Example:
        >>> rank_labels(np.array([[0.9, 0.1], [0.2, 0.8]]), np.array([0, 0]))
        array([1, 0])
    """
    return np.argsort(measure_margin(shares, labels), kind="stable")


def flag_confident(shares: DoubleArray, labels: IndexArray) -> BoolArray:
    """Mark rows that lie off the diagonal of the confident joint and whose predicted class is not the label.

    Args:
        shares: float64 [N, C].
        labels: int64 [N].

    Returns:
        bool [N].
    """
    n_rows, n_classes = shares.shape
    present = np.bincount(labels, minlength=n_classes)
    own = np.bincount(labels, weights=shares[np.arange(n_rows), labels], minlength=n_classes)
    # A class that no row is labelled with can be nobody's confident guess.
    usual = np.where(present > 0, own / np.maximum(present, 1), np.inf)
    reached = shares >= usual - CLOSE
    several = reached.sum(axis=1) > 1
    guess = np.where(several, shares.argmax(axis=1), reached.argmax(axis=1))
    return reached.any(axis=1) & (guess != labels) & (shares.argmax(axis=1) != labels)


def measure_margin(shares: DoubleArray, labels: IndexArray) -> DoubleArray:
    """How far the written class is behind the best other one; below 0 where another is likelier.

    Args:
        shares: float64 [N, C].
        labels: int64 [N].

    Example:
        >>> measure_margin(np.array([[0.25, 0.75]]), np.array([0]))
        array([-0.5])
    """
    rows = np.arange(len(labels))
    others = shares.astype(np.float64).copy()
    others[rows, labels] = -np.inf
    return shares[rows, labels] - others.max(axis=1)
