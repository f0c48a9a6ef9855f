"""Does a part of a column give the target away? A code filled in afterwards says nothing on most rows, all on some."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, rankdata

from heldout.audit.input import (
    AuditInput,
    cut_findings,
    is_classification,
    list_features,
    make_rng,
    pass_check,
)
from heldout.records import BoolArray, DoubleArray, Finding, IndexArray, Kind, RowSet, Severity, TypedColumn
from heldout.toml_lines import paste_column

MOST_ROWS = 20_000
FEWEST_SHARE, FEWEST_ROWS = 0.04, 12
PURE = 0.985
LEVEL = 1e-3  # chance of such values in a clean table, over all columns and rows
FEWEST_OF_VALUE, LEVEL_OF_VALUE = 5, 0.02  # of one value; several together must be beyond LEVEL
NARROW, N_BINS = 0.55, 10
MANY_VALUES, COMMON = 30, 0.02
N_BESIDE, NEARLY_PURE = 20, 0.9
ANY_VALUE = "any value"
REST = (
    0.15  # above it the other values tell the class as well: an ordinary good column, not a mark on some rows
)
MOST_LISTED = 20
TINY = 0.02  # standard deviations: neighbours of a copied number agree to that
N_SIDE = 2
COMMON_TARGET = 0.05  # of the rows: a grade that many have is agreed on by neighbours in any good column


@dataclass(frozen=True, eq=False)
class PartialLeak:
    """A part of a column that determines the target.

    Args:
        column: its name.
        what: the value in words; "" where numbers of the column follow a numeric target.
        rows: int64, positions of the rows with it.
        answer: what the target is there, in words.
        share: share of those rows for which that holds.
        base: share of it among all rows.
        has_rest: other rows have other values in the column.
    """

    column: str
    what: str
    rows: IndexArray
    answer: str
    share: float
    base: float
    has_rest: bool = True


def check_partial(data: AuditInput) -> tuple[Finding, ...]:
    """Values (missing cells too) that practically determine the target while the rest of the column says little.

    Args:
        data: the audit's input.

    Returns:
        HO230, one finding per column.
    """
    title = "part of a column gives the target away"
    columns = [column for column in list_features(data) if column.spec.kind not in (Kind.TEXT, Kind.SEQUENCE)]
    found = find_partial(data, columns)
    if not found:
        return (pass_check("HO230", title, f"in none of {len(columns)} columns"),)
    looked_at = _sample(data)
    findings = [
        Finding(
            "HO230",
            title,
            Severity.WARNING,
            _say(item),
            column=item.column,
            rows=len(item.rows),
            where=RowSet(item.rows, looked_at=looked_at, defined_by=(data.target.name,)),
            action=f"if so: {paste_column(item.column, 'kind', 'ignore')} leaves it out",
        )
        for item in found
    ]
    return cut_findings(findings, MOST_LISTED)


def _say(item: PartialLeak) -> str:
    asked = "was it filled in when the answer was known?"
    if not item.what:
        return (
            f"column {item.column!r}: for {len(item.rows)} rows it fixes the target to a fiftieth of its spread "
            f"({100 * item.share:.1f} % of rows agree so closely with their neighbours in the column, by chance "
            f"{100 * item.base:.2f} %); {asked}"
        )
    rest = ", and the rest of the column says little" if item.has_rest else ""
    return (
        f"column {item.column!r}: {item.what} ({len(item.rows)} rows) goes with {item.answer} in "
        f"{100 * item.share:.1f} % of cases, against {100 * item.base:.1f} % of all rows{rest}; {asked}"
    )


def find_partial(data: AuditInput, columns: list[TypedColumn]) -> list[PartialLeak]:
    """The parts of columns that determine the target, one finding per column at most.

    Args:
        data: the audit's input.
        columns: the features to try.
    """
    rows = _sample(data)
    target = data.target.values[rows]
    unit = _number_observations(data.split.unit[rows], target)
    found = []
    for column in columns:
        if is_classification(data):
            classes = data.target.classes
            item = _find_pure(column, rows, target.astype(np.int64), classes, unit=unit, n=len(columns))
        else:
            item = _find_narrow(column, rows, target, unit=unit, n=len(columns))
            item = item or _find_copied(column, rows, target)
        if item is not None:
            found.append(item)
    return sorted(found, key=lambda item: -len(item.rows))


def _sample(data: AuditInput) -> IndexArray:
    if len(data.rows) <= MOST_ROWS:
        return data.rows
    return np.sort(make_rng(data, "partial").choice(data.rows, MOST_ROWS, replace=False))


def _find_pure(
    column: TypedColumn,
    rows: IndexArray,
    target: IndexArray,
    classes: tuple[str, ...],
    *,
    unit: IndexArray,
    n: int,
) -> PartialLeak | None:
    """Values that go with one class each, taken together, where the other values say little."""
    codes, words = _number_values(column, rows)
    table = np.zeros((len(words), len(classes)))
    np.add.at(table, (codes, target), 1)
    size, base = table.sum(axis=1), table.sum(axis=0) / len(rows)
    winner = table.argmax(axis=1)
    count = table[np.arange(len(words)), winner]
    seen = _count_units(codes, unit, len(words))
    chance = binom.sf(np.ceil(count * seen / size) - 1, seen, base[winner])
    pure = (
        (seen >= _fewest(words, len(np.unique(unit)))) & (count >= PURE * size) & (chance <= LEVEL_OF_VALUE)
    )
    if pure.any() and _is_continued(column, rows, pure[codes], target):
        return None
    # A value of the largest class by far is pure by itself: it counts only beside one of another class.
    if (
        not _is_telling(pure, seen, chance, n=n * len(rows), n_rows=len(np.unique(unit)))
        or (base[winner[pure]] > 0.9).all()
    ):
        return None
    if measure_rest(_table_rest(column, rows, ~pure[codes], target, len(classes))) > REST:
        return None
    best = int(np.flatnonzero(pure)[size[pure].argmax()])
    what = words[best] if pure.sum() == 1 else f"{words[best]} and {int(pure.sum()) - 1} more"
    return PartialLeak(
        column.spec.name,
        what,
        rows[pure[codes]],
        repr(classes[winner[best]]) if pure.sum() == 1 else "one class each",
        float(count[pure].sum() / size[pure].sum()),
        float((base[winner[pure]] * size[pure]).sum() / size[pure].sum()),
        has_rest=not bool(pure[codes].all()),
    )


def _find_narrow(
    column: TypedColumn, rows: IndexArray, target: DoubleArray, *, unit: IndexArray, n: int
) -> PartialLeak | None:
    """Values whose targets all lie in a narrow part of the target's distribution, where the others say little."""
    codes, words = _number_values(column, rows)
    place = (rankdata(target) - 0.5) / len(target)
    size = np.bincount(codes, minlength=len(words)).astype(np.float64)
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(len(words)))
    low, high = np.minimum.reduceat(place[order], starts), np.maximum.reduceat(place[order], starts)
    # Targets that repeat (grades, counts): the share of all rows between the ends, both ends' ties with it.
    known = np.sort(place)
    span = (np.searchsorted(known, high, "right") - np.searchsorted(known, low, "left")) / len(target)
    with np.errstate(under="ignore"):
        seen = _count_units(codes, unit, len(words))
        chance = np.minimum(1.0, seen * span ** (seen - 1))
    pure = (seen >= _fewest(words, len(np.unique(unit)))) & (span <= NARROW) & (chance <= LEVEL_OF_VALUE)
    if not _is_telling(pure, seen, chance, n=n * len(rows), n_rows=len(np.unique(unit))):
        return None
    quarter = (place * 4).astype(np.int64)
    if measure_rest(_table_rest(column, rows, ~pure[codes], quarter, 4)) > REST:
        return None
    best = int(np.flatnonzero(pure)[size[pure].argmax()])
    what = words[best] if pure.sum() == 1 else f"{words[best]} and {int(pure.sum()) - 1} more"
    ends = np.quantile(target, [low[best], high[best]])
    answer = (
        f"targets from {ends[0]:.4g} to {ends[1]:.4g}"
        if pure.sum() == 1
        else "a narrow range of targets each"
    )
    has_rest = not bool(pure[codes].all())
    base = float(span[pure].mean())
    return PartialLeak(column.spec.name, what, rows[pure[codes]], answer, 1.0, base, has_rest)


