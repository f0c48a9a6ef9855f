"""Plain cells read at once have the same values, status bytes and evidence as those that the grammar reads."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heldout.cells import plain
from heldout.cells.calendars import read_days
from heldout.cells.kinds import declare_column, declare_columns
from heldout.cells.numbers import is_repaired_number, parse_number
from heldout.cells.overrides import ColumnOverride
from heldout.cells.plain import read_plain, read_plain_days
from heldout.cells.typed import type_table
from heldout.errors import HeldoutError
from heldout.records import ColumnSpec, Table, TypedColumn
from heldout.settings import ColumnSettings
from heldout.sources.columns import encode_cells

NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(repr),
    st.floats(-1e6, 1e6).map(lambda v: f"{v:.3f}"),
    st.integers(-(10**12), 10**12).map(str),
    st.from_regex(r" ?[+-]?[0-9]{0,25}\.?[0-9]{0,25}([eE][+-]?[0-9]{1,5})? ?", fullmatch=True),
    st.from_regex(r"0[0-9]{1,5}|[1-9][0-9]{0,2}[.,][0-9]{3}|[0-9]+,[0-9]+", fullmatch=True),
)
WORDS = (
    "? NA nan -999 -999.0 <0.5 5O 1,234 10-20 inf 1e39 1e-5 x - \u22123.2 \uff15 1_000 K12 2021-03-04 0 -0.0"
)
ODD = st.sampled_from(["", " ", "5 mg", "1.5\n", "\ud800", "3.4e38", "3.5e38", *WORDS.split()])
DATES = st.one_of(
    st.datetimes().map(lambda t: t.isoformat(" ", "seconds")),
    st.dates().map(str),
    st.sampled_from(
        ["2021-02-30", "0000-01-01", "2021-3-4", "2021-03-04 24:00:00", "2021-03-04 23:59:60", " 2021-03-04"]
    ),
)
SLOW = 10**9


def read_both(texts: list[str], override: ColumnOverride | None = None) -> list[object]:
    """What comes out with and without the fast path."""
    results: list[object] = []
    for fewest in (0, SLOW):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(plain, "_FEWEST", fewest)
            results.append(read_column(texts, override))
    return results


def read_column(texts: list[str], override: ColumnOverride | None) -> object:
    table = Table((encode_cells("dose", texts),), np.arange(len(texts)), "t.csv")
    given_words = {} if override is None else {"dose": override}
    try:
        specs = declare_columns(table, rows=np.arange(len(texts)), overrides=given_words)
        return [describe(column) for column in type_table(table, specs)]
    except HeldoutError as error:
        return str(error)


def describe(column: TypedColumn) -> tuple[ColumnSpec, bytes, bytes, bytes, tuple[str, ...]]:
    return (
        column.spec,
        column.values.tobytes(),
        column.status.tobytes(),
        column.codes.tobytes(),
        tuple(column.levels),
    )


@given(st.lists(st.one_of(NUMBERS, NUMBERS, NUMBERS, ODD), min_size=1, max_size=60))
@settings(max_examples=150, deadline=None)
@example([f"{k}.5" for k in range(40)] + ["?", "<3", "1,234"])
@example([f"{k}" for k in range(40)] + ["-999", "-999.0"])
@example([f"{k},5" for k in range(40)])
@example([f"1e-{k}" for k in range(30)])
@example([f"00{k}" for k in range(30)])
def test_a_column_is_read_the_same_way_at_once_and_one_by_one(texts: list[str]) -> None:
    fast, slow = read_both(texts)
    assert fast == slow


@given(st.lists(st.one_of(DATES, DATES, DATES, ODD), min_size=1, max_size=40))
@settings(max_examples=80, deadline=None)
@example([f"2021-03-{k:02d} 10:{k:02d}:59" for k in range(1, 28)])
def test_dates_are_read_the_same_way_at_once_and_one_by_one(texts: list[str]) -> None:
    fast, slow = read_both(texts)
    assert fast == slow


@given(
    st.lists(st.one_of(NUMBERS, ODD), min_size=1, max_size=40),
    st.sampled_from(["number", "date", "category"]),
)
@settings(max_examples=60, deadline=None)
def test_what_the_user_says_holds_on_both_ways(texts: list[str], kind: str) -> None:
    said = ColumnSettings.model_validate({"kind": kind, "missing": ["-999", "0", "2021-03-04"]})
    fast, slow = read_both(texts, said)
    assert fast == slow


@given(st.lists(st.one_of(NUMBERS, ODD), min_size=1, max_size=80))
@settings(max_examples=150, deadline=None)
def test_a_plain_number_is_the_grammar_s_to_the_last_bit(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain, "_FEWEST", 0)
        found = read_plain(texts)
    for text, number in zip(texts, found.tolist(), strict=True):
        if not np.isnan(number):
            expected = parse_number(text)
            assert expected is not None
            assert np.float64(expected).tobytes() == np.float64(number).tobytes()
            assert not is_repaired_number(text)


def test_every_plain_form_takes_the_fast_way() -> None:
    texts = ["1", "-1.5", "+2", ".5", "5.", " 7 ", "1e5", "1E-05", "007"] * 200
    assert not np.isnan(read_plain(texts)).any()
    assert np.isnan(read_plain(["1,5", "1_0", "inf", "nan", "0x1", "1e39", "--1", "1 2", ""] * 200)).all()


@given(st.lists(DATES, min_size=1, max_size=40))
@settings(max_examples=80, deadline=None)
def test_plain_days_are_the_grammar_s_to_the_last_bit(texts: list[str]) -> None:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(plain, "_FEWEST", 0)
            found = read_plain_days(texts, form)
        for text, day in zip(texts, found.tolist(), strict=True):
            assert np.isnan(day) or day == read_days(text, form)


def test_dates_in_full_take_the_fast_way() -> None:
    texts = [f"19{k % 90 + 10}-03-{k % 28 + 1:02d} 10:20:30" for k in range(1_000)]
    assert not np.isnan(read_plain_days(texts, "%Y-%m-%d %H:%M:%S")).any()
    assert np.isnan(read_plain_days(texts, "%d.%m.%Y")).all()


def test_a_large_column_with_one_typo_stays_numbers() -> None:
    texts = [f"{k / 7:.6f}" for k in range(12_000)]
    texts[5_000] = "71.428S71"
    spec = declare_column(encode_cells("dose", texts), rows=np.arange(len(texts)))
    assert spec.kind.value == "number"
    assert "1 cells are no numbers" in spec.why
