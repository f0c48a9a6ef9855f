"""What a network learned by heart: columns that help on rows it was fitted on and not on rows it was not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.errors import DataError
from heldout.evidence.paired import PairedBounds, Units, compare_paired, index_units
from heldout.evidence.wording import say_change
from heldout.records import ByHeart, ColumnHelp, DoubleArray, FloatArray, IndexArray

MOST_SENTENCES = 5


@dataclass(frozen=True)
class Occlusion:
    """How much the loss of each row rises when one column is permuted among the rows.

    Args:
        what: the network in words, e.g. "rung 5" or "dropout 0.3".
        fit: float32 [C, S, F], rows that the network was fitted on; F counts each row once per fold.
        validation: float32 [C, S, V], rows that it was not fitted on.
    """

    what: str
    fit: FloatArray
    validation: FloatArray


@dataclass(frozen=True)
class OcclusionRows:
    """Which rows an occlusion was measured on, the same for all networks.

    Args:
        columns: names of the C columns.
        fit_unit: int64 [F], unit of each fit row.
        validation_unit: int64 [V], unit of each validation row, in the same numbering.
    """

    columns: tuple[str, ...]
    fit_unit: IndexArray
    validation_unit: IndexArray


def judge_columns(
    occlusion: Occlusion, rows: OcclusionRows, *, tolerance: float, alpha: float = 0.05
) -> tuple[ColumnHelp, ...]:
    """Judge each column: does its help on fit rows carry over to validation rows?

    The same rows serve as fit rows of some folds and as validation rows of another; they enter as one unit, so that
    the comparison is paired where rows are shared and unpaired where they are not. Rows and seeds are both random.

    Args:
        occlusion: rises of the loss.
        rows: columns and units.
        tolerance: differences in loss up to this do not matter.
        alpha: chance of any false "by heart" over all columns (Bonferroni).

    Returns:
        one `ColumnHelp` per column, in the order given.

    Raises:
        DataError: shapes do not agree.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> rises = Occlusion("rung 3", 0.5 + 0.1 * rng.normal(size=(1, 3, 50)), 0.1 * rng.normal(size=(1, 3, 50)))
        >>> rows = OcclusionRows(("site",), np.arange(50), np.arange(50))
        >>> judge_columns(rises, rows, tolerance=0.01)[0].outcome
        'learned by heart'
    """
    _check(occlusion, rows)
    n_columns = len(rows.columns)
    fit_units, validation_units = index_units(rows.fit_unit), index_units(rows.validation_unit)
    both = index_units(np.concatenate([rows.fit_unit, rows.validation_unit]))
    judged = []
    for index, name in enumerate(rows.columns):
        fit = compare_paired(occlusion.fit[index], fit_units, alpha=alpha)
        validation = compare_paired(occlusion.validation[index], validation_units, alpha=alpha)
        gap = _bound_gap(occlusion.fit[index], occlusion.validation[index], both, alpha / n_columns)
        outcome = _name_outcome(fit, validation, gap, tolerance)
        judged.append(ColumnHelp(name, _list(fit), _list(validation), _list(gap), outcome))
    return tuple(judged)


def judge_by_heart(
    plain: Occlusion,
    remedied: Sequence[Occlusion],
    *,
    rows: OcclusionRows,
    tolerance: float,
    n_networks: int,
    notes: tuple[str, ...] = (),
    alpha: float = 0.05,
) -> ByHeart:
    """Say which columns the plain network learned by heart, and which remedy takes that away.

    Args:
        plain: the network without remedies, trained to the last epoch.
        remedied: the same size under each remedy, same seeds, rows and permutations.
        rows: columns and units.
        tolerance: differences in loss up to this do not matter.
        n_networks: networks trained for this.
        notes: what was left out.
        alpha: chance of any false "by heart" over all columns.

    Returns:
        `ByHeart` with the largest gap first.
    """
    columns = judge_columns(plain, rows, tolerance=tolerance, alpha=alpha)
    order = sorted(range(len(columns)), key=lambda i: -columns[i].gap[0])
    after = [(item, judge_columns(item, rows, tolerance=tolerance, alpha=alpha)) for item in remedied]
    both = index_units(np.concatenate([rows.fit_unit, rows.validation_unit]))
    sentences = []
    for index in order:
        if "by heart" not in columns[index].outcome:
            continue
        cures = [
            _say_cure(plain, item, (index, helped[index]), both, alpha=alpha, tolerance=tolerance)
            for item, helped in after
        ]
        sentences.append(_say_column(columns[index], [cure for cure in cures if cure]))
    return ByHeart(
        configuration=plain.what,
        columns=tuple(columns[i] for i in order),
        remedied=tuple((item.what, tuple(helped[i] for i in order)) for item, helped in after),
        sentences=tuple(sentences[:MOST_SENTENCES]) or (_say_nothing(plain.what, columns),),
        n_networks=n_networks,
        notes=notes,
    )


def _check(occlusion: Occlusion, rows: OcclusionRows) -> None:
    n_columns = len(rows.columns)
    for name, array, unit in (
        ("fit", occlusion.fit, rows.fit_unit),
        ("validation", occlusion.validation, rows.validation_unit),
    ):
        if array.ndim != 3 or len(array) != n_columns or array.shape[2] != len(unit):
            raise DataError(
                f"{name} rises of shape {array.shape} for {n_columns} columns and {len(unit)} rows: expected "
                "[columns, seeds, rows]",
                hint="measure every network on the same rows",
            )


def _spread_gap(fit: FloatArray, validation: FloatArray) -> DoubleArray:
    """Lay out a difference of two means so that one paired statistic over all entries bounds it: [S, F + V]."""
    one, other = fit.astype(np.float64), validation.astype(np.float64)
    n_fit, n_validation = one.shape[1], other.shape[1]
    total = n_fit + n_validation
    mean, far = one.mean(axis=1, keepdims=True), other.mean(axis=1, keepdims=True)
    gap = mean - far
    return np.concatenate(
        [gap + total / n_fit * (one - mean), gap - total / n_validation * (other - far)], axis=1
    )


def _bound_gap(fit: FloatArray, validation: FloatArray, both: Units, alpha: float) -> PairedBounds:
    return compare_paired(_spread_gap(fit, validation), both, alpha=alpha)


def _list(bounds: PairedBounds) -> tuple[float, float, float]:
    return float(bounds.mean), float(bounds.low), float(bounds.high)


def _name_outcome(fit: PairedBounds, validation: PairedBounds, gap: PairedBounds, tolerance: float) -> str:
    if gap.low > tolerance:
        return "partly by heart" if validation.low > 0 else "learned by heart"
    if validation.low > 0:
        return "carries over"
    if max(float(fit.high), float(validation.high)) < tolerance:
        return "no help shown"
    return "cannot tell"


def _say_cure(
    plain: Occlusion,
    remedied: Occlusion,
    of: tuple[int, ColumnHelp],
    both: Units,
    *,
    alpha: float,
    tolerance: float,
) -> str:
    """Say what a remedy does to a column's gap, with the same seeds; nothing where no change is shown."""
    index, helped = of
    n_seeds = min(plain.fit.shape[1], remedied.fit.shape[1])
    before = _spread_gap(plain.fit[index, :n_seeds], plain.validation[index, :n_seeds])
    after = _spread_gap(remedied.fit[index, :n_seeds], remedied.validation[index, :n_seeds])
    reduced = compare_paired(before - after, both, alpha=alpha)
    if not reduced.low > 0:
        return ""
    if helped.gap[2] <= tolerance:
        return f"{remedied.what} takes it away (difference {say_change(helped.gap[0])})"
    return f"{remedied.what} lowers the difference to {say_change(helped.gap[0])}"


def _say_column(column: ColumnHelp, cures: list[str]) -> str:
    fit, validation = column.fit[0], column.validation
    within = f"{say_change(validation[1])} to {say_change(validation[2])}"
    word = "learned by heart" if column.outcome == "learned by heart" else "learned by heart in part"
    cured = f"; {', '.join(cures)}" if cures else ""
    return (
        f"{column.column!r} lowers the loss by {fit:.3f} on fit rows and by {validation[0]:.3f} ({within}) on "
        f"validation rows: {word}{cured}."
    )


def _say_nothing(what: str, columns: tuple[ColumnHelp, ...]) -> str:
    carried = [item.column for item in columns if item.outcome == "carries over"]
    shown = ", ".join(repr(name) for name in carried[:5])
    rest = f" Help that carries over to validation rows: {shown}." if carried else ""
    return f"No column of {what} is shown to be learned by heart ({len(columns)} columns at once).{rest}"
