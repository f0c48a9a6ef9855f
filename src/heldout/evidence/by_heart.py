"""What a network learned by heart: what helps on rows it was fitted on and not on rows it was not.

Columns, regions and stretches are in every row; a word is in few, and only those can tell anything about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from heldout.errors import DataError
from heldout.evidence.paired import (
    PairedBounds,
    Units,
    bound_mean,
    compare_paired,
    index_units,
    list_interval,
)
from heldout.evidence.wording import say_change
from heldout.records import BoolArray, ByHeart, ColumnHelp, DoubleArray, FloatArray, IndexArray

MOST_SENTENCES = 5
COLUMN = "column"
HELD = ("word", "pair of words")  # kinds that only some rows hold


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
        kinds: what each of the C is: "column", "word", "pair of words", "k-mer", "region", "stretch"; columns when
            left out.
        fit_looked: bool [C, F], the rows in which each was hidden; all when left out.
        validation_looked: bool [C, V].
    """

    columns: tuple[str, ...]
    fit_unit: IndexArray
    validation_unit: IndexArray
    kinds: tuple[str, ...] = ()
    fit_looked: BoolArray | None = None
    validation_looked: BoolArray | None = None

    def kind(self, index: int) -> str:
        """What one of the C is."""
        return self.kinds[index] if self.kinds else COLUMN


@dataclass(frozen=True)
class _Looked:
    """The rows that can tell anything about one of the C, with their units.

    Args:
        fit: bool [F].
        validation: bool [V].
        units: of the fit rows, of the validation rows, and of both one after the other.
        is_held: True for a word: the rows are those that hold it.
    """

    fit: BoolArray
    validation: BoolArray
    units: tuple[Units, Units, Units]
    is_held: bool

    def take(
        self, occlusion: Occlusion, index: int, n_seeds: int | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Rises of these rows: [S, F'], [S, V']."""
        fit, validation = occlusion.fit[index, :n_seeds], occlusion.validation[index, :n_seeds]
        return fit[:, self.fit], validation[:, self.validation]


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
    return _judge(occlusion, rows, _list_looked(rows), tolerance=tolerance, alpha=alpha)


def _list_looked(rows: OcclusionRows) -> tuple[_Looked, ...]:
    every = _find_looked(
        rows, (np.ones(len(rows.fit_unit), bool), np.ones(len(rows.validation_unit), bool)), False
    )
    if rows.fit_looked is None or rows.validation_looked is None:
        return (every,) * len(rows.columns)
    masks = zip(rows.fit_looked, rows.validation_looked, strict=True)
    return tuple(
        every
        if fit.all() and validation.all()
        else _find_looked(rows, (fit, validation), rows.kind(i) in HELD)
        for i, (fit, validation) in enumerate(masks)
    )


def _find_looked(rows: OcclusionRows, masks: tuple[BoolArray, BoolArray], is_held: bool) -> _Looked:
    fit, validation = rows.fit_unit[masks[0]], rows.validation_unit[masks[1]]
    units = index_units(fit), index_units(validation), index_units(np.concatenate([fit, validation]))
    return _Looked(*masks, units, is_held)


def _judge(
    occlusion: Occlusion, rows: OcclusionRows, looked: tuple[_Looked, ...], *, tolerance: float, alpha: float
) -> tuple[ColumnHelp, ...]:
    judged = []
    for index, (name, chosen) in enumerate(zip(rows.columns, looked, strict=True)):
        fit_rises, validation_rises = chosen.take(occlusion, index)
        fit = compare_paired(fit_rises, chosen.units[0], alpha=alpha)
        validation = compare_paired(validation_rises, chosen.units[1], alpha=alpha)
        gap = _bound_gap(fit_rises, validation_rises, chosen, alpha / len(rows.columns))
        outcome = _name_outcome(fit, validation, gap, tolerance)
        judged.append(
            ColumnHelp(name, list_interval(fit), list_interval(validation), list_interval(gap), outcome)
        )
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
    for item in (plain, *remedied):
        _check(item, rows)
    looked = _list_looked(rows)
    columns = _judge(plain, rows, looked, tolerance=tolerance, alpha=alpha)
    # what is shown comes first, then what is largest: the gap of a rare word is large by chance
    order = sorted(
        range(len(columns)), key=lambda i: ("by heart" not in columns[i].outcome, -columns[i].gap[0])
    )
    after = [(item, _judge(item, rows, looked, tolerance=tolerance, alpha=alpha)) for item in remedied]
    sentences = []
    for index in order:
        if "by heart" not in columns[index].outcome:
            continue
        cures = [
            _say_cure(plain, item, (index, helped[index]), looked[index], alpha=alpha, tolerance=tolerance)
            for item, helped in after
        ]
        sentences.append(
            _say_column(columns[index], rows.kind(index), looked[index], [cure for cure in cures if cure])
        )
    return ByHeart(
        configuration=plain.what,
        columns=tuple(columns[i] for i in order),
        remedied=tuple((item.what, tuple(helped[i] for i in order)) for item, helped in after),
        sentences=tuple(sentences[:MOST_SENTENCES]) or (_say_nothing(plain.what, columns, rows),),
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


def _spread_gap(fit: FloatArray | DoubleArray, validation: FloatArray | DoubleArray) -> DoubleArray:
    """Lay out a difference of two means so that one paired statistic over all entries bounds it: [S, F + V]."""
    one, other = fit.astype(np.float64), validation.astype(np.float64)
    n_fit, n_validation = one.shape[1], other.shape[1]
    total = n_fit + n_validation
    mean, far = one.mean(axis=1, keepdims=True), other.mean(axis=1, keepdims=True)
    gap = mean - far
    return np.concatenate(
        [gap + total / n_fit * (one - mean), gap - total / n_validation * (other - far)], axis=1
    )


def _bound_gap(fit: FloatArray, validation: FloatArray, looked: _Looked, alpha: float) -> PairedBounds:
    if not looked.is_held:
        return compare_paired(_spread_gap(fit, validation), looked.units[2], alpha=alpha)
    return _bound_held(fit, validation, looked, alpha)


def _bound_held(fit: FloatArray, validation: FloatArray, looked: _Looked, alpha: float) -> PairedBounds:
    """Bound the gap among the few rows that hold a word.

    A handful of validation rows may look more alike than they are, and then any difference looks certain. So each
    side's spread is at least that of both together, as it is where nothing was learned by heart; and the degrees of
    freedom are those of two samples of unequal spread (Welch), not of all rows.
    """
    gap = compare_paired(_spread_gap(*_widen(fit, validation)), looked.units[2], alpha=alpha)
    sides = [
        compare_paired(one, units, alpha=alpha)
        for one, units in zip(_widen(fit, validation), looked.units, strict=False)
    ]
    variance = [float(side.se) ** 2 for side in sides]
    spread = sum(one**2 / float(side.df) for one, side in zip(variance, sides, strict=True))
    df = min(float(gap.df), sum(variance) ** 2 / spread) if 0 < spread < np.inf else float(gap.df)
    low, high = bound_mean(gap.mean, gap.se, df=df, alpha=alpha)
    return PairedBounds(gap.mean, gap.se, np.asarray(df), low, high, gap.row_variance, gap.seed_variance)


def _widen(fit: FloatArray, validation: FloatArray) -> tuple[DoubleArray, DoubleArray]:
    """Stretch the rows' deviations of each side to the spread of both sides where they are smaller."""
    sides = [side.astype(np.float64) for side in (fit, validation)]
    rows = [side.mean(axis=0) - side.mean() for side in sides]
    square = [float(one @ one) for one in rows]
    pooled = sum(square) / max(sum(map(len, rows)) - 2, 1)
    made = []
    for side, own, n_rows in zip(sides, square, map(len, rows), strict=True):
        spread = own / max(n_rows - 1, 1)
        mean = side.mean(axis=1, keepdims=True)
        if spread > 0:
            made.append(mean + np.sqrt(max(1.0, pooled / spread)) * (side - mean))
        else:  # all rows alike: nothing to stretch, so the spread of both is laid in
            steps = np.arange(n_rows) - (n_rows - 1) / 2
            made.append(mean + np.sqrt(pooled) * steps / max(float(steps.std()), 1.0))
    return made[0], made[1]


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
    looked: _Looked,
    *,
    alpha: float,
    tolerance: float,
) -> str:
    """Say what a remedy does to a column's gap, with the same seeds; nothing where no change is shown."""
    index, helped = of
    n_seeds = min(plain.fit.shape[1], remedied.fit.shape[1])
    before = _spread_gap(*looked.take(plain, index, n_seeds))
    after = _spread_gap(*looked.take(remedied, index, n_seeds))
    reduced = compare_paired(before - after, looked.units[2], alpha=alpha)
    if not reduced.low > 0:
        return ""
    if helped.gap[2] <= tolerance:
        return f"{remedied.what} takes it away (difference {say_change(helped.gap[0])})"
    return f"{remedied.what} lowers the difference to {say_change(helped.gap[0])}"


