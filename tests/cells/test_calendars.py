"""Dates by one format."""

from __future__ import annotations

import datetime
import locale

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.cells.calendars import compile_format, match_date, read_days

EPOCH = datetime.datetime(1970, 1, 1)
FORMATS = [
    "%Y-%m-%d",
    "%d.%m.%Y %H:%M",
    "%b %d, %Y",
    "%d %B %Y %I:%M %p",
    "%Y%m%d",
    "%Y-%m-%dT%H:%M:%S.%f",
    "%Y-%j",
]


@given(st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2099, 12, 31)), st.sampled_from(FORMATS))
@settings(max_examples=200, deadline=None)
def test_it_reads_what_strptime_reads(moment: datetime.datetime, date_format: str) -> None:
    text = moment.strftime(date_format)
    truth = (datetime.datetime.strptime(text, date_format) - EPOCH) / datetime.timedelta(days=1)
    assert read_days(text, date_format) == pytest.approx(truth, abs=1e-9)


def test_zones_serials_and_impossible_days() -> None:
    assert read_days("1970-01-01T01:00:00+01:00", "%Y-%m-%dT%H:%M:%S%z") == 0.0
    assert read_days("1970-01-01T00:00:00Z", "%Y-%m-%dT%H:%M:%S%z") == 0.0
    assert read_days("44259", "%serial") == read_days("2021-03-04", "%Y-%m-%d")
    assert read_days("12", "%serial") is None
    assert read_days("2021-02-29", "%Y-%m-%d") is None
    assert read_days("2021-01-01 24:00", "%Y-%m-%d %H:%M") is None
    assert read_days("2021-01-01 13:00 pm", "%Y-%m-%d %I:%M %p") is None
    assert match_date("2021-02-29", "%Y-%m-%d")


def test_months_are_read_in_five_languages_whatever_the_locale() -> None:
    truth = read_days("2021-05-03", "%Y-%m-%d")
    for month in ("May", "mai", "mayo", "maggio", "MAY"):
        assert read_days(f"3 {month} 2021", "%d %b %Y") == truth
    before = locale.setlocale(locale.LC_TIME)
    assert read_days("3 March 2021", "%d %B %Y") is not None
    assert locale.setlocale(locale.LC_TIME) == before


def test_two_digit_years_do_not_depend_on_today() -> None:
    assert read_days("1.1.69", "%d.%m.%y") == read_days("1.1.1969", "%d.%m.%Y")
    assert read_days("1.1.68", "%d.%m.%y") == read_days("1.1.2068", "%d.%m.%Y")


def test_unknown_directives_are_no_format() -> None:
    assert compile_format("%Q") is None
    assert read_days("x", "%Q") is None
