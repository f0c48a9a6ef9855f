"""Classes in order: the steps of a scale, as the user names them or by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from heldout.cells.numbers import parse_number
from heldout.errors import DataError, UsageError
from heldout.records import Target

_SHOWN = 20


def order_classes(target: Target) -> Target:
    """Take whole numbers for the steps of a scale, by value.

    Args:
        target: of classes.

    Raises:
        UsageError: the classes are no numbers, so that their order is not known.

    Example:
        >>> import numpy as np
        >>> from heldout.records import Task
        >>> stars = Target("stars", Task.MULTICLASS, "", ("1", "9", "10"), np.zeros(1), np.zeros(0, np.int64))
        >>> order_classes(stars).ordered
        True
        >>> order_classes(replace(stars, name="size", classes=("L", "M", "S")))
        Traceback (most recent call last):
        heldout.errors.UsageError: target 'size' is ordinal, and the order of its classes 'L', 'M', 'S' is not known
          -> name them from the lowest to the highest: --ordinal L,M,S
    """
    if any(parse_number(name) is None for name in target.classes):
        raise UsageError(
            f"target {target.name!r} is ordinal, and the order of its classes "
            f"{', '.join(map(repr, target.classes[:_SHOWN]))} is not known",
            hint=f"name them from the lowest to the highest: --ordinal {','.join(target.classes[:_SHOWN])}",
        )
    return mark_ordered(target)


def mark_ordered(target: Target) -> Target:
    """Say that the classes are the steps of a scale; two have no more order than any two.

    Args:
        target: of classes, the lowest first.
    """
    told = f"; in order: {' < '.join(target.classes[:_SHOWN])}"
    return replace(target, ordered=len(target.classes) > 2, why=target.why + told)


def refuse_unordered(
    counts: Counter[str], steps: tuple[str, ...], *, name: str, place: Callable[[str], str]
) -> None:
    """Refuse a scale that lacks a class that occurs.

    Args:
        counts: rows of each class.
        steps: the scale, the lowest first.
        name: of the target.
        place: where a class occurs first, in words.

    Raises:
        DataError: a class does not stand in the scale.

    Example:
        >>> refuse_unordered(Counter(low=3, mid=2), ("low", "high"), name="pain", place=lambda name: "line 4")
        Traceback (most recent call last):
        heldout.errors.DataError: target 'pain', line 4: 'mid' (2 rows) does not stand in the order 'low', 'high'
          -> put every class where it belongs: --ordinal low,high,mid
    """
    lacking = [label for label in counts if label not in steps]
    if not lacking:
        return
    n_rows = counts[lacking[0]]
    more = f"; nor do {', '.join(map(repr, lacking[1:_SHOWN]))}" if lacking[1:] else ""
    raise DataError(
        f"target {name!r}, {place(lacking[0])}: {lacking[0]!r} ({n_rows} {'row' if n_rows == 1 else 'rows'}) does not "
        f"stand in the order {', '.join(map(repr, steps))}{more}",
        hint=f"put every class where it belongs: --ordinal {','.join((*steps, *lacking[:_SHOWN]))}",
    )
