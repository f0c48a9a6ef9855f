"""Which columns say nothing, or nothing new?"""

from __future__ import annotations

import hashlib

import numpy as np

from heldout.audit.input import (
    AuditInput,
    cut_findings,
    find_absent,
    list_features,
    map_raws,
    name_some,
    pass_check,
)
from heldout.records import Finding, IndexArray, Kind, RawColumn, Severity
from heldout.toml_lines import paste_column

MOST_LISTED = 20


def check_constants(data: AuditInput) -> tuple[Finding, ...]:
    """Columns with one value, and columns that repeat another one.

    Args:
        data: the audit's input.

    Returns:
        HO207 (constant columns) and HO208 (repeated columns, one finding per set).
    """
    return (_report_constants(data), *_report_repeats(data))


def number_by_appearance(column: RawColumn, rows: IndexArray) -> IndexArray:
    """Number the cell texts of some rows from 0 in order of first appearance.

    Two columns with equal numbers carry the same information, whatever their texts are.

    Args:
        column: a column as read; cells are compared as stripped text, a null equals an empty cell.
        rows: int64 positions.

    Returns:
        int64, one per row.

    Example:
        >>> number_by_appearance(RawColumn("x", np.array([2, 1, 2], np.int32), ("a", "b", "c")), np.arange(3))
        array([0, 1, 0])
    """
    texts: dict[str, int] = {"": 0}
    of_level = [texts.setdefault(level.strip(), len(texts)) for level in column.levels]
    codes = np.array([*of_level, 0], dtype=np.int64)[column.codes[rows]]
    first = np.full(len(texts), len(rows), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(rows))[::-1]
    rank = np.empty(len(texts), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(texts))
    return rank[codes]


def _report_constants(data: AuditInput) -> Finding:
    constant = []
    candidates = [column for column in data.columns if column.spec.used or column.spec.kind is Kind.CONSTANT]
    for column in candidates:
        if column.spec.name == data.target.name or column.spec.why.startswith("not used:"):
            continue  # the target, the group or the split column: not meant to be a feature
        present = data.rows[~find_absent(column, data.rows)]
        cells = column.values if len(column.values) else column.codes
        if (
            column.spec.kind is Kind.CONSTANT
            or len(present) == 0
            or (cells[present] == cells[present[0]]).all()
        ):
            constant.append(column.spec.name)
    if not constant:
        return pass_check(
            "HO207", "constant columns", f"each of {len(candidates)} columns has several values"
        )
    return Finding(
        "HO207",
        "constant columns",
        Severity.INFO,
        ("1 column has" if len(constant) == 1 else f"{len(constant)} columns have")
        + f" at most one value in the development rows: {name_some(constant)}",
        column=constant[0] if len(constant) == 1 else "",
        rows=len(data.rows),
        action="they cannot help and are left out or become a constant input",
    )


def _report_repeats(data: AuditInput) -> list[Finding]:
    n_rows = len(data.rows)
    same: dict[bytes, list[str]] = {}
    raws = map_raws(data)
    for column in list_features(data):
        raw = raws.get(column.spec.name)
        if raw is None:
            continue
        numbers = number_by_appearance(raw, data.rows)
        n_levels = int(numbers.max(initial=0)) + 1
        # Two columns of mostly different values agree in numbers by that alone: there the texts must agree.
        key = numbers.tobytes()
        if n_levels > n_rows / 4:
            key += "\0".join(
                raw.levels[code].strip() if code >= 0 else "" for code in raw.codes[data.rows]
            ).encode()
        if n_levels > 1:
            same.setdefault(hashlib.sha256(key).digest(), []).append(column.spec.name)
    sets = [names for names in same.values() if len(names) > 1]
    if not sets:
        return [pass_check("HO208", "repeated columns", "no two feature columns carry the same information")]
    findings = [
        Finding(
            "HO208",
            "repeated columns",
            Severity.INFO,
            f"{name_some(names)} carry the same information in all {n_rows} development rows",
            column=names[0],
            rows=n_rows,
            action=f"kept; {paste_column(names[-1], 'kind', 'ignore')} leaves one out",
        )
        for names in sets
    ]
    return list(cut_findings(findings, MOST_LISTED))
