"""How often the evidence is wrong: every promise measured on made data with known truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heldout.errors import UsageError
from heldout.evidence.intervals import bound_grouped_share, bound_share
from heldout.evidence.paired import index_units
from heldout.stages.suite_checks import check_study, prepare
from heldout.stages.suite_faults import (
    check_descent,
    check_faults,
    check_looks,
    check_polynomials,
    check_slices,
)
from heldout.stages.suite_leaks import check_leak
from heldout.stages.suite_rules import check_rules, check_scores
from heldout.stages.suite_studies import cut_studies
from heldout.stages.suite_training import play_tasks
from heldout.suite import FAMILIES, draw_task
from heldout.suite.promises import PROMISES, Mark, Promise

BATCH_TASKS = 4  # tasks trained in one program
SUITE_SEEDS = 10  # networks of each configuration: five are judged, all are the truth
TUNING_SEED, FRESH_SEED = 1, 2  # rules were tuned on the first; the second was only measured
MIN_GROUPS = 10
N_BOOTSTRAP = 500

SMALL_CHECKS: dict[str, Callable[[int, int], list[Mark]]] = {
    "polynomials": check_polynomials,
    "double descent": check_descent,
    "slices": check_slices,
    "faults": check_faults,
    "leaks": check_leak,
}
ALL_FAMILIES = (*FAMILIES, *SMALL_CHECKS)


@dataclass(frozen=True)
class Rate:
    """One promise as measured in one place.

    Args:
        promise: what was promised; None for a number shown for comparison.
        key: of the promise or of the comparison.
        where: family or size of study, or "all".
        value: measured.
        low: lower end of its 95 % interval.
        high: upper end.
        n: checks.
        n_tasks: tasks that the checks come from.
    """

    promise: Promise | None
    key: str
    where: str
    value: float
    low: float
    high: float
    n: int
    n_tasks: int

    @property
    def state(self) -> str:
        """Say whether the promise is kept: "kept", "missed" (within its interval) or "broken" (beyond it)."""
        if self.promise is None or not np.isfinite(self.value):
            return ""
        bound = self.promise.bound
        if self.promise.measure == "error":
            return (
                "kept"
                if abs(self.value) <= bound
                else "broken"
                if self.low > bound or self.high < -bound
                else "missed"
            )
        if self.promise.at_least:
            return "kept" if self.value >= bound else "broken" if self.high < bound else "missed"
        return "kept" if self.value <= bound else "broken" if self.low > bound else "missed"


def measure_tasks(family: str, *, seed: int, first: int, n_tasks: int) -> list[Mark]:
    """Draw, train and check some tasks of one family.

    Args:
        family: one of `ALL_FAMILIES`.
        seed: of the suite.
        first: number of the first task.
        n_tasks: how many; a multiple of four shares compiled programs.

    Returns:
        all marks.

    Raises:
        UsageError: an unknown family.

    Example:
        >>> {mark.family for mark in measure_tasks("polynomials", seed=0, first=0, n_tasks=1)}
        {'polynomials'}
        >>> measure_tasks("cubes", seed=0, first=0, n_tasks=1)
        Traceback (most recent call last):
        heldout.errors.UsageError: unknown family 'cubes'
          -> families are binary, ...
    """
    if family not in ALL_FAMILIES:
        raise UsageError(f"unknown family {family!r}", hint=f"families are {', '.join(ALL_FAMILIES)}")
    indices = range(first, first + n_tasks)
    if family in SMALL_CHECKS:
        return [mark for index in indices for mark in SMALL_CHECKS[family](seed, index)]
    marks: list[Mark] = []
    for start in range(first, first + n_tasks, BATCH_TASKS):
        batch = range(start, min(start + BATCH_TASKS, first + n_tasks))
        tasks = [draw_task(family, seed, index) for index in batch]
        # the networks of different batches differ, or one unlucky seed would decide everything
        seeds = range(1000 * seed + SUITE_SEEDS * start, 1000 * seed + SUITE_SEEDS * (start + 1))
        for index, played in zip(batch, play_tasks(tasks, seeds=seeds), strict=True):
            for study in cut_studies(played, index):
                marks += check_study(study)
                if study.seeds[0] == 0 and len(study.seeds) == SUITE_SEEDS // 2:
                    judged = prepare(study)
                    marks += [*check_rules(judged), *check_scores(judged), *check_looks(study)]
    return marks


def measure_suite(
    families: Sequence[str],
    *,
    seed: int,
    n_tasks: int,
    report: Callable[[str, int, int], None] = lambda family, done, total: None,
) -> tuple[Mark, ...]:
    """Measure several families, a batch of tasks at a time.

    Args:
        families: of `ALL_FAMILIES`.
        seed: of the suite.
        n_tasks: tasks of each family.
        report: called with (family, tasks done, tasks in all).

    Returns:
        all marks.
    """
    marks: list[Mark] = []
    for family in families:
        for first in range(0, n_tasks, BATCH_TASKS):
            count = min(BATCH_TASKS, n_tasks - first)
            marks += measure_tasks(family, seed=seed, first=first, n_tasks=count)
            report(family, first + count, n_tasks)
    return tuple(marks)


def summarise(marks: Sequence[Mark]) -> tuple[Rate, ...]:
    """Condense marks into one rate for every promise and place, promises first, then what is shown for comparison.

    Args:
        marks: of any families.

    Returns:
        rates in the order of the table of promises; those that nothing was measured for are left out.

    Example:
        >>> marks = [Mark("overtrained: false yes", "binary", "400 rows, 5 seeds", task, 0.0) for task in range(20)]
        >>> rate = summarise(marks)[0]
        >>> rate.where, rate.value, rate.n, rate.state
        ('binary', 0.0, 20, 'kept')
    """
    by_key: dict[str, list[Mark]] = {}
    for mark in marks:
        by_key.setdefault(mark.promise, []).append(mark)
    rates = []
    for promise in PROMISES:
        rates += _condense(by_key.pop(promise.key, []), promise)
    for found in by_key.values():
        rates += _condense(found, None)
    return tuple(rates)


def _condense(marks: Sequence[Mark], promise: Promise | None) -> list[Rate]:
    if not marks:
        return []
    by = promise.by if promise else "all"
    places: dict[str, list[Mark]] = {}
    for mark in marks:
        place = {"family": mark.family, "size": mark.size}.get(by, "all")
        places.setdefault(place, []).append(mark)
    return [_measure(places[place], place, promise) for place in sorted(places, key=_sort_key)]


def _sort_key(place: str) -> tuple[int, str]:
    start = place.split(" ")[0]
    return (int(start), place) if start.isdigit() else (0, place)


def _measure(marks: Sequence[Mark], place: str, promise: Promise | None) -> Rate:
    values = np.array([mark.value for mark in marks])
    # several studies come from one task: the task is the unit of every interval
    _, tasks = np.unique([f"{mark.family} {mark.task}" for mark in marks], return_inverse=True)
    measure = promise.measure if promise else "share" if np.isin(values, (0.0, 1.0)).all() else "mean"
    if measure == "share":
        units = index_units(tasks)
        low, high, _ = bound_grouped_share(values, units)
        if np.isnan(low):
            share = float(values.mean())
            low, high = bound_share(share * units.n_units, float(units.n_units))
        value = float(values.mean())
    else:
        value, low, high = _bootstrap(values, tasks, measure)
    return Rate(promise, marks[0].promise, place, value, low, high, len(marks), int(tasks.max()) + 1)


def _bootstrap(values: np.ndarray, tasks: np.ndarray, measure: str) -> tuple[float, float, float]:
    """A statistic with its percentile interval, tasks resampled whole."""
    statistics: dict[str, Callable[[np.ndarray], float]] = {
        "median": lambda part: float(np.median(part)),
        "p90": lambda part: float(np.quantile(part, 0.9)),
        "p95": lambda part: float(np.quantile(part, 0.95)),
    }
    statistic = statistics.get(measure, lambda part: float(part.mean()))
    rows = [np.flatnonzero(tasks == task) for task in range(int(tasks.max()) + 1)]
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(N_BOOTSTRAP):
        bag = rng.integers(0, len(rows), len(rows))
        drawn.append(statistic(values[np.concatenate([rows[i] for i in bag])]))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return statistic(values), float(low), float(high)


def write_text(rates: Sequence[Rate], *, seed: int) -> str:
    """Lay the rates out as a table for the terminal.

    Args:
        rates: from `summarise`.
        seed: of the suite.

    Returns:
        lines of text.
    """
    kept = sum(rate.state == "kept" for rate in rates)
    asked = sum(rate.promise is not None for rate in rates)
    lines = [f"suite seed {seed}: {kept} of {asked} measured promises kept", ""]
    lines += [
        f"{rate.state or '-':7} {rate.key:34} {rate.where:22} {_say_bound(rate):>9} {_say(rate, rate.value):>8} "
        f"({_say(rate, rate.low)} to {_say(rate, rate.high)}), n {rate.n} of {rate.n_tasks} tasks"
        for rate in rates
    ]
    return "\n".join(lines + [f"not measured: {text}" for text in list_unmeasured(rates)])


def write_markdown(rates: Sequence[Rate], *, seed: int) -> str:
    """Lay the rates out as a table for a page.

    Args:
        rates: from `summarise`.
        seed: of the suite.

    Returns:
        Markdown: promises, then what is shown for comparison.
    """
    head = "|---|---|---|---|---|---|---|"
    promised = ["| promise | where | bound | measured | 95 % interval | n (tasks) | |", head]
    shown = ["| shown for comparison | where | | measured | 95 % interval | n (tasks) | |", head]
    for rate in rates:
        text = rate.promise.text if rate.promise else rate.key
        interval = f"{_say(rate, rate.low)} to {_say(rate, rate.high)}"
        cells = (text, rate.where, _say_bound(rate), _say(rate, rate.value), interval)
        line = f"| {' | '.join(cells)} | {rate.n} ({rate.n_tasks}) | {rate.state} |"
        (promised if rate.promise else shown).append(line)
    unmeasured = [f"- {text}" for text in list_unmeasured(rates)]
    parts = [f"Suite seed {seed}.", "", *promised, "", *shown]
    return "\n".join(parts + (["", "Not measured here:", "", *unmeasured] if unmeasured else [])) + "\n"


def list_unmeasured(rates: Sequence[Rate]) -> list[str]:
    """Name the promises for which these families gave no number.

    Args:
        rates: from `summarise`.

    Returns:
        one text each.
    """
    measured = {rate.key for rate in rates}
    return [promise.text for promise in PROMISES if promise.key not in measured]


def write_object(rates: Sequence[Rate], *, seed: int, n_tasks: int) -> dict[str, Any]:
    """Give the rates as plain values for JSON.

    Args:
        rates: from `summarise`.
        seed: of the suite.
        n_tasks: tasks of each family.

    Returns:
        an object with the schema "heldout/calibration/1".
    """
    return {
        "schema": "heldout/calibration/1",
        "seed": seed,
        "n_tasks": n_tasks,
        "rates": [
            {
                "key": rate.key,
                "text": rate.promise.text if rate.promise else "",
                "where": rate.where,
                "bound": rate.promise.bound if rate.promise else None,
                "value": rate.value,
                "low": rate.low,
                "high": rate.high,
                "n": rate.n,
                "n_tasks": rate.n_tasks,
                "state": rate.state,
            }
            for rate in rates
        ],
        "not_measured": list_unmeasured(rates),
    }


def _say_bound(rate: Rate) -> str:
    if rate.promise is None:
        return ""
    sign = ">=" if rate.promise.at_least else "+-" if rate.promise.measure == "error" else "<="
    return f"{sign} {_say(rate, rate.promise.bound)}"


def _say(rate: Rate, value: float) -> str:
    measure = (
        rate.promise.measure if rate.promise else "share" if rate.low >= 0 and rate.high <= 1 else "mean"
    )
    return f"{100 * value:.1f} %" if measure in ("share", "error") else f"{value:.2f}"
