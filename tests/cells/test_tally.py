"""Counting the cells of a column."""

from __future__ import annotations

import numpy as np
import pytest

from heldout.cells.tally import (
    describe_missing,
    is_key_name,
    is_person_name,
    keep_present,
    split_name,
    tally_column,
)
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


@pytest.mark.parametrize(
    ("name", "is_key"),
    [
        ("id", True), ("PassengerId", True), ("patient_nbr", True), ("Family No.", True), ("sampleID", True),
        ("covid", False), ("number_inpatient", False), ("nose", False), ("column_1", False), ("", False),
    ],
)  # fmt: skip
def test_names_of_keys(name: str, is_key: bool) -> None:
    assert is_key_name(name) is is_key


def test_names_are_split_into_words() -> None:
    assert split_name("MDVP:Fo(Hz)") == ("mdvp", "fo", "hz")
    assert split_name("HTTPServer2") == ("http", "server", "2")
    assert is_person_name("last_name")
    assert not is_person_name("names")
