"""Simple predictors on the same rows: a network that does not beat them has not earned its place."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from heldout.records import (
    BoolArray,
    CodeArray,
    DoubleArray,
    FloatArray,
    Fold,
    IndexArray,
    Kind,
    Status,
    Task,
    TypedColumn,
)

MOST_CATEGORIES = 254  # scikit-learn's histogram boosting takes at most 255 bins
LINEAR_STEPS = 2000
MOST_NGRAMS = 200_000
TEXT_STRENGTH = (
    10.0  # weak L2 suits sparse words; scikit-learn's 1.0 underfits them (a usual choice, not tuned here)
)
# A linear model of pixels hardly gains from more (MNIST: 0.91 with 10,000 rows, 0.926 with 60,000).
MOST_WIDE_ROWS, WIDE_STEPS, MOST_PIXELS = 10_000, 200, 1100
LEAST_ROWS_FOR_THREADS = 5000  # below, threads wait for each other: on a busy machine a hundred times as long


@dataclass(frozen=True)
class BaselineData:
    """What the baselines see.

    Args:
        features: float32 [K, N, D], development rows as the network sees them.
        raw: float64 [N, columns], numbers as read and category codes, NaN where missing.
        is_category: bool [columns].
        test_features: float32 [n, D], test rows encoded by the first state; empty without a test set.
        test_raw: float64 [n, columns].
        target: float64 [N].
        task: what is predicted.
        n_classes: number of classes or labels.
        weight: float64 [N] or None.
        sees_features: boosting sees the network's features, which hold the parts of words and dates (an hour inside a
            number of days is nothing that a tree can split on).
        has_arrays: pictures or signals are among the features: boosting, which asks one number at a time, is left out.
        texts: the text of each development row where networks read its words one by one, several texts of a row one
            after the other; else empty. The linear model then sees weights of words and pairs of words, and the
            features beside them.
        test_texts: the same of the test rows.
        n_beside: so many first features stand beside the texts; boosting sees all. Without any it is left out.
        sets: bool [sets, labels], labels of each set where the target is the number of one; None else.
        shares: float64 [classes], class shares that are expected; None for those of the fitted rows.
    """

    features: FloatArray
    raw: DoubleArray
    is_category: np.ndarray
    test_features: FloatArray
    test_raw: DoubleArray
    target: DoubleArray
    task: Task
    n_classes: int
    weight: DoubleArray | None
    sees_features: bool = False
    has_arrays: bool = False
    texts: tuple[str, ...] = ()
    test_texts: tuple[str, ...] = ()
    n_beside: int = 0
    sets: BoolArray | None = None
    shares: DoubleArray | None = None


@dataclass(frozen=True)
class BaselineOutput:
    """Predictions of one baseline.

    Args:
        name: "constant", "linear", "gradient boosting" or "persistence".
        development: float64 [M, classes or 1], each validation row predicted by a model of its fold's fit rows.
        test: float64 [n, classes or 1], predicted by a model of all development rows.
    """

    name: str
    development: DoubleArray
    test: DoubleArray


def stack_raw(columns: tuple[TypedColumn, ...], rows: IndexArray) -> tuple[DoubleArray, np.ndarray]:
    """Lay out typed columns for trees: numbers as they are, categories as codes, NaN for missing.

    Returns:
        float64 [rows, columns] and bool [columns], True for categories.
    """
    used = [
        c
        for c in columns
        if c.spec.used and c.spec.kind not in (Kind.IDENTIFIER, Kind.CONSTANT, Kind.TEXT, Kind.SEQUENCE)
    ]
    if not used:
        return np.zeros((len(rows), 0)), np.zeros(0, bool)
    stacked, flags = [], []
    for column in used:
        is_category = column.spec.kind in (Kind.CATEGORY, Kind.SET)
        values = column.codes.astype(float) if is_category else column.values
        # a code above the limit is a rare category: all of them share the last bin
        values = np.minimum(values, MOST_CATEGORIES - 1) if is_category else values
        missing = np.isin(column.status, (Status.MISSING, Status.UNPARSED)) | (values < 0) & is_category
        stacked.append(np.where(missing, np.nan, values)[rows])
        flags.append(is_category)
    return np.column_stack(stacked), np.array(flags)


def fit_baselines(
    data: BaselineData,
    folds: tuple[Fold, ...],
    *,
    seed: int,
    affords: Callable[[str, float], bool] = lambda name, seconds: True,
) -> tuple[BaselineOutput, ...]:
    """Fit constant, linear and gradient-boosting predictors on each fold and on all development rows.

    Of several labels a row each predictor is fitted to one label after the other (one against the rest).

    Args:
        data: what they see.
        folds: the study's folds, positions within the development rows.
        seed: seed of the boosting.
        affords: asked after the first fold of a predictor, with its name and the seconds that the rest is expected to
            take; False leaves it out. Predictors of several labels are not asked about.
    """
    if data.sets is not None:
        return _join_labels(
            [fit_baselines(one, folds, seed=seed) for one in _list_single_labels(data, data.sets)]
        )
    everything = np.arange(len(data.target))
    outputs = []
    has_trees = (not data.texts or data.n_beside > 0) and not data.has_arrays
    for name in ("constant", "linear", "gradient boosting") if has_trees else ("constant", "linear"):
        begun = time.monotonic()
        held = [_predict(name, data, folds[0].fit, (0, folds[0].validation), seed)]
        if not affords(name, len(folds) * (time.monotonic() - begun)):
            continue
        held += [
            _predict(name, data, fold.fit, (k, fold.validation), seed)
            for k, fold in enumerate(folds[1:], start=1)
        ]
        test = _predict(name, data, everything, None, seed)
        told = (
            name
            if name != "linear" or not _is_thinned(data, everything)
            else f"linear ({MOST_WIDE_ROWS:,} rows)"
        )
        outputs.append(BaselineOutput(told, np.concatenate(held), test))
    return tuple(outputs)


def _list_single_labels(data: BaselineData, sets: BoolArray) -> list[BaselineData]:
    """One target of two classes a label."""
    held = sets[data.target.astype(np.int64)].astype(np.float64)
    return [replace(data, target=column, task=Task.BINARY, n_classes=2, sets=None) for column in held.T]


def _join_labels(single: list[tuple[BaselineOutput, ...]]) -> tuple[BaselineOutput, ...]:
    """Put the probabilities of each label side by side."""
    return tuple(
        BaselineOutput(
            outputs[0].name,
            np.column_stack([output.development[:, 1] for output in outputs]),
            np.column_stack([output.test[:, 1] for output in outputs]),
        )
        for outputs in zip(*single, strict=True)
    )


def _is_thinned(data: BaselineData, fit: IndexArray) -> bool:
    """Whether the linear model of many pixels or points is fitted on a sample of the rows."""
    return data.has_arrays and len(fit) > MOST_WIDE_ROWS


def shrink_pictures(pictures: NDArray[np.generic]) -> FloatArray:
    """Give pictures of bytes as rows of brightness, averaged over squares until few enough numbers are left.

    Args:
        pictures: uint8 [N, height, width, channels].

    Returns:
        float32 [N, numbers], 0 to 1.

    Example:
        >>> shrink_pictures(np.full((1, 2, 2, 1), 255, np.uint8)).tolist()
        [[1.0, 1.0, 1.0, 1.0]]
    """
    n, height, width, channels = pictures.shape
    step = max(1, math.ceil(math.sqrt(height * width * channels / MOST_PIXELS)))
    rows, columns = height // step, width // step
    cut = pictures[:, : rows * step, : columns * step]
    squares = cut.reshape(n, rows, step, columns, step, channels)
    total = squares.sum(axis=(2, 4), dtype=np.float32)
    return (total / np.float32(255 * step * step)).reshape(n, rows * columns * channels)


def predict_persistence(
    target: DoubleArray, time: DoubleArray, rows: IndexArray, *, gap: int = 0
) -> DoubleArray:
    """Predict each row by the last target known when it is predicted: what one gets for nothing.

    Known is the row `gap + 1` places earlier in time; without a gap this is a forecast of one step.

    Args:
        target: float64 [N], all targets up to and including `rows` (the true value of the row before is known by
            the time the next one is predicted).
        time: float64 [N].
        rows: int64, rows to predict.
        gap: rows whose target is not known yet when a row is predicted.

    Returns:
        float64 [rows]; the first rows of all, which have none before them, get the first target.

    Example:
        >>> predict_persistence(np.array([1.0, 5.0, 3.0]), np.array([2.0, 0.0, 1.0]), np.array([0, 2]))
        array([3., 5.])
    """
    order = np.argsort(time, kind="stable")
    before = np.empty(len(target))
    step = gap + 1
    before[order[step:]] = target[order[:-step]]
    before[order[:step]] = target[order[0]]
    return before[rows]


def _predict(
    name: str, data: BaselineData, fit: IndexArray, held: tuple[int, IndexArray] | None, seed: int
) -> DoubleArray:
    """Predict by a predictor of some rows; probabilities follow the class shares that are expected, as networks' do."""
    found = _fit_predict(name, data, fit, held, seed)
    if data.shares is None:
        return found
    followed = found * (
        data.shares
        / _constant(data.target[fit], data.weight if data.weight is None else data.weight[fit], data)
    )
    return followed / followed.sum(axis=1, keepdims=True)


