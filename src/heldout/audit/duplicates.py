"""Do rows repeat, and do equal rows disagree about the target?"""

from __future__ import annotations

import numpy as np

from heldout.audit.input import AuditInput, is_classification, pass_check, read_target
from heldout.records import BoolArray, DoubleArray, Finding, IndexArray, RowSet, Severity

NOTABLE_SHARE = 0.05  # assumption: above this the effective number of rows is visibly smaller
NOTABLE_FLOOR = 0.01


def check_duplicates(data: AuditInput) -> tuple[Finding, ...]:
    """Exact copies in the features, and the error floor that copies with different labels set.

    Args:
        data: the audit's input.

    Returns:
        Findings HO201 (copies) and HO202 (conflicting labels).
    """
    family = np.unique(data.first_of_duplicate[data.rows], return_inverse=True)[1].reshape(-1)
    return _report_copies(data, family), _report_conflicts(data, family)


def measure_floor(family: IndexArray, values: DoubleArray, *, classes: bool) -> tuple[float, int]:
    """The part of the target that no function of the features can explain on these rows.

    Args:
        family: int64 [N], rows with equal features share a number from 0.
        values: float64 [N], class index or number.
        classes: True for classes.

    Returns:
        Classes: the number of rows that disagree with the most frequent label of their copies. Numbers: the sum of
        squares within copies. And the number of rows in families that disagree.

    Example:
        >>> measure_floor(np.array([0, 0, 0, 1]), np.array([1.0, 1.0, 0.0, 1.0]), classes=True)
        (1.0, 3)
        >>> measure_floor(np.array([0, 0, 1]), np.array([1.0, 3.0, 7.0]), classes=False)
        (2.0, 2)
    """
    n_families = int(family.max(initial=-1)) + 1
    disagreeing = int(find_disagreeing(family, values).sum())
    sizes = np.bincount(family, minlength=n_families)
    if not classes:
        mean = np.bincount(family, weights=values, minlength=n_families) / np.maximum(sizes, 1)
        return float(((values - mean[family]) ** 2).sum()), disagreeing
    pairs, counts = np.unique(np.stack([family, values.astype(np.int64)]), axis=1, return_counts=True)
    largest = np.zeros(n_families, dtype=np.int64)
    np.maximum.at(largest, pairs[0], counts)
    return float(len(family) - largest.sum()), disagreeing


def find_disagreeing(family: IndexArray, values: DoubleArray) -> BoolArray:
    """Mark rows with the features of another row and a different target.

    Args:
        family: int64 [N], rows with equal features share a number from 0.
        values: float64 [N], class index or number.

    Returns:
        bool [N], all rows of the families that disagree.

    Example:
        >>> find_disagreeing(np.array([0, 0, 1]), np.array([1.0, 0.0, 1.0])).tolist()
        [True, True, False]
    """
    n_families = int(family.max(initial=-1)) + 1
    low, high = np.full(n_families, np.inf), np.full(n_families, -np.inf)
    np.minimum.at(low, family, values)
    np.maximum.at(high, family, values)
    return (low < high)[family]


def _report_copies(data: AuditInput, family: IndexArray) -> Finding:
    _, first, sizes = np.unique(family, return_index=True, return_counts=True)
    n_rows, n_sets, repeats = len(data.rows), int((sizes > 1).sum()), int((sizes - 1).sum())
    if not n_sets:
        return pass_check(
            "HO201", "exact duplicates", f"no row repeats another in all features ({n_rows} rows)"
        )
    share = repeats / n_rows
    return Finding(
        "HO201",
        "exact duplicates",
        Severity.WARNING if share >= NOTABLE_SHARE else Severity.INFO,
        f"{repeats} of {n_rows} rows ({100 * share:.1f} %) repeat an earlier row in all features, in {n_sets} sets",
        rows=repeats,
        where=RowSet(np.delete(data.rows, first)),
        action="kept; copies share a unit, so that no copy of a fit row is validated",
    )


def _report_conflicts(data: AuditInput, family: IndexArray) -> Finding:
    values, classes = read_target(data), is_classification(data)
    floor, disagreeing = measure_floor(family, values, classes=classes)
    if not disagreeing:
        return pass_check("HO202", "conflicting labels", "rows with equal features have equal targets")
    n_rows = len(values)
    if classes:
        share = floor / n_rows
        bound = (
            f"no function of the features is right on more than {100 * (1 - share):.2f} % of these {n_rows} rows "
            f"({int(floor)} must be wrong)"
        )
    else:
        total = float(((values - values.mean()) ** 2).sum())
        share = floor / total if total > 0 else 0.0
        bound = (
            f"no function of the features explains more than {100 * (1 - share):.2f} % of the variance here"
        )
    return Finding(
        "HO202",
        "conflicting labels",
        Severity.WARNING if share >= NOTABLE_FLOOR else Severity.INFO,
        f"{disagreeing} rows have the same features as another row but a different target; {bound}",
        rows=disagreeing,
        where=RowSet(data.rows[find_disagreeing(family, values)]),
        action="kept; look at these rows, or add the column that tells them apart",
    )
