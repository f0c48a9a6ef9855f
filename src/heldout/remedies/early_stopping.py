"""Early stopping: keep the weights of the epoch with the lowest validation loss. It costs no training.

Ladder and remedy networks always run to the last epoch; the rule is read from their recorded losses by the
evidence room, and only the delivered networks are stopped. This module gives the lecture's word its place in the
table of remedies.
"""

from __future__ import annotations

from heldout.records import Hyper

STRENGTHS: dict[int, tuple[float, ...]] = {2: (), 3: (), 5: ()}


def add_early_stopping(hyper: Hyper, strength: float, layers: tuple[int, ...] = ()) -> Hyper:
    """Leave the training as it is: the epoch is chosen from the recorded losses afterwards.

    Example:
        >>> plain = Hyper(1e-3, (0.0,), (0.0,), (0.0,))
        >>> add_early_stopping(plain, 0.0) == plain
        True
    """
    return hyper
