"""Two classes where one is rare, and rows that come in families."""

from __future__ import annotations

import numpy as np

from heldout.suite.binary import N_FEATURES, draw_clean, score_line, score_teacher
from heldout.suite.record import MadeTask, Sizes, draw_classes, make_task

RARE_SHARE = 0.05
ROWS_A_FAMILY = 4
FAMILY_SHARE = 0.5  # of each feature's variance that its family shares


def draw_imbalanced(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw a task whose positive class is 5 % of the rows.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask`.
    """
    kind = "teacher" if rng.random() < 0.6 else "linear"
    features, probability = draw_clean(rng, sizes, kind)
    logits = np.log(probability[:, 1] / probability[:, 0])
    low, high = -20.0, 20.0
    for _ in range(60):  # bisection: the intercept that makes the class as rare as wanted
        middle = (low + high) / 2
        share = float((1 / (1 + np.exp(-(logits + middle)))).mean())
        low, high = (middle, high) if share < RARE_SHARE else (low, middle)
    positive = 1 / (1 + np.exp(-(logits + low)))
    truth = np.stack([1 - positive, positive], axis=1)
    target = draw_classes(rng, truth)
    target[:2] = 1.0  # a fit part without any positive row is refused by a study before it is trained
    return make_task("imbalanced", kind, sizes, features=features, truth=truth, target=target)


def draw_grouped(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw a task whose rows come in families of four that share half of every feature and part of the outcome.

    Fit, validation and fresh rows share no family; the unit of a validation row is its family. Each fresh row is a
    family of its own, which is the same population.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask` with the probabilities given features and family.
    """
    counts = (sizes.n_fit, sizes.n_validation)
    family = np.concatenate(
        [np.arange(count) // ROWS_A_FAMILY + 10_000 * i for i, count in enumerate(counts)]
    )
    _, family = np.unique(np.concatenate([family, 20_000 + np.arange(sizes.n_fresh)]), return_inverse=True)
    n_families = int(family.max()) + 1
    shared = rng.standard_normal((n_families, N_FEATURES))[family]
    own = rng.standard_normal((len(family), N_FEATURES))
    features = np.sqrt(FAMILY_SHARE) * shared + np.sqrt(1 - FAMILY_SHARE) * own
    strength = float(rng.choice([0.5, 1.0, 1.5]))
    logits = (score_teacher(rng, features, 1) if rng.random() < 0.6 else score_line(rng, features))[:, 0]
    logits = logits + rng.normal(0, strength, n_families)[family]
    positive = 1 / (1 + np.exp(-logits))
    truth = np.stack([1 - positive, positive], axis=1)
    start = family[sizes.n_fit : sizes.n_fit + sizes.n_validation]
    return make_task(
        "grouped",
        f"family sd {strength:g}",
        sizes,
        features=features,
        truth=truth,
        target=draw_classes(rng, truth),
        unit=(start - start.min()).astype(np.int64),
    )
