"""Which composite grammar a column has."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.findparts import find_composite
from heldout.cells.tally import Present


def find(*texts: str, name: str = "x") -> tuple[str, str] | None:
    distinct = tuple(dict.fromkeys(texts))
    counts = np.array([texts.count(text) for text in distinct], np.int64)
    found = find_composite(Present(distinct, counts, len(texts), 0, ""), name=name)
    return None if found is None else (found.grammar, found.pattern)


AGES = ("3", "1.5", "2", "0.75", "4", "5", "40", "63")


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("{s}/{a}", "{sex}/{age}"),
        ("{a}/{s}", "{age}/{sex}"),
        ("{s} ({a})", "{sex} ({age})"),
        ("{s}-{a}", "{sex}-{age}"),
        ("{s} {a}", "{sex} {age}"),
        ("{s}: {a}", "{sex}: {age}"),
    ],
)
def test_sex_and_age_in_one_cell(form: str, pattern: str) -> None:
    assert find(*(form.format(s=s, a=a) for s in "FM" for a in AGES)) == ("template", pattern)


def test_numbers_in_pairs_ranges_and_spreads() -> None:
    assert find("120/80", "130/85", "110/70", name="bp") == ("pair", "{systolic}/{diastolic}")
    assert find("1:64", "1:128", "1:32") == ("pair", "{first}:{second}")
    assert find("10-20", "20-30", "40") == ("range", "")
    assert find("5\u00b11", "6\u00b12") == ("spread", "")


@pytest.mark.parametrize(
    "texts",
    [
        ("Alumnus/Student", "Staff/Guest"),
        ("/usr/bin/a1", "/etc/b2", "/var/c3", "/x/y4", "/z/w5", "/q/r6"),
        ("A-12", "B-13", "C-14", "D-15", "E-16", "F9-17"),
        ("1614-X", "1700-X", "18-X", "19-X", "20-X", "21-X"),
        ("E11.9", "V57", "I10", "J45", "K21", "M54"),
        ("http://a.b/1", "http://a.b/2", "http://a.c/3", "http://a.d/4", "http://a.e/5", "http://a.f/6"),
        ("some words", "more words"),
        ("Smith, John 3", "Doe, Jane 4", "Roe, Max 5", "Poe, Ann 6", "Moe, Al 7", "Koe, Bo 8"),
    ],
)
def test_marks_that_join_nothing(texts: tuple[str, ...]) -> None:
    assert find(*texts) is None


def test_the_header_names_the_parts() -> None:
    cells = [f"{site}/{n}" for site in ("left", "right") for n in AGES]
    assert find(*cells, name="side/width (mm)") == ("template", "{side}/{width}")
