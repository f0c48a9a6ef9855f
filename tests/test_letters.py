import numpy as np
import pytest

from heldout.errors import UsageError
from heldout.letters import AMINO_ACIDS, NUCLEOTIDES, list_letters, spell_bytes, weigh_letters


@pytest.mark.parametrize(
    ("alphabet", "codes"), [("DNA", NUCLEOTIDES), ("RNA", NUCLEOTIDES), ("protein", AMINO_ACIDS)]
)
def test_every_letter_shares_one_or_is_nothing(alphabet, codes):
    weights = weigh_letters(alphabet)
    known = [ord(code) for code in codes if code != "*"]
    assert weights[known].sum(axis=1) == pytest.approx(1.0)
    assert (weights[known] == weights[[ord(chr(code).lower()) for code in known]]).all()
    rest = np.setdiff1d(np.arange(256), [*known, *(ord(chr(code).lower()) for code in known)])
    assert not weights[rest].any()


def test_plain_letters_are_one_hot_in_the_order_of_their_channels():
    for alphabet in ("DNA", "protein"):
        plain = list_letters(alphabet)
        assert (weigh_letters(alphabet)[[ord(letter) for letter in plain]] == np.eye(len(plain))).all()


def test_unknown_alphabets_are_refused():
    with pytest.raises(UsageError, match="alphabet 'runes' is not known"):
        weigh_letters("runes")


def test_one_byte_a_letter():
    assert spell_bytes("A\u0410\U0001f9ecC?") == b"A  C "
