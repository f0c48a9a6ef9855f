import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, kstest

from heldout.errors import UsageError
from heldout.random_bits import (
    Stream,
    draw_bits,
    draw_normal,
    draw_permutation,
    draw_uniform,
    keep_mask,
)

STREAM = Stream(seed=7, purpose=2, step=40, place=1)
SIGMAS = 5.0
M = 2**32
FROZEN_ZERO = [212115274, 3387394313, 906085881, 2659483832]
FROZEN = [2419661318, 3802315722, 1745519732, 3493765318]
FROZEN_ORDER = [9, 8, 4, 3, 6, 1, 0, 5, 2, 7]


# --------------------------------------------------------------------------------- the same in plain Python integers
def naive_key(stream):
    v = [int(x) % M for x in stream]
    for _ in range(2):
        v = [(x * 1664525 + 1013904223) % M for x in v]
        for half in range(2):
            v[0] = (v[0] + v[1] * v[3]) % M
            v[1] = (v[1] + v[2] * v[0]) % M
            v[2] = (v[2] + v[0] * v[1]) % M
            v[3] = (v[3] + v[1] * v[2]) % M
            if half == 0:
                v = [x ^ (x >> 16) for x in v]
    return v


def naive_word(stream, index):
    k = naive_key(stream)
    x = (index + k[0]) % M
    x = ((x ^ (x >> 17)) * 0xED5AD4BB) % M
    early = x ^ (x >> 11)
    x = ((early + k[1]) * 0xAC4C1B51) % M
    x = x ^ (x >> 15)
    x = ((x + k[2]) * 0x31848BAB) % M
    x = x ^ (x >> 14) ^ k[3]
    return x ^ early, x


def twin_words(stream, n):
    """The same in numpy, for many words."""
    k = [np.uint32(x) for x in naive_key(stream)]
    x = np.arange(n, dtype=np.uint32) + k[0]
    x = (x ^ (x >> 17)) * np.uint32(0xED5AD4BB)
    early = x ^ (x >> 11)
    x = (early + k[1]) * np.uint32(0xAC4C1B51)
    x = x ^ (x >> 15)
    x = (x + k[2]) * np.uint32(0x31848BAB)
    return x ^ (x >> 14) ^ k[3] ^ early


