"""How well a number ranks rows of one kind above all others."""

from __future__ import annotations

from scipy.stats import rankdata

from heldout.records import BoolArray, DoubleArray


def find_auc(score: DoubleArray, positive: BoolArray) -> float:
    """Give the area under the ROC curve; ties count half.

    Args:
        score: [M], higher means more positive.
        positive: bool [M], both classes present.

    Returns:
        0..1.

    Example:
        >>> import numpy as np
        >>> find_auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([False, False, True, True]))
        0.875
    """
    n_positive = int(positive.sum())
    n_negative = len(positive) - n_positive
    above = rankdata(score)[positive].sum() - n_positive * (n_positive + 1) / 2
    return float(above / (n_positive * n_negative))
