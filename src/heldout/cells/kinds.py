"""What each column is read as, decided from the cells of the development rows, with the evidence in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from heldout.cells.dates import check_date_format, find_date_format
from heldout.cells.missing import MISSING_AMONG_NUMBERS, choose_words, declare_words, fold_word
from heldout.cells.numeric import NumberEvidence, choose_decimal, judge_codes, measure_numbers
from heldout.cells.overrides import ColumnOverride, Said, take_override
from heldout.cells.tally import (
    Present,
    Tally,
    describe_missing,
    is_key_name,
    is_person_name,
    keep_present,
    show_examples,
    tally_column,
)
from heldout.cells.yesno import find_yes_no
from heldout.errors import DataError, UsageError
from heldout.records import ColumnSpec, IndexArray, Kind, RawColumn, Table

# Thresholds are assumptions unless said otherwise; the tests hold them against the data sets of section "kinds".
_MOSTLY_NUMBERS, _SOME_NUMBERS, _CONTINUOUS = 0.95, 0.80, 20
_UNIQUE, _NEARLY_UNIQUE, _KEY_SHARE = 0.95, 0.9, 0.5
_FEWEST_ROWS, _FEW = 8, 0.1
_SHORT, _TEXT_WORDS, _TEXT_SHARE, _LONG = 40, 4, 0.2, 60
_TEXTS_LOOKED = 2_000


def declare_columns(
    table: Table,
    *,
    rows: IndexArray,
    overrides: Mapping[str, ColumnOverride] | None = None,
    unused: Mapping[str, str] | None = None,
) -> tuple[ColumnSpec, ...]:
    """How every column of a table is read.

    Args:
        table: all rows; only the cells at `rows` are looked at.
        rows: int64 positions of the development rows.
        overrides: column name -> what the user says about it.
        unused: column name -> why it leaves the features ("the target", "the group column").

    Returns:
        One `ColumnSpec` per column, in the table's order.

    Raises:
        DataError: an ambiguous column, or no rows to decide from.
        UsageError: an override or `unused` names a column that is not there.

    Example:
        >>> raw = RawColumn("num", np.array([0, 1], np.int32), ("0", "1"))
        >>> table = Table((raw,), np.array([2, 3]), "t.csv")
        >>> declare_columns(table, rows=np.arange(2), unused={"num": "the target"})[0].used
        False
    """
    overrides, unused = overrides or {}, unused or {}
    names = {column.name for column in table.columns}
    for name in (*overrides, *unused):
        if name not in names:
            raise UsageError(
                f"there is no column {name!r} in {table.source} to declare",
                hint=f"its columns are: {', '.join(column.name for column in table.columns[:40])}",
            )
    specs: list[ColumnSpec] = []
    for raw in table.columns:
        override = overrides.get(raw.name)
        if raw.name in unused:
            spec = _declare_unused(raw, rows, override, unused[raw.name])
        else:
            spec = declare_column(raw, rows=rows, override=override)
        specs.append(spec)
    return tuple(specs)


def _declare_unused(
    raw: RawColumn, rows: IndexArray, override: ColumnOverride | None, reason: str
) -> ColumnSpec:
    try:
        spec = declare_column(raw, rows=rows, override=override)
    except DataError as error:
        # An ambiguity in a column that is not used decides nothing; its cells stay texts.
        spec = ColumnSpec(
            raw.name, Kind.CATEGORY, error.message, missing_words=choose_words((), among_numbers=False)
        )
    return replace(spec, used=False, why=f"not used: {reason}; {spec.why}")


def declare_column(raw: RawColumn, *, rows: IndexArray, override: ColumnOverride | None = None) -> ColumnSpec:
    """How one column is read, decided only from its cells at some rows.

    A single bad cell never retypes a column: a column is numeric when at least 95 % of its cells are numbers, the
    rest become unparsed cells. Identifiers and constants leave the features.

    Args:
        raw: the column.
        rows: int64 positions of the development rows.
        override: what the user says; it wins.

    Returns:
        The declaration with its evidence.

    Raises:
        DataError: no rows, or cells with two readings (day/month, decimal comma).
        UsageError: an override that does not fit together.

    Example:
        >>> raw = RawColumn("age", np.array([0, 1, 2, 0], np.int32), ("63", "67", "?"))
        >>> declare_column(raw, rows=np.arange(4)).why
        "3 of 3 cells are numbers (2 distinct, 63 to 67); 1 missing ('?' 1)"
    """
    said = take_override(override)
    tally = tally_column(raw, rows)
    if tally.n_rows == 0:
        raise DataError(f"column {raw.name!r} has no rows to decide from")
    if said.kind is None and said.true is None and said.date_format is None:
        spec = _infer(tally, said)
        is_said = said.missing is not None or said.decimal is not None
        return replace(spec, decided="user" if is_said else "auto")
    return _obey(tally, said)


def _infer(tally: Tally, said: Said) -> ColumnSpec:
    judges: tuple[Callable[[Tally, Said], ColumnSpec | None], ...] = (
        _judge_constant,
        _judge_yes_no,
        _judge_number,
        _judge_date,
        _judge_identifier,
        _judge_text,
    )
    for judge in judges:
        spec = judge(tally, said)
        if spec is not None:
            return spec
    return _declare_category(tally, said)


def _keep_numbers(tally: Tally, said: Said) -> tuple[Present, tuple[str, ...]]:
    words = declare_words(said.missing, MISSING_AMONG_NUMBERS)
    return keep_present(tally, words), words


def _keep_texts(tally: Tally, said: Said) -> tuple[Present, tuple[str, ...]]:
    words = declare_words(said.missing, choose_words(tally.texts, among_numbers=False))
    return keep_present(tally, words), words


def _judge_constant(tally: Tally, said: Said) -> ColumnSpec | None:
    present, words = _keep_texts(tally, said)
    distinct = {text.strip() for text in present.texts}
    if len(distinct) + bool(present.n_missing) > 1:
        return None
    if present.n_cells == 0:
        why = f"all {tally.n_rows} cells are missing ({present.words})"
    else:
        why = f"all {tally.n_rows} cells are {distinct.pop()[:40]!r}"
    return ColumnSpec(tally.name, Kind.CONSTANT, why, missing_words=words, used=False)


def _judge_yes_no(tally: Tally, said: Said) -> ColumnSpec | None:
    present, words = _keep_texts(tally, said)
    found = find_yes_no(present.texts)
    if found is None:
        # Beside 0 and 1, words such as "unknown" and "-" are missing, as in any column of numbers.
        present, words = _keep_numbers(tally, said)
        found = find_yes_no(present.texts)
        if found is None or found != (("1",), ("0",)):
            return None
    yes, no = found
    why = (
        f"all {present.n_cells} cells are {' or '.join(map(repr, yes))} (yes) or {' or '.join(map(repr, no))} (no); "
        f"{describe_missing(present)}"
    )
    return ColumnSpec(tally.name, Kind.YES_NO, why, missing_words=words, true_words=yes, false_words=no)


def _judge_number(tally: Tally, said: Said) -> ColumnSpec | None:
    present, words = _keep_numbers(tally, said)
    decimal = said.decimal or choose_decimal(present, column=tally.name)
    evidence = measure_numbers(tally, present, decimal=decimal)
    enough = evidence.share >= _MOSTLY_NUMBERS or (
        evidence.share >= _SOME_NUMBERS and evidence.n_distinct > _CONTINUOUS
    )
    if not enough or evidence.n_distinct < 2 or evidence.has_letter_codes:
        return None
    coded = judge_codes(tally, evidence)
    if coded is not None:
        kind, reason = coded
        return ColumnSpec(
            tally.name,
            kind,
            f"{reason}; {describe_missing(present)}",
            missing_words=words,
            used=kind is not Kind.IDENTIFIER,
        )
    why = _explain_number(evidence, present)
    return ColumnSpec(tally.name, Kind.NUMBER, why, missing_words=words, decimal=decimal)


def _explain_number(evidence: NumberEvidence, present: Present) -> str:
    why = (
        f"{evidence.n_parsed} of {present.n_cells} cells are numbers ({evidence.n_distinct} distinct, "
        f"{evidence.low:g} to {evidence.high:g}); {describe_missing(present)}"
    )
    if evidence.looks_keyed:
        why += '; nearly all are different whole numbers: if they only name the rows, say kind = "identifier"'
    n_other = present.n_cells - evidence.n_parsed
    if n_other:
        why += (
            f"; {n_other} cells are no numbers and are kept as unparsed ({show_examples(evidence.unparsed)})"
        )
    return why


def _judge_date(tally: Tally, said: Said) -> ColumnSpec | None:
    present, words = _keep_numbers(tally, said)
    date_format = find_date_format(present.texts, present.counts.tolist(), column=tally.name)
    if not date_format:
        return None
    why = f"{present.n_cells} cells are dates written {date_format}; {describe_missing(present)}"
    return ColumnSpec(tally.name, Kind.DATE, why, missing_words=words, date_format=date_format)


def _judge_identifier(tally: Tally, said: Said) -> ColumnSpec | None:
    present, words = _keep_texts(tally, said)
    texts = {text.strip() for text in present.texts}
    if present.n_cells < _FEWEST_ROWS:
        return None
    share = len(texts) / present.n_cells
    is_short = float(np.median([len(text) for text in texts])) <= _SHORT
    n_spaced = sum(" " in text for text in texts)
    has_shape = is_short and n_spaced <= _FEW * len(texts) and not _holds_fractions(tally, present)
    if share >= _UNIQUE and has_shape:
        reason = "short texts without blanks"
    elif share >= _KEY_SHARE and is_key_name(tally.name) and is_short:
        reason = "the name says it holds keys"
    elif share >= _NEARLY_UNIQUE and is_person_name(tally.name):
        reason = "the name says it holds names"
    else:
        return None
    why = f"{len(texts)} distinct texts in {present.n_cells} cells, {reason}; {describe_missing(present)}"
    return ColumnSpec(tally.name, Kind.IDENTIFIER, why, missing_words=words, used=False)


def _holds_fractions(tally: Tally, present: Present) -> bool:
    """Measured numbers among the texts: such a column is a damaged column of numbers, not a key."""
    evidence = measure_numbers(tally, present, decimal=".")
    return evidence.share > _FEW and not evidence.is_whole


def _judge_text(tally: Tally, said: Said) -> ColumnSpec | None:
    present, words = _keep_texts(tally, said)
    if not present.texts:
        return None
    share = len(present.texts) / present.n_cells
    looked, counts = present.texts[:_TEXTS_LOOKED], present.counts[:_TEXTS_LOOKED]
    n_words = float(np.median(np.repeat([len(text.split()) for text in looked], counts)))
    length = float(np.median(np.repeat([len(text) for text in looked], counts)))
    # Categories such as department names may be long too, but they come back again and again.
    is_prose = n_words >= _TEXT_WORDS and share >= _TEXT_SHARE
    if not is_prose and not (length >= _LONG and share >= _KEY_SHARE):
        return None
    why = (
        f"{len(present.texts)} distinct texts in {present.n_cells} cells, half of them with {n_words:g} or more words; "
        f"{describe_missing(present)}"
    )
    return ColumnSpec(tally.name, Kind.TEXT, why, missing_words=words)


def _declare_category(tally: Tally, said: Said) -> ColumnSpec:
    present, words = _keep_texts(tally, said)
    n_levels = len({text.strip() for text in present.texts})
    why = f"{n_levels} distinct texts in {present.n_cells} cells; {describe_missing(present)}"
    numeric, _ = _keep_numbers(tally, said)
    evidence = measure_numbers(tally, numeric, decimal=said.decimal or ".")
    if evidence.has_letter_codes:
        why += f"; whole numbers among codes with letters ({show_examples(evidence.unparsed)}) are codes too"
    elif evidence.n_distinct > _CONTINUOUS:
        why += (
            f"; {evidence.n_parsed} cells are numbers, too few for a column of numbers (others: "
            f'{show_examples(evidence.unparsed)}); kind = "number" in heldout.toml reads it as numbers'
        )
    return ColumnSpec(tally.name, Kind.CATEGORY, why, missing_words=words)


def _obey(tally: Tally, said: Said) -> ColumnSpec:
    """The declaration that the user's words lead to; unsaid details are filled from the cells."""
    if said.kind == "ignore":
        spec = ColumnSpec(
            tally.name, Kind.CATEGORY, "ignored, as declared", missing_words=_keep_texts(tally, said)[1]
        )
        return replace(spec, decided="user", used=False)
    kind = _name_kind(tally.name, said)
    is_numeric = kind in (Kind.NUMBER, Kind.DATE)
    present, words = _keep_numbers(tally, said) if is_numeric else _keep_texts(tally, said)
    spec = ColumnSpec(
        tally.name,
        kind,
        f"{kind}, as declared; {describe_missing(present)}",
        decided="user",
        missing_words=words,
        used=kind not in (Kind.IDENTIFIER, Kind.CONSTANT),
    )
    if kind is Kind.NUMBER:
        return replace(spec, decimal=said.decimal or choose_decimal(present, column=tally.name))
    if kind is Kind.DATE:
        return replace(spec, date_format=_settle_date_format(tally, present, said))
    if kind is Kind.YES_NO:
        true_words, false_words = _settle_yes_no(tally, present, said)
        return replace(spec, true_words=true_words, false_words=false_words)
    return spec