def _number_observations(unit: IndexArray, target: DoubleArray) -> IndexArray:
    """Units where their rows mostly share one answer (visits of a patient: one observation), else each row alone."""
    place = np.unique(unit, return_inverse=True)[1].reshape(-1)
    size = np.bincount(place)
    low, high = np.full(len(size), np.inf), np.full(len(size), -np.inf)
    np.minimum.at(low, place, target)
    np.maximum.at(high, place, target)
    several = size > 1
    is_one = several.any() and np.mean(low[several] == high[several]) > 0.5
    return place if is_one else np.arange(len(unit))


def _count_units(codes: IndexArray, unit: IndexArray, n_values: int) -> DoubleArray:
    """Observations among the rows of each value."""
    pairs = np.unique(np.column_stack([codes, unit]), axis=0)
    return np.bincount(pairs[:, 0], minlength=n_values).astype(np.float64)


def _fewest(words: list[str], n_rows: int) -> float:
    """Among many values some are pure by chance, and honest ones by grouping: there each must be a common one."""
    return FEWEST_OF_VALUE if len(words) <= MANY_VALUES else max(FEWEST_OF_VALUE, COMMON * n_rows)


def _is_continued(column: TypedColumn, rows: IndexArray, marked: BoolArray, target: IndexArray) -> bool:
    """Numbers beside the pure ones are nearly as pure (the youngest earn little): an order, not a mark."""
    if len(column.values) == 0:
        return False
    cells = column.values[rows]
    inside, outside = marked & np.isfinite(cells), ~marked & np.isfinite(cells)
    if not inside.any() or outside.sum() < 2 * N_BESIDE or len(np.unique(cells[outside])) < N_BINS:
        return False
    order = np.argsort(cells[outside], kind="stable")
    known, classes = cells[outside][order], target[outside][order]
    as_pure = 0
    for value in np.unique(cells[inside]):
        here = int(np.searchsorted(known, value))
        winner = np.bincount(target[cells == value]).argmax()
        sides = (classes[max(0, here - N_BESIDE) : here], classes[here : here + N_BESIDE])
        as_pure += any(len(side) == N_BESIDE and (side == winner).mean() >= NEARLY_PURE for side in sides)
    return as_pure * 2 >= len(np.unique(cells[inside]))