def _fit_predict(
    name: str, data: BaselineData, fit: IndexArray, held: tuple[int, IndexArray] | None, seed: int
) -> DoubleArray:
    state = 0 if held is None else held[0]
    if _is_thinned(data, fit):  # evenly spread, so that no seed decides
        fit = fit[np.linspace(0, len(fit) - 1, MOST_WIDE_ROWS).round().astype(int)]
    weight = None if data.weight is None else data.weight[fit]
    y = data.target[fit]
    if name == "constant":
        n = len(data.test_features) if held is None else len(held[1])
        return np.broadcast_to(_constant(y, weight, data), (n, max(1, data.n_classes))).copy()
    if data.texts and name == "linear":
        return _predict_texts(data, fit, held, weight)
    uses_raw = name == "gradient boosting" and not data.sees_features and data.raw.shape[1] > 0
    table = data.raw if uses_raw else data.features[state]
    wanted = (data.test_raw if uses_raw else data.test_features) if held is None else table[held[1]]
    if len(wanted) == 0:
        return np.zeros((0, max(1, data.n_classes)))
    if data.task is not Task.REGRESSION and len(np.unique(y)) < 2:
        return np.broadcast_to(_constant(y, weight, data), (len(wanted), data.n_classes)).copy()
    flags = data.is_category if uses_raw else np.zeros(table.shape[1], bool)
    model = _make_model(name, data, flags, seed)
    n_threads = 1 if len(fit) < LEAST_ROWS_FOR_THREADS else None
    with warnings.catch_warnings(), threadpool_limits(n_threads):
        warnings.simplefilter("ignore")  # "did not converge in N steps" is no news for a baseline
        model.fit(table[fit], y if data.task is Task.REGRESSION else y.astype(int), sample_weight=weight)
        if data.task is Task.REGRESSION:
            return model.predict(wanted)[:, None]
        return _spread_classes(model.predict_proba(wanted), model.classes_, data.n_classes)


