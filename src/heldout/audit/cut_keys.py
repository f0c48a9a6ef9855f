"""Keys of which a spreadsheet kept the first digits alone: which rows fall together by that?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.audit.input import AuditInput, cut_findings, map_raws, pass_check
from heldout.cells import is_key_name
from heldout.counts import count_things
from heldout.records import Finding, IndexArray, Kind, RawColumn, RowSet, Severity, Status, TypedColumn
from heldout.spreadsheet import find_spreadsheet

SHOWN_VALUES, SHOWN_LINES, MOST_LISTED = 3, 4, 5
KEY_KINDS = (Kind.IDENTIFIER, Kind.CATEGORY)


def check_cut_keys(data: AuditInput) -> tuple[Finding, ...]:
    """Columns of keys written as `1.6E+15` or with zeros after the 15th digit, with the rows that became one.

    Args:
        data: the audit's input.

    Returns:
        HO254, one finding per column with such keys.
    """
    title = "keys cut by a spreadsheet"
    raws = map_raws(data)
    findings: list[Finding] = []
    n_asked = 0
    for column in data.columns:
        raw = raws.get(column.spec.name)
        if raw is None or column.spec.name == data.target.name or not is_key(column):
            continue
        n_asked += 1
        cut = find_cut_cells(raw, data.rows)
        if len(cut):
            findings.append(_report(data, raw, cut, title=title))
    if not findings:
        return (
            pass_check("HO254", title, f"in none of {count_things(n_asked, 'column')} of keys or categories"),
        )
    return cut_findings(findings, MOST_LISTED)


def hide_cut_keys(data: AuditInput) -> tuple[AuditInput, dict[str, IndexArray]]:
    """The audit's input with keys that lost digits as empty cells: rows that share such a key need not belong together.

    Args:
        data: the audit's input.

    Returns:
        The input, and the rows that were emptied by column, for columns that have any.
    """
    raws = map_raws(data)
    cut: dict[str, IndexArray] = {}
    columns: list[TypedColumn] = []
    for column in data.columns:
        raw = raws.get(column.spec.name)
        is_asked = raw is not None and raw.name != data.target.name and is_key(column)
        rows = find_cut_cells(raw, data.rows) if raw is not None and is_asked else data.rows[:0]
        if raw is not None and len(rows):
            cut[raw.name] = rows
            raws[raw.name] = replace(raw, codes=_fill(raw.codes, rows, -1))
            column = replace(
                column,
                status=_fill(column.status, rows, Status.MISSING),
                values=_fill(column.values, rows, np.nan),
                codes=_fill(column.codes, rows, -1),
            )
        columns.append(column)
    if not cut:
        return data, cut
    table = replace(data.table, columns=tuple(raws[raw.name] for raw in data.table.columns))
    return replace(data, columns=tuple(columns), table=table), cut


def _fill(cells: np.ndarray, rows: IndexArray, value: float) -> np.ndarray:
    """Cells with another value in some rows; a column holds values or codes, and the other array is empty."""
    filled = cells.copy()
    if len(filled):
        filled[rows] = value
    return filled


def is_key(column: TypedColumn) -> bool:
    """Whether a column holds keys, and not numbers that were measured and are written so.

    Args:
        column: a typed column; one of which the user said what it is holds its cells as they stand.
    """
    if column.spec.decided == "user":
        return False
    return column.spec.kind in KEY_KINDS or is_key_name(column.spec.name)


def find_cut_cells(raw: RawColumn, rows: IndexArray) -> IndexArray:
    """Rows whose key lost digits.

    Args:
        raw: the column as read.
        rows: int64 positions.

    Example:
        >>> keys = RawColumn("id", np.array([0, 1, 0], np.int32), ("1.6E+15", "1600000000000042"))
        >>> find_cut_cells(keys, np.arange(3))
        array([0, 2])
    """
    codes = raw.codes[rows]
    used = np.unique(codes[codes >= 0])
    traces = find_spreadsheet([raw.levels[code] for code in used])
    texts = {text for trace in traces if trace.is_cut for text in trace.texts}
    cut = [code for code in used.tolist() if raw.levels[code].strip() in texts]
    return rows[np.isin(codes, cut)]


def _report(data: AuditInput, raw: RawColumn, cut: IndexArray, *, title: str) -> Finding:
    values, place, counts = np.unique(raw.codes[cut], return_inverse=True, return_counts=True)
    place = place.reshape(-1)
    shared = cut[(counts > 1)[place]]
    told = "no two of these rows have the same value"
    if len(shared):
        order = [k for k in np.argsort(-counts, kind="stable").tolist() if counts[k] > 1]
        texts = [
            f"{raw.levels[values[k]].strip()!r} {counts[k]} rows ({_name_lines(data, cut[place == k])})"
            for k in order[:SHOWN_VALUES]
        ]
        more = f" and {len(order) - len(texts)} more" if len(order) > len(texts) else ""
        told = (
            f"{len(shared)} of them fall together in {count_things(len(order), 'value')}, and whether they belong "
            f"together is lost: {', '.join(texts)}{more}"
        )
    return Finding(
        "HO254",
        title,
        Severity.WARNING,
        f"{count_things(len(cut), 'cell')} of {raw.name!r} hold the first digits of a long number alone, as a "
        f"spreadsheet writes it; {told}",
        column=raw.name,
        rows=len(cut),
        where=RowSet(shared if len(shared) else cut),
        action="take the column from the original file, read there as text; as they stand these cells name no unit for "
        "--group",
    )


def _name_lines(data: AuditInput, rows: IndexArray) -> str:
    shown = ", ".join(str(int(data.table.lines[row])) for row in rows[:SHOWN_LINES])
    more = f" and {len(rows) - SHOWN_LINES} more" if len(rows) > SHOWN_LINES else ""
    return f"lines {shown}{more}"
