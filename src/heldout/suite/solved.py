"""Ladders solved in closed form: polynomials on a noisy cubic, and random features far past interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.records import DoubleArray

DEGREES = (2, 3, 10)
FEATURES = (2, 4, 8, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 256, 512)
POINTS = (20, 40, 80)


@dataclass(frozen=True)
class SolvedLadder:
    """A ladder of models whose losses and true losses are known without any training.

    Args:
        family: "polynomials" or "double descent".
        variant: parameters, for reading.
        n_fit: fitted points.
        sizes: parameters of each rung.
        losses: float64 [C, S, M], squared error of validation rows.
        truth: float64 [C, S], true squared error of each rung and seed.
        constant: float64 [M], squared error of the mean of the fitted points.
    """

    family: str
    variant: str
    n_fit: int
    sizes: tuple[int, ...]
    losses: DoubleArray
    truth: DoubleArray
    constant: DoubleArray


def draw_polynomials(rng: np.random.Generator, n_validation: int) -> SolvedLadder:
    """Fit polynomials of degree 2, 3 and 10 to a noisy cubic (least squares; one fit, so one seed).

    Args:
        rng: source of chance.
        n_validation: validation rows.

    Returns:
        `SolvedLadder` with three rungs.
    """
    n_fit = int(rng.choice([15, 25, 50]))
    roots, scale = np.sort(rng.uniform(-0.9, 0.9, 3)), rng.uniform(3, 8)
    noise = rng.uniform(0.15, 0.5)

    def curve(x: DoubleArray) -> DoubleArray:
        return scale * np.prod(x[:, None] - roots, axis=1)

    x, valid, grid = rng.uniform(-1, 1, n_fit), rng.uniform(-1, 1, n_validation), np.linspace(-1, 1, 2001)
    y, held = (curve(part) + noise * rng.standard_normal(len(part)) for part in (x, valid))
    fits = [np.polynomial.Chebyshev.fit(x, y, degree, domain=[-1, 1]) for degree in DEGREES]
    losses = np.stack([np.square(held - fit(valid)) for fit in fits])[:, None]
    truth = np.array([[np.square(curve(grid) - fit(grid)).mean() + noise**2] for fit in fits])
    sizes = tuple(degree + 1 for degree in DEGREES)
    constant = np.square(held - y.mean())
    return SolvedLadder("polynomials", f"noise {noise:.2f}", n_fit, sizes, losses, truth, constant)


def draw_double_descent(rng: np.random.Generator, n_validation: int, *, n_seeds: int = 5) -> SolvedLadder:
    """Fit random ReLU features by minimum norm, from two features to far past the number of points.

    Args:
        rng: source of chance.
        n_validation: validation rows.
        n_seeds: draws of the features.

    Returns:
        `SolvedLadder`; the loss explodes near as many features as points and falls again.

    Source:
        Belkin et al. 2019, "Reconciling modern machine-learning practice and the classical bias-variance trade-off".
    """
    n_fit, n_inputs, noise = int(rng.choice(POINTS)), 10, float(rng.choice([0.1, 0.3, 0.6]))
    n_fresh = 3000
    x = rng.standard_normal((n_fit + n_validation + n_fresh, n_inputs))
    line = x @ rng.standard_normal(n_inputs) / np.sqrt(n_inputs)
    bend = np.abs(x @ rng.standard_normal(n_inputs)) / np.sqrt(n_inputs)
    mean = line + float(rng.choice([0.0, 0.7])) * bend
    y = mean + noise * rng.standard_normal(len(mean))
    losses = np.empty((len(FEATURES), n_seeds, n_validation))
    truth = np.empty((len(FEATURES), n_seeds))
    for seed in range(n_seeds):
        weights = rng.standard_normal((n_inputs, FEATURES[-1]))
        hidden = np.maximum(x @ weights, 0) / np.sqrt(n_inputs)
        for i, size in enumerate(FEATURES):
            found, *_ = np.linalg.lstsq(hidden[:n_fit, :size], y[:n_fit], rcond=None)
            guess = hidden[n_fit:, :size] @ found
            losses[i, seed] = np.square(y[n_fit : n_fit + n_validation] - guess[:n_validation])
            truth[i, seed] = np.square(mean[n_fit + n_validation :] - guess[n_validation:]).mean() + noise**2
    constant = np.square(y[n_fit : n_fit + n_validation] - y[:n_fit].mean())
    return SolvedLadder("double descent", f"noise {noise:g}", n_fit, FEATURES, losses, truth, constant)
