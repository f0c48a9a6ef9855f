"""How numbers of things are written: one row, two rows."""

from __future__ import annotations


def count_things(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun in the right form.

    Example:
        >>> count_things(1, "row"), count_things(1200, "row"), count_things(2, "category", "categories")
        ('1 row', '1,200 rows', '2 categories')
    """
    head, _, tail = singular.partition(" of ")  # "block of time" becomes "blocks of time"
    several = plural or (f"{head}s of {tail}" if tail else f"{singular}s")
    return f"{number:,} {singular if number == 1 else several}"
