"""Faults planted into clean tasks: copies across the split, a column that tells the target, shifts, mixed-up labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.records import IndexArray
from heldout.suite.binary import draw_clean
from heldout.suite.record import MadeTask, Sizes, draw_classes, make_task

FAULTS = ("duplicates", "leak", "shift", "flipped", "shuffled")
COPIED_SHARE = 0.3
SHIFT = 1.0  # standard deviations, one column


def draw_sound(rng: np.random.Generator, sizes: Sizes) -> MadeTask:
    """Draw a learnable two-class task without any fault, the ground that faults are planted in.

    Args:
        rng: source of chance.
        sizes: rows of each part.

    Returns:
        `MadeTask`.
    """
    kind = ("teacher", "linear")[int(rng.integers(2))]
    features, probability = draw_clean(rng, sizes, kind)
    target = draw_classes(rng, probability)
    return make_task("faults", kind, sizes, features=features, truth=probability, target=target)


def plant_fault(rng: np.random.Generator, task: MadeTask, fault: str) -> MadeTask:
    """Plant one fault.

    Args:
        rng: source of chance.
        task: a two-class task.
        fault: one of `FAULTS`: "duplicates" (30 % of the validation rows are copies of fit rows), "leak" (the last
            column is the target with little noise, in all parts), "shift" (one column of the validation rows moved
            by one standard deviation), "flipped" or "shuffled" (validation labels).

    Returns:
        the task with `planted` set.
    """
    start, stop = task.sizes.n_fit, task.sizes.n_fit + task.sizes.n_validation
    features, target = task.features.copy(), task.target.copy()
    if fault == "duplicates":
        copied = np.flatnonzero(rng.random(stop - start) < COPIED_SHARE)
        source = rng.integers(0, start, copied.size)
        features[start + copied], target[start + copied] = features[source], target[source]
    elif fault == "leak":
        features[:, -1] = target + 0.1 * rng.standard_normal(len(target))
    elif fault == "shift":
        features[start:stop, 0] += SHIFT * float(features[:start, 0].std())
    elif fault == "flipped":
        target[start:stop] = 1 - target[start:stop]
    else:
        target[start:stop] = target[start:stop][rng.permutation(stop - start)]
    return replace(task, features=features, target=target, planted=fault)


def permute_labels(rng: np.random.Generator, task: MadeTask) -> MadeTask:
    """Give the same task with the fit labels shuffled: what memorising alone looks like.

    Args:
        rng: source of chance.
        task: any task.

    Returns:
        the task with `planted` "permuted".
    """
    target = task.target.copy()
    target[: task.sizes.n_fit] = target[rng.permutation(task.sizes.n_fit)]
    return replace(task, target=target, planted="permuted")


def copied_rows(task: MadeTask) -> IndexArray:
    """Give the validation rows whose features also stand among the fit rows.

    Args:
        task: any task.

    Returns:
        int64, positions among the validation rows.
    """
    start, stop = task.sizes.n_fit, task.sizes.n_fit + task.sizes.n_validation
    known = {row.tobytes() for row in task.features[:start]}
    return np.array(
        [i for i, row in enumerate(task.features[start:stop]) if row.tobytes() in known], np.int64
    )
