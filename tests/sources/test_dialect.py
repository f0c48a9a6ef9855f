"""Lines told apart into cells."""

from __future__ import annotations

import csv
import io

from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.sources.dialect import Dialect, scan_rows, slice_line

CELL = st.text(st.sampled_from('ab1 ,;\t|"\n'), max_size=5)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), min_size=1, max_size=5), st.sampled_from(",;\t|"))
@settings(max_examples=60, deadline=None)
def test_scanning_reads_back_what_the_csv_module_writes(rows: list[list[str]], mark: str) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=mark).writerows(rows)
    scanned = list(scan_rows(out.getvalue(), Dialect(mark)))
    assert [cells for _, _, cells in scanned] == rows
    # Line numbers are gapless and end at the last line.
    assert [first for first, _, _ in scanned] == [1, *(last + 1 for _, last, _ in scanned[:-1])]


def test_blanks_keep_line_ends_inside_quotes() -> None:
    text = '"a b"   c \n"two\nlines"  d\n'
    assert [cells for _, _, cells in scan_rows(text, Dialect(" "))] == [["a b", "c"], ["two\nlines", "d"]]


def test_short_lines_of_fixed_width_have_empty_cells() -> None:
    assert slice_line("ab\n", (0, 4, 8)) == ["ab", "", ""]
    assert slice_line("   \n", (0, 4)) == []
