"""Numbers: teacher networks with normal noise, with heavy tails, and over time."""

from __future__ import annotations

import numpy as np

from heldout.records import DoubleArray, IndexArray, Task
from heldout.suite.binary import N_FEATURES, score_line, score_teacher
from heldout.suite.record import MadeTask, Sizes

TAIL_FREEDOM = 4.0  # Student's t: the variance exists, the fourth moment does not
BLOCK_ROWS = 20  # rows of one block of time, the unit of every interval
MEMORY = 0.6  # correlation of neighbouring errors


def draw_regression(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw numbers with normal noise around a teacher network or a line.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask` with the true mean and variance of each row.
    """
    features, mean, variance = _draw_surface(rng, sizes)
    noise = rng.standard_normal(len(mean)) * np.sqrt(variance)
    return _make("regression", "normal noise", sizes, features, (mean, noise, variance))


def draw_heavy_tails(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw numbers whose noise has heavy tails (Student's t): few rows carry most of the squared error.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask` with the true mean and variance of each row.
    """
    features, mean, variance = _draw_surface(rng, sizes)
    unit = np.sqrt((TAIL_FREEDOM - 2) / TAIL_FREEDOM)
    noise = rng.standard_t(TAIL_FREEDOM, len(mean)) * unit * np.sqrt(variance)
    return _make("heavy tails", f"t noise, {TAIL_FREEDOM:g} df", sizes, features, (mean, noise, variance))


def draw_timed(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw numbers in order of time: features and errors remember their neighbours.

    Fit rows come before validation rows; units are blocks of 20 rows. Fresh rows are drawn from the same
    stationary distribution.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask`.
    """
    n_rows = sizes.n_fit + sizes.n_validation
    features = np.stack([_remember(rng, n_rows) for _ in range(N_FEATURES)], axis=1)
    features = np.vstack([features, rng.standard_normal((sizes.n_fresh, N_FEATURES))])
    _, mean, variance = _draw_surface(rng, sizes, features=features)
    noise = np.concatenate([_remember(rng, n_rows), rng.standard_normal(sizes.n_fresh)]) * np.sqrt(variance)
    unit = np.arange(sizes.n_validation, dtype=np.int64) // BLOCK_ROWS
    return _make("time", f"memory {MEMORY:g}", sizes, features, (mean, noise, variance), unit=unit)


def _remember(rng: np.random.Generator, n_rows: int) -> DoubleArray:
    """An autoregressive series of variance 1."""
    steps = rng.standard_normal(n_rows) * np.sqrt(1 - MEMORY**2)
    steps[0] /= np.sqrt(1 - MEMORY**2)
    for row in range(1, n_rows):
        steps[row] += MEMORY * steps[row - 1]
    return steps


def _draw_surface(
    rng: np.random.Generator, sizes: Sizes, *, features: DoubleArray | None = None
) -> tuple[DoubleArray, DoubleArray, DoubleArray]:
    n_rows = sizes.n_fit + sizes.n_validation + sizes.n_fresh
    given = rng.standard_normal((n_rows, N_FEATURES)) if features is None else features
    raw = (score_teacher(rng, given, 1) if rng.random() < 0.6 else score_line(rng, given))[:, 0]
    explained = rng.uniform(0.3, 0.95)
    mean = (raw - raw.mean()) / raw.std() * np.sqrt(explained)
    return given, mean, np.full(n_rows, 1 - explained)


def _make(
    family: str,
    variant: str,
    sizes: Sizes,
    features: DoubleArray,
    parts: tuple[DoubleArray, DoubleArray, DoubleArray],
    *,
    unit: IndexArray | None = None,
) -> MadeTask:
    mean, noise, variance = parts
    truth = np.stack([mean, variance], axis=1)[sizes.n_fit :]
    units = np.arange(sizes.n_validation, dtype=np.int64) if unit is None else unit
    return MadeTask(
        family, variant, Task.REGRESSION, sizes, features.astype(np.float32), mean + noise, truth, units
    )
