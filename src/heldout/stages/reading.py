"""First stage: what was given becomes a table, a target and units of rows that stay together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from heldout.audit.input import name_some
from heldout.cells import declare_column, declare_columns, read_target, type_column
from heldout.counts import count_things
from heldout.errors import DataError, UsageError
from heldout.homologs import join_homologs
from heldout.links import Links, link_rows, parse_group_option, read_groups
from heldout.near_copies import join_near
from heldout.records import (
    ArrayPolicy,
    DoubleArray,
    IndexArray,
    Kind,
    RawColumn,
    Table,
    Target,
    Task,
)
from heldout.settings import ColumnSettings, Settings
from heldout.sources import (
    Request,
    describe_columns,
    find_column,
    find_label,
    find_rows,
    find_split_column,
    fingerprint_table,
    hash_rows,
    join_parts,
    mark_parts,
    read_table,
)
from heldout.split import MINIMUM_ROWS
from heldout.spreadsheet import find_spreadsheet
from heldout.stages.near_rows import join_near_rows, pair_parts
from heldout.toml_lines import paste_column

MOST_NAMED = 30  # columns of a refusal: nobody reads more

NUMBER_ONLY = ("rmse", "mae", "r2")
CLASS_ONLY = ("accuracy", "balanced_accuracy", "auc", "f1", "logloss")
ORDER_ONLY = ("quadratic_kappa", "rank_error")
FITTING_METRICS = {
    Task.BINARY: CLASS_ONLY,
    Task.MULTICLASS: tuple(name for name in CLASS_ONLY if name != "f1"),
    Task.MULTILABEL: ("label_accuracy", "exact_match", "micro_f1", "auc", "logloss"),
    Task.REGRESSION: NUMBER_ONLY,
}
TASK_OF_KIND = {"set": "multilabel", "category": "classification"}
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


def read_data(source: Any, settings: Settings, *, cache: Path | None = None) -> Reading:  # noqa: ANN401 - a path or any data frame
    """Read the data and find what must stay together.

    Args:
        source: path or frame.
        settings: target, group, time, parts and how to read.
        cache: folder for decoded pictures, or None to keep them in memory.

    Raises:
        DataError: the data cannot be read, or a named column is not there.
        UsageError: no target was named, and none can be told from the data.
    """
    return link_table(read_parts(source, settings, cache=cache), settings)


def link_table(table: Table, settings: Settings) -> Reading:
    """Read the target, groups and times of a table, and find what must stay together.

    Args:
        table: from `read_parts`.
        settings: target, group, time and how columns are read.

    Raises:
        DataError: too few rows, or a named column is not there or not what it was said to be.
        UsageError: no target was named, and none can be told from the data.
    """
    if len(table.lines) < MINIMUM_ROWS:
        n_rows = f"{len(table.lines)} row" + "s" * (len(table.lines) != 1)
        raise DataError(
            f"{table.source} has {n_rows}; a study needs at least {MINIMUM_ROWS}", hint="collect more rows"
        )
    table, name = choose_target(table, settings)
    if not name:
        names = name_some([column.name for column in table.columns], MOST_NAMED)
        raise UsageError("no target column was named", hint=f"say --target COLUMN, one of: {names}")
    raw = find_column(table, name)
    target = read_target(
        raw,
        task=_name_task(raw.name, settings),
        target_map=settings.target_map or None,
        order=settings.target_order,
        lines=table.lines,
        override=settings.columns.get(raw.name),
    )
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
    unused = {name: "the target"}
    group = _read_group(table, settings, unused)
    time = _read_time(table, settings, unused)
    weight = _read_weight(table, settings, unused)
    if split := settings.split or _find_split(table, settings):
        unused[find_column(table, split).name] = "the split column"
    unused |= {
        name: "left out by the user" for name, column in settings.columns.items() if column.kind == "ignore"
    }
    unused = {**_list_descriptions(table, settings), **unused}
    digests = tuple(hash_rows(array) for array in table.arrays)
    columns, sequences, texts = _comparable(table, rows, settings, unused)
    links = link_rows(columns, examples=digests, group=group)
    links = join_homologs(links, sequences, accession=_find_accession(table, unused) if sequences else None)
    links = join_near(links, table.arrays, texts)
    if settings.keep_near_rows:
        links = join_near_rows(links, table, settings, unused)
    links = pair_parts(links, table, columns, settings, unused)
    return Reading(table, target, rows, group, time, weight, links, unused, fingerprint_table(table))


def _name_task(target: str, settings: Settings) -> str:
    """Give the task that was asked for: by its name, or by the kind of the target's column."""
    column = settings.columns.get(target)
    if settings.task != "auto" or settings.target_order or column is None or column.kind is None:
        return settings.task
    return TASK_OF_KIND.get(column.kind, "auto")


