"""A linear network of a shrunken picture: the smallest thing that looks at pictures of any size."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from heldout.nets.mlp import apply_dense, list_dense_layers
from heldout.nets.net import LayerSpec, Memory, Mode, Net, Params

# A weight for each pixel would make the smallest network of a large picture the one with the most weights. Assumption:
# what stands where is still seen on 16 x 16 fields.
MOST_FIELDS = 16


def list_pooled_layers(net: Net) -> tuple[LayerSpec, ...]:
    """List the layers: dense ones on the fields of the picture.

    Example:
        >>> list_pooled_layers(Net("pooled", (64, 48, 3), 10))[0].arrays[0].shape
        (16, 12, 3, 10)
    """
    return list_dense_layers(net, count_fields(net.inputs))


def count_fields(inputs: tuple[int, ...]) -> tuple[int, int, int]:
    """Give the shape of what is left of a picture: square fields, at most 16 a side; small pictures stay whole.

    Args:
        inputs: (height, width, channels).

    Example:
        >>> count_fields((50, 28, 1)), count_fields((12, 16, 3))
        ((13, 7, 1), (12, 16, 3))
    """
    height, width, channels = inputs
    side = _field_side(inputs)
    return -(-height // side), -(-width // side), channels


def _field_side(inputs: tuple[int, ...]) -> int:
    return math.ceil(max(inputs[:2]) / MOST_FIELDS)


def pool_fields(x: jax.Array) -> jax.Array:
    """Average pictures over square fields; fields at the lower and right edge count what they hold.

    Args:
        x: [R, H, W, C].

    Returns:
        [R, *count_fields].

    Example:
        >>> pool_fields(jnp.arange(32.0).reshape(1, 32, 1, 1))[0, :3, 0, 0].tolist()
        [0.5, 2.5, 4.5]
    """
    n_rows, height, width, _ = x.shape
    side = _field_side(x.shape[1:])
    rows, columns, channels = count_fields(x.shape[1:])
    padded = jnp.pad(x, ((0, 0), (0, rows * side - height), (0, columns * side - width), (0, 0)))
    sums = padded.reshape(n_rows, rows, side, columns, side, channels).sum(axis=(2, 4))
    held = [
        jnp.minimum(side, length - side * jnp.arange(n)) for length, n in ((height, rows), (width, columns))
    ]
    return sums / (held[0][:, None] * held[1])[..., None]


def apply_pooled(
    net: Net, params: Params, memory: Memory, x: jax.Array, mode: Mode
) -> tuple[jax.Array, Memory]:
    """Compute the outputs for a batch of pictures [R, H, W, C]."""
    fields = pool_fields(x)
    return apply_dense(params, fields.reshape(x.shape[0], -1), mode, first=0), memory
