"""Augmentation of rows of word numbers [R, T]; 0 is padding."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from heldout.random_bits import Stream, draw_uniform


def drop_words(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Leave out a share of the words of every text: the network cannot rely on any one of them.

    Args:
        stream: random numbers of this step.
        x: [R, T] numbers of words, 0 for nothing.
        strength: share left out.

    Example:
        >>> drop_words(Stream(0, 4, 0, 6), jnp.array([[5.0, 7.0]]), 1.0).tolist()
        [[0.0, 0.0]]
    """
    return jnp.where(draw_uniform(stream, x.shape) < strength, 0, x)
