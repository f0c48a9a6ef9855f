"""From which epoch on a curve lies above its best point beyond the tolerance, for all later epochs at once."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from heldout.evidence.paired import bound_mean, compare_paired, index_units, sum_units
from heldout.records import ConfigurationRun, JudgeSettings

N_BOOTSTRAP = 1000
_ELEMENTS = 2_000_000


def find_onset(run: ConfigurationRun, settings: JudgeSettings, *, best: int) -> int:
    """Give the first recorded epoch after the best one whose simultaneous lower band is above delta.

    The quantile comes from a max-t multiplier bootstrap over units, so that the whole band holds at once; it is
    stretched to Student's t because few seeds make the standard error itself uncertain.

    Args:
        run: the recorded losses.
        settings: units, delta, alpha and the seed of the bootstrap.
        best: index of the checkpoint with the lowest mean loss.

    Returns:
        the epoch (1-based), or -1 when the band never leaves the tolerance.

    Source:
        Multiplier bootstrap: Chernozhukov, Chetverikov and Kato 2013.
    """
    if best >= len(run.checkpoints) - 1:
        return -1
    units = index_units(settings.unit)
    later = run.losses[best + 1 :] - run.losses[best]
    bounds = compare_paired(later, units, alpha=settings.alpha)
    if not np.isfinite(bounds.se).all():
        return -1
    influence = sum_units(later.mean(axis=1, dtype=np.float64) - bounds.mean[:, None], units)  # [E', G]
    quantile = _find_quantile(influence, settings)
    # Ratio of Student's to the normal quantile: 1 for many seeds and rows.
    stretch = bound_mean(0.0, 1.0, df=bounds.df, alpha=settings.alpha)[1] / ndtri(1 - settings.alpha)
    above = np.flatnonzero(bounds.mean - quantile * stretch * bounds.se > settings.delta)
    return int(run.checkpoints[best + 1 + above[0]]) if above.size else -1


def _find_quantile(influence: np.ndarray, settings: JudgeSettings) -> float:
    scale = np.sqrt((influence**2).sum(axis=1, keepdims=True))
    standard = (influence / np.where(scale > 0, scale, 1.0)).astype(np.float32)
    rng = np.random.default_rng(settings.fold_seed)
    step = max(1, _ELEMENTS // standard.shape[1])
    maxima = []
    for start in range(0, N_BOOTSTRAP, step):
        size = (min(step, N_BOOTSTRAP - start), standard.shape[1])
        maxima.append((rng.standard_normal(size, dtype=np.float32) @ standard.T).max(axis=1))
    return max(
        float(np.quantile(np.concatenate(maxima), 1 - settings.alpha)), float(ndtri(1 - settings.alpha))
    )
