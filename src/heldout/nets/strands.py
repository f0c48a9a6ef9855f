"""Sequences whose strand is unknown: a network reads both strands and gives the mean of what it says of each.

A sequence and its reverse complement so get the same answer, in training, evaluation and prediction alike.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from heldout.nets.net import Net

N_BASES = 4  # channels A, C, G, T: the complement is their reverse


def reads_both_strands(net: Net) -> bool:
    """Say whether a network reads each row from both strands.

    Example:
        >>> reads_both_strands(Net("mlp", (3,), 1))
        False
    """
    return any(part.both_strands for part in net.parts)


def add_other_strands(net: Net, x: jax.Array) -> jax.Array:
    """Put below the rows of a batch the same rows with their sequences read from the other strand.

    Args:
        net: with parts.
        x: [R, D].

    Returns:
        [2 R, D].

    Source:
        Zhou, Shrikumar & Kundaje 2022, "Towards a better understanding of reverse-complement equivariance for deep
        learning models in genomics".
    """
    column, pieces = 0, []
    for part in net.parts:
        size = math.prod(part.shape)
        piece = x[:, column : column + size]
        if part.both_strands:
            piece = read_other_strand(piece.reshape(x.shape[0], *part.shape)).reshape(x.shape[0], size)
        pieces.append(piece)
        column += size
    return jnp.concatenate([x, jnp.concatenate(pieces, axis=1)])


def average_strands(outputs: jax.Array) -> jax.Array:
    """Give the mean of both halves of a batch: [2 R, n_outputs] -> [R, n_outputs].

    Example:
        >>> average_strands(jnp.array([[1.0], [3.0]])).tolist()
        [[2.0]]
    """
    return outputs.reshape(2, -1, outputs.shape[-1]).mean(axis=0)


def read_other_strand(x: jax.Array) -> jax.Array:
    """Read sequences from the other strand; what is shorter than the row stays aligned on the left.

    Args:
        x: [R, L, C], the first four channels A, C, G and T; further ones go with their letter.

    Example:
        >>> x = jnp.eye(4)[jnp.array([[0, 0, 1]])]  # AAC
        >>> read_other_strand(x)[0].argmax(axis=1).tolist()  # GTT
        [2, 3, 3]
    """
    places = jnp.arange(x.shape[1])
    ends = jnp.where(x.any(axis=2), places + 1, 0).max(axis=1, keepdims=True)
    sources = jnp.where(places < ends, ends - 1 - places, places)  # [R, L]
    turned = jnp.take_along_axis(x, sources[:, :, None], axis=1)
    return jnp.concatenate([turned[..., N_BASES - 1 :: -1], turned[..., N_BASES:]], axis=2)
