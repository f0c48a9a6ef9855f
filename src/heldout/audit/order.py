"""Do rows stand in an order that tells the target, and is there a time that a random split would ignore?"""

from __future__ import annotations

import re
import shlex

import numpy as np
from scipy import stats

from heldout.audit.families import split_name
from heldout.audit.input import (
    AuditInput,
    is_classification,
    keep_lone_rows,
    list_some,
    map_raws,
    name_some,
    pass_check,
    skip_check,
)
from heldout.records import DoubleArray, Finding, IndexArray, Kind, RawColumn, RowSet, Severity, TypedColumn
from heldout.sources import describe_columns

N_BLOCKS = 20
FEWEST_PER_BLOCK = 5
LEVEL = 0.001  # one test per table; a sorted table is beyond any doubt
TIME_WORDS = frozenset(
    [
        "date",
        "datetime",
        "timestamp",
        "time",
        "year",
        "month",
        "day",
        "jahr",
        "datum",
        "fecha",
        "hour",
        "yr",
        "dt",
    ]
)
NO_TIME_WORDS = frozenset(
    ["in", "to", "since", "per", "of", "until", "between", "survival", "reaction", "duration"]
)
FIRST_YEAR, LAST_YEAR = 1800, 2200
_OFFSET = re.compile(
    r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?\s*(Z|UTC|GMT|[A-Z]{3,4}|[+-]\d{2}:?\d{2}|[+-]\d{2})?\s*$"
)
MOST_LEVELS = 50_000


def check_order(data: AuditInput) -> tuple[Finding, ...]:
    """Row order, columns of time, and mixed time zones.

    Args:
        data: the audit's input.

    Returns:
        HO219 (row order), HO225 (columns of time) and HO228 (time zones).
    """
    return _report_order(data), _report_time(data), _report_zones(data)


def compare_blocks(values: DoubleArray, *, classes: bool) -> float:
    """Probability of so different blocks of consecutive rows if their order said nothing.

    Args:
        values: float64 [N] in the order of the rows; class index or number.
        classes: True for classes.

    Returns:
        p of Pearson's chi-square (classes) or of Kruskal and Wallis (numbers) over up to 20 blocks.

    Example:
        >>> compare_blocks(np.repeat([0.0, 1.0], 100), classes=True) < 1e-9
        True
    """
    n_blocks = int(min(N_BLOCKS, len(values) // (2 * FEWEST_PER_BLOCK)))
    if n_blocks < 2 or len(np.unique(values)) < 2:
        return 1.0
    block = np.arange(len(values)) * n_blocks // len(values)
    if not classes:
        return float(np.asarray(stats.kruskal(*[values[block == k] for k in range(n_blocks)]))[1])
    names, codes = np.unique(values, return_inverse=True)
    table = np.zeros((n_blocks, len(names)))
    np.add.at(table, (block, codes.reshape(-1)), 1)
    # Rare classes are taken together so that the chi-square distribution holds.
    rare = table.sum(axis=0) < FEWEST_PER_BLOCK * n_blocks
    if rare.sum() > 1:
        table = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)])
    if table.shape[1] < 2 or table.sum(axis=0).min() < n_blocks:
        return 1.0
    return float(np.asarray(stats.chi2_contingency(table)[1]))


def _report_order(data: AuditInput) -> Finding:
    title = "target follows the order of rows"
    if data.split.ordered:
        return skip_check("HO219", title, "the split follows time")
    if data.group:
        # Rows of one group often stand together and share a target: blocks differ by that alone.
        return skip_check("HO219", title, "rows of one group were declared; they stand together")
    if describe_columns(data.table):
        return skip_check("HO219", title, "examples stand in the order of their files, often sorted by class")
    values = data.target.values[keep_lone_rows(data)]
    p_value = compare_blocks(values, classes=is_classification(data))
    if p_value > LEVEL:
        looked = f"blocks of consecutive rows do not differ (p = {p_value:.2g}, {len(values)} rows)"
        return pass_check("HO219", title, looked)
    return Finding(
        "HO219",
        title,
        Severity.WARNING,
        f"the target differs between blocks of consecutive rows (p = {p_value:.2g}): the table is sorted, or it was "
        "put together from several sources",
        column=data.target.name,
        rows=len(values),
        action="say which column holds the source or the time (--group, --time); never use the row number as a feature",
    )


