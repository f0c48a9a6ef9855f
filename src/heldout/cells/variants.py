"""Sequence variants as clinicians write them: protein and coding changes, one or several in a cell."""

from __future__ import annotations

import re
from dataclasses import dataclass

from heldout.cells.characters import clean_cell

_THREE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E", "Gly": "G", "His": "H",
    "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F", "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W",
    "Tyr": "Y", "Val": "V", "Sec": "U", "Ter": "*",
}  # fmt: skip
_LETTER = {letter: name for name, letter in _THREE.items()} | {"X": "Ter"}
_AMINO = "(?:" + "|".join(_THREE) + "|[ACDEFGHIKLMNPQRSTVWYX*])"
_STOP = r"(?:Ter|[Ss]top|STOP|X|x|\*)"
_PROTEIN = re.compile(
    rf"(?:p\.\s?)?\(?({_AMINO})([1-9][0-9]{{0,4}})(?:_({_AMINO})([1-9][0-9]{{0,4}}))?"
    rf"(?:({_AMINO}|Stop|stop|STOP)?(fs)(?:{_STOP}?\s?([0-9]+|\?)?)|(delins|del|dup|ins|ext)((?:{_AMINO})*)"
    rf"|(=)|({_AMINO}|Stop|stop|STOP))\)?(?![A-Za-z0-9])"
)
_PLACE = r"[*-]?[0-9]{1,6}(?:[+-][0-9]{1,5})?"
_CODING = re.compile(
    rf"(?:[cC]\.|(IVS)([0-9]+)(?=[+-])|(?<=\[))\s?\[?({_PLACE}|[+-][0-9]+)(?:_({_PLACE}))?\s?"
    r"(?:([ACGTU]+)\s?>\s?([ACGTU]+)|(del|dup|inv)([ACGTUN]*|[0-9]{1,5})(ins)?([ACGTUN]*)|(ins)([ACGTUN]+|[0-9]{1,5})|(=))\]?",
)
_DELTA = re.compile(r"\u0394\s?([A-Z])([0-9]{1,5})")
_BETWEEN = re.compile(r"[\s()\[\];,/|+&]*(?:and)?[\s()\[\];,/|+&]*")
_LONGEST = 200
PARTS = ("effect", "protein", "coding", "codon", "count")
_SPLICE_SITE = 2


@dataclass(frozen=True)
class Variant:
    """One variant.

    Args:
        protein: the protein change in three-letter form, e.g. "Trp660Ter", or "".
        coding: the change of the coding sequence, e.g. "c.1980G>A", or "".
        codon: number of the (first) codon concerned, None outside the coding sequence.
        effect: "missense", "nonsense", "frameshift", "splice", "synonymous", "in-frame", "intron", "5' UTR", "3' UTR",
            "extension" or "coding" (a coding change whose effect is not said).
    """

    protein: str
    coding: str
    codon: int | None
    effect: str


def parse_variants(text: str) -> tuple[Variant, ...] | None:
    """The variants of a cell, or None when anything in it is not understood.

    A protein change and the coding change that follows it are one variant. Blanks inside are allowed; X, *, Ter and
    Stop are the same. Nothing is looked up: the effect class follows from the notation alone.

    Args:
        text: the cell.

    Source: the notation of HGVS (den Dunnen et al. 2016), a subset, with the older spellings still in print.

    Example:
        >>> [v.effect for v in parse_variants("His584Pro (c.1751A>C) Gly395Arg (c.1183G>C)")]
        ['missense', 'missense']
        >>> parse_variants("c.1646-2A>T")
        (Variant(protein='', coding='c.1646-2A>T', codon=549, effect='splice'),)
        >>> parse_variants("Trp660X, mild") is None
        True
    """
    if len(text) > _LONGEST:
        return None
    clean = _DELTA.sub(r"\1\2del", clean_cell(text))
    at, found = _skip(clean, 0), []
    while at < len(clean):
        coding, protein = _CODING.match(clean, at), _PROTEIN.match(clean, at)
        match = coding or protein
        if match is None:
            return None
        found.append((protein if coding is None else None, coding))
        at = _skip(clean, match.end())
    return _join(found) if found else None


def _skip(text: str, at: int) -> int:
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def _join(found: list[tuple[re.Match[str] | None, re.Match[str] | None]]) -> tuple[Variant, ...]:
    variants: list[Variant] = []
    waiting: re.Match[str] | None = None
    alone: re.Match[str] | None = None
    for protein, coding in found:
        if coding is not None:
            variants.append(_make(waiting, coding))
            waiting, alone = None, coding if waiting is None else None
        elif alone is not None and protein is not None and variants[-1].codon == int(protein[2]):
            # The coding change came first: "c.76A>C; p.Ile26Leu".
            variants[-1], alone = _make(protein, alone), None
        else:
            if waiting is not None:
                variants.append(_make(waiting, None))
            waiting, alone = protein, None
    if waiting is not None:
        variants.append(_make(waiting, None))
    return tuple(variants)