# ------------------------------------------------------------------------------------------------------------- bits
@given(*[st.integers(0, M - 1)] * 4, st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_words_equal_plain_integer_arithmetic(seed, purpose, step, place, n):
    stream = Stream(seed, purpose, step, place)
    assert np.asarray(draw_bits(stream, (n,))).tolist() == [naive_word(stream, i)[0] for i in range(n)]


def test_a_whole_mask_equals_the_numpy_twin_inside_and_outside_a_program():
    compiled = jax.jit(lambda stream: draw_bits(stream, (128, 256)))(STREAM)
    assert np.array_equal(compiled, draw_bits(STREAM, (128, 256)))
    assert np.array_equal(compiled, twin_words(STREAM, 128 * 256).reshape(128, 256))
    assert compiled.dtype == jnp.uint32


def test_words_are_frozen():
    # a changed word would change every study: resuming an old one would then mix two generators
    assert np.asarray(draw_bits(Stream(0, 0, 0, 0), (4,))).tolist() == FROZEN_ZERO
    assert np.asarray(draw_bits(STREAM, (4,))).tolist() == FROZEN
    assert np.asarray(draw_permutation(STREAM, 10)).tolist() == FROZEN_ORDER


def test_a_loop_a_map_and_single_calls_draw_the_same_words():
    def draw(step):
        return draw_bits(Stream(3, 2, step, 0), (5,))

    alone = np.stack([np.asarray(draw(step)) for step in range(6)])
    assert np.array_equal(jax.vmap(draw)(jnp.arange(6)), alone)
    assert np.array_equal(jax.lax.map(draw, jnp.arange(6)), alone)


def test_a_negative_number_is_the_word_with_the_same_bits():
    assert np.array_equal(
        draw_bits(Stream(-1, 0, 0, 0), (3,)), draw_bits(Stream(jnp.int32(-1), 0, 0, M - M), (3,))
    )
    assert np.array_equal(draw_bits(Stream(-1, 0, 0, 0), (3,)), draw_bits(Stream(M - 1, 0, 0, 0), (3,)))


def test_more_words_than_a_stream_counts_are_refused():
    with pytest.raises(
        UsageError, match="8589934592 random words of one stream: expected at most 4294967296"
    ):
        draw_bits(STREAM, (2**17, 2**16))


@pytest.mark.parametrize("field", range(4))
def test_neighbouring_streams_differ_in_half_of_their_bits_and_share_no_run(field):
    n, n_streams = 2**12, 60
    base = [5, 2, 100, 1]
    words = []
    for shift in range(n_streams):
        stream = list(base)
        stream[field] += shift
        words.append(np.asarray(draw_bits(Stream(*map(jnp.uint32, stream)), (n,))))
    for a, b in zip(words[:-1], words[1:], strict=True):
        apart = int(np.bitwise_count(a ^ b).sum())
        assert abs(apart - 16 * n) < SIGMAS * np.sqrt(8 * n)
    # n_streams * n words of 2^32: about 7 meet by chance; a shifted sequence would meet in thousands
    assert n_streams * n - np.unique(np.concatenate(words)).size < 30


def test_swapped_fields_are_another_stream():
    draws = {
        tuple(np.asarray(draw_bits(Stream(*fields), (4,))).tolist())
        for fields in [(1, 2, 3, 4), (2, 1, 3, 4), (1, 2, 4, 3), (4, 3, 2, 1), (3, 2, 1, 4)]
    }
    assert len(draws) == 5


def test_neighbouring_words_have_independent_bits():
    words = np.asarray(draw_bits(STREAM, (2**18,)))
    expected = words.size // 2 * 16
    for distance in (1, 2, 128, 256):
        pairs = words[: words.size // (2 * distance) * 2 * distance].reshape(-1, 2, distance)
        apart = int(np.bitwise_count(pairs[:, 0] ^ pairs[:, 1]).sum())
        assert abs(apart - expected) < SIGMAS * np.sqrt(8 * words.size / 2)
    for half in (words >> 16, words & 65535):
        counts = np.bincount(half, minlength=65536)
        assert 1e-5 < chi2.sf(((counts - 4.0) ** 2 / 4.0).sum(), 65535) < 1 - 1e-5


def test_words_repeat_as_often_as_chance_has_it():
    words = np.asarray(draw_bits(STREAM, (2**20,)))
    assert 80 < words.size - np.unique(words).size < 190  # n^2 / 2^33 = 128; an invertible hash has none


# ------------------------------------------------------------------------------------------------------------ masks
def test_a_rate_of_zero_keeps_everything_exactly():
    assert np.array_equal(keep_mask(STREAM, (300, 200), 0.0), np.ones((300, 200), np.float32))
    traced = jax.jit(lambda rate: keep_mask(STREAM, (30, 20), rate))(jnp.float32(0.0))
    assert np.array_equal(traced, np.ones((30, 20), np.float32))


@pytest.mark.parametrize("rate", [2.0**-24, 0.001, 0.1, 0.25, 0.5, 0.9, 0.999])
def test_exactly_the_words_below_the_rate_are_dropped(rate):
    words = twin_words(STREAM, 2**18).astype(np.float64)
    mask = np.asarray(keep_mask(STREAM, (2**18,), rate))
    limit = np.floor(float(np.float32(rate)) * M)
    assert abs(limit / M - rate) < 2.0**-24
    assert np.array_equal(mask == 0, words < limit)
    assert mask.dtype == np.float32
    kept = mask[mask > 0]
    assert np.all(kept == kept[0])
    assert kept[0] == pytest.approx(1 / (1 - rate), rel=1e-4)
    n = mask.size
    assert abs((mask == 0).mean() - rate) < SIGMAS * np.sqrt(rate * (1 - rate) / n) + 1 / n


def test_a_mask_has_mean_one_in_every_row_and_column():
    mask = np.asarray(keep_mask(STREAM, (512, 512), 0.3), np.float64)
    spread = np.sqrt(0.3 / 0.7 / 512)
    for axis in (0, 1):
        z = (mask.mean(axis=axis) - 1) / spread
        assert kstest(z, "norm").pvalue > 1e-4


@pytest.mark.parametrize("rate", [-0.1, 1.0, 2, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate):
    with pytest.raises(UsageError, match=f"dropout rate {rate!r}: expected a number from 0 to below 1"):
        keep_mask(STREAM, (2,), rate)


def test_a_traced_rate_of_one_stays_finite():
    assert np.all(np.isfinite(jax.jit(lambda rate: keep_mask(STREAM, (4096,), rate))(jnp.float32(1.0))))


# ---------------------------------------------------------------------------------------------- uniform and normal
def test_uniform_numbers_are_the_upper_24_bits():
    u = np.asarray(draw_uniform(STREAM, (2**16,)))
    assert np.array_equal(u, (twin_words(STREAM, 2**16) >> 8) / 2.0**24)
    assert u.dtype == np.float32
    assert 0 <= u.min() < u.max() < 1
    assert kstest(u, "uniform").pvalue > 1e-4


def test_normal_numbers_have_the_normal_distribution():
    x = np.asarray(draw_normal(STREAM, (2**17,)), np.float64)
    assert x.size == np.isfinite(x).sum()
    assert kstest(x, "norm").pvalue > 1e-4
    assert abs((x**4).mean() - 3) < SIGMAS * np.sqrt(96 / x.size)


# ------------------------------------------------------------------------------------------------------ permutation
@given(st.integers(0, 300), st.integers(0, M - 1))
@settings(max_examples=20, deadline=None)
def test_a_permutation_sorts_the_rows_by_words_that_never_repeat(n, step):
    stream = Stream(1, 1, step, 0)
    order = np.asarray(draw_permutation(stream, n)).tolist()
    assert order == sorted(range(n), key=lambda row: naive_word(stream, row)[1])


def test_no_two_rows_of_a_large_permutation_tie():
    order = np.asarray(draw_permutation(STREAM, 200_000))
    assert np.array_equal(np.sort(order), np.arange(200_000))


def test_all_orders_of_five_rows_are_equally_likely():
    n_draws = 24_000
    orders = jax.vmap(lambda step: draw_permutation(Stream(9, 1, step, 0), 5))(jnp.arange(n_draws))
    code = np.asarray(orders) @ (5 ** np.arange(5))
    _, counts = np.unique(code, return_counts=True)
    assert counts.size == 120
    mean = n_draws / 120
    assert 1e-5 < chi2.sf(((counts - mean) ** 2 / mean).sum(), 119) < 1 - 1e-5


@pytest.mark.parametrize("n", [-1, 2**31])
def test_a_number_of_rows_outside_its_range_is_refused(n):
    with pytest.raises(UsageError, match=f"{n} rows to permute: expected 0 to 2147483647"):
        draw_permutation(STREAM, n)
