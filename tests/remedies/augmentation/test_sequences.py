import jax.numpy as jnp
import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.random_bits import Stream
from heldout.records import InputLayout
from heldout.remedies import plan_uses
from heldout.remedies.augmentation.sequences import mutate, name_kind, reverse_complement

STREAM = Stream(3, 4, 5, 40)
PAIR = {"A": "T", "C": "G", "G": "C", "T": "A"}


def encode(texts, length, letters="ACGT"):
    made = np.zeros((len(texts), length, len(letters)), np.float32)
    for row, text in enumerate(texts):
        for place, letter in enumerate(text):
            made[row, place, letters.index(letter)] = 1.0
    return jnp.asarray(made)


def draw_texts(n, length, letters="ACGT"):
    rng = np.random.default_rng(0)
    return ["".join(rng.choice(list(letters), rng.integers(1, length + 1))) for _ in range(n)]


def test_the_other_strand_is_the_complement_read_backwards_and_stays_on_the_left():
    texts = draw_texts(30, 12)
    other = ["".join(PAIR[letter] for letter in reversed(text)) for text in texts]
    made = reverse_complement(STREAM, encode(texts, 12), jnp.float32(1.0))
    assert (made == encode(other, 12)).all()
    assert (reverse_complement(STREAM, made, jnp.float32(1.0)) == encode(texts, 12)).all()


def test_the_mark_of_lower_case_goes_with_its_letter():
    x = jnp.concatenate([encode(["ACG"], 4), jnp.array([[[1.0], [0.0], [0.0], [0.0]]])], axis=2)
    made = reverse_complement(STREAM, x, jnp.float32(1.0))
    assert (made[..., :4] == encode(["CGT"], 4)).all()
    assert made[0, :, 4].tolist() == [0, 0, 1, 0]


def test_ambiguity_codes_are_complemented():
    x = jnp.array([[[0.5, 0.0, 0.5, 0.0]]])  # R: A or G
    assert reverse_complement(STREAM, x, jnp.float32(1.0)).tolist() == [[[0.0, 0.5, 0.0, 0.5]]]  # Y: C or T


def test_the_share_of_turned_sequences_is_the_strength():
    x = encode(["ACCCC"] * 4_000, 5)
    made = reverse_complement(STREAM, x, jnp.float32(0.3))
    share = float((made[:, 0, 2] == 1).mean())
    assert share == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 4_000))


@pytest.mark.parametrize("letters", ["ACGT", "ACDEFGHIKLMNPQRSTVWY"])
def test_mutated_letters_are_others_and_each_equally_likely(letters):
    x = encode([letters[1] * 50] * 400, 60, letters)
    made = np.asarray(mutate(STREAM, x, jnp.float32(0.2)))
    assert (made.sum(axis=2) == np.asarray(x).sum(axis=2)).all()  # one letter a place, and gaps stay
    counts = made[:, :50].sum(axis=(0, 1)).astype(np.float64)
    changed = counts.sum() - counts[1]
    assert changed / counts.sum() == pytest.approx(0.2, abs=4 * np.sqrt(0.2 * 0.8 / 20_000))
    others = np.delete(counts, 1) / changed
    assert others == pytest.approx(1 / (len(letters) - 1), abs=4 * np.sqrt(0.3 / changed))


def test_mutation_leaves_the_mark_of_lower_case():
    x = jnp.concatenate([encode(["ACGT"], 4), jnp.ones((1, 4, 1))], axis=2)
    made = mutate(STREAM, x, jnp.float32(1.0))
    assert (made[..., 4] == 1).all()
    assert not (made[..., :4] * x[..., :4]).any()


@pytest.mark.parametrize("change", [reverse_complement, mutate])
def test_strength_zero_changes_nothing_and_a_stream_repeats(change):
    x = encode(draw_texts(20, 9), 9)
    assert (change(STREAM, x, jnp.float32(0.0)) == x).all()
    one = change(STREAM, x, jnp.float32(0.5))
    assert (change(STREAM, x, jnp.float32(0.5)) == one).all()
    assert (change(STREAM._replace(step=6), x, jnp.float32(0.5)) != one).any()
    assert (change(STREAM, x[:7], jnp.float32(0.5)) == one[:7]).all()  # a row does not depend on the others


def test_where_both_strands_are_read_none_is_turned():
    kind = name_kind(InputLayout("signal", (9, 4), letters="ACGT", both_strands=True))
    planned = plan_uses(5, {}, {}, kind="joined", parts=(kind, "numbers"))
    assert {use.detail for use in planned if use.name == "augmentation"} >= {"mutation", "mixup"}
    assert not any("reverse complement" in use.detail for use in planned)
    with pytest.raises(UsageError, match="augmenter 'reverse complement' does not apply to these data"):
        plan_uses(2, {}, {"augmentation": {"reverse complement": (0.5,)}}, kind="joined", parts=(kind,))


def test_sequences_are_a_kind_of_their_own():
    assert name_kind(InputLayout("signal", (9, 4), letters="ACGT")) == "bases"
    assert name_kind(InputLayout("signal", (9, 20), letters="ACDEFGHIKLMNPQRSTVWY")) == "residues"
    assert name_kind(InputLayout("numbers", (9,))) == "numbers"
