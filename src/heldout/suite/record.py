"""What a made data set is: rows, and the distribution they were drawn from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heldout.errors import DataError
from heldout.records import DoubleArray, FloatArray, IndexArray, Task

FIT_SIZES = (32, 40, 64, 80, 160, 320, 640, 1280)  # divisors of the longest one: rows repeat equally often
PARTS = (40, 120, 400, 1000)  # validation rows are cut into disjoint parts, each judged as a study of its own
N_VALIDATION = sum(PARTS)


@dataclass(frozen=True)
class Sizes:
    """How many rows a data set has.

    Args:
        n_fit: rows to train on.
        n_validation: rows to judge on.
        n_fresh: rows that stand for the whole population.
    """

    n_fit: int
    n_validation: int
    n_fresh: int


@dataclass(frozen=True)
class MadeTask:
    """A data set whose true distribution is known. Rows: first fit, then validation, then fresh ones.

    Args:
        family: name in the table of families.
        variant: which kind of the family, with its parameters, for reading.
        task: what is predicted.
        sizes: rows of each part.
        features: float32 [N, D].
        target: float64 [N], class index or number.
        truth: float64 [V + F, C], probability of each class given the features of validation and fresh rows; for
            numbers [V + F, 2], their mean and variance given the features.
        unit: int64 [V], the unit of each validation row.
        planted: name of a planted fault, or "".
    """

    family: str
    variant: str
    task: Task
    sizes: Sizes
    features: FloatArray
    target: DoubleArray
    truth: DoubleArray
    unit: IndexArray
    planted: str = ""


Draw = Callable[[np.random.Generator, Sizes], MadeTask]


def make_task(
    family: str,
    variant: str,
    sizes: Sizes,
    *,
    features: DoubleArray,
    truth: DoubleArray,
    target: DoubleArray,
    unit: IndexArray | None = None,
) -> MadeTask:
    """Put a class task together from what a family drew for all its rows.

    Args:
        family: name of the family.
        variant: kind and parameters.
        sizes: rows of each part.
        features: [N, D].
        truth: [N, C] true class probabilities of all rows.
        target: [N] drawn classes.
        unit: [V] units of the validation rows; each row its own when left out.

    Returns:
        `MadeTask`, binary with two columns of truth, else multi-class.

    Raises:
        DataError: the number of rows is not what the sizes say.
    """
    expected = sizes.n_fit + sizes.n_validation + sizes.n_fresh
    if len(features) != expected or len(truth) != expected:
        raise DataError(f"{len(features)} rows made for {family!r}: expected {expected}")
    kind = Task.BINARY if truth.shape[1] == 2 else Task.MULTICLASS
    units = np.arange(sizes.n_validation, dtype=np.int64) if unit is None else unit
    rows = (features.astype(np.float32), target.astype(np.float64), truth[sizes.n_fit :])
    return MadeTask(family, variant, kind, sizes, *rows, units)


def draw_classes(rng: np.random.Generator, probability: DoubleArray) -> DoubleArray:
    """Draw one class per row.

    Args:
        rng: source of chance.
        probability: [N, C].

    Returns:
        float64 [N], class indices.

    Example:
        >>> draw_classes(np.random.default_rng(0), np.array([[0.0, 1.0], [1.0, 0.0]]))
        array([1., 0.])
    """
    steps = np.cumsum(probability, axis=1)[:, :-1]
    return (rng.random(len(probability))[:, None] > steps).sum(axis=1).astype(np.float64)


def flip_share(probability: DoubleArray, share: float) -> DoubleArray:
    """Give the class probabilities after a share of the labels was replaced by one of the other classes.

    Args:
        probability: [N, C].
        share: of labels that are wrong, 0 to 1.

    Returns:
        float64 [N, C].

    Example:
        >>> flip_share(np.array([[1.0, 0.0]]), 0.1)
        array([[0.9, 0.1]])
    """
    others = max(probability.shape[1] - 1, 1)
    return probability * (1 - share) + (1 - probability) * share / others


def integrate_losses(task: MadeTask, views: FloatArray, unit_square: float = 1.0) -> FloatArray:
    """Give the expected loss of each row over the target that it could have had.

    Args:
        task: holds the true distribution.
        views: float32 [..., L, R], loss of R validation and fresh rows were their target the L-th view: class 1
            (binary), each class (multi-class), the true mean (numbers).
        unit_square: for numbers, what one squared unit of the target is in units of the losses.

    Returns:
        float32 [..., R].

    Example:
        >>> sizes = Sizes(0, 1, 0)
        >>> task = make_task("binary", "", sizes, features=np.zeros((1, 1)), truth=np.array([[0.5, 0.5]]),
        ...     target=np.zeros(1))
        >>> round(float(integrate_losses(task, np.float32([[np.log(2)]]))[0]), 3)
        0.693
    """
    truth: FloatArray = task.truth.astype(np.float32)
    if task.task is Task.REGRESSION:
        return np.asarray(views[..., 0, :] + truth[:, 1] * np.float32(unit_square), np.float32)
    if task.task is Task.BINARY:
        return np.asarray(views[..., 0, :] + truth[:, 0] * read_logits(views[..., 0, :]), np.float32)
    return np.asarray(np.einsum("...lr,rl->...r", views, truth), np.float32)


def integrate_misses(task: MadeTask, views: FloatArray, weights: DoubleArray) -> FloatArray:
    """Give how often the class named for each row would be wrong, over the target that it could have had.

    Args:
        task: of classes; holds the true distribution.
        views: as in `integrate_losses`.
        weights: float64 [C], what a row of each class counts; ones for the share of wrong answers.

    Returns:
        float32 [..., R].

    Example:
        >>> sizes = Sizes(0, 2, 0)
        >>> task = make_task("binary", "", sizes, features=np.zeros((2, 1)), target=np.zeros(2),
        ...     truth=np.array([[0.9, 0.1], [0.9, 0.1]]))
        >>> integrate_misses(task, np.float32([[2.0, 0.1]]), np.ones(2)).round(2).tolist()
        [0.10000000149011612, 0.8999999761581421]
    """
    # of two classes the only view is the loss that class 1 would have
    binary = task.task is Task.BINARY
    named = (views[..., 0, :] < np.log(2)).astype(np.int64) if binary else views.argmin(axis=-2)
    weighted = task.truth * weights
    right = weighted[np.arange(len(weighted)), named]
    return np.asarray(weighted.sum(axis=1) - right, np.float32)


def read_logits(losses: FloatArray) -> FloatArray:
    """Give the logit behind the log-loss of class 1: the inverse of log(1 + exp(-z)).

    Args:
        losses: float32, at least 0.

    Returns:
        float32 of the same shape.

    Example:
        >>> float(read_logits(np.float32(np.log(2)))) == 0.0
        True
    """
    return np.asarray(-np.log(np.expm1(np.maximum(losses, np.float32(1e-7)))), np.float32)
