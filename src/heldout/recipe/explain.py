"""From a cell to its numbers and back: which positions it fills, with what, and what a position means.

Words and letters are followed in `explain_words`, pixels and points in `explain_arrays`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from heldout.errors import RecipeError
from heldout.recipe.apply import find_unseen
from heldout.recipe.explain_arrays import PointExplanation, describe_array_position
from heldout.recipe.explain_words import (
    LetterTrace,
    WordTrace,
    say_letter,
    say_word,
    shift_words,
    trace_letters,
    trace_words,
)
from heldout.recipe.match import check_state, find_plan, is_dropped
from heldout.recipe.record import ColumnPlan, Recipe, Role, Slot
from heldout.recipe.steps.date import Calendar
from heldout.recipe.steps.drop import DropAsked
from heldout.recipe.steps.onehot import Categories
from heldout.recipe.steps.standardize import Scale, measure_unit, unscale_value
from heldout.recipe.steps.table import STEPS
from heldout.recipe.view import NUMERIC_KINDS, Cells, Outcome, take_cells
from heldout.records import FloatArray, TypedColumn

MOST_TOLD = 6  # slots, words or letters that a sentence names; the records hold all
LONGEST_TOLD = 80  # characters of a cell in a sentence


@dataclass(frozen=True)
class OpTrace:
    """What one step made of one cell.

    Args:
        op: name and version.
        given: the cell as the step sees it.
        made: its numbers in words: slots that are not 0.
        rule: what the step does, with its fitted numbers.
        slots: the slots it fills.
        numbers: float32 values, one per slot.
    """

    op: str
    given: str
    made: str
    rule: str
    slots: tuple[Slot, ...]
    numbers: tuple[float, ...]


@dataclass(frozen=True)
class CellExplanation:
    """The way of one cell into the network's input.

    Args:
        column: its name.
        kind: what the column is read as.
        outcome: "value", "missing", "unparsed" or "unseen".
        ops: one trace per step.
        one_unit: how much one unit of the standardized number is in units of the column at this value (numbers
            and dates with a value), else None.
        sentence: all of it in words.
        raw: the cell as it stands in the file, where that is known.
        parts: the same for each part of a cell that is taken apart ("F/3" into sex and age).
        words: of a text whose words have places, each word and pair from its characters to its position.
        letters: of a sequence, each letter.
        point: of a picture or signal, the number that was asked for.
    """

    column: str
    kind: str
    outcome: str
    ops: tuple[OpTrace, ...]
    one_unit: float | None
    sentence: str
    raw: str = ""
    parts: tuple[CellExplanation, ...] = ()
    words: tuple[WordTrace, ...] = ()
    letters: tuple[LetterTrace, ...] = ()
    point: PointExplanation | None = None


@dataclass(frozen=True)
class PositionExplanation:
    """What one position of the input means.

    Args:
        slot: the position's slot.
        op: the step that fills it.
        rule: what the step does, with its fitted numbers.
        zero_is: value of the column at which a standardized number is 0, else None.
        one_unit: how much one unit is in units of the column there, else None.
        sentence: all of it in words.
    """

    slot: Slot
    op: str
    rule: str
    zero_is: float | None
    one_unit: float | None
    sentence: str


def explain_cell(
    recipe: Recipe, name: str, column: TypedColumn, row: int, *, state: int = 0, raw: str | None = None
) -> CellExplanation:
    """Recompute the way of one cell: what each step sees, and which positions get which numbers.

    Args:
        recipe: the recipe.
        name: column name in the recipe.
        column: the typed column that holds the cell.
        row: position of the cell.
        state: which fitted state.
        raw: the cell as it stands in the file: characters are counted in it; in the text as read when left out.

    Raises:
        RecipeError: no such column, row or state, or the column is read as another kind.

    Example:
        >>> import numpy as np
        >>> from heldout.recipe.fit import fit_recipe
        >>> from heldout.records import ColumnSpec, Kind
        >>> spec = ColumnSpec("age", Kind.NUMBER, "all cells are numbers")
        >>> age = TypedColumn(spec, np.zeros(3, np.uint8), np.array([10.0, 20.0, 30.0]), np.zeros(0, np.int32))
        >>> explain_cell(fit_recipe((age,), (np.arange(3),)), "age", age, 2).sentence
        'age = 30: [0] value = 1.22474; one unit is 8.16497'
    """
    plan, fitted = _find_column(recipe, name, state)
    if column.spec.kind is not plan.spec.kind:
        raise RecipeError(f"column {name!r} is read as {column.spec.kind.value}, not {plan.spec.kind.value}")
    if not 0 <= row < column.status.size:
        raise RecipeError(f"column {name!r} has no row {row}; it has {column.status.size} rows")
    cells = take_cells(column, np.array([row]))
    given = _show_cell(cells)
    traces = []
    for use, values in zip(plan.ops, fitted, strict=True):
        numbers = tuple(float(number) for number in STEPS[use.op].apply(cells, values, use.slots)[0])
        traces.append(
            OpTrace(
                use.op,
                given,
                _show_numbers(use.slots, numbers),
                STEPS[use.op].describe(values),
                use.slots,
                numbers,
            )
        )
    has_value = cells.outcome[0] == Outcome.VALUE
    one_unit = _measure_cell_unit(plan, fitted, traces) if has_value else None
    words, letters = _trace_text(recipe, name, cells, raw, state) if has_value and cells.levels else ((), ())
    if is_dropped(plan):
        asked = plan.ops[0].asked
        sentence = f"{name} = {given}: not used; {asked.reason if isinstance(asked, DropAsked) else plan.why}"
    else:
        made = _tell_made(traces, words, letters) or "all its slots are 0"
        shown = (
            given if len(given) <= LONGEST_TOLD or not (words or letters) else f"{given[:LONGEST_TOLD]}..."
        )
        sentence = f"{name} = {shown}: {made}" + (f"; one unit is {one_unit:.6g}" if one_unit else "")
    is_new = any(find_unseen(cells, values)[0] for values in fitted if isinstance(values, Categories))
    outcome = "unseen" if is_new else Outcome(int(cells.outcome[0])).name.lower()
    return CellExplanation(
        name,
        plan.spec.kind.value,
        outcome,
        tuple(traces),
        one_unit,
        sentence,
        words=words,
        letters=letters,
    )


def _trace_text(
    recipe: Recipe, name: str, cells: Cells, raw: str | None, state: int
) -> tuple[tuple[WordTrace, ...], tuple[LetterTrace, ...]]:
    text = cells.levels[cells.codes[0]]
    letters = trace_letters(recipe, name, raw or text, state=state)
    start = raw.find(text) if raw else 0  # a text is its cell without the blanks around it
    words = trace_words(recipe, name, text, state=state) if start >= 0 else ()
    return shift_words(words, max(start, 0)), letters


def _tell_made(traces: list[OpTrace], words: tuple[WordTrace, ...], letters: tuple[LetterTrace, ...]) -> str:
    """Say what the steps made; of many words or letters the first ones."""
    if not words and not letters:
        return "; ".join(trace.made for trace in traces if trace.made)
    told = [say_word(word) for word in words] or [say_letter(letter) for letter in letters]
    shown = "; ".join(told[:MOST_TOLD])
    return shown + (f"; and {len(told) - MOST_TOLD:,} more" if len(told) > MOST_TOLD else "")


def explain_position(recipe: Recipe, position: int, *, state: int = 0) -> PositionExplanation:
    """Say what one position of the input means and what one unit of it is in units of the column.

    Args:
        recipe: the recipe.
        position: 0 to D - 1.
        state: which fitted state.

    Raises:
        RecipeError: no such position or state.

    Example:
        >>> import numpy as np
        >>> from heldout.recipe.fit import fit_recipe
        >>> from heldout.records import ColumnSpec, Kind
        >>> spec = ColumnSpec("age", Kind.NUMBER, "all cells are numbers")
        >>> age = TypedColumn(spec, np.zeros(3, np.uint8), np.array([10.0, 20.0, 30.0]), np.zeros(0, np.int32))
        >>> recipe = fit_recipe((age,), (np.arange(3),))
        >>> explain_position(recipe, 0).sentence
        "[0] value of 'age': 0 is 20, one unit is 8.16497 there"
        >>> explain_position(recipe, 1)
        Traceback (most recent call last):
        heldout.errors.RecipeError: there is no position 1; the recipe fills 0 to 0
    """
    for index, plan in enumerate(recipe.columns):
        for number, use in enumerate(plan.ops):
            if use.slots and use.slots[0].position <= position <= use.slots[-1].position:
                fitted = recipe.states[check_state(recipe, state)].columns[index].fitted[number]
                slot = use.slots[position - use.slots[0].position]
                return _explain_slot(slot, use.op, fitted, plan)
    slot, rule, zero_is, one_unit, sentence = describe_array_position(recipe, position, state=state)
    return PositionExplanation(slot, "scale", rule, zero_is, one_unit, sentence)


def decode_cell(recipe: Recipe, name: str, features: FloatArray, *, state: int = 0) -> float | str | None:
    """Read a cell back from its numbers: the round trip that proves the positions.

    Exact for known categories and yes/no; within float32 for numbers and dates inside the clip range.

    Args:
        recipe: the recipe.
        name: column name.
        features: float32 [D], one encoded row.
        state: the state that encoded it.

    Returns:
        The number (dates: days since 1970-01-01), the category, `<rare>`, `<unseen>` or `<unparsed>`; None when the
        cell is missing or unparsed with a slot that says so.

    Raises:
        RecipeError: no such column, or a column that cannot be read back (free text, dropped).

    Example:
        >>> import numpy as np
        >>> decode_cell(Recipe((), ()), "age", np.zeros(0, np.float32))
        Traceback (most recent call last):
        heldout.errors.RecipeError: the recipe has no column 'age'
    """
    plan, fitted = _find_column(recipe, name, state)
    if len(features) != recipe.n_features:
        raise RecipeError(f"expected {recipe.n_features} numbers for one row, got {len(features)}")
    decode = STEPS[plan.ops[0].op].decode
    if decode is None:
        raise RecipeError(
            f"column {name!r} cannot be read back: {plan.ops[0].op} keeps less than the cell holds"
        )
    for use in plan.ops[1:]:
        for slot in use.slots:
            if slot.role in (Role.MISSING, Role.UNPARSED) and features[slot.position] > 0.5:
                return None
    slots = plan.ops[0].slots
    return decode(features[slots[0].position : slots[-1].position + 1], fitted[0], slots)


def _find_column(recipe: Recipe, name: str, state: int) -> tuple[ColumnPlan, tuple[object, ...]]:
    index = find_plan(recipe, name)
    return recipe.columns[index], recipe.states[check_state(recipe, state)].columns[index].fitted


def _show_cell(cells: Cells) -> str:
    outcome = Outcome(int(cells.outcome[0]))
    if outcome is not Outcome.VALUE:
        return outcome.name.lower()
    if cells.kind in NUMERIC_KINDS:
        limit = {-1: "below ", 0: "", 1: "above "}[int(cells.censored[0]) if cells.censored.size else 0]
        return f"{limit}{cells.values[0]:.10g}"
    return repr(cells.levels[cells.codes[0]]) if cells.codes[0] >= 0 else "a value"


def _show_numbers(slots: tuple[Slot, ...], numbers: tuple[float, ...]) -> str:
    shown = [
        f"[{slot.position}] {_name_slot(slot)} = {number:.6g}"
        for slot, number in zip(slots, numbers, strict=True)
        if number != 0.0 or slot.role is Role.VALUE
    ]
    return ", ".join(shown)


def _name_slot(slot: Slot) -> str:
    return f"{slot.role.value} {slot.label}" if slot.label else slot.role.value


def _measure_cell_unit(plan: ColumnPlan, fitted: tuple[object, ...], traces: list[OpTrace]) -> float | None:
    if not plan.ops:
        return None
    scale = _find_scale(fitted[0], plan.ops[0].slots[0] if plan.ops[0].slots else None)
    return measure_unit(traces[0].numbers[0], scale) if scale is not None and scale.scale > 0.0 else None


def _find_scale(fitted: object, slot: Slot | None) -> Scale | None:
    if isinstance(fitted, Scale):
        return fitted
    if isinstance(fitted, Calendar) and slot is not None and slot.label in ("day", "year"):
        return fitted.days if slot.label == "day" else fitted.years
    return None


def _explain_slot(slot: Slot, op: str, fitted: object, plan: ColumnPlan) -> PositionExplanation:
    rule = STEPS[op].describe(fitted)
    scale = _find_scale(fitted, slot)
    sentence = f"[{slot.position}] {_name_slot(slot)} of {slot.column!r}"
    if plan.spec.source:
        sentence += f" (part {plan.spec.part!r} of the cells of {plan.spec.source!r})"
    if scale is None:
        return PositionExplanation(slot, op, rule, None, None, f"{sentence}: {rule}")
    if scale.scale == 0.0:
        return PositionExplanation(slot, op, rule, scale.middle, None, f"{sentence}: always 0, {scale.why}")
    zero_is, one_unit = unscale_value(0.0, scale), measure_unit(0.0, scale)
    sentence = f"{sentence}: 0 is {zero_is:.6g}, one unit is {one_unit:.6g} there"
    return PositionExplanation(slot, op, rule, zero_is, one_unit, sentence)
