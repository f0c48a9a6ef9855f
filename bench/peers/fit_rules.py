"""What skore's check for overfitting says about fitted networks; run by `fit_peers.py` in its own Python.

python fit_rules.py FOLDER     task-*.npz -> answers.json

Each task is learned by scikit-learn networks of four sizes; after each epoch the loss on fresh rows is taken against
the true distribution, so that it is known whether the last epoch is worse than the best one, or a smaller size better.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

SIZES = ((), (4,), (16,), (128,))  # as in heldout's suite
N_EPOCHS, BATCH, LONGEST, RATE = 20, 32, 1280, 0.01


def main() -> None:
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    answers = [ask(dict(np.load(place))) for place in sorted(folder.glob("task-*.npz"))]
    (folder / "answers.json").write_text(json.dumps({"version": version("skore"), "answers": answers}))


def ask(task: dict[str, np.ndarray]) -> list[list[float]]:
    """For each size: whether skore calls it overfitted, true loss at the end, lowest true loss."""
    from skore import EstimatorReport
    from skore._checks.skd001_overfitting import CheckOverfitting

    x_fit, y_fit, x_held, y_held = (task[name] for name in ("x_fit", "y_fit", "x_held", "y_held"))
    found = []
    for widths in SIZES:
        rows = np.resize(np.arange(len(y_fit)), LONGEST)
        twin = make_model(widths, is_number=bool(task["is_number"]))
        more = {} if task["is_number"] else {"classes": np.arange(task["truth"].shape[1])}
        truth = []
        for _ in range(N_EPOCHS):
            twin.partial_fit(x_fit[rows], y_fit[rows], **more)
            truth.append(measure(twin, task))
        # skore fits by itself, and so a network of the same kind, from the same start, to the same last epoch
        model = make_model(widths, is_number=bool(task["is_number"]))
        report = EstimatorReport(
            model, X_train=x_fit[rows], y_train=y_fit[rows], X_test=x_held, y_test=y_held
        )
        called = CheckOverfitting().check_function(report) is not None
        last = measure(report.estimator_, task)
        found.append([float(called), last, min(*truth, last)])
    return found


def make_model(widths: tuple[int, ...], *, is_number: bool):  # noqa: ANN201 - of the peer
    from sklearn.linear_model import SGDClassifier, SGDRegressor
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    if not widths:
        whole = {"max_iter": N_EPOCHS, "tol": None, "random_state": 0}
        return SGDRegressor(**whole) if is_number else SGDClassifier("log_loss", **whole)
    kind = MLPRegressor if is_number else MLPClassifier
    return kind(
        hidden_layer_sizes=widths,
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=RATE,
        max_iter=N_EPOCHS,
        tol=0.0,
        n_iter_no_change=N_EPOCHS,
        random_state=0,
    )


def measure(model, task: dict[str, np.ndarray]) -> float:  # noqa: ANN001 - of the peer
    """Mean loss on fresh rows with the target integrated out."""
    truth = task["truth"]
    if task["is_number"]:
        return float((np.square(model.predict(task["x_fresh"]) - truth[:, 0]) + truth[:, 1]).mean())
    shares = np.clip(model.predict_proba(task["x_fresh"]), 3e-7, 1)  # as logits of at most 15
    return float(-(truth * np.log(shares)).sum(axis=1).mean())


if __name__ == "__main__":
    main()
