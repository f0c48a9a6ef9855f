"""Cells that hold several things: "F/3", "120/80", "10-20", "(II-2) daughter", "Exon 17 Exon 11", variants."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from heldout.cells.characters import clean_cell
from heldout.cells.clock import parse_clock
from heldout.cells.quantities import parse_quantity
from heldout.cells.variants import split_variants

_NUMBER = r"[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]{1,3})?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*(?:-|\u2013|\u2014|\.\.\.?|to|bis|until)\s*({_NUMBER})\s*([^0-9]*)")
_SPREAD = re.compile(rf"\s*({_NUMBER})\s*(?:\u00b1|\+/-|\+-)\s*({_NUMBER})\s*([^0-9]*)")
_PAIR = re.compile(rf"\s*({_NUMBER})\s*([/:])\s*({_NUMBER})\s*([^0-9/:]*)")
_REGION = re.compile(
    r"(exons?|introns?|ex|int|ivs|chr|chromosomes?|e|promoter|5'\s?utr|3'\s?utr)\.?\s*([0-9XYxy]+[a-c]?(?:\s*(?:-|\u2013|to)\s*[0-9]+)?)?",
    re.IGNORECASE,
)
_GLUE = re.compile(r"(?:\s|,|;|/|\+|&|and)*")
_REGION_WORDS = {
    "ex": "exon", "e": "exon", "exons": "exon", "int": "intron", "introns": "intron", "ivs": "intron",
    "chr": "chromosome", "chromosomes": "chromosome",
}  # fmt: skip
_PEDIGREE = re.compile(
    r"\(?\s*([IVX]{1,5})\s*[-:.,]?\s*([0-9]{1,3})\s*\)?(?:\s*[,:]?\s*([^\W\d_][\w' -]{0,39}))?"
)
_ROMAN = {"I": 1, "V": 5, "X": 10}
_LONGEST = 200


@dataclass(frozen=True)
class Grammar:
    """How cells of one grammar are taken apart.

    Args:
        parts: names of the parts.
        split: (cell, pattern) -> part name -> text, or None when the cell does not fit.
    """

    parts: Callable[[str], tuple[str, ...]]
    split: Callable[[str, str], dict[str, str] | None]


def split_cell(text: str, *, grammar: str, pattern: str) -> dict[str, str] | None:
    """The parts of a cell by name, or None when it does not fit the grammar.

    Args:
        text: the cell as read.
        grammar: a key of `GRAMMARS`.
        pattern: the grammar's parameter: for "template" the cell with its parts in braces, else "".

    Example:
        >>> split_cell("M/0.75", grammar="template", pattern="{sex}/{age}")
        {'sex': 'M', 'age': '0.75'}
        >>> split_cell("10-20", grammar="range", pattern=""), split_cell("unknown", grammar="range", pattern="")
        ({'low': '10', 'high': '20'}, None)
    """
    return GRAMMARS[grammar].split(text, pattern) if len(text) <= _LONGEST else None


def list_parts(grammar: str, pattern: str) -> tuple[str, ...]:
    """The names of a grammar's parts.

    Example:
        >>> list_parts("template", "{sex}/{age}"), list_parts("range", "")
        (('sex', 'age'), ('low', 'high'))
    """
    return GRAMMARS[grammar].parts(pattern)


def _split_range(text: str, pattern: str) -> dict[str, str] | None:
    clean = clean_cell(text)
    found = _RANGE.fullmatch(clean)
    if found is None:
        # A single number is the range that begins and ends there.
        return {"low": clean, "high": clean} if parse_quantity(clean) is not None else None
    low, high = parse_quantity(found[1]), parse_quantity(found[2])
    if low is None or high is None or low.value > high.value:
        return None
    unit = f" {found[3]}" if found[3] else ""
    return {"low": found[1] + unit, "high": found[2] + unit}


def is_range(text: str) -> bool:
    """True for two rising numbers with a dash or "to" between them.

    Example:
        >>> is_range("10-20"), is_range("20-10"), is_range("-5"), is_range("2021-03-04")
        (True, False, False, False)
    """
    return _RANGE.fullmatch(clean_cell(text)) is not None and _split_range(text, "") is not None


def _split_spread(text: str, pattern: str) -> dict[str, str] | None:
    clean = clean_cell(text)
    found = _SPREAD.fullmatch(clean)
    if found is None:
        return {"value": clean, "spread": ""} if parse_quantity(clean) is not None else None
    unit = f" {found[3]}" if found[3] else ""
    return {"value": found[1] + unit, "spread": found[2] + unit}


def _split_pair(text: str, pattern: str) -> dict[str, str] | None:
    found = _PAIR.fullmatch(clean_cell(text))
    if found is None:
        return None
    unit = f" {found[4].strip()}" if found[4].strip() else ""
    first, second = _list_braces(pattern)
    return {first: found[1] + unit, second: found[3] + unit}


def _list_braces(pattern: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\{([^{}]+)\}", pattern))


@lru_cache(maxsize=256)
def _compile_template(pattern: str) -> re.Pattern[str] | None:
    """The template as a pattern: literal marks, blanks free around them, each part without the marks."""
    pieces = re.split(r"(\{[^{}]+\})", pattern)
    marks = re.escape("".join(sorted(set("".join(pieces[::2]).replace(" ", "")))))
    made = ""
    for piece in pieces:
        if piece.startswith("{"):
            made += rf"([^{marks}]*?)" if marks else r"(\S+?)"
        elif piece.strip():
            made += rf"\s*{re.escape(piece.strip())}\s*"
        elif piece:
            made += r"\s+"
    return re.compile(rf"\s*{made}\s*", re.IGNORECASE)


def _split_template(text: str, pattern: str) -> dict[str, str] | None:
    compiled = _compile_template(pattern)
    found = compiled.fullmatch(clean_cell(text)) if compiled is not None else None
    if found is None:
        return None
    return dict(zip(_list_braces(pattern), (part.strip() for part in found.groups()), strict=True))


def _split_region(text: str, pattern: str) -> dict[str, str] | None:
    clean, at = clean_cell(text), 0
    items: list[tuple[str, str]] = []
    word = ""
    while at < len(clean):
        found = _REGION.match(clean, at)
        if found is not None:
            word = found[1].casefold().replace(" ", "")
            word = _REGION_WORDS.get(word, word)
            items += [(word, number) for number in _list_numbers(found[2] or "")]
        else:
            # "Exons 3, 5": the word holds for the numbers that follow.
            found = re.compile(r"[0-9]+(?:\s*[-\u2013]\s*[0-9]+)?").match(clean, at) if word else None
            if found is None:
                return None
            items += [(word, number) for number in _list_numbers(found[0])]
        at = found.end()
        glue = _GLUE.match(clean, at)
        at = glue.end() if glue else at
    if not items:
        return None
    number = next((number for _, number in items if number.isdigit()), "")
    names = sorted({f"{word} {number}".strip() for word, number in items}, key=_natural)
    return {"type": "; ".join(sorted({word for word, _ in items})), "number": number, "set": "; ".join(names)}


def _list_numbers(text: str) -> list[str]:
    ends = [part for part in re.split(r"\s*(?:-|\u2013|to)\s*", text) if part]
    if len(ends) == 2 and all(end.isdigit() for end in ends) and 0 < int(ends[1]) - int(ends[0]) < 100:
        return [str(number) for number in range(int(ends[0]), int(ends[1]) + 1)]
    return [text.upper() if not text.isdigit() else text] if text else [""]


def _natural(text: str) -> tuple[str, int]:
    word, _, number = text.partition(" ")
    return word, int(number) if number.isdigit() else 0


def _split_pedigree(text: str, pattern: str) -> dict[str, str] | None:
    found = _PEDIGREE.fullmatch(clean_cell(text))
    if found is None:
        return None
    relation = (found[3] or "").strip().casefold()
    return {"generation": str(_read_roman(found[1])), "member": found[2], "relation": relation}


def _read_roman(text: str) -> int:
    values = [_ROMAN[letter] for letter in text]
    return sum(
        -value if later and value < max(later) else value
        for value, later in ((value, values[place + 1 :]) for place, value in enumerate(values))
    )


def _split_clock(text: str, pattern: str) -> dict[str, str] | None:
    hours = parse_clock(text, pattern=pattern)
    return None if hours is None else {"": repr(hours)}


def _split_variant(text: str, pattern: str) -> dict[str, str] | None:
    return split_variants(text)


def _name(*parts: str) -> Callable[[str], tuple[str, ...]]:
    return lambda pattern: parts


GRAMMARS: dict[str, Grammar] = {
    "template": Grammar(_list_braces, _split_template),
    "pair": Grammar(_list_braces, _split_pair),
    "range": Grammar(_name("low", "high"), _split_range),
    "spread": Grammar(_name("value", "spread"), _split_spread),
    "variant": Grammar(_name("effect", "protein", "coding", "codon", "count"), _split_variant),
    "region": Grammar(_name("type", "number", "set"), _split_region),
    "pedigree": Grammar(_name("generation", "member", "relation"), _split_pedigree),
    "clock": Grammar(_name(""), _split_clock),
}
