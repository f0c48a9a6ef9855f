"""The MLP trainings by Keras `fit`, scikit-learn's MLP, and torch with all networks stacked in one batched product.

python other_loops.py keras|sklearn|stacked FIRST LAST
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from engine_data import LEARNING_RATE, WARM_SHARE, WORKS, draw_data, draw_trials

WORK = WORKS["mlp"]


def train_keras(trials, x, y):
    import keras

    def build(rate, strength):
        l2 = keras.regularizers.L2(strength)
        layers = [keras.layers.Input(WORK.inputs)]
        for width in WORK.widths:
            layers.append(
                keras.layers.Dense(width, "relu", kernel_initializer="he_normal", kernel_regularizer=l2)
            )
            layers.append(keras.layers.Dropout(rate))
        return keras.Sequential([*layers, keras.layers.Dense(1, kernel_regularizer=l2)])

    losses = []
    n = WORK.n_fit
    for rate, strength, seed in trials:
        keras.utils.set_random_seed(seed)
        net = build(rate, strength)
        loss = keras.losses.BinaryCrossentropy(from_logits=True)
        net.compile(keras.optimizers.Adam(LEARNING_RATE), loss)
        net.fit(
            x[:n],
            y[:n],
            WORK.batch_size,
            WORK.n_epochs,
            verbose=0,
            validation_data=(x[n:], y[n:]),
            validation_batch_size=1000,
        )
        outputs = np.asarray(net.predict(x[:n], 1000, verbose=0))[:, 0]
        losses.append(float(np.mean(np.logaddexp(0, outputs) - y[:n] * outputs)))
    return losses


def train_sklearn(trials, x, y):
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    warnings.simplefilter("ignore", ConvergenceWarning)
    losses = []
    for (
        _,
        strength,
        seed,
    ) in trials:  # it has no dropout and reads no validation loss: less work than the others
        net = MLPClassifier(
            WORK.widths,
            alpha=2 * strength * WORK.n_fit,
            batch_size=WORK.batch_size,
            learning_rate_init=LEARNING_RATE,
            max_iter=WORK.n_epochs,
            tol=0.0,
            n_iter_no_change=WORK.n_epochs + 1,
            random_state=seed,
        )
        net.fit(x[: WORK.n_fit], y[: WORK.n_fit])
        losses.append(log_loss(y[: WORK.n_fit], net.predict_proba(x[: WORK.n_fit])))
    return losses


def train_stacked(trials, x, y):
    """All trials at once, one thread: batched products by hand, as an expert would write it."""
    import torch

    torch.set_num_threads(1)
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    k = len(trials)
    rates = torch.tensor([trial[0] for trial in trials])[:, None, None]
    strengths = torch.tensor([trial[1] for trial in trials])[:, None, None]
    sizes = (*WORK.inputs, *WORK.widths, 1)
    torch.manual_seed(trials[0][2])
    params = []
    for i, (n_in, n_out) in enumerate(zip(sizes[:-1], sizes[1:], strict=True)):
        gain = 1.0 if i == len(sizes) - 2 else 2.0
        params.append((torch.randn(k, n_in, n_out) * (gain / n_in) ** 0.5).requires_grad_())
        params.append(torch.zeros(k, 1, n_out, requires_grad=True))
    optimizer = torch.optim.Adam(params, lr=LEARNING_RATE, fused=True)

    def apply(batch, *, training):
        hidden = batch
        for i in range(0, len(params), 2):
            hidden = torch.baddbmm(params[i + 1], hidden, params[i])
            if i < len(params) - 2:
                hidden = torch.relu(hidden)
                if training:
                    hidden = hidden * (torch.rand_like(hidden) >= rates) / (1 - rates)
        return hidden[..., 0]

    def losses_of(outputs, target):
        return torch.nn.functional.binary_cross_entropy_with_logits(
            outputs, target.expand_as(outputs), reduction="none"
        ).mean(1)

    n_steps = -(-WORK.n_fit // WORK.batch_size)
    count = 0
    for _ in range(WORK.n_epochs):
        orders = torch.stack([torch.randperm(WORK.n_fit) for _ in range(k)])
        for step in range(n_steps):
            count += 1
            warm = count / (n_steps * WORK.n_epochs) * WARM_SHARE
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * min(1.0, warm)
            rows = orders[:, (step * WORK.batch_size + torch.arange(WORK.batch_size)) % WORK.n_fit]
            loss = losses_of(apply(x[rows], training=True), y[rows]).sum()
            loss = loss + sum((strengths * weight**2).sum() for weight in params[::2])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        with torch.no_grad():
            losses_of(apply(x[None, WORK.n_fit :].expand(k, -1, -1), training=False), y[None, WORK.n_fit :])
    with torch.no_grad():
        own = losses_of(apply(x[None, : WORK.n_fit].expand(k, -1, -1), training=False), y[None, : WORK.n_fit])
    return own.tolist()


def main(engine: str, first: int, last: int) -> None:
    x, y = draw_data(WORK)
    trials = draw_trials(WORK)[first:last]
    begun, worked = time.perf_counter(), time.process_time()
    run = {"keras": train_keras, "sklearn": train_sklearn, "stacked": train_stacked}[engine]
    losses = run(trials, x, y)
    found = {"seconds": time.perf_counter() - begun, "processor": time.process_time() - worked}
    print(json.dumps({**found, "train": float(np.mean(losses))}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
