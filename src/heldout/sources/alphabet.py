"""Which alphabet sequences are written in, and which of them do not belong to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from heldout.letters import AMINO_ACIDS, DNA, GAPS, NUCLEOTIDES, PROTEIN, RNA

# Below this share of plain bases a text of IUPAC letters is rather a protein (D, H, K, M, N, R, S, V, W, Y are amino
# acids too); a long text of bases among proteins is no protein. Both are assumptions.
_PLAIN_SHARE, _LONG = 0.8, 30


@dataclass(frozen=True)
class Alphabet:
    """The alphabet of a set of sequences.

    Args:
        name: "DNA", "RNA" or "protein".
        letters: how often each letter occurs, upper case, in the sequences that belong to it.
        faults: position of each sequence that does not belong to it, and why.
        mixed: positions of nucleotide sequences written with U where the others have T, or the other way round.
    """

    name: str
    letters: Counter[str]
    faults: dict[int, str]
    mixed: tuple[int, ...]


def judge_alphabet(sequences: Sequence[str]) -> Alphabet:
    """The alphabet that most of the sequences are written in, and the sequences that are not.

    Args:
        sequences: without blanks; any case; empty ones are faults.

    Example:
        >>> found = judge_alphabet(["ACGTN", "acgtr", "MKLEF", "AC1T", ""])
        >>> found.name, found.faults[2]
        ('DNA', "holds E, F, L, which are no letters of DNA (first: 'L' at position 3)")
        >>> found.faults[3], found.faults[4]
        ("holds '1' at position 3, which is no letter of a sequence", 'has no sequence')
    """
    counts = [Counter(sequence.upper()) for sequence in sequences]
    kinds = [_judge_letters(letters) for letters in counts]
    votes = Counter(kind for kind in kinds if kind)
    is_protein = votes[PROTEIN] > votes[DNA]
    faults: dict[int, str] = {}
    total: Counter[str] = Counter()
    for row, (sequence, letters, kind) in enumerate(zip(sequences, counts, kinds, strict=True)):
        reason = _find_fault(sequence, letters, kind, is_protein=is_protein)
        if reason:
            faults[row] = reason
        else:
            total.update(letters)
    if is_protein:
        return Alphabet(PROTEIN, total, faults, ())
    name = RNA if total["U"] > total["T"] else DNA
    other = "T" if name == RNA else "U"
    mixed = tuple(row for row, letters in enumerate(counts) if row not in faults and letters[other])
    return Alphabet(name, total, faults, mixed)


def _judge_letters(letters: Counter[str]) -> str:
    known = {letter: count for letter, count in letters.items() if letter not in GAPS}
    total = sum(known.values())
    if not total:
        return ""
    plain = sum(known.get(letter, 0) for letter in "ACGTUN")
    if known.keys() <= NUCLEOTIDES and plain >= _PLAIN_SHARE * total:
        return DNA
    return PROTEIN if known.keys() <= AMINO_ACIDS else ""


def _find_fault(sequence: str, letters: Counter[str], kind: str, *, is_protein: bool) -> str:
    if not sequence:
        return "has no sequence"
    allowed = (AMINO_ACIDS if is_protein else NUCLEOTIDES) | GAPS
    strange = sorted(letters.keys() - allowed)
    foreign = [letter for letter in strange if letter not in AMINO_ACIDS]
    if foreign:
        place = min(sequence.upper().find(letter) for letter in foreign) + 1
        letter = sequence[place - 1]
        # Letters of other scripts look like ours.
        code = "" if letter.isascii() else f" (U+{ord(letter):04X})"
        return f"holds {letter!r}{code} at position {place}, which is no letter of a sequence"
    name = PROTEIN if is_protein else "DNA"
    if strange:
        place = min(sequence.upper().find(letter) for letter in strange) + 1
        return (
            f"holds {', '.join(strange[:8])}, which are no letters of {name} (first: {sequence[place - 1]!r} at "
            f"position {place})"
        )
    if letters.keys() <= GAPS or (not is_protein and letters.keys() <= GAPS | {"N"}):
        return "holds only gaps and unknown letters"
    if not is_protein and kind == PROTEIN and len(sequence) >= _LONG:
        return "looks like a protein among nucleotides"
    if is_protein and kind == DNA and len(sequence) >= _LONG:
        return "holds only letters of DNA among proteins"
    return ""
