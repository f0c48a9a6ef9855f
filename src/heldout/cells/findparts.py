"""Which composite grammar a column's cells share, and what its parts are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.cells.characters import clean_cell, fold_text
from heldout.cells.composites import is_range, split_cell
from heldout.cells.keynames import split_name
from heldout.cells.numbers import parse_number
from heldout.cells.quantities import parse_quantity
from heldout.cells.tally import Present

_PROBES, _PROBED = 200, 0.85
_MOSTLY, _PARTS_TYPE = 0.95, 0.99
_FEWEST_WHOLES, _FEWEST_NUMBERS = 6, 3
_MOST_LEVELS, _LEVEL_SHARE = 30, 0.5
_FEWEST_RANGES, _RANGE_SHARE = 2, 0.01
_OLDEST = 125
_MARKS = re.compile(r"[/|:()\[\];,+]")
_WORD_NUMBER = re.compile(r"([^\W\d_]+)([ _-]+)([0-9][0-9.,]*)|([0-9][0-9.,]*)([ _-]+)([^\W\d_]+)")
_SEX = frozenset({"f", "m", "w", "female", "male", "woman", "man", "girl", "boy", "d", "x", "u"})
_CORE_SEX = _SEX - {"d", "x", "u"}
_AGE_WORDS = frozenset({"age", "onset", "alter", "years", "year", "yr", "yrs", "aged", "old"})
_NOT_COMPOSITE = re.compile(r"://|@|^[./~]|[\\]")


@dataclass(frozen=True)
class Composite:
    """How the cells of a column are taken apart.

    Args:
        grammar: a grammar of `composites`.
        pattern: its parameter.
        share: share of the cells that fit.
        example: one cell.
    """

    grammar: str
    pattern: str
    share: float
    example: str


def find_composite(present: Present, *, name: str) -> Composite | None:
    """The grammar that at least 95 % of a column's cells share, or None.

    Args:
        present: cells that are not missing and no plain numbers or dates.
        name: column name; it names the parts.

    Example:
        >>> cells = ("F/3", "M/1.5", "F/2", "F/1.5", "M/0.75", "F/4", "M/5")
        >>> find_composite(Present(cells, np.ones(7, int), 7, 0, ""), name="patient").pattern
        '{sex}/{age}'
    """
    if not present.texts or max(map(len, present.texts[:_PROBES])) > 200:
        return None
    candidates = (
        ("spread", ""),
        ("range", ""),
        *(("pair", pattern) for pattern in _name_pairs(present, name)),
        ("variant", ""),
        ("region", ""),
        ("pedigree", ""),
        *(("template", pattern) for pattern in _find_templates(present, name)),
    )
    for grammar, pattern in candidates:
        found = _measure(present, grammar, pattern)
        if found is not None and _ACCEPTS[grammar](present, found):
            return found
    return None


def _measure(present: Present, grammar: str, pattern: str) -> Composite | None:
    probes = present.texts[:_PROBES]
    good = sum(split_cell(text, grammar=grammar, pattern=pattern) is not None for text in probes)
    if good < _PROBED * len(probes):
        return None
    fits = np.array(
        [split_cell(text, grammar=grammar, pattern=pattern) is not None for text in present.texts]
    )
    share = float(present.counts[fits].sum() / max(present.n_cells, 1))
    if share < _MOSTLY:
        return None
    return Composite(grammar, pattern, share, present.texts[int(np.flatnonzero(fits)[0])].strip())


def _accept_range(present: Present, found: Composite) -> bool:
    n_ranges = sum(map(is_range, present.texts))
    return n_ranges >= _FEWEST_RANGES and n_ranges >= _RANGE_SHARE * len(present.texts)


def _accept_spread(present: Present, found: Composite) -> bool:
    return any("\u00b1" in text or "+/-" in text or "+-" in text for text in present.texts[:_PROBES])


def _accept_pair(present: Present, found: Composite) -> bool:
    splits = [split_cell(text, grammar="pair", pattern=found.pattern) for text in present.texts]
    seconds = {tuple(parts.values())[1] for parts in splits if parts is not None}
    return len(seconds) > 1 and len(present.texts) >= _FEWEST_NUMBERS


def _accept_variant(present: Present, found: Composite) -> bool:
    # One-letter changes look like codes (A12C): without a "c." or "p." several different ones are needed.
    marked = any("c." in text or "p." in text or "fs" in text or "del" in text for text in present.texts)
    three = sum(re.search("[A-Z][a-z]{2}[0-9]+", text) is not None for text in present.texts)
    return marked or three >= len(present.texts) / 2


def _accept_region(present: Present, found: Composite) -> bool:
    words = re.compile(r"exon|intron|chr|ivs|utr|promoter", re.IGNORECASE)
    return sum(words.search(text) is not None for text in present.texts) >= len(present.texts) / 2


def _accept_pedigree(present: Present, found: Composite) -> bool:
    splits = [split_cell(text, grammar="pedigree", pattern="") for text in present.texts]
    kept = [parts for parts in splits if parts is not None]
    # A lone "I" or "V" with a number may be a code; several generations or a relation make a pedigree.
    has_relation = sum(bool(parts["relation"]) for parts in kept) >= len(kept) / 2
    many = len({parts["generation"] for parts in kept}) > 1
    return many and (
        has_relation or sum("-" in t or ":" in t or "(" in t for t in present.texts) > len(kept) / 2
    )


def _accept_template(present: Present, found: Composite) -> bool:
    if len(present.texts) < _FEWEST_WHOLES or sum(
        bool(_NOT_COMPOSITE.search(t)) for t in present.texts[:_PROBES]
    ):
        return False
    splits = [split_cell(text, grammar="template", pattern=found.pattern) for text in present.texts]
    kept = [tuple(parts.values()) for parts in splits if parts is not None]
    fields = list(zip(*kept, strict=True))
    kinds = [_type_field(field) for field in fields]
    if "" in kinds or "number" not in kinds:
        return False
    is_joined = bool(_WORD_NUMBER.fullmatch(found.example)) and not _MARKS.search(found.example)
    # Without a mark between, "A-12" is as likely a code; a word of sex settles it.
    return not is_joined or any(_is_sex(field) for field in fields)


_ACCEPTS = {
    "range": _accept_range,
    "spread": _accept_spread,
    "pair": _accept_pair,
    "variant": _accept_variant,
    "region": _accept_region,
    "pedigree": _accept_pedigree,
    "template": _accept_template,
}


def _type_field(field: Sequence[str]) -> str:
    """Say "number" or "category" when nearly all cells of a part are one, else ""."""
    given = [text for text in field if text]
    if not given:
        return ""
    numbers = [text for text in given if parse_quantity(text) is not None]
    if len(numbers) >= _PARTS_TYPE * len(given):
        return "number" if len(set(numbers)) >= _FEWEST_NUMBERS else "category"
    levels = len({fold_text(text) for text in given})
    is_few = levels <= _MOST_LEVELS and levels <= max(2, _LEVEL_SHARE * len(given))
    return "category" if is_few else ""


def _is_sex(field: Sequence[str]) -> bool:
    words = {fold_text(text).rstrip(".") for text in field if text}
    return words <= _SEX and not _CORE_SEX.isdisjoint(words)


def _find_templates(present: Present, name: str) -> list[str]:
    """The template that most distinct cells share, with its parts named."""
    probes = [clean_cell(text) for text in present.texts[:_PROBES]]
    signatures = Counter("".join(_MARKS.findall(text)) for text in probes)
    signature, count = signatures.most_common(1)[0]
    if count < _PROBED * len(probes) or len(signature) > 4:
        return []
    if not signature:
        return _find_joined(probes, name)
    example = next(text for text in probes if "".join(_MARKS.findall(text)) == signature)
    pieces = _MARKS.split(example)
    marks = _MARKS.findall(example)
    blanks = [" " if place and piece.startswith(" ") else "" for place, piece in enumerate(pieces)]
    filled = [bool(piece.strip()) for piece in pieces]
    if sum(filled) < 2:
        return []
    template, number = "", 0
    for place, is_filled in enumerate(filled):
        number += is_filled
        template += (blanks[place] if is_filled else "") + (f"{{{number}}}" if is_filled else "")
        template += " " if is_filled and pieces[place].endswith(" ") and place < len(marks) else ""
        template += marks[place] if place < len(marks) else ""
    return [_name_parts(template, present, name)]


def _find_joined(probes: list[str], name: str) -> list[str]:
    matches = [found for text in probes if (found := _WORD_NUMBER.fullmatch(text))]
    if len(matches) < _PROBED * len(probes):
        return []
    mark = (matches[0][2] or matches[0][5]).strip()[:1] or " "
    is_word_first = matches[0][1] is not None
    words = [(found[1] if is_word_first else found[6]) or "" for found in matches]
    ages = [parse_number((found[3] if is_word_first else found[4]) or "") for found in matches]
    if not _is_sex(words) or any(age is None or age > _OLDEST for age in ages):
        return []
    return [f"{{sex}}{mark}{{age}}" if is_word_first else f"{{age}}{mark}{{sex}}"]


def _name_parts(template: str, present: Present, name: str) -> str:
    splits = [split_cell(text, grammar="template", pattern=template) for text in present.texts[:_PROBES]]
    kept = [tuple(parts.values()) for parts in splits if parts is not None]
    if not kept:
        return template
    fields = list(zip(*kept, strict=True))
    headers = [part.strip() for part in re.split(r"[/|,;&]| and ", name) if part.strip()]
    has_sex = any(map(_is_sex, fields))
    named = template
    for place, field in enumerate(fields, start=1):
        header = headers[place - 1] if len(headers) == len(fields) else ""
        made = _name_part(field, header, has_sex, name) or str(place)
        named = named.replace(f"{{{place}}}", f"{{{made}}}" if f"{{{made}}}" not in named else f"{{{place}}}")
    return named


def _name_part(field: Sequence[str], header: str, has_sex: bool, name: str) -> str:
    if _is_sex(field):
        return "sex"
    numbers = [number for text in field if (number := parse_number(text)) is not None]
    is_number = len(numbers) >= _PARTS_TYPE * len(field)
    is_age = is_number and all(0 <= number <= _OLDEST for number in numbers)
    if is_age and (not _AGE_WORDS.isdisjoint(split_name(header or name)) or (has_sex and not header)):
        return "age"
    return re.sub(r"\s*[(\[].*", "", header.replace("{", "").replace("}", ""))[:40]


def _name_pairs(present: Present, name: str) -> list[str]:
    first = clean_cell(present.texts[0])
    mark = "/" if "/" in first else ":"
    words = set(split_name(name))
    if mark == "/" and ({"bp", "rr", "systolic", "pressure", "mmhg"} & words or "mmhg" in first.lower()):
        return ["{systolic}/{diastolic}"]
    headers = [part.strip() for part in name.split(mark)]
    if len(headers) == 2 and all(headers) and headers[0] != headers[1]:
        return [f"{{{headers[0][:40]}}}{mark}{{{headers[1][:40]}}}"]
    return [f"{{first}}{mark}{{second}}"]
