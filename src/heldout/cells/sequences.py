"""Cells that are sequences of nucleotides or amino acids: how they are told from words and codes, and read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from heldout.cells.keynames import split_name
from heldout.cells.tally import Present
from heldout.letters import AMINO_ACIDS, BASES, DNA, GAPS, NUCLEOTIDES, PROTEIN, RESIDUES, RNA

LETTERS_GRAMMAR = "letters"
_PROBES, _MOSTLY_PROBES = 50, 0.8
_LOOKED = 2_000
_MOSTLY = 0.95
# Codons, alleles and seeds are shorter and have few values: categories. Peptides that bind MHC have 8 letters or more.
_SHORTEST = 8
# Words and codes use all letters. A text without the others by chance: 22 of 26 letters are no base, so that 60 such
# letters have a probability below 1e-40; B, J, O, U, X, Z are 12 % of English letters and 23 % of random ones, so that
# 200 letters with 4 % of them are three standard deviations off, and a column of words must also lack lower case.
_FEWEST_BASES, _FEWEST_RESIDUES = 60, 200
_LEAST_BASES, _LEAST_RESIDUES = 3, 12
_OTHER_SHARE, _PLAIN_SHARE, _BASE_SHARE = 0.04, 0.8, 0.5
_UPPER_SHARE, _LONG_PROTEIN = 0.95, 60
_NAMES = frozenset(
    {"sequence", "sequences", "seq", "dna", "rna", "protein", "peptide", "cdr3", "oligo", "primer"}
)
_NAMED = 4  # so many times fewer letters convince under such a name; and half as long ones: assumption
_BLOCK = 10  # FASTA-like blocks within a cell are at least so long; words are shorter
# As many categories as get a slot of their own: below, repeated cells are categories.
_MANY, _VARIED = 64, 0.5


@dataclass(frozen=True)
class SequenceEvidence:
    """A column of sequences.

    Args:
        alphabet: "DNA", "RNA" or "protein".
        n_fit: cells that are sequences of this alphabet.
        n_distinct: distinct ones.
        shortest: letters of the shortest.
        longest: letters of the longest.
        letters: how often each letter occurs in the distinct cells looked at, upper case.
        others: cells that are none.
    """

    alphabet: str
    n_fit: int
    n_distinct: int
    shortest: int
    longest: int
    letters: Counter[str]
    others: tuple[str, ...] = ()


def read_sequence(text: str, alphabet: str) -> str | None:
    r"""Give the letters of a cell without blanks, in the case they are written in; None where it is no sequence.

    Args:
        text: the cell; blanks, tabs and line breaks anywhere are taken out.
        alphabet: "DNA", "RNA" or "protein"; "" takes either.

    Example:
        >>> read_sequence("tact agc\tNRAT", "DNA"), read_sequence("MKLV", "DNA"), read_sequence("--NN", "DNA")
        ('tactagcNRAT', None, None)
    """
    letters = "".join(text.split())
    found = set(letters.upper())
    allowed = NUCLEOTIDES if alphabet in (DNA, RNA) else AMINO_ACIDS
    if not found <= allowed | GAPS or found <= GAPS | {"N" if alphabet in (DNA, RNA) else "X"}:
        return None
    return letters


def find_sequences(present: Present, *, name: str = "") -> SequenceEvidence | None:
    """Judge whether the cells of a column are sequences: letters of one alphabet, long, and varied.

    Args:
        present: cells that are not missing.
        name: column name; where it speaks of sequences, fewer letters convince.

    Returns:
        The evidence; None for words, codes, categories and anything else.

    Example:
        >>> import numpy as np
        >>> cells = ("GATTACAGATTACAGA", "CCGTACCGTANNGTAC", "TTGACATTGACATATA", "acgtacgtacgtacg")
        >>> find_sequences(Present(cells, np.ones(4, np.int64), 4, 0, "")).alphabet
        'DNA'
        >>> words = ("Department of Parks", "Police", "Fire and Rescue", "Libraries")
        >>> find_sequences(Present(words, np.ones(4, np.int64), 4, 0, "")) is None
        True
    """
    probes = present.texts[:_PROBES]
    likely = sum(read_sequence(text, "") is not None for text in probes)
    if not probes or likely < _MOSTLY_PROBES * len(probes):
        return None
    for alphabet in (DNA, PROTEIN):
        evidence = measure_sequences(present, alphabet)
        if _is_sequence(present, evidence, is_named=not _NAMES.isdisjoint(split_name(name))):
            return evidence
    return None


def measure_sequences(present: Present, alphabet: str) -> SequenceEvidence:
    """Count what a column holds when its cells are read as sequences of one alphabet.

    Args:
        present: cells that are not missing.
        alphabet: "DNA" (RNA is told by its U) or "protein".

    Example:
        >>> import numpy as np
        >>> measure_sequences(Present(("ACGU", "x1"), np.ones(2, np.int64), 2, 0, ""), "DNA").alphabet
        'RNA'
    """
    letters: Counter[str] = Counter()
    lengths: list[int] = []
    others: list[str] = []
    n_fit = 0
    for place, (text, count) in enumerate(zip(present.texts, present.counts.tolist(), strict=True)):
        read = read_sequence(text, alphabet)
        if read is None:
            others.append(text)
            continue
        n_fit += count
        lengths.append(len(read))
        if place < _LOOKED:
            letters.update(read[:_LOOKED].upper())
    name = RNA if alphabet == DNA and letters["U"] > letters["T"] else alphabet
    ends = (min(lengths), max(lengths)) if lengths else (0, 0)
    return SequenceEvidence(name, n_fit, len(lengths), *ends, letters, tuple(others))


def choose_alphabet(present: Present) -> SequenceEvidence:
    """Judge which alphabet the cells of a column are written in, when the user says that they are sequences.

    Args:
        present: cells that are not missing.

    Example:
        >>> import numpy as np
        >>> choose_alphabet(Present(("ACG", "MKV"), np.ones(2, np.int64), 2, 0, "")).alphabet
        'protein'
    """
    bases = measure_sequences(present, DNA)
    if 2 * bases.n_fit >= present.n_cells and _are_plain(bases.letters):
        return bases
    residues = measure_sequences(present, PROTEIN)
    return residues if residues.n_fit >= bases.n_fit else bases


def describe_sequences(evidence: SequenceEvidence, present: Present) -> str:
    """Write the evidence as one sentence, with the cells that are no sequences.

    Example:
        >>> import numpy as np
        >>> present = Present(("ACGT", "ACNN"), np.ones(2, np.int64), 2, 0, "")
        >>> describe_sequences(measure_sequences(present, "DNA"), present)
        '2 of 2 cells are DNA sequences (2 distinct, 4 letters each; A 25 %, C 25 %, G 12 %, T 12 %, others 25 %)'
    """
    plain = RESIDUES if evidence.alphabet == PROTEIN else BASES
    total = max(sum(evidence.letters.values()), 1)
    counts = evidence.letters
    if evidence.alphabet == PROTEIN:
        shares = [f"{sum(letter in counts for letter in plain)} kinds of residues"]
    else:
        pairs = [(base, counts[base] + (counts["U"] if base == "T" else 0)) for base in plain]
        bases = [
            (("U" if evidence.alphabet == RNA and base == "T" else base), count) for base, count in pairs
        ]
        shares = [f"{base} {100 * count / total:.0f} %" for base, count in bases]
    known = set(plain) | ({"U"} if evidence.alphabet != PROTEIN else set())
    n_other = sum(count for letter, count in counts.items() if letter not in known)
    if n_other:
        share = 100 * n_other / total
        shares.append(f"others {share:.0f} %" if share >= 1 else f"{n_other} others")
    length = f"{evidence.shortest}"
    length += " letters each" if evidence.longest == evidence.shortest else f" to {evidence.longest} letters"
    why = (
        f"{evidence.n_fit} of {present.n_cells} cells are {evidence.alphabet} sequences ({evidence.n_distinct} "
        f"distinct, {length}; {', '.join(shares)})"
    )
    if evidence.others:
        examples = ", ".join(repr(text.strip()[:40]) for text in evidence.others[:3])
        n_none = present.n_cells - evidence.n_fit
        why += f"; {n_none} cells are none and are kept as unparsed ({examples})"
    return why


def _is_sequence(present: Present, evidence: SequenceEvidence, *, is_named: bool) -> bool:
    if evidence.n_fit < _MOSTLY * present.n_cells or evidence.n_distinct < 2:
        return False
    if evidence.n_distinct <= _MANY and len(present.texts) < _VARIED * present.n_cells:
        return False
    fewer = _NAMED if is_named else 1
    looked, counts = present.texts[:_LOOKED], present.counts[:_LOOKED]
    lengths = [sum(map(len, text.split())) for text in looked]
    median = float(np.median(np.repeat(lengths, counts)))
    if median < _SHORTEST / min(fewer, 2):
        return False
    total = sum(evidence.letters.values())
    if evidence.alphabet != PROTEIN:
        return fewer * total >= _FEWEST_BASES and _are_bases(evidence.letters)
    return fewer * total >= _FEWEST_RESIDUES and _are_residues(evidence.letters, looked, median)


def _are_bases(letters: Counter[str]) -> bool:
    """Most kinds of bases occur, and plain ones prevail: a text of ambiguity codes is something else."""
    n_kinds = sum(letters[base] > 0 for base in "ACG") + (letters["T"] + letters["U"] > 0)
    return n_kinds >= _LEAST_BASES and _are_plain(letters)


def _are_plain(letters: Counter[str]) -> bool:
    total = sum(count for letter, count in letters.items() if letter not in GAPS)
    bases = sum(letters[base] for base in "ACGTU")
    return bases >= _BASE_SHARE * total and bases + letters["N"] >= _PLAIN_SHARE * total


def _are_residues(letters: Counter[str], texts: tuple[str, ...], median: float) -> bool:
    """Residues are written in capitals, use no letter that names none, and are not cut into words."""
    total = sum(count for letter, count in letters.items() if letter not in GAPS)
    others = sum(letters[letter] for letter in "BJOUXZ*")
    if others > _OTHER_SHARE * total or sum(letter in letters for letter in RESIDUES) < _LEAST_RESIDUES:
        return False
    pieces = [len(piece) for text in texts for piece in text.split()]
    if len(pieces) > len(texts) and 1 < float(np.median(pieces)) < _BLOCK:
        return False
    in_capitals = sum(text.isupper() for text in texts)
    return in_capitals >= _UPPER_SHARE * len(texts) or (median >= _LONG_PROTEIN and len(pieces) == len(texts))