def refuse_unfit(target: Target, settings: Settings) -> None:
    """Refuse settings that the task does not have, before anything is trained.

    Raises:
        UsageError: a metric, costs or class weights that do not fit the task.
    """
    number = target.task is Task.REGRESSION
    fitting = (*FITTING_METRICS[target.task], *(ORDER_ONLY if target.ordered else ()))
    if settings.metric != "auto" and settings.metric not in fitting:
        read = f"{'ordinal' if target.ordered else target.task.value} with {len(target.classes)} classes or labels"
        raise UsageError(
            f"metric {settings.metric!r} does not fit {target.name!r}, which is read as "
            f"{target.task.value if number else read}",
            hint=f"metrics here are {', '.join(fitting)}",
        )
    if settings.costs and target.task is not Task.BINARY:
        raise UsageError(
            f"costs need two classes, {target.name!r} is read as {target.task.value}", hint="leave them out"
        )
    has_weights = target.task in (Task.BINARY, Task.MULTICLASS) and not target.ordered
    if not has_weights and settings.class_weight != "none":
        read = "ordinal" if target.ordered else target.task.value
        raise UsageError(
            f"class weights need classes, {target.name!r} is read as {read}", hint="leave them out"
        )


def read_parts(source: Any, settings: Settings, *, cache: Path | None = None) -> Table:  # noqa: ANN401 - a path or any data frame
    """Read the table with the user's own parts, if there are any.

    Validation and test files are read by the policies of the first part, so that their pictures have its size. A
    column that can only be the split is taken for it.

    Args:
        source: path or frame.
        settings: parts and how to read.
        cache: folder for decoded pictures, or None to keep them in memory.
    """
    request = _make_request(settings, cache=cache)
    table = _read(source, settings, request)
    if settings.test or settings.validation:
        policies = tuple(array.policy for array in table.arrays)
        request = replace(request, policies=policies, is_fixed=True)
        validation = _read(settings.validation, settings, request) if settings.validation else None
        test = _read(settings.test, settings, request) if settings.test else None
        optional = set(_list_descriptions(table, settings)) - {name_column(table, settings.target)}
        table = join_parts(table, validation=validation, test=test, optional=optional)
    if settings.split:
        table = mark_parts(table, settings.split)
    elif table.part is None and (column := _find_split(table, settings)):
        told = f"{table.source}: the column {column!r} declares the parts (train, validation, test)"
        table = replace(mark_parts(table, column), notes=(*table.notes, told))
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


