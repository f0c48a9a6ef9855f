"""Ranking of wrong labels: planted flips, and human verdicts on MNIST; beside cleanlab's own flags."""

from __future__ import annotations

import gzip
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from shared import DATA, print_table

from heldout.evidence.suspects import find_suspects, rank_labels

FLIPS = 0.05
FIRST = 15
PEER = Path(__file__).parent / "peers" / "audit_tools.py"


def flip_labels(name: str, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Out-of-fold probabilities of a logistic regression on flipped labels, the labels, and which were flipped."""
    from sklearn import datasets
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(seed)
    data = getattr(datasets, f"load_{name}")()
    labels, n_classes = data.target.copy(), int(data.target.max()) + 1
    rows = rng.choice(len(labels), round(FLIPS * len(labels)), replace=False)
    labels[rows] = (labels[rows] + rng.integers(1, n_classes, len(rows))) % n_classes
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    folds = StratifiedKFold(5, shuffle=True, random_state=seed)
    shares = cross_val_predict(model, data.data, labels, cv=folds, method="predict_proba")
    return shares, labels, np.isin(np.arange(len(labels)), rows)


def ask_cleanlab(python: str, shares: np.ndarray, labels: np.ndarray) -> dict[str, list[int]]:
    """Flags and ranking of cleanlab for the same probabilities."""
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "arrays.npz"
        np.savez(file, shares=shares, labels=labels)
        done = subprocess.run(
            [python, str(PEER), "labels", str(file)], capture_output=True, text=True, check=True
        )
    return json.loads(done.stdout)


def read_mnist() -> tuple[np.ndarray, np.ndarray, set[int]]:
    """Predictions and labels of MNIST's test digits, and the digits whose label people called wrong."""
    folder = DATA / "label_errors_mnist"
    with gzip.open(folder / "mnist_test_pred_probs.npy.gz") as packed:
        shares = np.load(packed)
    labels = np.load(folder / "mnist_test_original_labels.npy")
    with gzip.open(folder / "mturk_mnist.json.gz", "rt") as held:
        verdicts = json.load(held)
    wrong = set()
    for item in verdicts:
        votes = item["mturk"]
        # confirmed: most people gave the predicted class, both, or neither (the data set's own rule)
        if votes["given"] < 3:
            wrong.add(int(item["id"]))
    return shares, labels, wrong


def measure_labels(n_seeds: int, peer: str) -> None:
    """P@k and AUC on planted flips, confirmed errors on MNIST, agreement with cleanlab."""
    rows, agree = [], []
    for name in ("digits", "breast_cancer"):
        hits, other = [], []
        for seed in range(n_seeds):
            shares, labels, flipped = flip_labels(name, seed)
            found = find_suspects(shares, labels)
            k = int(flipped.sum())
            hits.append(flipped[rank_labels(shares, labels)[:k]].mean())
            if peer:
                answer = ask_cleanlab(peer, shares, labels)
                other.append(flipped[answer["ranked"][:k]].mean())
                agree.append(sorted(found.rows.tolist()) == answer["flags"])
        rows.append([name, f"{np.mean(hits):.3f}", f"{np.mean(other):.3f}" if other else "not asked"])
    print("\nP@k, 5 % of labels flipped, out-of-fold logistic regression\n")
    print_table(["data", "heldout", "cleanlab"], rows)
    shares, labels, wrong = read_mnist()
    found = find_suspects(shares, labels)
    confirmed = sum(int(row) in wrong for row in found.rows[:FIRST])
    print(
        f"\nMNIST test digits: {len(found.rows)} listed, {confirmed} of the first {FIRST} called wrong by people"
    )
    if peer:
        answer = ask_cleanlab(peer, shares, labels)
        agree.append(sorted(found.rows.tolist()) == answer["flags"])
        print(
            f"cleanlab: {len(answer['flags'])} flagged, {sum(row in wrong for row in answer['flags'])} called wrong"
        )
        print(f"same rows as cleanlab's confident learning in {sum(agree)} of {len(agree)} cases")
