"""Do the validation rows that the user declared hold the classes in other shares than the fit rows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency

from heldout.audit.input import AuditInput, is_classification, pass_check, skip_check
from heldout.records import (
    PART_VALIDATION,
    DoubleArray,
    Finding,
    Fold,
    IndexArray,
    RowSet,
    Severity,
    Target,
)

CODE, TITLE = "HO255", "class shares of declared parts"
BEYOND_CHANCE = 1e-3  # probability of such a difference, or a larger one, where parts were drawn at random
MOST_NAMED = 6


@dataclass(frozen=True)
class ShareShift:
    """How often each class stands in two parts.

    Args:
        fit: float64 [classes], shares of the fit rows.
        validation: float64 [classes], of the validation rows; half a row is added to each class, so that none is 0.
        p: probability of such a difference by chance (chi-squared test on one row of each unit).
    """

    fit: DoubleArray
    validation: DoubleArray
    p: float

    @property
    def is_shown(self) -> bool:
        """Whether the parts differ beyond chance."""
        return self.p < BEYOND_CHANCE


def compare_class_shares(target: Target, fold: Fold, unit: IndexArray) -> ShareShift:
    """Compare the class shares of fit and validation rows.

    Args:
        target: with classes; its labels are read in the two parts only.
        fold: the parts.
        unit: int64 [N]; rows of one unit may share their class, so that one row of each is counted in the test.

    Example:
        >>> from heldout.records import Task
        >>> values = np.repeat([0.0, 1.0, 0.0, 1.0], [80, 20, 25, 25])
        >>> target = Target("ill", Task.BINARY, "", ("no", "yes"), values, np.zeros(0, np.int64))
        >>> shift = compare_class_shares(target, Fold(np.arange(100), np.arange(100, 150)), np.arange(150))
        >>> shift.fit.round(2).tolist(), shift.validation.tolist(), shift.is_shown
        ([0.8, 0.2], [0.5, 0.5], True)
    """
    n_classes = len(target.classes)

    def count(rows: IndexArray) -> IndexArray:
        return np.bincount(target.values[rows].astype(np.int64), minlength=n_classes)

    counts = [count(rows) for rows in (fold.fit, fold.validation)]
    alone = [count(rows[np.unique(unit[rows], return_index=True)[1]]) for rows in (fold.fit, fold.validation)]
    held = np.stack(alone)[:, np.sum(alone, axis=0) > 0]
    p = float(chi2_contingency(held, correction=False).pvalue) if held.shape[1] > 1 else 1.0  # pyright: ignore
    shares = [(each + 0.5) / (each.sum() + 0.5 * n_classes) for each in counts]
    return ShareShift(shares[0], shares[1], p)


def check_class_shares(data: AuditInput) -> tuple[Finding, ...]:
    """Whether classes are more frequent in the declared validation rows than in the fit rows, or rarer.

    Args:
        data: the audit's input.

    Returns:
        Finding HO255.
    """
    if not is_classification(data):
        return (skip_check(CODE, TITLE, f"the target {data.target.name!r} is a number"),)
    part = data.table.part
    held = np.zeros(len(data.rows), np.bool_) if part is None else part[data.rows] == PART_VALIDATION
    if not held.any() or held.all():
        return (skip_check(CODE, TITLE, "no validation rows were declared"),)
    fold = Fold(data.rows[~held], data.rows[held])
    shift = compare_class_shares(data.target, fold, data.split.unit)
    if not shift.is_shown:
        return (pass_check(CODE, TITLE, f"as far apart as chance makes them (p = {shift.p:.2g})"),)
    return (_report(data, shift, fold.validation),)


def _report(data: AuditInput, shift: ShareShift, validation: IndexArray) -> Finding:
    order = np.argsort(-np.abs(np.log(shift.validation / shift.fit)), kind="stable")
    named = "; ".join(
        f"{data.target.classes[k]!r} {100 * shift.fit[k]:.1f} % of the fit rows and {100 * shift.validation[k]:.1f} % "
        "of the validation rows"
        for k in order[:MOST_NAMED]
    )
    more = f"; and {len(order) - MOST_NAMED} more classes" if len(order) > MOST_NAMED else ""
    return Finding(
        CODE,
        TITLE,
        Severity.WARNING,
        f"the validation rows that you declared hold the classes in other shares than the fit rows: {named}{more} "
        f"(p {'< 0.001' if shift.p < 1e-3 else f'= {shift.p:.2g}'})",
        column=data.target.name,
        rows=len(validation),
        where=RowSet(validation, looked_at=data.rows, defined_by=(data.target.name,)),
        action="of classes that exclude one another and have no order, probabilities follow the shares of the "
        "validation rows (class_shares = auto), as new data are expected to; if those rows were picked by hand and new "
        "data are like the fit rows, say --class-shares fit",
    )
