"""Tries the rule for mean curves on simulated trainings: spread over rows, false alarms, power.

    python bench/curve_rule.py binary 130        # or multiclass, regression; about two minutes each

Each task has an invented teacher, 30 to 500 fit rows and 4,000 fresh rows; one network of 8 to 64 hidden units is
trained by Adam for 20 to 500 epochs. The truth is the mean over the 4,000 rows; rules see 60, 200 or 1,000 of them.
"""

import sys

import numpy as np

from heldout.evidence.curve_rule import CurveRule, bound_row_variance, find_threshold

FRESH = 4000
SIZES = (60, 200, 1000)
DRAWS = 5
SEED = 5


def make_task(rng: np.random.Generator, kind: str) -> tuple[np.ndarray, np.ndarray, int]:
    n_features, n_fit = rng.integers(2, 15), int(np.exp(rng.uniform(np.log(30), np.log(500))))
    n_classes = {"binary": 2, "multiclass": int(rng.choice([3, 5, 10]))}.get(kind, 1)
    n = n_fit + FRESH
    x = rng.normal(size=(n, n_features))
    first, second = rng.normal(size=(n_features, 16)) / np.sqrt(n_features), rng.normal(size=(16, n_classes))
    signal = np.tanh(x @ first * 1.5) @ second * rng.uniform(0.5, 2.5)
    if kind == "regression":
        heavy = 1 if rng.random() < 0.7 else rng.standard_t(4, size=n)
        y = signal[:, 0] / signal[:, 0].std() + rng.normal(size=n) * rng.choice([0.3, 0.7, 1.5]) * heavy
        return x, ((y - y[:n_fit].mean()) / y[:n_fit].std())[:, None], n_fit
    share = softmax(signal)
    label = (share.cumsum(1) > rng.random((n, 1))).argmax(1)
    flipped = rng.random(n) < rng.choice([0, 0.1, 0.2])
    label[flipped] = rng.integers(0, n_classes, flipped.sum())
    return x, np.eye(n_classes)[label], n_fit


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def train(rng: np.random.Generator, kind: str) -> np.ndarray:
    """Losses of the fresh rows at up to 18 epochs [E, FRESH]."""
    x, y, n_fit = make_task(rng, kind)
    hidden = int(rng.choice([8, 32, 64]))
    weights = [
        rng.normal(size=(x.shape[1], hidden)) * np.sqrt(2 / x.shape[1]),
        np.zeros(hidden),
        rng.normal(size=(hidden, y.shape[1])) / np.sqrt(hidden),
        np.zeros(y.shape[1]),
    ]
    first, second = ([np.zeros_like(item) for item in weights] for _ in range(2))
    n_epochs, rate = (
        int(np.exp(rng.uniform(np.log(20), np.log(500)))),
        float(rng.choice([0.002, 0.005, 0.01])),
    )
    wanted = set(np.geomspace(3, n_epochs, 18).astype(int))
    losses = []
    for epoch in range(1, n_epochs + 1):
        active = np.maximum(x[:n_fit] @ weights[0] + weights[1], 0)
        out = active @ weights[2] + weights[3]
        error = 2 * (out - y[:n_fit]) if kind == "regression" else softmax(out) - y[:n_fit]
        error /= n_fit
        back = (error @ weights[2].T) * (active > 0)
        for i, slope in enumerate((x[:n_fit].T @ back, back.sum(0), active.T @ error, error.sum(0))):
            first[i], second[i] = 0.9 * first[i] + 0.1 * slope, 0.999 * second[i] + 0.001 * slope**2
            step = first[i] / (1 - 0.9**epoch) / (np.sqrt(second[i] / (1 - 0.999**epoch)) + 1e-8)
            weights[i] = weights[i] - rate * step
        if epoch in wanted:
            out = np.maximum(x[n_fit:] @ weights[0] + weights[1], 0) @ weights[2] + weights[3]
            losses.append(measure(out, y[n_fit:], kind))
    return np.array(losses)


def measure(out: np.ndarray, y: np.ndarray, kind: str) -> np.ndarray:
    if kind == "regression":
        return ((out - y) ** 2)[:, 0]
    logits = np.clip(out - out.mean(1, keepdims=True), -15, 15)
    return np.log(np.exp(logits).sum(1)) - (logits * y).sum(1)


def main(kind: str, n_tasks: int) -> None:
    rng = np.random.default_rng(SEED)
    loss = "squared error" if kind == "regression" else "log-loss"
    delta = 0.02 * {"binary": np.log(2), "multiclass": np.log(4), "regression": 1.0}[kind]
    ratios, alarms, shown = [], {m: [] for m in SIZES}, {m: [] for m in SIZES}
    for _ in range(n_tasks):
        losses = train(rng, kind)
        mean = losses.mean(1)
        best, excess = mean.argmin(), mean[-1] - mean.min()
        if excess > 0.005:
            bound = np.sqrt(bound_row_variance(loss, excess, best=mean[best]))
            ratios.append((losses[-1] - losses[best]).std() / bound)
        for m in SIZES:
            for _ in range(DRAWS):
                curve = losses[:, rng.integers(0, FRESH, m)].mean(1)
                seen = curve[-1] - curve.min()
                is_over = seen > find_threshold(CurveRule(loss, delta, m), seen, best=curve.min())
                (alarms if excess <= delta else shown)[m].append(is_over)
    print(f"{kind}: spread / bound, quantiles .5 .9 1: {np.quantile(ratios, [0.5, 0.9, 1]).round(2)}")
    for m in SIZES:
        print(f"  m {m:5d}: false alarms {sum(alarms[m])} of {len(alarms[m])}, power {np.mean(shown[m]):.2f}")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
