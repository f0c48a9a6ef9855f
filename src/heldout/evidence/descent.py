"""Double descent: a validation loss that falls again beyond a peak, along the sizes or along the epochs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from heldout.errors import DataError
from heldout.evidence.crossfit import average_outside, leave_seed_out, make_crossfit_folds, pick_epochs
from heldout.evidence.paired import compare_paired, index_units
from heldout.evidence.wording import name_loss, say_change
from heldout.records import ConfigurationRun, DoubleArray, IndexArray, JudgeSettings, SecondDescent

# The peak of a second descent lies where a network can just learn its rows by heart, at about as many weights as
# rows (Belkin et al. 2018); a quarter of that as a margin (assumption).
BY_HEART_SHARE = 0.25
SEARCHES = 2  # along the sizes and along the epochs of the largest network: they share alpha


def find_descents(
    runs: Sequence[ConfigurationRun], settings: JudgeSettings, *, folds: IndexArray | None = None
) -> tuple[SecondDescent, ...]:
    """Look for a second descent along the rungs of a ladder and along the epochs of its largest network.

    A ladder must not stop at the first rise, because larger networks may be better again: in a ladder of random
    features the best rung lay beyond the peak in 38 % of the tasks. Here that is said, where it is shown.

    Args:
        runs: rungs of a ladder, smallest first, none diverged.
        settings: units, delta, alpha.
        folds: from `make_crossfit_folds`, to share them.

    Returns:
        what was shown, at most one along each axis.

    Source:
        Belkin et al. 2018 arXiv:1812.11118; epochs: Nakkiran et al. 2019 arXiv:1912.02292.
    """
    if not runs:
        return ()
    shared = make_crossfit_folds(settings.unit, settings.fold_seed) if folds is None else folds
    n_seeds = min(run.losses.shape[1] for run in runs)
    sizes = [run.configuration.rung.n_parameters for run in runs]
    last = np.stack([run.losses[-1, :n_seeds] for run in runs])
    found = (
        find_second_descent(last, sizes, settings, axis="size", folds=shared, n_fit=runs[0].n_rows),
        find_second_descent(
            runs[-1].losses, runs[-1].checkpoints.tolist(), settings, axis="epochs", folds=shared
        ),
    )
    return tuple(item for item in found if item is not None)


def find_second_descent(
    losses: NDArray[np.floating],
    positions: Sequence[int],
    settings: JudgeSettings,
    *,
    axis: str,
    folds: IndexArray,
    n_fit: int = 0,
) -> SecondDescent | None:
    """Say whether the loss rises to a peak and falls again, both by more than the tolerance.

    Valley, peak and second valley are chosen on other rows and seeds than those they are judged on; both the rise
    and the fall must be shown (an intersection-union test), so that noise around a flat curve names nothing.

    Args:
        losses: [P, S, M] losses per position, seed and row.
        positions: P numbers along the axis: parameters, or epochs.
        settings: units, delta, alpha.
        axis: "size" or "epochs".
        folds: int64 [M], cross-fitting fold of each row.
        n_fit: fit rows of one network; a peak at far fewer weights is told as what it is, no second descent.

    Returns:
        `SecondDescent`, or None when it is not shown.

    Raises:
        DataError: positions and losses do not agree.
    """
    if losses.ndim != 3 or len(positions) != len(losses):
        raise DataError(
            f"losses of shape {losses.shape} for {len(positions)} positions: expected [positions, seeds, rows]"
        )
    if len(losses) < 3:
        return None
    before, peak, after = _choose_triples(leave_seed_out(average_outside(losses, folds)))
    units, alpha = index_units(settings.unit), settings.alpha / SEARCHES
    top = pick_epochs(losses, peak, folds)
    rise = compare_paired(top - pick_epochs(losses, before, folds), units, alpha=alpha)
    fall = compare_paired(top - pick_epochs(losses, after, folds), units, alpha=alpha)
    if min(float(rise.low), float(fall.low)) <= settings.delta:
        return None
    _, middle, end = _choose_triples(losses.mean(axis=(1, 2), dtype=np.float64)[:, None, None])
    where, again = int(positions[middle[0, 0]]), int(positions[end[0, 0]])
    numbers = (float(fall.mean), float(fall.low), float(fall.high))
    sentence = _say_descent(axis, (where, again), numbers, settings, n_fit=n_fit)
    return SecondDescent(axis, where, again, numbers, sentence)


def _choose_triples(outside: DoubleArray) -> tuple[IndexArray, IndexArray, IndexArray]:
    """Valley, peak and second valley with the largest smaller one of rise and fall, for each seed and fold."""
    n = len(outside)
    early = np.stack([outside[: i + 1].argmin(axis=0) for i in range(n - 2)])  # lowest up to i
    late = np.stack([i + outside[i:].argmin(axis=0) for i in range(2, n)])  # lowest from i on
    middle = outside[1:-1]
    rise = middle - np.take_along_axis(outside, early, axis=0)
    fall = middle - np.take_along_axis(outside, late, axis=0)
    best = np.minimum(rise, fall).argmax(axis=0)[None]
    return (
        np.take_along_axis(early, best, axis=0)[0],
        best[0] + 1,
        np.take_along_axis(late, best, axis=0)[0],
    )


def _say_descent(
    axis: str, at: tuple[int, int], fall: tuple[float, float, float], settings: JudgeSettings, *, n_fit: int
) -> str:
    scale = settings.delta
    by = (
        f"by {say_change(fall[0], scale=scale).lstrip('+')} {name_loss(settings.task)} "
        f"(at least {say_change(fall[1], scale=scale).lstrip('+')})"
    )
    if axis == "size" and at[0] < BY_HEART_SHARE * n_fit:
        return (
            f"At the last epoch, {at[0]:,} weights are worse than fewer and than {at[1]:,}, {by}; as {at[0]:,} "
            f"weights cannot hold {n_fit:,} rows by heart, that is no second descent."
        )
    place = (
        f"beyond the peak at {at[0]:,} weights the loss at the last epoch is lower again at {at[1]:,}"
        if axis == "size"
        else f"the largest network's loss peaks at epoch {at[0]} and is lower again at epoch {at[1]}"
    )
    return f"Second descent: {place}, {by}."
