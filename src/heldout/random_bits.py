"""Random bits by counting: a number is a hash of where it is used, so nothing is drawn in order and nothing is kept.

A `Stream` names a place in a study (seed, purpose, step, place); word i of it is a hash of the stream and of i.
Resuming, chunking and the company of other members therefore change no bit. The hash is a few 32-bit operations a
word, which a CPU vectorises inside the loop that uses the word; threefry costs several times the network's own step.
How it was chosen and tested: docs/engine.md, "Random bits"; `bench/random_bits.py` does it again.
"""

from __future__ import annotations

import math
from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

from heldout.errors import UsageError

Words: TypeAlias = tuple[jax.Array, jax.Array, jax.Array, jax.Array]
Shape: TypeAlias = tuple[int, ...]

MAX_WORDS = 2**32  # a stream counts its words with 32 bits
BITS = 2.0**32
MAX_RATE = 1.0 - 2.0**-24  # the largest float32 below 1: its factor 1 / (1 - rate) is still finite
# linear congruential step of pcg4d (Jarzynski & Olano 2020, "Hash functions for GPU rendering", JCGT 9:3)
KEY_FACTOR, KEY_OFFSET = 1664525, 1013904223
KEY_ROUNDS = 2  # pcg4d has one; the second costs four words a step, not a unit, and is a margin (assumption)
# multipliers and shifts of triple32 (Wellons 2018, "Prospecting for hash functions"): least avalanche bias found
FACTORS = (0xED5AD4BB, 0xAC4C1B51, 0x31848BAB)
SHIFTS = (17, 11, 15, 14)
INVERSES = tuple(pow(factor, -1, 2**32) for factor in FACTORS)


class Stream(NamedTuple):
    """Where random words are used; two streams that differ in any field have nothing to do with each other.

    Args:
        seed: uint32, of the member.
        purpose: uint32, what the words decide (order of rows, dropout, noise).
        step: uint32, which step of the training, or which epoch.
        place: uint32, which layer or input.

    Example:
        >>> [int(draw_bits(Stream(1, 2, 3, place), (1,))[0]) for place in (0, 1)]
        [551187572, 1649341927]
    """

    seed: jax.Array | int
    purpose: jax.Array | int
    step: jax.Array | int
    place: jax.Array | int


def draw_bits(stream: Stream, shape: Shape) -> jax.Array:
    """Give random words; word i in row-major order depends on the stream and on i, not on the shape.

    Args:
        stream: where the words are used.
        shape: lengths of the axes; at most 2^32 words together.

    Returns:
        uint32 [*shape], each value equally likely.

    Raises:
        UsageError: more than 2^32 words.

    Example:
        >>> stream = Stream(seed=7, purpose=2, step=40, place=0)
        >>> bool(jnp.all(draw_bits(stream, (6,)).reshape(2, 3) == draw_bits(stream, (2, 3))))
        True
    """
    key = _mix_key(stream)
    mixed, early = _scramble(_count(shape), key)
    # `mixed` alone meets each value once: a stream of n words would lack its n^2 / 2^33 repetitions
    return mixed ^ early


def keep_mask(stream: Stream, shape: Shape, rate: jax.Array | float) -> jax.Array:
    """Give dropout factors: 0 for a dropped unit, 1 / (1 - rate) for a kept one, so that the mean stays 1.

    Args:
        stream: where the mask is used.
        shape: of the mask.
        rate: dropout_rate, the share set to ZERO, from 0 to below 1; the share realized is below it by less than
            2^-32. A traced rate above 1 - 2^-24 counts as that.

    Returns:
        float32 [*shape]; with a rate of 0 exactly 1 everywhere.

    Raises:
        UsageError: a rate given as a Python number outside [0, 1).

    Example:
        >>> keep_mask(Stream(7, 2, 0, 0), (2, 2), 0.0).tolist()
        [[1.0, 1.0], [1.0, 1.0]]
        >>> keep_mask(Stream(7, 2, 0, 0), (2, 2), 1.0)
        Traceback (most recent call last):
        heldout.errors.UsageError: dropout rate 1.0: expected a number from 0 to below 1
          -> rate is the share set to zero
    """
    if isinstance(rate, int | float) and not 0.0 <= rate < 1.0:
        raise UsageError(
            f"dropout rate {rate!r}: expected a number from 0 to below 1",
            hint="rate is the share set to zero",
        )
    share = jnp.minimum(jnp.asarray(rate, jnp.float32), jnp.float32(MAX_RATE))
    # scaling by a power of two is exact, and so is the conversion of what is left of a 24-bit fraction
    threshold = (share * jnp.float32(BITS)).astype(jnp.uint32)
    return jnp.where(draw_bits(stream, shape) >= threshold, 1.0 / (1.0 - share), 0.0)


def draw_uniform(stream: Stream, shape: Shape) -> jax.Array:
    """Give numbers from [0, 1), multiples of 2^-24, each equally likely.

    Returns:
        float32 [*shape].

    Example:
        >>> bool(jnp.all(draw_uniform(Stream(7, 3, 0, 0), (1000,)) < 1.0))
        True
    """
    # 24 bits, as many as a float32 holds: more would be rounded, and some of them up to 1
    return (draw_bits(stream, shape) >> 8).astype(jnp.float32) * jnp.float32(2.0**-24)


