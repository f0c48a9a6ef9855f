"""Rotation, zoom and shear of pictures [R, height, width, channels]: matrices, and one bilinear resampling for all.

Each picture has a matrix of its own that leads from a place in the new picture to the place in the old one where its
value is read, both counted from the middle. Matrices asked together are multiplied first, so that the picture is
blurred by one interpolation only, at the price of one. What lies outside is the picture reflected at its outermost
pixels: no edge appears that the data do not have, and no value that stands for "nothing" must be known.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from heldout.random_bits import Stream, draw_uniform


def rotate_matrix(stream: Stream, n_rows: int, strength: jax.Array) -> jax.Array:
    """Give rotations by an angle between minus and plus `strength`, each equally likely.

    Args:
        stream: random numbers of this step.
        n_rows: pictures.
        strength: largest angle in degrees, 0 to 180.

    Returns:
        float32 [R, 2, 2], acting on (down, right).

    Example:
        >>> bool((rotate_matrix(Stream(0, 4, 0, 7), 1, 0.0)[0] == jnp.eye(2)).all())
        True
    """
    angle = _draw_signed(stream, n_rows) * strength * (math.pi / 180.0)
    cosine, sine = jnp.cos(angle), jnp.sin(angle)
    return _stack(cosine, sine, -sine, cosine)


def zoom_matrix(stream: Stream, n_rows: int, strength: jax.Array) -> jax.Array:
    """Give changes of size by a factor between 1 / (1 + strength) and 1 + strength, even on a scale of ratios.

    Args:
        stream: random numbers of this step.
        n_rows: pictures.
        strength: 0 to 1; 0.1 shows pictures up to 10 % larger or 9 % smaller.

    Returns:
        float32 [R, 2, 2].

    Example:
        >>> bool((zoom_matrix(Stream(0, 4, 0, 8), 1, 0.0)[0] == jnp.eye(2)).all())
        True
    """
    step = jnp.exp(_draw_signed(stream, n_rows) * jnp.log1p(strength))
    zero = jnp.zeros_like(step)
    return _stack(step, zero, zero, step)


def shear_matrix(stream: Stream, n_rows: int, strength: jax.Array) -> jax.Array:
    """Give slants: every row is moved sideways in proportion to its height above the middle.

    Args:
        stream: random numbers of this step.
        n_rows: pictures.
        strength: largest tangent of the slant; 0.2 moves a row by a fifth of its distance from the middle.

    Returns:
        float32 [R, 2, 2].

    Example:
        >>> bool((shear_matrix(Stream(0, 4, 0, 9), 1, 0.0)[0] == jnp.eye(2)).all())
        True
    """
    slant = _draw_signed(stream, n_rows) * strength
    one, zero = jnp.ones_like(slant), jnp.zeros_like(slant)
    return _stack(one, zero, slant, one)


def resample(x: jax.Array, matrices: jax.Array) -> jax.Array:
    """Read each picture at the places its matrix leads to, bilinearly between the four nearest pixels.

    Args:
        x: float32 [R, H, W, C].
        matrices: float32 [R, 2, 2], from (down, right) of the new picture to that of the old, from the middle.

    Returns:
        float32 [R, H, W, C].

    Example:
        >>> picture = jnp.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
        >>> half_turn = jnp.array([[[-1.0, 0.0], [0.0, -1.0]]])
        >>> resample(picture, half_turn)[0, :, :, 0].tolist()
        [[4.0, 3.0], [2.0, 1.0]]
    """
    n_rows, height, width, n_channels = x.shape
    down = (jnp.arange(height) - 0.5 * (height - 1))[:, None]
    right = (jnp.arange(width) - 0.5 * (width - 1))[None, :]
    factor = matrices[:, :, :, None, None]
    top, below = _split_place(factor[:, 0, 0] * down + factor[:, 0, 1] * right, height)
    left, beside = _split_place(factor[:, 1, 0] * down + factor[:, 1, 1] * right, width)
    flat = x.reshape(n_rows, height * width, n_channels)
    first = top * width + left
    step_down, step_right = width * (height > 1), int(width > 1)

    def read(offset: int) -> jax.Array:
        return jax.vmap(lambda pixels, places: pixels[places])(flat, first + offset)

    below, beside = below[..., None], beside[..., None]
    upper = read(0) * (1.0 - beside) + read(step_right) * beside
    lower = read(step_down) * (1.0 - beside) + read(step_down + step_right) * beside
    return upper * (1.0 - below) + lower * below


def turn(stream: Stream, x: jax.Array, strength: jax.Array) -> jax.Array:
    """Turn or mirror a share of the pictures as a whole, for things that have no upright: galaxies, cells, tiles.

    A square picture has seven other positions (quarter turns, each also mirrored), an oblong one three (half a turn,
    mirrored either way); each is equally likely. No value changes.

    Args:
        stream: random numbers of this step.
        x: float32 [R, H, W, C].
        strength: share turned, 0 to 1; 7/8 of square pictures makes all eight positions equally frequent.

    Example:
        >>> turn(Stream(0, 4, 0, 10), jnp.array([[[[1.0], [2.0]]]]), 1.0).ravel().tolist()
        [2.0, 1.0]
    """
    n_rows, height, width, _ = x.shape
    n_others = 7 if height == width else 3
    draw = draw_uniform(stream, (n_rows, 2))
    position = 1 + jnp.floor(draw[:, 1] * n_others).astype(jnp.int32)
    position = jnp.where(draw[:, 0] < strength, position, 0)

    def has(bit: int) -> jax.Array:
        return ((position & bit) > 0)[:, None, None]

    row, column = jnp.arange(height)[None, :, None], jnp.arange(width)[None, None, :]
    row, column = jnp.where(has(2), height - 1 - row, row), jnp.where(has(1), width - 1 - column, column)
    if height == width:
        row, column = jnp.where(has(4), column, row), jnp.where(has(4), row, column)
    # one reading of each pixel; whole pictures mirrored and chosen from one another cost several times as much
    return x[jnp.arange(n_rows)[:, None, None], row, column]


def _draw_signed(stream: Stream, n_rows: int) -> jax.Array:
    return 2.0 * draw_uniform(stream, (n_rows,)) - 1.0


def _stack(a: jax.Array, b: jax.Array, c: jax.Array, d: jax.Array) -> jax.Array:
    return jnp.stack([a, b, c, d], axis=1).reshape(-1, 2, 2)


def _split_place(offset: jax.Array, side: int) -> tuple[jax.Array, jax.Array]:
    """Give the pixel before a place and the share of the next one, after reflection into the picture.

    Args:
        offset: from the middle, in pixels.
        side: pixels along this axis.
    """
    last = side - 1
    if last == 0:
        return jnp.zeros(offset.shape, jnp.int32), jnp.zeros_like(offset)
    place = offset + 0.5 * last
    place = jnp.abs(
        place - 2.0 * last * jnp.round(place / (2.0 * last))
    )  # a zigzag between 0 and the last pixel
    before = jnp.minimum(jnp.floor(place), last - 1.0)
    return before.astype(jnp.int32), place - before
