"""Dates."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells.dates import ORDER_PAIRS, SAFE_FORMATS, check_date_format, find_date_format, parse_date
from heldout.errors import DataError, UsageError


def find(*levels: str) -> str:
    return find_date_format(levels, [1] * len(levels), column="visit")


@pytest.mark.parametrize("date_format", [form for form in SAFE_FORMATS if "%z" not in form])
def test_every_safe_format_is_found(date_format: str) -> None:
    moments = [datetime.datetime(2021, month, 25, 13, 14, 15, 160_000) for month in (1, 2, 12)]
    found = find(*(moment.strftime(date_format) for moment in moments))
    read = [parse_date(moment.strftime(date_format), date_format=found) for moment in moments]
    assert read == [parse_date(moment.strftime(date_format), date_format=date_format) for moment in moments]


@pytest.mark.parametrize(("day_first", "month_first"), ORDER_PAIRS)
def test_one_cell_above_twelve_decides_the_order(day_first: str, month_first: str) -> None:
    moments = [datetime.datetime(2021, 3, 4), datetime.datetime(2021, 3, 14)]
    assert find(*(moment.strftime(day_first) for moment in moments)) == day_first
    assert find(*(moment.strftime(month_first) for moment in moments)) == month_first


def test_both_orders_are_refused_unless_they_agree() -> None:
    with pytest.raises(
        DataError,
        match=r"'visit' may be day/month or month/day: '03/04/2021' reads both ways\n  -> .*"
        r'columns."visit".date_format = "%d/%m/%Y"',
    ):
        find("01/01/2021", "03/04/2021")
    assert find("01/01/2021", "02/02/2021") == "%d/%m/%Y"


@pytest.mark.parametrize(
    "levels",
    [
        ("12", "2021"),
        ("20210304",),
        ("Mar-21",),
        ("31/02/2021", "30/02/2021"),
        ("a", "b"),
        (),
        ("1.5", "2.5"),
    ],
)
def test_what_is_no_full_date_is_none(levels: tuple[str, ...]) -> None:
    assert find(*levels) == ""


def test_a_column_needs_nearly_all_cells() -> None:
    levels = [f"2021-03-{day:02d}" for day in range(1, 21)]
    assert find_date_format([*levels, "soon"], [1] * 21, column="visit") == "%Y-%m-%d"
    assert find_date_format([*levels, "soon"], [1] * 20 + [2], column="visit") == ""


def test_zones_are_converted() -> None:
    assert parse_date("1970-01-02T01:00:00+01:00", date_format="%Y-%m-%dT%H:%M:%S%z") == 1.0
    assert parse_date(" 1969-12-31 ", date_format="%Y-%m-%d") == -1.0


@given(st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)))
@settings(max_examples=50, deadline=None)
def test_days_count_from_1970(day: datetime.date) -> None:
    assert parse_date(day.isoformat(), date_format="%Y-%m-%d") == (day - datetime.date(1970, 1, 1)).days


def test_a_declared_format_must_name_a_day() -> None:
    assert check_date_format("%d.%m.%y", column="visit") == "%d.%m.%y"
    for wrong in ("%Y", "%m/%Y", "DD.MM.YYYY", "%Q"):
        with pytest.raises(UsageError, match="of column 'visit' does not name year, month and day"):
            check_date_format(wrong, column="visit")
