"""Texts as counts of words and small pictures as pixels, with exact class probabilities."""

from __future__ import annotations

import numpy as np

from heldout.records import DoubleArray
from heldout.suite.record import MadeTask, Sizes, draw_classes, flip_share, make_task

SIDE = 7
N_WIDE = SIDE * SIDE  # words of the vocabulary, pixels of a picture: one number, so that programs are shared


def draw_text(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw sparse word counts of two kinds of text; word rates differ a little between them.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask`; features are log(1 + count).
    """
    n_rows = sizes.n_fit + sizes.n_validation + sizes.n_fresh
    rates = np.exp(rng.normal(-1.5, 1.0, N_WIDE))  # most words are rare: two of three cells are zero
    ratio = rng.normal(0, rng.uniform(0.3, 0.8), N_WIDE) * (rng.random(N_WIDE) < 0.4)
    label = rng.random(n_rows) < 0.5
    by_class = np.stack([rates, rates * np.exp(ratio)])
    counts = rng.poisson(by_class[label.astype(int)])
    logits = counts @ ratio - float((by_class[1] - by_class[0]).sum())
    return _make(rng, "text", sizes, np.log1p(counts), logits)


def draw_picture(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw 7 x 7 pictures of a noisy bar, lying in any row or standing in any column.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask`; probabilities sum over all places of the bar.
    """
    n_rows = sizes.n_fit + sizes.n_validation + sizes.n_fresh
    lying = np.stack([np.repeat(np.arange(SIDE) == place, SIDE) for place in range(SIDE)])
    standing = np.stack([np.tile(np.arange(SIDE) == place, SIDE) for place in range(SIDE)])
    bars = np.concatenate([lying, standing]).astype(float) * rng.uniform(1.0, 2.0)
    features = bars[rng.integers(0, len(bars), n_rows)] + rng.standard_normal((n_rows, N_WIDE))
    score = features @ bars.T - 0.5 * np.square(bars).sum(axis=1)
    logits = np.logaddexp.reduce(score[:, SIDE:], axis=1) - np.logaddexp.reduce(score[:, :SIDE], axis=1)
    return _make(rng, "picture", sizes, features, logits)


def _make(
    rng: np.random.Generator, family: str, sizes: Sizes, features: DoubleArray, logits: DoubleArray
) -> MadeTask:
    noise = float(rng.choice([0.0, 0.1]))
    positive = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
    truth = flip_share(np.stack([1 - positive, positive], axis=1), noise)
    # The label is drawn from its probability given the features, so that the truth is exact by construction.
    target = draw_classes(rng, truth)
    return make_task(family, f"noise {noise:g}", sizes, features=features, truth=truth, target=target)
