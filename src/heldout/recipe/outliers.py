"""Outlier rules for fit rows: which numbers are extreme, fitted on the fit rows alone; other rows are never dropped."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heldout.errors import RecipeError
from heldout.recipe.record import ColumnState, Recipe
from heldout.recipe.steps.standardize import BIGGEST, Scale, fit_scale
from heldout.records import BoolArray, DoubleArray, IndexArray, Kind, TypedColumn

MOST_DROPPED = 0.5  # a rule that calls more than half of the rows extreme describes the rule, not the rows
FEWEST_DISTINCT = 3  # yes and no written as 0 and 1 have no extremes


@dataclass(frozen=True)
class OutlierLimits:
    """From where on a number is extreme, by column.

    Args:
        columns: names of the number columns that have limits.
        low: float64 [columns], numbers below are extreme.
        high: float64 [columns], numbers above are extreme.
    """

    columns: tuple[str, ...]
    low: DoubleArray
    high: DoubleArray


def find_limits(columns: tuple[TypedColumn, ...], rows: IndexArray, *, limit: float) -> OutlierLimits:
    """Fit the limits of every number column: mean plus and minus some standard deviations of the fit rows.

    Args:
        columns: typed columns.
        rows: int64 positions of the fit rows.
        limit: standard deviations, above 0.

    Returns:
        limits of the number columns that are features and have at least three different values.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("age", Kind.NUMBER, "")
        >>> age = TypedColumn(spec, np.zeros(5, np.uint8), np.array([1.0, 2.0, 3.0, 2.0, 99.0]), np.zeros(0, np.int32))
        >>> find_limits((age,), np.arange(4), limit=3.0).high.round(2)
        array([4.12])
    """
    names, low, high = [], [], []
    for column in columns:
        if not column.spec.used or column.spec.kind is not Kind.NUMBER:
            continue
        values = np.clip(column.values[rows], -BIGGEST, BIGGEST)
        values = values[~np.isnan(values)]
        if np.unique(values).size < FEWEST_DISTINCT:
            continue
        reach = limit * float(values.std())
        names.append(column.spec.name)
        low.append(float(values.mean()) - reach)
        high.append(float(values.mean()) + reach)
    return OutlierLimits(tuple(names), np.array(low), np.array(high))


def flag_outliers(columns: tuple[TypedColumn, ...], limits: OutlierLimits) -> BoolArray:
    """Mark the rows that hold an extreme number in any column; a missing number is not extreme.

    Args:
        columns: typed columns, any order.
        limits: from `find_limits`.

    Returns:
        bool [N], for all rows of the table.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("age", Kind.NUMBER, "")
        >>> age = TypedColumn(spec, np.zeros(3, np.uint8), np.array([1.0, np.nan, 99.0]), np.zeros(0, np.int32))
        >>> flag_outliers((age,), OutlierLimits(("age",), np.array([0.0]), np.array([4.0])))
        array([False, False,  True])
    """
    flags = np.zeros(columns[0].status.size if columns else 0, bool)
    by_name = {column.spec.name: column for column in columns}
    for name, low, high in zip(limits.columns, limits.low, limits.high, strict=True):
        values = by_name[name].values
        flags |= (values < low) | (values > high)
    return flags


def list_extreme(columns: tuple[TypedColumn, ...], limits: OutlierLimits) -> tuple[str, ...]:
    """Name the columns that hold an extreme number in any row.

    Args:
        columns: typed columns, any order.
        limits: from `find_limits`.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("age", Kind.NUMBER, "")
        >>> age = TypedColumn(spec, np.zeros(1, np.uint8), np.ones(1), np.zeros(0, np.int32))
        >>> list_extreme((age,), OutlierLimits(("age",), np.array([2.0]), np.array([4.0])))
        ('age',)
    """
    held = {column.spec.name: column for column in columns}
    return tuple(
        name
        for index, name in enumerate(limits.columns)
        if flag_outliers(
            (held[name],),
            OutlierLimits((name,), limits.low[index : index + 1], limits.high[index : index + 1]),
        ).any()
    )


def drop_outliers(columns: tuple[TypedColumn, ...], rows: IndexArray, *, limit: float) -> IndexArray:
    """Give the fit rows without those that hold an extreme number.

    Args:
        columns: typed columns.
        rows: int64 positions of the fit rows, from which the limits are fitted too.
        limit: standard deviations.

    Raises:
        RecipeError: the rule would drop more than half of the rows.

    Example:
        >>> from heldout.records import ColumnSpec
        >>> values = np.array([*np.linspace(0, 1, 30), 99.0])
        >>> x = TypedColumn(ColumnSpec("x", Kind.NUMBER, ""), np.zeros(31, np.uint8), values, np.zeros(0, np.int32))
        >>> len(drop_outliers((x,), np.arange(31), limit=3.0))
        30
        >>> drop_outliers((x,), np.arange(31), limit=0.01)
        Traceback (most recent call last):
        heldout.errors.RecipeError: the outlier rule (0.01 standard deviations) would drop 31 of 31 fit rows
          -> raise outlier_limit, or keep the rows
    """
    flags = flag_outliers(columns, find_limits(columns, rows, limit=limit))[rows]
    if flags.mean() > MOST_DROPPED:
        raise RecipeError(
            f"the outlier rule ({limit:g} standard deviations) would drop {int(flags.sum())} of {len(rows)} fit rows",
            hint="raise outlier_limit, or keep the rows",
        )
    return rows[~flags]


def clip_recipe(
    recipe: Recipe,
    columns: tuple[TypedColumn, ...],
    fit_rows: tuple[IndexArray, ...],
    *,
    limit: float,
) -> Recipe:
    """Tighten the limits of every standardized number to mean plus and minus some standard deviations.

    Extreme numbers are pulled in to the limit, in fit rows and later in every row that is predicted.

    Args:
        recipe: fitted on the same rows.
        columns: typed columns.
        fit_rows: the fit rows of each state.
        limit: standard deviations.

    Returns:
        the recipe on the same layout, with new scales.

    Example:
        >>> from heldout.recipe.fit import fit_recipe
        >>> from heldout.records import ColumnSpec
        >>> values, rows = np.linspace(0, 1, 31), (np.arange(31),)
        >>> x = TypedColumn(ColumnSpec("x", Kind.NUMBER, ""), np.zeros(31, np.uint8), values, np.zeros(0, np.int32))
        >>> made = clip_recipe(fit_recipe((x,), rows), (x,), rows, limit=1.0)
        >>> round(float(made.states[0].columns[0].fitted[0].high), 2)
        0.8
    """
    by_name = {column.spec.name: column for column in columns}
    states = []
    for state, rows in zip(recipe.states, fit_rows, strict=True):
        limits = find_limits(columns, rows, limit=limit)
        bounds = dict(zip(limits.columns, zip(limits.low, limits.high, strict=True), strict=True))
        changed = []
        for plan, fitted in zip(recipe.columns, state.columns, strict=True):
            name = plan.spec.name
            bound = bounds.get(name)
            changed.append(
                fitted if bound is None else _tighten(fitted, by_name[name].values[rows], bound, limit)
            )
        states.append(replace(state, columns=tuple(changed)))
    return replace(recipe, states=tuple(states))


def flag_clipped(recipe: Recipe, columns: tuple[TypedColumn, ...], *, state: int = 0) -> BoolArray:
    """Mark the rows with a number that the recipe's own scales pull in (they bound what one cell can do).

    Args:
        recipe: the recipe.
        columns: typed columns.
        state: which fitted state.

    Returns:
        bool [N], for all rows of the table.

    Example:
        >>> flag_clipped(Recipe((), ()), ()).shape
        (0,)
    """
    flags = np.zeros(columns[0].status.size if columns else 0, bool)
    by_name = {column.spec.name: column for column in columns}
    fitted_columns = recipe.states[state].columns if recipe.states else ()
    for plan, fitted in zip(recipe.columns, fitted_columns, strict=True):
        for scale in fitted.fitted:
            if isinstance(scale, Scale) and scale.scale > 0.0:
                values = by_name[plan.spec.name].values
                flags |= (values < scale.low) | (values > scale.high)
    return flags


def _tighten(
    fitted: ColumnState, values: DoubleArray, bound: tuple[float, float], limit: float
) -> ColumnState:
    low, high = float(bound[0]), float(bound[1])
    ordered = np.sort(np.clip(values[~np.isnan(values)], -BIGGEST, BIGGEST))
    changed = []
    for item in fitted.fitted:
        if not isinstance(item, Scale) or item.scale == 0.0:
            changed.append(item)
            continue
        made = fit_scale(np.clip(ordered, low, high))
        n_clipped = int(np.count_nonzero((ordered < low) | (ordered > high)))
        why = f"{made.why}; clipped to {limit:g} standard deviations, as asked"[:1000]
        changed.append(
            replace(made, low=max(made.low, low), high=min(made.high, high), clipped=n_clipped, why=why)
        )
    return replace(fitted, fitted=tuple(changed))
