"""Cells that hold a list of texts (JSON, Parquet, frames), written as the lists that tables hold."""

from __future__ import annotations

import re
from collections.abc import Sequence

from heldout.errors import DataError
from heldout.label_sets import JOIN, NO_LABEL

_NUMBER = re.compile(r"\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?\s*|\s*[+-]?(nan|inf(inity)?)\s*", re.IGNORECASE)


def write_items(items: Sequence[object], *, where: str) -> str:
    """Write a list of texts as one cell, its items joined by "; "; an empty list says that there is none.

    Args:
        items: the cell.
        where: row and column, for messages.

    Raises:
        DataError: an item is no text, or a number (which may be a vector), or holds the semicolon that joins items.

    Example:
        >>> write_items(["fever", "cough"], where="row 1"), write_items([], where="row 1")
        ('fever; cough', '(none)')
        >>> write_items([1, 2], where="row 1, column 'age'")
        Traceback (most recent call last):
        heldout.errors.DataError: row 1, column 'age': a list is no single cell ([1, 2])
          -> only lists of names are read as lists; put numbers into columns of their own
    """
    if not all(isinstance(item, str) and item.strip() and not _NUMBER.fullmatch(item) for item in items):
        raise DataError(
            f"{where}: a list is no single cell ({str(list(items))[:60]})",
            hint="only lists of names are read as lists; put numbers into columns of their own",
        )
    names = [str(item).strip() for item in items]
    joined = next((name for name in names if ";" in name), "")
    if joined:
        raise DataError(
            f"{where}: the item {joined[:60]!r} holds a semicolon, which joins items",
            hint="write it with another mark",
        )
    return JOIN.join(names) or NO_LABEL
