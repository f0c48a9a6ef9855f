"""Augmentation of arrays of numbers: tables, and what holds for signals and pictures alike."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from heldout.random_bits import Stream, draw_bits, draw_normal, draw_uniform


def add_noise(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Add normal noise to every number.

    Args:
        stream: random numbers of this step.
        x: float32 [R, ...], standardized.
        strength: standard deviation of the noise, in standard deviations of the values.

    Example:
        >>> add_noise(Stream(0, 4, 0, 1), jnp.zeros((2, 3)), 0.1).shape
        (2, 3)
    """
    return x + strength * draw_normal(stream, x.shape)


def scale_values(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Multiply each signal as a whole: the same shape, louder or quieter.

    Args:
        stream: random numbers of this step.
        x: float32 [R, L, C], standardized: 0 is the mean, which stays where it is.
        strength: the factor lies between 1 / (1 + strength) and 1 + strength, even on a scale of ratios.

    Example:
        >>> scale_values(Stream(0, 4, 0, 17), jnp.zeros((1, 2, 1)), 0.5).ravel().tolist()
        [0.0, 0.0]
    """
    draw = 2.0 * draw_uniform(stream, (x.shape[0], *(1,) * (x.ndim - 1))) - 1.0
    return x * jnp.exp(draw * jnp.log1p(strength))


def swap_values(
    stream: Stream, x: jax.Array, strength: jax.Array, *, blocks: jax.Array | None = None
) -> jax.Array:
    """Give a share of the features the value that another row of the batch has there.

    Each value stays one that the column really takes, which noise does not promise; the rows in between what the data
    hold are not invented. All slots of a one-hot block change together, so that no row has two categories or none.

    Args:
        stream: random numbers of this step.
        x: float32 [R, D], R at least 2 for anything to change.
        strength: share of the features that are exchanged, 0 to 1.
        blocks: int32 [D], number of the one-hot block of each feature, -1 for one that stands alone; a block's
            features lie side by side. None where no feature belongs to a block.

    Source:
        "swap noise", the winning entry of a public competition on car insurance (M. Jahrer, 2017).

    Example:
        >>> swap_values(Stream(0, 4, 0, 18), jnp.array([[1.0, 2.0], [3.0, 4.0]]), 1.0).tolist()
        [[3.0, 4.0], [1.0, 2.0]]
    """
    n_rows, n_features = x.shape
    bits = draw_bits(stream, (n_rows, 2, n_features))
    chosen = (bits[:, 0] >> 8).astype(jnp.float32) * jnp.float32(2.0**-24) < strength
    away = bits[:, 1] % max(n_rows - 1, 1) + 1  # the donor is another row, each equally likely
    if blocks is not None:
        leader = _lead_blocks(blocks)
        chosen, away = chosen[:, leader], away[:, leader]
    donor = (jnp.arange(n_rows, dtype=jnp.uint32)[:, None] + away) % n_rows
    return jnp.where(chosen, jnp.take_along_axis(x, donor.astype(jnp.int32), axis=0), x)


def _lead_blocks(blocks: jax.Array) -> jax.Array:
    """Give for each feature the first feature of its block, itself where it stands alone; blocks are contiguous."""
    own = jnp.arange(blocks.shape[0])
    begins = (blocks < 0) | (blocks != jnp.roll(blocks, 1)) | (own == 0)
    return jax.lax.cummax(jnp.where(begins, own, 0))
