"""Do numbers that only name rows tell the target? An identifier knows the order in which rows were collected."""

from __future__ import annotations

import re

import numpy as np

from heldout.audit.families import ID_WORDS, split_name
from heldout.audit.input import AuditInput, is_classification, keep_lone_rows, map_raws, name_some, pass_check
from heldout.audit.order import LEVEL, compare_blocks
from heldout.records import DoubleArray, Finding, IndexArray, Kind, RawColumn, Severity, TypedColumn
from heldout.sources import describe_columns
from heldout.toml_lines import paste_column

NEARLY_ALL = 0.95  # share of rows with a value of their own
_DIGITS = re.compile(r"\d+")


def check_identifiers(data: AuditInput) -> tuple[Finding, ...]:
    """Identifiers that tell the target by their order, and features that look like identifiers.

    Args:
        data: the audit's input.

    Returns:
        HO226.
    """
    title = "identifiers"
    raws = map_raws(data)
    features = [
        column for column in data.columns if column.spec.used and looks_like_identifier(column, data.rows)
    ]
    findings = [
        _report_feature(data, column.spec.name) for column in features if column.spec.name != data.target.name
    ]
    known = [column for column in data.columns if column.spec.kind is Kind.IDENTIFIER]
    # Files and records of a class are numbered together; their names are no features anyway.
    named = describe_columns(data.table)
    for column in known:
        raw = raws.get(column.spec.name)
        if raw is None or data.group or data.split.ordered or column.spec.name in named:
            continue
        p_value = compare_blocks(_order_by_number(data, raw), classes=is_classification(data))
        if p_value <= LEVEL:
            findings.append(_report_order(data, column.spec.name, p_value))
    if findings:
        return tuple(findings)
    names = name_some([column.spec.name for column in known]) if known else "none found"
    return (
        pass_check("HO226", title, f"no identifier is a feature or tells the target by its order ({names})"),
    )


def looks_like_identifier(column: TypedColumn, rows: IndexArray) -> bool:
    """Tell whether a feature has practically one value per row and a name, or whole numbers in steps, that names rows.

    Args:
        column: a feature.
        rows: int64 positions.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("instant", Kind.NUMBER, "")
        >>> count = TypedColumn(spec, np.zeros(50, np.uint8), np.arange(50.0), np.zeros(0, np.int32))
        >>> looks_like_identifier(count, np.arange(50))
        True
    """
    cells = column.values[rows] if len(column.values) else column.codes[rows].astype(np.float64)
    known = cells[np.isfinite(cells)]
    if (
        column.spec.kind not in (Kind.NUMBER, Kind.CATEGORY)
        or len(known) < 0.5 * len(rows)
        or len(known) < 20
    ):
        return False
    share = len(np.unique(known)) / len(known)
    named = bool(set(split_name(column.spec.name)) & (ID_WORDS - {"num", "number", "no"}))
    if share < NEARLY_ALL:
        return False
    if column.spec.kind is Kind.CATEGORY:
        return True
    whole = bool((known == np.round(known)).all())
    # A running number fills its range; a measured whole number (a price, a count) does not.
    filled = len(np.unique(known)) / max(float(np.ptp(known)) + 1, 1.0)
    return whole and (filled > 0.5 or named)


def _order_by_number(data: AuditInput, raw: RawColumn) -> DoubleArray:
    """The target in the order of the digits in the identifier; in that of the texts where there are none."""
    keys = []
    for text in raw.levels:
        digits = "".join(_DIGITS.findall(text))[:18]
        keys.append((int(digits) if digits else -1, text))
    rank = np.argsort(np.argsort(np.array([key[0] for key in keys], np.int64), kind="stable"), kind="stable")
    rows = keep_lone_rows(data)
    codes = raw.codes[rows]
    # Rows of one key share what it names: the first of each speaks for it.
    first = np.unique(codes, return_index=True)[1]
    rows, codes = rows[first][codes[first] >= 0], codes[first][codes[first] >= 0]
    return data.target.values[rows][np.argsort(rank[codes], kind="stable")]


def _report_feature(data: AuditInput, name: str) -> Finding:
    return Finding(
        "HO226",
        "a feature looks like an identifier",
        Severity.WARNING,
        f"column {name!r} has practically a value of its own in each of {len(data.rows)} development rows: it names "
        "rows, and a network can learn them by heart through it",
        column=name,
        rows=len(data.rows),
        action=f"if it is one: {paste_column(name, 'kind', 'identifier')}",
    )


def _report_order(data: AuditInput, name: str, p_value: float) -> Finding:
    return Finding(
        "HO226",
        "an identifier tells the target",
        Severity.WARNING,
        f"the target changes along the identifier {name!r} (p = {p_value:.2g}): rows were numbered by source, time or "
        "outcome",
        column=name,
        rows=len(data.rows),
        action="not used as a feature; ask how the numbers were given, and group or order by that",
    )
