"""The ledger adds up, whatever the file."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from heldout.records import Ledger, Table
from heldout.sources.columns import encode_cells
from heldout.sources.delimited import read_delimited
from heldout.sources.ledger import add_ledgers, check_ledger, tell_ledger, tell_reading
from heldout.sources.parts import join_parts
from heldout.sources.read import read_table

TEXT = (
    "A title\n\n# a comment\nid,n,dose\n"
    + "".join(f"p{i},{i},{i}.5\n" for i in range(60))
    + 'short,1\nlong,1,2,3\nid,n,dose\n,,\np99,7,"two\nlines"\np98,8,"open\n\nSource: register\n'
)


def test_every_row_and_line_of_a_messy_file_has_its_place() -> None:
    table = read_delimited(TEXT.encode(), name="t.csv")
    assert table.ledger == Ledger(
        rows=66,
        used=61,
        quarantined=3,
        dropped=2,
        lines=TEXT.count("\n"),
        lines_used=62,
        lines_quarantined=3,
        lines_dropped=2,
        lines_header=1,
        lines_outside=2,
        lines_comment=1,
        lines_blank=2,
    )
    kinds = {row.kind: row.line for row in table.set_aside}
    assert kinds == {"preamble": 1, "comment": 3, "quarantined": 71, "dropped": 68, "footer": 73}


@pytest.mark.parametrize(
    ("ledger", "message"),
    [
        (Ledger(rows=3, used=2), "3 rows read, 2 used"),
        (Ledger(rows=3, used=3), "3 rows used, the table has 2"),
        (Ledger(rows=2, used=2, lines=4, lines_used=2, lines_header=1), "4 lines counted, 2"),
    ],
)
def test_a_ledger_that_does_not_add_up_stops_everything(ledger: Ledger, message: str) -> None:
    table = Table((encode_cells("x", ["a", "b"]),), np.array([2, 3]), "t.csv", ledger=ledger)
    with pytest.raises(RuntimeError, match=message):
        check_ledger(table)


def test_columns_of_unequal_length_stop_everything() -> None:
    columns = (encode_cells("x", ["a", "b"]), encode_cells("y", ["a"]))
    with pytest.raises(RuntimeError, match="columns of unequal length"):
        check_ledger(Table(columns, np.array([2, 3]), "t.csv", ledger=Ledger(rows=2, used=2)))


def test_joined_tables_have_the_sum_of_their_ledgers() -> None:
    one = read_delimited(b"a,b\n1,2\n3,4\n", name="one.csv")
    joined = join_parts(one, test=read_delimited(b"a,b\n5,6\n", name="two.csv"))
    assert joined.ledger is not None
    assert (joined.ledger.used, joined.ledger.lines, joined.ledger.lines_header) == (3, 5, 2)
    assert add_ledgers([one.ledger, None]) is None
    assert join_parts(one, test=replace(one, ledger=None)).ledger is None


def test_the_sentence_names_what_is_not_zero() -> None:
    ledger = Ledger(rows=1200, used=1199, dropped=1, lines=1203, lines_header=1, lines_comment=2)
    assert tell_ledger(ledger, "t.csv") == (
        "t.csv: 1,200 rows = 1,199 used + 1 dropped; 1,203 lines, of them 1 of the header, 2 of comments"
    )


def test_frames_and_dicts_have_a_ledger_too() -> None:
    table = read_table([{"a": 1}, {"a": 2}])
    assert table.ledger == Ledger(rows=2, used=2)


def test_rows_without_a_target_are_part_of_the_balance() -> None:
    ledger = Ledger(rows=402, used=400, dropped=2)
    table = Table((), np.arange(400), "t.csv", notes=("a guess", tell_ledger(ledger, "t.csv")), ledger=ledger)
    told = tell_reading(table, n_untargeted=59)
    assert told == ("a guess", "t.csv: 402 rows = 341 used + 59 without a target + 2 dropped")
    assert tell_reading(table) == table.notes
    assert tell_reading(Table((), np.arange(2), "t.csv", notes=("x",)), n_untargeted=1) == ("x",)
