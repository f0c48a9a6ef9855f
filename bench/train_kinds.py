"""Train the classifier of column kinds on SortingHat and write its trees as JSON.

    OMP_NUM_THREADS=1 python bench/train_kinds.py ../shared/data/sortinghat/sortinghat_train.csv.gz [--check]

SortingHat (Shah et al. 2021, "Towards benchmarking feature type inference for AutoML platforms"; Apache-2.0): 7,936
columns with statistics, samples and one of nine hand-given types. `--check` cross-validates, by columns and by
files, and fits the temperature that makes the confidence line hold; the file is written from all columns.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import KFold, StratifiedGroupKFold, StratifiedKFold, cross_val_predict

import heldout.cells
from heldout.cells.portrait import Portrait, draw_portrait

OUT = Path(heldout.cells.__file__).parent / "kind_trees.json"
LINE = 0.8
# Chosen with --check: divides the scores before the softmax, so that at least 98.5 % of the columns at a
# confidence of 0.8 or more are right (99.6 % of 75 % of the columns by folds of columns, 97.4 % of 65 % of the columns
# of files that were not trained on: names repeat within a file).
TEMPERATURE = 2.0


def make_model() -> HistGradientBoostingClassifier:
    """540 small trees: 60 rounds for nine classes."""
    return HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.15,
        max_leaf_nodes=15,
        min_samples_leaf=10,
        l2_regularization=1.0,
        max_features=0.3,
        early_stopping=False,
        random_state=0,
    )


def read_columns(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Portraits, types and files of all columns."""
    with gzip.open(path, "rt", encoding="utf-8", errors="replace", newline="") as stream:
        rows = list(csv.DictReader(stream))
    portraits = np.stack([draw_portrait(take_portrait(row)) for row in rows])
    return portraits, np.array([row["y_act"] for row in rows]), np.array([row["Record_id"] for row in rows])


def take_portrait(row: dict[str, str]) -> Portrait:
    """One line of the benchmark as a portrait."""
    return Portrait(
        name=row["Attribute_name"],
        n_cells=int(to_number(row["total_vals"])),
        n_missing=int(to_number(row["num_nans"])),
        n_distinct=int(to_number(row["num_of_dist_val"])),
        mean=to_number(row["mean"]),
        spread=to_number(row["std_dev"]),
        low=to_number(row["min_val"]),
        high=to_number(row["max_val"]),
        samples=tuple(row[f"sample_{i}"] or "" for i in range(1, 6)),
    )


def to_number(text: str) -> float:
    """A number of the file, 0 where there is none."""
    try:
        number = float(text)
    except ValueError:
        return 0.0
    return number if np.isfinite(number) and abs(number) < 1e300 else 0.0


def cool(shares: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities with their logarithms divided by a temperature."""
    powered = np.maximum(shares, 1e-12) ** (1.0 / temperature)
    return powered / powered.sum(axis=1, keepdims=True)


def check(portraits: np.ndarray, kinds: np.ndarray, files: np.ndarray) -> None:
    """Cross-validate and print."""
    classes = np.unique(kinds)
    splits = {
        "5 folds of columns": StratifiedKFold(5, shuffle=True, random_state=0),
        "5 folds of files": StratifiedGroupKFold(5, shuffle=True, random_state=0),
    }
    for name, split in splits.items():
        shares = cross_val_predict(
            make_model(), portraits, kinds, groups=files, cv=split, method="predict_proba"
        )
        right = classes[shares.argmax(axis=1)] == kinds
        print(f"{name}: {right.mean():.2%} right of {len(kinds)}")
        for temperature in (1.0, 1.4, 1.7, 2.0, 2.3):
            sure = cool(shares, temperature).max(axis=1) >= LINE
            print(
                f"  temperature {temperature}: at confidence {LINE} and more {right[sure].mean():.2%} right, "
                f"{sure.mean():.1%} of the columns"
            )
        # The temperature judged on columns that did not choose it.
        held = []
        for fit, other in KFold(5, shuffle=True, random_state=1).split(shares):
            steps = np.arange(1.0, 2.5, 0.05)
            good = [t for t in steps if right[fit][cool(shares[fit], t).max(axis=1) >= LINE].mean() >= 0.987]
            chosen = float(good[0]) if good else 2.5
            held.append(right[other][cool(shares[other], chosen).max(axis=1) >= LINE])
        print(f"  temperature chosen on other columns: {np.concatenate(held).mean():.2%} right", flush=True)


def write_trees(portraits: np.ndarray, kinds: np.ndarray) -> None:
    """Fit on all columns and write the trees: per tree its features, thresholds or values, and right children."""
    model = make_model().fit(portraits, kinds)
    trees = []
    for step in model._predictors:
        for label, predictor in enumerate(step):
            trees.append([label, *write_nodes(predictor.nodes)])
    made = {
        "classes": [str(name) for name in model.classes_],
        "base": [round(float(x), 5) for x in model._baseline_prediction.ravel()],
        "temperature": TEMPERATURE,
        "features": int(portraits.shape[1]),
        "source": "SortingHat training part, Apache-2.0",
        "trees": trees,
    }
    OUT.write_text(json.dumps(made, separators=(",", ":")), encoding="ascii")
    print(f"{OUT.name}: {OUT.stat().st_size / 1000:.0f} kB, {len(trees)} trees")


def write_nodes(nodes: np.ndarray) -> list[list[float]]:
    """A tree in pre-order: the left child is the next node."""
    features: list[float] = []
    values: list[float] = []
    rights: list[float] = []

    def visit(place: int) -> None:
        node = nodes[place]
        here = len(features)
        if node["is_leaf"]:
            features.append(-1)
            values.append(float(f"{node['value']:.4g}"))
            rights.append(0)
            return
        features.append(int(node["feature_idx"]))
        values.append(float(f"{node['num_threshold']:.7g}"))
        rights.append(0)
        visit(int(node["left"]))
        rights[here] = len(features)
        visit(int(node["right"]))

    visit(0)
    return [features, values, rights]


def main() -> None:
    """Read, check, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    portraits, kinds, files = read_columns(given.path)
    if given.check:
        check(portraits, kinds, files)
    else:
        write_trees(portraits, kinds)


if __name__ == "__main__":
    main()
