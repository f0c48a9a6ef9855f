import jax.numpy as jnp
import numpy as np
import pytest

from heldout.random_bits import Stream
from heldout.remedies.augmentation.tokens import drop_words

STREAM = Stream(3, 4, 5, 6)


@pytest.mark.parametrize("strength", [0.1, 0.5])
def test_the_stated_share_of_words_is_left_out_and_the_rest_unchanged(strength):
    x = jnp.asarray(np.random.default_rng(0).integers(1, 900, (300, 40)).astype(np.float32))
    after = np.asarray(drop_words(STREAM, x, strength))
    left_out = after == 0
    np.testing.assert_array_equal(after[~left_out], np.asarray(x)[~left_out])
    assert abs(left_out.mean() - strength) < 5 * np.sqrt(strength * (1 - strength) / x.size)
    assert left_out.mean(axis=0).max() < strength + 0.2  # every place alike


def test_padding_stays_padding():
    assert not np.asarray(drop_words(STREAM, jnp.zeros((4, 9)), 0.3)).any()