def _is_telling(pure: BoolArray, size: DoubleArray, chance: DoubleArray, *, n: int, n_rows: int) -> bool:
    """Enough rows, and together beyond chance over all columns and values."""
    if not pure.any() or size[pure].sum() < max(FEWEST_ROWS, FEWEST_SHARE * n_rows):
        return False
    together = float(np.log(np.maximum(chance[pure], 1e-300)).sum())
    return together <= np.log(LEVEL / n)


def _table_rest(
    column: TypedColumn, rows: IndexArray, rest: BoolArray, target: IndexArray, n_classes: int
) -> DoubleArray:
    """Counts of class by value over the other rows; numbers of many values in ten bins, no value apart."""
    if len(column.values):
        cells = column.values[rows][rest]
        known = np.isfinite(cells)
        if len(np.unique(cells[known])) > N_BINS:
            edges = np.unique(np.quantile(cells[known], np.linspace(0, 1, N_BINS + 1)[1:-1]))
            codes = np.where(known, np.searchsorted(edges, np.where(known, cells, 0.0)), len(edges) + 1)
        else:
            codes = np.unique(np.where(known, cells, np.inf), return_inverse=True)[1].reshape(-1)
    else:
        codes = np.unique(column.codes[rows][rest], return_inverse=True)[1].reshape(-1)
    table = np.zeros((int(codes.max(initial=0)) + 1, n_classes))
    np.add.at(table, (codes, target[rest]), 1)
    return table


