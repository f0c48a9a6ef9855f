"""Categories written in several ways: case and blanks are folded and counted, typos are proposed, never merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from heldout.cells.characters import fold_text, squeeze_blanks

_MOST_LEVELS, _FEWEST_LETTERS = 5_000, 4
# A slip is rare beside what it is a slip of (assumption; the design's figure).
_RATIO = 20
_SHOWN = 3


@dataclass(frozen=True)
class Spellings:
    """What is read as what.

    Args:
        pairs: folded text, text it is read as, flat; only texts that are written in several ways.
        merged: the merged texts in words, "" without any.
        typos: (text, proposed text) pairs, likely slips.
    """

    pairs: tuple[str, ...]
    merged: str
    typos: tuple[tuple[str, str], ...]


def find_spellings(texts: Sequence[str], counts: Sequence[int]) -> Spellings:
    """Texts that differ only by case and blanks, and likely slips of the pen.

    Single letters are never merged by case: "a" and "A" may be two things.

    Args:
        texts: distinct cell texts.
        counts: rows of each.

    Example:
        >>> found = find_spellings(["Male", "male ", "Female", "Mlae"], [60, 5, 50, 1])
        >>> found.pairs, found.typos
        (('male', 'Male'), (('Mlae', 'Male'),))
    """
    groups: dict[str, Counter[str]] = {}
    for text, count in zip(texts, counts, strict=True):
        groups.setdefault(fold_text(text), Counter())[text.strip()] += int(count)
    written: dict[str, str] = {}
    merged: list[str] = []
    totals: Counter[str] = Counter()
    for folded, forms in groups.items():
        best = squeeze_blanks(min(forms, key=lambda form: (-forms[form], form)))
        if len(forms) > 1 and len(folded) > 1:
            written[folded] = best
            others = ", ".join(repr(form) for form in sorted(forms) if form != best)
            merged.append(f"{others} as {best!r}")
        if len(folded) > 1 or len(forms) == 1:
            totals[best] = forms.total()
    pairs = tuple(text for folded in sorted(written) for text in (folded, written[folded]))
    shown = "; ".join(merged[:_SHOWN]) + (f" and {len(merged) - _SHOWN} more" if len(merged) > _SHOWN else "")
    return Spellings(pairs, shown, find_typos(totals))


def find_typos(totals: Counter[str]) -> tuple[tuple[str, str], ...]:
    """Texts one edit away (a letter lost, added, changed or two swapped) from a text 20 times as frequent.

    Short texts and texts whose difference is a digit or a single capital at an end ("type A", "type B") are never
    proposed.

    Args:
        totals: rows per text.

    Example:
        >>> find_typos(Counter({"type A": 100, "type B": 2, "Genu varum": 60, "Genu vrum": 1}))
        (('Genu vrum', 'Genu varum'),)
    """
    if len(totals) > _MOST_LEVELS:
        return ()
    by_deletion: dict[str, set[str]] = {}
    frequent = [text for text, count in totals.items() if count >= _RATIO and len(text) >= _FEWEST_LETTERS]
    for text in frequent:
        for key in _delete_one(text.casefold()):
            by_deletion.setdefault(key, set()).add(text)
    found: list[tuple[str, str]] = []
    for text, count in sorted(totals.items()):
        if len(text) < _FEWEST_LETTERS:
            continue
        near = {other for key in _delete_one(text.casefold()) for other in by_deletion.get(key, ())}
        fits = [
            other
            for other in near
            if other != text
            and totals[other] >= _RATIO * count
            and _is_slip(text.casefold(), other.casefold())
        ]
        if fits:
            found.append((text, min(fits, key=lambda other: (-totals[other], other))))
    return tuple(found)


def _delete_one(text: str) -> set[str]:
    return {text, *(text[:place] + text[place + 1 :] for place in range(len(text)))}


def _is_slip(text: str, other: str) -> bool:
    """One edit apart, and the edit is neither a digit nor a mark nor one whole word of a letter."""
    start = 0
    while start < min(len(text), len(other)) and text[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(text), len(other)) - start and text[-1 - end] == other[-1 - end]:
        end += 1
    one, two = text[start : len(text) - end], other[start : len(other) - end]
    is_swap = len(one) == len(two) == 2 and one == two[::-1]
    if not (is_swap or (len(one) <= 1 and len(two) <= 1)):
        return False
    if not all(character.isalpha() for character in one + two):
        return False
    if any(set(word) <= set("ivx") for word in set(text.split()) ^ set(other.split())):
        return False  # II and III are numbers
    alone = {word for word in (*text.split(), *other.split()) if len(word) == 1}
    return not alone & set(one + two) and not (start == len(text) - 1 == len(other) - 1 and start == 0)


def read_spelling(text: str, spellings: dict[str, str]) -> str:
    """The text that a category is read as.

    Args:
        text: the cell, stripped.
        spellings: exact or folded text -> text.

    Example:
        >>> read_spelling("MALE", {"male": "Male"}), read_spelling("x", {})
        ('Male', 'x')
    """
    if not spellings:
        return text
    exact = spellings.get(text)
    return exact if exact is not None else spellings.get(fold_text(text), text)
