"""The properties by which rows fall into groups: values of raw columns, bins of numbers, missing cells, the label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heldout.evidence.slices import take_rows
from heldout.links import parse_group_option
from heldout.records import (
    Attribute,
    DoubleArray,
    IndexArray,
    Kind,
    Status,
    Target,
    Task,
)
from heldout.settings import Settings
from heldout.sources import find_column
from heldout.stages.example_attributes import measure_examples, name_examples
from heldout.stages.levels import bin_numbers, group_column
from heldout.stages.preparing import Prepared
from heldout.stages.reading import Reading

NO_GROUPS = ("the target", "the split column", "the sample weight")
ABSENT = (Status.MISSING, Status.SENTINEL, Status.UNPARSED)


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
    development = prepared.split.development
    made: list[Attribute] = []
    for column in prepared.columns:
        spec = column.spec
        if spec.name in skipped or spec.kind is Kind.CONSTANT:
            continue
        asked = spec.name in declared
        levels = group_column(column, development, asked=asked)
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
