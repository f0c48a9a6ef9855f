"""The target column: which task it sets, its classes in a fixed order, its missing cells; ambiguity is refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from heldout.cells.missing import MISSING_AMONG_NUMBERS, MISSING_ANYWHERE, is_missing, prepare_words
from heldout.cells.numbers import is_zero_padded, parse_number
from heldout.cells.overrides import ColumnOverride
from heldout.cells.target_labels import read_labels, tell_list
from heldout.cells.target_map import ClassMap, fold_label, paste_map
from heldout.cells.target_numbers import write_plainly
from heldout.cells.target_order import mark_ordered, order_classes, refuse_unordered
from heldout.errors import DataError, UsageError
from heldout.records import DoubleArray, IndexArray, RawColumn, Target, Task

# In a target's `why` where its numbers were taken for classes unasked: others tell by these words that it was a guess.
CHANGE_TO_NUMBERS = "say --task regression"
TASKS = ("auto", "classification", "regression", "multilabel", "ordinal")
_MOST_CLASSES = 20
_MOSTLY = 0.9
_FEWEST_ROWS = 2
_SHOWN = 20
_NUMERAL = re.compile(r"-?\d+(\.\d+)?")
_INFINITE = re.compile(r"\s*[+-]?inf(inity)?\s*", re.IGNORECASE)
_POSITIVE_WORDS = frozenset(
    {
        "yes",
        "y",
        "ja",
        "oui",
        "si",
        "s\u00ed",
        "sim",
        "tak",
        "da",
        "evet",
        "true",
        "t",
        "1",
        "+",
        "positive",
        "pos",
        "case",
        "present",
        "sick",
        "event",
        "abnormal",
        "malignant",
    }
)


@dataclass(frozen=True)
class _Labels:
    """The target's cells once per distinct text, after the map: None is missing.

    Args:
        name: column name.
        per_level: text of each level, stripped or mapped; None where missing.
        counts: rows of each level.
        codes: level of each row, -1 for nulls.
        lines: line (or row) number of each row, for messages.
        unit: "line" or "row".
    """

    name: str
    per_level: tuple[str | None, ...]
    counts: IndexArray
    codes: IndexArray
    lines: IndexArray
    unit: str

    def place(self, level: int) -> str:
        """Where a level occurs first, as "line 12"."""
        return f"{self.unit} {self.lines[int(np.argmax(self.codes == level))]}"

    def count_texts(self) -> Counter[str]:
        """Rows of each text that is not missing, in order of first appearance."""
        counts: Counter[str] = Counter()
        for text, count in zip(self.per_level, self.counts.tolist(), strict=True):
            if text is not None and count:
                counts[text] += count
        return counts


def read_target(
    raw: RawColumn,
    *,
    task: str = "auto",
    target_map: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
    order: Sequence[str] = (),
    lines: IndexArray | None = None,
    override: ColumnOverride | None = None,
) -> Target:
    """The target column as class indices, sets of labels or numbers, with the task it sets.

    The rule: regression when all cells are numbers and they are more than 20 different or not whole; several labels a
    row when cells are lists separated by semicolons or bars; else classification. Spellings that differ only by case,
    blanks or a final dot are refused, because two classes that are one would be silently wrong.

    Args:
        raw: the target column's cells.
        task: one of `TASKS`.
        target_map: cell text, or range of whole numbers "1..4", -> class name; "" as class means missing.
        classes: for scoring new data: the classes of a trained network, in their order (empty for regression).
        order: the classes as steps of a scale, the lowest first; every class that occurs must stand in it.
        lines: int64 [N], line number of each row for messages; rows are counted from 1 without it.
        override: how the user says its numbers are written (decimal, thousands, unit).

    Returns:
        Class names in a fixed order (whole numbers by value; the order of `target_map`; else by name; the second of
        two is the positive one), `values` float64 [N] with NaN where missing, and the missing rows.

    Raises:
        DataError: unmapped, ambiguous, constant, infinite or unparsable cells, a class with one row, as many classes
            as rows, classes unknown to `classes` or absent from `order`, or lists separated by commas, which may as
            well be names.
        UsageError: a malformed `target_map` or `order`, or a task of another name.

    Example:
        >>> raw = RawColumn("num", np.array([0, 1, 0, 2], np.int32), ("0", "3", "1"))
        >>> target = read_target(raw, target_map={"0": "no", "1..4": "yes"})
        >>> target.classes, target.values
        (('no', 'yes'), array([0., 1., 0., 1.]))
        >>> read_target(raw, target_map={"0": "no", "1": "yes"})
        Traceback (most recent call last):
        heldout.errors.DataError: target 'num', row 2: '3' is not in target_map (1 row)
          -> add to [target_map] in heldout.toml: "3" = "..." ("" for missing)
    """
    _refuse_task(task, order)
    if task == "multilabel":
        return read_labels(raw, target_map=target_map, classes=classes)
    written = ""
    if not target_map and not order and (task in ("auto", "regression") or classes == ()):
        is_number = task == "regression" or classes == ()
        raw, written = write_plainly(raw, override=override, is_number=is_number)
    if (
        task == "auto"
        and classes is None
        and not target_map
        and not order
        and _measure_numbers(raw.levels) < 0.5
    ):
        separator, found = tell_list(raw)
        if separator:
            return read_labels(raw, separator=separator, why=found)
    labels = _map_cells(raw, ClassMap.parse(target_map or {}), lines)
    if not labels.count_texts():
        raise DataError(
            f"target {raw.name!r} has no value: all {len(raw.codes)} cells are missing",
            hint="choose another column with --target",
        )
    if classes is not None:
        return _score_numbers(labels) if not classes else _score_classes(labels, tuple(classes))
    is_regression, why = _decide_task(labels, "ordinal" if order else task)
    if is_regression:
        why = f"{why}; {written}" if written else why
        return _finish(labels, Task.REGRESSION, why, (), _number_levels(labels))
    target = _read_classes(labels, why, target_map or {}, tuple(order))
    return order_classes(target) if task == "ordinal" and not order else target


def _refuse_task(task: str, order: Sequence[str]) -> None:
    if task not in TASKS:
        raise UsageError(f"task {task!r} is not known", hint=f"use {', '.join(TASKS[:-1])} or {TASKS[-1]}")
    if order and task in ("regression", "multilabel"):
        raise UsageError(
            f"task {task!r} has no classes in order", hint="leave out --ordinal, or say --task ordinal"
        )
    if len(set(order)) != len(order) or len(order) == 1:
        raise UsageError(
            f"the order {', '.join(map(repr, order))} must name at least two different classes",
            hint="name each class once, the lowest first: --ordinal low,medium,high",
        )


# ------------------------------------------------------------------------------------------------ cells to texts
def _map_cells(raw: RawColumn, mapping: ClassMap, lines: IndexArray | None) -> _Labels:
    codes = raw.codes.astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(raw.levels)).astype(np.int64)
    where = (
        np.arange(1, len(codes) + 1, dtype=np.int64) if lines is None else np.asarray(lines, dtype=np.int64)
    )
    present = [text for text, count in zip(raw.levels, counts, strict=True) if count]
    has_numbers = _measure_numbers(present) >= _MOSTLY
    words = prepare_words(MISSING_AMONG_NUMBERS if has_numbers else MISSING_ANYWHERE)
    per_level: list[str | None] = []
    unmapped: list[int] = []
    for level, text in enumerate(raw.levels):
        found = mapping.find(text)
        if found is not None:
            per_level.append(found or None)
        elif is_missing(text, words):
            per_level.append(None)
        else:
            per_level.append(text.strip())
            if counts[level] and mapping.is_complete:
                unmapped.append(level)
    labels = _Labels(raw.name, tuple(per_level), counts, codes, where, "row" if lines is None else "line")
    if unmapped:
        _refuse_unmapped(labels, raw.levels, unmapped)
    return labels


def _measure_numbers(texts: Sequence[str]) -> float:
    words = prepare_words(MISSING_AMONG_NUMBERS)
    filled = [text for text in texts if not is_missing(text, words)]
    return sum(parse_number(text) is not None for text in filled) / len(filled) if filled else 0.0


def _refuse_unmapped(labels: _Labels, levels: Sequence[str], unmapped: list[int]) -> None:
    first = levels[unmapped[0]].strip()
    n_rows = int(labels.counts[unmapped].sum())
    paste = ", ".join(f'"{levels[level].strip()}" = "..."' for level in unmapped[:_SHOWN])
    raise DataError(
        f"target {labels.name!r}, {labels.place(unmapped[0])}: {first!r} is not in target_map "
        f"({n_rows} {'row' if n_rows == 1 else 'rows'})",
        hint=f'add to [target_map] in heldout.toml: {paste} ("" for missing)',
    )


# ------------------------------------------------------------------------------------------------------- the task
def _decide_task(labels: _Labels, task: str) -> tuple[bool, str]:
    counts = labels.count_texts()
    _refuse_infinite(labels)
    numbers = {number for number in map(parse_number, counts) if number is not None}
    strange = [text for text in counts if parse_number(text) is None]
    is_whole = all(number == round(number) for number in numbers)
    is_amount = len(numbers) > _MOST_CLASSES or not is_whole
    if task == "regression":
        if strange:
            _refuse_texts(labels, strange, "--task regression")
        return True, f"regression, as declared ({len(numbers)} different numbers)"
    if task in ("classification", "ordinal"):
        return False, f"classification, as declared ({len(counts)} different values)"
    if strange and is_amount and len(strange) <= (1 - _MOSTLY) * len(counts):
        _refuse_texts(labels, strange, f"{len(numbers)} different numbers")
    if not strange and is_amount:
        reason = f"{len(numbers)} different numbers (more than {_MOST_CLASSES} or not whole)"
        return True, f"regression, because {reason}; say --task classification to change"
    what = "whole numbers" if not strange else "texts"
    change = f"; {CHANGE_TO_NUMBERS} to change" if not strange else ""
    return False, f"classification, because {len(counts)} different {what}{change}"


def _refuse_infinite(labels: _Labels) -> None:
    for level, text in enumerate(labels.per_level):
        if text is not None and labels.counts[level] and _INFINITE.fullmatch(text):
            raise DataError(
                f"target {labels.name!r}, {labels.place(level)}: {text!r} is infinite",
                hint=f'correct the cell, or set it aside with target_map: "{text}" = ""',
            )


def _refuse_texts(labels: _Labels, strange: list[str], expected: str) -> None:
    first = strange[0]
    place = labels.place(labels.per_level.index(first))
    n_rows = sum(labels.count_texts()[text] for text in strange)
    paste = ", ".join(f'"{text}" = ""' for text in strange[:_SHOWN])
    raise DataError(
        f"target {labels.name!r}, {place}: {first!r} is not a number within single precision, among {expected} "
        f"({n_rows} such {'row' if n_rows == 1 else 'rows'})",
        hint=f"correct these cells, or set them aside in heldout.toml: [target_map] {paste}",
    )


def _number_levels(labels: _Labels) -> DoubleArray:
    """Number of each level, NaN where missing, with one NaN more for nulls."""
    numbers = [float("nan") if text is None else parse_number(text) for text in labels.per_level]
    values = np.array([*(float("nan") if number is None else number for number in numbers), float("nan")])
    found = np.unique(values[~np.isnan(values)])
    if len(found) == 1:
        _refuse_constant(labels, f"{found[0]:g}")
    return values


def _refuse_constant(labels: _Labels, text: str) -> None:
    n_rows = sum(labels.count_texts().values())
    raise DataError(
        f"target {labels.name!r} is constant: all {n_rows} cells are {text!r}",
        hint="there is nothing to learn; choose another column with --target",
    )


# -------------------------------------------------------------------------------------------------------- classes
def _read_classes(
    labels: _Labels, why: str, target_map: Mapping[str, str], steps: tuple[str, ...] = ()
) -> Target:
    names = _unify_numbers(labels)
    counts: Counter[str] = Counter()
    for text, count in labels.count_texts().items():
        counts[names[text]] += count
    n_rows = sum(counts.values())
    if len(counts) == 1:
        _refuse_constant(labels, next(iter(counts)))
    if len(counts) == n_rows > _FEWEST_ROWS or (len(counts) > _MOST_CLASSES and len(counts) > n_rows / 2):
        raise DataError(
            f"target {labels.name!r} has {len(counts)} classes in {n_rows} rows",
            hint="is it an identifier or free text? choose another column with --target"
            + ("" if _measure_numbers(list(counts)) < 1 else f", or {CHANGE_TO_NUMBERS}"),
        )
    _refuse_variants(labels, counts)
    if steps:
        refuse_unordered(
            counts, steps, name=labels.name, place=lambda name: labels.place(_find_level(labels, names, name))
        )
    _refuse_rare(labels, counts, names)
    given = [name for name in target_map.values() if name]
    order = tuple(step for step in steps if step in counts) or sort_classes(counts, given=given)
    index = {name: float(i) for i, name in enumerate(order)}
    values = [float("nan") if text is None else index[names[text]] for text in labels.per_level]
    task = Task.BINARY if len(order) == 2 else Task.MULTICLASS
    shown = ", ".join(f"{name!r} {counts[name]}" for name in order[:_SHOWN])
    positive = f"; positive is {order[1]!r}" if task is Task.BINARY else ""
    absent = [step for step in steps if step not in counts]
    positive += f"; no row has {', '.join(map(repr, absent))}" if absent else ""
    target = _finish(labels, task, f"{why} ({shown}){positive}", order, np.array([*values, float("nan")]))
    return mark_ordered(target) if steps else target


def _find_level(labels: _Labels, names: Mapping[str, str], name: str) -> int:
    return next(i for i, text in enumerate(labels.per_level) if text is not None and names.get(text) == name)


def _unify_numbers(labels: _Labels) -> dict[str, str]:
    """Class name of each text: "1" and "1.0" are the same whole number, unless zeros in front mark codes."""
    texts = list(labels.count_texts())
    numbers = {text: parse_number(text) for text in texts}
    is_plain = all(number is not None and number == round(number) for number in numbers.values())
    if not is_plain or any(is_zero_padded(text) for text in texts):
        return {text: text for text in texts}
    return {text: str(int(number)) for text, number in numbers.items() if number is not None}


def _refuse_variants(labels: _Labels, counts: Counter[str]) -> None:
    families: dict[str, list[str]] = {}
    for name in counts:
        families.setdefault(fold_label(name), []).append(name)
    doubled = [names for names in families.values() if len(names) > 1]
    if not doubled:
        return
    shown = "; ".join(" and ".join(f"{name!r} ({counts[name]})" for name in names) for names in doubled[:5])
    # The most frequent spelling names the class.
    proposal = {
        name: max(names, key=lambda spelling: counts[spelling])
        for names in families.values()
        for name in names
    }
    raise DataError(
        f"target {labels.name!r} has classes that differ only by case, blanks or a final dot: {shown}",
        hint=f"if they are the same, paste into heldout.toml: {paste_map(proposal)}",
    )


def _advise_task(names: Iterable[str]) -> str:
    """Classes that are all numbers may be amounts that were taken for classes."""
    return "if these are amounts: --task regression; else " if all(map(_NUMERAL.fullmatch, names)) else ""


def _refuse_rare(labels: _Labels, counts: Counter[str], names: Mapping[str, str]) -> None:
    rare = [name for name, count in counts.items() if count < _FEWEST_ROWS]
    if not rare:
        return
    level = _find_level(labels, names, rare[0])
    proposal = {name: "" if name in rare else name for name in counts}
    shown = (
        paste_map(proposal)
        if len(proposal) <= _SHOWN
        else ", ".join(f'"{name}" = ""' for name in rare[:_SHOWN])
    )
    raise DataError(
        f"target {labels.name!r}, {labels.place(level)}: class {rare[0]!r} has only one row ({len(rare)} such "
        f"{'class' if len(rare) == 1 else 'classes'}); at least {_FEWEST_ROWS} rows are needed",
        hint=f'{_advise_task(counts)}merge it into another class or set it aside (""): {shown}',
    )


def sort_classes(names: Sequence[str] | Counter[str], *, given: Sequence[str] = ()) -> tuple[str, ...]:
    """Class names in their fixed order.

    Whole numbers stand by value, names in the order of `given` (a target map) if there is one, else by name. Of two
    classes the one that says yes (yes, true, positive, case, sick, ...) is second; the second is the positive one.

    Args:
        names: distinct class names.
        given: class names in the order the user gave them.

    Example:
        >>> sort_classes(["10", "9"]), sort_classes(["pos", "neg"]), sort_classes(["b", "a"])
        (('9', '10'), ('neg', 'pos'), ('a', 'b'))
    """
    numbers = {name: parse_number(name) for name in names}
    rank = {name: position for position, name in reversed(list(enumerate(given)))}
    order = sorted(names)
    if rank:
        order.sort(key=lambda name: rank.get(name, len(rank)))
    elif all(number is not None for number in numbers.values()):
        order.sort(key=lambda name: numbers[name] or 0.0)
    if (
        len(order) == 2
        and order[0].casefold() in _POSITIVE_WORDS
        and order[1].casefold() not in _POSITIVE_WORDS
    ):
        order.reverse()
    return tuple(order)


# --------------------------------------------------------------------------------------------------------- scoring
def _score_numbers(labels: _Labels) -> Target:
    _refuse_infinite(labels)
    strange = [text for text in labels.count_texts() if parse_number(text) is None]
    if strange:
        _refuse_texts(labels, strange, "numbers")
    numbers = [parse_number(text) if text is not None else None for text in labels.per_level]
    values = np.array([*(float("nan") if number is None else number for number in numbers), float("nan")])
    return _finish(labels, Task.REGRESSION, "regression, as trained", (), values)


def _score_classes(labels: _Labels, classes: tuple[str, ...]) -> Target:
    index = {name: float(i) for i, name in enumerate(classes)}
    by_number = {parse_number(name): index[name] for name in classes if parse_number(name) is not None}
    is_padded = any(map(is_zero_padded, classes))
    values: list[float] = []
    unknown: list[str] = []
    for text, count in zip(labels.per_level, labels.counts.tolist(), strict=True):
        value = float("nan") if text is None else index.get(text, float("nan"))
        if text is not None and np.isnan(value) and not is_padded:
            value = (
                by_number.get(parse_number(text), float("nan")) if parse_number(text) is not None else value
            )
        if text is not None and np.isnan(value) and count:
            unknown.append(text)
        values.append(value)
    if unknown:
        _refuse_unknown(labels, unknown, classes)
    task = Task.BINARY if len(classes) == 2 else Task.MULTICLASS
    return _finish(labels, task, "classification, as trained", classes, np.array([*values, float("nan")]))


def _refuse_unknown(labels: _Labels, unknown: list[str], classes: tuple[str, ...]) -> None:
    by_fold = {fold_label(name): name for name in classes}
    present = labels.count_texts()
    proposal = {text: by_fold.get(fold_label(text), "..." if text in unknown else text) for text in present}
    n_rows = sum(present[text] for text in unknown)
    raise DataError(
        f"target {labels.name!r}, {labels.place(labels.per_level.index(unknown[0]))}: {unknown[0]!r} is no class of "
        f"this network ({n_rows} such {'row' if n_rows == 1 else 'rows'}); its classes are "
        f"{', '.join(map(repr, classes[:_SHOWN]))}, the data have {', '.join(map(repr, list(present)[:_SHOWN]))}",
        hint=f'say which class each is ("" for missing): {paste_map(proposal)}',
    )


def _finish(
    labels: _Labels, task: Task, why: str, classes: tuple[str, ...], per_level: DoubleArray
) -> Target:
    values = per_level[labels.codes]
    missing = np.flatnonzero(np.isnan(values)).astype(np.int64)
    return Target(labels.name, task, why, classes, values, missing)