def _predict_texts(
    data: BaselineData, fit: IndexArray, held: tuple[int, IndexArray] | None, weight: DoubleArray | None
) -> DoubleArray:
    """Predict by a linear model of the words and pairs of words of the fit rows, and of what stands beside them."""
    n_wanted = len(data.test_texts) if held is None else len(held[1])
    y = data.target[fit]
    tables = None
    if n_wanted and (data.task is Task.REGRESSION or len(np.unique(y)) > 1):
        tables = _weigh_texts(data, fit, held)
    if tables is None:
        return np.broadcast_to(_constant(y, weight, data), (n_wanted, max(1, data.n_classes))).copy()
    model = _make_model("linear", data, np.zeros(0, bool), 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "did not converge in N steps" is no news for a baseline
        model.set_params(**({"alpha": 1.0} if data.task is Task.REGRESSION else {"C": TEXT_STRENGTH}))
        model.fit(tables[0], y if data.task is Task.REGRESSION else y.astype(int), sample_weight=weight)
        if data.task is Task.REGRESSION:
            return model.predict(tables[1])[:, None]
        return _spread_classes(model.predict_proba(tables[1]), model.classes_, data.n_classes)


def _weigh_texts(
    data: BaselineData, fit: IndexArray, held: tuple[int, IndexArray] | None
) -> tuple[Any, Any] | None:
    """Give the tables of the fit rows and of the wanted ones; None where there is no word and nothing beside."""
    from scipy.sparse import csr_matrix, hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    beside = data.features[0 if held is None else held[0]][:, : data.n_beside]
    tables = [csr_matrix(beside[fit])]
    tables.append(csr_matrix(beside[held[1]] if held else data.test_features[:, : data.n_beside]))
    words = TfidfVectorizer(
        ngram_range=(1, 2),
        min_df=2,
        max_features=MOST_NGRAMS,
        sublinear_tf=True,
        token_pattern=r"(?u)\b\w+\b",
    )
    wanted = data.test_texts if held is None else [data.texts[row] for row in held[1]]
    try:
        found = [words.fit_transform([data.texts[row] for row in fit]), words.transform(wanted)]
    except ValueError:  # no word stands in two fit rows
        return (tables[0], tables[1]) if data.n_beside else None
    if not data.n_beside:
        return found[0], found[1]
    return tuple(hstack(pair, format="csr") for pair in zip(found, tables, strict=True))  # type: ignore[return-value] # two


def _constant(y: DoubleArray, weight: DoubleArray | None, data: BaselineData) -> DoubleArray:
    if data.task is Task.REGRESSION:
        return np.array([np.average(y, weights=weight)])
    counts = np.bincount(y.astype(int), weights=weight, minlength=data.n_classes) + 0.5
    return counts / counts.sum()


def _spread_classes(found: DoubleArray, classes: CodeArray, n_classes: int) -> DoubleArray:
    """Put probabilities in the study's class order; a class unknown to the model keeps a small share."""
    spread = np.full((len(found), n_classes), 1e-3)
    spread[:, classes] = found
    return spread / spread.sum(axis=1, keepdims=True)


def _make_model(name: str, data: BaselineData, is_category: np.ndarray, seed: int) -> Any:  # noqa: ANN401 - scikit-learn
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge

    regression = data.task is Task.REGRESSION
    if name == "linear":
        steps = WIDE_STEPS if data.has_arrays else LINEAR_STEPS
        return Ridge(alpha=1.0) if regression else LogisticRegression(C=1.0, max_iter=steps)
    model: Any = HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier
    return model(categorical_features=is_category if is_category.any() else None, random_state=seed)
