"""The classifier that tells validation rows from fit rows, out of fold, for the gate on shift."""

from __future__ import annotations

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from heldout.records import BoolArray, DoubleArray, FloatArray, IndexArray

MOST_COMPARED_COLUMNS = (
    30  # those whose means differ most; with more, one shifted column is drowned (measured)
)
N_TREES, SMALLEST_LEAF, CLASSIFIER_FOLDS = 60, 5, 5
LINEAR_STRENGTH, FARTHEST = 0.1, 10.0  # scikit-learn's C; standard deviations


def weigh_classes(stratum: IndexArray, is_validation: BoolArray) -> DoubleArray:
    """Weight fit rows so that they hold the classes in the shares of the validation rows.

    Args:
        stratum: int64 [R], class of each row; each class has rows on both sides.
        is_validation: bool [R].

    Returns:
        float64 [R], mean one on either side.

    Example:
        >>> weigh_classes(np.array([0, 0, 0, 1, 0, 1]), np.arange(6) > 3).round(2).tolist()
        [0.67, 0.67, 0.67, 2.0, 1.0, 1.0]
    """
    fit, held = (
        np.bincount(stratum[side], minlength=stratum.max() + 1) for side in (~is_validation, is_validation)
    )
    ratio = (held / held.sum()) / np.maximum(fit / fit.sum(), 1e-12)
    return np.where(is_validation, 1.0, ratio[stratum])


def score_out_of_fold(
    features: FloatArray,
    is_validation: BoolArray,
    *,
    unit: IndexArray,
    rng: np.random.Generator,
    weight: DoubleArray | None = None,
) -> DoubleArray:
    """Give each row's probability of being a validation row, by a forest that has not seen its unit.

    Args:
        features: float32 [R, D].
        is_validation: bool [R], with both values.
        unit: int64 [R], units that are never cut.
        rng: draws folds and trees.
        weight: float64 [R], how much each row counts in training; None for alike.

    Returns:
        float64 [R].
    """
    counted = np.ones(len(unit)) if weight is None else weight
    names, code = np.unique(unit, return_inverse=True)
    fold = (rng.permutation(len(names)) % CLASSIFIER_FOLDS)[code.reshape(-1)]
    score = np.full(len(unit), is_validation.mean())
    with threadpool_limits(1):
        for number in range(CLASSIFIER_FOLDS):
            held = fold == number
            known = is_validation[~held]
            if not held.any() or known.all() or not known.any():
                continue
            columns = _pick_columns(features[~held], known, counted[~held])
            shown, asked = features[~held][:, columns], features[held][:, columns]
            score[held] = _predict_side(
                shown, known, asked, weight=counted[~held], seed=int(rng.integers(1 << 31))
            )
    return score


def _predict_side(
    features: FloatArray, known: BoolArray, asked: FloatArray, *, weight: DoubleArray, seed: int
) -> DoubleArray:
    """Mean of a forest, which sees any difference, and a linear model, which needs fewer rows for a plain one."""
    forest = ExtraTreesClassifier(N_TREES, min_samples_leaf=SMALLEST_LEAF, random_state=seed).fit(
        features, known, weight
    )
    center, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    linear = LogisticRegression(C=LINEAR_STRENGTH, max_iter=500).fit(
        (features - center) / spread, known, weight
    )
    asked_scaled = np.clip((asked - center) / spread, -FARTHEST, FARTHEST)
    return (forest.predict_proba(asked)[:, 1] + linear.predict_proba(asked_scaled)[:, 1]) / 2


def _pick_columns(features: FloatArray, known: BoolArray, weight: DoubleArray) -> IndexArray:
    """Columns whose means differ most between the two sides; all of them where there are few."""
    if features.shape[1] <= MOST_COMPARED_COLUMNS:
        return np.arange(features.shape[1])
    spread = features.std(axis=0) + 1e-9
    means = [np.average(features[side], axis=0, weights=weight[side]) for side in (known, ~known)]
    distance = np.abs(means[0] - means[1]) / spread
    return np.argsort(-distance, kind="stable")[:MOST_COMPARED_COLUMNS]
