"""Categories written in several ways: case and blanks are folded and counted, typos are proposed, never merged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from heldout.cells.characters import fold_text, squeeze_blanks
from heldout.counts import count_things

_MOST_LEVELS, _FEWEST_LETTERS = 5_000, 4
# A slip is rare beside what it is a slip of (assumption; the design's figure).
_RATIO = 20
_SHOWN = 3
# One letter in two cases is one thing where it is a sex or an answer, or where one case is rare in the whole column
# (assumption); "A" and "a" beside "B" and "b", both frequent, may be alleles.
_PLAIN_LETTERS = frozenset("mfwyn")
_RARE_CASE = 0.2
# Asked about beside any other letters and words ("X", "mixed", "n/a since").
_KNOWN = {"f": ("female", "false"), "m": ("male",), "y": ("yes",), "n": ("no",), "t": ("true",)}


@dataclass(frozen=True)
class Spellings:
    """What is read as what.

    Args:
        pairs: folded text, text it is read as, flat; only texts that are written in several ways.
        merged: the merged texts in words, "" without any.
        typos: (text, proposed text) pairs, likely slips.
        initials: (letter, proposed text) pairs: "M" beside "Male", where every single letter begins exactly one text.
        cases: (letter, proposed letter) pairs: "a" beside "A", where both cases are frequent.
    """

    pairs: tuple[str, ...]
    merged: str
    typos: tuple[tuple[str, str], ...]
    initials: tuple[tuple[str, str], ...] = ()
    cases: tuple[tuple[str, str], ...] = ()


def find_spellings(texts: Sequence[str], counts: Sequence[int]) -> Spellings:
    """Texts that differ only by case and blanks, likely slips of the pen, and letters that may stand for words.

    A single letter in two cases is merged where it can hardly be two things ("M" and "m"), else proposed; "a" and "A"
    alone are two categories.

    Args:
        texts: distinct cell texts.
        counts: rows of each.

    Example:
        >>> found = find_spellings(["Male", "male ", "Female", "Mlae"], [60, 5, 50, 1])
        >>> found.pairs, found.typos
        (('male', 'Male'), (('Mlae', 'Male'),))
        >>> find_spellings(["M", "m", "F", "f"], [60, 50, 50, 40]).merged
        "'m' (50 cells) as 'M'; 'f' (40 cells) as 'F'"
        >>> find_spellings(["M", "Male", "Female"], [9, 60, 50]).initials
        (('M', 'Male'),)
    """
    groups: dict[str, Counter[str]] = {}
    for text, count in zip(texts, counts, strict=True):
        groups.setdefault(fold_text(text), Counter())[text.strip()] += int(count)
    written: dict[str, str] = {}
    merged: list[str] = []
    cases: list[tuple[str, str]] = []
    foldable = _choose_letters(groups)
    totals: Counter[str] = Counter()
    for folded, forms in groups.items():
        best = squeeze_blanks(min(forms, key=lambda form: (-forms[form], form)))
        if len(forms) > 1 and (len(folded) > 1 or folded in foldable):
            written[folded] = best
            others = [form for form in sorted(forms) if form != best]
            counted = count_things(sum(forms[form] for form in others), "cell")
            merged.append(f"{', '.join(map(repr, others))} ({counted}) as {best!r}")
        elif len(forms) > 1 and len(groups) > 1:
            cases += [(form, best) for form in sorted(forms) if form != best]
        if folded in written or len(forms) == 1:
            totals[best] = forms.total()
    pairs = tuple(text for folded in sorted(written) for text in (folded, written[folded]))
    shown = "; ".join(merged[:_SHOWN]) + (f" and {len(merged) - _SHOWN} more" if len(merged) > _SHOWN else "")
    return Spellings(pairs, shown, find_typos(totals), find_initials(list(totals)), tuple(cases))


def _choose_letters(groups: dict[str, Counter[str]]) -> frozenset[str]:
    """The single letters whose two cases are one category."""
    letters = {folded: forms for folded, forms in groups.items() if len(folded) == 1 and len(forms) > 1}
    if not letters or len(groups) < 2:
        return frozenset()
    n_cells = sum(forms.total() for folded, forms in groups.items() if len(folded) == 1)
    rarer = min(
        sum(
            n
            for folded, forms in groups.items()
            if len(folded) == 1
            for form, n in forms.items()
            if is_case(form)
        )
        for is_case in (str.isupper, str.islower)
    )
    return frozenset(
        folded for folded in letters if folded in _PLAIN_LETTERS or rarer <= _RARE_CASE * n_cells
    )


def find_initials(texts: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Single letters that begin exactly one of the words beside them.

    Where any letter begins none or several of them, letters are mostly codes, and only sexes and answers are asked
    about: f and female, m and male, y and yes, n and no, t and true, f and false.

    Args:
        texts: categories, each in one spelling.

    Example:
        >>> find_initials(["M", "F", "Male", "Female", "?"])
        (('M', 'Male'), ('F', 'Female'))
        >>> find_initials(["A", "B", "Absent"]), find_initials(["L", "Left", "Lower"])
        ((), ())
        >>> find_initials(["M", "Male", "X"]), find_initials(["M", "Male", "Mixed"])
        ((('M', 'Male'),), ())
    """
    letters = [text for text in texts if len(text) == 1 and text.isalpha()]
    words = [
        text for text in texts[:_MOST_LEVELS] if len(text) > 1 and text[0].isalpha() and text[1].isalpha()
    ]
    found: list[tuple[str, str]] = []
    for letter in letters:
        fits = [word for word in words if word[0].casefold() == letter.casefold()]
        if len(fits) != 1:
            return _find_known(letters, words)
        found.append((letter, fits[0]))
    return tuple(found)


def _find_known(letters: Sequence[str], words: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Letters of the closed list that begin its word and no other single word."""
    found = []
    for letter in letters:
        fits = [word for word in words if word[0].casefold() == letter.casefold() and " " not in word]
        if len(fits) == 1 and fits[0].casefold() in _KNOWN.get(letter.casefold(), ()):
            found.append((letter, fits[0]))
    return tuple(found)


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
