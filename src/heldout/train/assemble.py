"""From the results of single trainings to the record of one configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import jax
import numpy as np

from heldout.records import Configuration, ConfigurationRun, FloatArray, Outcome, Task, Tensors
from heldout.train.program import MemberResults


def join_results(groups: Sequence[MemberResults]) -> MemberResults:
    """Join groups of members along the member axis."""
    return MemberResults(
        curves=np.concatenate([group.curves for group in groups]),
        losses=np.concatenate([group.losses for group in groups]),
        hits=np.concatenate([group.hits for group in groups]),
        alive=np.concatenate([group.alive for group in groups]),
        params=jax.tree.map(lambda *parts: np.concatenate(parts), *(group.params for group in groups)),
        memory=jax.tree.map(lambda *parts: np.concatenate(parts), *(group.memory for group in groups)),
    )


def take_member(results: MemberResults, place: int) -> MemberResults:
    """Give the results of one member, its axis kept."""
    part = slice(place, place + 1)
    return MemberResults(
        curves=results.curves[part],
        losses=results.losses[part],
        hits=results.hits[part],
        alive=results.alive[part],
        params=jax.tree.map(lambda array: array[part], results.params),
        memory=jax.tree.map(lambda array: array[part], results.memory),
    )


def assemble_run(
    configuration: Configuration,
    results: MemberResults,
    tensors: Tensors,
    checkpoints: tuple[int, ...],
    n_seeds: int,
) -> ConfigurationRun:
    """Pool the folds of one configuration into per-row losses.

    Args:
        configuration: what was trained.
        results: its members, seeds outer, folds inner.
        tensors: the arrays it was trained on; squared errors are brought to common units with `target_scale`.
        checkpoints: epochs of the per-row losses.
        n_seeds: number of seeds S; the number of folds follows.
    """
    n_folds = len(tensors.fit_rows)
    curves = results.curves.reshape(n_seeds, n_folds, *results.curves.shape[1:])
    scale = np.square(tensors.target_scale).astype(np.float32)
    sizes = tensors.validation_mask.sum(axis=1).astype(int)
    by_fold = results.losses.reshape(n_seeds, n_folds, *results.losses.shape[1:])
    losses = np.concatenate([by_fold[:, k, :, : sizes[k]] * scale[k] for k in range(n_folds)], axis=2)
    hits = np.zeros((0, 0, 0), bool)
    if tensors.task is not Task.REGRESSION:
        hit_folds = results.hits.reshape(n_seeds, n_folds, *results.hits.shape[1:])
        hits = np.concatenate([hit_folds[:, k, :, : sizes[k]] for k in range(n_folds)], axis=2).swapaxes(0, 1)
    return ConfigurationRun(
        configuration=configuration,
        checkpoints=np.array(checkpoints, np.int32),
        losses=np.ascontiguousarray(losses.swapaxes(0, 1)),
        hits=np.ascontiguousarray(hits),
        train_curve=np.einsum("skt,k->st", curves[..., 0], scale / n_folds).astype(np.float32),
        validation_curve=np.einsum("skt,k->st", curves[..., 1], scale * sizes / sizes.sum()).astype(
            np.float32
        ),
        outcomes=tuple(Outcome.FINISHED if alive else Outcome.DIVERGED for alive in results.alive),
        zero_share=_per_layer(
            results, lambda weight: np.mean(weight == 0.0, axis=tuple(range(1, weight.ndim)))
        ),
        weight_norm=_per_layer(
            results, lambda weight: np.sqrt(np.sum(np.square(weight), axis=tuple(range(1, weight.ndim))))
        ),
        n_rows=tensors.fit_rows.shape[1],
    )


def join_seeds(runs: Sequence[ConfigurationRun]) -> ConfigurationRun:
    """Give the record of one configuration whose seeds were trained at different times.

    Args:
        runs: at least one, in the order of their seeds, with the same checkpoints and validation rows.
    """
    axes = {
        "losses": 1,
        "hits": 1,
        "train_curve": 0,
        "validation_curve": 0,
        "zero_share": 0,
        "weight_norm": 0,
    }
    parts = {
        name: np.concatenate([getattr(run, name) for run in runs], axis=axis) for name, axis in axes.items()
    }
    return replace(runs[0], outcomes=tuple(outcome for run in runs for outcome in run.outcomes), **parts)


def _per_layer(results: MemberResults, measure) -> FloatArray:  # noqa: ANN001 - a function of one weight stack
    return np.stack([measure(weight) for weight in results.weights], axis=1).astype(np.float32)
