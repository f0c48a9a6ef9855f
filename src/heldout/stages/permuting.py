"""The permutation test of small studies: how often would labels that mean nothing look as good?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heldout.evidence.permutation import find_permutation_p
from heldout.executors import LocalExecutor
from heldout.ladder import make_net, plain_hyper
from heldout.nets import count_products, list_layers
from heldout.plan import member_seconds
from heldout.records import DoubleArray, FloatArray, IndexArray, InputLayout, Rung, Tensors
from heldout.remedies import apply_remedies
from heldout.train.program import MemberSpec, count_devices

N_PERMUTATIONS, FEWEST_PERMUTATIONS = 199, 19
LONGEST_SECONDS = 30.0  # a check of a small study must not take longer than the study (assumption)


@dataclass(frozen=True)
class PermutationTest:
    """What the permutation test gave.

    Args:
        p_value: share of label permutations (the real labels counted) with at least the observed skill.
        n_permutations: permutations run.
        skill: the observed statistic, constant loss minus the best rung's loss at its best epoch.
    """

    p_value: float
    n_permutations: int
    skill: float


def permute_blocks(unit: IndexArray, rng: np.random.Generator) -> IndexArray:
    """Draw a permutation of rows that moves whole units.

    The rows are laid out unit by unit; the labels are laid out in another random order of the units, so that labels
    of one unit stay neighbours. With one row a unit it is an ordinary permutation.

    Args:
        unit: int64 [N], unit of each row.
        rng: source of randomness.

    Returns:
        int64 [N]: row i gets the label of row `order[i]`.

    Example:
        >>> sorted(permute_blocks(np.array([0, 0, 1, 2]), np.random.default_rng(0)).tolist())
        [0, 1, 2, 3]
    """
    by_unit = np.argsort(unit, kind="stable")
    names, place = np.unique(unit, return_inverse=True)
    shuffled = np.argsort(rng.permutation(len(names))[place.reshape(-1)], kind="stable")
    order = np.empty(len(unit), np.int64)
    order[by_unit] = shuffled
    return order


def count_permutations(rungs: tuple[Rung, ...], executor: LocalExecutor) -> int:
    """Give the number of permutations that the time limit allows, from the plan's fixed rates (never the clock)."""
    once = sum(_estimate_once(rung, executor) for rung in rungs)
    return int(np.clip(LONGEST_SECONDS / once, FEWEST_PERMUTATIONS, N_PERMUTATIONS))


def _estimate_once(rung: Rung, executor: LocalExecutor) -> float:
    """Estimate the time of one permutation of a rung on all folds."""
    tensors = executor.tensors
    layout = tensors.layout or InputLayout("numbers", tensors.features.shape[2:])
    n_products = count_products(list_layers(make_net(rung, layout, tensors.n_outputs)))
    once = member_seconds(n_products, executor.schedule, 2 * tensors.validation_rows.shape[1])
    return once * len(tensors.fit_rows) / count_devices()


def run_permutations(
    make_executor: Callable[[FloatArray], LocalExecutor],
    tensors: Tensors,
    rungs: tuple[Rung, ...],
    *,
    unit: IndexArray,
    constant: DoubleArray,
    seed: int,
) -> PermutationTest:
    """Run the cut procedure (three rungs, one seed, all folds) on permuted labels.

    Args:
        make_executor: builds an executor for other targets.
        tensors: arrays of the study.
        rungs: three rungs, with learning rates.
        unit: int64 [N], unit of each development row.
        constant: float64 [M], constant predictor's losses in the pooled order.
        seed: seed of the permutations.
    """
    first = make_executor(tensors.target[None])
    # a network of pictures may cost more than all other rungs together: it is left out, the smallest never
    fewest = {rung.index: FEWEST_PERMUTATIONS * _estimate_once(rung, first) for rung in rungs}
    rungs = tuple(rung for rung in rungs if fewest[rung.index] <= LONGEST_SECONDS / 3) or rungs[:1]
    n_permutations = count_permutations(rungs, first)
    rng = np.random.default_rng(seed)
    orders = [np.arange(tensors.target.shape[1]), *(permute_blocks(unit, rng) for _ in range(n_permutations))]
    executor = make_executor(np.stack([tensors.target[:, order] for order in orders]))
    best = np.full(len(orders), np.inf)
    for index, rung in enumerate(rungs):
        losses = _train_variants(executor, rung, len(orders), seed)
        best = np.minimum(best, losses)
        executor.report("permutation test", index + 1, len(rungs))
    p_value = find_permutation_p(float(best[0]), best[1:])
    return PermutationTest(p_value, n_permutations, float(np.mean(constant) - best[0]))


def _train_variants(executor: LocalExecutor, rung: Rung, n_variants: int, seed: int) -> DoubleArray:
    """Give each variant's mean validation loss at its best epoch: float64 [P]."""
    n_folds = len(executor.tensors.fit_rows)
    hyper = plain_hyper(rung)
    specs = [
        MemberSpec(hyper, seed, fold, variant) for variant in range(n_variants) for fold in range(n_folds)
    ]
    results = executor.train_members(apply_remedies(rung, ()), specs)
    sizes = executor.tensors.validation_mask.sum(axis=1)
    scale = np.square(executor.tensors.target_scale) * sizes / sizes.sum()
    curves = results.curves[:, :, 1].reshape(n_variants, n_folds, -1)
    pooled = np.einsum("pkt,k->pt", curves, scale)
    return np.min(np.where(np.isfinite(pooled), pooled, np.inf), axis=1)
