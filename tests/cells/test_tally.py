"""Counting the cells of a column."""

from __future__ import annotations

import numpy as np

from heldout.cells.tally import describe_missing, keep_present, tally_column
from heldout.records import RawColumn

RAW = RawColumn("x", np.array([0, 1, 0, -1, 2], np.int32), ("a", "?", "b"))


def test_only_the_given_rows_count() -> None:
    tally = tally_column(RAW, np.array([3, 2, 0]))
    assert tally.texts == ("a",)
    assert tally.counts.tolist() == [2]
    assert (tally.n_null, tally.n_rows) == (1, 3)
    assert tally.codes.tolist() == [0, 0, -1]


def test_missing_words_and_nulls_are_told() -> None:
    present = keep_present(tally_column(RAW, np.arange(5)), ("", "?"))
    assert present.texts == ("a", "b")
    assert (present.n_cells, present.n_missing) == (3, 2)
    assert describe_missing(present) == "2 missing ('?' 1, null 1)"
