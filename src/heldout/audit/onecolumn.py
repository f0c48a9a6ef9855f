"""Predict a target from one column, on rows that were not fitted."""

from __future__ import annotations

import warnings

import numpy as np

from heldout.records import CodeArray, DoubleArray, IndexArray

DEPTH, MIN_LEAF = 4, 5


def predict_out_of_fold(
    cells: DoubleArray, target: DoubleArray, *, fold: IndexArray, is_level: bool, n_classes: int
) -> DoubleArray:
    """Predict each row from one column, fitted on the other folds.

    Args:
        cells: float64 [N], the value (NaN where missing) or the level's number.
        target: float64 [N], class index or number.
        fold: int64 [N], fold of each row; negative rows are fitted only.
        is_level: True when `cells` are numbers of levels.
        n_classes: number of classes C; 0 when the target is a number.

    Returns:
        float64 [N, C] class shares, or [N, 1] numbers; the overall mean where no fold predicts.

    Example:
        >>> x, fold = np.arange(40.0), np.arange(40) % 5
        >>> y = (x > 19).astype(float)
        >>> predict_out_of_fold(x, y, fold=fold, is_level=False, n_classes=2)[[0, 39]].tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    goal = np.eye(n_classes)[target.astype(np.int64)] if n_classes else target[:, None]
    result = np.tile(goal.mean(axis=0), (len(target), 1))
    for number in np.unique(fold[fold >= 0]):
        held = fold == number
        fit = ~held
        if not fit.any():
            continue
        if is_level:
            result[held] = _average_levels(cells[fit], goal[fit], asked=cells[held])
        else:
            result[held] = _grow_tree(cells[fit], target[fit], asked=cells[held], n_classes=n_classes)
    return result


def _average_levels(cells: DoubleArray, goal: DoubleArray, *, asked: DoubleArray) -> DoubleArray:
    """Mean of the goal per level, pulled towards the overall mean by one row; unseen levels get that mean."""
    size = int(max(cells.max(initial=0), asked.max(initial=0))) + 1
    codes: CodeArray = cells.astype(np.int32)
    counts = np.bincount(codes, minlength=size)[:, None]
    sums = np.stack([np.bincount(codes, weights=part, minlength=size) for part in goal.T], axis=1)
    return ((sums + goal.mean(axis=0)) / (counts + 1))[asked.astype(np.int32)]


def _grow_tree(cells: DoubleArray, target: DoubleArray, *, asked: DoubleArray, n_classes: int) -> DoubleArray:
    # Imported here: reading a table loads the audit's rooms, also in a notebook's kernel that trains nothing.
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    leaf = min(MIN_LEAF, max(1, len(cells) // 10))
    fit, ask = _clip_cells(cells)[:, None], _clip_cells(asked)[:, None]
    if not n_classes:
        regressor = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=leaf, random_state=0)
        return np.asarray(regressor.fit(fit, target).predict(ask))[:, None]
    tree = DecisionTreeClassifier(max_depth=DEPTH, min_samples_leaf=leaf, random_state=0)
    with warnings.catch_warnings():
        # Many classes of few rows are told by the audit itself (HO203).
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        tree.fit(fit, target.astype(np.int64))
    result = np.zeros((len(asked), n_classes))
    result[:, tree.classes_] = tree.predict_proba(ask)
    return result


def _clip_cells(cells: DoubleArray) -> DoubleArray:
    """Trees compute in float32; larger numbers would be infinite there."""
    return np.clip(cells, -3e38, 3e38)
