"""Targets with several labels a row: sets by number, counts, labels left out, and one class a row where rooms need it.

A row's target is the number of its set of labels, so that rows can be divided, permuted and repeated as with classes;
the labels themselves are looked up where losses and scores are computed.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.records import BoolArray, DoubleArray, IndexArray, Target, Task

NO_LABEL = "(none)"  # how a row without any label is written, and how target_map says so
JOIN = "; "


def look_up(target: Target, values: DoubleArray) -> DoubleArray:
    """Give the truth of some rows as losses and scores need it.

    Args:
        target: its sets of labels, if it has any.
        values: float64 [n], as in `Target.values`, none missing.

    Returns:
        float64 [n] unchanged, or [n, labels] ones and zeros for several labels a row.

    Example:
        >>> sets = np.array([[True, False], [True, True]])
        >>> target = Target("t", Task.MULTILABEL, "", ("a", "b"), np.zeros(1), np.zeros(0, np.int64), sets=sets)
        >>> look_up(target, np.array([1.0, 0.0])).tolist()
        [[1.0, 1.0], [1.0, 0.0]]
    """
    if target.task is not Task.MULTILABEL:
        return values
    return target.sets[values.astype(np.int64)].astype(np.float64)


def count_labels(target: Target, rows: IndexArray) -> IndexArray:
    """Count the rows that have each label: int64 [labels].

    Args:
        target: with several labels a row.
        rows: int64 positions of rows that have a target.
    """
    uses = np.bincount(target.values[rows].astype(np.int64), minlength=len(target.sets))
    return uses @ target.sets.astype(np.int64)


def keep_labels(target: Target, kept: BoolArray) -> Target:
    """Leave labels out of a target; rows that have no other stay, as rows without any label.

    Args:
        target: with several labels a row.
        kept: bool [labels].

    Example:
        >>> sets = np.array([[True, False], [True, True]])
        >>> target = Target("t", Task.MULTILABEL, "", ("a", "b"), np.arange(2.0), np.zeros(0, np.int64), sets=sets)
        >>> keep_labels(target, np.array([False, True])).sets.tolist()
        [[False], [True]]
    """
    names = tuple(name for name, is_kept in zip(target.classes, kept.tolist(), strict=True) if is_kept)
    sets, number = np.unique(target.sets[:, kept], axis=0, return_inverse=True)
    known = ~np.isnan(target.values)
    values = np.full(len(target.values), np.nan)
    values[known] = number.reshape(-1)[target.values[known].astype(np.int64)]
    return replace(target, classes=names, values=values, sets=sets)


def take_label(target: Target, at: int) -> Target:
    """Give one label as a yes or no of its own, for checks that look at one answer a row.

    Args:
        target: with several labels a row.
        at: which label.

    Example:
        >>> sets = np.array([[True, False], [True, True]])
        >>> target = Target("t", Task.MULTILABEL, "", ("a", "b"), np.arange(2.0), np.zeros(0, np.int64), sets=sets)
        >>> take_label(target, 1).values.tolist()
        [0.0, 1.0]
    """
    known = ~np.isnan(target.values)
    values = np.full(len(target.values), np.nan)
    values[known] = target.sets[target.values[known].astype(np.int64), at]
    name = target.classes[at]
    nothing = np.zeros((0, 0), np.bool_)
    return replace(
        target, task=Task.BINARY, classes=(f"without {name}", f"with {name}"), values=values, sets=nothing
    )


def simplify_target(target: Target, *, least: int) -> Target:
    """Give one class a row in place of its set of labels: its rarest label, so that rare labels are spread evenly.

    Parts are balanced by it, and checks of the data that ask for classes read it. Labels of too few rows name no class
    of their own; a class that then has too few rows joins the largest.

    Args:
        target: of any task; one without several labels a row is given back unchanged.
        least: rows of the smallest class.

    Returns:
        The target itself, or one of the task binary or multiclass with the same missing rows.

    Source:
        Sechidis, Tsoumakas & Vlahavas 2011, "On the stratification of multi-label data": the rarest label goes first.

    Example:
        >>> sets = np.array([[True, False], [True, True]])
        >>> values = np.array([0.0, 0.0, 0.0, 1.0, 1.0])
        >>> target = Target("t", Task.MULTILABEL, "", ("a", "b"), values, np.zeros(0, np.int64), sets=sets)
        >>> simplify_target(target, least=2).classes
        ('rarest label b', 'no label')
    """
    if target.task is not Task.MULTILABEL:
        return target
    known = np.flatnonzero(~np.isnan(target.values))
    counts = count_labels(target, known)
    most = len(known) - least
    named = [label for label in np.argsort(counts, kind="stable") if least <= counts[label] <= most]
    rarest = np.full(len(target.sets), len(target.classes))
    for label in reversed(named):  # the rarest is written last
        rarest[target.sets[:, label]] = label
    chosen = rarest[target.values[known].astype(np.int64)]
    sizes = np.bincount(chosen, minlength=len(target.classes) + 1)
    chosen = np.where(sizes[chosen] < least, int(sizes.argmax()), chosen)
    if named and len(np.unique(chosen)) == 1:  # small rests of many labels: the rarest against all others
        chosen = np.where(
            target.sets[target.values[known].astype(np.int64), named[0]], named[0], len(target.classes)
        )
    found, number = np.unique(chosen, return_inverse=True)
    names = (*(f"rarest label {name}" for name in target.classes), "no label")
    values = np.full(len(target.values), np.nan)
    values[known] = number.reshape(-1)
    task = Task.BINARY if len(found) == 2 else Task.MULTICLASS
    nothing = np.zeros((0, 0), np.bool_)
    return replace(target, task=task, classes=tuple(names[i] for i in found), values=values, sets=nothing)


def write_labels(names: tuple[str, ...], held: np.ndarray) -> str:
    """Write a set of labels as a cell of the target would.

    Args:
        names: of all labels.
        held: [labels], true for those of the set.

    Example:
        >>> write_labels(("a", "b"), np.array([1, 1])), write_labels(("a", "b"), np.array([0, 0]))
        ('a; b', '(none)')
    """
    return JOIN.join(name for name, is_held in zip(names, held.tolist(), strict=True) if is_held) or NO_LABEL
