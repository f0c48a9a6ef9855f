"""The table of families whose networks are trained: a new family is one new file and one row here."""

from __future__ import annotations

import numpy as np

from heldout.suite.binary import draw_binary, draw_random_labels
from heldout.suite.multiclass import draw_multiclass
from heldout.suite.record import FIT_SIZES, N_VALIDATION, Draw, MadeTask, Sizes
from heldout.suite.regression import draw_heavy_tails, draw_regression, draw_timed
from heldout.suite.uneven import draw_grouped, draw_imbalanced
from heldout.suite.wide import draw_picture, draw_text

FAMILIES: dict[str, Draw] = {
    "binary": draw_binary,
    "random labels": draw_random_labels,
    "multi-class": draw_multiclass,
    "regression": draw_regression,
    "heavy tails": draw_heavy_tails,
    "imbalanced": draw_imbalanced,
    "grouped": draw_grouped,
    "text": draw_text,
    "picture": draw_picture,
    "time": draw_timed,
}
N_FRESH = 2000
FEWER_FRESH = 1000  # where every class is recorded for every row
# Large fit parts are drawn more often: small excesses, between 0.3 and 3 tolerances, are the hard cases.
_FIT_WEIGHTS = np.array([1, 1, 1, 1, 2, 3, 4, 3]) / 16


def draw_task(family: str, seed: int, index: int) -> MadeTask:
    """Draw the index-th task of a family; the same seed and index always give the same task.

    Args:
        family: name in `FAMILIES`.
        seed: of the suite.
        index: number of the task.

    Returns:
        `MadeTask`.

    Example:
        >>> task = draw_task("binary", 0, 3)
        >>> task.features.shape[1], task.sizes.n_validation
        (8, 1560)
    """
    rng = make_rng(family, seed, index)
    n_fit = int(rng.choice(FIT_SIZES, p=_FIT_WEIGHTS))
    n_fresh = FEWER_FRESH if family == "multi-class" else N_FRESH
    return FAMILIES[family](rng, Sizes(n_fit, N_VALIDATION, n_fresh))


def make_rng(family: str, seed: int, index: int) -> np.random.Generator:
    """Give the source of chance of one task.

    Args:
        family: any name.
        seed: of the suite.
        index: number of the task.

    Returns:
        a generator that depends on all three.
    """
    return np.random.default_rng([seed, index, *family.encode()])
