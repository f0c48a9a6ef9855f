"""Alphabets of sequences: the letters of nucleotides and amino acids, and which sets the ambiguity codes stand for."""

from __future__ import annotations

import numpy as np

from heldout.errors import UsageError
from heldout.records import FloatArray

DNA, RNA, PROTEIN = "DNA", "RNA", "protein"
BASES, RESIDUES = "ACGT", "ACDEFGHIKLMNPQRSTVWY"
# IUPAC-IUB 1984 (Nomenclature Committee, "Nomenclature for incompletely specified bases"): a letter for each set.
SETS_OF_BASES = {
    **{base: base for base in BASES},
    "U": "T",
    "R": "AG",
    "Y": "CT",
    "S": "CG",
    "W": "AT",
    "K": "GT",
    "M": "AC",
    "B": "CGT",
    "D": "AGT",
    "H": "ACT",
    "V": "ACG",
    "N": BASES,
}
# IUPAC-IUB 1983: B, Z and J are pairs that some methods cannot tell apart, X any. U (selenocysteine) and O
# (pyrrolysine) are read as the residues they replace, C and K: an assumption, they are rarer than one in 10,000.
SETS_OF_RESIDUES = {
    **{residue: residue for residue in RESIDUES},
    "B": "DN",
    "Z": "EQ",
    "J": "IL",
    "X": RESIDUES,
    "U": "C",
    "O": "K",
    "*": "",
}
AMBIGUITY = frozenset(SETS_OF_BASES) - frozenset(BASES) - {"U"}
NUCLEOTIDES, AMINO_ACIDS = frozenset(SETS_OF_BASES), frozenset(SETS_OF_RESIDUES)
GAPS = frozenset("-.")


def list_letters(alphabet: str) -> str:
    """Give the plain letters of an alphabet, in the order of their channels.

    Args:
        alphabet: "DNA", "RNA" or "protein"; U and T share a channel.

    Raises:
        UsageError: an unknown alphabet.

    Example:
        >>> list_letters("RNA"), len(list_letters("protein"))
        ('ACGT', 20)
        >>> list_letters("runes")
        Traceback (most recent call last):
        heldout.errors.UsageError: alphabet 'runes' is not known
          -> alphabets are DNA, RNA, protein
    """
    if alphabet not in (DNA, RNA, PROTEIN):
        raise UsageError(f"alphabet {alphabet!r} is not known", hint=f"alphabets are {DNA}, {RNA}, {PROTEIN}")
    return RESIDUES if alphabet == PROTEIN else BASES


def weigh_letters(alphabet: str) -> FloatArray:
    """Give how probable each plain letter is, given a character: a code for several of them is shared evenly.

    Args:
        alphabet: "DNA", "RNA" or "protein".

    Returns:
        float32 [256, letters], by the number of the character, in either case; zero for gaps, stops and what is no
        letter.

    Source:
        Base probabilities for IUPAC codes (R is half A and half G): an even prior over the set that a code names.

    Example:
        >>> weigh_letters("DNA")[ord("r")].tolist()
        [0.5, 0.0, 0.5, 0.0]
    """
    letters = list_letters(alphabet)
    sets = SETS_OF_RESIDUES if letters == RESIDUES else SETS_OF_BASES
    made = np.zeros((256, len(letters)), np.float32)
    for code, members in sets.items():
        for member in members:
            made[[ord(code), ord(code.lower())], letters.index(member)] = 1.0 / len(members)
    return made


def spell_bytes(text: str) -> bytes:
    """Write a sequence as one byte a letter; what is no letter of an alphabet becomes a blank.

    Example:
        >>> spell_bytes("acG\u0410")
        b'acG '
    """
    return text.encode("ascii", "replace").replace(b"?", b" ")
