"""The work of the engine benchmark: made data and sizes, the same for heldout and its peers (numpy only)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEARNING_RATE = 1e-3
WARM_SHARE = (
    20.0  # the first twentieth of the steps warms up, then the rate stays: every engine does the same
)


@dataclass(frozen=True)
class Work:
    """One kind of training.

    Args:
        name: for the table.
        family: family of networks.
        inputs: shape of one example.
        n_outputs: outputs.
        n_trials: trainings of the whole work.
        n_fit: fit rows.
        n_validation: validation rows, read after every epoch.
        n_epochs: epochs.
        batch_size: rows of a step.
        widths: hidden layers.
        channels: convolutions or stages.
        kernel: filter size.
        embedding: size of word vectors.
        vocabulary: number of words.
    """

    name: str
    family: str
    inputs: tuple[int, ...]
    n_outputs: int
    n_trials: int
    n_fit: int
    n_validation: int
    n_epochs: int
    batch_size: int = 128
    widths: tuple[int, ...] = ()
    channels: tuple[int, ...] = ()
    kernel: int = 0
    embedding: int = 0
    vocabulary: int = 0


WORKS = {
    work.name: work
    for work in (
        Work("mlp", "mlp", (30,), 1, 128, 5000, 1000, 20, widths=(128, 128)),
        Work("text", "text", (200,), 1, 32, 10_000, 1000, 20, embedding=64, widths=(64,), vocabulary=10_000),
        Work(
            "text cnn",
            "sequence",
            (200,),
            1,
            8,
            5000,
            500,
            4,
            channels=(128,),
            kernel=5,
            embedding=64,
            vocabulary=10_000,
        ),
        Work("cnn", "cnn", (28, 28, 1), 10, 4, 5000, 500, 4, widths=(128,), channels=(16, 32), kernel=3),
        Work("residual", "residual", (32, 32, 3), 10, 2, 2560, 256, 2, channels=(32, 64, 128), kernel=3),
    )
}


def draw_data(work: Work) -> tuple[np.ndarray, np.ndarray]:
    """Features [N, ...] and targets [N] that a network of this kind can learn in part."""
    rng = np.random.default_rng(0)
    n = work.n_fit + work.n_validation
    if work.vocabulary:
        tokens = (work.vocabulary * rng.random((n, *work.inputs)) ** 2).astype(np.int32)
        tokens = np.clip(tokens, 1, work.vocabulary - 1)
        value = rng.normal(size=work.vocabulary)
        score = value[tokens].mean(axis=1) * np.sqrt(work.inputs[0])
        return tokens, (score + 0.5 * rng.normal(size=n) > 0).astype(np.float32)
    x = rng.normal(size=(n, *work.inputs)).astype(np.float32)
    if work.n_outputs == 1:
        score = np.sin(x[:, 0]) + x[:, 1] * x[:, 2] + 0.5 * x[:, 3] + 0.5 * rng.normal(size=n)
        return x, (score > 0).astype(np.float32)
    y = rng.integers(0, work.n_outputs, n)
    patterns = rng.normal(size=(work.n_outputs, *work.inputs)).astype(np.float32)
    return x + 0.12 * patterns[y], y.astype(np.float32)


def draw_trials(work: Work) -> list[tuple[float, float, int]]:
    """(dropout rate, L2 strength, seed) of every trial; dropout before the hidden and output dense layers only."""
    rates, strengths = (0.0, 0.1, 0.3, 0.5), (0.0, 1e-5, 1e-4)
    dropped = work.family == "mlp"
    return [
        (rates[i % 4] if dropped else 0.0, strengths[i % 3] if dropped else 0.0, i)
        for i in range(work.n_trials)
    ]
