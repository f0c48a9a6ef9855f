import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.random_bits import Stream
from heldout.remedies.augmentation import AUGMENTERS, MIXUP, augment_batch, find_augmenter, list_augmenters
from heldout.remedies.augmentation.batch import mix_rows

STREAM = Stream(3, 4, 5, 0)
SIDES = {"numbers": (6,), "signal": (9, 2), "picture": (8, 8, 1)}


def draw(kind, n_rows=16):
    return jnp.asarray(np.random.default_rng(0).normal(size=(n_rows, *SIDES[kind])).astype(np.float32))


@pytest.mark.parametrize("name", sorted(AUGMENTERS))
@pytest.mark.parametrize("n_strengths", [2, 3, 5])
def test_usual_strengths_grow_within_the_range(name, n_strengths):
    strengths = AUGMENTERS[name].strengths[n_strengths]
    assert strengths
    assert list(strengths) == sorted(strengths)
    assert 0 < strengths[0] <= strengths[-1] <= AUGMENTERS[name].largest


def test_every_augmenter_has_its_own_stream():
    places = [augmenter.place for augmenter in AUGMENTERS.values()]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("kind", ["numbers", "signal", "picture"])
def test_one_augmenter_does_not_depend_on_the_others_compiled_in(kind):
    x, names = draw(kind), list_augmenters(kind)
    run = jax.jit(augment_batch, static_argnums=0)
    alone = run(("noise",), jnp.array([0.3]), STREAM, x)
    among = run(names, jnp.array([0.3 if name == "noise" else 0.0 for name in names]), STREAM, x)
    np.testing.assert_array_equal(among.x, alone.x)
    assert names[-1] == MIXUP


def test_strengths_are_traced():
    x = draw("numbers")
    run = jax.jit(lambda strengths: augment_batch(("noise", MIXUP), strengths, STREAM, x).x)
    run(jnp.array([0.0, 0.0]))
    run(jnp.array([0.5, 0.5]))
    assert run._cache_size() == 1


def test_mixed_rows_are_the_stated_shares_of_two_rows():
    x = draw("picture")
    mixed = jax.jit(mix_rows)(STREAM, x, 1.0)
    for row in range(len(x)):
        share, partner = float(mixed.share[row]), int(mixed.partner[row])
        assert partner == (row + 1) % len(x)
        assert 0.5 <= share <= 1.0
        np.testing.assert_allclose(
            mixed.x[row], share * x[row] + (1 - share) * x[partner], rtol=1e-5, atol=1e-6
        )
    assert float(mixed.share.std()) > 0.05
    half = mix_rows(STREAM, x, 0.5)
    assert float(half.share.min()) >= 0.75


def test_an_unknown_augmenter_lists_the_known_ones():
    with pytest.raises(UsageError, match="unknown augmenter 'flop'") as caught:
        find_augmenter("flop")
    assert "flip" in caught.value.hint
