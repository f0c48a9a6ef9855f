"""What texts and sequences lose on their way to the network, class by class, as a report and a machine take it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

# A lost word that fewer rows hold may name a person and is not passed on, as any value that fewer rows share.
SHARED_ROWS = 5


@dataclass(frozen=True)
class ClassLoss:
    """What the rows of one class lose.

    Args:
        name: the class, "" for all rows.
        n_rows: fit rows with a text or sequence.
        n_cut: those that are longer than what is kept.
        lost: share of the words (or letters) of these fit rows that are cut off, 0 to 1.
        n_held: rows read by a network's recipe that had not seen them.
        unknown: share of the words of those rows that have no number or weight; NaN for letters and without rows.
    """

    name: str
    n_rows: int
    n_cut: int
    lost: float
    n_held: int = 0
    unknown: float = float("nan")


@dataclass(frozen=True)
class ColumnLoss:
    """What a column of texts or sequences loses.

    Args:
        column: its name.
        unit: "words", "pieces" or "letters".
        limit: so many of each are kept; 0 for all.
        place: what a longer one loses, "middle", "end" or "" for nothing.
        total: all rows.
        classes: class by class, or the lower and upper half of a number.
        lost_words: (word, rows) of words without a number or weight, the most frequent first.
    """

    column: str
    unit: str
    limit: int
    place: str
    total: ClassLoss
    classes: tuple[ClassLoss, ...] = ()
    lost_words: tuple[tuple[str, int], ...] = ()


def hide_lost_words(loss: ColumnLoss) -> ColumnLoss:
    """Give it without the words of few rows: they may be names.

    Example:
        >>> total = ClassLoss("", 9, 0, 0.0)
        >>> hide_lost_words(ColumnLoss("a", "words", 0, "", total, (), (("the", 12), ("ann", 2)))).lost_words
        (('the', 12),)
    """
    return replace(loss, lost_words=tuple(item for item in loss.lost_words if item[1] >= SHARED_ROWS))


def say_loss(loss: ColumnLoss) -> tuple[str, ...]:
    """Say in one line each what all rows and each class lose.

    Example:
        >>> made = ClassLoss("", 50, 5, 0.02, 40, 0.1)
        >>> say_loss(ColumnLoss("note", "words", 400, "middle", made, (replace(made, name="ham"),)))[1]
        'ham: 5 of 50 fit rows lose their middle (2.0 % of the words); 10.0 % of the words of 40 unseen rows unknown'
    """
    lines = [f"{loss.column}: {say_kept(loss)}"] if loss.classes else []
    for item in (*loss.classes,) or (loss.total,):
        lines.append(f"{item.name or 'all rows'}: {_say_class(item, loss)}")
    if loss.lost_words:
        words = ", ".join(f"{word!r} {rows:,}" for word, rows in loss.lost_words[:10])
        lines.append(f"most frequent without a number (word, rows): {words}")
    return tuple(lines)


def say_kept(loss: ColumnLoss) -> str:
    """Say how much of a text or sequence is kept.

    Example:
        >>> say_kept(ColumnLoss("s", "letters", 1000, "end", ClassLoss("", 9, 0, 0.0)))
        'the first 1,000 letters of each are kept'
    """
    if not loss.limit:
        return f"all {loss.unit} are read, their order is not"
    first = "the first" if loss.place == "end" else "at most"
    return f"{first} {loss.limit:,} {loss.unit} of each are kept"


def describe_loss(loss: ColumnLoss) -> dict[str, Any]:
    """Give it as plain values for machines."""
    return {
        "column": loss.column,
        "unit": loss.unit,
        "limit": loss.limit or None,
        "place": loss.place or None,
        "total": _describe_class(loss.total),
        "classes": [_describe_class(item) for item in loss.classes],
        "lost_words": [{"word": word, "rows": rows} for word, rows in loss.lost_words],
    }


def _say_class(item: ClassLoss, loss: ColumnLoss) -> str:
    parts = []
    if loss.limit:
        cut = f"{item.n_cut:,} of {item.n_rows:,} fit rows lose their {loss.place}"
        parts.append(f"{cut} ({100 * item.lost:.1f} % of the {loss.unit})" if item.n_cut else cut)
    if item.unknown == item.unknown:
        parts.append(f"{100 * item.unknown:.1f} % of the {loss.unit} of {item.n_held:,} unseen rows unknown")
    return "; ".join(parts) or f"{item.n_rows:,} fit rows"


def _describe_class(item: ClassLoss) -> dict[str, Any]:
    return {
        "name": item.name or None,
        "n_rows": item.n_rows,
        "n_cut": item.n_cut,
        "lost": item.lost,
        "n_held": item.n_held,
        "unknown": item.unknown,
    }
