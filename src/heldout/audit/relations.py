"""Is a column computed from others? Such columns say nothing new, and one of them may hold the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.audit.input import AuditInput, cut_findings, list_features, make_rng, pass_check
from heldout.records import DoubleArray, Finding, IndexArray, Kind, Severity, TypedColumn
from heldout.toml_lines import paste_column

MOST_COLUMNS = 200
N_PROBE, MOST_ROWS = 24, 20_000
MOST_LISTED = 20
FEWEST_PER_LEVEL = 3.0
EXACT = 1e-6  # relative: sums written with a few decimals agree to that only, see `_agrees`


@dataclass(frozen=True)
class Relation:
    """One column as a function of others.

    Args:
        column: the computed one.
        formula: how, e.g. "'a' + 'b'".
        sources: the columns it is computed from.
    """

    column: str
    formula: str
    sources: tuple[str, ...]


def check_relations(data: AuditInput) -> tuple[Finding, ...]:
    """Columns that are sums, differences, products, ratios or groupings of other columns.

    Args:
        data: the audit's input.

    Returns:
        HO218, one finding per relation.
    """
    title = "functions of other columns"
    columns = [column for column in list_features(data) if column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE)]
    rows = data.rows
    if len(rows) > MOST_ROWS:
        rows = np.sort(make_rng(data, "relations").choice(rows, MOST_ROWS, replace=False))
    found = [*find_arithmetic(columns, rows), *find_groupings(columns, rows)]
    if not found:
        return (pass_check("HO218", title, f"none among {len(columns)} feature columns"),)
    findings = [
        Finding(
            "HO218",
            "function of other columns",
            Severity.INFO,
            f"column {item.column!r} is {item.formula} in {len(rows)} development rows",
            column=item.column,
            rows=len(rows),
            action=f"kept; it says nothing new: {paste_column(item.column, 'kind', 'ignore')} leaves it out",
        )
        for item in found
    ]
    return cut_findings(findings, MOST_LISTED)


def find_arithmetic(columns: list[TypedColumn], rows: IndexArray) -> list[Relation]:
    """Number columns that are a sum, difference, product or ratio of two others, to the written digits.

    Args:
        columns: features; only numbers without missing cells are tried.
        rows: int64 positions.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> nothing, rows = np.zeros(0, np.int32), np.arange(50)
        >>> a, b = rows**2.0, rows[::-1] + 3.0
        >>> columns = [
        ...     TypedColumn(ColumnSpec(name, Kind.NUMBER, ""), np.zeros(50, np.uint8), values, nothing)
        ...     for name, values in (("a", a), ("b", b), ("c", a + b))
        ... ]
        >>> [item.formula for item in find_arithmetic(columns, rows)]
        ["'a' + 'b'"]
    """
    numbers = [
        column
        for column in columns
        if column.spec.kind is Kind.NUMBER
        and np.isfinite(column.values[rows]).all()
        and len(np.unique(column.values[rows])) > 2
    ][:MOST_COLUMNS]
    if len(numbers) < 3 or len(rows) < N_PROBE:
        return []
    table = np.stack([column.values[rows] for column in numbers])
    found = {}
    for total, first, second, sign in [*_find_sums(table), *_find_products(table)]:
        trio = frozenset((total, first, second))
        if trio in found:  # a + b = c is also c - b = a: the sum is told, once
            continue
        names = [numbers[place].spec.name for place in (total, first, second)]
        found[trio] = Relation(names[0], f"{names[1]!r} {sign} {names[2]!r}", (names[1], names[2]))
    return list(found.values())


def find_groupings(columns: list[TypedColumn], rows: IndexArray) -> list[Relation]:
    """Category columns that follow from another category column with more values (a code and its heading).

    Args:
        columns: features; only categories with several rows per value are tried.
        rows: int64 positions.
    """
    codes: dict[str, IndexArray] = {}
    for column in columns:
        if column.spec.kind is Kind.CATEGORY:
            cells = column.codes[rows].astype(np.int64) + 1
            n_values = len(np.unique(cells))
            if n_values >= 3 and len(rows) >= FEWEST_PER_LEVEL * n_values:
                codes[column.spec.name] = cells
    found = []
    counts = {name: len(np.unique(cells)) for name, cells in codes.items()}
    for coarse in codes:
        finer = [name for name in codes if name != coarse and counts[name] > counts[coarse]]
        for fine in sorted(finer, key=lambda name: counts[name]):
            pairs = codes[fine] * (int(codes[coarse].max()) + 1) + codes[coarse]
            if len(np.unique(pairs)) == counts[fine]:
                found.append(Relation(coarse, f"a grouping of {fine!r}", (fine,)))
                break
    return found


def _find_sums(table: DoubleArray) -> list[tuple[int, int, int, str]]:
    found = []
    for total, first, second in _search(table):
        if _agrees(table[first] + table[second], table[total]):
            found.append((total, first, second, "+"))
    return found


def _find_products(table: DoubleArray) -> list[tuple[int, int, int, str]]:
    """Products are sums of logarithms; a ratio is a product solved for a factor."""
    positive = np.flatnonzero((table > 0).all(axis=1))
    if len(positive) < 3:
        return []
    found = []
    for total, first, second in _search(np.log(table[positive])):
        total, first, second = int(positive[total]), int(positive[first]), int(positive[second])
        if _agrees(table[first] * table[second], table[total]):
            found.append((total, first, second, "*"))
        elif _agrees(table[total] / table[first], table[second]):
            found.append((second, total, first, "/"))
    return found


def _search(table: DoubleArray) -> list[tuple[int, int, int]]:
    """Triples that fit roughly on a few rows, so that the whole comparison is needed for almost none."""
    probe = np.unique(np.linspace(0, table.shape[1] - 1, N_PROBE).astype(np.int64))
    small = table[:, probe]
    spread = table.std(axis=1)
    found = []
    for total in range(len(small)):
        reach = 0.02 * spread[total]
        for first in range(len(small)):
            if first == total:
                continue
            fits = (np.abs(small[total] - small[first] - small) <= reach).all(axis=1)
            found += [
                (total, first, int(second))
                for second in np.flatnonzero(fits)
                if second > first and second != total
            ]
    return found


def _agrees(made: DoubleArray, given: DoubleArray) -> bool:
    """Equal to the digits in which the column is written, at which rounding of its parts may add one unit."""
    apart = np.abs(made - given)
    if (apart <= EXACT * np.maximum(np.abs(given), 1e-300) + 1e-12 * np.abs(given).max()).all():
        return True
    step = _find_step(given)
    return step > 0 and bool((apart <= 1.01 * step).all()) and given.std() > 50 * step


def _find_step(values: DoubleArray) -> float:
    """The last decimal in which all values are written, or 0."""
    for digits in range(7):
        if np.allclose(values, np.round(values, digits), rtol=0, atol=1e-9 * max(1.0, np.abs(values).max())):
            return 10.0**-digits
    return 0.0
