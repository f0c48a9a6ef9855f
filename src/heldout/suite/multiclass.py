"""Three classes from teacher networks and Gaussian mixtures."""

from __future__ import annotations

import numpy as np

from heldout.suite.binary import N_FEATURES, NOISE_SHARES, draw_mixture, score_teacher
from heldout.suite.record import MadeTask, Sizes, draw_classes, flip_share, make_task

N_CLASSES = 3


def draw_multiclass(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw a task of three classes, with some wrong labels.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask` with exact probabilities.
    """
    n_rows = sizes.n_fit + sizes.n_validation + sizes.n_fresh
    noise = float(rng.choice(NOISE_SHARES))
    kind = "mixture" if rng.random() < 0.5 else "teacher"
    if kind == "mixture":
        features, probability = draw_mixture(rng, n_rows, N_CLASSES)
    else:
        features = rng.standard_normal((n_rows, N_FEATURES))
        outputs = np.exp(score_teacher(rng, features, N_CLASSES))
        probability = outputs / outputs.sum(axis=1, keepdims=True)
    probability = flip_share(probability, noise)
    return make_task(
        "multi-class",
        f"{kind}, noise {noise:g}",
        sizes,
        features=features,
        truth=probability,
        target=draw_classes(rng, probability),
    )