def read_new(source: Any, settings: Settings, policies: tuple[ArrayPolicy, ...]) -> Table:  # noqa: ANN401 - a path or any data frame
    """Read new rows the way an earlier study read its own.

    Args:
        source: path or frame.
        settings: how to read.
        policies: of the study's pictures and signals; none means that it had none.

    Raises:
        DataError: the rows cannot be read, or lack the pictures or signals that the study had.
    """
    table = _read(source, settings, replace(_make_request(settings), policies=policies, is_fixed=True))
    lacking = Counter(policy.kind for policy in policies) - Counter(array.kind for array in table.arrays)
    if lacking and len(table.lines):
        kind = next(iter(lacking))
        policy = next(policy for policy in policies if policy.kind is kind)
        size = f"{policy.height} x {policy.width} pixels" if policy.height else f"{policy.length} points"
        raise DataError(
            f"{table.source} holds no {kind} where the network needs one of {size}",
            hint="give data of the kind it was trained on"
            + (", or say where the pictures lie with --images FOLDER" if kind is Kind.PICTURE else ""),
        )
    return table


def _read(source: Any, settings: Settings, request: Request) -> Table:  # noqa: ANN401 - a path or any data frame
    return read_table(
        source,
        header=settings.header,
        delimiter=settings.delimiter,
        encoding=settings.encoding,
        sheet=settings.sheet,
        request=request,
    )


def _make_request(settings: Settings, *, cache: Path | None = None) -> Request:
    """Give what the settings say about examples; columns that they name never become part of a signal."""
    group = None if settings.group is None else parse_group_option(settings.group)[0]
    named = (settings.target, group, settings.time, settings.split, settings.sample_weight)
    return Request(
        label_pattern=settings.label_pattern or "",
        cache=cache,
        side=settings.side,
        hdu=settings.hdu or "",
        labels=Path(settings.labels) if settings.labels else None,
        key=settings.key or "",
        images=Path(settings.images) if settings.images else None,
        declared=(*filter(None, named), *settings.subgroups),
        kept=tuple(settings.columns),
    )


def choose_target(table: Table, settings: Settings) -> tuple[Table, str]:
    """Give the target that was named, else the label of examples, said in a note; "" where neither is there.

    Args:
        table: the rows as read.
        settings: the target, if one was named; a keyword of the headers of files may be named alone.
    """
    if settings.target:
        return table, name_column(table, settings.target)
    name = find_label(table)
    if not name:
        return table, ""
    told = f"{table.source}: no target was named; it is the label of the examples, the column {name!r}"
    return replace(table, notes=(*table.notes, told)), name


def name_column(table: Table, name: str) -> str:
    """Give the column that a name means: itself, or the keyword of the files' headers, which stands as `header/KEY`.

    Example:
        >>> from heldout.sources import encode_cells
        >>> table = Table((encode_cells("header/CLASS", ["STAR"]),), np.array([1]), "sky")
        >>> name_column(table, "CLASS"), name_column(table, "FILTER")
        ('header/CLASS', 'FILTER')
    """
    names = {column.name for column in table.columns}
    return f"header/{name}" if name not in names and f"header/{name}" in names else name


def name_source(source: Any) -> str:  # noqa: ANN401 - a path or any data frame
    """Name what was read, for messages and folders.

    Example:
        >>> name_source("data/heart.csv"), name_source("data/photos/")
        ('heart.csv', 'photos')
    """
    if not isinstance(source, str | Path):
        return "frame"
    name = Path(source).name
    return name if name not in ("", "..") else Path(source).resolve().name


def _read_group(table: Table, settings: Settings, unused: dict[str, str]) -> IndexArray | None:
    if settings.group is None:
        return None
    name, pattern = parse_group_option(settings.group)
    raw = find_column(table, name)
    unused[raw.name] = "the group column"
    said = settings.columns.get(raw.name)
    if said is None or said.kind is None:
        _refuse_merged(raw, table)
    return read_groups(raw, pattern=pattern, lines=table.lines)


