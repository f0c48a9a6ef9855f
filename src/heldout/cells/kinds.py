"""What each column is read as, decided from the cells of the development rows, with the evidence in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from heldout.cells.encoding import mend_encoding
from heldout.cells.judges import (
    declare_category,
    judge_clock,
    judge_constant,
    judge_date,
    judge_identifier,
    judge_list,
    judge_number,
    judge_sequence,
    judge_text,
    judge_yes_no,
)
from heldout.cells.merged import ask_merged
from heldout.cells.missing import choose_words
from heldout.cells.obey import finish_spec, obey_user
from heldout.cells.overrides import ColumnOverride, Said, is_silent, take_override
from heldout.cells.partcolumns import declare_parts, find_lost_marks
from heldout.cells.tally import Tally, tally_column
from heldout.errors import DataError, UsageError
from heldout.records import ColumnSpec, IndexArray, Kind, RawColumn, Table

_MOST_REFUSED = 20  # told one by one


def declare_columns(
    table: Table,
    *,
    rows: IndexArray,
    overrides: Mapping[str, ColumnOverride] | None = None,
    unused: Mapping[str, str] | None = None,
) -> tuple[ColumnSpec, ...]:
    """How every column of a table is read.

    A column whose cells hold several things ("F/3") is followed by one declaration per part ("patient/sex",
    "patient/age") and is itself not used.

    Args:
        table: all rows; only the cells at `rows` are looked at.
        rows: int64 positions of the development rows.
        overrides: column (or part) name -> what the user says about it.
        unused: column name -> why it leaves the features ("the target", "the group column").

    Returns:
        One `ColumnSpec` per column and part, in the table's order.

    Raises:
        DataError: ambiguous columns, all of them in one message, or no rows to decide from.
        UsageError: an override or `unused` names a column that is not there.

    Example:
        >>> import numpy as np
        >>> raw = RawColumn("num", np.array([0, 1], np.int32), ("0", "1"))
        >>> table = Table((raw,), np.array([2, 3]), "t.csv")
        >>> declare_columns(table, rows=np.arange(2), unused={"num": "the target"})[0].used
        False
    """
    overrides, unused = overrides or {}, unused or {}
    names = {column.name for column in table.columns}
    for name in (*overrides, *unused):
        if name not in names and not any(name.startswith(f"{column}/") for column in names):
            raise UsageError(
                f"there is no column {name!r} in {table.source} to declare",
                hint=f"its columns are: {', '.join(column.name for column in table.columns[:40])}",
            )
    specs: list[ColumnSpec] = []
    refused: list[tuple[str, DataError]] = []
    for raw in table.columns:
        override = overrides.get(raw.name)
        if raw.name in unused:
            specs.append(_declare_unused(raw, rows, override, unused[raw.name]))
            continue
        try:
            made = declare_parts(raw, rows=rows, overrides=overrides, declare=declare_column)
            made = made or (declare_column(raw, rows=rows, override=override),)
        except DataError as error:
            refused.append((raw.name, error))
            continue
        mended = [mend_encoding(find_lost_marks(spec, table), raw, rows) for spec in made]
        specs += [ask_merged(spec, raw, rows) for spec in mended]
    if refused:
        raise _join_refusals(refused, table.source)
    return tuple(specs)


def _join_refusals(refused: list[tuple[str, DataError]], source: str) -> DataError:
    """One refusal that names every column, with a line for each: nobody is to answer twenty columns one by one."""
    questions = tuple((name, error.message, error.hint) for name, error in refused)
    shown = [error for _, error in refused[:_MOST_REFUSED]]
    if len(refused) == 1:
        return DataError(shown[0].message, hint=shown[0].hint, questions=questions)
    more = f"; and {len(refused) - len(shown)} more" if len(refused) > len(shown) else ""
    messages = "; ".join(error.message for error in shown)
    return DataError(
        f"{len(refused)} columns of {source} cannot be read for sure: {messages}{more}",
        hint="\n     ".join(error.hint for error in shown if error.hint),
        questions=questions,
    )


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
    return replace(spec, used=False, why=f"not used: {reason}; {spec.why}", question="")


def declare_column(
    raw: RawColumn, *, rows: IndexArray, override: ColumnOverride | Said | None = None
) -> ColumnSpec:
    """How one column is read as a whole, decided only from its cells at some rows.

    A single bad cell never retypes a column: a column is numeric when at least 95 % of its cells are numbers, the
    rest become unparsed cells. Identifiers and constants leave the features.

    Args:
        raw: the column.
        rows: int64 positions of the development rows.
        override: what the user says; it wins.

    Returns:
        The declaration with its evidence.

    Raises:
        DataError: no rows, or cells with two readings (day/month, decimal comma, units).
        UsageError: an override that does not fit together.

    Example:
        >>> import numpy as np
        >>> raw = RawColumn("age", np.array([0, 1, 2, 0], np.int32), ("63", "67", "?"))
        >>> declare_column(raw, rows=np.arange(4)).why
        "3 of 3 cells are numbers (2 distinct, 63 to 67); 1 missing ('?' 1)"
    """
    said = take_override(override)
    tally = tally_column(raw, rows)
    if tally.n_rows == 0:
        raise DataError(f"column {raw.name!r} has no rows to decide from")
    if said.kind is None and said.true is None and said.date_format is None:
        spec = finish_spec(_infer(tally, said), said)
        return spec if is_silent(said) else replace(spec, decided="user")
    return finish_spec(obey_user(tally, said), said)


def _infer(tally: Tally, said: Said) -> ColumnSpec:
    judges: tuple[Callable[[Tally, Said], ColumnSpec | None], ...] = (
        judge_constant,
        judge_yes_no,
        judge_number,
        judge_sequence,
        judge_date,
        judge_clock,
        judge_list,
        judge_identifier,
        judge_text,
    )
    for judge in judges:
        spec = judge(tally, said)
        if spec is not None:
            return spec
    return declare_category(tally, said)