def draw_normal(stream: Stream, shape: Shape) -> jax.Array:
    """Give normal numbers of mean 0 and variance 1, for noise added to the inputs.

    One word a number through the inverse distribution function, symmetric around 0; nothing lies beyond 5.5, which
    one of 30 million normal numbers does.

    Returns:
        float32 [*shape].

    Example:
        >>> bool(jnp.all(jnp.abs(draw_normal(Stream(7, 3, 0, 0), (1000,))) < 5.5))
        True
    """
    # odd multiples of 2^-24 between -1 and 1: never an end, where the inverse is infinite
    odd = (draw_bits(stream, shape) >> 8).astype(jnp.int32) * 2 + (1 - 2**24)
    return jax.lax.erf_inv(odd.astype(jnp.float32) * jnp.float32(2.0**-24)) * jnp.float32(math.sqrt(2.0))


def draw_permutation(stream: Stream, n: int) -> jax.Array:
    """Give the numbers 0 to n - 1 in random order, for the order of the rows of an epoch.

    The rows are sorted by words that never repeat within a stream, so there are no ties: the order favours no row
    and does not depend on how a sort treats equal words. The words alone are sorted, and each is then turned back into
    its row: 54 ns a row at 100,000 rows instead of 202 for sorting pairs of word and row.

    Args:
        stream: where the order is used.
        n: number of rows, from 0 to 2^31 - 1.

    Returns:
        int32 [n].

    Raises:
        UsageError: n outside its range.

    Example:
        >>> sorted(draw_permutation(Stream(7, 1, 0, 0), 4).tolist())
        [0, 1, 2, 3]
    """
    if not 0 <= n < 2**31:
        raise UsageError(
            f"{n!r} rows to permute: expected 0 to {2**31 - 1}", hint="split the rows into parts"
        )
    key = _mix_key(stream)
    mixed, _ = _scramble(_count((n,)), key)
    return _unscramble(jax.lax.sort(mixed, is_stable=False), key).astype(jnp.int32)


def _count(shape: Shape) -> jax.Array:
    n_words = math.prod(shape)
    if n_words > MAX_WORDS:
        raise UsageError(
            f"{n_words} random words of one stream: expected at most {MAX_WORDS}",
            hint="use one stream a part",
        )
    return jax.lax.iota(jnp.uint32, n_words).reshape(shape)


def _mix_key(stream: Stream) -> Words:
    """Mix the four words of a stream by two rounds of pcg4d: invertible, so that no two streams share a key."""
    a, b, c, d = (_to_word(value) for value in stream)
    for _ in range(KEY_ROUNDS):
        a, b, c, d = (word * jnp.uint32(KEY_FACTOR) + jnp.uint32(KEY_OFFSET) for word in (a, b, c, d))
        a, b, c, d = _cross(a, b, c, d)
        a, b, c, d = (word ^ (word >> 16) for word in (a, b, c, d))
        a, b, c, d = _cross(a, b, c, d)
    return a, b, c, d


def _cross(a: jax.Array, b: jax.Array, c: jax.Array, d: jax.Array) -> Words:
    a = a + b * d
    b = b + c * a
    c = c + a * b
    d = d + b * c
    return a, b, c, d


def _to_word(value: jax.Array | int) -> jax.Array:
    if isinstance(value, int):
        return jnp.uint32(value % 2**32)  # numpy refuses a negative Python integer
    return jnp.asarray(value).astype(jnp.uint32)


def _scramble(count: jax.Array, key: Words) -> tuple[jax.Array, jax.Array]:
    """Give a keyed invertible hash of the counts, and its state after the first of the three rounds.

    A key added before each round makes each stream an order of its own; a key added only at the start would give
    every stream the same sequence, shifted.
    """
    x = count + key[0]
    x = (x ^ (x >> SHIFTS[0])) * jnp.uint32(FACTORS[0])
    early = x ^ (x >> SHIFTS[1])
    x = (early + key[1]) * jnp.uint32(FACTORS[1])
    x = x ^ (x >> SHIFTS[2])
    x = (x + key[2]) * jnp.uint32(FACTORS[2])
    x = x ^ (x >> SHIFTS[3])
    return x ^ key[3], early


def _unscramble(word: jax.Array, key: Words) -> jax.Array:
    """Give the counts that `_scramble` has turned into these words: each of its steps undone, the last one first."""
    x = _unshift(word ^ key[3], SHIFTS[3]) * jnp.uint32(INVERSES[2]) - key[2]
    x = _unshift(x, SHIFTS[2]) * jnp.uint32(INVERSES[1]) - key[1]
    x = _unshift(x, SHIFTS[1]) * jnp.uint32(INVERSES[0])
    return _unshift(x, SHIFTS[0]) - key[0]


def _unshift(mixed: jax.Array, by: int) -> jax.Array:
    """Undo x ^ (x >> by) on 32 bits: each turn makes `by` further bits right, from the highest down."""
    x = mixed
    for _ in range(31 // by):
        x = mixed ^ (x >> by)
    return x
