"""Whose cells are missing? Missing values that depend on sex, origin, age or place are not missing at random."""

from __future__ import annotations

import numpy as np

from heldout.audit.families import ID_WORDS, PLACE_WORDS, split_name
from heldout.audit.input import (
    AuditInput,
    cut_findings,
    find_absent,
    list_features,
    make_rng,
    pass_check,
    skip_check,
)
from heldout.audit.missing import FALSE_DISCOVERY, compare_missingness
from heldout.audit.people import find_people
from heldout.ranks import adjust_discoveries
from heldout.records import Finding, IndexArray, Kind, RowSet, Severity, TypedColumn

MOST_GROUPS = 20
LEAST_GAP = 0.05
MOST_LISTED = 20
N_AGES = 4


def check_absent_groups(data: AuditInput) -> tuple[Finding, ...]:
    """Columns whose missing cells depend on sex, origin, age or place.

    Args:
        data: the audit's input.

    Returns:
        HO231, one finding per column and group column after Benjamini-Hochberg at 5 % and a gap of 5 points.
    """
    title = "missingness tied to groups"
    groups = _number_groups(data)
    tested = [
        column
        for column in list_features(data)
        if 0 < int(find_absent(column, data.rows).sum()) < len(data.rows)
    ]
    if not groups or not tested:
        why = "no column of sex, origin, age or place" if not groups else "no column has missing cells"
        return (skip_check("HO231", title, why),)
    rng = make_rng(data, "absent groups")
    pairs, p_values = [], []
    for column in tested:
        absent = find_absent(column, data.rows)
        for name, codes, levels in groups:
            if name == column.spec.name:
                continue
            known = codes >= 0
            pairs.append((column.spec.name, name, absent, codes, levels))
            p_values.append(compare_missingness(absent[known], codes[known], rng=rng) if known.any() else 1.0)
    adjusted = adjust_discoveries(np.array(p_values)) if pairs else np.zeros(0)
    findings: list[Finding] = []
    for number in np.argsort(adjusted, kind="stable"):
        finding = _report(data.rows, pairs[number], float(adjusted[number]))
        # One line a column, for the groups that differ most surely.
        if finding is not None and all(item.column != finding.column for item in findings):
            findings.append(finding)
    if not findings:
        looked = f"in none of {len(tested)} columns with missing cells, over {len(groups)} columns of groups"
        return (pass_check("HO231", title, looked),)
    return cut_findings(findings, MOST_LISTED)


def _number_groups(data: AuditInput) -> list[tuple[str, IndexArray, tuple[str, ...]]]:
    people = {item.column.spec.name: item.column for item in find_people(data)}
    places = {
        column.spec.name: column
        for column in data.columns
        if _names_place(column.spec.name)
        and column.spec.kind is not Kind.NUMBER  # a "lab" of numbers is a value, not a place
        and column.spec.name != data.target.name
    }
    found = []
    for name, column in {**people, **places}.items():
        codes, levels = _code_rows(column, data.rows)
        if 2 <= len(levels) <= MOST_GROUPS:
            found.append((name, codes, levels))
    return found


def _names_place(name: str) -> bool:
    words = [word for word in split_name(name) if word not in ID_WORDS and not word.isdigit()]
    return len(words) == 1 and words[0] in PLACE_WORDS


def _code_rows(column: TypedColumn, rows: IndexArray) -> tuple[IndexArray, tuple[str, ...]]:
    if len(column.codes):
        values, codes = np.unique(column.codes[rows], return_inverse=True)
        levels = tuple(column.levels[value] for value in values if value >= 0)
        return codes.reshape(-1).astype(np.int64) - int(values[0] < 0), levels
    cells = column.values[rows]
    known = np.isfinite(cells)
    if len(np.unique(cells[known])) > MOST_GROUPS and column.spec.kind is Kind.NUMBER:
        edges = np.unique(np.quantile(cells[known], np.linspace(0, 1, N_AGES + 1)[1:-1]))
        bounds = ["lowest", *(f"{edge:g}" for edge in edges), "highest"]
        codes = np.where(known, np.searchsorted(edges, np.where(known, cells, 0.0), side="left"), -1)
        return codes.astype(np.int64), tuple(f"{a} to {b}" for a, b in zip(bounds, bounds[1:], strict=False))
    values = np.unique(cells[known])
    codes = np.where(
        known, np.searchsorted(values, np.where(known, cells, values[0] if len(values) else 0)), -1
    )
    return codes.astype(np.int64), tuple(f"{value:g}" for value in values)


def _report(
    rows: IndexArray, pair: tuple[str, str, np.ndarray, IndexArray, tuple[str, ...]], p_value: float
) -> Finding | None:
    column, group, absent, codes, levels = pair
    shares = [
        (float(absent[codes == number].mean()), int((codes == number).sum()), level)
        for number, level in enumerate(levels)
        if (codes == number).sum() >= 10
    ]
    if p_value > FALSE_DISCOVERY or len(shares) < 2 or max(shares)[0] - min(shares)[0] < LEAST_GAP:
        return None
    most, least = max(shares), min(shares)
    return Finding(
        "HO231",
        "missingness tied to groups",
        Severity.INFO,
        f"cells of {column!r} are missing for {100 * most[0]:.1f} % of {group!r} = {most[2]!r} ({most[1]} rows) and "
        f"for {100 * least[0]:.1f} % of {least[2]!r} ({least[1]} rows; p = {p_value:.2g} after correction)",
        column=column,
        rows=int(absent.sum()),
        where=RowSet(rows[absent]),
        action="kept visible by an indicator; ask who was not measured, and why",
    )
