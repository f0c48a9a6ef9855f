"""Is a new table like the one the networks learned from? Columns by name, kinds, units, new categories."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass

import numpy as np
from scipy.special import betaincinv

from heldout.bundle.record import Limits
from heldout.errors import DataError
from heldout.recipe import FitRates
from heldout.records import BoolArray, Kind, RawColumn, Status, Table, TypedColumn

MIN_ROWS_FOR_SHIFT = 20
SHIFT_FACTOR = 2.0
NUMBERS = (Kind.NUMBER, Kind.DATE)


@dataclass(frozen=True)
class ColumnCount:
    """What became of the cells of one column, beside what its fit rows looked like.

    Args:
        name: column name.
        kind: what it is read as.
        n_rows: rows counted.
        missing: cells without a value.
        unparsed: cells that could not be read.
        unseen: cells in categories that no network was fitted on.
        outside: numbers outside the 1 % to 99 % range of the fit rows, by more than that range is wide.
        fit: the shares and quantiles of the fit rows.
    """

    name: str
    kind: Kind
    n_rows: int
    missing: int
    unparsed: int
    unseen: int
    outside: int
    fit: FitRates


@dataclass(frozen=True)
class CellFlags:
    """Which cells of one column need a word: bool [N] each, in row order."""

    missing: BoolArray
    unparsed: BoolArray
    outside: BoolArray
    censored: BoolArray


def match_columns(table: Table, names: tuple[str, ...]) -> tuple[RawColumn, ...]:
    """Find the columns by their exact names.

    A name that differs only in case is not taken silently: it may be another column. The message names it.

    Args:
        table: the new rows.
        names: the columns needed.

    Returns:
        The columns in the order of `names`.

    Raises:
        DataError: columns are missing; all of them are named, each with the nearest name in the table.

    Example:
        >>> column = RawColumn("Age", np.zeros(1, np.int32), ("41",))
        >>> match_columns(Table((column,), np.array([2]), "new.csv"), ("age",))
        Traceback (most recent call last):
        heldout.errors.DataError: new.csv: 1 column is missing: 'age' (there is 'Age', which differs in case or spaces)
          -> rename the columns; the file has 'Age'
    """
    by_name = {column.name: column for column in table.columns}
    absent = [name for name in names if name not in by_name]
    if not absent:
        return tuple(by_name[name] for name in names)
    described = ", ".join(_describe_absent(name, list(by_name)) for name in absent)
    count = "1 column is" if len(absent) == 1 else f"{len(absent)} columns are"
    present = ", ".join(repr(name) for name in list(by_name)[:30]) or "no columns"
    raise DataError(
        f"{table.source}: {count} missing: {described}",
        hint=f"rename the columns; the file has {present}" + (", ..." if len(by_name) > 30 else ""),
    )


def flag_cells(column: TypedColumn, rates: FitRates) -> CellFlags:
    """Flag the cells of one typed column.

    Args:
        column: the new cells.
        rates: what the fit rows looked like.

    Returns:
        Flags, bool [N] each.
    """
    status = column.status
    missing = np.isin(status, (Status.MISSING, Status.SENTINEL))
    unparsed = status == Status.UNPARSED
    outside = np.isin(status, (Status.CLIPPED, Status.OUT_OF_RANGE))
    if column.spec.kind in NUMBERS:
        readable = ~missing & ~unparsed
        unparsed = unparsed | (readable & np.isinf(column.values))
        missing = missing | (readable & np.isnan(column.values))
        if rates.low is not None and rates.high is not None and rates.high > rates.low:
            width = rates.high - rates.low
            far = (column.values < rates.low - width) | (column.values > rates.high + width)
            outside = outside | (far & ~missing & ~unparsed)
    censored = np.isin(status, (Status.CENSORED_BELOW, Status.CENSORED_ABOVE))
    return CellFlags(missing=missing, unparsed=unparsed, outside=outside, censored=censored)


def check_kind(raw: RawColumn, count: ColumnCount, flags: CellFlags, *, table: Table, limits: Limits) -> str:
    """Say why a column looks like one of another kind, or give an empty text.

    Refused when more cells than the limit cannot be read; a single odd cell among others is flagged, not refused.

    Args:
        raw: the cells as read.
        count: its counts.
        flags: its flags.
        table: for source and line numbers.
        limits: the bundle's limits.

    Returns:
        A sentence naming column, line and value, or "".
    """
    n_values = count.n_rows - count.missing
    limit = max(limits.max_unparsed, limits.warn_factor * count.fit.unparsed)
    lone = count.unparsed == 1 and n_values > 1
    if not count.unparsed or lone or count.unparsed <= limit * n_values:
        return ""
    first = int(np.flatnonzero(flags.unparsed)[0])
    text = raw.levels[raw.codes[first]] if raw.codes[first] >= 0 else ""
    return (
        f"column {count.name!r}: {count.unparsed} of {n_values} values cannot be read as {count.kind.value} "
        f"(limit {limit:.0%}, {count.fit.unparsed:.1%} where it was fitted), first {text[:60]!r} "
        f"in line {int(table.lines[first])}"
    )


def check_unit(column: TypedColumn, count: ColumnCount, flags: CellFlags) -> tuple[str, str]:
    """Notice numbers in another unit by their median.

    Refused when the median of at least 20 values lies outside the fit rows' 1 % to 99 % range and is at least
    twice or at most half the fit rows' median (kilograms against pounds: 2.2); outside by a smaller factor it is
    noted. Dates only move on, so they are noted.

    Args:
        column: the new cells.
        count: its counts.
        flags: its flags.

    Returns:
        (why it is refused or "", a note or "").
    """
    rates = count.fit
    if column.spec.kind not in NUMBERS or rates.low is None or rates.high is None or rates.median is None:
        return "", ""
    values = column.values[~flags.missing & ~flags.unparsed]
    if len(values) < MIN_ROWS_FOR_SHIFT or rates.low <= (median := float(np.median(values))) <= rates.high:
        return "", ""
    if column.spec.kind is Kind.DATE:
        days = (
            f"{np.datetime64(int(median), 'D')}, where it was fitted {np.datetime64(int(rates.median), 'D')}"
        )
        return "", f"column {count.name!r}: the middle date is {days}: outside what the networks know"
    sentence = (
        f"column {count.name!r}: the median is {median:.6g}, where it was fitted it is {rates.median:.6g} "
        f"(98 % between {rates.low:.6g} and {rates.high:.6g})"
    )
    if _is_large_factor(median, rates.median, rates.high - rates.low):
        return sentence + ": another unit?", ""
    return "", sentence + ": outside what the networks know"


def check_unseen(count: ColumnCount, limits: Limits) -> str:
    """Say why a column holds too many new categories, or give an empty text.

    Args:
        count: its counts; fewer than 20 values are flagged row by row and never refused.
        limits: the bundle's limits.
    """
    n_values = count.n_rows - count.missing
    limit = max(limits.max_unseen, limits.warn_factor * count.fit.unseen)
    if n_values < MIN_ROWS_FOR_SHIFT or count.unseen <= limit * n_values:
        return ""
    return (
        f"column {count.name!r}: {count.unseen} of {n_values} values are categories that were never fitted "
        f"(limit {limit:.0%}, {count.fit.unseen:.1%} expected)"
    )


def note_rates(count: ColumnCount, limits: Limits) -> tuple[str, ...]:
    """Note shares that have clearly grown: above the warning factor and beyond chance (exact 95 % bound).

    Args:
        count: counts of one column.
        limits: for the warning factor.

    Returns:
        One sentence per share that has grown.

    Source:
        Clopper and Pearson 1934, "The use of confidence or fiducial limits illustrated in the case of the binomial".

    Example:
        >>> fit = FitRates(missing=0.01, unseen=0.0, unparsed=0.0)
        >>> note_rates(ColumnCount("age", Kind.NUMBER, 100, 30, 0, 0, 0, fit), Limits())
        ("column 'age': 30 of 100 cells are missing (1.0% where it was fitted)",)
        >>> note_rates(ColumnCount("age", Kind.NUMBER, 100, 1, 0, 0, 0, fit), Limits())
        ()
    """
    n_values = count.n_rows - count.missing
    parts = (
        ("missing", count.missing, count.n_rows, count.fit.missing, "cells are missing"),
        ("unparsed", count.unparsed, n_values, count.fit.unparsed, "values cannot be read"),
        ("unseen", count.unseen, n_values, count.fit.unseen, "values are categories that were never fitted"),
    )
    notes = []
    for _, found, total, known, words in parts:
        if found and found > limits.warn_factor * known * total and _lower_bound(found, total) > known:
            notes.append(
                f"column {count.name!r}: {found} of {total} {words} ({known:.1%} where it was fitted)"
            )
    return tuple(notes)


def _lower_bound(found: int, total: int) -> float:
    return float(betaincinv(found, total - found + 1, 0.025))


def _is_large_factor(median: float, fitted: float, width: float) -> bool:
    if median == 0 or fitted == 0 or (median > 0) != (fitted > 0):
        return abs(median - fitted) > width
    ratio = median / fitted
    return ratio >= SHIFT_FACTOR or ratio <= 1 / SHIFT_FACTOR


def _describe_absent(name: str, present: list[str]) -> str:
    folded = {_fold(other): other for other in present}
    if _fold(name) in folded:
        return f"{name!r} (there is {folded[_fold(name)]!r}, which differs in case or spaces)"
    close = difflib.get_close_matches(name[:200], [other[:200] for other in present], n=1, cutoff=0.6)
    return f"{name!r} (nearest: {close[0]!r})" if close else repr(name)


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
