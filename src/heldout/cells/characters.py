"""Characters that look alike, on a closed list: what may be replaced without changing what a cell says."""

from __future__ import annotations

import re

# A white list instead of NFKC on everything: NFKC turns 10\u2079 into 109.
_BLANKS = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_NOTHING = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
_ALIKE = str.maketrans(
    {
        **dict.fromkeys(_BLANKS, " "),
        **dict.fromkeys(_NOTHING, None),
        **dict.fromkeys("\u2212\u2010\u2011\u2012\ufe63\uff0d", "-"),
        **{chr(0xFF01 + i): chr(0x21 + i) for i in range(94) if chr(0x21 + i) != "-"},
        "\u03bc": "\u00b5",
        "\u2044": "/",
        "\u2215": "/",
        "\u2032": "'",
        "\u2019": "'",
        "\u2033": '"',
        "\u201d": '"',
        "\u2264": "<=",
        "\u2a7d": "<=",
        "\u2265": ">=",
        "\u2a7e": ">=",
        "\u00d7": "x",
        "\u22c5": "\u00b7",
        "\u2126": "\u03a9",
    }
)
_SUPERSCRIPT = {"\u207b": "-", "\u2070": "0", "\u00b9": "1", "\u00b2": "2", "\u00b3": "3"} | {
    chr(0x2070 + i): str(i) for i in range(4, 10)
}
_RAISED = re.compile("[" + "".join(_SUPERSCRIPT) + "]+")
_HIDDEN = re.compile("[" + _NOTHING + "]")


def clean_cell(text: str) -> str:
    r"""A cell with look-alike characters replaced: blanks, minus signs, full-width forms, primes, raised digits.

    Only what cannot change the meaning is replaced; raised digits become a power, never a digit beside another.

    Args:
        text: the cell as read.

    Example:
        >>> clean_cell("\u22123.2\u00a0"), clean_cell("10\u2079/l"), clean_cell("\uff15\u03bcg")
        ('-3.2', '10^9/l', '5µg')
    """
    if text.isascii():
        return text.strip()
    made = _RAISED.sub(_lower_digits, text.translate(_ALIKE))
    return made.strip()


def _lower_digits(found: re.Match[str]) -> str:
    return "^" + "".join(_SUPERSCRIPT[character] for character in found.group())


def squeeze_blanks(text: str) -> str:
    r"""A text with every run of blanks of any kind as one, none at the ends, and no invisible characters.

    Args:
        text: the cell as read.

    Example:
        >>> squeeze_blanks(" Genu \u00a0varum\u200b")
        'Genu varum'
    """
    return " ".join((text if text.isascii() else _HIDDEN.sub("", text)).split())


def fold_text(text: str) -> str:
    """A text as it is compared with others that mean the same: case and blanks do not count.

    Args:
        text: the cell as read.

    Example:
        >>> fold_text(" Genu  Varum") == fold_text("genu varum")
        True
    """
    return squeeze_blanks(text).casefold()
