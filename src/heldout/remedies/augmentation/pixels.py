"""Shift, flip and cutout of pictures [R, height, width, channels]; signals [R, length, channels] are shifted too.

Values are standardized: 0 is the mean, which is what "blank" means here.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from heldout.random_bits import Stream, draw_uniform

LARGEST_SHIFT = 0.25  # of the side: the margin that is laid around each picture must be known when compiling
SIGNAL_AXES = 3


def shift(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Move each picture by whole pixels, up and down, left and right, and each signal in time; what comes in is blank.

    Args:
        stream: random numbers of this step.
        x: float32 [R, H, W, C] or [R, L, C].
        strength: largest shift as a share of each side, at most 0.25.

    Example:
        >>> shift(Stream(0, 4, 0, 2), jnp.ones((2, 8, 8, 1)), 0.2).shape
        (2, 8, 8, 1)
    """
    if x.ndim == SIGNAL_AXES:
        return shift(stream, x[:, :, None], strength)[:, :, 0]
    n_rows, height, width, _ = x.shape
    draws = 2.0 * draw_uniform(stream, (n_rows, 2)).T - 1.0
    sides, margins = (height, width), [math.ceil(LARGEST_SHIFT * side) for side in (height, width)]
    starts = [
        margin + jnp.clip(jnp.round(draw * strength * side), -margin, margin).astype(jnp.int32)
        for draw, side, margin in zip(draws, sides, margins, strict=True)
    ]
    wide = jnp.pad(x, ((0, 0), (margins[0],) * 2, (margins[1],) * 2, (0, 0)))
    rows = starts[0][:, None] + jnp.arange(height)
    columns = starts[1][:, None] + jnp.arange(width)
    return wide[jnp.arange(n_rows)[:, None, None], rows[:, :, None], columns[:, None, :]]


def flip(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Mirror a share of the pictures left to right.

    Args:
        stream: random numbers of this step.
        x: float32 [R, H, W, C].
        strength: share mirrored, 0 to 1.

    Example:
        >>> flip(Stream(0, 4, 0, 3), jnp.array([[[[1.0], [2.0]]]]), 1.0).ravel().tolist()
        [2.0, 1.0]
    """
    mirrored = draw_uniform(stream, (x.shape[0], 1, 1, 1)) < strength
    return jnp.where(mirrored, x[:, :, ::-1], x)


def cut_out(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Blank one square of each picture; its middle may lie anywhere, so that it may hang over the edge.

    Args:
        stream: random numbers of this step.
        x: float32 [R, H, W, C].
        strength: side of the square as a share of the shorter side.

    Source:
        DeVries & Taylor 2017, "Improved regularization of convolutional neural networks with cutout".

    Example:
        >>> float(cut_out(Stream(0, 4, 0, 4), jnp.ones((1, 8, 8, 1)), 1.0).mean()) < 1.0
        True
    """
    n_rows, height, width, _ = x.shape
    half = 0.5 * strength * min(height, width)
    draws = draw_uniform(stream, (n_rows, 2))
    middle = [draws[:, axis] * side for axis, side in enumerate((height, width))]
    inside = [
        jnp.abs(jnp.arange(side) + 0.5 - place[:, None]) <= half
        for side, place in zip((height, width), middle, strict=True)
    ]
    blank = inside[0][:, :, None] & inside[1][:, None, :]
    return jnp.where(blank[..., None], 0.0, x)
