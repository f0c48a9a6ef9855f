"""Which cells were not read as they stand, column by column, and which rows take no part at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.audit.input import AuditInput, cut_findings, list_features, pass_check
from heldout.counts import count_things
from heldout.records import Finding, RowSet, Severity, Status

MOST_LISTED = 8
NOTABLE_SHARE = 0.05  # of a column's cells, or of the rows, from where on it is a warning (assumption)


@dataclass(frozen=True)
class _Fate:
    """What may become of a cell, in words."""

    code: str
    title: str
    statuses: tuple[Status, ...]
    what: str
    action: str
    is_loss: bool = False


FATES = (
    _Fate(
        "HO249",
        "unreadable cells",
        (Status.UNPARSED,),
        "could not be read as what their column is, and count as missing",
        "correct them at their source, or say what they mean: columns.NAME.missing, columns.NAME.kind",
        is_loss=True,
    ),
    _Fate(
        "HO250",
        "values known only as limits",
        (Status.CENSORED_BELOW, Status.CENSORED_ABOVE),
        "hold a limit ('<', '>') and no value",
        "kept as the limit with an indicator beside it; the true values lie beyond",
    ),
    _Fate(
        "HO251",
        "codes and impossible numbers",
        (Status.SENTINEL, Status.OUT_OF_RANGE, Status.CLIPPED),
        "hold a code for a missing value or a number outside the range that was stated",
        "codes and numbers out of range count as missing; clipped ones stand at the end of the range",
    ),
)


def check_unread(data: AuditInput) -> tuple[Finding, ...]:
    """Cells that were not read as they stand, and rows that take no part.

    Args:
        data: the audit's input.

    Returns:
        HO249 (unreadable cells), HO250 (limits), HO251 (codes and impossible numbers), one finding for each column; and
        HO252 (rows set aside while reading, rows without a target).
    """
    found = [item for fate in FATES for item in _report_cells(data, fate)]
    return (*found, *_report_rows(data))


def _report_cells(data: AuditInput, fate: _Fate) -> tuple[Finding, ...]:
    features = list_features(data)
    findings = []
    for column in features:
        hit = np.isin(column.status[data.rows], fate.statuses)
        n_hit = int(hit.sum())
        if n_hit:
            share = n_hit / len(data.rows)
            findings.append(
                Finding(
                    fate.code,
                    fate.title,
                    Severity.WARNING if fate.is_loss and share >= NOTABLE_SHARE else Severity.INFO,
                    f"column {column.spec.name!r}: {n_hit:,} of {len(data.rows):,} cells ({100 * share:.1f} %) "
                    f"{fate.what}",
                    column=column.spec.name,
                    rows=n_hit,
                    action=fate.action.replace("NAME", column.spec.name),
                    where=RowSet(data.rows[hit]),
                )
            )
    findings.sort(key=lambda item: -item.rows)
    return cut_findings(findings, MOST_LISTED) or (
        pass_check(fate.code, fate.title, f"none in {len(features)} feature columns"),
    )


def _report_rows(data: AuditInput) -> tuple[Finding, ...]:
    """Rows of the ledger that are no rows of the table, and rows of the table that have no target."""
    code, title = "HO252", "rows that take no part"
    lost = [row for row in data.table.set_aside if row.kind in ("quarantined", "dropped")]
    n_bad, n_rows = sum(row.kind == "quarantined" for row in lost), len(data.table.lines)
    found = []
    if lost:
        found.append(
            Finding(
                code,
                "rows set aside while reading",
                Severity.WARNING if n_bad >= NOTABLE_SHARE * (n_rows + len(lost)) else Severity.INFO,
                f"{count_things(len(lost), 'row')} beside the {n_rows:,} of the table: {n_bad:,} could not be read, "
                f"{len(lost) - n_bad:,} hold no observation",
                rows=len(lost),
                action="each stands with its line and reason among the rows set aside; correct them at their source",
                where=RowSet(np.zeros(0, np.int64), lines=tuple(row.line for row in lost)),
            )
        )
    missing = np.sort(data.target.missing)
    if len(missing):
        share = len(missing) / n_rows
        found.append(
            Finding(
                code,
                "rows without a target",
                Severity.WARNING if share >= NOTABLE_SHARE else Severity.INFO,
                f"{count_things(len(missing), 'row')} of {n_rows:,} ({100 * share:.1f} %) have no value in the target "
                f"{data.target.name!r} and take no part",
                rows=len(missing),
                action="ask why it is not known there: what is learned holds for rows like those where it is",
                where=RowSet(missing, looked_at=np.arange(n_rows)),
            )
        )
    return tuple(found) or (pass_check(code, title, f"all {n_rows:,} rows have a target and were read"),)
