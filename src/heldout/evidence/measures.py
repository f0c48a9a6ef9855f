"""What all metrics of one set of rows share: the rows, and the intervals of shares, means and functions of sums."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from heldout.counts import count_things
from heldout.evidence.intervals import (
    NO_INTERVAL,
    Interval,
    bound_bootstrap,
    bound_grouped_share,
    bound_mean_loss,
    bound_share,
)
from heldout.evidence.paired import Units
from heldout.records import MIN_ROWS, DoubleArray, IndexArray

MIN_GROUPS = 30  # percentile and t bootstraps of groups undercover below (measured: .86 at 10, .91 at 20)
Measured = tuple[float, Interval, str]  # value, interval, how it was made or why there is none


@dataclass(frozen=True)
class Case:
    """Everything a metric needs.

    Args:
        truth: float64 [M] class index or number, or [M, labels] ones and zeros.
        values: float64 [M, C] probabilities, or [M, 1] numbers.
        labels: int64 [M] predicted class, or [M, labels]; empty for numbers.
        units: the groups.
        seed: of the bootstraps.
    """

    truth: DoubleArray
    values: DoubleArray
    labels: IndexArray
    units: Units
    seed: int

    @property
    def n_rows(self) -> int:
        """Rows."""
        return len(self.truth)

    @property
    def is_grouped(self) -> bool:
        """Whether rows come in groups."""
        return self.units.n_units < self.n_rows


def refuse_interval(case: Case) -> str:
    """Say why a bootstrap of these rows is not honest; "" where it is."""
    if case.n_rows < MIN_ROWS:
        return f"no interval: {case.n_rows} rows, under {MIN_ROWS} none is honest"
    if case.is_grouped and case.units.n_units < MIN_GROUPS:
        return f"no interval: {_name_units(case.units.n_units)}, under {MIN_GROUPS} none is honest"
    return ""


def _name_units(n_units: int) -> str:
    """Say how many units there are: copies make them too, where no group was named."""
    return f"{count_things(n_units, 'independent unit')} (rows of one group, or exact copies, are one)"


def measure_hits(hits: DoubleArray, case: Case) -> Measured:
    """Give the share of hits with its exact interval, on the effective size where rows come in groups.

    One row alone has none, as one group of many has none: how others do cannot be read from it.

    Args:
        hits: float64 [M] of 0 and 1.
        case: the rows.
    """
    value = float(hits.mean())
    if case.n_rows == 1:
        return value, NO_INTERVAL, "no interval: 1 row alone does not tell how others do"
    if not case.is_grouped:
        return value, bound_share(float(hits.sum()), float(hits.size)), "Clopper-Pearson, exact"
    low, high, effective = bound_grouped_share(hits, case.units)
    if np.isnan(low):
        return value, NO_INTERVAL, f"no interval: {_name_units(case.units.n_units)}, under 10 are too few"
    return value, (low, high), f"Korn-Graubard: {effective:.0f} effective rows"


def measure_mean(losses: DoubleArray, case: Case) -> Measured:
    """Give the mean of losses with the interval of a bootstrap-t of units.

    Args:
        losses: float64 [M], at least 0.
        case: the rows.
    """
    value, why = float(losses.mean()), refuse_interval(case)
    interval = NO_INTERVAL if why else bound_mean_loss(losses, case.units, seed=case.seed)
    if not why and np.isnan(interval[0]):
        why = "no interval: all rows have (nearly) the same loss"
    return value, interval, why or "bootstrap-t of units"


def finish_bootstrap(
    value: float,
    kind: str,
    case: Case,
    *,
    components: DoubleArray,
    measure: Callable[[DoubleArray], DoubleArray],
) -> Measured:
    """Give a function of sums with the percentile interval of a bootstrap of units.

    Args:
        value: of all rows.
        kind: words before the method, such as "positive class; ".
        case: the rows.
        components: float64 [G, K], sums of each unit.
        measure: maps sums [B, K] to values [B].
    """
    why = refuse_interval(case)
    if why or np.isnan(value):
        return value, NO_INTERVAL, kind + (why or "not defined on these rows")
    interval = bound_bootstrap(components, measure, seed=case.seed)
    if np.isnan(interval[0]):
        return value, interval, kind + "no interval: the resamples do not differ"
    return value, interval, kind + "percentile bootstrap of units"
