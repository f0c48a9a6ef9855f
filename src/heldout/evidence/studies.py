"""Two finished studies on the same rows: which one is better, row by row and seed by seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from heldout.errors import DataError
from heldout.evidence.compare import EARLY_STOPPED_WIDTH, MIN_SEEDS_TO_HELP
from heldout.evidence.crossfit import Deployed, assemble_choice, deploy_run, has_diverged, pick_epochs
from heldout.evidence.paired import (
    INTERVAL_ALPHA,
    NOT_KNOWN,
    PairedBounds,
    Units,
    compare_paired,
    index_units,
    list_interval,
)
from heldout.evidence.wording import name_loss, say_estimate
from heldout.records import MIN_ROWS, ConfigurationRun, FloatArray, IndexArray, JudgeSettings

Interval = tuple[float, float, float]


@dataclass(frozen=True)
class Side:
    """One study as the comparison needs it.

    Args:
        name: what sentences call it.
        chosen: the delivered configuration with its losses.
        runs: all configurations that it could have delivered, the delivered one among them.
        rows: int64 [M], place in the table of each validation row, in the order of the losses.
        settings: units, delta, fold seed.
    """

    name: str
    chosen: ConfigurationRun
    runs: tuple[ConfigurationRun, ...]
    rows: IndexArray
    settings: JudgeSettings


@dataclass(frozen=True)
class StudyDifference:
    """The difference between two studies, first minus second, on the rows both validated.

    Args:
        outcome: "first is better", "second is better", "no difference that matters", "same losses" or "cannot tell".
        delivered: loss of the delivered configurations, each at an epoch chosen without the row and seed: estimate,
            low, high (95 %; negative: the first is better).
        choice: the same where each study's configuration is chosen anew without the row and seed it is judged on.
        hits: share of right answers of the delivered configurations (positive: the first is better); NaN for numbers.
        losses: mean loss of the two delivered configurations on these rows.
        n_rows: rows that both studies validated.
        n_units: units of these rows.
        n_seeds: seeds compared, the common first ones.
        delta: differences of loss below it do not matter.
        sentence: in words with numbers.
    """

    outcome: str
    delivered: Interval
    choice: Interval
    hits: Interval
    losses: tuple[float, float]
    n_rows: int
    n_units: int
    n_seeds: int
    delta: float
    sentence: str


def compare_sides(first: Side, second: Side) -> StudyDifference:
    """Compare what two studies deliver, on the rows that both validated, paired by row and by seed.

    The winner among many configurations is lucky, and a study that tried more of them is luckier. So a study is called
    better only where two intervals agree: that of the delivered configurations, and that of the whole choice made anew
    for every row and seed without them. Both count rows (or their units) and seeds as random, and are widened for the
    chosen epoch. Under five common seeds nothing is called better, as with remedies. Of 300 made pairs of equally good
    studies, the luckiest of 20 configurations against the luckiest of 2, two were told apart; by the first interval
    alone eight.

    Args:
        first: one study.
        second: the other; its losses must be of the same kind.

    Returns:
        The difference, first minus second.

    Raises:
        DataError: no row was validated by both.

    Example:
        >>> from types import SimpleNamespace
        >>> nothing = SimpleNamespace(rows=np.arange(2)), SimpleNamespace(rows=np.arange(2, 4))
        >>> compare_sides(*nothing)
        Traceback (most recent call last):
        heldout.errors.DataError: no row was validated by both studies
    """
    common, at_first, at_second = np.intersect1d(first.rows, second.rows, return_indices=True)
    if common.size == 0:
        raise DataError("no row was validated by both studies", hint="compare studies of the same split seed")
    units = index_units(join_units(first.settings.unit[at_first], second.settings.unit[at_second]))
    places = (at_first, at_second)
    one, other = (deploy_run(side.chosen, side.settings) for side in (first, second))
    n_seeds = min(len(one.losses), len(other.losses))
    delivered = _compare(_take(one.losses, other.losses, places, n_seeds), units)
    pools = [_pool(side, own, n_seeds) for side, own in ((first, one), (second, other))]
    picked = [assemble_choice(pool, n_seeds=n_seeds) for pool in pools]
    choice = _compare(_take(picked[0], picked[1], places, n_seeds), units)
    delta = min(first.settings.delta, second.settings.delta)
    counts = (int(common.size), units.n_units, n_seeds)
    outcome = _name_outcome(delivered, choice, counts, delta)
    return StudyDifference(
        outcome=outcome,
        delivered=list_interval(delivered),
        choice=list_interval(choice),
        hits=_compare_hits(one, other, places, units),
        losses=(_mean(one.losses[:n_seeds, at_first]), _mean(other.losses[:n_seeds, at_second])),
        n_rows=counts[0],
        n_units=counts[1],
        n_seeds=n_seeds,
        delta=delta,
        sentence=_say(outcome, (delivered, choice), (first, second), counts, delta),
    )


def join_units(one: IndexArray, other: IndexArray) -> IndexArray:
    """Join two ways of keeping rows together: rows that share a unit in either share one in the result.

    Duplicates are found among the columns in use, so that a study without some column may keep more rows together.

    Args:
        one: int [M], unit of each row.
        other: int [M], another unit of each row.

    Returns:
        int64 [M], codes from 0.

    Example:
        >>> join_units(np.array([0, 0, 1, 2, 3]), np.array([5, 6, 6, 7, 8]))
        array([0, 0, 0, 1, 2])
    """
    _, left = np.unique(one, return_inverse=True)
    _, right = np.unique(other, return_inverse=True)
    n_left, size = int(left.max()) + 1, int(left.max()) + int(right.max()) + 2
    links = coo_array((np.ones(len(left)), (left, n_left + right)), shape=(size, size))
    _, label = connected_components(links, directed=False)
    return label[left].astype(np.int64)


def _pool(side: Side, own: Deployed, n_seeds: int) -> list[Deployed]:
    """The configurations that could have been delivered: sound, and trained with all seeds of the comparison."""
    others = [
        deploy_run(run, side.settings, folds=own.folds)
        for run in side.runs
        if run.configuration.name != side.chosen.configuration.name
        and run.losses.shape[1] >= n_seeds
        and not has_diverged(run)
    ]
    return [own, *others]


def _take(
    first: FloatArray, second: FloatArray, places: tuple[IndexArray, IndexArray], n_seeds: int
) -> FloatArray:
    return first[:n_seeds, places[0]] - second[:n_seeds, places[1]]


def _compare(difference: np.ndarray, units: Units) -> PairedBounds:
    return compare_paired(difference, units, alpha=INTERVAL_ALPHA, widen=EARLY_STOPPED_WIDTH)


def _compare_hits(
    one: Deployed, other: Deployed, places: tuple[IndexArray, IndexArray], units: Units
) -> Interval:
    if any(item.run.hits.shape != item.run.losses.shape for item in (one, other)):
        return NOT_KNOWN
    n_seeds = min(len(one.losses), len(other.losses))
    hits = [pick_epochs(item.run.hits, item.epochs, item.folds).astype(np.float32) for item in (one, other)]
    return list_interval(_compare(_take(hits[0], hits[1], places, n_seeds), units))


def _name_outcome(
    delivered: PairedBounds, choice: PairedBounds, counts: tuple[int, int, int], delta: float
) -> str:
    n_rows, n_units, n_seeds = counts
    both = (delivered, choice)
    if all(float(item.mean) == 0 and float(item.se) == 0 for item in both):
        return "same losses"
    if n_rows < MIN_ROWS or n_units < 2:
        return "cannot tell"
    if all(float(item.low) > -delta and float(item.high) < delta for item in both):
        return "no difference that matters"
    if n_seeds < MIN_SEEDS_TO_HELP:
        return "cannot tell"
    if all(float(item.high) < 0 for item in both):
        return "first is better"
    return "second is better" if all(float(item.low) > 0 for item in both) else "cannot tell"


def _say(
    outcome: str,
    bounds: tuple[PairedBounds, PairedBounds],
    sides: tuple[Side, Side],
    counts: tuple[int, int, int],
    delta: float,
) -> str:
    n_rows, n_units, n_seeds = counts
    first, second = (side.name for side in sides)
    loss = name_loss(sides[0].settings.task)
    opening = {
        "first is better": f"{first} is better than {second}",
        "second is better": f"{second} is better than {first}",
        "no difference that matters": f"{first} and {second} differ by less than the tolerance {delta:.3g}",
        "same losses": f"{first} and {second} have the same losses: the same networks on the same rows",
    }.get(outcome, f"Cannot tell {first} from {second}")
    if outcome == "same losses":
        return f"{opening}."
    rows = f"{n_rows} rows" if n_units == n_rows else f"{n_rows} rows of {n_units} groups"
    numbers = [say_estimate(list_interval(item), scale=delta) for item in bounds]
    reason = _say_why_not(counts) if outcome == "cannot tell" else ""
    return (
        f"{opening}: validation {loss} of {first} minus {second} {numbers[0]}, with the choice made anew "
        f"{numbers[1]} (same {rows}, {n_seeds} seed{'s' * (n_seeds != 1)}; tolerance {delta:.2g}).{reason}"
    )


def _say_why_not(counts: tuple[int, int, int]) -> str:
    n_rows, n_units, n_seeds = counts
    if n_rows < MIN_ROWS or n_units < 2:
        return f" Under {MIN_ROWS} rows no rule keeps its error rate."
    if n_seeds < MIN_SEEDS_TO_HELP:
        more = f"heldout fit --seeds {MIN_SEEDS_TO_HELP} trains enough"
        return f" {n_seeds} seeds are too few to call one better; {more}."
    return ""


def _mean(losses: FloatArray) -> float:
    return float(losses.mean(dtype=np.float64))
