"""Do the columns change along the rows of a file, as after a change of instrument, lot or form?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import kolmogorov

from heldout.audit.input import (
    AuditInput,
    cut_findings,
    find_absent,
    is_classification,
    keep_lone_rows,
    list_features,
    name_some,
    pass_check,
    read_target,
    skip_check,
)
from heldout.audit.order import is_time
from heldout.counts import count_things
from heldout.ranks import adjust_discoveries, find_ranks
from heldout.records import PART_FIT, DoubleArray, Finding, IndexArray, Kind, RowSet, Severity, TypedColumn
from heldout.sources import describe_columns

FALSE_RATE = 0.01  # of clean tables: Benjamini and Hochberg keep it where no column changes
LEAST_SHIFT = 0.05  # of all ranks, or of the rows of a category: less moves no prediction (assumption)
FEWEST_ROWS = 60
FEWEST_CELLS = 20  # with and without a category or a value
MOST_ROWS = 20_000  # evenly thinned: 20 ms a column
MOST_LEVELS = 8
MOST_RUNS = 1.2  # runs of equal values per value in a file sorted by them
MOST_STRATA = 20
MOST_LISTED = 3
FAR_APART = 10  # lines; rows of one unit that stand together are hardly further apart (assumption)
SORTED_SHARE, COUNTED_SHARE = 0.98, 0.95  # of the steps from row to row


@dataclass(frozen=True)
class Drift:
    """How one column changes along the rows.

    Args:
        what: "values", "spread", "missing cells" or the share of a category.
        p_value: of a change so large at any row, in rows that are exchangeable.
        shift: mean rank after the change minus that before it, as a share of all ranks; of a category its share.
        place: rows before the change.
        is_step: one change, with nothing left on either side.
    """

    what: str
    p_value: float
    shift: float
    place: int
    is_step: bool


@dataclass(frozen=True)
class _RunDrift:
    """The surest change of a column, and the rows among which it was found.

    Args:
        drift: p corrected for what was asked of the column; `place` counts rows of the run.
        run: int64 positions of the rows in the run; all rows where nothing sorts the file.
        n_more: further runs of rows in which the column changes.
    """

    drift: Drift
    run: IndexArray
    n_more: int = 0


def check_drift(data: AuditInput) -> tuple[Finding, ...]:
    """Columns whose values, spread or missing cells change along the rows of the file.

    A file that is sorted by a column changes along its rows by that alone: by categories, each run of rows is asked by
    itself; by a number, nothing can be asked. A number that counts the rows sorts nothing, and is not asked.

    Args:
        data: the audit's input.

    Returns:
        HO253, one finding per column after Benjamini and Hochberg at 1 % and a shift of at least 5 % of all ranks.
    """
    title = "columns change along the rows"
    if data.split.ordered:
        return (skip_check("HO253", title, "the split follows time"),)
    if describe_columns(data.table):
        return (skip_check("HO253", title, "examples stand in the order of their files"),)
    rows = _choose_rows(data)
    keys = find_sort_keys(data, rows)
    strata = _number_strata(keys, len(rows))
    told = {key[0] for key in keys}
    columns = [
        column
        for column in list_features(data)
        if column.spec.name not in told
        and not is_time(column)
        and not (len(column.values) and is_counter(column.values[rows], rows))
    ]
    if strata is None or not columns:
        why = f"rows are sorted by {name_some([key[0] for key in keys])}" if keys else "no column to ask"
        return (skip_check("HO253", title, why),)
    if np.bincount(strata).max() < FEWEST_ROWS:
        return (skip_check("HO253", title, f"under {FEWEST_ROWS} rows that stand in no sorted order"),)
    found = [_judge(column, rows, strata) for column in columns]
    adjusted = adjust_discoveries(np.array([item.drift.p_value for item in found]))
    sorted_by = f", within runs of {name_some([key[0] for key in keys])}" if keys else ""
    findings = [
        _report(data, columns[number].spec.name, found[number], (float(adjusted[number]), sorted_by))
        for number in np.argsort(adjusted, kind="stable").tolist()
        if adjusted[number] <= FALSE_RATE and abs(found[number].drift.shift) >= LEAST_SHIFT
    ]
    if not findings:
        looked = f"none of {len(columns)} columns changes along {len(rows):,} rows{sorted_by}"
        return (pass_check("HO253", title, looked),)
    return cut_findings(findings, MOST_LISTED)


def measure_drift(values: DoubleArray, *, what: str = "values") -> Drift:
    """The largest change of the mean rank at any row, against a Brownian bridge.

    The spread of the sum grows with the likeness of rows up to ten lines apart: visits of a patient that stand together
    count as fewer rows.

    Args:
        values: float64 [N] in the order of the rows, without NaN; ranked here.
        what: the word for it.

    Source: Page 1954, Biometrika 41, 100 (cumulative sums); the limit is Kolmogorov's distribution.

    Example:
        >>> drift = measure_drift(np.repeat([0.0, 1.0], [60, 40]))
        >>> drift.place, drift.is_step, drift.p_value < 1e-6
        (60, True, True)
    """
    n_rows = len(values)
    if n_rows < 2 or values.min() == values.max():
        return Drift(what, 1.0, 0.0, 0, is_step=False)
    ranks = (find_ranks(values) - 0.5) / n_rows
    p_value, place = _compare_sums(ranks)
    before, after = ranks[:place], ranks[place:]
    shift = float(after.mean() - before.mean())
    # Ranks of two values lie half apart at most: for a category its share is told instead.
    if len(np.unique(values)) == 2:
        shift = float((values[place:] > values.min()).mean() - (values[:place] > values.min()).mean())
    rests = [
        _compare_sums(part)[0]
        for part in (before, after)
        if len(part) >= FEWEST_CELLS and part.min() < part.max()
    ]
    is_step = all(p > FALSE_RATE for p in rests) and _fits_step(ranks, place)
    return Drift(what, p_value, shift, place, is_step=is_step)


def find_sort_keys(data: AuditInput, rows: IndexArray) -> list[tuple[str, IndexArray | None]]:
    """Columns by which the rows are sorted, the target among them.

    Args:
        data: the audit's input.
        rows: int64 positions, ascending.

    Returns:
        Name and number of each row's run of equal values; None instead where a number goes up or down along the rows,
        so that no rows stand side by side for another reason. Dates and identifiers that go up are no sorting: they
        are the order in which rows were made.
    """
    found: list[tuple[str, IndexArray | None]] = []
    places = np.searchsorted(data.rows, rows)
    target = read_target(data)[places]
    kind = Kind.CATEGORY if is_classification(data) else Kind.NUMBER
    listed = [(data.target.name, kind, target)]
    for column in data.columns:
        if column.spec.name != data.target.name and column.spec.kind not in (
            Kind.DATE,
            Kind.IDENTIFIER,
            Kind.CONSTANT,
            Kind.TEXT,
            Kind.SEQUENCE,
        ):
            cells = column.codes[rows].astype(np.float64) if len(column.codes) else column.values[rows]
            listed.append((column.spec.name, column.spec.kind, cells))
    for name, own, cells in listed:
        runs = _find_runs(cells)
        n_values = len(np.unique(cells[np.isfinite(cells)]))
        if n_values >= 2 and runs[-1] + 1 <= MOST_RUNS * n_values and n_values <= len(rows) / 10:
            found.append((name, runs))
        elif own is Kind.NUMBER and _is_sorted(cells) and not is_counter(cells, rows):
            found.append((name, None))
    return found


def _choose_rows(data: AuditInput) -> IndexArray:
    """One row of each unit, of the fit part where parts were declared, thinned evenly."""
    rows = keep_lone_rows(data)
    if data.table.part is not None:
        rows = rows[data.table.part[rows] <= PART_FIT]
    return rows[:: max(1, -(-len(rows) // MOST_ROWS))]


def _find_runs(cells: DoubleArray) -> IndexArray:
    """The number of the run of equal cells that each row is in; cells without a value are equal."""
    filled = np.where(np.isfinite(cells), cells, -np.inf)
    return np.cumsum(np.concatenate([[False], filled[1:] != filled[:-1]])).astype(np.int64)


def is_counter(cells: DoubleArray, rows: IndexArray) -> bool:
    """Whether numbers count the rows: they grow by the same step from row to row, as row numbers do.

    Args:
        cells: float64, one per row.
        rows: int64 positions, ascending.

    Example:
        >>> rows = np.array([0, 1, 3, 4])
        >>> is_counter(10.0 + 2 * rows, rows), is_counter(rows**2.0, rows)
        (True, False)
    """
    known = np.flatnonzero(np.isfinite(cells))
    if len(known) < 2:
        return False
    steps = np.diff(cells[known]) / np.diff(rows[known])
    usual = float(np.median(steps))
    return usual != 0.0 and float(np.isclose(steps, usual).mean()) >= COUNTED_SHARE


def _is_sorted(cells: DoubleArray) -> bool:
    known = cells[np.isfinite(cells)]
    if len(known) < FEWEST_ROWS:
        return False
    steps = np.diff(known)
    return max(float((steps >= 0).mean()), float((steps <= 0).mean())) >= SORTED_SHARE


def _number_strata(keys: Sequence[tuple[str, IndexArray | None]], n_rows: int) -> IndexArray | None:
    """Rows that are in the same run of every key; None where a number sorts them."""
    strata = np.zeros(n_rows, np.int64)
    for _, runs in keys:
        if runs is None:
            return None
        strata = np.unique(strata * (int(runs.max()) + 1) + runs, return_inverse=True)[1].reshape(-1)
    return strata


def _judge(column: TypedColumn, rows: IndexArray, strata: IndexArray) -> _RunDrift:
    """The surest change of one column over its aspects and the runs of rows, corrected for their number."""
    sizes = np.bincount(strata)
    kept = [k for k in np.argsort(-sizes, kind="stable").tolist() if sizes[k] >= FEWEST_ROWS][:MOST_STRATA]
    found: list[tuple[Drift, int]] = []
    for number in kept:
        places = np.flatnonzero(strata == number)
        for what, known, values in _list_aspects(column, rows[places]):
            drift = measure_drift(values, what=what)
            place = int(known[drift.place]) if drift.place else 0
            found.append((replace(drift, place=place), number))
    if not found:
        return _RunDrift(Drift("values", 1.0, 0.0, 0, is_step=False), rows)
    best, number = min(found, key=lambda item: item[0].p_value)
    changed = {run for drift, run in found if drift.p_value * len(found) <= FALSE_RATE}
    best = replace(best, p_value=min(1.0, best.p_value * len(found)))
    return _RunDrift(best, rows[strata == number], n_more=len(changed - {number}))


def _list_aspects(column: TypedColumn, rows: IndexArray) -> list[tuple[str, IndexArray, DoubleArray]]:
    """What may change: name, places among the rows, numbers."""
    absent = find_absent(column, rows)
    made: list[tuple[str, IndexArray, DoubleArray]] = []
    if FEWEST_CELLS <= absent.sum() <= len(rows) - FEWEST_CELLS:
        made.append(("missing cells", np.arange(len(rows)), absent.astype(np.float64)))
    if len(column.codes):
        if column.spec.kind in (Kind.TEXT, Kind.SEQUENCE, Kind.SET, Kind.IDENTIFIER):
            return made
        codes = column.codes[rows]
        known = np.flatnonzero(codes >= 0)
        levels, counts = np.unique(codes[known], return_counts=True)
        fit = (counts >= FEWEST_CELLS) & (counts <= len(known) - FEWEST_CELLS)
        for level in levels[fit][np.argsort(-counts[fit], kind="stable")][:MOST_LEVELS].tolist():
            made.append((f"share of {column.levels[level]!r}", known, (codes[known] == level).astype(float)))
        return made
    values = column.values[rows]
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < FEWEST_ROWS:
        return made
    made.append(("values", known, values[known]))
    if len(np.unique(values[known])) > 2:
        made.append(("spread", known, np.abs(values[known] - np.median(values[known]))))
    return made


def _compare_sums(ranks: DoubleArray) -> tuple[float, int]:
    """Give p of the largest cumulative sum, and the rows before it."""
    n_rows = len(ranks)
    sums = np.cumsum(ranks - ranks.mean())[:-1]
    place = int(np.argmax(np.abs(sums)))
    spread = max(float(ranks.var()), _measure_neighbours(ranks))
    return float(kolmogorov(abs(sums[place]) / np.sqrt(spread * n_rows))), place + 1


def _measure_neighbours(ranks: DoubleArray) -> float:
    """Variance of a row if neighbours that are alike count as fewer rows, from differences of rows some lines apart.

    Differences hardly see a slow change or a single step, which must not hide itself.
    """
    if len(ranks) < 4 * FAR_APART:
        return 0.0
    lags = range(1, FAR_APART + 1)
    half = np.array([float(((ranks[lag:] - ranks[:-lag]) ** 2).mean()) / 2 for lag in lags])
    weight = 1.0 - np.arange(1, FAR_APART + 1) / FAR_APART
    return float(half[-1] + 2 * (weight * (half[-1] - half)).sum())


def _fits_step(ranks: DoubleArray, place: int) -> bool:
    """Whether one step leaves less than a straight line does."""
    before, after = ranks[:place], ranks[place:]
    step = float(((before - before.mean()) ** 2).sum() + ((after - after.mean()) ** 2).sum())
    along = np.arange(len(ranks)) - (len(ranks) - 1) / 2
    slope = float((along * ranks).sum() / (along**2).sum())
    return step <= float(((ranks - ranks.mean() - slope * along) ** 2).sum())


def _report(data: AuditInput, name: str, found: _RunDrift, asked: tuple[float, str]) -> Finding:
    """The finding of one column; in a sorted file it speaks of one run of rows, and of those alone."""
    p_value, sorted_by = asked
    drift, run = found.drift, found.run
    lines = data.table.lines[run]
    line = int(lines[drift.place])
    after = run[drift.place :]
    unit = "rows" if drift.what.startswith(("share", "missing")) else "ranks"
    of_all = f"of the {unit} of that run" if sorted_by else f"of all {unit}"
    size = f"{abs(100 * drift.shift):.0f} % {of_all} {'higher' if drift.shift > 0 else 'lower'}"
    verb = "changes" if drift.what.startswith(("share", "spread")) else "change"
    how = (
        f"a step: from about line {line} on"
        if drift.is_step
        else f"gradually or more than once; after line {line},"
    )
    if sorted_by:
        more = f", and in {count_things(found.n_more, 'further run')}" if found.n_more else ""
        sorted_by += f", in that of lines {lines[0]} to {lines[-1]}{more}"
    return Finding(
        "HO253",
        "columns change along the rows",
        Severity.WARNING,
        f"{drift.what} of {name!r} {verb} along the rows{sorted_by} ({how} {size} than before; p = {p_value:.2g} after "
        "correction): the split mixes the rows, so the score holds for this mixture and not for rows to come",
        column=name,
        rows=len(after),
        where=RowSet(after, looked_at=run),
        action="ask what changed there (instrument, lot, form, unit); if rows have a time, say --time COLUMN",
    )
