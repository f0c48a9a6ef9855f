"""Whom the findings of the audit concern: by what rows are told apart, and the one question to all findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from heldout.audit import AuditInput
from heldout.audit.input import make_rng
from heldout.audit.people import find_people
from heldout.evidence.affected import MOST_GROUPS, Property, affected
from heldout.label_sets import count_labels
from heldout.links import match_groups, parse_group_option
from heldout.records import (
    PART_TEST,
    PART_VALIDATION,
    Attribute,
    DoubleArray,
    Finding,
    IndexArray,
    Kind,
    RowsAffected,
    RowSet,
    Target,
    Task,
)
from heldout.settings import Settings
from heldout.sources import find_column
from heldout.stages.levels import bin_numbers, group_column
from heldout.stages.reading import Reading

MOST_LINES = 1_000  # kept in the content of a study; more would make its file larger than the table
MOST_LABELS = 20  # of several labels a row, the most frequent


def tell_affected(
    findings: tuple[Finding, ...], asked: AuditInput, reading: Reading, settings: Settings
) -> tuple[Finding, ...]:
    """Say of every finding about particular rows which they are, and whether it concerns some more than others.

    Asked are the label (of development rows alone), fit against validation rows where one split was made, declared
    groups, declared subgroups, and columns of sex, origin or age.

    Args:
        findings: all of one audit, so that one correction holds for all.
        asked: what the audit looked at.
        reading: the data, its target with all labels.
        settings: group, subgroups.

    Returns:
        the same findings in their order, those with rows with `affected`.
    """
    concerned = [
        _leave_own(item.column, item.code, item.where) for item in findings if item.where is not None
    ]
    if not concerned:
        return findings
    told = iter(
        affected(
            concerned,
            properties=list_properties(asked, reading, settings),
            looked_at=asked.rows,
            lines=asked.table.lines,
            unit=asked.split.unit,
            seed=int(make_rng(asked, "affected").integers(2**31)),
        )
    )
    return tuple(
        item
        if item.where is None
        else replace(item, affected=_name_file(next(told), item.where, asked, settings))
        for item in findings
    )


def _name_file(told: RowsAffected, where: RowSet, asked: AuditInput, settings: Settings) -> RowsAffected:
    """Say in which file the lines count; lines of several files, each counted from its top, are left out."""
    part = asked.table.part
    given = {PART_VALIDATION: settings.validation, PART_TEST: settings.test}
    if part is None or not any(given.values()):
        return told
    files = np.zeros(len(part), np.int8)
    for code, path in given.items():
        files[part == code] = code if path else 0
    found = np.unique(files[where.rows])
    if where.lines or len(found) != 1:  # of rows set aside the file is not kept
        return replace(told, lines=())
    return replace(told, file={PART_VALIDATION: "validation", PART_TEST: "test"}.get(int(found[0]), "main"))


def keep_first_lines(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Give findings with their first thousand lines: a study's audit.json holds all.

    Args:
        findings: of an audit.

    Example:
        >>> from heldout.records import RowsAffected, Severity
        >>> all_rows = RowsAffected(2_000, 2_000, (1.0, 0.998, 1.0), tuple(range(2_000)))
        >>> kept = keep_first_lines((Finding("HO205", "missing cells", Severity.INFO, "", affected=all_rows),))
        >>> len(kept[0].affected.lines), kept[0].affected.n_affected
        (1000, 2000)
    """
    return tuple(
        item
        if item.affected is None
        else replace(item, affected=replace(item.affected, lines=item.affected.lines[:MOST_LINES]))
        for item in findings
    )


