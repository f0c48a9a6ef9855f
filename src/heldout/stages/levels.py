"""The groups of one property: values of a column in the users' own words, numbers and dates in bins."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

from heldout.records import CodeArray, DoubleArray, IndexArray, Kind, TypedColumn

N_BINS, MORE_BINS, ROWS_FOR_MORE_BINS = 4, 6, 2000
MOST_VALUES = 6  # a number with so few different values is taken value by value
YEAR_ONE, YEAR_LAST = -719162.0, 2932896.0  # days of the years 1 and 9999: what a calendar can write
Levels = tuple[CodeArray, tuple[str, ...]]


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


def group_column(column: TypedColumn, development: IndexArray, *, asked: bool) -> Levels | None:
    """Give the groups into which the values of a column put all rows.

    Args:
        column: typed.
        development: int64, rows from which bins of numbers come.
        asked: True where the user asked about it; an identifier is a group only then.

    Returns:
        int32 [N] codes, -1 without a value, and the names; None for texts and sequences.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("sex", Kind.CATEGORY, "")
        >>> sex = TypedColumn(spec, np.zeros(2, np.uint8), np.zeros(0), np.array([0, 1], np.int32), ("f", "m"))
        >>> group_column(sex, np.arange(2), asked=False)[1]
        ('sex = f', 'sex = m')
    """
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
