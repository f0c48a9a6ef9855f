from __future__ import annotations

import numpy as np
import pytest

from heldout.errors import DataError
from heldout.evidence.suspects import find_suspects, flag_confident, measure_margin, rank_labels


def make_shares(
    n_rows: int, n_classes: int, seed: int, *, flips: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Well calibrated predictions of separable classes, labels with flips, and which were flipped."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_classes, n_rows)
    logits = rng.normal(size=(n_rows, n_classes)) + 4 * np.eye(n_classes)[truth]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = truth.copy()
    rows = rng.choice(n_rows, round(flips * n_rows), replace=False)
    labels[rows] = (labels[rows] + rng.integers(1, n_classes, len(rows))) % n_classes
    return shares, labels, np.isin(np.arange(n_rows), rows)


@pytest.mark.parametrize("seed", range(6))
def test_flipped_labels_come_first(seed: int) -> None:
    shares, labels, flipped = make_shares(1_000, 4, seed, flips=0.05)
    assert flipped[rank_labels(shares, labels)[:50]].mean() >= 0.85
    found = find_suspects(shares, labels)
    assert (np.diff(found.margin) >= 0).all()
    assert (found.margin < 0).all()
    assert (found.given == labels[found.rows]).all()
    assert (found.guess != found.given).all()


def flag_by_hand(shares: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The rule of the paper, row by row."""
    n_classes = shares.shape[1]
    usual = [shares[labels == k, k].mean() if (labels == k).any() else np.inf for k in range(n_classes)]
    flags = []
    for row, label in zip(shares, labels, strict=True):
        reached = [k for k in range(n_classes) if row[k] >= usual[k] - 1e-6]
        guess = max(reached, key=lambda k: row[k]) if reached else label
        flags.append(bool(reached) and guess != label and int(row.argmax()) != label)
    return np.array(flags)


@pytest.mark.parametrize("seed", range(5))
def test_the_flags_are_those_of_the_rule_row_by_row(seed: int) -> None:
    shares, labels, _ = make_shares(300, 5, seed, flips=0.1)
    labels[labels == 4] = 3  # a class that no row is labelled with
    assert (flag_confident(shares, labels) == flag_by_hand(shares, labels)).all()


def test_classes_that_overlap_are_expected_to_be_contradicted() -> None:
    rng = np.random.default_rng(0)
    share = rng.uniform(0.2, 0.8, 2_000)
    shares = np.stack([share, 1 - share], axis=1)
    labels = (rng.random(2_000) > share).astype(np.int64)
    found = find_suspects(shares, labels)
    assert found.n_expected > len(found.rows) / 2


def test_sure_and_right_predictions_suspect_nothing() -> None:
    shares = np.array([[0.99, 0.01]] * 6 + [[0.01, 0.99]] * 6)
    assert find_suspects(shares, np.repeat([0, 1], 6)).rows.size == 0


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match=r"3 labels for predictions of shape \(2, 2\)"):
        find_suspects(np.ones((2, 2)), np.zeros(3, np.int64))


def test_the_margin_by_hand() -> None:
    shares = np.array([[0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    assert measure_margin(shares, np.array([0, 0])).round(6).tolist() == [-0.3, 0.3]
