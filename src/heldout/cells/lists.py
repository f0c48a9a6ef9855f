"""Cells that list items: separators, items that only differ by case, and qualifiers in brackets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from heldout.cells.characters import fold_text, squeeze_blanks
from heldout.cells.tally import Present

_LONGEST_ITEM, _MOST_WORDS = 80, 8
_FEWEST_CELLS, _LISTED_SHARE, _REUSE = 2, 0.1, 1.5
_COMMA_SHARE, _COMMA_REUSE = 0.3, 3.0
_QUALIFIER = re.compile(r"(.*\S)\s*\(([^()]{1,40})\)")
_AND = re.compile(r"\s+(?:and|&|und|et|y)\s+", re.IGNORECASE)
JOIN = "; "


@dataclass(frozen=True)
class ItemList:
    """How cells list items.

    Args:
        separator: ";", "|" or ",".
        items: pairs folded item, item as written most often, flat and sorted: what is known to be an item.
        n_listed: cells with several items.
        n_items: distinct items.
        most: the most frequent items with their counts, in words.
    """

    separator: str
    items: tuple[str, ...]
    n_listed: int
    n_items: int
    most: str


def find_list(present: Present) -> ItemList | None:
    """The separator of a column of lists, or None.

    Items must be short and come back: a column is a list when several cells hold several items and an item occurs
    in more than one cell on average.

    Args:
        present: cells that are not missing.

    Example:
        >>> import numpy as np
        >>> cells = ("pain; fever", "fever", "Pain", "pain; cough", "cough")
        >>> find_list(Present(cells, np.ones(5, int), 5, 0, "")).n_items
        3
    """
    for separator in (";", "|", ","):
        found = _try_separator(present, separator)
        if found is not None:
            return found
    return None


def _try_separator(present: Present, separator: str) -> ItemList | None:
    listed = [separator in text.strip().rstrip(separator) for text in present.texts]
    n_listed = int(
        sum(count for count, is_listed in zip(present.counts.tolist(), listed, strict=True) if is_listed)
    )
    share = _COMMA_SHARE if separator == "," else _LISTED_SHARE
    if sum(listed) < _FEWEST_CELLS or n_listed < share * present.n_cells:
        return None
    spellings = count_spellings(present, separator)
    if any(
        len(item) > _LONGEST_ITEM or item.count(" ") >= _MOST_WORDS
        for forms in spellings.values()
        for item in forms
    ):
        return None
    distinct = sum(len(set(map(fold_text, _cut(text, separator)))) for text in present.texts)
    reuse = distinct / max(len(spellings), 1)
    if reuse < (_COMMA_REUSE if separator == "," else _REUSE) or (separator == "," and _looks_prose(present)):
        return None
    written = {
        folded: min(forms, key=lambda form: (-forms[form], form)) for folded, forms in spellings.items()
    }
    flat = tuple(text for folded in sorted(written) for text in (folded, written[folded]))
    total = Counter({folded: forms.total() for folded, forms in spellings.items()})
    most = ", ".join(f"{written[folded]!r} {count}" for folded, count in total.most_common(3))
    return ItemList(separator, flat, n_listed, len(written), most)


def count_spellings(present: Present, separator: str) -> dict[str, Counter[str]]:
    """Count how each item of a column of lists is written, by its folded text.

    Args:
        present: cells that are not missing.
        separator: ";", "|" or ",".

    Example:
        >>> import numpy as np
        >>> count_spellings(Present(("a; B", "b"), np.array([2, 1]), 3, 0, ""), ";")
        {'a': Counter({'a': 2}), 'b': Counter({'B': 2, 'b': 1})}
    """
    spellings: dict[str, Counter[str]] = {}
    for text, count in zip(present.texts, present.counts.tolist(), strict=True):
        for item in _cut(text, separator):
            spellings.setdefault(fold_text(item), Counter())[item] += count
    return spellings


def _looks_prose(present: Present) -> bool:
    """Commas of names and sentences: a dot, a title or many words beside them."""
    probes = present.texts[:200]
    return (
        sum(len(text.split()) > 6 or ". " in text or text.rstrip().endswith(".") for text in probes)
        > len(probes) / 10
    )


def _cut(text: str, separator: str) -> list[str]:
    return [item for part in text.split(separator) if (item := squeeze_blanks(part))]


def split_items(text: str, *, separator: str, items: Mapping[str, str]) -> tuple[str, ...]:
    """The items of a cell, each once, sorted, in the spelling the column uses most.

    "A and B" is two items only where both are items on their own elsewhere; "A (mild)" is A and "A (mild)" where A
    is an item.

    Args:
        text: the cell.
        separator: ";", "|" or ",".
        items: folded item -> item as written.

    Example:
        >>> known = {"genu varum": "Genu varum", "bone pain": "bone pain"}
        >>> split_items("Genu varum and bone pain", separator=";", items=known)
        ('Genu varum', 'bone pain')
        >>> split_items("Hip and knee joint pain", separator=";", items=known)
        ('Hip and knee joint pain',)
    """
    found: set[str] = set()
    for item in _cut(text, separator):
        found.update(_settle_item(item, items))
    return tuple(sorted(found))


def _settle_item(item: str, items: Mapping[str, str]) -> list[str]:
    halves = [half for half in _AND.split(item) if half]
    if len(halves) > 1 and all(fold_text(half) in items for half in halves):
        return [items[fold_text(half)] for half in halves]
    qualified = _QUALIFIER.fullmatch(item)
    if qualified and fold_text(qualified[1]) in items:
        base = items[fold_text(qualified[1])]
        return [base, f"{base} ({qualified[2]})"]
    return [items.get(fold_text(item), item)]
