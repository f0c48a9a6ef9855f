"""Whether numbers in a row form a signal: neighbours must go together more than chance lets them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Mean squared difference of neighbours over twice the variance: 1 for numbers in random order, near 0 for a smooth
# curve. One half is a correlation of neighbours of 0.5 (assumption; spectra and light curves lie below 0.2).
_BOUND = 0.5
_ROWS, _LEAST = 500, 3


def is_smooth(values: NDArray[np.generic]) -> bool:
    """Whether most rows are smooth along the last axis, after every column got mean zero and deviation one.

    The columns are scaled first, so that a table whose columns have different units does not look smooth.

    Args:
        values: [N, D] numbers; NaN allowed.

    Source:
        The ratio of von Neumann (Ann. Math. Stat. 12, 1941), here of each row.

    Example:
        >>> angle = np.linspace(0, 6, 64) + np.arange(20)[:, None]
        >>> is_smooth(np.sin(angle)), is_smooth(np.random.default_rng(0).normal(size=(20, 64)))
        (True, False)
    """
    step = max(1, len(values) // _ROWS)
    rows = np.asarray(values[::step], dtype=np.float64)
    rows = np.where(np.isfinite(rows), rows, np.nan)
    if len(rows) < _LEAST or rows.shape[1] < _LEAST:
        return False
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        known = np.isfinite(rows)
        count = np.maximum(known.sum(axis=0), 1)
        centred = np.where(known, rows - np.where(known, rows, 0).sum(axis=0) / count, 0)
        spread = np.sqrt((centred**2).sum(axis=0) / count)
        moving = spread > 0
        if moving.sum() < _LEAST:
            return False
        scaled = centred[:, moving] / spread[moving]
        ratio = (np.diff(scaled, axis=1) ** 2).mean(axis=1) / (2 * np.maximum(scaled.var(axis=1), 1e-12))
    return bool(np.median(ratio) < _BOUND)
