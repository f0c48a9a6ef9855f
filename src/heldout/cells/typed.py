"""Raw cells to typed values with a status each; the work is done once per distinct text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from heldout.cells.composites import split_cell
from heldout.cells.dates import parse_date
from heldout.cells.encoding import ENCODING_GRAMMAR, repair_encoding
from heldout.cells.keynames import split_name
from heldout.cells.lists import JOIN, split_items
from heldout.cells.missing import MISSING_AMONG_NUMBERS, MissingWords, is_missing, is_sentinel, prepare_words
from heldout.cells.plain import read_plain, read_plain_days
from heldout.cells.readings import NumberForm, read_number, take_plain
from heldout.cells.sequences import LETTERS_GRAMMAR, read_sequence
from heldout.cells.spellings import read_spelling
from heldout.cells.yesno import parse_yes_no
from heldout.errors import DataError
from heldout.records import ColumnSpec, Kind, RawColumn, Status, Table, TypedColumn

_VALUE_KINDS = (Kind.NUMBER, Kind.DATE, Kind.YES_NO)
_WHOLE_WORDS = prepare_words(MISSING_AMONG_NUMBERS)
LIST_GRAMMAR = "list"
_WHOLE_GRAMMARS = (LIST_GRAMMAR, LETTERS_GRAMMAR, ENCODING_GRAMMAR)  # the cell is read as a whole


def type_table(table: Table, specs: Sequence[ColumnSpec]) -> tuple[TypedColumn, ...]:
    """Every declared column of a table, typed.

    Args:
        table: raw cells; may be new data.
        specs: declarations; columns are found by name, further columns of the table are left alone.

    Returns:
        One `TypedColumn` per declaration, in the order of `specs`.

    Raises:
        DataError: a declared column is not in the table.

    Example:
        >>> table = Table((RawColumn("x", np.zeros(1, np.int32), ("5",)),), np.array([2]), "t.csv")
        >>> type_table(table, [ColumnSpec("x", Kind.NUMBER, "declared")])[0].values
        array([5.])
        >>> type_table(table, [ColumnSpec("y", Kind.NUMBER, "declared")])
        Traceback (most recent call last):
        heldout.errors.DataError: t.csv lacks 1 of 1 declared columns: y
          -> its columns are: x
    """
    by_name = {column.name: column for column in table.columns}
    lacking = [spec.name for spec in specs if (spec.source or spec.name) not in by_name]
    if lacking:
        raise DataError(
            f"{table.source} lacks {len(lacking)} of {len(specs)} declared columns: {', '.join(lacking[:20])}",
            hint=f"its columns are: {', '.join(list(by_name)[:40])}",
        )
    return tuple(type_column(by_name[spec.source or spec.name], spec) for spec in specs)


def type_column(raw: RawColumn, spec: ColumnSpec) -> TypedColumn:
    """The cells of one column as values or codes, with what became of each.

    A cell that does not fit becomes UNPARSED with no value; it never changes the column's kind.

    Args:
        raw: cells as read.
        spec: how to read them.

    Returns:
        For number, date and yes/no: `values` float64 [N], NaN where there is none. For the other kinds: `codes`
        int32 [N] into stripped texts, -1 where missing.

    Example:
        >>> raw = RawColumn("x", np.array([0, 1, 2, -1], np.int32), ("5", "5O", "?"))
        >>> typed = type_column(raw, ColumnSpec("x", Kind.NUMBER, "declared", missing_words=("", "?")))
        >>> typed.values, [Status(status).name for status in typed.status]
        (array([ 5., nan, nan, nan]), ['OK', 'UNPARSED', 'MISSING', 'MISSING'])
    """
    texts = take_parts(raw.levels, spec)
    if spec.kind in _VALUE_KINDS:
        return _type_values(raw, texts, spec)
    return _type_texts(raw, texts, spec)


def take_parts(levels: Sequence[str], spec: ColumnSpec) -> list[str | None]:
    """The part of each distinct cell that a column is about: the whole cell unless its spec names a part.

    Args:
        levels: distinct cell texts.
        spec: its `grammar`, `pattern` and `part`.

    Returns:
        One text per level, "" where the whole cell is missing, None where it does not fit the grammar.

    Example:
        >>> how = {"source": "x", "grammar": "template", "pattern": "{sex}/{age}", "part": "age"}
        >>> spec = ColumnSpec("x/age", Kind.NUMBER, "", **how)
        >>> take_parts(["F/3", "?", "three"], spec)
        ['3', '', None]
    """
    if not spec.grammar or spec.grammar in _WHOLE_GRAMMARS and not spec.part:
        return list(levels)
    made: list[str | None] = []
    for text in levels:
        if is_missing(text, _WHOLE_WORDS):
            made.append("")
            continue
        parts = split_cell(text, grammar=spec.grammar, pattern=spec.pattern)
        made.append(None if parts is None else parts.get(spec.part, ""))
    return made


def cell_text(raw: RawColumn, row: int) -> str | None:
    """One cell exactly as read, None for a true null.

    Args:
        raw: the column.
        row: position 0..n-1.

    Example:
        >>> cell_text(RawColumn("x", np.array([0, -1], np.int32), (" a",)), 0)
        ' a'
    """
    code = int(raw.codes[row])
    return None if code < 0 else raw.levels[code]


def _type_values(raw: RawColumn, texts: list[str | None], spec: ColumnSpec) -> TypedColumn:
    read = _choose_reader(spec)
    words = prepare_words(spec.missing_words)
    # One entry more than levels: code -1 (null) looks up the last one.
    values = np.full(len(texts) + 1, np.nan)
    status: NDArray[np.uint8] = np.full(len(texts) + 1, Status.MISSING, dtype=np.uint8)
    plain = np.full(len(texts), np.nan)
    if spec.kind is Kind.NUMBER:
        plain = take_plain(read_plain(texts), spec.decimal, spec.thousands)
        is_word = np.isin(plain, list(words.sentinels))
        status[:-1] = np.where(is_word, Status.SENTINEL, Status.OK)
        values[:-1] = np.where(is_word, np.nan, plain)
    elif spec.kind is Kind.DATE and not any(word[:1].isdigit() for word in words.words):
        values[:-1] = plain = read_plain_days(texts, spec.date_format)
        status[:-1] = Status.OK
    for code in np.flatnonzero(np.isnan(plain)).tolist():
        text = texts[code]
        if text is None:
            status[code] = Status.UNPARSED
        elif is_missing(text, words):
            status[code] = Status.SENTINEL if is_sentinel(text, words) else Status.MISSING
        else:
            found = read(text)
            status[code] = Status.UNPARSED if found is None else found[1]
            values[code] = np.nan if found is None else found[0]
    _hold_limits(values, status, spec)
    return TypedColumn(spec, status[raw.codes], values[raw.codes], np.zeros(0, dtype=np.int32))


def _hold_limits(values: NDArray[np.float64], status: NDArray[np.uint8], spec: ColumnSpec) -> None:
    """Clip values beyond the declared limits, or take them out where they are declared impossible."""
    low = -np.inf if spec.low is None else spec.low
    high = np.inf if spec.high is None else spec.high
    beyond = (values < low) | (values > high)
    if not beyond.any():
        return
    if spec.beyond == "clip":
        status[beyond] = Status.CLIPPED
        values[beyond] = np.clip(values[beyond], low, high)
    else:
        status[beyond] = Status.OUT_OF_RANGE
        values[beyond] = np.nan


def _choose_reader(spec: ColumnSpec) -> Callable[[str], tuple[float, Status] | None]:
    if spec.kind is Kind.NUMBER:
        form = NumberForm(spec.decimal, spec.thousands, spec.unit, split_name(spec.name), spec.spellings)
        return lambda text: read_number(text, form)
    if spec.kind is Kind.DATE:
        return lambda text: _mark_ok(parse_date(text, date_format=spec.date_format))
    return lambda text: _mark_ok(parse_yes_no(text, true_words=spec.true_words, false_words=spec.false_words))


def _mark_ok(value: float | None) -> tuple[float, Status] | None:
    return None if value is None else (value, Status.OK)


def _type_texts(raw: RawColumn, texts: list[str | None], spec: ColumnSpec) -> TypedColumn:
    words = prepare_words(spec.missing_words)
    read = _choose_canon(spec)
    index: dict[str, int] = {}
    codes = np.full(len(texts) + 1, -1, dtype=np.int32)
    status: NDArray[np.uint8] = np.full(len(texts) + 1, Status.MISSING, dtype=np.uint8)
    for code, text in enumerate(texts):
        if text is None:
            status[code] = Status.UNPARSED
            continue
        status[code], canon = _settle_text(text, words, read)
        if canon is not None:
            codes[code] = index.setdefault(canon, len(index))
    return TypedColumn(spec, status[raw.codes], np.zeros(0), codes[raw.codes], tuple(index))


def _settle_text(
    text: str, words: MissingWords, read: Callable[[str], str | None]
) -> tuple[Status, str | None]:
    if is_sentinel(text, words):
        return Status.SENTINEL, None
    if is_missing(text, words):
        return Status.MISSING, None
    clean = text.strip()
    canon = read(clean)
    if canon is None:
        return Status.UNPARSED, None
    if not canon:
        return Status.MISSING, None
    return (Status.OK if canon == clean else Status.REPAIRED), canon


def _choose_canon(spec: ColumnSpec) -> Callable[[str], str | None]:
    if spec.kind is Kind.SEQUENCE:
        alphabet = spec.pattern if spec.grammar == LETTERS_GRAMMAR else ""
        return lambda text: read_sequence(text, alphabet)
    pairs = dict(zip(spec.spellings[::2], spec.spellings[1::2], strict=True))
    if spec.kind is Kind.SET:
        separator = spec.pattern if spec.grammar == LIST_GRAMMAR else ";"
        return lambda text: JOIN.join(split_items(text, separator=separator, items=pairs))
    if spec.grammar == ENCODING_GRAMMAR:
        return lambda text: _read_mended(text, pairs)
    return lambda text: read_spelling(text, pairs)


def _read_mended(text: str, pairs: dict[str, str]) -> str:
    """What the user mapped as it stands in the file goes before the repair."""
    made = read_spelling(text, pairs)
    return made if made != text else read_spelling(repair_encoding(text).strip(), pairs)
