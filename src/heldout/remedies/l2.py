"""L2: the sum of squared weights is added to the cost, so that no weight grows without paying for it."""

from __future__ import annotations

from dataclasses import replace

from heldout.records import Hyper

STRENGTHS = {2: (1e-4, 1e-3), 3: (1e-4, 1e-3, 1e-2), 5: (1e-5, 1e-4, 1e-3, 3e-3, 1e-2)}


def add_l2(hyper: Hyper, strength: float, layers: tuple[int, ...] = ()) -> Hyper:
    """Add `strength * sum w^2` to the mean loss, for all or some weight matrices; biases are left out.

    The lecture's cost is a sum over n examples, ours a mean: `lambda_sum = n * lambda_mean`.

    Args:
        hyper: the training to change.
        strength: factor of the sum, at least 0.
        layers: which weight matrices, 0 the one from the inputs; all when none is named.

    Example:
        >>> add_l2(Hyper(1e-3, (0.0,), (0.0,), (0.0,)), 0.01).l2
        (0.01,)
    """
    chosen = layers or range(len(hyper.l2))
    kept = tuple(strength if layer in chosen else old for layer, old in enumerate(hyper.l2))
    return replace(hyper, l2=kept)
