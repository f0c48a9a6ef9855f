"""Metrics of classes in order: how far an answer lies from the truth counts, not only whether it is right."""

from __future__ import annotations

import numpy as np

from heldout.evidence.measures import Case, Measured, finish_bootstrap, measure_mean
from heldout.evidence.paired import sum_units
from heldout.records import DoubleArray


def measure_kappa(_: str, case: Case) -> Measured:
    """Give Cohen's kappa with quadratic weights: 1 is perfect, 0 what answers drawn without looking reach.

    Args:
        case: class indices and answers, the classes in order.

    Source:
        Cohen 1968, "Weighted kappa". With weights (i - j)^2 it is 1 - mean((t - a)^2) / (mean square of t - a with t
        and a drawn apart), so that sums over rows suffice.
    """
    truth, answer = case.truth, case.labels.astype(np.float64)
    rows = np.stack([(truth - answer) ** 2, truth, answer, truth**2, answer**2, np.ones_like(truth)])

    def measure(sums: DoubleArray) -> DoubleArray:
        apart = sums[:, 3] + sums[:, 4] - 2 * sums[:, 1] * sums[:, 2] / sums[:, 5]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(apart > 1e-12, 1 - sums[:, 0] / apart, np.nan)

    components = sum_units(rows, case.units).T
    value = float(measure(components.sum(axis=0, keepdims=True))[0])
    return finish_bootstrap(value, "", case, components=components, measure=measure)


def measure_rank_error(_: str, case: Case) -> Measured:
    """Give the mean number of steps between answer and truth.

    Args:
        case: class indices and answers, the classes in order.
    """
    return measure_mean(np.abs(case.truth - case.labels), case)


ORDER_MEASURES = {"quadratic kappa": measure_kappa, "rank error": measure_rank_error}
