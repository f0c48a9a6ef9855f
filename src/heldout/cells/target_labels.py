"""Targets of lists: cells that name several labels become sets of labels; commas that may be either are refused."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from heldout.cells.characters import fold_text
from heldout.cells.lists import count_spellings, find_list, split_items
from heldout.cells.missing import MISSING_ANYWHERE, is_missing, prepare_words
from heldout.cells.tally import Present
from heldout.errors import DataError, UsageError
from heldout.label_sets import NO_LABEL
from heldout.records import IndexArray, RawColumn, Target, Task

SEPARATORS = (";", "|", ",")
_SHOWN = 8
_DECLARED = "as declared"
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+(,[0-9]+)?")


def tell_list(raw: RawColumn) -> tuple[str, str]:
    """Say whether the cells of a target list several labels: the separator with the evidence, or two empty texts.

    Semicolons and bars separate labels where the grammar of lists finds items that come back. Commas may as well
    belong to names ("Smith, John"): then nothing is guessed.

    Args:
        raw: the target column's cells.

    Raises:
        DataError: commas that may separate labels or belong to them.

    Example:
        >>> cells = ("a;b", "a", "b;c", "c;a")
        >>> tell_list(RawColumn("t", np.array([0, 1, 2, 3], np.int32), cells))[0]
        ';'
        >>> commas = tuple(text.replace(";", ",") for text in cells)
        >>> tell_list(RawColumn("t", np.array([0, 1, 2, 3, 0, 2], np.int32), (*commas[:3], "b,a,c")))
        ('', '')
    """
    present = tally_cells(raw, {})
    found = find_list(present)
    is_decimal = all(_DECIMAL_COMMA.fullmatch(text.strip()) for text in present.texts)
    if found is None or is_decimal:
        return "", ""
    rows = f"{found.n_listed} of {present.n_cells} cells hold several of {found.n_items} items ({found.most})"
    if found.separator == ",":
        raise DataError(
            f"target {raw.name!r}: commas may separate labels or belong to names: {rows}",
            hint="say --task multilabel if a row can have several labels, or --task classification if each text is one "
            "class",
        )
    return found.separator, f"because {rows}"


def tally_cells(raw: RawColumn, target_map: Mapping[str, str]) -> Present:
    """Give the cells of a target that are not missing, each distinct text with its rows.

    Args:
        raw: the target column's cells.
        target_map: a cell that it reads as "(none)" is not missing, even where it is empty.
    """
    codes = raw.codes[raw.codes >= 0]
    counts = np.bincount(codes, minlength=len(raw.levels)).astype(np.int64)
    words = prepare_words(MISSING_ANYWHERE)
    kept = [
        (text, count)
        for text, count in zip(raw.levels, counts.tolist(), strict=True)
        if count and (target_map.get(text.strip()) == NO_LABEL or not is_missing(text, words))
    ]
    sizes = np.array([count for _, count in kept], np.int64)
    n_cells = int(sizes.sum())
    return Present(tuple(text for text, _ in kept), sizes, n_cells, len(raw.codes) - n_cells, "")


def read_labels(
    raw: RawColumn,
    *,
    separator: str = "",
    why: str = _DECLARED,
    target_map: Mapping[str, str] | None = None,
    classes: Sequence[str] | None = None,
) -> Target:
    """Read a target of lists: each distinct cell becomes a set of labels.

    Args:
        raw: the target column's cells.
        separator: ";", "|" or ","; the one that occurs when left out.
        why: how it was decided that these are lists.
        target_map: label as written -> label, "" to leave it out; a cell or label "(none)" stands for no label.
        classes: for scoring new data: the labels of a trained network, in their order; others are not scored.

    Returns:
        `Target` of the task multilabel; labels sorted by name, sets in order of first appearance. A missing cell is a
        missing target, never a row without labels.

    Raises:
        DataError: no cell has a value, all rows have the same set, or no label is known to the network.
        UsageError: the map leaves no label.

    Example:
        >>> raw = RawColumn("t", np.array([0, 1, 2, 0], np.int32), ("b; a", "a", ""))
        >>> target = read_labels(raw)
        >>> target.classes, target.values, target.sets.tolist()
        (('a', 'b'), array([ 0.,  1., nan,  0.]), [[True, True], [True, False]])
        >>> read_labels(RawColumn("t", np.array([0, 0], np.int32), ("a;b",)))
        Traceback (most recent call last):
        heldout.errors.DataError: target 't' is constant: all 2 cells name the same labels, 'a' and 'b'
          -> there is nothing to learn; choose another column with --target
    """
    mapping = {text.strip(): name.strip() for text, name in (target_map or {}).items()}
    present = tally_cells(raw, mapping)
    if not present.n_cells:
        raise DataError(
            f"target {raw.name!r} has no value: all {len(raw.codes)} cells are missing",
            hint="choose another column with --target",
        )
    separator = separator or _choose_separator(present, classes)
    written, joined = _name_items(present, separator)
    found = [_settle_cell(text, separator, written, mapping) for text in present.texts]
    names = tuple(sorted(set().union(*found)))
    unknown = ""
    if classes is not None:
        names, unknown = tuple(classes), _tell_unknown(raw, found, present.counts, classes)
    if not names:
        raise UsageError(f"target_map leaves no label of {raw.name!r}", hint="map at least one to a name")
    counts = _count(found, present.counts)
    shown = ", ".join(
        f"{name!r} {counts[name]}" for name in sorted(names, key=lambda name: -counts[name])[:_SHOWN]
    )
    told = f"several labels a row, {why}, separated by {separator!r} ({len(names)} labels: {shown})"
    missing = f"; {present.n_missing} empty cells are no target (if they mean no label: target_map '' = '{NO_LABEL}')"
    change = "" if why == _DECLARED else "; say --task classification to change"
    target = _number_sets(raw, present.texts, found, names)
    told += joined + unknown + (missing if present.n_missing else "") + change
    if classes is None and len(np.unique(target.values[~np.isnan(target.values)])) == 1:
        _refuse_constant(raw, target, present.n_cells)
    return Target(raw.name, Task.MULTILABEL, told, names, target.values, target.missing, sets=target.sets)


def _choose_separator(present: Present, classes: Sequence[str] | None) -> str:
    """The separator of lists that were declared: as the grammar finds it, else the one most cells hold."""
    found = find_list(present) if classes is None else None
    if found is not None:
        return found.separator
    known = {fold_text(name) for name in classes or ()}

    def weigh(separator: str) -> tuple[int, int]:
        items = count_spellings(present, separator)
        n_known = sum(forms.total() for folded, forms in items.items() if folded in known)
        return n_known, sum(separator in text for text in present.texts)

    return max(SEPARATORS, key=weigh)


def _name_items(present: Present, separator: str) -> tuple[dict[str, str], str]:
    """Each folded item as written most often, and which spellings were joined, in words."""
    spellings = count_spellings(present, separator)
    written = {
        folded: min(forms, key=lambda form: (-forms[form], form)) for folded, forms in spellings.items()
    }
    several = [
        f"{written[folded]!r} ({', '.join(repr(form) for form in sorted(forms) if form != written[folded])})"
        for folded, forms in spellings.items()
        if len(forms) > 1
    ]
    more = ", ..." if len(several) > _SHOWN else ""
    return written, f"; spellings joined: {', '.join(several[:_SHOWN])}{more}" if several else ""


def _settle_cell(
    text: str, separator: str, written: Mapping[str, str], mapping: Mapping[str, str]
) -> frozenset[str]:
    if mapping.get(text.strip()) == NO_LABEL:
        return frozenset()
    items = split_items(text, separator=separator, items=written)
    mapped = [mapping.get(item, item) for item in items]
    return frozenset(name for name in mapped if name not in ("", NO_LABEL))


def _count(found: Sequence[frozenset[str]], counts: IndexArray) -> Counter[str]:
    total: Counter[str] = Counter()
    for labels, count in zip(found, counts.tolist(), strict=True):
        total.update(dict.fromkeys(labels, count))
    return total


def _tell_unknown(
    raw: RawColumn, found: Sequence[frozenset[str]], counts: IndexArray, classes: Sequence[str]
) -> str:
    total = _count(found, counts)
    strange = {name: count for name, count in total.items() if name not in classes}
    if total and len(strange) == len(total):
        names = ", ".join(map(repr, list(strange)[:_SHOWN]))
        raise DataError(
            f"target {raw.name!r} names no label of this network: it has {names}, the network knows "
            f"{', '.join(map(repr, classes[:_SHOWN]))}",
            hint="give the column it was trained on, or map the labels with target_map",
        )
    shown = ", ".join(f"{name!r} {count}" for name, count in sorted(strange.items())[:_SHOWN])
    return f"; labels unknown to the network are not scored: {shown}" if strange else ""


def _number_sets(
    raw: RawColumn, texts: Sequence[str], found: Sequence[frozenset[str]], names: tuple[str, ...]
) -> Target:
    """Give the sets in order of first appearance, and the number of each row's set."""
    place = {name: index for index, name in enumerate(names)}
    numbers: dict[frozenset[str], int] = {}
    of_text = {
        text: numbers.setdefault(labels.intersection(place), len(numbers))
        for text, labels in zip(texts, found, strict=True)
    }
    sets = np.zeros((len(numbers), len(names)), np.bool_)
    for labels, number in numbers.items():
        sets[number, [place[name] for name in labels]] = True
    of_level = np.array([of_text.get(text, np.nan) for text in raw.levels] + [np.nan])
    values = of_level[raw.codes.astype(np.int64)]
    missing = np.flatnonzero(np.isnan(values)).astype(np.int64)
    return Target(raw.name, Task.MULTILABEL, "", names, values, missing, sets=sets)


def _refuse_constant(raw: RawColumn, target: Target, n_cells: int) -> None:
    held = [name for name, is_held in zip(target.classes, target.sets[0].tolist(), strict=True) if is_held]
    raise DataError(
        f"target {raw.name!r} is constant: all {n_cells} cells name the same labels, {' and '.join(map(repr, held))}",
        hint="there is nothing to learn; choose another column with --target",
    )
