"""Do the parts that the user declared hold the same kind of rows?"""

from __future__ import annotations

import numpy as np
from scipy import stats

from heldout.audit.input import AuditInput, cut_findings, list_features, pass_check, skip_check
from heldout.ranks import adjust_discoveries
from heldout.records import PART_FIT, PART_VALIDATION, Finding, IndexArray, Kind, Severity, TypedColumn

FALSE_DISCOVERY = 0.05
LEAST_CHANGE = 0.1  # largest difference of the shares below a value (KS), or between shares of categories
MOST_LISTED = 20


def check_parts(data: AuditInput) -> tuple[Finding, ...]:
    """Columns that differ between the declared fit and validation rows; the sealed rows are not looked at.

    Args:
        data: the audit's input.

    Returns:
        HO227, one finding per column after Benjamini-Hochberg at 5 % and a change of at least a tenth.
    """
    title = "shift between declared parts"
    part = data.table.part
    if part is None:
        return (skip_check("HO227", title, "no parts were declared"),)
    fit, held = data.rows[part[data.rows] == PART_FIT], data.rows[part[data.rows] == PART_VALIDATION]
    if len(fit) < 10 or len(held) < 10:
        return (skip_check("HO227", title, f"{len(fit)} declared fit rows and {len(held)} validation rows"),)
    columns = [column for column in list_features(data) if column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE)]
    found = [compare_parts(column, fit, held) for column in columns]
    adjusted = adjust_discoveries(np.array([p_value for p_value, _ in found])) if found else np.zeros(0)
    shifted = [
        (change, column.spec.name, p_value)
        for column, (_, change), p_value in zip(columns, found, adjusted, strict=True)
        if p_value <= FALSE_DISCOVERY and change >= LEAST_CHANGE
    ]
    if not shifted:
        return (pass_check("HO227", title, f"none of {len(columns)} columns differs by a tenth or more"),)
    findings = [
        Finding(
            "HO227",
            title,
            Severity.WARNING,
            f"column {name!r} differs between the declared fit rows ({len(fit)}) and validation rows ({len(held)}): "
            f"shares differ by up to {100 * change:.0f} points (p = {p_value:.2g} after correction)",
            column=name,
            rows=len(held),
            action="is that meant (another place, a later time)? If not, let heldout split",
        )
        for change, name, p_value in sorted(shifted, reverse=True)
    ]
    return cut_findings(findings, MOST_LISTED)


def compare_parts(column: TypedColumn, fit: IndexArray, held: IndexArray) -> tuple[float, float]:
    """How sure and how large the difference of a column between two sets of rows is.

    Args:
        column: number, date, yes/no, category or set; missing cells count as a value of their own in categories.
        fit: int64 positions.
        held: int64 positions.

    Returns:
        The p value (Kolmogorov-Smirnov or chi-square) and the largest difference of shares, 0 to 1.
    """
    if len(column.values) and column.spec.kind is not Kind.YES_NO:
        one, two = (column.values[rows][np.isfinite(column.values[rows])] for rows in (fit, held))
        if len(one) < 5 or len(two) < 5:
            return 1.0, 0.0
        apart, p_value = np.asarray(stats.ks_2samp(one, two, method="asymp"))
        return float(p_value), float(apart)
    cells = column.values if len(column.values) else column.codes
    values, codes = np.unique(
        np.nan_to_num(np.concatenate([cells[fit], cells[held]]).astype(np.float64), nan=-1.0),
        return_inverse=True,
    )
    table = np.zeros((2, len(values)))
    np.add.at(table, (np.repeat([0, 1], [len(fit), len(held)]), codes.reshape(-1)), 1)
    rare = table.sum(axis=0) < 10
    if rare.any():
        table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    if table.shape[1] < 2:
        return 1.0, 0.0
    shares = table / table.sum(axis=1, keepdims=True)
    return float(np.asarray(stats.chi2_contingency(table)[1])), float(np.abs(shares[0] - shares[1]).max())
