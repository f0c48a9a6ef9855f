"""Dropout: at every step a random share of units is set to zero, so that none can rely on another."""

from __future__ import annotations

from dataclasses import replace

from heldout.records import Hyper

AT_TEST = "at test"  # detail of a use whose units are multiplied by the keep share at the test
STRENGTHS = {2: (0.25, 0.5), 3: (0.1, 0.3, 0.5), 5: (0.05, 0.1, 0.2, 0.35, 0.5)}


def add_dropout(
    hyper: Hyper, strength: float, layers: tuple[int, ...] = (), *, scales_test: bool = False
) -> Hyper:
    """Set the share of units dropped: on the layers named, else on all hidden ones (inputs of a linear model).

    Both ways of the lecture: kept units are divided by the keep share 1 - rate at training time, so that nothing
    changes at test time; or they stay as they are, and all units are multiplied by the keep share at test time. The
    outputs agree in expectation; the trainings differ, because the second way's outputs are smaller while training.

    Args:
        hyper: the training to change.
        strength: share of units set to ZERO at each step, 0 <= strength < 1.
        layers: 0 the inputs, i the i-th hidden layer; layers the network does not have are passed over.
        scales_test: the second way.

    Source:
        Srivastava et al. 2014, "Dropout", JMLR 15.

    Example:
        >>> add_dropout(Hyper(1e-3, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)), 0.3).dropout
        (0.0, 0.3)
        >>> add_dropout(Hyper(1e-3, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)), 0.3, layers=(0,)).dropout
        (0.3, 0.0)
    """
    n_layers = len(hyper.dropout)
    chosen = layers or (tuple(range(1, n_layers)) if n_layers > 1 else (0,))
    rates = tuple(strength if layer in chosen else rate for layer, rate in enumerate(hyper.dropout))
    return replace(hyper, dropout=rates, scales_test=scales_test)
