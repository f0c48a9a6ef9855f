"""Totals and notes at the end of a table."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.records import Table
from heldout.sources.delimited import read_delimited

ROWS = [(f"p{i}", i * i + 1, round(0.37 * i**1.5 + 1, 2)) for i in range(20)]
BODY = "name,n,dose\n" + "".join(f"{a},{b},{c}\n" for a, b, c in ROWS)
N, DOSE = [row[1] for row in ROWS], [row[2] for row in ROWS]


def read(text: str) -> Table:
    return read_delimited(text.encode(), name="t.csv")


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (f"Total,{sum(N)},{sum(DOSE):.2f}", "sums"),
        (f"Gesamt:,{sum(N)},{sum(DOSE):.2f}", "sums"),
        (f"Mean,{np.mean(N)},{np.mean(DOSE):.3f}", "means"),
        (f"median,{np.median(N)},{np.median(DOSE):.3f}", "medians"),
        (f",{sum(N)},{sum(DOSE):.2f}", "sums"),
    ],
)
def test_totals_are_set_aside_with_their_arithmetic(last: str, kind: str) -> None:
    table = read(BODY + last + "\n")
    assert len(table.lines) == 20
    assert table.set_aside[0].line == 22
    assert f"2 of 2 numbers are {kind} of the rows above" in table.set_aside[0].reason
    assert table.ledger is not None
    assert (table.ledger.rows, table.ledger.used, table.ledger.dropped) == (21, 20, 1)


def test_a_word_alone_is_no_row() -> None:
    assert read(BODY + "Total,,\n").set_aside[0].reason == "totals row ('Total') without numbers"


def test_several_totals_are_all_found() -> None:
    text = f"{BODY}Total,{sum(N)},{sum(DOSE):.2f}\nMean,{np.mean(N)},{np.mean(DOSE):.3f}\n"
    assert len(read(text).set_aside) == 2


def test_a_word_without_its_arithmetic_only_gives_a_note() -> None:
    table = read(BODY + "Total,7,8.5\n")
    assert len(table.lines) == 21
    assert any("line 22 says 'Total' but its numbers are no totals" in note for note in table.notes)


@pytest.mark.parametrize("last", ["p99,210,3.5", ",7,8.5", "max,21,", "Total recall,3,4.5"])
def test_rows_that_are_no_totals_stay(last: str) -> None:
    assert len(read(BODY + last + "\n").lines) == 21


def test_the_largest_value_alone_is_no_total() -> None:
    assert len(read(BODY + ",20,\n").lines) == 21


def test_notes_filled_up_with_delimiters_are_set_aside() -> None:
    table = read(BODY + "Source: register of 2021,,\nchecked by hand,,\n")
    assert len(table.lines) == 20
    assert {row.kind for row in table.set_aside} == {"footer"}
    # Where other rows look the same, they are rows.
    text = "name,n,dose\nfirst case,,\n" + BODY.split("\n", 1)[1] + "last case,,\n"
    assert len(read(text).lines) == 22


def test_a_control_character_beside_a_number_is_no_fault() -> None:
    rows = b"".join(b"%d,%d\n" % (k, 2 * k) for k in range(1, 8))
    table = read_delimited(b"a,b\n1.\x1c,5\n" + rows + b"Total,61\n", name="t.csv")
    assert table.ledger is not None
    assert table.ledger.rows == 9
