"""The four questions to ask before training, as far as they can be answered while nobody has named a target."""

from __future__ import annotations

import numpy as np

from heldout.audit.input import list_some
from heldout.audit.nice import LITTLE_PER_CLASS, LITTLE_ROWS
from heldout.links import find_first_copies
from heldout.records import Finding, Kind, RawColumn, Severity, TypedColumn

MOST_CLASSES = 20  # a column of more words is seldom what one wants to predict (assumption)
MOST_ASKED, MOST_NAMED = 40, 3
_LATER = "cannot be told without --target"


def judge_untargeted(
    columns: tuple[TypedColumn, ...], raws: tuple[RawColumn, ...], *, n_rows: int
) -> tuple[Finding, ...]:
    """Four lines like those of `judge_niceness`; what needs a target is told for the columns that could be one.

    Args:
        columns: the typed columns.
        raws: the same columns as read; identifiers are no reason why two rows differ.
        n_rows: rows that would be used.

    Returns:
        HO221 one clear truth, HO222 labels likely good, HO223 each class well represented, HO224 a lot of data.
    """
    unused = {column.spec.source or column.spec.name for column in columns if not column.spec.used}
    compared = tuple(column for column in raws if column.name not in unused)
    candidates = [column for column in columns if _could_be_target(column)][:MOST_ASKED]
    return (
        _judge_truth(candidates, compared, n_rows),
        Finding(
            "HO222",
            "labels likely good",
            Severity.INFO,
            f"{_LATER}: heldout then counts rows without one and spellings of one class, and training ranks the labels "
            "that networks doubt",
        ),
        _judge_classes(candidates),
        _judge_amount(compared, n_rows),
    )


def _could_be_target(column: TypedColumn) -> bool:
    is_whole = not column.spec.source or column.spec.source == column.spec.name
    return (
        is_whole
        and column.spec.kind in (Kind.CATEGORY, Kind.YES_NO)
        and 2 <= len(_count(column)) <= MOST_CLASSES
    )


def _count(column: TypedColumn) -> np.ndarray:
    """Rows of each class, ascending; cells without one are left out."""
    known = np.isfinite(column.values) if len(column.values) else column.codes >= 0
    cells = (column.values if len(column.values) else column.codes)[known]
    return np.sort(np.unique(cells, return_counts=True)[1])


def _judge_truth(candidates: list[TypedColumn], compared: tuple[RawColumn, ...], n_rows: int) -> Finding:
    """Rows that agree in all but a column contradict each other if that column is the target."""
    differing = []
    for column in candidates:
        name = column.spec.name
        others = tuple(each for each in compared if each.name != name)
        own = tuple(each for each in compared if each.name == name)
        if not others or not own:
            continue
        alike, same = find_first_copies(others), find_first_copies((*others, *own))
        torn = np.unique(alike[alike != same])
        if n_torn := int(np.isin(alike, torn).sum()):
            differing.append((n_torn, name))
    told = [f"{name!r} {n_torn:,}" for n_torn, name in sorted(differing, reverse=True)]
    untold = f"{_LATER}: no two of {n_rows:,} rows agree in all columns but one that could be it"
    if told:
        untold = (
            f"{_LATER}; rows that agree in all other columns and differ in the one that would be it: "
            f"{list_some(told, MOST_NAMED)}"
        )
    return Finding("HO221", "one clear truth", Severity.INFO, untold)


def _judge_classes(candidates: list[TypedColumn]) -> Finding:
    title = "each class well represented"
    if not candidates:
        none = f"{_LATER}: no column holds 2 to {MOST_CLASSES} classes; a number has none"
        return Finding("HO223", title, Severity.INFO, none)
    counted = sorted((int(_count(column)[0]), len(_count(column)), column.spec.name) for column in candidates)
    told = [f"{name!r} {rarest:,} (of {n_classes} classes)" for rarest, n_classes, name in counted]
    sentence = (
        f"{_LATER}; rows of the rarest class of columns that could be it: {list_some(told, MOST_NAMED)}"
    )
    return Finding("HO223", title, Severity.INFO, sentence)


def _judge_amount(compared: tuple[RawColumn, ...], n_rows: int) -> Finding:
    n_distinct = len(np.unique(find_first_copies(compared))) if compared and n_rows else n_rows
    copies = (
        f", {n_rows - n_distinct:,} of them repeat another in every column that is used"
        if n_distinct < n_rows
        else ""
    )
    little = n_distinct < LITTLE_ROWS
    later = "" if little else f"; each class needs {LITTLE_PER_CLASS} rows, which --target tells"
    return Finding(
        "HO224",
        "a lot of data",
        Severity.WARNING if little else Severity.INFO,
        f"{'no' if little else 'yes'}: {n_rows:,} rows{copies}{later}",
    )
