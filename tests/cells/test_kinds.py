"""What columns are read as."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.kinds import declare_column, declare_columns
from heldout.errors import DataError, UsageError
from heldout.records import ColumnSpec, Kind, Table
from heldout.settings import ColumnSettings
from heldout.sources.columns import encode_cells

N = 60


def declare(cells: list[str | None], name: str = "x", **said: object) -> ColumnSpec:
    override = ColumnSettings.model_validate(said) if said else None
    return declare_column(encode_cells(name, cells), rows=np.arange(len(cells)), override=override)


def repeat(*cells: str) -> list[str | None]:
    return [cells[i % len(cells)] for i in range(N)]


CASES: list[tuple[str, list[str | None], Kind]] = [
    ("age", [str(i % 50 + 20) for i in range(N)], Kind.NUMBER),
    ("lab", [f"{i / 7:.4f}" for i in range(N)], Kind.NUMBER),
    ("lab", [*(f"{i / 7:.4f}" for i in range(N)), "5O.1", "?", "ND"], Kind.NUMBER),
    ("grade", repeat("1", "2", "3"), Kind.CATEGORY),
    ("sex", repeat("1", "2"), Kind.NUMBER),
    ("sick", repeat("0", "1"), Kind.YES_NO),
    ("sick", repeat("0.0", "1.0", "?"), Kind.YES_NO),
    ("sick", repeat("0", "1", "unknown"), Kind.YES_NO),
    ("sick", repeat("yes", "No", "YES"), Kind.YES_NO),
    ("sick", repeat("yes", "no", "unknown"), Kind.CATEGORY),
    ("sex", repeat("M", "F"), Kind.CATEGORY),
    ("zip", repeat("00412", "10115", "20095"), Kind.CATEGORY),
    ("day", [f"2021-03-{i % 28 + 1:02d}" for i in range(N)], Kind.DATE),
    ("key", [f"phon_R{i:02d}_S1" for i in range(N)], Kind.IDENTIFIER),
    ("Name", [f"Mr. John {i} of Doe" for i in range(N)], Kind.IDENTIFIER),
    ("counter", [str(i) for i in range(N)], Kind.IDENTIFIER),
    ("same", repeat("a"), Kind.CONSTANT),
    ("none", repeat("", "?", "NA"), Kind.CONSTANT),
    ("one", repeat("a", ""), Kind.CATEGORY),
    ("note", [f"the patient came back after {i} days" for i in range(N)], Kind.TEXT),
    ("dna", ["ACGT" * 20 + "ACGT"[i % 4] * (i + 1) for i in range(N)], Kind.SEQUENCE),
    ("unit", repeat("Department of Police and Fire", "Department of Parks and Roads"), Kind.CATEGORY),
    ("mixed", [str(i) if i % 3 else f"PC {i}" for i in range(N)], Kind.CATEGORY),
    ("size", repeat("None", "small", "large"), Kind.CATEGORY),
]


@pytest.mark.parametrize(("name", "cells", "kind"), CASES)
def test_kinds(name: str, cells: list[str | None], kind: Kind) -> None:
    spec = declare(cells, name)
    assert spec.kind is kind, spec.why
    assert spec.used is (kind not in (Kind.IDENTIFIER, Kind.CONSTANT))
    assert spec.decided == "auto"
    assert any(character.isdigit() for character in spec.why)


def test_evidence_names_unparsed_and_missing_cells() -> None:
    why = declare([*(f"{i / 7:.4f}" for i in range(N)), "5O.1", "?", "?"]).why
    assert why == (
        "60 of 61 cells are numbers (60 distinct, 0 to 8.4286); 2 missing ('?' 2); "
        "1 cells are no numbers and are kept as unparsed ('5O.1')"
    )


def test_between_80_and_95_percent_only_many_different_numbers_make_a_column_of_numbers() -> None:
    assert declare([*(f"{i}.5" for i in range(45)), *(f"n{i}." for i in range(5))]).kind is Kind.NUMBER
    assert declare([*repeat("1", "2", "3"), *(f"n{i}." for i in range(6))]).kind is Kind.CATEGORY
    spec = declare([*(f"{i}.5" for i in range(45)), *(f"n{i}." for i in range(15))])
    assert spec.kind is Kind.CATEGORY
    assert "too few for a column of numbers" in spec.why


def test_only_the_given_rows_decide() -> None:
    raw = encode_cells("x", [*(f"{i}.5" for i in range(N)), *("word" for _ in range(N))])
    assert declare_column(raw, rows=np.arange(N)).kind is Kind.NUMBER
    assert declare_column(raw, rows=np.arange(N, 2 * N)).kind is Kind.CONSTANT
    shuffled = declare_column(raw, rows=np.random.default_rng(0).permutation(N))
    assert shuffled == declare_column(raw, rows=np.arange(N))
    with pytest.raises(DataError, match="column 'x' has no rows to decide from"):
        declare_column(raw, rows=np.zeros(0, np.int64))


def test_the_user_wins() -> None:
    numbers = repeat("1", "2", "3")
    assert declare(numbers, kind="category").kind is Kind.CATEGORY
    ignored = declare(repeat("01/02/2021", "03/04/2021"), kind="ignore")
    assert (ignored.used, ignored.decided) == (False, "user")
    spec = declare(repeat("f", "m"), true=("F",), false=("M",))
    assert (spec.kind, spec.true_words, spec.false_words) == (Kind.YES_NO, ("f",), ("m",))
    dated = declare(repeat("01/02/2021", "03/04/2021"), date_format="%d/%m/%Y")
    assert (dated.kind, dated.date_format, dated.decided) == (Kind.DATE, "%d/%m/%Y", "user")
    assert declare(repeat("1,234", "2,345", "3,456"), decimal=",").decimal == ","
    assert declare([str(i) for i in range(N)], kind="number").used
    assert not declare(repeat("a", "b"), kind="identifier").used


def test_declared_missing_words_are_added_or_switched_off() -> None:
    spec = declare([*repeat("1", "2", "3"), "-999"], missing=("-999",))
    assert spec.decided == "user"
    assert "-999" in spec.missing_words
    assert spec.why.startswith("3 whole numbers in 60 cells")
    assert declare(repeat("NA", "EU"), missing=()).missing_words == ("",)


def test_declarations_that_do_not_fit_are_refused() -> None:
    with pytest.raises(DataError, match="'x' is declared a date, but its cells fit no known format"):
        declare(repeat("soon", "later"), kind="date")
    with pytest.raises(DataError, match="'x' is declared yes/no, but which of its words mean yes"):
        declare(repeat("m", "f"), kind="yes/no")
    with pytest.raises(DataError, match="may be day/month or month/day"):
        declare(repeat("01/02/2021", "03/04/2021"))
    with pytest.raises(UsageError, match="does not name year, month and day"):
        declare(repeat("01/02/2021", "03/04/2021"), date_format="%Y")


def test_unused_columns_are_marked_and_never_refused() -> None:
    columns = (encode_cells("num", repeat("0", "1")), encode_cells("day", repeat("01/02/2021", "03/04/2021")))
    table = Table(columns, np.arange(N), "t.csv")
    specs = declare_columns(table, rows=np.arange(N), unused={"num": "the target", "day": "the time column"})
    assert [spec.used for spec in specs] == [False, False]
    assert specs[0].why.startswith("not used: the target; all 60 cells are")
    with pytest.raises(UsageError, match="there is no column 'nun' in t.csv to declare"):
        declare_columns(table, rows=np.arange(N), unused={"nun": "the target"})


def test_all_ambiguous_columns_are_named_together_with_a_line_each() -> None:
    cells = {
        "visit": ("03/04/2021", "05/06/2021"),
        "age": ("61", "62"),
        "weight": ("70 kg", "7 m"),
        "pop": ("1,234", "5,678"),
    }
    columns = tuple(encode_cells(name, list(texts)) for name, texts in cells.items())
    table = Table(columns, np.arange(2, 4), "t.csv")
    with pytest.raises(DataError, match="3 columns of t.csv cannot be read for sure") as refused:
        declare_columns(table, rows=np.arange(2))
    assert [name for name in cells if f"column {name!r}" in refused.value.message] == [
        "visit",
        "weight",
        "pop",
    ]
    assert len(refused.value.hint.splitlines()) == 3
    with pytest.raises(DataError, match="^column 'visit' may be day/month"):
        declare_columns(table, rows=np.arange(2), unused={"weight": "not asked", "pop": "not asked"})
    twenty = tuple(encode_cells(f"d{k}", list(cells["visit"])) for k in range(23))
    with pytest.raises(DataError, match="and 3 more"):
        declare_columns(Table(twenty, np.arange(2, 4), "t.csv"), rows=np.arange(2))
