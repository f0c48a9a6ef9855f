import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.random_bits import Stream
from heldout.records import InputLayout
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


MOVES = {"rotate", "zoom", "shear", "shift", "turn", "flip"}


@pytest.mark.parametrize("kind", ["picture", "signal"])
def test_light_leaves_channels_of_marks_alone_and_moves_take_them_along(kind):
    """A mask says where nothing was observed: brighter or noisier it would say something else."""
    sides = (8, 8, 3) if kind == "picture" else (16, 3)
    values = np.random.default_rng(1).normal(size=(16, *sides)).astype(np.float32)
    values[..., 2] = values[..., 2] > 0.5
    x, marked = jnp.asarray(values), InputLayout(kind, sides, marks=(2,))
    plain = InputLayout(kind, sides)
    for name in list_augmenters(kind):
        strengths = jnp.array([AUGMENTERS[name].strengths[2][-1]])
        made = augment_batch((name,), strengths, STREAM, x, layout=marked).x
        before = augment_batch((name,), strengths, STREAM, x, layout=plain).x
        assert not np.array_equal(before[..., 2], x[..., 2])  # without the layout every augmenter changes it
        np.testing.assert_array_equal(
            made[..., :2], before[..., :2]
        )  # the other channels: the same random numbers
        wanted = before if name in MOVES or name == MIXUP else x
        np.testing.assert_array_equal(made[..., 2], wanted[..., 2])


def test_marks_of_a_part_of_a_joined_row_stay():
    part = InputLayout("picture", (4, 4, 2), marks=(1,))
    joined = InputLayout("joined", (34,), parts=(InputLayout("numbers", (2,)), part))
    x = jnp.asarray(np.random.default_rng(2).normal(size=(3, 34)).astype(np.float32))
    made = augment_batch(("noise",), jnp.array([0.5]), STREAM, x, layout=joined).x
    before, after = (np.asarray(rows[:, 2:]).reshape(3, 4, 4, 2) for rows in (x, made))
    np.testing.assert_array_equal(before[..., 1], after[..., 1])
    assert (before[..., 0] != after[..., 0]).all()
