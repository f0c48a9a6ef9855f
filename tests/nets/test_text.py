import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfTransformer

from heldout.nets import EVALUATION, Net, apply_net, draw_params, list_layers, start_memory
from heldout.nets.text import _add_at_once, _add_in_turn, add_tokens, weigh_tokens

VOCABULARY = 12


def draw_tokens(seed, n_rows=7, n_places=9):
    return np.random.default_rng(seed).integers(0, VOCABULARY, (n_rows, n_places)).astype(np.int32)


def add_slowly(table, rarity, tokens):
    """Each row by itself in float64: weights of the words that stand there, brought to length 1."""
    rows = []
    for row in tokens:
        real = row[row > 0]
        weight = rarity[real].astype(np.float64)
        length = np.sqrt((weight**2).sum())
        rows.append(weight @ table[real].astype(np.float64) / length if length else np.zeros(table.shape[1]))
    return np.array(rows)


@given(seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_text_is_the_sum_of_its_words_weighted_by_rarity(seed):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(VOCABULARY, 3)).astype(np.float32)
    rarity = rng.uniform(1, 9, VOCABULARY).astype(np.float32)
    tokens = draw_tokens(seed)
    tokens[0] = 0  # a text without words
    found = np.asarray(add_tokens(table, rarity, tokens))
    np.testing.assert_allclose(found, add_slowly(table, rarity, tokens), rtol=2e-5, atol=2e-6)
    assert np.all(found[0] == 0)


def test_gradients_of_both_ways_to_add_are_the_same():
    rng = np.random.default_rng(3)
    table, tokens = rng.normal(size=(VOCABULARY, 4)).astype(np.float32), draw_tokens(1)
    weight = (rng.uniform(1, 3, tokens.shape) * (tokens > 0)).astype(np.float32)
    pull = rng.normal(size=(len(tokens), 4)).astype(np.float32)
    table, weight, tokens = map(jnp.asarray, (table, weight, tokens))

    def pulled(add):
        return jax.grad(lambda given: jnp.sum(add(given, weight, tokens) * pull))(table)

    slopes = [pulled(add) for add in (_add_in_turn, _add_at_once)]
    np.testing.assert_allclose(*slopes, rtol=1e-5, atol=1e-6)
    assert np.all(np.asarray(slopes[0])[0] == 0)  # padding learns nothing


def test_rarity_is_that_of_scikit_learn():
    tokens = draw_tokens(5, 40)
    counts = np.zeros((40, VOCABULARY))
    np.add.at(counts, (np.arange(40)[:, None], tokens), 1)
    theirs = TfidfTransformer(smooth_idf=True).fit(counts[:, 1:]).idf_
    np.testing.assert_allclose(weigh_tokens(tokens, VOCABULARY)[1:], theirs, rtol=1e-6)


def test_without_a_count_every_word_weighs_the_same():
    net = Net("text", (9,), 1, embedding=4, vocabulary=VOCABULARY)
    layers = list_layers(net)
    kept = start_memory(layers)
    assert kept[0][0].tolist() == [1.0] * VOCABULARY
    rarity = np.linspace(1, 5, VOCABULARY, dtype=np.float32)
    assert start_memory(layers, [rarity])[0][0] is rarity
    params, tokens = draw_params(layers, 0), draw_tokens(2)
    plain, after = apply_net(net, params, kept, tokens, EVALUATION)
    weighted = apply_net(net, params, start_memory(layers, [rarity]), tokens, EVALUATION)[0]
    assert after == kept
    assert np.abs(plain - weighted).max() > 1e-5


@pytest.mark.parametrize("scale", [1, 2, 5])
def test_a_text_said_twice_points_the_same_way(scale):
    """Length of a text scales what it says by a root at most: long reviews are no louder in kind than short ones."""
    rng = np.random.default_rng(0)
    table, rarity = rng.normal(size=(VOCABULARY, 3)), rng.uniform(1, 2, VOCABULARY)
    once = draw_tokens(9, 5)
    many = np.tile(once, (1, scale))
    found = np.asarray(add_tokens(table, rarity, many)) / np.asarray(add_tokens(table, rarity, once))
    np.testing.assert_allclose(found, np.sqrt(scale), rtol=1e-4)