def list_properties(asked: AuditInput, reading: Reading, settings: Settings) -> tuple[Property, ...]:
    """List what the rows of findings are told apart by.

    Args:
        asked: what the audit looked at.
        reading: the data, its target with all labels.
        settings: group, subgroups.
    """
    unit, development = asked.split.unit, asked.rows
    made = [Property("label", item, unit) for item in _list_labels(reading.target, development)]
    if len(asked.split.folds) == 1:
        codes = np.full(len(unit), -1, np.int32)
        codes[asked.split.folds[0].fit], codes[asked.split.folds[0].validation] = 0, 1
        made.append(Property("part", Attribute("part", codes, ("fit rows", "validation rows")), unit))
    if reading.group is not None and settings.group is not None:
        # Rows of a group are what is compared here: only copies count once.
        group, is_named = _number_groups(reading.group, settings.group, reading, settings=settings)
        made.append(Property("group", group, asked.first_of_duplicate, is_named=is_named))
    return (*made, *(Property("subgroup", item, unit) for item in _list_subgroups(asked, settings)))


def _leave_own(column: str, code: str, where: RowSet) -> RowSet:
    # That cells of a column are missing in its own groups says nothing; HO232 names the target, and asks about it.
    own = () if code == "HO232" or not column else (column,)
    return replace(where, defined_by=(*where.defined_by, *own))


def _list_labels(target: Target, development: IndexArray) -> Iterator[Attribute]:
    """The label of development rows; of several labels a row each of the most frequent."""
    values: DoubleArray = np.full(len(target.values), np.nan)
    values[development] = target.values[development]
    known = np.isfinite(values)
    if target.task is Task.REGRESSION:
        yield Attribute(target.name, *bin_numbers(target.name, values, values[development]))
    elif target.task is Task.MULTILABEL:
        counts = count_labels(target, development)
        for at in np.argsort(-counts, kind="stable")[:MOST_LABELS].tolist():
            codes = np.full(len(values), -1, np.int32)
            codes[known] = target.sets[values[known].astype(np.int64), at]
            name = f"{target.name} with {target.classes[at]}"
            yield Attribute(name, codes, (f"{target.name} without {target.classes[at]}", name))
    else:
        codes = np.where(known, np.nan_to_num(values), -1).astype(np.int32)
        yield Attribute(target.name, codes, tuple(f"{target.name} = {name}" for name in target.classes))


def _number_groups(
    group: IndexArray, option: str, reading: Reading, *, settings: Settings
) -> tuple[Attribute, bool]:
    """The declared groups, and whether they may be named: a group is often a person, and its name that of a patient.

    Named are few ones of a column that is a declared subgroup too, or where rows of the data may be shown.
    """
    name, pattern = parse_group_option(option)
    column = find_column(reading.table, name)
    is_public = settings.show_rows or column.name in settings.subgroups
    values, first, codes = np.unique(group, return_index=True, return_inverse=True)
    codes = np.where(group >= 0, codes.reshape(-1) - int((values < 0).sum()), -1).astype(np.int32)
    first = first[values >= 0]
    if len(first) > MOST_GROUPS or not is_public:
        return Attribute(column.name, codes, tuple(map(str, range(len(first))))), False
    texts = [column.levels[column.codes[row]].strip() for row in first]
    if pattern is not None:
        found = match_groups(texts, pattern)
        texts = [text if key is None else key for key, text in zip(found, texts, strict=True)]
    return Attribute(column.name, codes, tuple(f"{column.name} = {text}" for text in texts)), True


def _list_subgroups(asked: AuditInput, settings: Settings) -> Iterator[Attribute]:
    """Columns that the user asked about, and those that speak of people; one with a single value says nothing."""
    declared = {find_column(asked.table, name).name for name in settings.subgroups}
    people = {item.column.spec.name for item in find_people(asked)}
    grouped: set[str] = set()
    if settings.group is not None:
        grouped = {find_column(asked.table, parse_group_option(settings.group)[0]).name}
    for column in asked.columns:
        name = column.spec.name
        if name == asked.target.name or name in grouped or name not in declared | people:
            continue
        if column.spec.kind in (Kind.CONSTANT, Kind.IDENTIFIER) and name not in declared:
            continue
        levels = group_column(column, asked.rows, asked=True)
        if levels is not None and len(levels[1]) > 1:
            yield Attribute(name, *levels, declared=name in declared)