def measure_rest(table: DoubleArray) -> float:
    """How well the other values of a column tell the class: Goodman and Kruskal's tau, corrected for its size.

    Args:
        table: float64 [values, classes], counts.

    Returns:
        0 (nothing) to 1 (everything).

    Example:
        >>> [round(measure_rest(np.array(table)), 1) for table in ([[50.0, 50.0]] * 2, [[90.0, 0], [0, 9.0]])]
        [0.0, 1.0]
    """
    table = table[table.sum(axis=1) > 0]
    total, size = table.sum(), table.sum(axis=1)
    if total == 0 or len(table) < 2:
        return 0.0
    before = 1 - ((table.sum(axis=0) / total) ** 2).sum()
    if before <= 0:
        return 0.0
    # Unbiased within each value: a value of one row alone says nothing about purity.
    many = size > 1
    pairs = (table[many] * (table[many] - 1)).sum(axis=1) / (size[many] * (size[many] - 1))
    after = float((size[many] * (1 - pairs)).sum() + size[~many].sum() * before) / total
    return float(np.clip(1 - after / before, 0, 1))


def _find_copied(column: TypedColumn, rows: IndexArray, target: DoubleArray) -> PartialLeak | None:
    """A numeric target that follows a part of a column: neighbours in the column then agree in the target."""
    spread = float(target.std())
    if len(column.values) == 0 or spread == 0 or len(rows) < 50:
        return None
    values = column.values[rows]
    known = np.isfinite(values)
    if known.sum() < max(30, FEWEST_SHARE * len(rows)) or len(np.unique(values[known])) < 20:
        return None
    order = np.argsort(values[known], kind="stable")
    agreeing = _mark_agreeing(target[known][order] / spread)
    share = float(agreeing.mean())
    mixed = target[known].copy()
    np.random.default_rng(0).shuffle(mixed)
    null = float(_mark_agreeing(mixed / spread).mean())
    found = rows[known][order][N_SIDE : len(order) - N_SIDE][agreeing]
    n_found = round(share * int(known.sum()))
    if n_found < max(FEWEST_ROWS, FEWEST_SHARE * len(rows)) or share < 5 * null:
        return None
    return PartialLeak(column.spec.name, "", np.sort(found), "", share, null)


def _mark_agreeing(ordered: DoubleArray) -> BoolArray:
    """Rows, but for two at each end, whose neighbours in the column have their target; not targets that many have."""
    width = 2 * N_SIDE + 1
    windows = np.lib.stride_tricks.sliding_window_view(ordered, width)
    low, high = windows.min(axis=1), windows.max(axis=1)
    known = np.sort(ordered)
    common = np.searchsorted(known, high, "right") - np.searchsorted(known, low, "left")
    return (high - low <= TINY) & (common <= COMMON_TARGET * len(ordered))


def _number_values(column: TypedColumn, rows: IndexArray) -> tuple[IndexArray, list[str]]:
    present = np.isfinite(column.values[rows]) if len(column.values) else column.codes[rows] >= 0
    cells = column.values[rows] if len(column.values) else column.codes[rows]
    # A column filled in for some rows with ever other values (the number of a body): what matters is that one is there.
    if not present.all() and len(np.unique(cells[present])) > present.sum() / 2:
        return present.astype(np.int64), ["no value", ANY_VALUE]
    if len(column.values):
        cells = column.values[rows]
        values, codes = np.unique(np.where(np.isnan(cells), np.inf, cells), return_inverse=True)
        return codes.reshape(-1), [
            "no value" if np.isinf(value) else f"the value {value:.6g}" for value in values
        ]
    cells, codes = np.unique(column.codes[rows], return_inverse=True)
    return codes.reshape(-1), [
        "no value" if code < 0 else f"the value {column.levels[code]!r}" for code in cells
    ]
