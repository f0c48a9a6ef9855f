"""Columns that say yes or no."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from heldout.cells.missing import fold_word
from heldout.cells.numbers import parse_number

TRUE_WORDS = frozenset({"yes", "y", "true", "t", "1", "on", "ja", "oui", "si", "s\u00ed"})
FALSE_WORDS = frozenset({"no", "n", "false", "f", "0", "off", "nein", "non"})


def find_yes_no(levels: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The words for yes and for no in a column, or None when it holds anything else or only one side.

    Spellings may be mixed (yes, Y, TRUE, 1); 0 and 1 match by value, so "1.0" is the same as "1".

    Args:
        levels: distinct cell texts that are not missing.

    Returns:
        Folded words for yes and for no, each sorted.

    Example:
        >>> find_yes_no(["Yes", "no", "Y"])
        (('y', 'yes'), ('no',))
        >>> find_yes_no(["1", "2"]) is None, find_yes_no(["yes"]) is None
        (True, True)
    """
    yes: set[str] = set()
    no: set[str] = set()
    for text in levels:
        word = _name_truth(text)
        if word in TRUE_WORDS:
            yes.add(word)
        elif word in FALSE_WORDS:
            no.add(word)
        else:
            return None
    return (tuple(sorted(yes)), tuple(sorted(no))) if yes and no else None


def _name_truth(text: str) -> str:
    number = parse_number(text)
    if number in (0.0, 1.0):
        return str(int(number))
    return fold_word(text)


def parse_yes_no(text: str, *, true_words: Collection[str], false_words: Collection[str]) -> float | None:
    """1.0 for yes, 0.0 for no, None for anything else.

    Args:
        text: the cell as read.
        true_words: folded words for yes.
        false_words: folded words for no.

    Example:
        >>> parse_yes_no(" YES", true_words=("yes",), false_words=("no",))
        1.0
        >>> parse_yes_no("maybe", true_words=("yes",), false_words=("no",)) is None
        True
    """
    for word in (fold_word(text), _name_truth(text)):
        if word in true_words:
            return 1.0
        if word in false_words:
            return 0.0
    number = parse_number(text)
    if number is None:
        return None
    # Number words match by value: "2.0" is the declared "2".
    if any(parse_number(word) == number for word in true_words):
        return 1.0
    return 0.0 if any(parse_number(word) == number for word in false_words) else None
