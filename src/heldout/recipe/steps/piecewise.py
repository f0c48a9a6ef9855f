"""`piecewise@1`: a number spread over bins at quantiles of the fit rows, beside its standardized value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.recipe.record import Role, Slot
from heldout.recipe.rules import Rule
from heldout.recipe.steps.standardize import take_quantile, take_values
from heldout.recipe.steps.step import SlotPlan, Step
from heldout.recipe.view import Cells, Outcome
from heldout.records import DoubleArray, FloatArray

MOST_BINS = 256


@dataclass(frozen=True)
class BinsAsked:
    """Asked: how many bins at most.

    Args:
        bins: 2 to 256; edges that coincide are merged, so that there may be fewer.
    """

    bins: int = 16


@dataclass(frozen=True)
class Bins:
    """Fitted: the edges of the bins.

    Args:
        edges: ascending, one more than there are bins; empty when the fit rows hold fewer than 3 distinct numbers.
        fill: mean of each bin's number over the fit rows, used for cells without a value.
    """

    edges: tuple[float, ...]
    fill: tuple[float, ...]


def spread_over_bins(values: DoubleArray, edges: DoubleArray) -> DoubleArray:
    """Encode numbers piecewise linearly: bins below are 1, bins above are 0, the own bin is the share passed.

    A small network sees a straight line through a standardized number; with bins it can bend at each edge. Unlike
    in the paper the first and last bin do not go on beyond 0 and 1: new numbers far outside stay bounded.

    Args:
        values: float64 [n].
        edges: float64 [bins + 1], strictly ascending.

    Returns:
        float64 [n, bins], 0 to 1.

    Source: Gorishniy, Rubachev, Babenko 2022, "On Embeddings for Numerical Features in Tabular Deep Learning", eq. 1.

    Example:
        >>> import numpy as np
        >>> spread_over_bins(np.array([5.0, 15.0]), np.array([0.0, 10.0, 30.0])).tolist()
        [[0.5, 0.0], [1.0, 0.25]]
    """
    # Two edges may be the smallest float64 apart; an infinite share is then clipped to 1, which is right.
    with np.errstate(over="ignore"):
        passed = (values[:, None] - edges[None, :-1]) / (edges[1:] - edges[:-1])[None, :]
    return np.clip(passed, 0.0, 1.0)


def _fit(cells: Cells, asked: BinsAsked) -> Bins:
    ordered = take_values(cells)
    distinct = np.count_nonzero(ordered[1:] != ordered[:-1]) + 1
    if ordered.size < 3 or distinct < 3:
        return Bins((), ())
    raw = np.array([take_quantile(ordered, index / asked.bins) for index in range(asked.bins + 1)])
    edges = raw[np.concatenate([[True], raw[1:] > raw[:-1]])]
    if edges.size < 3:
        return Bins((), ())
    fill = spread_over_bins(ordered, edges).mean(axis=0)
    return Bins(tuple(edges.tolist()), tuple(fill.tolist()))


def _plan(states: tuple[Bins, ...]) -> tuple[SlotPlan, ...]:
    width = max(len(state.fill) for state in states)
    return tuple(SlotPlan(Role.BIN, f"{index + 1} of {width}", "share") for index in range(width))


def _apply(cells: Cells, fitted: Bins, slots: tuple[Slot, ...]) -> FloatArray:
    made = np.zeros((cells.size, len(slots)), np.float32)
    used = len(fitted.fill)
    if used == 0:
        return made
    made[:, :used] = fitted.fill
    has_value = cells.outcome == Outcome.VALUE
    values = np.clip(cells.values[has_value], fitted.edges[0], fitted.edges[-1])
    made[has_value, :used] = spread_over_bins(values, np.array(fitted.edges))
    return made


def _describe(fitted: Bins) -> str:
    if not fitted.edges:
        return "always 0: fewer than 3 bin edges differ on the fit rows"
    edges = ", ".join(f"{edge:.6g}" for edge in fitted.edges)
    return f"share passed of each of {len(fitted.fill)} bins with edges {edges}; without a value: the fit rows' mean"


def _check(fitted: Bins, slots: tuple[Slot, ...]) -> str:
    if any(slot.role is not Role.BIN for slot in slots):
        return "expected bin slots only"
    if len(fitted.fill) > len(slots) or len(fitted.edges) != (len(fitted.fill) + 1 if fitted.fill else 0):
        return f"{len(fitted.edges)} edges and {len(fitted.fill)} bins do not fit {len(slots)} slots"
    if any(low >= high for low, high in zip(fitted.edges, fitted.edges[1:], strict=False)):
        return "bin edges do not ascend"
    return ""


STEP = Step(
    name="piecewise@1",
    asked_record=BinsAsked,
    fitted_record=Bins,
    fit=_fit,
    plan=_plan,
    apply=_apply,
    describe=_describe,
    check=_check,
    asked_rules={"bins": Rule("count", low=2, high=MOST_BINS)},
    fitted_rules={
        "edges": Rule("numbers", longest=MOST_BINS + 1),
        "fill": Rule("numbers", low=0.0, high=1.0, longest=MOST_BINS),
    },
)
