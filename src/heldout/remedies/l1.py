"""L1: the sum of absolute weights is added to the cost, so that weights that do not pay become exactly zero."""

from __future__ import annotations

from dataclasses import replace

from heldout.records import Hyper

STRENGTHS = {2: (1e-4, 1e-3), 3: (3e-5, 3e-4, 3e-3), 5: (1e-5, 1e-4, 3e-4, 1e-3, 1e-2)}


def add_l1(hyper: Hyper, strength: float, layers: tuple[int, ...] = ()) -> Hyper:
    """Add `strength * sum |w|` to the mean loss, for all or some weight matrices; biases are left out.

    The lecture's cost is a sum over n examples, ours a mean: `lambda_sum = n * lambda_mean`. It is applied as a
    proximal step, which reaches exact zeros; a subgradient would leave small weights jittering.

    Args:
        hyper: the training to change.
        strength: factor of the sum, at least 0.
        layers: which weight matrices, 0 the one from the inputs; all when none is named.

    Example:
        >>> add_l1(Hyper(1e-3, (0.0,), (0.0,), (0.0,)), 0.01).l1
        (0.01,)
    """
    chosen = layers or range(len(hyper.l1))
    kept = tuple(strength if layer in chosen else old for layer, old in enumerate(hyper.l1))
    return replace(hyper, l1=kept)
