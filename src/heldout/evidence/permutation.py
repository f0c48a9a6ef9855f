"""The p value of an observed statistic against permutations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from heldout.errors import DataError


def find_permutation_p(observed: float, null: ArrayLike, *, lower_is_better: bool = True) -> float:
    """Give the p value of "no skill": how often permuted labels do at least as well as the real ones.

    Under 200 rows no interval is narrow enough to say much, but a permutation test is exact. The observed value
    counts as one of the permutations, so p is never 0 (1/200 at best with 199 permutations).

    Args:
        observed: the statistic with the real labels, e.g. a validation loss.
        null: the same statistic by the same procedure for each permutation; NaN (failed) counts against us.
        lower_is_better: True for losses, False for scores.

    Returns:
        p between 1/(B+1) and 1.

    Raises:
        DataError: there is no permutation, or the observed value is not a number.

    Source:
        Phipson and Smyth 2010, "Permutation p-values should never be zero".

    Example:
        >>> find_permutation_p(0.5, [0.7, 0.6, 0.4])
        0.5
        >>> find_permutation_p(0.5, [])
        Traceback (most recent call last):
        heldout.errors.DataError: 0 permutations for an observed value of 0.5: expected at least one
          -> run the permutations first (199 by default)
    """
    values = np.asarray(null, dtype=np.float64)
    if values.size == 0 or np.isnan(observed):
        raise DataError(
            f"{values.size} permutations for an observed value of {observed}: expected at least one",
            hint="run the permutations first (199 by default)",
        )
    beaten = values > observed if lower_is_better else values < observed
    as_good = values.size - int(beaten.sum())
    return (1 + as_good) / (1 + values.size)