def _refuse_merged(raw: RawColumn, table: Table) -> None:
    """Refuse groups that a spreadsheet changed: rounded keys make one person of several, silently.

    Raises:
        DataError: with the first cell and its line.
    """
    for trace in find_spreadsheet(raw.levels):
        rows = find_rows(raw, trace)
        if len(rows):
            raise DataError(
                f"group column {raw.name!r} of {table.source}, line {table.lines[rows[0]]}: {trace.texts[0]!r} looks "
                f"like {trace.what} ({count_things(len(rows), 'cell')}), so that the groups may be wrong",
                hint="take the column from the original file; if its cells are right as they stand, say so in "
                f"heldout.toml: {paste_column(raw.name, 'kind', 'identifier')}",
            )


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
        cell = raw.levels[raw.codes[bad]].strip() if raw.codes[bad] >= 0 else ""
        what = f"{cell[:60]!r} is neither a date nor a number" if cell else "there is no value"
        raise DataError(
            f"time column {raw.name!r}, line {table.lines[bad]}: {what}, so that the rows cannot be put in order",
            hint=f"name a column of dates or numbers, or say how its dates are written in heldout.toml: "
            f"{paste_column(raw.name, 'date_format', '%d.%m.%Y')}",
        )
    unused[raw.name] = "the time column"
    return typed.values


def _read_weight(table: Table, settings: Settings, unused: dict[str, str]) -> DoubleArray | None:
    if settings.sample_weight is None:
        return None
    raw = find_column(table, settings.sample_weight)
    # Read as any column of numbers is: decimal commas, thousands, units, and what the user says of it.
    given = settings.columns.get(raw.name)
    spec = declare_column(raw, rows=np.arange(len(table.lines)), override=given)
    if spec.kind is not Kind.NUMBER:
        asked = given.model_copy(update={"kind": "number"}) if given is not None else AS_NUMBER
        spec = declare_column(raw, rows=np.arange(len(table.lines)), override=asked)
    weight = type_column(raw, spec).values
    bad = np.flatnonzero(~((weight > 0) & np.isfinite(weight)))
    if len(bad):
        raise DataError(
            f"sample weight {raw.name!r} in line {table.lines[bad[0]]} is not a positive number",
            hint="every row needs a weight above 0",
        )
    unused[raw.name] = "the sample weight"
    return weight


def _find_split(table: Table, settings: Settings) -> str:
    return find_split_column(table, skipped=(settings.target, *settings.columns))


def _list_descriptions(table: Table, settings: Settings) -> dict[str, str]:
    """Columns that say where an example comes from, without those of which the user says how to read them."""
    asked = {name for name, column in settings.columns.items() if column.kind is not None}
    return {name: what for name, what in describe_columns(table).items() if name not in asked}


def _find_accession(table: Table, unused: dict[str, str]) -> RawColumn | None:
    """The column of accessions whose ranges are records, where it has no other use."""
    name = "accession"
    told = describe_columns(table).get(name)
    return find_column(table, name) if told is not None and unused.get(name) == told else None


def _comparable(
    table: Table, rows: IndexArray, settings: Settings, unused: dict[str, str]
) -> tuple[tuple[RawColumn, ...], tuple[RawColumn, ...], tuple[RawColumn, ...]]:
    """Give the raw columns by which rows are compared, and those of them that hold sequences, and texts.

    They are features, without identifiers (they differ in every copy).
    """
    specs = declare_columns(table, rows=rows, overrides=settings.columns, unused=unused)
    wanted = {spec.source or spec.name for spec in specs if spec.used and spec.kind is not Kind.IDENTIFIER}
    columns = tuple(column for column in table.columns if column.name in wanted)
    if not columns and not table.arrays:
        reasons = "; ".join(f"{spec.name!r}: {unused.get(spec.name, spec.kind.value)}" for spec in specs[:8])
        raise DataError(
            f"no column is left to predict from ({reasons})",
            hint="say how to read a column, e.g. in heldout.toml: "
            f"{paste_column(specs[0].name if specs else 'x', 'kind', 'category')}",
        )
    kinds = {spec.name: spec.kind for spec in specs if spec.used}
    sequences, texts = (
        tuple(column for column in columns if kinds.get(column.name) is kind)
        for kind in (Kind.SEQUENCE, Kind.TEXT)
    )
    return columns, sequences, texts