def _report_time(data: AuditInput) -> Finding:
    title = "columns of time"
    if data.split.ordered:
        return pass_check("HO225", title, "the split follows time")
    found = [column for column in data.columns if is_time(column) and column.spec.name != data.target.name]
    if not found:
        return pass_check("HO225", title, f"no column of dates or years among {len(data.columns)}")
    first = found[0]
    p_value = _compare_along(data, first)
    drifts = f"; the target changes along it (p = {p_value:.2g})" if p_value <= LEVEL else ""
    names = name_some([column.spec.name for column in found], 5)
    return Finding(
        "HO225",
        title,
        Severity.WARNING if p_value <= LEVEL else Severity.INFO,
        f"{names}: rows have a time, and they were split at random: rows after a fit row help to predict it{drifts}",
        column=first.spec.name,
        rows=len(data.rows),
        action=f"if the future is to be predicted: --time {shlex.quote(first.spec.name)}",
    )


def is_time(column: TypedColumn) -> bool:
    """Tell whether a column says when a row was made: a date, or whole years under such a name.

    Args:
        column: a typed column.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("year_first_hired", Kind.NUMBER, "")
        >>> is_time(TypedColumn(spec, np.zeros(2, np.uint8), np.array([1999.0, 2010.0]), np.zeros(0, np.int32)))
        True
    """
    if column.spec.kind is Kind.DATE:
        return True
    words = set(split_name(column.spec.name))
    if column.spec.kind is not Kind.NUMBER or not words & {"year", "yr", "jahr"} or words & NO_TIME_WORDS:
        return False
    values = column.values[np.isfinite(column.values)]
    return len(values) > 0 and bool(
        (values >= FIRST_YEAR).all() and (values <= LAST_YEAR).all() and (values == np.round(values)).all()
    )


def _compare_along(data: AuditInput, column: TypedColumn) -> float:
    times = column.values[data.rows]
    known = np.isfinite(times)
    order = np.argsort(times[known], kind="stable")
    return compare_blocks(data.target.values[data.rows][known][order], classes=is_classification(data))


def find_zones(raw: RawColumn, rows: IndexArray) -> dict[str, int]:
    """Rows per time zone or offset written behind a time of day; "" for times without one.

    Args:
        raw: cells as read.
        rows: int64 positions.

    Example:
        >>> raw = RawColumn("t", np.array([0, 1, 1], np.int32), ("2020-01-01 10:00Z", "2020-01-01 10:00+02:00"))
        >>> find_zones(raw, np.arange(3))
        {'Z': 1, '+02:00': 2}
    """
    return {zone: len(places) for zone, places in _place_zones(raw, rows).items()}


def _place_zones(raw: RawColumn, rows: IndexArray) -> dict[str, IndexArray]:
    """Positions of the rows of each zone."""
    asked = _limit_rows(raw, rows)
    codes = raw.codes[asked]
    zone_of: dict[int, str] = {}
    for code in np.unique(codes[codes >= 0]).tolist():
        match = _OFFSET.search(raw.levels[code].strip())
        if match is not None:
            zone = match.group(1) or ""
            zone_of[code] = "" if zone in ("AM", "PM") else zone
    zones = dict.fromkeys(zone_of.values())
    return {
        zone: asked[np.isin(codes, [code for code, own in zone_of.items() if own == zone])] for zone in zones
    }


def _limit_rows(raw: RawColumn, rows: IndexArray) -> IndexArray:
    """The rows whose zones are looked for: all, or the first of a column in which nearly every cell differs."""
    return rows if len(raw.levels) <= MOST_LEVELS else rows[:MOST_LEVELS]


def _report_zones(data: AuditInput) -> Finding:
    title = "time zones"
    raws = map_raws(data)
    wanted = {column.spec.source or column.spec.name for column in data.columns}
    mixed = []
    for name in sorted(wanted & set(raws)):
        if name == data.target.name or not _speaks_of_time(data, name):
            continue
        zones = _place_zones(raws[name], data.rows)
        if len(zones) > 1:
            mixed.append((name, zones))
    if not mixed:
        return pass_check("HO228", title, "no column holds times of several zones")
    name, zones = mixed[0]
    ordered = sorted(zones.items(), key=lambda z: -len(z[1]))
    listed = list_some([f"{zone or 'none written'} {len(rows)}" for zone, rows in ordered], 8)
    others = np.sort(np.concatenate([rows for _, rows in ordered[1:]]))
    looked_at = _limit_rows(raws[name], data.rows)
    among = f" in the first {len(looked_at):,} rows" if len(looked_at) < len(data.rows) else ""
    return Finding(
        "HO228",
        "several time zones in one column",
        Severity.WARNING,
        f"column {name!r} holds times of several zones{among}: {listed}; hours of the day cannot be compared",
        column=name,
        rows=len(others),
        where=RowSet(others, looked_at=looked_at),
        action="write all times in one zone; summer time changes the offset of one place twice a year",
    )


def _speaks_of_time(data: AuditInput, name: str) -> bool:
    if set(split_name(name)) & TIME_WORDS:
        return True
    return any(
        column.spec.kind is Kind.DATE and name in (column.spec.name, column.spec.source)
        for column in data.columns
    )