def _name_kind(name: str, said: Said) -> Kind:
    if said.kind is None:
        return Kind.DATE if said.date_format is not None else Kind.YES_NO
    try:
        return Kind(said.kind)
    except ValueError:
        known = ", ".join(kind.value for kind in Kind)
        raise UsageError(
            f"kind {said.kind!r} of column {name!r} is not known", hint=f"use one of: {known}"
        ) from None


def _settle_date_format(tally: Tally, present: Present, said: Said) -> str:
    if said.date_format is not None:
        return check_date_format(said.date_format, column=tally.name)
    found = find_date_format(present.texts, present.counts.tolist(), column=tally.name)
    if not found:
        raise DataError(
            f"column {tally.name!r} is declared a date, but its cells fit no known format "
            f"({show_examples(present.texts)})",
            hint=f'say the format in heldout.toml: [columns."{tally.name}"] date_format = "%d.%m.%y"',
        )
    return found


def _settle_yes_no(tally: Tally, present: Present, said: Said) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if said.true is not None and said.false is not None:
        return tuple(map(fold_word, said.true)), tuple(map(fold_word, said.false))
    found = find_yes_no(present.texts)
    if found is None or said.true is not None or said.false is not None:
        raise DataError(
            f"column {tally.name!r} is declared yes/no, but which of its words mean yes and which no is not said "
            f"({show_examples(present.texts)})",
            hint=f'say both in heldout.toml: [columns."{tally.name}"] true = ["..."] false = ["..."]',
        )
    return found
