"""Which single cells look like slips of the pen? Ranked for a look, never changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.audit.input import AuditInput, list_features, make_rng, pass_check, skip_check
from heldout.counts import count_things
from heldout.records import DoubleArray, Finding, IndexArray, Kind, RowSet, Severity, TypedColumn

# Six standard deviations after the transform that makes a column most even; a normal column of 100,000 rows gets
# there once in 5,000 (two-sided), and 8 is the line for columns whose tails are not normal after it.
FAR = 8.0
MOST_LISTED, MOST_COLUMNS = 10, 400
FEWEST_DISTINCT = 12
MOST_ROWS = 20_000
RIDGE = 1.0


@dataclass(frozen=True)
class WildCell:
    """A cell that stands far from what its column, and the rest of its row, let expect.

    Args:
        column: its name.
        row: position.
        value: the number there.
        distance: robust standard deviations.
    """

    column: str
    row: int
    value: float
    distance: float


def check_wild(data: AuditInput) -> tuple[Finding, ...]:
    """Cells that look like entry errors: far out in an evened column.

    Args:
        data: the audit's input.

    Returns:
        HO229.
    """
    title = "cells that look like entry errors"
    numbers = pick_numbers(data)
    if not numbers:
        return (skip_check("HO229", title, "there is no column of numbers with many values"),)
    found = [cell for cell in rank_cells(numbers, data.rows, make_rng(data, "wild")) if cell.distance > FAR]
    if not found:
        looked = f"no cell of {len(numbers)} columns of numbers is {FAR:g} robust standard deviations out"
        return (pass_check("HO229", title, looked),)
    listed = ", ".join(
        f"{cell.value:g} in {cell.column!r}, line {data.table.lines[cell.row]}"
        for cell in found[:MOST_LISTED]
    )
    more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
    return (
        Finding(
            "HO229",
            title,
            Severity.INFO,
            f"{count_things(len(found), 'cell')} of {count_things(len(numbers), 'column')} of numbers stand far from "
            f"the others, more than {FAR:g} robust standard deviations out, farthest first: {listed}{more}",
            column=found[0].column,
            rows=len({cell.row for cell in found}),
            where=RowSet(
                np.unique([cell.row for cell in found]),
                defined_by=tuple(dict.fromkeys(cell.column for cell in found)),
            ),
            action="kept as they are; compare with the source; columns.NAME.range = [low, high] takes out what is "
            "impossible",
        ),
    )


def pick_numbers(data: AuditInput) -> list[TypedColumn]:
    """Columns of numbers with enough different values to speak of a tail.

    Args:
        data: the audit's input.
    """
    return [
        column
        for column in list_features(data)
        if column.spec.kind is Kind.NUMBER
        and len(np.unique(column.values[data.rows][np.isfinite(column.values[data.rows])][:5_000]))
        >= FEWEST_DISTINCT
    ][:MOST_COLUMNS]


def rank_cells(columns: list[TypedColumn], rows: IndexArray, rng: np.random.Generator) -> list[WildCell]:
    """All cells beyond half the line, farthest first.

    Each column is evened (none, logarithm, inverse sinh: whichever leaves the lightest tails) and scaled by its own
    quantiles, each side by itself; then the part that the other columns of the row predict is taken out, so that a
    row that is large throughout is not called wrong. A cell is as far as the geometric mean of the two distances.

    Args:
        columns: of numbers.
        rows: int64 positions.
        rng: for the sample on which columns are predicted from others.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> values = np.append(np.linspace(0, 1, 99), 60.0)
        >>> x = TypedColumn(ColumnSpec("x", Kind.NUMBER, ""), np.zeros(100, np.uint8), values, np.zeros(0, np.int32))
        >>> rank_cells([x], np.arange(100), np.random.default_rng(0))[0].row
        99
    """
    table = np.stack([even_out(column.values[rows]) for column in columns], axis=1)
    alone = np.stack([_stand_apart(part) for part in table.T], axis=1)
    distance = np.maximum(alone, 0.0)
    if table.shape[1] >= 3:
        # The geometric mean: P@20 .99 on breast cancer with cells moved by 12 sd, where each alone has .91 and .79.
        distance = np.sqrt(distance * np.maximum(_stand_apart_given(table, rng), 0.0))
    distance = np.where(np.isfinite(table), distance, 0.0)
    where = np.argwhere(distance > FAR / 2)
    order = np.argsort(-distance[where[:, 0], where[:, 1]], kind="stable")
    return [
        WildCell(columns[j].spec.name, int(rows[i]), float(columns[j].values[rows[i]]), float(distance[i, j]))
        for i, j in where[order]
    ]


def even_out(values: DoubleArray) -> DoubleArray:
    """A column on the scale, of three, on which its tails are lightest: as it is, logarithm, inverse sinh.

    Args:
        values: float64 [N], NaN where there is none.

    Example:
        >>> even_out(np.exp(np.linspace(0, 9, 50)))[[0, -1]].round(1).tolist()
        [-1.8, 1.8]
    """
    known = values[np.isfinite(values)]
    if len(known) < 4:
        return values * 0.0
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75])
    width = (high - low) / 1.349
    if width <= 0:
        width = float(np.std(known)) or 1.0
    centred = (values - middle) / width
    tries = [centred]
    if known.min() > 0:
        tries.append(np.log(values / middle) if middle > 0 else centred)
    elif known.min() >= 0 and middle > 0:
        tries.append(np.log1p(values / middle))
    tries.append(np.arcsinh(centred))
    scored = [(_measure_tails(item), number) for number, item in enumerate(tries)]
    chosen = tries[min(scored)[1]]
    return _scale(chosen)


def _measure_tails(values: DoubleArray) -> float:
    """Width of the middle 98 % over that of the middle half, each side, the larger: 3.5 for the normal."""
    known = values[np.isfinite(values)]
    low, quarter, middle, three, high = np.quantile(known, [0.01, 0.25, 0.5, 0.75, 0.99])
    below, above = max(middle - quarter, 1e-12), max(three - middle, 1e-12)
    return float(max((middle - low) / below, (high - middle) / above))


def _scale(values: DoubleArray) -> DoubleArray:
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
    width = (high - low) / 3.29
    return (values - middle) / (width if width > 0 else float(np.std(known)) or 1.0)


def _stand_apart(values: DoubleArray) -> DoubleArray:
    """Distance from the middle in robust standard deviations, each side by itself."""
    known = values[np.isfinite(values)]
    low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
    below, above = max(middle - low, 1e-9) / 1.645, max(high - middle, 1e-9) / 1.645
    away = np.where(values >= middle, (values - middle) / above, (middle - values) / below)
    return np.where(np.isfinite(away), away, 0.0)


def _stand_apart_given(table: DoubleArray, rng: np.random.Generator) -> DoubleArray:
    """The same after what the other columns predict linearly has been taken out, by one ridge for all columns.

    The residual of column j given all others is row j of the inverse covariance times the row, over its diagonal.
    """
    filled = np.clip(np.where(np.isfinite(table), table, 0.0), -6.0, 6.0)
    sample = filled if len(filled) <= MOST_ROWS else filled[rng.choice(len(filled), MOST_ROWS, replace=False)]
    centre = sample.mean(axis=0)
    covariance = np.cov(sample, rowvar=False) + RIDGE * 0.02 * np.eye(table.shape[1])
    precision = np.linalg.inv(covariance)
    raw = np.where(np.isfinite(table), table, 0.0)
    result = np.empty_like(raw)
    expected_gap = (filled - centre) @ precision
    for j in range(table.shape[1]):
        # Its own cell unclipped, the others clipped: one wild cell must not make its neighbours look wild.
        others = expected_gap[:, j] - precision[j, j] * (filled[:, j] - centre[j])
        gap = (raw[:, j] - centre[j]) + others / precision[j, j]
        result[:, j] = _stand_apart(np.where(np.isfinite(table[:, j]), gap, np.nan))
    return result
