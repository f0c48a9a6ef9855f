"""Augmentation of rows of word numbers [R, T]; 0 is padding.

The first `leading` numbers are the words of a text in their order, padding after the last; what follows are numbers of
pairs, number i for the words i and i + 1, and 0 where that pair has no number. A change of the words takes the pairs
with it that are no longer there: a network must not read from a pair which word was left out. Words move together, so
that padding never stands between them, and a text never loses its last word.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp

from heldout.random_bits import Stream, draw_uniform


def drop_words(stream: Stream, x: jax.Array, strength: jax.Array, *, leading: int = 0) -> jax.Array:
    """Leave out a share of the words of every text: the network cannot rely on any one of them.

    Args:
        stream: random numbers of this step.
        x: [R, T] numbers of words, 0 for nothing.
        strength: share left out; a text that would lose all its words keeps them.
        leading: so many first numbers are words; 0 for all.

    Example:
        >>> drop_words(Stream(0, 4, 0, 6), jnp.array([[5, 7, 9, 4, 0]]), 0.5).tolist()
        [[5, 7, 9, 0, 0]]
    """
    words, pairs = _split(x, leading)
    kept = (draw_uniform(stream, words.shape) >= strength) & (words > 0)
    kept = kept | ((words > 0) & ~kept.any(axis=1, keepdims=True))
    length = words.shape[1]
    # the words that stay are written one after the other; the others are written beside the row, that is nowhere
    place = jnp.where(kept, jnp.cumsum(kept, axis=1) - 1, length)
    rows = jnp.arange(words.shape[0])[:, None]
    closed = jnp.zeros_like(words).at[rows, place].set(words, mode="drop")
    return _join(closed, pairs, kept)


def swap_words(stream: Stream, x: jax.Array, strength: jax.Array, *, leading: int = 0) -> jax.Array:
    """Exchange neighbouring words: the order of a text is loosened a little.

    Args:
        stream: random numbers of this step.
        x: [R, T] numbers of words, 0 for nothing.
        strength: share of the words that change places with a neighbour.
        leading: so many first numbers are words; 0 for all.

    Example:
        >>> swap_words(Stream(0, 4, 0, 15), jnp.array([[5, 7, 9, 4, 0]]), 1.0).tolist()
        [[7, 5, 4, 9, 0]]
    """
    words, pairs = _split(x, leading)
    n_rows, length = words.shape
    draw = draw_uniform(stream, (n_rows, 1 + length))
    # the row is cut into twos, from its first or from its second word on
    start = (draw[:, :1] < 0.5).astype(jnp.int32)
    place = jnp.arange(length)[None, :]
    other = ((place - start) ^ 1) + start
    inside = (other >= 0) & (other < length)
    other = jnp.where(inside, other, place)
    beside = jnp.take_along_axis(words, other, axis=1)
    decided = jnp.take_along_axis(draw[:, 1:], jnp.minimum(place, other), axis=1) < strength
    swapped = inside & decided & (words > 0) & (beside > 0)
    return _join(jnp.where(swapped, beside, words), pairs, ~swapped)


def delete_span(stream: Stream, x: jax.Array, strength: jax.Array, *, leading: int = 0) -> jax.Array:
    """Leave out one stretch of neighbouring words of every text.

    Args:
        stream: random numbers of this step.
        x: [R, T] numbers of words, 0 for nothing.
        strength: largest share of a text's words that is left out, 0 to 1; at least one word stays.
        leading: so many first numbers are words; 0 for all.

    Example:
        >>> delete_span(Stream(0, 4, 0, 16), jnp.array([[5, 7, 9, 4, 0]]), 0.8).tolist()
        [[5, 4, 0, 0, 0]]
    """
    words, pairs = _split(x, leading)
    n_rows, length = words.shape
    draw = draw_uniform(stream, (n_rows, 2))
    n_words = (words > 0).sum(axis=1)
    span = jnp.round(draw[:, 0] * strength * n_words).astype(jnp.int32)
    span = jnp.clip(span, 0, jnp.maximum(n_words - 1, 0))
    first = jnp.floor(draw[:, 1] * (n_words - span + 1)).astype(jnp.int32)
    place = jnp.arange(length)[None, :]
    source = place + jnp.where(place >= first[:, None], span[:, None], 0)
    closed = jnp.take_along_axis(words, jnp.minimum(source, length - 1), axis=1)
    kept = (place < first[:, None]) | (place >= (first + span)[:, None])
    return _join(jnp.where(source < length, closed, 0), pairs, kept)


def _split(x: jax.Array, leading: int) -> tuple[jax.Array, jax.Array]:
    n_words = leading or x.shape[1]
    return x[:, :n_words], x[:, n_words:]


def _join(words: jax.Array, pairs: jax.Array, stayed: jax.Array) -> jax.Array:
    """Put words and pairs side by side again; a pair stays where both its words did."""
    n_pairs = pairs.shape[1]
    both = stayed[:, :n_pairs] & stayed[:, 1 : n_pairs + 1]
    return jnp.concatenate([words, jnp.where(both, pairs, 0)], axis=1)
