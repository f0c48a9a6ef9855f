"""Does the way an example was taken give its class away, by exposure, filter, camera or size?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from heldout.audit.input import AuditInput, cut_findings, is_classification, pass_check, skip_check
from heldout.audit.leaks import SURE, ColumnScore, score_columns
from heldout.records import Finding, Kind, Severity, Status, TypedColumn
from heldout.sources import describe_columns

ORIGINS = ("header/", "folder/", "picture/")
MOST_LISTED = 12
_DECIDES = 0.95


def check_origins(data: AuditInput) -> tuple[Finding, ...]:
    """Keywords of headers, folders, sizes and cameras that alone predict the target.

    They are no features, but what they stand for may be seen in the example itself: noise tells the exposure, the
    background tells the filter. A network then learns how an example was taken.

    Args:
        data: the audit's input.

    Returns:
        HO243, one finding for each keyword whose score is beyond chance, the strongest first.
    """
    code, title = "HO243", "how an example was taken tells its target"
    columns = list_origins(data)
    if not columns:
        return (skip_check(code, title, "no header, folder or size says how the examples were taken"),)
    scores = score_columns(data, columns, null_from=SURE[data.target.task])
    found = [item for item in scores if item.low > SURE[data.target.task] and item.score > item.null]
    measure = "AUC" if is_classification(data) else "R2"
    if not found:
        best = f"; the best, {scores[0].name!r}, has {measure} {scores[0].score:.3f}"
        return (pass_check(code, title, f"none of {len(columns)} tells it beyond chance{best}"),)
    return cut_findings([_report(data, item, measure, len(columns)) for item in found], MOST_LISTED)


def list_origins(data: AuditInput) -> list[TypedColumn]:
    """Columns that say how an example was taken and are no features, missing cells among their levels.

    Args:
        data: the audit's input.
    """
    about = describe_columns(data.table)
    kinds = (Kind.TEXT, Kind.SEQUENCE, Kind.IDENTIFIER, Kind.CONSTANT)
    return [
        column
        if len(column.values)
        else replace(column, codes=np.where(_is_absent(column), -1, column.codes))
        for column in data.columns
        if column.spec.name in about
        and column.spec.name.startswith(ORIGINS)
        and not column.spec.used
        and column.spec.name != data.target.name
        and column.spec.kind not in kinds
    ]


def _is_absent(column: TypedColumn) -> np.ndarray:
    return np.isin(column.status, (Status.MISSING, Status.SENTINEL, Status.UNPARSED))


def _report(data: AuditInput, item: ColumnScore, measure: str, n_columns: int) -> Finding:
    strength = "decides" if item.low > _DECIDES else "predicts"
    return Finding(
        "HO243",
        "how an example was taken tells its target",
        Severity.WARNING,
        f"{item.name!r} alone {strength} the target {data.target.name!r} with {measure} {item.score:.3f} (at least "
        f"{item.low:.3f} after correction for {n_columns} such columns; permuted targets reach {item.null:.3f}). It is "
        "no feature, but what it stands for may be seen in the example itself",
        column=item.name,
        rows=len(data.rows),
        action="take all classes alike, or compare the score within one value of it: "
        f"--subgroup {item.name!r} asks for whom it fails, --group {item.name!r} keeps its values apart",
    )
