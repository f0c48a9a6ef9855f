"""Encoded rows, targets and folds as the padded arrays that training needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from heldout.errors import DataError
from heldout.records import (
    MANY_OUTPUTS,
    BoolArray,
    ByteScales,
    DoubleArray,
    FloatArray,
    Fold,
    IndexArray,
    InputLayout,
    Task,
    Tensors,
)


@dataclass(frozen=True)
class TensorSource:
    """What the tensors are made of; rows count from 0 within the development rows.

    Args:
        features: float32 [K, N, D], development rows encoded by each fold's recipe state.
        target: float64 [N], class index, number of the set of labels, or the number in user units (its logarithm if
            so set).
        task: what is predicted.
        n_classes: number of classes or labels (0 for regression).
        weight: float64 [N], sample weights, or None.
        balanced: True to weight every class equally.
        unseen: int32 [D], `<unseen>` slot of each feature's block or -1.
        layout: what the numbers of a row are; None for numbers in any order.
        scales: of uint8 pictures, which are [1, N, height, width, channels]; None for numbers.
        sets: bool [sets, labels], labels of each set (multilabel); None else.
        ordered: the classes are steps of a scale.
        shares: float64 [classes], how often each class is expected where the networks are used; None for as often as
            among the fit rows.
    """

    features: NDArray[np.generic]
    target: DoubleArray
    task: Task
    n_classes: int
    weight: DoubleArray | None
    balanced: bool
    unseen: np.ndarray
    layout: InputLayout | None = None
    scales: ByteScales | None = None
    sets: BoolArray | None = None
    ordered: bool = False
    shares: DoubleArray | None = None

    @property
    def n_outputs(self) -> int:
        """Outputs of a network."""
        return self.n_classes if self.task in MANY_OUTPUTS else 1


def build_tensors(source: TensorSource, folds: tuple[Fold, ...]) -> Tensors:
    """Pad the folds to one shape and standardize a regression target with each fold's own fit rows.

    Args:
        source: arrays of the development rows.
        folds: K folds, positions within the development rows.

    Returns:
        The arrays of `records.Tensors`.

    Raises:
        DataError: a fold whose target does not vary.

    Example:
        >>> x, y = np.zeros((1, 4, 2), np.float32), np.array([0.0, 1.0, 0.0, 1.0])
        >>> source = TensorSource(x, y, Task.BINARY, 2, None, False, np.full(2, -1, np.int32))
        >>> build_tensors(source, (Fold(np.array([0, 1, 2]), np.array([3])),)).fit_rows.tolist()
        [[0, 1, 2]]
    """
    target, center, spread = _standardize(source, folds)
    n_fit, n_val = max(len(fold.fit) for fold in folds), max(len(fold.validation) for fold in folds)
    weights = [_weigh(source, fold.fit) for fold in folds]
    return Tensors(
        features=source.features,
        target=target,
        target_scale=spread / np.std(source.target)
        if source.task is Task.REGRESSION
        else np.ones(len(folds)),
        target_center=center,
        target_spread=spread,
        fit_rows=np.stack([_pad(fold.fit, n_fit) for fold in folds]),
        fit_weight=np.stack([np.pad(weight, (0, n_fit - len(weight))) for weight in weights]).astype(
            np.float32
        ),
        validation_rows=np.stack([_pad(fold.validation, n_val) for fold in folds]),
        validation_mask=np.stack([np.arange(n_val) < len(fold.validation) for fold in folds]).astype(
            np.float32
        ),
        order=np.concatenate([fold.validation for fold in folds]),
        order_fold=np.concatenate([np.full(len(fold.validation), k) for k, fold in enumerate(folds)]),
        task=source.task,
        n_outputs=source.n_outputs,
        slot_unseen=source.unseen,
        layout=source.layout,
        scales=source.scales,
        output_offset=np.stack([_follow_shares(source, fold.fit) for fold in folds]).astype(np.float32),
        sets=None if source.sets is None else source.sets.astype(np.float32),
    )


def constant_losses(source: TensorSource, folds: tuple[Fold, ...]) -> DoubleArray:
    """Compute each validation row's loss under the constant predictor fitted on its fold's fit rows.

    Returns:
        float64 [M] in the pooled order: log-loss of the fit rows' class shares, or of those that are expected (of
        several labels the sum over their shares), or squared error of their mean in units of the development rows'
        variance.

    Example:
        >>> x, y = np.zeros((1, 4, 2), np.float32), np.array([0.0, 1.0, 0.0, 1.0])
        >>> source = TensorSource(x, y, Task.BINARY, 2, None, False, np.full(2, -1, np.int32))
        >>> float(constant_losses(source, (Fold(np.array([0, 1]), np.array([3])),)).round(3)[0])
        0.693
    """
    return np.concatenate([constant_loss(source, fold.fit, fold.validation) for fold in folds])


def constant_loss(source: TensorSource, fit: IndexArray, held: IndexArray) -> DoubleArray:
    """Compute the loss of some rows under the constant predictor of others: float64 [held].

    Args:
        source: arrays of the development rows.
        fit: int64, rows the constant comes from.
        held: int64, rows it predicts.
    """
    before, after = source.target[fit], source.target[held]
    if source.task is Task.REGRESSION:
        return np.square(after - np.mean(before)) / np.var(source.target)
    # half a row is added to every class, so that a class absent from a fold has no infinite loss
    if source.sets is not None:
        share = share_labels(source.sets[before.astype(int)])
        return -np.where(source.sets[after.astype(int)], np.log(share), np.log1p(-share)).sum(axis=1)
    counts = np.bincount(before.astype(int), minlength=source.n_classes) + 0.5
    shares = counts / counts.sum() if source.shares is None else source.shares
    return -np.log(shares)[after.astype(int)]


def share_labels(held: BoolArray) -> DoubleArray:
    """Give the share of rows with each label, half a row added on both sides: float64 [labels].

    Args:
        held: bool [N, labels].

    Example:
        >>> share_labels(np.array([[True, False], [True, False]])).tolist()
        [0.8333333333333334, 0.16666666666666666]
    """
    return (held.sum(axis=0) + 0.5) / (len(held) + 1.0)


def _standardize(
    source: TensorSource, folds: tuple[Fold, ...]
) -> tuple[FloatArray, DoubleArray, DoubleArray]:
    if source.task is not Task.REGRESSION:
        stacked = np.broadcast_to(source.target.astype(np.float32), (len(folds), len(source.target))).copy()
        return stacked, np.zeros(len(folds)), np.ones(len(folds))
    center = np.array([source.target[fold.fit].mean() for fold in folds])
    spread = np.array([source.target[fold.fit].std() for fold in folds])
    if not np.all(spread > 0):
        raise DataError(
            "the target does not vary among the fit rows of a fold", hint="there is nothing to learn"
        )
    scaled = (source.target[None] - center[:, None]) / spread[:, None]
    return scaled.astype(np.float32), center, spread


def _follow_shares(source: TensorSource, rows: IndexArray) -> DoubleArray:
    """Give what logits lack: log of the class shares that are expected less log of the shares in training.

    Class weights change the shares in training; where none are expected, those of the fit rows are.

    Source:
        Saerens, Latinne & Decaestecker 2002, "Adjusting the outputs of a classifier to new a priori probabilities".
    """
    n_outputs = source.n_outputs
    is_plain = not source.balanced and source.shares is None
    if is_plain or source.task is Task.REGRESSION:
        return np.zeros(n_outputs)
    classes = source.target[rows].astype(int)
    plain = np.bincount(classes, minlength=source.n_classes) + 0.5
    weighted = np.bincount(classes, weights=_weigh(source, rows), minlength=source.n_classes) + 0.5
    expected = plain / plain.sum() if source.shares is None else source.shares
    shift = np.log(expected) - np.log(weighted / weighted.sum())
    return shift if source.task is Task.MULTICLASS else shift[1:] - shift[:1]


def _weigh(source: TensorSource, rows: IndexArray) -> DoubleArray:
    weight = np.ones(len(rows)) if source.weight is None else source.weight[rows].astype(float)
    if source.balanced and source.task is not Task.REGRESSION:
        classes = source.target[rows].astype(int)
        totals = np.bincount(classes, weights=weight, minlength=source.n_classes)
        weight = weight / np.maximum(totals, 1e-12)[classes]
    return weight / weight.mean()


def _pad(rows: IndexArray, size: int) -> np.ndarray:
    return np.concatenate([rows, np.repeat(rows[:1], size - len(rows))]).astype(np.int32)
