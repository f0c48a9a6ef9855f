"""Do the validation rows that the user declared hold the classes in other shares than the fit rows?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
N_DRAWS = 9_999  # of parts at random


@dataclass(frozen=True)
class ShareShift:
    """How often each class stands in two parts.

    Args:
        fit: float64 [classes], shares of the fit rows.
        validation: float64 [classes], of the validation rows; half a row is added to each class, so that none is 0.
        p: probability of such a difference by chance (one row of each unit).
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
    p = _compare_with_chance(*alone)
    shares = [(each + 0.5) / (each.sum() + 0.5 * n_classes) for each in counts]
    return ShareShift(shares[0], shares[1], p)


def _compare_with_chance(fit: IndexArray, validation: IndexArray) -> float:
    """Probability that parts of these sizes, dealt at random, are as far apart as these or further.

    The chi-squared distance against parts that are dealt, not against its limit: with classes of a few rows the limit
    calls up to 2.6 % of random parts p < 0.001.
    """
    every, n_held = fit + validation, int(validation.sum())
    if not n_held or n_held == every.sum() or np.count_nonzero(every) < 2:
        return 1.0
    expected = every * (n_held / every.sum())
    weight = np.divide(1.0, expected, out=np.zeros(len(every)), where=expected > 0)
    dealt = np.random.default_rng(0).multivariate_hypergeometric(
        every, n_held, size=N_DRAWS, method="marginals"
    )
    far = ((dealt - expected) ** 2) @ weight
    seen = float(((validation - expected) ** 2) @ weight)
    return float((np.count_nonzero(far >= seen * (1 - 1e-9)) + 1) / (N_DRAWS + 1))


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
        f"(p < {BEYOND_CHANCE:g})",
        column=data.target.name,
        rows=len(validation),
        where=RowSet(validation, looked_at=data.rows, defined_by=(data.target.name,)),
        action="say how frequent the classes are in new data: as in the validation rows (--class-shares validation) or "
        "as in the fit rows (--class-shares fit); if you say nothing, probabilities follow the validation rows where "
        "test rows are declared too, else the fit rows",
    )
