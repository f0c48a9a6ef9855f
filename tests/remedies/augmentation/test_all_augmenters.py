"""What every augmenter keeps, whatever it does: one suite over the table of augmenters."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from heldout.letters import BASES
from heldout.random_bits import Stream
from heldout.records import InputLayout
from heldout.remedies.augmentation import AUGMENTERS, MIXUP, augment_batch, list_augmenters
from heldout.remedies.augmentation.sequences import LETTERS
from remedies.augmentation.naive_augmenters import NAIVE

STREAM = Stream(3, 4, 5, 0)
N_ROWS, LEADING = 12, 9
LAYOUTS = {
    "numbers": InputLayout("numbers", (7,)),
    "signal": InputLayout("signal", (11, 2)),
    "bases": InputLayout("signal", (12, 4), letters=BASES),
    "picture": InputLayout("picture", (8, 8, 2)),
    "tokens": InputLayout("tokens", (2 * LEADING - 1,), 40, LEADING),
}
BLOCKS = jnp.array([-1, 0, 0, 0, -1, 1, 1])
READS_OTHERS = {"swap noise", MIXUP}
# what some other place of the project adds has its reference there
ALL = [(name, kind) for name, augmenter in AUGMENTERS.items() for kind in augmenter.kinds if kind in LAYOUTS]
KNOWN = [pair for pair in ALL if pair[0] in NAIVE]


def draw(kind, n_rows=N_ROWS):
    rng, layout = np.random.default_rng(1), LAYOUTS[kind]
    if kind == "tokens":
        x = np.zeros((n_rows, *layout.shape), np.int32)
        for row in range(n_rows):
            n_words = row % (LEADING + 1)  # an empty text and a full one among them
            x[row, :n_words] = rng.integers(1, 20, n_words)
            x[row, LEADING : LEADING + max(n_words - 1, 0)] = rng.integers(20, 40, max(n_words - 1, 0))
        return x
    if kind == "bases":
        return np.eye(4, dtype=np.float32)[rng.integers(0, 4, (n_rows, layout.shape[0]))]
    return rng.normal(size=(n_rows, *layout.shape)).astype(np.float32)


def change(names, kind, x, strengths, seed, step):
    blocks = BLOCKS if kind == "numbers" else None
    stream = Stream(seed, 4, step, 0)
    return augment_batch(names, strengths, stream, x, layout=LAYOUTS[kind], blocks=blocks)


@functools.cache
def compiled(kind):
    """All augmenters of a kind in one program, as training holds them; strengths are traced."""
    return jax.jit(functools.partial(change, list_augmenters(kind), kind))


def run(asked, kind, x, *, seed=3, step=5):
    strengths = [asked.get(name, 0.0) for name in list_augmenters(kind)]
    return compiled(kind)(jnp.asarray(x), jnp.array(strengths, jnp.float32), seed, step)


def augment(asked, kind, x, **stream):
    return np.asarray(run(asked, kind, x, **stream).x)


def usual(name):
    return max(AUGMENTERS[name].strengths[3])


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_strength_zero_is_the_identity_bit_for_bit(kind):
    x = draw(kind)
    np.testing.assert_array_equal(augment({}, kind, x), x, strict=True)


@pytest.mark.parametrize(("name", "kind"), ALL)
def test_a_usual_strength_changes_values_but_neither_shape_nor_dtype(name, kind):
    x = draw(kind)
    changed = augment({name: usual(name)}, kind, x)
    assert (changed.shape, changed.dtype) == (x.shape, x.dtype)
    assert (changed != x).any()
    assert np.isfinite(changed).all()


@pytest.mark.parametrize(("name", "kind"), ALL)
def test_the_same_seed_and_step_give_the_same_bits_others_do_not(name, kind):
    x, asked = draw(kind), {name: usual(name)}
    one = augment(asked, kind, x)
    np.testing.assert_array_equal(augment(asked, kind, x), one, strict=True)
    assert (augment(asked, kind, x, seed=4) != one).any()
    assert (augment(asked, kind, x, step=6) != one).any()


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_a_row_does_not_depend_on_the_company_of_its_batch(kind):
    x = draw(kind)
    asked = {name: usual(name) for name in list_augmenters(kind) if name not in READS_OTHERS}
    whole = augment(asked, kind, x)
    np.testing.assert_array_equal(augment(asked, kind, x[:5]), whole[:5], strict=True)
    other = np.concatenate([x[:5], x[:-5]])
    np.testing.assert_array_equal(augment(asked, kind, other)[:5], whole[:5], strict=True)


@pytest.mark.parametrize("kind", ["numbers", "picture"])
def test_mixup_reads_the_next_row_only(kind):
    x = draw(kind)
    before = augment({MIXUP: 0.5}, kind, x)
    x[6] += 1.0
    differs = (augment({MIXUP: 0.5}, kind, x) != before).reshape(N_ROWS, -1).any(axis=1)
    assert np.flatnonzero(differs).tolist() == [5, 6]


@pytest.mark.parametrize(("name", "kind"), KNOWN)
@pytest.mark.parametrize("share", [1.0, 0.4])
def test_it_agrees_with_the_plain_reference(name, kind, share):
    x = draw(kind)
    strength = share * usual(name)
    own = STREAM._replace(place=AUGMENTERS[name].place)
    extra = {"numbers": {"blocks": np.asarray(BLOCKS)}, "tokens": {"leading": LEADING}}.get(kind, {})
    given = {option: extra[option] for option in AUGMENTERS[name].takes}
    expected = NAIVE[name](own, x, np.float32(strength), **given)
    np.testing.assert_allclose(augment({name: strength}, kind, x), expected, rtol=1e-4, atol=2e-4)


@pytest.mark.parametrize("kind", sorted(LAYOUTS))
def test_only_mixed_rows_have_a_second_label(kind):
    names = list_augmenters(kind)
    for name in names:
        batch = run({name: usual(name)}, kind, draw(kind))
        assert (batch.partner is not None) == (batch.share is not None) == (MIXUP in names)
        if batch.share is not None:
            assert ((np.asarray(batch.share) < 1).any()) == (name == MIXUP)


@pytest.mark.parametrize("kind", ["numbers", "picture", "tokens"])
def test_a_member_does_not_depend_on_the_others_it_is_mapped_or_stacked_with(kind):
    names = [name for name in list_augmenters(kind) if name not in {"shear", "turn", "sharpen", "contrast"}]
    x = jnp.asarray(draw(kind))
    table = [[usual(name) * ((row + at) % 3 == 0) for at, name in enumerate(names)] for row in range(3)]
    members = (jnp.array(table, jnp.float32), jnp.arange(3, dtype=jnp.uint32))

    def one(member):
        return change(tuple(names), kind, x, *member, 5).x

    mapped = jax.jit(lambda given: jax.lax.map(one, given))
    together = np.asarray(mapped(members))
    for member in range(3):
        company = jax.tree.map(lambda part, member=member: part[jnp.array([member, 1, 0])], members)
        np.testing.assert_array_equal(mapped(company)[0], together[member], strict=True)
    np.testing.assert_allclose(jax.jit(jax.vmap(one))(members), together, rtol=1e-4, atol=1e-5)


def test_every_augmenter_of_this_room_has_a_reference():
    assert set(NAIVE) <= set(AUGMENTERS)
    assert {name for name, augmenter in AUGMENTERS.items() if set(augmenter.kinds) - set(LETTERS)} <= set(
        NAIVE
    )


def test_parts_of_a_joined_row_are_changed_each_by_what_is_for_it():
    parts = (LAYOUTS["numbers"], LAYOUTS["picture"], LAYOUTS["tokens"], LAYOUTS["picture"])
    layout = InputLayout("joined", (7 + 128 + 17 + 128,), parts=parts)
    rows = [draw(kind).reshape(N_ROWS, -1) for kind in ("numbers", "picture", "tokens", "picture")]
    x = jnp.asarray(np.concatenate(rows, axis=1).astype(np.float32))
    names, strengths = ("flip", "noise", "word swap"), jnp.array([1.0, 0.3, 1.0])
    made = np.asarray(jax.jit(lambda x: augment_batch(names, strengths, STREAM, x, layout=layout).x)(x))
    table, one, words, other = np.split(made, [7, 135, 152], axis=1)
    np.testing.assert_allclose(table, augment({"noise": 0.3}, "numbers", rows[0]), rtol=1e-6)
    assert not np.array_equal(words, rows[2])
    np.testing.assert_array_equal(np.sort(words[:, :LEADING]), np.sort(rows[2][:, :LEADING]))
    shape = (N_ROWS, 8, 8, 2)
    noise = [part.reshape(shape) - rows[1].reshape(shape)[:, :, ::-1] for part in (one, other)]
    assert all(0.25 < part.std() < 0.35 for part in noise)  # mirrored, then noise
    assert (
        abs(np.corrcoef(noise[0].ravel(), noise[1].ravel())[0, 1]) < 0.1
    )  # each part has streams of its own


def test_rows_with_words_in_them_are_not_mixed():
    assert MIXUP in list_augmenters("joined", ("numbers", "picture"))
    assert MIXUP not in list_augmenters("joined", ("numbers", "tokens"))
