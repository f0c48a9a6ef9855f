"""Files that were cut off in their last line, and clean twins."""

from __future__ import annotations

import pytest

from heldout.sources.delimited import read_delimited
from heldout.sources.ending import Ending, looks_cut

HEAD = "id,name,x,y\n"
BODY = "".join(f"{k},n{k % 5},{k * 1.37:.3f},{k * 0.71 + 10:.3f}\n" for k in range(1, 99))


@pytest.mark.parametrize("last", ["99", "99,n4", "99,n4,1", "99,n4,"])
def test_a_row_that_was_cut_off_is_quarantined_and_counted(last: str) -> None:
    table = read_delimited((HEAD + BODY + last).encode(), name="t.csv")
    assert table.ledger is not None
    assert (table.ledger.rows, table.ledger.used, table.ledger.quarantined) == (99, 98, 1)
    assert table.ledger.lines_outside == 0
    assert "cut off" in table.set_aside[-1].reason
    assert "t.csv: 99 rows = 98 used + 1 quarantined" in table.notes[-1]


def test_a_last_number_that_is_shorter_than_all_others_is_told() -> None:
    table = read_delimited((HEAD + BODY + "99,n4,135.630,80.2").encode(), name="t.csv")
    assert len(table.lines) == 99
    assert "the file may be cut off; the row was kept" in table.notes[-1]


@pytest.mark.parametrize(
    ("last", "n_rows", "n_outside"),
    [
        ("99,n4,135.630,80.290", 99, 0),  # a file without a last line end
        ("99,n4,135.630,80.2\n", 99, 0),  # a short number in a line that ends
        ("Source: WHO, 2020", 98, 1),
        ("Source: WHO, 2020\n", 98, 1),
        ("", 98, 0),
    ],
)
def test_whole_files_and_notes_below_are_not_cut_off(last: str, n_rows: int, n_outside: int) -> None:
    table = read_delimited((HEAD + BODY + last).encode(), name="t.csv")
    assert table.ledger is not None
    assert (len(table.lines), table.ledger.lines_outside, table.ledger.quarantined) == (n_rows, n_outside, 0)
    assert not any("cut off" in note for note in table.notes)


def test_line_ends() -> None:
    for text, is_open in (("a", True), ("a\n", False), ("a\r", False), ("", False)):
        ending = Ending()
        assert list(ending.watch(iter([text]))) == [text]
        assert ending.is_open is is_open


def test_what_a_row_can_begin_with() -> None:
    assert looks_cut(["a", "b"], 3, ())
    assert not looks_cut(["a"], 3, ())
    assert not looks_cut(["a", "b", "c"], 3, ())
    assert not looks_cut([" ", ""], 3, (1,))
    assert not looks_cut(["in 2020"], 3, (0,))
