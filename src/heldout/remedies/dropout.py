"""Dropout: at every step a random share of units is set to zero, so that none can rely on another."""

from __future__ import annotations

from dataclasses import replace

from heldout.records import Hyper

STRENGTHS = {2: (0.25, 0.5), 3: (0.1, 0.3, 0.5), 5: (0.05, 0.1, 0.2, 0.35, 0.5)}


def add_dropout(hyper: Hyper, strength: float) -> Hyper:
    """Set the share of hidden units dropped; a linear model, which has none, drops inputs.

    Kept units are divided by the keep share 1 - rate at training time, so nothing changes at test time.

    Args:
        hyper: the training to change.
        strength: share of units set to ZERO at each step, 0 <= strength < 1.

    Source:
        Srivastava et al. 2014, "Dropout", JMLR 15.

    Example:
        >>> add_dropout(Hyper(1e-3, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)), 0.3).dropout
        (0.0, 0.3)
    """
    n_layers = len(hyper.dropout)
    if n_layers == 1:
        return replace(hyper, dropout=(strength,))
    return replace(hyper, dropout=(hyper.dropout[0], *(strength,) * (n_layers - 1)))
