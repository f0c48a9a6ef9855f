"""Augmentation of arrays of numbers."""

from __future__ import annotations

import jax

from heldout.random_bits import Stream, draw_normal


def add_noise(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Add normal noise to every number.

    Args:
        stream: random numbers of this step.
        x: float32 [R, ...], standardized.
        strength: standard deviation of the noise, in standard deviations of the values.

    Example:
        >>> import jax.numpy as jnp
        >>> add_noise(Stream(0, 4, 0, 1), jnp.zeros((2, 3)), 0.1).shape
        (2, 3)
    """
    return x + strength * draw_normal(stream, x.shape)
