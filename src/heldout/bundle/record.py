"""The bundle as a record: everything that is needed to predict, and nothing that can run code."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from heldout.errors import BundleError
from heldout.nets import Net, list_layers, list_shapes
from heldout.recipe import ColumnPlan, FitRates, Recipe
from heldout.records import MANY_OUTPUTS, FloatArray, Score, Task

LayerArrays = tuple[FloatArray, ...]


@dataclass(frozen=True)
class Member:
    """One trained network of the ensemble.

    Args:
        params: for each layer its float32 arrays, the weight first.
        state: index of the recipe's fitted state its features are encoded with.
        seed: seed it was trained with.
        fold: fold whose fit rows it saw.
        epoch: epoch (1-based) its weights were taken at.
        target_center: mean of its fit rows' target in learned units (regression, else 0).
        target_spread: standard deviation of its fit rows' target in learned units (regression, else 1).
        memory: for each layer what it keeps beside its weights (running means); empty where no layer does.
    """

    params: tuple[LayerArrays, ...]
    state: int
    seed: int
    fold: int
    epoch: int
    target_center: float = 0.0
    target_spread: float = 1.0
    memory: tuple[LayerArrays, ...] = ()


@dataclass(frozen=True)
class Limits:
    """How much new data may differ from the training data before a prediction is refused.

    Args:
        max_unseen: share of a column's values in categories never fitted, from 0 to 1, above which it is refused.
        max_unparsed: share of a column's values that cannot be read, from 0 to 1, above which it is refused.
        warn_factor: a share above this many times the training share is noted (and a limit is never below it,
            so that a column that always held many new categories stays usable).
    """

    max_unseen: float = 0.2
    max_unparsed: float = 0.2
    warn_factor: float = 3.0


@dataclass(frozen=True)
class Bundle:
    """A trained ensemble with its recipe: raw rows in, predictions out.

    Args:
        task: binary, multiclass, multilabel or regression.
        classes: names of classes or labels in the order of the outputs; for binary the second one is "positive"; empty
            for regression.
        target: name of the target column.
        members: the networks, all of one shape, averaged for a prediction.
        recipe: how raw columns become features, one fitted state per fold.
        fingerprint: sha256 of the data the study was made of.
        target_log: the networks learned the logarithm of the target (regression).
        target_spread: standard deviation of the target over all development rows in learned units: the unit of
            the losses (1 for classification).
        temperature: divides the ensemble's log-probabilities; 1 when it was not calibrated.
        threshold: probability from which the positive class or a label is predicted (binary, multilabel), 0 to 1.
        costs: (cost of a miss, cost of a false alarm) the threshold follows from, or empty.
        half_width: half width of the prediction interval in user units (regression); 0 when there is none.
        level: coverage the interval was made for, 0 to 1; 0 when there is none.
        metric: name of the study's metric.
        scores: scores on the sealed test rows (or the development estimate; each says how in `method`).
        common_values: (column, text) pairs: for each category column a text that at least 20 fit rows share, the
            only cell texts that may stand in the example rows.
        limits: when new data are refused.
        versions: (package, version) pairs the bundle was made with.
        created: when it was made, ISO 8601, or empty; the caller's clock, so that equal studies give equal bytes.
        net: the network all members share; a fully connected one of their own sizes when left out.
        group: column (or column~pattern) whose rows the study kept together, or empty.
        known_rows: uint64, ascending: a salted mark of each row of the study (see `heldout.bundle.known_rows`).
    """

    task: Task
    classes: tuple[str, ...]
    target: str
    members: tuple[Member, ...]
    recipe: Recipe
    fingerprint: str
    target_log: bool = False
    target_spread: float = 1.0
    temperature: float = 1.0
    threshold: float = 0.5
    costs: tuple[float, ...] = ()
    half_width: float = 0.0
    level: float = 0.0
    metric: str = ""
    scores: tuple[Score, ...] = ()
    common_values: tuple[tuple[str, str], ...] = ()
    limits: Limits = field(default_factory=Limits)
    versions: tuple[tuple[str, str], ...] = ()
    created: str = ""
    net: Net | None = None
    group: str = ""
    known_rows: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))


def find_net(bundle: Bundle) -> Net:
    """Give the network all members share; a fully connected one of their own layer sizes where none is named.

    Raises:
        BundleError: there is no member, or the members' arrays do not fit the network.
    """
    if bundle.net is None:
        sizes = list_sizes(bundle.members)
        return Net("mlp", sizes[:1], sizes[-1], sizes[1:-1])
    layers = list_layers(bundle.net)
    wanted = (list_shapes(layers), list_shapes(layers, kept=True))
    for number, member in enumerate(bundle.members):
        memory = member.memory or tuple(() for _ in layers)
        found = tuple(
            tuple(tuple(a.shape for a in layer) for layer in part) for part in (member.params, memory)
        )
        if found != wanted or any(
            a.dtype != np.float32 for layer in (*member.params, *memory) for a in layer
        ):
            raise BundleError(f"network {number} has arrays {found!r}, expected float32 {wanted!r}")
    if not bundle.members:
        raise BundleError("a bundle needs at least one network, got 0")
    return bundle.net


def count_outputs(task: Task, classes: tuple[str, ...]) -> int:
    """Count the outputs of a network: one for binary and regression, else one per class or label.

    Example:
        >>> count_outputs(Task.MULTICLASS, ("a", "b", "c")), count_outputs(Task.BINARY, ("no", "yes"))
        (3, 1)
    """
    return len(classes) if task in MANY_OUTPUTS else 1


def list_sizes(members: tuple[Member, ...]) -> tuple[int, ...]:
    """List the layer sizes all members share, inputs first and outputs last.

    Args:
        members: at least one member.

    Returns:
        (n_inputs, width of each hidden layer, n_outputs).

    Raises:
        BundleError: there is no member, the members differ in shape, a layer does not fit the next, or an array
            is not float32.

    Example:
        >>> layer = (np.zeros((3, 1), np.float32), np.zeros(1, np.float32))
        >>> list_sizes((Member((layer,), state=0, seed=0, fold=0, epoch=1),))
        (3, 1)
        >>> list_sizes(())
        Traceback (most recent call last):
        heldout.errors.BundleError: a bundle needs at least one network, got 0
    """
    if not members:
        raise BundleError("a bundle needs at least one network, got 0")
    shapes = [tuple((w.shape, b.shape, w.dtype, b.dtype) for w, b in m.params) for m in members]
    for number, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise BundleError(
                f"network {number} has layers {shape!r}, network 0 has {shapes[0]!r}: one shape only"
            )
    sizes = [members[0].params[0][0].shape[0]] if members[0].params else []
    for weight, bias in members[0].params:
        fits = weight.ndim == 2 and bias.shape == weight.shape[1:] and weight.shape[0] == sizes[-1]
        if not fits or weight.dtype != np.float32 or bias.dtype != np.float32:
            raise BundleError(
                f"layers do not fit together: {shapes[0]!r}, expected float32 [in, out] and [out]"
            )
        sizes.append(weight.shape[1])
    if not sizes:
        raise BundleError("a network needs at least one layer, got 0")
    return tuple(int(size) for size in sizes)


def list_inputs(recipe: Recipe) -> tuple[ColumnPlan, ...]:
    """List the columns a prediction needs: those that fill at least one position of the encoded row.

    Args:
        recipe: the recipe of the bundle.

    Returns:
        Their plans, in table order.
    """
    return tuple(plan for plan in recipe.columns if any(op.slots for op in plan.ops))


def merge_rates(recipe: Recipe, name: str) -> FitRates:
    """Summarize what one column looked like in the fit rows of all states.

    Args:
        recipe: the recipe of the bundle.
        name: a column of the recipe.

    Returns:
        Mean shares; the lowest 1 % quantile, the middle median and the highest 99 % quantile, where there are any.
    """
    at = [plan.spec.name for plan in recipe.columns].index(name)
    rates = [state.columns[at].rates for state in recipe.states]
    parts = ("missing", "unseen", "unparsed")
    shares = {part: float(np.mean([getattr(rate, part) for rate in rates])) for part in parts}
    lows, medians, highs = ([getattr(rate, part) for rate in rates] for part in ("low", "median", "high"))
    if any(number is None for number in (*lows, *medians, *highs)):
        return FitRates(**shares)
    return FitRates(**shares, low=min(lows), median=float(np.median(medians)), high=max(highs))
