"""From a raw cell to the network's input and back, for a finished study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from heldout.bundle import load_bundle
from heldout.cells import cell_text, type_column
from heldout.errors import UsageError
from heldout.recipe import CellExplanation, PositionExplanation, Recipe, explain_cell, explain_position
from heldout.recipe.arrays import find_array
from heldout.recipe.explain_arrays import explain_point, find_array_plan
from heldout.recipe.explain_words import say_letter, say_word
from heldout.recipe.raw_pixels import find_pixel
from heldout.records import ColumnSpec, Table
from heldout.settings import load_settings
from heldout.sources import find_column, name_nearest, name_rows
from heldout.stages.reading import read_new


def explain_raw(
    folder: Path,
    source: Any,  # noqa: ANN401 - a path or any data frame
    row: int | None,
    column: str,
    *,
    fold: int,
    at: tuple[int, ...] = (),
    line: int | None = None,
) -> CellExplanation:
    """Recompute the way of one raw cell, pixel or point through the study's recipe.

    Args:
        folder: the study.
        source: path or frame.
        row: position of the row, from 0; None where `line` names it.
        line: line of the row in its file, as predictions name it, instead of `row`.
        column: column name; for a column that is taken apart each of its parts is explained; or the name of a picture
            or signal.
        fold: fitted state.
        at: (character,) of a text, from 0: only the words and pairs there; (position,) of a sequence, from 1;
            (row, column, channel) of a picture, (point, channel) of a signal, from 0.

    Raises:
        UsageError: the recipe has no such column, the table no such row, the cell no such place.
    """
    recipe = load_bundle(folder).recipe
    policies = tuple(plan.policy for plan in recipe.arrays)
    specs = {plan.spec.name: plan.spec for plan in recipe.columns}
    names = [*specs, *(plan.name for plan in recipe.arrays)]
    if column not in names:
        near = name_nearest(column, names)
        hint = f"did you mean {near!r}?" if near else f"columns are {', '.join(names[:12])}"
        raise UsageError(f"the recipe has no column {column!r}", hint=hint)
    table = read_new(source, load_settings(None), policies)
    row = find_row(table, row, line)
    if column not in specs:
        return _explain_array(recipe, table, row, column, at=at, fold=fold)
    raw = find_column(table, specs[column].source or column)
    text = cell_text(raw, row) or ""

    def explain(spec: ColumnSpec) -> CellExplanation:
        typed = type_column(raw, spec)
        return replace(explain_cell(recipe, spec.name, typed, row, state=fold, raw=text), raw=text)

    parts = tuple(explain(spec) for spec in specs.values() if spec.source == column)
    whole = explain(specs[column])
    if at:
        return pick_part(whole, at)
    if not parts:
        return whole
    told = "; ".join(part.sentence for part in parts)
    return replace(whole, parts=parts, sentence=f"{column} = {text!r} is taken apart: {told}")


def find_row(table: Table, row: int | None, line: int | None) -> int:
    """The position of a row that is named by its position or by its line.

    Args:
        table: the rows.
        row: position from 0, or None.
        line: line in the file, or None.

    Raises:
        UsageError: both or neither are given, or the table has no such row.
    """
    if (row is None) == (line is None):
        raise UsageError("name the row either by row=, counted from 0, or by line=, as predictions count")
    if line is not None:
        found = np.flatnonzero(table.lines == line)
        if not len(found):
            raise UsageError(
                f"line {line} holds no row of the table",
                hint=f"rows stand in lines {table.lines.min()} to {table.lines.max()}"
                if len(table.lines)
                else "",
            )
        return int(found[0])
    if row is None or not 0 <= row < len(table.lines):
        raise UsageError(f"row {row} is not in the table", hint=f"it has rows 0 to {len(table.lines) - 1}")
    return row


def pick_part(whole: CellExplanation, at: tuple[int, ...]) -> CellExplanation:
    """Keep of a text the words and pairs at one character, of a sequence one letter.

    Args:
        whole: the cell's explanation.
        at: (character,) from 0, or (position,) from 1.

    Raises:
        UsageError: the cell has no words or letters, or none there.

    Example:
        >>> pick_part(CellExplanation("age", "number", "value", (), None, ""), (3,))
        Traceback (most recent call last):
        heldout.errors.UsageError: column 'age' is a number: its cells have no places
          -> leave out at=
    """
    if not whole.words and not whole.letters:
        kind = "missing" if whole.outcome != "value" else f"a {whole.kind}"
        raise UsageError(f"column {whole.column!r} is {kind}: its cells have no places", hint="leave out at=")
    if len(at) != 1:
        one = "(character,) from 0" if whole.words else "(position,) from 1"
        raise UsageError(f"column {whole.column!r} has one place a number, got {at}", hint=f"say at={one}")
    words = tuple(word for word in whole.words if word.start <= at[0] < word.stop)
    letters = tuple(letter for letter in whole.letters if letter.place == at[0])
    if not words and not letters:
        last = max((word.stop - 1 for word in whole.words), default=len(whole.letters))
        what = "word at character" if whole.words else "letter at position"
        first = min((word.start for word in whole.words), default=1)
        raise UsageError(
            f"column {whole.column!r} has no {what} {at[0]}",
            hint=f"they lie at {first} to {last} of this cell",
        )
    told = "; ".join([*(say_word(word) for word in words), *(say_letter(letter) for letter in letters)])
    return replace(whole, words=words, letters=letters, sentence=f"{whole.column}: {told}")


def explain_pixel(
    folder: Path,
    source: Any,  # noqa: ANN401 - a path or any data frame
    row: int,
    name: str,
    *,
    at: tuple[int, ...],
    fold: int,
) -> CellExplanation:
    """Recompute the way of one pixel of a picture's file, before the picture was brought to one size with the others.

    Args:
        folder: the study.
        source: path or frame.
        row: position of the row, from 0.
        name: of the pictures.
        at: (row, column) or (row, column, channel) in the file as it is seen (turned as its EXIF data say), from 0.
        fold: fitted state.

    Raises:
        UsageError: no row and column were given, the table has no such row, or the size of the file is not known.
        RecipeError: no such pictures; the file has no such pixel, or it was cropped away.
    """
    recipe = load_bundle(folder).recipe
    policy = find_array_plan(recipe, name)[1].policy
    table = read_new(source, load_settings(None), tuple(plan.policy for plan in recipe.arrays))
    place = find_row(table, row, None)
    if len(at) not in (2, 3):
        raise UsageError(f"a pixel has a row and a column, got {at}", hint="say at=(row, column), from 0")
    size = find_file_size(table, name, place)
    if size is None:
        raise UsageError(
            f"the size of the file of {name!r}, row {row}, is not known: only picture files tell it",
            hint=f"ask explain() with a pixel of the array, {policy.height} x {policy.width}",
        )
    inside = (*find_pixel(policy, size, (at[0], at[1])), *at[2:])
    return _explain_array(recipe, table, place, name, at=inside, fold=fold)


def find_file_size(table: Table, name: str, row: int) -> tuple[int, int] | None:
    """Give the rows and columns of a picture in its file; None where the reader does not tell.

    Args:
        table: pictures as read by given policies.
        name: of the pictures.
        row: position from 0.

    Example:
        >>> from heldout.sources.columns import encode_cells
        >>> sides = [encode_cells(f"photo/{side}", [size]) for side, size in (("height", "30"), ("width", "40"))]
        >>> find_file_size(Table(tuple(sides), np.array([1]), "photos"), "photo", 0)
        (30, 40)
    """
    sides = {column.name: column for column in table.columns}
    texts = [cell_text(sides[side], row) for side in (f"{name}/height", f"{name}/width") if side in sides]
    if len(texts) != 2 or not all(text and text.isdecimal() for text in texts):
        return None
    return int(texts[0] or 0), int(texts[1] or 0)


def _explain_array(
    recipe: Recipe, table: Table, row: int, name: str, *, at: tuple[int, ...], fold: int
) -> CellExplanation:
    plan = find_array_plan(recipe, name)[1]
    values = np.asarray(find_array(plan, table.arrays).values[row])
    files = name_rows(table)[1]
    file = files[row] if files else ""
    size = find_file_size(table, name, row)
    point = explain_point(recipe, name, values, at, state=fold, file=file, file_size=size)
    return CellExplanation(
        name, plan.policy.kind.value, "value", (), None, point.sentence, raw=file, point=point
    )


def explain_input(folder: Path, position: int, *, fold: int) -> PositionExplanation:
    """Say what one position of the network's input means.

    Args:
        folder: the study.
        position: from 0.
        fold: fitted state.
    """
    return explain_position(load_bundle(folder).recipe, position, state=fold)
