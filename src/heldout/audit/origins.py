"""Does the way an example was taken give its class away, by exposure, filter, camera or size?"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from heldout.audit.input import (
    AuditInput,
    cut_findings,
    is_classification,
    map_raws,
    name_some,
    pass_check,
    skip_check,
)
from heldout.audit.leaks import NEAR_COPY, SURE, ColumnScore, score_columns
from heldout.records import Finding, Kind, RawColumn, Severity, Status, TypedColumn
from heldout.sources import describe_columns

ORIGINS = ("header/", "folder/", "picture/")
MOST_LISTED = 12
_DECIDES = 0.95
_LEAST_GROUPS = 10  # values that are kept apart: with fewer, a fold lacks whole classes (assumption)
_WORD = re.compile(r"[^\W_]+")


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
    asked = list_origins(data)
    labels = find_labels(data, asked)
    columns = [column for column in asked if column.spec.name not in labels]
    told = f"; {name_some(labels)} is the label itself" if labels else ""
    if not columns:
        return (skip_check(code, title, f"no header, folder or size says how the examples were taken{told}"),)
    scores = score_columns(data, columns, null_from=SURE[data.target.task])
    found = [item for item in scores if item.low > SURE[data.target.task] and item.score > item.null]
    measure = "AUC" if is_classification(data) else "R2"
    if not found:
        best = f"; the best, {scores[0].name!r}, has {measure} {scores[0].score:.3f}"
        return (pass_check(code, title, f"none of {len(columns)} tells it beyond chance{best}{told}"),)
    groups = {column.spec.name for column in columns if len(column.levels) >= _LEAST_GROUPS}
    findings = [
        _report(data, item, measure, (len(columns), item.name in groups and item.low <= _DECIDES))
        for item in found
    ]
    return cut_findings(findings, MOST_LISTED)


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


def find_labels(data: AuditInput, columns: list[TypedColumn]) -> list[str]:
    """Columns in which the label itself is written: where a pattern, a folder or a joined table took it from.

    Only the texts count, not that one decides the other: a telescope that took all stars is no label.

    Args:
        data: the audit's input.
        columns: from `list_origins`.

    Returns:
        Names of the columns whose cells say the target's own cell in 99 % of the rows: the same text or number, or a
        text that holds the label's words and those of no other label.
    """
    raws = map_raws(data)
    label = raws.get(data.target.name)
    if label is None:
        return []
    names = [column.spec.name for column in columns]
    sources = [column.spec.source or column.spec.name for column in columns]
    return [
        name
        for name, source in zip(names, sources, strict=True)
        if source in raws and _repeats_label(raws[source], label, data.rows)
    ]


def _repeats_label(column: RawColumn, label: RawColumn, rows: np.ndarray) -> bool:
    cells = np.stack([column.codes[rows], label.codes[rows]])
    pairs, counts = np.unique(cells[:, (cells >= 0).all(axis=0)], axis=1, return_counts=True)
    everywhere = {word for code in np.unique(pairs[1]) for word in _split_words(label.levels[code])}
    same = [_is_same(column.levels[cell], label.levels[code], everywhere) for cell, code in pairs.T.tolist()]
    return bool(len(rows) and counts[np.array(same, np.bool_)].sum() >= NEAR_COPY * len(rows))


def _is_same(cell: str, label: str, everywhere: set[str]) -> bool:
    """The same text or number, or a text that holds the words of this label and of no other one."""
    if cell.strip().casefold() == label.strip().casefold():
        return True
    if any(map(str.isalpha, label)):  # a bare number stands in many a text by chance
        own, held = _split_words(label), _split_words(cell)
        return own <= held and not held & (everywhere - own)
    try:
        return float(cell) == float(label)
    except ValueError:
        return False


def _split_words(text: str) -> set[str]:
    return set(_WORD.findall(text.casefold()))


def _is_absent(column: TypedColumn) -> np.ndarray:
    return np.isin(column.status, (Status.MISSING, Status.SENTINEL, Status.UNPARSED))


def _report(data: AuditInput, item: ColumnScore, measure: str, asked: tuple[int, bool]) -> Finding:
    """Tell one column; `asked` is how many there are, and whether its values can be kept apart as groups."""
    n_columns, has_groups = asked
    apart = f", --group {item.name!r} keeps its values apart" if has_groups else ""
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
        f"--subgroup {item.name!r} asks for whom it fails{apart}",
    )
