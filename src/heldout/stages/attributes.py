"""The properties by which rows fall into groups: values of raw columns, bins of numbers, missing cells, the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from heldout.evidence.slices import take_rows
from heldout.links import parse_group_option
from heldout.records import (
    Attribute,
    CodeArray,
    DoubleArray,
    IndexArray,
    Kind,
    RawColumn,
    Status,
    Target,
    Task,
    TypedColumn,
)
from heldout.settings import Settings
from heldout.sources import find_column
from heldout.stages.example_attributes import measure_examples, name_examples
from heldout.stages.preparing import Prepared
from heldout.stages.reading import Reading

N_BINS, MORE_BINS, ROWS_FOR_MORE_BINS = 4, 6, 2000
MOST_VALUES = 6  # a number with so few different values is taken value by value
NO_GROUPS = ("the target", "the split column", "the sample weight")
ABSENT = (Status.MISSING, Status.SENTINEL, Status.UNPARSED)
YEAR_ONE, YEAR_LAST = -719162.0, 2932896.0  # days of the years 1 and 9999: what a calendar can write
Levels = tuple[CodeArray, tuple[str, ...]]


def make_attributes(reading: Reading, prepared: Prepared, settings: Settings) -> tuple[Attribute, ...]:
    """Make the properties by which all rows of the table fall into groups, in the users' own words and units.

    Bins come from development rows alone. Columns that are no features (left out by the user, the time) count as
    well: a model may fail for people it was not told about. The group column is taken only where it is asked about,
    since one unit alone is never judged. The label is added by `add_label`, for rows whose label may be read.

    Args:
        reading: the data.
        prepared: columns and split.
        settings: subgroups, group.

    Returns:
        attributes with codes for all N rows of the table; declared ones first.
    """
    declared = {find_column(reading.table, name).name for name in settings.subgroups}
    skipped = {name for name, why in reading.unused.items() if why in NO_GROUPS}
    if settings.group is not None:
        skipped |= {find_column(reading.table, parse_group_option(settings.group)[0]).name} - declared
    raw = {column.name: column for column in reading.table.columns}
    development = prepared.split.development
    made: list[Attribute] = []
    for column in prepared.columns:
        spec = column.spec
        if spec.name in skipped or spec.kind is Kind.CONSTANT:
            continue
        asked = spec.name in declared
        levels = _group_column(column, raw.get(spec.name), development, asked=asked)
        if levels is not None and len(levels[1]) > 1:
            made.append(Attribute(spec.name, *levels, declared=asked))
        absent = np.isin(column.status, ABSENT)
        if absent[development].any():
            codes = np.where(absent, 0, -1).astype(np.int32)
            made.append(Attribute(f"{spec.name} missing", codes, (f"{spec.name} missing",), declared=asked))
    for name, values in measure_examples(prepared):
        codes, levels = bin_numbers(name, values, values[development])
        if len(levels) > 1:
            made.append(Attribute(name, codes, levels))
    for name, codes, levels in name_examples(prepared):
        if len(np.unique(codes[development][codes[development] >= 0])) > 1:
            made.append(Attribute(name, codes, levels))
    return tuple(sorted(made, key=lambda item: not item.declared))


def add_label(
    attributes: Sequence[Attribute],
    target: Target,
    *,
    truth: DoubleArray,
    known: DoubleArray,
    declared: bool = False,
) -> tuple[Attribute, ...]:
    """Add the true label of some rows as a property of them: whom it misses, whom it alarms falsely.

    Args:
        attributes: of the same rows.
        target: for its name and classes.
        truth: float64 [M], true target of the rows; [M, labels] ones and zeros of several labels a row.
        known: float64, development rows' target, from which the bins of a number are made.
        declared: True when the user asked about the target.

    Example:
        >>> nothing = np.zeros(0, np.int64)
        >>> target = Target("ill", Task.BINARY, "", ("no", "yes"), np.zeros(2), nothing)
        >>> add_label((), target, truth=np.array([1.0, 0.0]), known=np.zeros(2))[0].levels
        ('true ill = no', 'true ill = yes')
    """
    # "true": a reader must not take it for something that is known before the network answers
    name = f"true {target.name}"
    if target.task is Task.REGRESSION:
        made = [Attribute(target.name, *bin_numbers(name, truth, known), declared=declared)]
    elif target.task is Task.MULTILABEL:
        names = [(f"{name} without {label}", f"{name} with {label}") for label in target.classes]
        made = [
            Attribute(levels[1], held.astype(np.int32), levels, declared=declared)
            for levels, held in zip(names, truth.T, strict=True)
        ]
    else:
        levels = tuple(f"{name} = {label}" for label in target.classes)
        made = [Attribute(target.name, truth.astype(np.int32), levels, declared=declared)]
    return (*made, *attributes) if declared else (*attributes, *made)


def bin_numbers(name: str, values: DoubleArray, known: DoubleArray, *, is_date: bool = False) -> Levels:
    """Cut numbers into quantile bins of the known ones, named in the users' units.

    The two outer bins are open, so that no single extreme value stands in a report.

    Args:
        name: of the column.
        values: float64 [N], NaN where there is none.
        known: float64, the values that the bins come from.
        is_date: values are days since 1970-01-01.

    Returns:
        int32 [N] codes, -1 without a value, and the names.

    Example:
        >>> bin_numbers("age", np.array([10.0, 61.0, np.nan]), np.arange(100.0))
        (array([ 0,  2, -1], dtype=int32), ('age below 25', 'age 25 to 49', 'age 50 to 74', 'age 75 or above'))
    """
    kept = known[np.isfinite(known)]
    distinct = np.unique(kept)
    if distinct.size <= MOST_VALUES:
        codes = np.searchsorted(distinct, values).clip(0, max(distinct.size - 1, 0))
        found = distinct[codes] == values if distinct.size else np.zeros(values.size, bool)
        return np.where(found, codes, -1).astype(np.int32), tuple(
            f"{name} = {_write(value, is_date=is_date)}" for value in distinct
        )
    n_bins = MORE_BINS if kept.size >= ROWS_FOR_MORE_BINS else N_BINS
    edges = np.unique(np.quantile(kept, np.arange(1, n_bins) / n_bins, method="higher"))
    edges = np.unique(np.maximum(edges, distinct[1]))  # a value that many rows share is a group of its own
    codes = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)
    return codes.astype(np.int32), _name_bins(name, edges, kept, is_date=is_date)


def _group_column(
    column: TypedColumn, raw: RawColumn | None, development: IndexArray, *, asked: bool
) -> Levels | None:
    name, kind = column.spec.name, column.spec.kind
    if kind in (Kind.NUMBER, Kind.DATE):
        return bin_numbers(name, column.values, column.values[development], is_date=kind is Kind.DATE)
    if kind is Kind.YES_NO:
        words = [(column.spec.false_words or ("no",))[0], (column.spec.true_words or ("yes",))[0]]
        codes = np.where(np.isnan(column.values), -1, column.values != 0).astype(np.int32)
        return codes, tuple(f"{name} = {word}" for word in words)
    if kind in (Kind.TEXT, Kind.SEQUENCE):  # no two are alike; `measure_examples` says in what they differ
        return None
    if kind is Kind.IDENTIFIER and not asked:  # a value that names one row is nobody's group
        return None
    return column.codes, tuple(f"{name} = {level}" for level in column.levels)


def _name_bins(name: str, edges: DoubleArray, kept: DoubleArray, *, is_date: bool) -> tuple[str, ...]:
    bins = np.searchsorted(edges, kept, side="right")
    for digits in (4, 6, 9, 17):
        low = [_write(edge, digits=digits, is_date=is_date) for edge in edges]
        high = [
            _write(kept[bins == index].max(), digits=digits, is_date=is_date)
            for index in range(1, len(edges))
        ]
        spans = [
            f"{name} {a} to {b}" if a != b else f"{name} {a}" for a, b in zip(low[:-1], high, strict=True)
        ]
        below, above = ("before", "on or after") if is_date else ("below", "or above")
        last = f"{name} {above} {low[-1]}" if is_date else f"{name} {low[-1]} {above}"
        names = (f"{name} {below} {low[0]}", *spans, last)
        if len(set(names)) == len(names) or digits == 17:
            return names
    return ()


def _write(value: float, *, digits: int = 4, is_date: bool = False) -> str:
    if is_date:
        day = timedelta(days=float(np.clip(value, YEAR_ONE, YEAR_LAST)))
        moment = datetime(1970, 1, 1, tzinfo=UTC) + day
        return moment.strftime("%Y-%m-%d" if digits < 9 else "%Y-%m-%d %H:%M:%S")
    if digits == 4 and float(value).is_integer() and abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.{digits}g}"


def rename_copies(attributes: Sequence[Attribute]) -> tuple[Attribute, ...]:
    """Make level names unique over all attributes, so that a group can be found again by its name.

    Args:
        attributes: of the same rows.

    Example:
        >>> one = Attribute("a", np.zeros(1, np.int32), ("a = 1",))
        >>> rename_copies([one, one])[1].levels
        ('a = 1 (2)',)
    """
    seen: dict[str, int] = {}
    made = []
    for item in attributes:
        levels = []
        for level in item.levels:
            seen[level] = seen.get(level, 0) + 1
            levels.append(level if seen[level] == 1 else f"{level} ({seen[level]})")
        made.append(replace(item, levels=tuple(levels)))
    return tuple(made)


def describe_rows(
    reading: Reading,
    prepared: Prepared,
    settings: Settings,
    *,
    rows: IndexArray,
    truth: DoubleArray,
    has_label: bool = True,
) -> tuple[Attribute, ...]:
    """Give all properties of some rows, the label among them.

    Args:
        reading: the data.
        prepared: columns and split.
        settings: subgroups.
        rows: int64 positions in the table.
        truth: float64, the rows' target as `look_up` gives it, as far as it may be read.
        has_label: False leaves the label out unless the user asked about it: whoever answers nearly the same for all
            rows is right for one label and wrong for the other, which says nothing of people.
    """
    attributes = take_rows(make_attributes(reading, prepared, settings), rows)
    declared = reading.target.name in settings.subgroups
    if not (has_label or declared):
        return rename_copies(attributes)
    known = reading.target.values[prepared.split.development]
    return rename_copies(add_label(attributes, reading.target, truth=truth, known=known, declared=declared))
