"""What every audit check reads: the development rows and nothing of the sealed ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from heldout.errors import StudyError
from heldout.links import NearPairs
from heldout.records import (
    DoubleArray,
    Finding,
    IndexArray,
    Kind,
    RawColumn,
    Severity,
    Split,
    Status,
    Table,
    Target,
    Task,
    TypedColumn,
)

NUMBER_KINDS = (Kind.NUMBER, Kind.DATE, Kind.YES_NO)


@dataclass(frozen=True)
class AuditInput:
    """Everything a check may look at.

    Args:
        columns: the typed columns, all of N rows.
        table: the same columns as read.
        target: the target; its test labels are never read.
        split: the split, for folds and units.
        rows: int64 positions to audit; development rows only.
        first_of_duplicate: int64 [N] from the links, the first row with the same features.
        group: the declared `--group` text, or "" when none was declared.
        near: near copies among pictures and texts, from the links.
        properties: what can be counted of whole pictures, signals, texts and sequences, as columns of all N rows; known
            in `property_rows` alone.
        property_rows: int64 positions, development rows.

    Raises:
        StudyError: a row to audit is not a development row.
    """

    columns: tuple[TypedColumn, ...]
    table: Table
    target: Target
    split: Split
    rows: IndexArray
    first_of_duplicate: IndexArray
    group: str = ""
    near: tuple[NearPairs, ...] = ()
    properties: tuple[TypedColumn, ...] = ()
    property_rows: IndexArray = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        rows = np.concatenate([self.rows, self.property_rows])
        outside = ~np.isin(rows, self.split.development)
        if outside.any():
            raise StudyError(
                f"the audit may read development rows only; {int(outside.sum())} of {len(rows)} rows are not, "
                f"first position {int(rows[outside][0])}"
            )


def list_features(data: AuditInput) -> list[TypedColumn]:
    """The columns the network may use: `used` and not the target.

    Args:
        data: the audit's input.

    Returns:
        Typed columns in the order of the table.
    """
    return [column for column in data.columns if column.spec.used and column.spec.name != data.target.name]


def map_raws(data: AuditInput) -> dict[str, RawColumn]:
    """The columns as read, by name.

    Args:
        data: the audit's input.
    """
    return {column.name: column for column in data.table.columns}


def find_absent(column: TypedColumn, rows: IndexArray) -> np.ndarray:
    """Which cells hold no value.

    Args:
        column: a typed column.
        rows: int64 positions.

    Returns:
        bool, one per row: missing words and sentinels, and cells that could not be read.
    """
    status = column.status[rows]
    return (status == Status.MISSING) | (status == Status.SENTINEL) | (status == Status.UNPARSED)


def read_target(data: AuditInput) -> DoubleArray:
    """The target of the audited rows.

    Args:
        data: the audit's input.

    Returns:
        float64, class index or number, one per row of `data.rows`.
    """
    return data.target.values[data.rows]


def keep_lone_rows(data: AuditInput) -> IndexArray:
    """The audited rows without later rows of the same unit, for tests that count rows as independent.

    Copies alone make a unit: one repeated row must not switch a check off, nor a thousand copies of one row decide it.

    Args:
        data: the audit's input, without a declared group; with one, rows of a group stand together and no test of
            their order means anything.

    Returns:
        int64 positions, in the order of `data.rows`.
    """
    first = np.unique(data.split.unit[data.rows], return_index=True)[1]
    return data.rows[np.sort(first)]


def is_classification(data: AuditInput) -> bool:
    """Tell whether the target has classes."""
    return data.target.task is not Task.REGRESSION


def make_rng(data: AuditInput, purpose: str) -> np.random.Generator:
    """Random numbers that follow from the data only, so that an audit says the same twice.

    Args:
        data: the audit's input.
        purpose: a word that keeps the checks' random numbers apart.
    """
    return np.random.default_rng(list(f"{data.split.fingerprint}:{purpose}".encode()))


def pass_check(code: str, title: str, sentence: str) -> Finding:
    """A check that ran and found nothing; listed like the others so that a reader sees what was looked for.

    Args:
        code: the check's code.
        title: what was looked for.
        sentence: what was looked at, with numbers.

    Example:
        >>> pass_check("HO201", "exact duplicates", "no row repeats another (9 rows)").title
        'passed: exact duplicates'
    """
    return Finding(code, f"passed: {title}", Severity.INFO, sentence)


def skip_check(code: str, title: str, why: str) -> Finding:
    """A check that does not apply here.

    Args:
        code: the check's code.
        title: what would have been looked for.
        why: why not.

    Example:
        >>> skip_check("HO203", "class balance", "the target is a number").title
        'not applicable: class balance'
    """
    return Finding(code, f"not applicable: {title}", Severity.INFO, why)


def name_some(names: list[str], limit: int = 8) -> str:
    """The first names in quotes, and how many more there are.

    Args:
        names: names.
        limit: how many to show, 1 or more.

    Example:
        >>> name_some(["a", "b", "c"], 2)
        "'a', 'b' and 1 more"
    """
    shown = ", ".join(repr(name) for name in names[:limit])
    return shown if len(names) <= limit else f"{shown} and {len(names) - limit} more"


def list_some(words: list[str], limit: int) -> str:
    """The first words, and how many more there are.

    Args:
        words: as they are to be shown.
        limit: how many to show, 1 or more.

    Example:
        >>> list_some(["'a' 3", "'b' 2", "'c' 1"], 2)
        "'a' 3, 'b' 2 and 1 more"
    """
    shown = ", ".join(words[:limit])
    return shown if len(words) <= limit else f"{shown} and {len(words) - limit} more"


def cut_findings(findings: Sequence[Finding], most: int) -> tuple[Finding, ...]:
    """The first findings one by one, and one that names the columns of all others.

    Args:
        findings: of one check, the gravest first, each about a column.
        most: how many are told one by one.

    Example:
        >>> made = [Finding("HO218", "relation", Severity.INFO, "...", column=name) for name in "abc"]
        >>> [item.sentence for item in cut_findings(made, 1)]
        ['...', "the same holds for 2 more columns: 'b', 'c'"]
    """
    if len(findings) <= most:
        return tuple(findings)
    rest = findings[most:]
    names = list(dict.fromkeys(item.column for item in rest))
    told = "1 more column" if len(names) == 1 else f"{len(names)} more columns"
    order = list(Severity)
    gravest = max((item.severity for item in rest), key=order.index)
    last = Finding(rest[0].code, rest[0].title, gravest, f"the same holds for {told}: {name_some(names)}")
    return (*findings[:most], last)
