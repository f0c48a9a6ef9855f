"""The unit of a column of numbers, decided by its cells and its name; mixtures that cannot be settled are refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from heldout.cells.keynames import split_name
from heldout.cells.marks import Marks
from heldout.cells.numbers import parse_number
from heldout.cells.quantities import Quantity, name_unit, settle_quantity
from heldout.cells.readings import parse_cells, take_plain
from heldout.cells.tally import Present
from heldout.cells.units import find_name_unit, find_unit
from heldout.errors import DataError
from heldout.toml_lines import paste_column

_TOLERATED, _MOSTLY = 0.05, 0.95
_LETTER_SHARE, _NOUN_SHARE = 0.9, 0.5
_SURE_LETTERS = frozenset({"\u00b0C", "\u00b0F"})


@dataclass(frozen=True)
class UnitChoice:
    """The unit of a column.

    Args:
        unit: its name, "" without one.
        why: the evidence in words, "" when no cell names a unit.
        question: what was not said and not guessed, "" when all is settled.
    """

    unit: str = ""
    why: str = ""
    question: str = ""


def choose_unit(present: Present, *, column: str, marks: Marks, said: str | None = None) -> UnitChoice:
    """The unit of a column's numbers.

    Units of one dimension are converted to the one that the name says or that most cells have. Cells without a unit
    are in the column's unit where only one unit occurs or the name says it.

    Args:
        present: cells that are not missing.
        column: column name.
        marks: the column's separators.
        said: the unit that the user says, or None.

    Raises:
        DataError: several units and cells without one; units of two dimensions; percent beside fractions.

    Example:
        >>> import numpy as np
        >>> cells = Present(("72 kg", "150 lb", "80 kg"), np.array([1, 1, 1]), 3, 0, "")
        >>> choose_unit(cells, column="weight", marks=Marks()).unit
        'kg'
        >>> cells = Present(("72 kg", "150 lb", "80"), np.array([1, 1, 1]), 3, 0, "")
        >>> choose_unit(cells, column="weight", marks=Marks())
        Traceback (most recent call last):
        heldout.errors.DataError: column 'weight': 1 of 3 cells name no unit, the others kg (1), lb (1)
          -> say the unit of the bare numbers in heldout.toml: columns."weight".unit = "kg"
    """
    units, bare, quantities = _count_units(present, marks)
    named = find_name_unit(column)
    if said is not None:
        return UnitChoice(name_unit(said), f"unit {name_unit(said)}, as declared")
    if not units:
        return UnitChoice(named.name if named is not None else "")
    kept = _drop_doubtful(units, bare)
    if not kept:
        return UnitChoice(named.name if named is not None else "")
    best = _choose_best(kept, named.name if named is not None else "")
    words = split_name(column)
    strange = {
        unit: n
        for unit, n in kept.items()
        if settle_quantity(Quantity(1.0, 0, unit), unit=best, name_words=words) is None
    }
    n_strange, n_units = sum(strange.values()), sum(kept.values())
    if n_strange > _TOLERATED * (n_units + bare):
        return _refuse_dimensions(column, kept, best)
    fitting = {unit: n for unit, n in kept.items() if unit not in strange}
    shown = ", ".join(
        f"{unit} {n}" for unit, n in sorted(fitting.items(), key=lambda item: (-item[1], item[0]))
    )
    why = f"unit {best} (cells: {shown}" + (f", without a unit {bare})" if bare else ")")
    return _judge_bare(present, column, UnitChoice(best, why), (fitting, bare, named is not None, quantities))


def _count_units(present: Present, marks: Marks) -> tuple[Counter[str], int, list[tuple[float, str]]]:
    units: Counter[str] = Counter()
    bare = 0
    values: list[tuple[float, str]] = []
    cells = parse_cells(present, decimal=marks.decimal, thousands=marks.thousands)
    plain = take_plain(present.plain, marks.decimal, marks.thousands)
    bare += int(present.counts[~np.isnan(plain)].sum())
    for place in np.flatnonzero(np.isnan(plain)).tolist():
        found, count = cells[place], int(present.counts[place])
        if isinstance(found, Quantity) and found.unit:
            units[found.unit] += count
            values.append((found.value, found.unit))
        elif found is not None:
            bare += count
    return units, bare, values


def _drop_doubtful(units: Counter[str], bare: int) -> Counter[str]:
    """Without nouns that few cells have, and without single letters (12a) unless nearly all cells have one."""
    total = sum(units.values()) + bare
    lone = sum(
        n for unit, n in units.items() if len(unit) == 1 and unit.isalpha() and unit not in _SURE_LETTERS
    )
    others = sum(units.values()) - lone
    kept: Counter[str] = Counter()
    for unit, n in units.items():
        is_letter = len(unit) == 1 and unit.isalpha()
        # A letter is believed beside other units of its dimension (72000 g, 70 kg), else only if nearly all have one.
        if is_letter and not others and lone < _LETTER_SHARE * total:
            continue
        if find_unit(unit) is None and n < _NOUN_SHARE * total:
            continue
        kept[unit] = n
    return kept


def _choose_best(units: Counter[str], named: str) -> str:
    known = [unit for unit in units if find_unit(unit) is not None]
    if named and any(settle_quantity(Quantity(1.0, 0, unit), unit=named) is not None for unit in known):
        return named
    return min(units, key=lambda unit: (-units[unit], unit))


def _refuse_dimensions(column: str, units: Counter[str], best: str) -> UnitChoice:
    if any(find_unit(unit) is None for unit in units):
        # Nouns, or scores "of 5" and "of 10": these are no numbers of one kind.
        return UnitChoice()
    shown = ", ".join(f"{unit} ({n})" for unit, n in units.most_common())
    raise DataError(
        f"column {column!r} holds units that cannot be converted into each other: {shown}",
        hint=f"convert the cells, or keep those of one unit (the others become unparsed): "
        f"{paste_column(column, 'unit', best)}",
    )


def _judge_bare(
    present: Present,
    column: str,
    choice: UnitChoice,
    found: tuple[dict[str, int], int, bool, list[tuple[float, str]]],
) -> UnitChoice:
    """What cells without a unit mean: the column's unit where only one occurs, refused where several do."""
    units, bare, is_named, values = found
    if not bare or is_named:
        return choice
    if len(units) > 1:
        shown = ", ".join(
            f"{unit} ({n})" for unit, n in sorted(units.items(), key=lambda item: (-item[1], item[0]))
        )
        raise DataError(
            f"column {column!r}: {bare} of {present.n_cells} cells name no unit, the others {shown}",
            hint=f"say the unit of the bare numbers in heldout.toml: {paste_column(column, 'unit', choice.unit)}",
        )
    if choice.unit == "%" and _mixes_fractions(present, values):
        raise DataError(
            f"column {column!r}: {bare} cells may be fractions (0 to 1) beside {units['%']} cells in percent",
            hint=f"write one form; if the bare numbers are percent, too: {paste_column(column, 'unit', '%')}",
        )
    question = (
        f"{bare} cells name no unit and are read as {choice.unit}; if so, say "
        f"{paste_column(column, 'unit', choice.unit)}"
    )
    return UnitChoice(choice.unit, choice.why, question)


def _mixes_fractions(present: Present, percents: list[tuple[float, str]]) -> bool:
    bare = [number for text in present.texts if (number := parse_number(text)) is not None]
    inside = [number for number in bare if 0.0 <= number <= 1.0]
    return len(inside) >= _MOSTLY * len(bare) and any(value > 1.0 for value, _ in percents)