def _make(protein: re.Match[str] | None, coding: re.Match[str] | None) -> Variant:
    change, effect = _name_protein(protein) if protein is not None else ("", "")
    codon = int(protein[2]) if protein is not None else None
    text = ""
    if coding is not None:
        text = _write_coding(coding)
        from_coding, coding_codon = _judge_coding(coding)
        effect, codon = effect or from_coding, codon if codon is not None else coding_codon
    return Variant(change, text, codon, effect)


def _name_amino(text: str) -> str:
    return "Ter" if re.fullmatch(_STOP, text) else text if text in _THREE else _LETTER.get(text, text)


def _name_protein(found: re.Match[str]) -> tuple[str, str]:
    old = _name_amino(found[1])
    start = f"{old}{found[2]}" + (f"_{_name_amino(found[3])}{found[4]}" if found[3] else "")
    if found[6]:
        new = _name_amino(found[5]) if found[5] else ""
        length = f"Ter{found[7]}" if found[7] else ""
        return f"{start}{new}fs{length}", "frameshift"
    if found[8]:
        added = "".join(_name_amino(amino) for amino in re.findall(_AMINO, found[9] or ""))
        return f"{start}{found[8]}{added}", "extension" if found[8] == "ext" else "in-frame"
    new = "=" if found[10] else _name_amino(found[11])
    if new in ("=", old):
        return f"{start}=", "synonymous"
    if new == "Ter":
        return f"{start}Ter", "nonsense"
    return f"{start}{new}", "extension" if old == "Ter" else "missense"


def _write_coding(found: re.Match[str]) -> str:
    head = f"IVS{found[2]}" if found[1] else "c."
    span = found[3] + (f"_{found[4]}" if found[4] else "")
    if found[5]:
        return f"{head}{span}{found[5]}>{found[6]}"
    return head + span + "".join(found[index] or "" for index in range(7, 14))


def _judge_coding(found: re.Match[str]) -> tuple[str, int | None]:
    """Effect class and codon that the coding notation alone gives."""
    if found[1]:
        return _judge_offset(abs(int(found[3]))), None
    first = re.fullmatch(r"([*-]?)([0-9]+)([+-][0-9]+)?", found[3])
    if first is None:
        return "coding", None
    if first[1]:
        return ("3' UTR" if first[1] == "*" else "5' UTR"), None
    codon = (int(first[2]) + 2) // 3
    if first[3]:
        return _judge_offset(abs(int(first[3]))), codon
    if found[13]:
        return "synonymous", codon
    return _judge_length(found), codon


def _judge_offset(distance: int) -> str:
    return "splice" if distance <= _SPLICE_SITE else "intron"


def _judge_length(found: re.Match[str]) -> str:
    if found[5]:
        return "coding"
    lost, gained = _count(found[8]), _count(found[10]) if found[9] else 0
    if found[11]:
        lost, gained = 0, _count(found[12])
    elif lost == 0 and found[3].isdigit():
        last = found[4] if found[4] else found[3]
        lost = int(last) - int(found[3]) + 1 if last.isdigit() else 0
    if found[7] == "inv" or (lost == 0 and gained == 0):
        return "coding"
    if found[7] == "dup":
        lost, gained = 0, lost
    return "in-frame" if (gained - lost) % 3 == 0 else "frameshift"


def _count(bases: str | None) -> int:
    if not bases:
        return 0
    return int(bases) if bases.isdigit() else len(bases)


def split_variants(text: str) -> dict[str, str] | None:
    """A cell's variants as the parts that become columns, or None when it is not understood.

    Args:
        text: the cell.

    Returns:
        effect, protein, coding (items joined by "; "), codon (of the first variant) and count.

    Example:
        >>> split_variants("Trp660X (c.1980G>A)")["effect"], split_variants("Trp660X (c.1980G>A)")["codon"]
        ('nonsense', '660')
    """
    variants = parse_variants(text)
    if variants is None:
        return None
    joined = {
        name: "; ".join(sorted({getattr(variant, name) for variant in variants} - {""}))
        for name in ("effect", "protein", "coding")
    }
    codons = [variant.codon for variant in variants if variant.codon is not None]
    return {**joined, "codon": str(codons[0]) if codons else "", "count": str(len(variants))}
