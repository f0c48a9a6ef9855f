"""Apply a fitted recipe: typed cells in, float32 features out, and what new rows hold that the fit rows did not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.cells.characters import fold_text
from heldout.errors import RecipeError
from heldout.recipe.match import check_state, is_dropped, match_columns
from heldout.recipe.record import ColumnPlan, FitRates, Recipe, Role
from heldout.recipe.steps.onehot import Categories, fold_known, hash_text
from heldout.recipe.steps.table import STEPS
from heldout.recipe.view import NUMERIC_KINDS, Cells, Outcome, take_cells
from heldout.records import CodeArray, FloatArray, IndexArray, Kind, TypedColumn

# Three of five rows beyond the 1 % or 99 % quantile by chance: about one column in 50,000.
FEWEST_FOR_SHIFT = 5


@dataclass(frozen=True)
class ColumnProblems:
    """What the rows of one column hold that matters for a prediction.

    Args:
        column: its name.
        rows: number of rows.
        missing: rows without a value.
        unparsed: rows whose cell could not be read.
        unseen: rows with a value that no fit row has (categories).
        out_of_range: rows beyond the 1 % to 99 % quantiles of the fit rows (numbers and dates).
        median: median of these rows, None without numbers.
        is_shifted: True when the median of at least 5 values lies outside the 1 % to 99 % quantiles of the fit
            rows: likely another unit.
        expected: the same shares in the fit rows.
    """

    column: str
    rows: int
    missing: int
    unparsed: int
    unseen: int
    out_of_range: int
    median: float | None
    is_shifted: bool
    expected: FitRates


def apply_recipe(
    recipe: Recipe, columns: tuple[TypedColumn, ...], *, state: int = 0, rows: IndexArray | None = None
) -> FloatArray:
    """Encode rows by one fitted state.

    Each row is encoded by itself: chunks give the same bits as all rows at once.

    Args:
        recipe: the recipe.
        columns: typed columns, any order; further columns are ignored, dropped ones may be absent.
        state: which fitted state.
        rows: int64 positions, any order, also repeated; None for all rows.

    Returns:
        float32 [n, D], finite; column p holds slot `recipe.layout[p]`.

    Raises:
        RecipeError: a column is missing or read as another kind, no such state, rows outside the table, or a
            number that is not finite came out (a damaged recipe), naming the column.

    Example:
        >>> import numpy as np
        >>> from heldout.recipe.fit import fit_recipe
        >>> from heldout.records import ColumnSpec
        >>> spec = ColumnSpec("age", Kind.NUMBER, "all cells are numbers")
        >>> age = TypedColumn(spec, np.zeros(3, np.uint8), np.array([1.0, 2.0, 3.0]), np.zeros(0, np.int32))
        >>> recipe = fit_recipe((age,), (np.arange(3),))
        >>> apply_recipe(recipe, (age,)).shape
        (3, 1)
        >>> apply_recipe(recipe, ())
        Traceback (most recent call last):
        heldout.errors.RecipeError: column 'age' is missing
          -> the columns there are:
    """
    found = match_columns(recipe, columns)
    fitted_state = recipe.states[check_state(recipe, state)]
    chosen = _check_positions(columns, rows)
    n_rows = len(chosen) if chosen is not None else (columns[0].status.size if columns else 0)
    # Written slot by slot and read row by row later: Fortran order makes each write contiguous.
    made = np.zeros((n_rows, recipe.n_features), np.float32, order="F")
    for plan, fitted, column in zip(recipe.columns, fitted_state.columns, found, strict=True):
        if column is None or is_dropped(plan):
            continue
        cells = take_cells(column, chosen)
        for use, values in zip(plan.ops, fitted.fitted, strict=True):
            first = use.slots[0].position
            made[:, first : first + len(use.slots)] = STEPS[use.op].apply(cells, values, use.slots)
    features = np.ascontiguousarray(made)
    _check_finite(features, recipe)
    return features


def unseen_slots(recipe: Recipe) -> CodeArray:
    """Say for each feature where the `<unseen>` slot of its block is.

    Training moves a small share of the lit slots there, so that `<unseen>` is a trained slot when a prediction
    needs it.

    Returns:
        int32 [D]; -1 outside one-hot blocks. The `<unseen>` slot points at itself.

    Example:
        >>> unseen_slots(Recipe((), ())).shape
        (0,)
    """
    where = np.full(recipe.n_features, -1, np.int32)
    for plan in recipe.columns:
        for use in plan.ops:
            for slot in use.slots:
                if slot.role is Role.UNSEEN:
                    first = use.slots[0].position
                    where[first : first + len(use.slots)] = slot.position
    return where


def count_problems(
    recipe: Recipe, columns: tuple[TypedColumn, ...], state: int = 0, *, rows: IndexArray | None = None
) -> tuple[ColumnProblems, ...]:
    """Count per column what new rows hold that the fit rows did not.

    Args:
        recipe: the recipe.
        columns: typed columns of the new rows.
        state: which fitted state to compare with.
        rows: int64 positions; None for all rows.

    Returns:
        One record per column that fills slots.

    Raises:
        RecipeError: as `apply_recipe`.

    Example:
        >>> count_problems(Recipe((), ()), ())
        Traceback (most recent call last):
        heldout.errors.RecipeError: the recipe has no state 0; it has 0
    """
    found = match_columns(recipe, columns)
    fitted_state = recipe.states[check_state(recipe, state)]
    chosen = _check_positions(columns, rows)
    problems = []
    for plan, fitted, column in zip(recipe.columns, fitted_state.columns, found, strict=True):
        if column is not None and not is_dropped(plan):
            problems.append(_count_column(plan, fitted.fitted, fitted.rates, take_cells(column, chosen)))
    return tuple(problems)


def find_unseen(cells: Cells, fitted: Categories) -> np.ndarray:
    """Mark the cells whose value no fit row has, in whatever spelling.

    Returns:
        bool [n].

    Example:
        >>> import numpy as np
        >>> cells = Cells("a", Kind.CATEGORY, np.zeros(2, np.uint8), np.zeros(0, np.int8), np.zeros(0),
        ...     np.array([0, 1], np.int32), ("x", "y"))
        >>> find_unseen(cells, Categories(("x",), 0, 0, np.zeros(0, np.uint64))).tolist()
        [False, True]
    """
    known, rare, folded = set(fitted.known), set(fitted.rare.tolist()), fold_known(fitted.known)
    is_new = np.zeros(len(cells.levels) + 1, np.bool_)
    for code in np.unique(cells.codes[cells.codes >= 0]).tolist():
        text = cells.levels[code]
        is_new[code] = text not in known and hash_text(text) not in rare and fold_text(text) not in folded
    new_value = is_new[cells.codes] & (cells.outcome == Outcome.VALUE) if cells.levels else False
    return new_value | (cells.outcome == Outcome.UNSEEN)


def _count_column(
    plan: ColumnPlan, fitted: tuple[object, ...], expected: FitRates, cells: Cells
) -> ColumnProblems:
    counts = np.bincount(cells.outcome, minlength=len(Outcome))
    unseen = sum(int(find_unseen(cells, values).sum()) for values in fitted if isinstance(values, Categories))
    if plan.spec.kind is Kind.YES_NO:
        # Both values are declared, so that none can be new.
        unseen = 0
    out_of_range, median, is_shifted = 0, None, False
    values = cells.values[cells.outcome == Outcome.VALUE] if cells.kind in NUMERIC_KINDS else cells.values
    if values.size and expected.low is not None and expected.high is not None:
        median = float(np.median(values))
        out_of_range = int(np.count_nonzero((values < expected.low) | (values > expected.high)))
        is_shifted = values.size >= FEWEST_FOR_SHIFT and not expected.low <= median <= expected.high
    return ColumnProblems(
        column=plan.spec.name,
        rows=cells.size,
        missing=int(counts[Outcome.MISSING]),
        unparsed=int(counts[Outcome.UNPARSED]),
        unseen=unseen,
        out_of_range=out_of_range,
        median=median,
        is_shifted=is_shifted,
        expected=expected,
    )


def _check_positions(columns: tuple[TypedColumn, ...], rows: IndexArray | None) -> IndexArray | None:
    if rows is None:
        return None
    chosen = np.asarray(rows, np.int64)
    n_rows = columns[0].status.size if columns else 0
    outside = chosen[(chosen < 0) | (chosen >= n_rows)]
    if outside.size:
        raise RecipeError(f"row {int(outside[0])} is outside the table of {n_rows} rows")
    return chosen


def _check_finite(features: FloatArray, recipe: Recipe) -> None:
    if np.isfinite(features).all():
        return
    row, position = np.argwhere(~np.isfinite(features))[0]
    slot = recipe.layout[position]
    raise RecipeError(
        f"column {slot.column!r}, row {row}: the {slot.role.value} slot came out as {features[row, position]}",
        hint="the fitted values of this column are damaged; fit the recipe again",
    )
