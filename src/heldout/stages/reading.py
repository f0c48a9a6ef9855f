"""First stage: what was given becomes a table, a target and units of rows that stay together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from heldout.cells import declare_column, declare_columns, read_target, type_column
from heldout.errors import DataError, UsageError
from heldout.links import Links, link_rows, parse_group_option, read_groups
from heldout.records import PART_TEST, DoubleArray, IndexArray, Kind, Table, Target, Task
from heldout.settings import ColumnSettings, Settings
from heldout.sources import find_column, fingerprint_table, join_parts, mark_parts, read_table
from heldout.split import MINIMUM_ROWS

NUMBER_ONLY = ("rmse", "mae", "r2")
CLASS_ONLY = ("accuracy", "balanced_accuracy", "auc", "f1", "logloss")
AS_NUMBER = ColumnSettings.model_validate({"kind": "number"})


@dataclass(frozen=True)
class Reading:
    """The data as read, before any row is assigned.

    Args:
        table: all rows, strings as read.
        target: the target read from its column.
        rows: int64 positions of the rows that have a target.
        group: int64 [N], declared groups, or None.
        time: float64 [N], days since 1970 (or the number) of the time column, or None.
        weight: float64 [N], sample weights, or None.
        links: units of rows that stay together.
        unused: column name -> why it is no feature (the target, the group column, ...).
        fingerprint: sha256 of the table.
    """

    table: Table
    target: Target
    rows: IndexArray
    group: IndexArray | None
    time: DoubleArray | None
    weight: DoubleArray | None
    links: Links
    unused: dict[str, str]
    fingerprint: str


def read_data(source: Any, settings: Settings) -> Reading:  # noqa: ANN401 - a path or any data frame
    """Read the data and find what must stay together.

    Args:
        source: path or frame.
        settings: target, group, time, parts and how to read.

    Raises:
        DataError: the data cannot be read, or a named column is not there.
        UsageError: no target was named.
    """
    table = read_parts(source, settings)
    if len(table.lines) < MINIMUM_ROWS:
        n_rows = f"{len(table.lines)} row" + "s" * (len(table.lines) != 1)
        raise DataError(
            f"{table.source} has {n_rows}; a study needs at least {MINIMUM_ROWS}", hint="collect more rows"
        )
    if not settings.target:
        names = ", ".join(column.name for column in table.columns[:12])
        raise UsageError("no target column was named", hint=f"say --target COLUMN, one of: {names}")
    raw = find_column(table, settings.target)
    target = read_target(raw, task=settings.task, target_map=settings.target_map or None, lines=table.lines)
    if settings.target_log and np.nanmin(target.values) <= 0:
        row = int(np.nanargmin(target.values))
        raise DataError(
            f"target {raw.name!r} is {target.values[row]:g} in line {table.lines[row]}, and has no logarithm",
            hint="leave out target_log",
        )
    refuse_unfit(target, settings)
    rows = np.flatnonzero(~np.isnan(target.values))
    if len(rows) == 0:
        raise DataError(f"target {raw.name!r} has no value in any row", hint="name another target")
    unused = {settings.target: "the target"}
    group = _read_group(table, settings, unused)
    time = _read_time(table, settings, unused)
    weight = _read_weight(table, settings, unused)
    if settings.split:
        unused[find_column(table, settings.split).name] = "the split column"
    unused |= {
        name: "left out by the user" for name, column in settings.columns.items() if column.kind == "ignore"
    }
    links = link_rows(_comparable(table, rows, settings, unused), group=group)
    return Reading(table, target, rows, group, time, weight, links, unused, fingerprint_table(table))


def refuse_unfit(target: Target, settings: Settings) -> None:
    """Refuse settings that the task does not have, before anything is trained.

    Raises:
        UsageError: a metric, costs or class weights that do not fit the task.
    """
    number = target.task is Task.REGRESSION
    if settings.metric != "auto" and (settings.metric in NUMBER_ONLY) != number:
        fitting = NUMBER_ONLY if number else CLASS_ONLY
        raise UsageError(
            f"metric {settings.metric!r} does not fit {target.name!r}, which is read as {target.task.value}",
            hint=f"metrics here are {', '.join(fitting)}",
        )
    if settings.metric == "f1" and target.task is not Task.BINARY:
        raise UsageError(
            f"metric 'f1' needs two classes, {target.name!r} has {len(target.classes)}", hint="try accuracy"
        )
    if settings.costs and target.task is not Task.BINARY:
        raise UsageError(
            f"costs need two classes, {target.name!r} is read as {target.task.value}", hint="leave them out"
        )
    if number and settings.class_weight != "none":
        raise UsageError(
            f"class weights need classes, {target.name!r} is read as regression", hint="leave them out"
        )


def read_parts(source: Any, settings: Settings) -> Table:  # noqa: ANN401 - a path or any data frame
    """Read the table with the user's own parts, if there are any."""
    how = {
        "header": settings.header,
        "delimiter": settings.delimiter,
        "encoding": settings.encoding,
        "sheet": settings.sheet,
    }
    table = read_table(source, **how)
    if settings.test or settings.validation:
        validation = read_table(settings.validation, **how) if settings.validation else None
        test = read_table(settings.test, **how) if settings.test else None
        table = join_parts(table, validation=validation, test=test)
    if settings.split:
        table = mark_parts(table, settings.split)
    for name in settings.subgroups:
        find_column(table, name)  # raises, naming the nearest column
    unknown = [
        name
        for name in settings.columns
        if all(name != column.name and not name.startswith(f"{column.name}/") for column in table.columns)
    ]
    for name in unknown:
        find_column(table, name)  # raises, naming the nearest column
    return table


