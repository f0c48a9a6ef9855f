"""Lines to paste into `heldout.toml`: valid TOML whatever stands in the name of a column or in a cell."""

from __future__ import annotations

import json
from collections.abc import Mapping

Value = str | float | tuple[str, ...] | tuple[float, ...] | Mapping[str, str]


def paste_column(column: str, key: str, value: Value) -> str:
    r"""One setting of one column as a line of its own, to paste above the first `[...]` of `heldout.toml`.

    The name is always quoted: a dot in it would be read as a further level, a blank or a mark as an error.

    Args:
        column: name of the column as it is, with any character.
        key: the setting, "kind" for example.
        value: a text, a number, several of them, or pairs of texts.

    Example:
        >>> print(paste_column("home.dest", "kind", "ignore"))
        columns."home.dest".kind = "ignore"
        >>> print(paste_column('a"b', "missing", ("-999",)))
        columns."a\"b".missing = ["-999"]
        >>> print(paste_column("sex", "map", {"M": "Male"}))
        columns."sex".map = {"M" = "Male"}
    """
    return f"columns.{quote_text(column)}.{key} = {_write(value)}"


def quote_text(text: str) -> str:
    r"""A text as TOML writes it.

    Example:
        >>> print(quote_text('a"b\n'))
        "a\"b\n"
    """
    # JSON escapes as TOML does, but for one control character and for halves of characters, which TOML cannot hold.
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(value: Value) -> str:
    if isinstance(value, str):
        return quote_text(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quote_text(key)} = {quote_text(word)}" for key, word in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_write(item) for item in value) + "]"
    return f"{value:g}"
