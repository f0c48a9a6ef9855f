"""Words that stand for a missing cell: a closed vocabulary, wider in columns of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from heldout.cells.numbers import parse_number

# Missing in a column of any kind: error values of spreadsheets and cells they had no room to show, too.
MISSING_ANYWHERE = (
    "", "?", "na", "n/a", "#n/a", "#na", "<na>", "n.a.", "nan", "nat", "null", "#null!",
    "#div/0!", "#value!", "#ref!", "#num!", "#name?", "#spill!", "#calc!", *("#" * width for width in range(5, 16)),
)  # fmt: skip
# Missing only where the other cells are numbers or dates: in a column of categories "none" and "-" may be values.
MISSING_AMONG_NUMBERS = (
    *MISSING_ANYWHERE,
    "none", "nil", "-", "--", "---", ".", "..", "...", "*", "nd", "n.d.", "n/d", "ns", "not done", "not available",
    "not applicable", "not known", "missing", "unknown", "unk", "undefined", "pending", "###", "####",
)  # fmt: skip
_CODE_SHARE, _CODE_LEVELS = 0.9, 5


def fold_word(text: str) -> str:
    """A cell as it is compared with missing words: blanks around it and case do not count.

    Example:
        >>> fold_word(" N/A ")
        'n/a'
    """
    return text.strip().casefold()


@dataclass(frozen=True)
class MissingWords:
    """Missing words made ready for many look-ups.

    Args:
        words: folded words.
        sentinels: the numbers among them, such as -999.
        longest: length of the longest word.

    Example:
        >>> prepare_words(("", "-999")).sentinels
        frozenset({-999.0})
    """

    words: frozenset[str]
    sentinels: frozenset[float]
    longest: int


def prepare_words(words: Iterable[str]) -> MissingWords:
    """Missing words made ready for many look-ups.

    Args:
        words: folded words (see `fold_word`), e.g. `("", "?", "-999")`.

    Example:
        >>> prepare_words(("", "n/a")).longest
        3
    """
    return _prepare(tuple(words))


# A table of 25,000 columns asks for the same few words 75,000 times; with this it is read and typed in 2.7 s of
# processor time (one run, beside other work).
@lru_cache(maxsize=256)
def _prepare(words: tuple[str, ...]) -> MissingWords:
    folded = frozenset(words)
    numbers = (parse_number(word) for word in folded)
    sentinels = frozenset(number for number in numbers if number is not None)
    return MissingWords(folded, sentinels, max((len(word) for word in folded), default=0))


def is_missing(text: str, words: MissingWords) -> bool:
    """True when a cell is one of the missing words; words that are numbers match by value.

    Args:
        text: the cell as read.
        words: see `prepare_words`.

    Example:
        >>> words = prepare_words(("", "na", "-999"))
        >>> is_missing(" NA", words), is_missing("-999.0", words), is_missing("0", words)
        (True, True, False)
    """
    clean = text.strip()
    # Long texts are never folded: they cannot be a word.
    if len(clean) <= words.longest and clean.casefold() in words.words:
        return True
    return is_sentinel(clean, words)


def is_sentinel(text: str, words: MissingWords) -> bool:
    """True when a cell is a number that was declared to mean missing, such as -999.

    Args:
        text: the cell as read.
        words: see `prepare_words`.

    Example:
        >>> is_sentinel("-999.0", prepare_words(("", "-999"))), is_sentinel("", prepare_words(("", "-999")))
        (True, False)
    """
    return bool(words.sentinels) and parse_number(text) in words.sentinels


def choose_words(levels: Iterable[str], *, among_numbers: bool, n_numbers: int = 0) -> tuple[str, ...]:
    """The missing words that hold in a column.

    Args:
        levels: distinct cell texts of the column.
        among_numbers: True when its other cells are numbers or dates.
        n_numbers: further distinct texts, known to be numbers and left out of `levels`.

    Returns:
        Folded words. In a column of two-letter capital codes "NA" is a code (Namibia), not a missing cell.

    Example:
        >>> "none" in choose_words(["none", "steroid"], among_numbers=False)
        False
        >>> "na" in choose_words(["NA", "DE", "FR", "ZA", "US", "BR"], among_numbers=False)
        False
    """
    if among_numbers:
        return MISSING_AMONG_NUMBERS
    others = [text.strip() for text in levels if fold_word(text) not in MISSING_ANYWHERE]
    codes = sum(len(text) == 2 and text.isascii() and text.isalpha() and text.isupper() for text in others)
    n_others = len(others) + n_numbers
    if n_others >= _CODE_LEVELS and codes >= _CODE_SHARE * n_others:
        return tuple(word for word in MISSING_ANYWHERE if word != "na")
    return MISSING_ANYWHERE


def declare_words(given: Iterable[str] | None, found: tuple[str, ...]) -> tuple[str, ...]:
    """The missing words after the user's say: theirs are added; an empty list switches all but "" off.

    Args:
        given: words the user declared, or None.
        found: words that hold without them.

    Example:
        >>> declare_words(["-999"], ("", "?")), declare_words([], ("", "?")), declare_words(None, ("",))
        (('', '?', '-999'), ('',), ('',))
    """
    if given is None:
        return found
    folded = tuple(fold_word(word) for word in given)
    if not folded:
        return ("",)
    return tuple(dict.fromkeys((*found, *folded)))
