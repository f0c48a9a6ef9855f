"""Hand-made configurations and simulated curves with known truth for the tests of the evidence."""

from __future__ import annotations

import numpy as np

from heldout.records import (
    Configuration,
    ConfigurationRun,
    Hyper,
    JudgeSettings,
    Outcome,
    RemedyUse,
    Rung,
    Task,
)


def make_run(
    losses,
    name="",
    *,
    size=100,
    index=0,
    remedies=(),
    hits=None,
    train=None,
    diverged=False,
    checkpoints=None,
):
    losses = np.asarray(losses, dtype=np.float32)
    n_epochs, n_seeds, _ = losses.shape
    uses = tuple(RemedyUse(*item) for item in remedies)
    label = name or " + ".join([f"rung {index}", *(f"{use.name} {use.strength:g}" for use in uses)])
    rung = Rung(index, (size,), size, 0.01)
    points = np.arange(1, n_epochs + 1) if checkpoints is None else np.asarray(checkpoints)
    curve = losses.mean(axis=2).T
    outcomes = [Outcome.FINISHED] * n_seeds
    if diverged:
        outcomes[0] = Outcome.DIVERGED
    return ConfigurationRun(
        Configuration(label, rung, uses, Hyper(0.01, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0))),
        points.astype(np.int32),
        losses,
        np.zeros((0, 0, 0), dtype=bool) if hits is None else np.asarray(hits, dtype=bool),
        curve.astype(np.float32) if train is None else np.asarray(train, dtype=np.float32),
        curve.astype(np.float32),
        tuple(outcomes),
        np.zeros((n_seeds, 2), dtype=np.float32),
        np.ones((n_seeds, 2), dtype=np.float32),
        500,
    )


def make_settings(
    n_rows, *, unit=None, delta=0.02, alpha=0.05, constant=0.693, task=Task.BINARY, fold_seed=0
):
    codes = np.arange(n_rows) if unit is None else np.asarray(unit)
    return JudgeSettings(
        task,
        np.full(n_rows, constant),
        codes.astype(np.int64),
        delta,
        alpha,
        fold_seed,
        has_groups=len(np.unique(codes)) < n_rows,
    )


def draw_losses(rng, curve, *, n_seeds=5, n_rows=100, row_sd=0.3, seed_sd=0.02, noise_sd=0.1, rows=None):
    """Losses [E, S, M] whose expectation over rows and seeds is the curve; rows may be shared by configurations."""
    curve = np.asarray(curve, dtype=np.float64)
    n_epochs = len(curve)
    base = rng.gamma(2.0, row_sd / 2.0, n_rows) - row_sd if rows is None else rows
    drift = rng.normal(0, 0.3 * row_sd, n_rows) * np.linspace(0, 1, n_epochs)[:, None]
    seeds = rng.normal(0, seed_sd, (n_seeds, 1)) + rng.normal(0, 0.5 * seed_sd, (n_epochs, n_seeds, 1))
    noise = rng.normal(0, noise_sd, (n_seeds, n_rows)) * np.linspace(0.3, 1, n_epochs)[:, None, None]
    return (curve[:, None, None] + base + drift[:, None, :] + seeds + noise).astype(np.float32)
