"""What a reader must know about a split: uneven parts, copies across declared parts, absent classes."""

from __future__ import annotations

import numpy as np

from heldout.records import IndexArray, Split, Target, Task

LARGE_UNIT_SHARE = 0.20  # a larger unit cannot fill one of five folds evenly


def find_copies(split: Split, unit: IndexArray | None = None) -> IndexArray:
    """Test rows whose unit also has development rows, which happens only across parts that the user declared.

    Args:
        split: the split.
        unit: int64 [N], the units before the split; needed with `time`, where `split.unit` holds pieces of time.

    Returns:
        int64 positions, sorted: give the score with and without them.

    Example:
        >>> fit, test, unit = np.arange(4), np.array([4, 5]), np.array([0, 1, 2, 3, 4, 0])
        >>> find_copies(Split((), fit, test, unit, "", True, False, "", "", 0))
        array([5])
    """
    number = split.unit if unit is None else unit
    return split.test[np.isin(number[split.test], number[split.development])]


def name_class(target: Target, value: float) -> str:
    """The name of a class, or the number itself for a regression target.

    Args:
        target: the target.
        value: class index, or the number.

    Example:
        >>> target = Target("ill", Task.BINARY, "", ("no", "yes"), np.zeros(1), np.zeros(0, np.int64))
        >>> name_class(target, 1.0)
        "'yes'"
    """
    return repr(target.classes[int(value)]) if target.classes else f"{value:g}"


def describe_parts(
    split: Split, *, rows: IndexArray, unit: IndexArray, target: Target, part: np.ndarray | None = None
) -> list[str]:
    """Sentences on what the split could not make even, each with its counts.

    Args:
        split: the split.
        rows: int64 positions of all usable rows.
        unit: int64 [N], the units before the split.
        target: the target.
        part: int8 [N], the parts the user declared, or None.

    Returns:
        One sentence per fact; empty when there is nothing to say.

    Example:
        >>> target = Target("y", Task.REGRESSION, "", (), np.arange(6.0), np.zeros(0, np.int64))
        >>> from heldout.records import Fold
        >>> fold = Fold(np.arange(2, 6), np.arange(2))
        >>> none = np.zeros(0, np.int64)
        >>> split = Split((fold,), np.arange(6), none, np.zeros(6, np.int64), "", True, False, "", "", 0)
        >>> describe_parts(split, rows=np.arange(6), unit=np.array([0, 0, 1, 2, 3, 4]), target=target)
        ['one of 5 units holds 2 of 6 rows (33.3 %), so the parts are uneven: validation 33.3 % of the
        development rows']
    """
    notes = _describe_large_units(split, rows, unit=unit)
    if part is not None:
        notes += _describe_copies(split, unit)
    if target.task is not Task.REGRESSION:
        notes += _describe_absent_classes(split, rows, unit=unit, target=target)
    return notes


def _describe_large_units(split: Split, rows: IndexArray, *, unit: IndexArray) -> list[str]:
    units, sizes = np.unique(unit[rows], return_counts=True)
    n_rows, largest = len(rows), int(sizes.max())
    if largest <= LARGE_UNIT_SHARE * n_rows:
        return []
    achieved = ", ".join(
        f"{100 * len(fold.validation) / len(split.development):.1f} %" for fold in split.folds
    )
    sealed = f"; test {100 * len(split.test) / n_rows:.1f} % of all rows" if len(split.test) else ""
    return [
        f"one of {len(units)} units holds {largest} of {n_rows} rows ({100 * largest / n_rows:.1f} %), so the "
        f"parts are uneven: validation {achieved} of the development rows{sealed}"
    ]


def _describe_copies(split: Split, unit: IndexArray) -> list[str]:
    notes = []
    copies = find_copies(split, unit)
    if len(copies):
        is_all = len(copies) == len(split.test)
        without = "no other test row is left" if is_all else "the score is given with and without them"
        notes.append(
            f"{len(copies)} of {len(split.test)} test rows belong to a unit (copy or group) that also has "
            f"development rows; {without}"
        )
    fold = split.folds[0]
    shared = int(np.isin(unit[fold.validation], unit[fold.fit]).sum())
    if shared and len(split.folds) == 1:
        notes.append(
            f"{shared} of {len(fold.validation)} validation rows belong to a unit (copy or group) that also "
            "has fit rows; choices made on them are too hopeful"
        )
    return notes


def _describe_absent_classes(
    split: Split, rows: IndexArray, *, unit: IndexArray, target: Target
) -> list[str]:
    """Classes that a part must do without, one sentence each."""
    notes = []
    values = target.values
    for value in np.unique(values[rows]):
        name = name_class(target, value)
        n_units = len(np.unique(unit[split.development[values[split.development] == value]]))
        if n_units < 2:
            notes.append(f"class {name} has {n_units} unit(s) in the development rows")
        unfit = sum(not (values[fold.fit] == value).any() for fold in split.folds)
        if unfit:
            notes.append(f"class {name} has no fit row in {unfit} of {len(split.folds)} folds")
        if len(split.folds) == 1 and not (values[split.folds[0].validation] == value).any():
            notes.append(f"class {name} has no validation row")
        if len(split.test) and not (values[split.test] == value).any():
            notes.append(f"class {name} has no test row")
    return notes