def name_source(source: Any) -> str:  # noqa: ANN401 - a path or any data frame
    """Name what was read, for messages and folders.

    Example:
        >>> name_source("data/heart.csv")
        'heart.csv'
    """
    return Path(source).name if isinstance(source, str | Path) else "frame"


def _read_group(table: Table, settings: Settings, unused: dict[str, str]) -> IndexArray | None:
    if settings.group is None:
        return None
    name, pattern = parse_group_option(settings.group)
    raw = find_column(table, name)
    unused[raw.name] = "the group column"
    return read_groups(raw, pattern=pattern, lines=table.lines)


def _read_time(table: Table, settings: Settings, unused: dict[str, str]) -> DoubleArray | None:
    if settings.time is None:
        return None
    raw = find_column(table, settings.time)
    everything = np.arange(len(table.lines))
    spec = declare_column(raw, rows=everything, override=settings.columns.get(raw.name))
    if spec.kind not in (Kind.DATE, Kind.NUMBER):  # a count of days looks like an identifier
        spec = declare_column(raw, rows=everything, override=AS_NUMBER)
    typed = type_column(raw, spec)
    if spec.kind not in (Kind.DATE, Kind.NUMBER) or np.isnan(typed.values).any():
        bad = int(np.flatnonzero(np.isnan(typed.values))[0]) if len(typed.values) else 0
        raise DataError(
            f"time column {raw.name!r} was read as {spec.kind.value} and has no time in line {table.lines[bad]}",
            hint=f'name a column of dates or numbers, or set date_format under [columns."{raw.name}"] in heldout.toml',
        )
    unused[raw.name] = "the time column"
    return typed.values


def _read_weight(table: Table, settings: Settings, unused: dict[str, str]) -> DoubleArray | None:
    if settings.sample_weight is None:
        return None
    raw = find_column(table, settings.sample_weight)
    texts = np.array(raw.levels, dtype=object)
    weight = np.full(len(table.lines), np.nan)
    for code, text in enumerate(texts):
        weight[raw.codes == code] = _parse_weight(str(text))
    bad = np.flatnonzero(~((weight > 0) & np.isfinite(weight)))
    if len(bad):
        raise DataError(
            f"sample weight {raw.name!r} in line {table.lines[bad[0]]} is not a positive number",
            hint="every row needs a weight above 0",
        )
    unused[raw.name] = "the sample weight"
    return weight


def _parse_weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _comparable(table: Table, rows: IndexArray, settings: Settings, unused: dict[str, str]) -> tuple:
    """Give the raw columns by which rows are compared: features, without identifiers (they differ in every copy)."""
    specs = declare_columns(table, rows=rows, overrides=settings.columns, unused=unused)
    wanted = {spec.source or spec.name for spec in specs if spec.used and spec.kind is not Kind.IDENTIFIER}
    columns = tuple(column for column in table.columns if column.name in wanted)
    if not columns:
        reasons = "; ".join(f"{spec.name!r}: {unused.get(spec.name, spec.kind.value)}" for spec in specs[:8])
        raise DataError(
            f"no column is left to predict from ({reasons})",
            hint='say how to read a column, e.g. [columns."x"] kind = "category" in heldout.toml',
        )
    return columns


def is_test_part(table: Table) -> bool:
    """Whether the user declared test rows."""
    return table.part is not None and bool((table.part == PART_TEST).any())
