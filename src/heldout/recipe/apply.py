"""Apply a fitted recipe: typed cells and arrays in, float32 features out."""

from __future__ import annotations

import numpy as np

from heldout.cells.characters import fold_text
from heldout.errors import RecipeError
from heldout.recipe.arrays import encode_array, find_array
from heldout.recipe.match import check_state, is_dropped, match_columns
from heldout.recipe.record import Recipe, Role
from heldout.recipe.steps.onehot import Categories, fold_known, hash_text
from heldout.recipe.steps.table import STEPS
from heldout.recipe.view import Cells, Outcome, take_cells
from heldout.records import ArrayColumn, CodeArray, FloatArray, IndexArray, TypedColumn


def apply_recipe(
    recipe: Recipe,
    columns: tuple[TypedColumn, ...],
    *,
    arrays: tuple[ArrayColumn, ...] = (),
    state: int = 0,
    rows: IndexArray | None = None,
) -> FloatArray:
    """Encode rows by one fitted state.

    Each row is encoded by itself: chunks give the same bits as all rows at once.

    Args:
        recipe: the recipe.
        columns: typed columns, any order; further columns are ignored, dropped ones may be absent.
        arrays: pictures and signals of the same rows.
        state: which fitted state.
        rows: int64 positions, any order, also repeated; None for all rows.

    Returns:
        float32 [n, D], finite; column p holds slot `recipe.layout[p]`, the numbers of the arrays follow.

    Raises:
        RecipeError: a column is missing or read as another kind, no such state, rows outside the table, or a
            number that is not finite came out (a damaged recipe), naming the column.

    Example:
        >>> import numpy as np
        >>> from heldout.recipe.fit import fit_recipe
        >>> from heldout.records import ColumnSpec, Kind
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
    n_all = columns[0].status.size if columns else (len(arrays[0].values) if arrays else 0)
    chosen = _check_positions(rows, n_all)
    n_rows = len(chosen) if chosen is not None else n_all
    # Written slot by slot and read row by row later: Fortran order makes each write contiguous.
    made = np.zeros((n_rows, recipe.n_features), np.float32, order="C" if recipe.arrays else "F")
    for plan, fitted, column in zip(recipe.columns, fitted_state.columns, found, strict=True):
        if column is None or is_dropped(plan):
            continue
        cells = take_cells(column, chosen)
        for use, values in zip(plan.ops, fitted.fitted, strict=True):
            first = use.slots[0].position
            made[:, first : first + len(use.slots)] = STEPS[use.op].apply(cells, values, use.slots)
    position = recipe.n_slots
    for plan, fitted in zip(recipe.arrays, fitted_state.arrays, strict=True):
        values = find_array(plan, arrays).values
        made[:, position : position + plan.size] = encode_array(
            plan, fitted, values if chosen is None else values[chosen]
        )
        position += plan.size
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


def find_unseen(cells: Cells, fitted: Categories) -> np.ndarray:
    """Mark the cells whose value no fit row has, in whatever spelling.

    Returns:
        bool [n].

    Example:
        >>> import numpy as np
        >>> from heldout.records import Kind
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


def _check_positions(rows: IndexArray | None, n_rows: int) -> IndexArray | None:
    if rows is None:
        return None
    chosen = np.asarray(rows, np.int64)
    outside = chosen[(chosen < 0) | (chosen >= n_rows)]
    if outside.size:
        raise RecipeError(f"row {int(outside[0])} is outside the table of {n_rows} rows")
    return chosen


def _check_finite(features: FloatArray, recipe: Recipe) -> None:
    if np.isfinite(features).all():
        return
    row, position = np.argwhere(~np.isfinite(features))[0]
    slot = recipe.layout[position] if position < recipe.n_slots else None
    what = (
        f"column {slot.column!r}, row {row}: the {slot.role.value} slot"
        if slot
        else f"row {row}: an array's number"
    )
    raise RecipeError(
        f"{what} came out as {features[row, position]}",
        hint="the fitted values of this column are damaged; fit the recipe again",
    )
