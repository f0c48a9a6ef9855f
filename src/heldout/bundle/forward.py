"""From features to predictions: the ensemble's forward pass, the same bits for a row in any company."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from heldout.bundle.record import Bundle, find_net
from heldout.errors import BundleError
from heldout.nets import EVALUATION, Net, apply_net
from heldout.records import DoubleArray, FloatArray, Prediction, Task
from heldout.train.losses import LOGIT_LIMIT

# Rows are always computed in blocks of this size, the last one padded with zeros: one compiled program whose result
# for a row does not depend on its neighbours (checked bit for bit in the tests).
BLOCK = 256
LOG_LIMIT = 700.0  # exp of more leaves float64
ACTIVATIONS = {Task.BINARY: jax.nn.sigmoid, Task.MULTICLASS: jax.nn.softmax, Task.MULTILABEL: jax.nn.sigmoid}


def predict_features(bundle: Bundle, features_by_state: Sequence[FloatArray]) -> Prediction:
    """Predict encoded rows with the whole ensemble.

    Classification averages the networks' probabilities and then applies the temperature, p ~ p^(1/T); of several labels
    a row each label is a yes or no of its own.
    Regression averages the networks' numbers in the units they learned (logarithms if the target was learned as
    such, so the mean is then a geometric one) and goes back to the user's units; the interval is the conformal
    half width on both sides, and never below zero for a target that was learned as a logarithm.

    Args:
        bundle: the networks.
        features_by_state: float32 [N, D] per fitted state of the recipe, rows in the same order.

    Returns:
        A `Prediction`; a row's numbers do not depend on the other rows, their number or their order.

    Raises:
        BundleError: the number of states or features does not fit the bundle.

    Source:
        Guo et al. 2017, "On Calibration of Modern Neural Networks" (temperature);
        Lei et al. 2018, "Distribution-Free Predictive Inference for Regression" (split conformal interval).
    """
    blocks = [
        (_finish_classes if bundle.task is not Task.REGRESSION else _finish_numbers)(bundle, outputs)[:n_rows]
        for outputs, n_rows in _iterate_outputs(bundle, features_by_state)
    ]
    values = np.concatenate([np.zeros((0, len(bundle.classes) or 1)), *blocks])
    if bundle.task is Task.REGRESSION:
        return _add_interval(bundle, values)
    return Prediction(values=values, labels=decide_labels(bundle, values))


def predict_members(bundle: Bundle, features_by_state: Sequence[FloatArray]) -> DoubleArray:
    """Predict encoded rows with each network on its own, to see how much they disagree.

    Args:
        bundle: the networks.
        features_by_state: float32 [N, D] per fitted state of the recipe.

    Returns:
        float64 [R, N, classes or labels] probabilities without temperature, or [R, N, 1] numbers in user units, of R
        networks.

    Raises:
        BundleError: the number of states or features does not fit the bundle.
    """
    blocks = []
    for outputs, n_rows in _iterate_outputs(bundle, features_by_state):
        if bundle.task is Task.REGRESSION:
            values = _to_user_units(bundle, _to_learned_units(bundle, outputs))
        else:
            values = _widen(bundle, outputs)
        blocks.append(values[:, :n_rows])
    width = len(bundle.classes) or 1
    return np.concatenate([np.zeros((len(bundle.members), 0, width)), *blocks], axis=1)


def decide_labels(bundle: Bundle, probabilities: DoubleArray) -> np.ndarray:
    """Decide for a class: binary by the bundle's threshold, else the most probable (the first of equals).

    Of several labels a row each is decided by the threshold: at one half the fewest labels are wrong.

    Args:
        bundle: for task and threshold.
        probabilities: float64 [N, classes or labels].

    Returns:
        int32 [N], class indices, or [N, labels] ones and zeros.
    """
    if bundle.task is Task.MULTILABEL:
        return (probabilities >= bundle.threshold).astype(np.int32)
    if bundle.task is Task.BINARY:
        return (probabilities[:, 1] >= bundle.threshold).astype(np.int32)
    return np.argmax(probabilities, axis=1).astype(np.int32)


@partial(jax.jit, static_argnames=("task", "net"))
def _compute_block(
    arrays: tuple, states: jax.Array, features: jax.Array, *, task: Task, net: Net
) -> jax.Array:
    """Compute [R, BLOCK, n_outputs] probabilities or standardized numbers from [S, BLOCK, D] features."""

    def compute(one: tuple) -> jax.Array:
        (params, memory), state = one
        return apply_net(net, params, memory, features[state], EVALUATION)[0]

    # one network after the other: convolutions have no batched form on a processor
    outputs = jax.lax.map(compute, (arrays, states))
    if task is Task.REGRESSION:
        return outputs
    return ACTIVATIONS[task](jnp.clip(outputs, -LOGIT_LIMIT, LOGIT_LIMIT))


def _iterate_outputs(
    bundle: Bundle, features_by_state: Sequence[FloatArray]
) -> Iterator[tuple[DoubleArray, int]]:
    """Yield (float64 [R, BLOCK, n_outputs], number of real rows) block by block."""
    n_rows = _check_features(bundle, features_by_state)
    members = bundle.members
    net = find_net(bundle)
    stacked = [
        jax.tree.map(
            lambda *parts: jnp.asarray(np.stack(parts)), *(getattr(member, name) for member in members)
        )
        for name in ("params", "memory")
    ]
    arrays = (stacked[0], stacked[1] or tuple(() for _ in stacked[0]))
    states = jnp.asarray([member.state for member in members], dtype=jnp.int32)
    for first in range(0, n_rows, BLOCK):
        real = [np.asarray(features[first : first + BLOCK], np.float32) for features in features_by_state]
        padded = np.zeros((len(real), BLOCK, real[0].shape[1]), np.float32)
        padded[:, : len(real[0])] = np.stack(real)
        outputs = np.asarray(
            _compute_block(arrays, states, jnp.asarray(padded), task=bundle.task, net=net), np.float64
        )
        if not np.isfinite(outputs).all():
            raise BundleError(
                f"the networks give outputs that are not finite for rows {first} to {first + len(real[0]) - 1}",
                hint="the weights are too large to compute with; make the bundle again with 'heldout fit'",
            )
        yield outputs, len(real[0])


def _check_features(bundle: Bundle, features_by_state: Sequence[FloatArray]) -> int:
    n_states, n_inputs = len(bundle.recipe.states), math.prod(find_net(bundle).inputs)
    if len(features_by_state) != n_states:
        raise BundleError(
            f"features for {len(features_by_state)} fitted states were given, the recipe has {n_states}"
        )
    n_rows = len(features_by_state[0])
    for state, features in enumerate(features_by_state):
        if features.shape != (n_rows, n_inputs):
            raise BundleError(
                f"features of state {state} have shape {features.shape}, expected {(n_rows, n_inputs)}"
            )
    return n_rows


def _widen(bundle: Bundle, outputs: DoubleArray) -> DoubleArray:
    """Turn a single probability of the positive class into one column per class."""
    return np.concatenate([1.0 - outputs, outputs], axis=-1) if bundle.task is Task.BINARY else outputs


def _finish_classes(bundle: Bundle, outputs: DoubleArray) -> DoubleArray:
    return temper(_widen(bundle, outputs.mean(axis=0)), bundle.temperature, task=bundle.task)


def temper(probabilities: DoubleArray, temperature: float, *, task: Task) -> DoubleArray:
    """Make probabilities more or less sure: p ~ p^(1/T), of classes together and of each label for itself.

    Args:
        probabilities: float64 [N, classes or labels].
        temperature: T, above 0; 1 leaves them as they are.
        task: binary, multiclass or multilabel.

    Returns:
        float64 of the same shape; classes sum to 1.

    Example:
        >>> temper(np.array([[0.8, 0.2]]), 0.5, task=Task.MULTILABEL).round(3).tolist()
        [[0.941, 0.059]]
        >>> temper(np.array([[0.8, 0.2]]), 1.0, task=Task.MULTICLASS).tolist()
        [[0.8, 0.2]]
    """
    if task is Task.MULTILABEL:
        pairs = np.stack([1.0 - probabilities, probabilities], axis=-1)
        return _temper_last(pairs, temperature)[..., 1]
    return _temper_last(probabilities, temperature)


def _temper_last(probabilities: DoubleArray, temperature: float) -> DoubleArray:
    if temperature == 1.0:
        return probabilities / probabilities.sum(axis=-1, keepdims=True)
    # The largest is taken out first so that a small temperature cannot make every power zero.
    powers = (probabilities / probabilities.max(axis=-1, keepdims=True)) ** (1.0 / temperature)
    return powers / powers.sum(axis=-1, keepdims=True)


def _finish_numbers(bundle: Bundle, outputs: DoubleArray) -> DoubleArray:
    return _to_user_units(bundle, _to_learned_units(bundle, outputs).mean(axis=0))


def _to_learned_units(bundle: Bundle, outputs: DoubleArray) -> DoubleArray:
    spread = np.array([member.target_spread for member in bundle.members])[:, None, None]
    center = np.array([member.target_center for member in bundle.members])[:, None, None]
    return outputs * spread + center


def _to_user_units(bundle: Bundle, numbers: DoubleArray) -> DoubleArray:
    return np.exp(np.clip(numbers, -LOG_LIMIT, LOG_LIMIT)) if bundle.target_log else numbers


def _add_interval(bundle: Bundle, values: DoubleArray) -> Prediction:
    low = values[:, 0] - bundle.half_width
    low = np.maximum(low, 0.0) if bundle.target_log else low
    nothing = bundle.level == 0.0
    return Prediction(
        values=values,
        labels=np.zeros(0, np.int32),
        low=np.zeros(0) if nothing else low,
        high=np.zeros(0) if nothing else values[:, 0] + bundle.half_width,
    )
