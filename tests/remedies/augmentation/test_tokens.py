import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.random_bits import Stream
from heldout.remedies.augmentation.tokens import delete_span, drop_words, swap_words

STREAM = Stream(3, 4, 5, 6)
CHANGES = {
    change.__name__: jax.jit(change, static_argnames="leading")
    for change in (drop_words, swap_words, delete_span)
}
N_ROWS, LENGTH = 8, 6


def draw_texts(n_rows=300, length=40):
    return np.random.default_rng(0).integers(1, 900, (n_rows, length)).astype(np.int32)


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_the_stated_share_of_words_is_left_out_and_the_rest_keeps_its_order(strength):
    x = draw_texts()
    after = np.asarray(CHANGES["drop_words"](STREAM, jnp.asarray(x), strength))
    for before, row in zip(x.tolist(), after.tolist(), strict=True):
        rest = iter(before)
        assert all(word in rest for word in row if word)  # a part of the text, in its order
    share = 1 - (after > 0).mean()
    assert abs(share - strength) < 5 * np.sqrt(strength * (1 - strength) / x.size)


def test_a_text_that_would_lose_all_its_words_keeps_them():
    x = jnp.array([[7, 0, 0], [8, 9, 0]])
    assert CHANGES["drop_words"](STREAM, x, 1.0).tolist() == x.tolist()


@pytest.mark.parametrize("strength", [0.2, 1.0])
def test_the_stated_share_of_words_changes_places_with_a_neighbour(strength):
    x = np.tile(np.arange(1, 41, dtype=np.int32), (300, 1))
    after = np.asarray(CHANGES["swap_words"](STREAM, jnp.asarray(x), strength))
    assert np.abs(after - x).max() == 1
    np.testing.assert_array_equal(np.sort(after), x)
    assert abs((after != x).mean() - strength) < 0.03  # the first or last word of a row may have no neighbour
    starts = {
        int(np.flatnonzero(row != own)[0]) % 2
        for row, own in zip(after, x, strict=True)
        if (row != own).any()
    }
    assert starts == {0, 1}


def test_one_stretch_is_left_out_of_each_text_nowhere_more_often_than_elsewhere():
    x = np.tile(np.arange(1, 41, dtype=np.int32), (2000, 1))
    after = np.asarray(CHANGES["delete_span"](STREAM, jnp.asarray(x), 0.5))
    lost = np.array([np.isin(own, row, invert=True) for own, row in zip(x, after, strict=True)])
    for row in lost:
        places = np.flatnonzero(row)
        assert len(places) <= 20
        assert len(places) == 0 or np.ptp(places) == len(places) - 1
    assert lost.sum(axis=1).max() == 20
    assert lost.sum(axis=1).mean() == pytest.approx(10, abs=0.5)


def test_a_pair_goes_with_its_words():
    # words 1 to 4, pairs 11 (of 1 and 2), 12, 13
    x = jnp.tile(jnp.array([1, 2, 3, 4, 11, 12, 13]), (200, 1))
    whole = {1, 2, 3, 4}
    for row in CHANGES["drop_words"](STREAM, x, 0.4, leading=4).tolist():
        kept = set(row[:4]) - {0}
        assert [pair > 0 for pair in row[4:]] == [{at, at + 1} <= kept for at in (1, 2, 3)]
    seen = set()
    for row in CHANGES["swap_words"](STREAM, x, 0.5, leading=4).tolist():
        assert set(row[:4]) == whole
        assert [pair > 0 for pair in row[4:]] == [row[at - 1 : at + 1] == [at, at + 1] for at in (1, 2, 3)]
        seen.add(tuple(row))
    assert len(seen) == 5  # nothing, 12, 34, both, or 23


@given(
    lengths=st.lists(st.integers(0, LENGTH), min_size=N_ROWS, max_size=N_ROWS),
    strength=st.floats(0.0, 1.0, width=32),
    step=st.integers(0, 2**31 - 1),
    name=st.sampled_from(sorted(CHANGES)),
    dtype=st.sampled_from(["int32", "float32"]),
)
@settings(max_examples=60, deadline=None)
def test_padding_never_stands_between_words_and_no_text_becomes_empty(lengths, strength, step, name, dtype):
    x = np.zeros((N_ROWS, LENGTH), dtype)
    for row, n_words in enumerate(lengths):
        x[row, :n_words] = np.arange(1, n_words + 1)
    after = np.asarray(CHANGES[name](STREAM._replace(step=step), jnp.asarray(x), strength))
    is_word = after > 0
    assert not (is_word[:, 1:] & ~is_word[:, :-1]).any()
    assert ((after > 0).any(axis=1) == (np.array(lengths) > 0)).all()
    assert np.isin(after, x).all()
    assert after.dtype == x.dtype
