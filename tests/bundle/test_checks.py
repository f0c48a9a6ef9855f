"""Checks of new data, each on a hand-made column."""

import numpy as np
import pytest

from heldout.bundle.checks import (
    ColumnCount,
    check_kind,
    check_unit,
    check_unseen,
    flag_cells,
    match_columns,
    note_rates,
)
from heldout.bundle.record import Limits
from heldout.errors import DataError
from heldout.recipe import FitRates
from heldout.records import ColumnSpec, Kind, RawColumn, Status, Table, TypedColumn

FIT = FitRates(missing=0.0, unseen=0.0, unparsed=0.0, low=50.0, median=75.0, high=100.0)


def make_column(values, kind=Kind.NUMBER, status=None):
    values = np.asarray(values, np.float64)
    status = np.zeros(len(values), np.uint8) if status is None else np.asarray(status, np.uint8)
    return TypedColumn(ColumnSpec("weight", kind, why="x"), status, values, np.zeros(0, np.int32))


def count(n_rows=100, missing=0, unparsed=0, unseen=0, fit=FIT, kind=Kind.NUMBER):
    return ColumnCount("weight", kind, n_rows, missing, unparsed, unseen, 0, fit)


def unit_of(values, fit=FIT, kind=Kind.NUMBER):
    column = make_column(values, kind)
    return check_unit(column, count(len(values), fit=fit, kind=kind), flag_cells(column, fit))


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        ("age", "'age' \\(there is 'Age', which differs in case or spaces\\)"),
        ("blood pressure", "'blood pressure' \\(there is ' Blood  pressure'"),
        ("weigth", "'weigth' \\(nearest: 'weight'\\)"),
        ("zzz", "missing: 'zzz'\n"),
    ],
)
def test_missing_column_names_the_nearest(needed, words):
    columns = tuple(
        RawColumn(name, np.zeros(1, np.int32), ("1",)) for name in ("Age", "weight", " Blood  pressure")
    )
    with pytest.raises(DataError, match=words):
        match_columns(Table(columns, np.array([2]), "new.csv"), (needed,))


def test_all_missing_columns_are_named():
    with pytest.raises(
        DataError, match="2 columns are missing: 'a', 'b'\n  -> rename the columns; .* no columns"
    ):
        match_columns(Table((), np.array([2]), "new.csv"), ("a", "b"))


@pytest.mark.parametrize(
    ("n_rows", "missing", "unparsed", "refused"),
    [(100, 0, 20, False), (100, 0, 21, True), (5, 0, 1, False), (1, 0, 1, True), (10, 9, 1, True), (2, 0, 2, True),
     (100, 0, 0, False), (3, 3, 0, False)],
)  # fmt: skip
def test_kind_is_refused_above_the_limit(n_rows, missing, unparsed, refused):
    raw = RawColumn("weight", np.arange(n_rows, dtype=np.int32), tuple(f"text {at}" for at in range(n_rows)))
    status = (
        [Status.UNPARSED] * unparsed
        + [Status.MISSING] * missing
        + [Status.OK] * (n_rows - missing - unparsed)
    )
    flags = flag_cells(make_column(np.full(n_rows, 70.0), status=status), FIT)
    table = Table((raw,), np.arange(n_rows) + 2, "new.csv")
    sentence = check_kind(raw, count(n_rows, missing, unparsed), flags, table=table, limits=Limits())
    assert bool(sentence) == refused
    if refused:
        assert (
            "cannot be read as number (limit 20%, 0.0% where it was fitted), first 'text 0' in line 2"
            in sentence
        )


def test_kind_that_was_always_odd_is_kept():
    fit = FitRates(missing=0, unseen=0, unparsed=0.2)
    raw = RawColumn("weight", np.zeros(100, np.int32), ("x",))
    flags = flag_cells(make_column(np.ones(100), status=[Status.UNPARSED] * 100), fit)
    table = Table((raw,), np.arange(100), "new.csv")
    assert check_kind(raw, count(unparsed=59, fit=fit), flags, table=table, limits=Limits()) == ""
    assert check_kind(raw, count(unparsed=61, fit=fit), flags, table=table, limits=Limits())


@pytest.mark.parametrize("factor", [1000, 2.2046, 0.001, -1])
def test_another_unit_is_refused_with_both_medians(factor):
    refused, note = unit_of(np.linspace(60, 90, 21) * factor)
    assert (
        f"the median is {75 * factor:.6g}, where it was fitted it is 75 (98 % between 50 and 100)" in refused
    )
    assert note == ""


def test_small_shifts_and_few_rows_are_not_refused():
    assert unit_of(np.linspace(60, 90, 21)) == ("", "")
    assert unit_of(np.full(19, 75000.0)) == ("", "")
    refused, note = unit_of(np.full(20, 110.0))
    assert refused == ""
    assert "outside what the networks know" in note


def test_shift_from_zero_is_measured_in_widths():
    fit = FitRates(0, 0, 0, low=-1.0, median=0.0, high=1.0)
    assert unit_of(np.full(30, 1.5), fit)[0] == ""
    assert "another unit?" in unit_of(np.full(30, 5.0), fit)[0]


def test_later_dates_are_noted():
    fit = FitRates(0, 0, 0, low=100.0, median=200.0, high=300.0)
    refused, note = unit_of(np.full(30, 20000.0), fit, Kind.DATE)
    assert refused == ""
    assert "the middle date is 2024-10-04, where it was fitted 1970-07-20" in note


@pytest.mark.parametrize(
    ("n_rows", "unseen", "refused"), [(100, 20, False), (100, 21, True), (19, 19, False), (20, 20, True)]
)
def test_new_categories(n_rows, unseen, refused):
    assert bool(check_unseen(count(n_rows, unseen=unseen), Limits())) == refused


def test_new_categories_where_they_are_usual():
    fit = FitRates(0, 0.3, 0)
    assert check_unseen(count(unseen=89, fit=fit), Limits()) == ""
    assert "91 of 100 values" in check_unseen(count(unseen=91, fit=fit), Limits())


def test_flags():
    values = [70.0, np.nan, np.inf, np.nan, 200.0, 151.0, 149.0, -1.0, 70.0]
    status = [0, Status.MISSING, 0, Status.UNPARSED, 0, 0, 0, 0, Status.CENSORED_BELOW]
    flags = flag_cells(make_column(values, status=status), FIT)
    assert np.flatnonzero(flags.missing).tolist() == [1]
    assert np.flatnonzero(flags.unparsed).tolist() == [2, 3]
    assert np.flatnonzero(flags.outside).tolist() == [4, 5, 7]
    assert np.flatnonzero(flags.censored).tolist() == [8]


def test_notes_need_a_factor_and_more_than_chance():
    fit = FitRates(missing=0.1, unseen=0.0, unparsed=0.0)
    assert note_rates(count(100, missing=29, fit=fit), Limits()) == ()
    assert len(note_rates(count(100, missing=40, fit=fit), Limits())) == 1
    assert note_rates(count(2, missing=1, fit=fit), Limits()) == ()
    assert "1 of 100 values are categories" in note_rates(count(100, unseen=1), Limits())[0]
    assert note_rates(count(0), Limits()) == ()