def _say_column(column: ColumnHelp, kind: str, looked: _Looked, cures: list[str]) -> str:
    fit, validation = column.fit[0], column.validation
    is_many = kind in ("region", "stretch") and not column.column.startswith(("point ", "position "))
    lowers, raises = ("lower", "raise") if is_many else ("lowers", "raises")
    verb, sign = ("by", 1.0) if validation[0] >= 0 else (f"{raises} it by", -1.0)
    ends = sorted(sign * end for end in validation[1:])
    within = f"{say_change(ends[0])} to {say_change(ends[1])}"
    word = "learned by heart" if column.outcome == "learned by heart" else "learned by heart in part"
    cured = f"; {', '.join(cures)}" if cures else ""
    sides = ("fit rows", "validation rows")
    if looked.is_held:
        counts = [units.n_units for units in looked.units[:2]]
        sides = (
            f"the {counts[0]:,} fit rows looked at that hold it",
            f"the {counts[1]:,} such validation rows",
        )
    return (
        f"{_name(column, kind)} {lowers} the loss by {fit:.3f} on {sides[0]} and {verb} {sign * validation[0]:.3f} "
        f"({within}) on {sides[1]}: {word}{cured}."
    )


def _name(column: ColumnHelp, kind: str) -> str:
    """Columns stand in quotation marks, the rest is named in words already."""
    return repr(column.column) if kind == COLUMN else column.column


def _say_nothing(what: str, columns: tuple[ColumnHelp, ...], rows: OcclusionRows) -> str:
    carried = [_name(item, rows.kind(i)) for i, item in enumerate(columns) if item.outcome == "carries over"]
    rest = f" Help that carries over to validation rows: {', '.join(carried[:5])}." if carried else ""
    kinds = {rows.kind(index) for index in range(len(columns))}
    one = kinds.pop() if len(kinds) == 1 else "word" if kinds <= set(HELD) else "input"
    many = f"{one}s" if one != "pair of words" else "pairs of words"
    many = "stretches" if one == "stretch" else "words and pairs of words" if one == "word" else many
    return f"No {one} of {what} is shown to be learned by heart ({len(columns)} {many} at once).{rest}"
