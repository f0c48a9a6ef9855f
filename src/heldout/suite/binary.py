"""Two classes from teacher networks, lines and Gaussian mixtures, and labels that mean nothing."""

from __future__ import annotations

import numpy as np

from heldout.records import DoubleArray
from heldout.suite.record import MadeTask, Sizes, draw_classes, flip_share, make_task

N_FEATURES = 8
NOISE_SHARES = (
    0.0,
    0.1,
    0.2,
)  # wrong labels; double descent and late overfitting show best between 10 and 20 %


def draw_binary(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw a two-class task: a teacher network, a line or a Gaussian mixture, with some wrong labels.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask` with exact probabilities.
    """
    kinds = ("teacher", "linear", "mixture")
    kind = kinds[int(rng.choice(3, p=[0.45, 0.25, 0.3]))]
    noise = float(rng.choice(NOISE_SHARES))
    features, probability = draw_clean(rng, sizes, kind)
    probability = flip_share(probability, noise)
    return make_task(
        "binary",
        f"{kind}, noise {noise:g}",
        sizes,
        features=features,
        truth=probability,
        target=draw_classes(rng, probability),
    )


def draw_random_labels(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw a task whose labels are coins: nothing can be learned, everything can be memorised.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask` with constant probabilities.
    """
    n_rows = sizes.n_fit + sizes.n_validation + sizes.n_fresh
    share = float(rng.choice([0.5, 0.35]))
    probability = np.tile([1 - share, share], (n_rows, 1))
    return make_task(
        "random labels",
        f"share {share:g}",
        sizes,
        features=rng.standard_normal((n_rows, N_FEATURES)),
        truth=probability,
        target=draw_classes(rng, probability),
    )


def draw_clean(rng: np.random.Generator, sizes: Sizes, kind: str) -> tuple[DoubleArray, DoubleArray]:
    """Give features and true probabilities of two classes without label noise.

    Args:
        rng: source of chance.
        sizes: rows of each part.
        kind: "teacher", "linear" or "mixture".

    Returns:
        ([N, 8], [N, 2]).
    """
    n_rows = sizes.n_fit + sizes.n_validation + sizes.n_fresh
    if kind == "mixture":
        return draw_mixture(rng, n_rows, 2)
    features = rng.standard_normal((n_rows, N_FEATURES))
    logits = score_teacher(rng, features, 1) if kind == "teacher" else score_line(rng, features)
    positive = 1 / (1 + np.exp(-logits[:, 0]))
    return features, np.stack([1 - positive, positive], axis=1)


def score_teacher(rng: np.random.Generator, features: DoubleArray, n_outputs: int) -> DoubleArray:
    """Give outputs [N, n_outputs] of a random network with one hidden layer, of a drawn strength.

    Args:
        rng: source of chance.
        features: [N, D].
        n_outputs: outputs.

    Returns:
        float64 [N, n_outputs], mean about 0, standard deviation 1 to 4.
    """
    n_used = int(rng.integers(2, features.shape[1] + 1))
    n_hidden = int(rng.choice([4, 8, 16]))
    inner = rng.standard_normal((n_used, n_hidden)) * 1.5 / np.sqrt(n_used)
    hidden = np.tanh(features[:, :n_used] @ inner + rng.standard_normal(n_hidden))
    raw = hidden @ rng.standard_normal((n_hidden, n_outputs))
    return (raw - raw.mean(axis=0)) / raw.std(axis=0) * rng.uniform(1, 4)


def score_line(rng: np.random.Generator, features: DoubleArray) -> DoubleArray:
    """Give a weighted sum [N, 1] of some features, of a drawn strength.

    Args:
        rng: source of chance.
        features: [N, D].

    Returns:
        float64 [N, 1], standard deviation 0.7 to 3.
    """
    n_used = int(rng.integers(1, features.shape[1] + 1))
    raw = features[:, :n_used] @ rng.standard_normal((n_used, 1))
    return raw / raw.std() * rng.uniform(0.7, 3) + rng.normal(0, 0.5)


def draw_mixture(rng: np.random.Generator, n_rows: int, n_classes: int) -> tuple[DoubleArray, DoubleArray]:
    """Draw points of Gaussian blobs, three to a class, with the exact class probabilities of each point.

    Args:
        rng: source of chance.
        n_rows: rows.
        n_classes: classes.

    Returns:
        features [N, 8] and probabilities [N, n_classes].
    """
    n_used, each = int(rng.integers(2, N_FEATURES + 1)), 3
    centers = rng.standard_normal((n_classes * each, n_used)) * rng.uniform(0.8, 1.6)
    chosen = rng.integers(0, len(centers), n_rows)
    features = rng.standard_normal((n_rows, N_FEATURES))
    features[:, :n_used] += centers[chosen]
    distance = np.square(features[:, None, :n_used] - centers).sum(axis=2)
    weight = np.exp(-0.5 * (distance - distance.min(axis=1, keepdims=True)))
    by_class = weight.reshape(n_rows, n_classes, each).sum(axis=2)
    return features, by_class / by_class.sum(axis=1, keepdims=True)
