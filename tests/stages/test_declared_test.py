"""A declared test of rows that are known is refused; a few copies in it are not."""

import polars as pl
import pytest

from heldout.errors import DataError
from heldout.settings import Settings
from heldout.stages.preparing import split_rows
from heldout.stages.reading import read_data
from stages.made_data import make_frame


def read_pair(tmp_path, fit, test, **settings):
    fit.write_csv(tmp_path / "fit.csv")
    test.write_csv(tmp_path / "test.csv")
    asked = Settings.model_validate({"target": "ill", "test": str(tmp_path / "test.csv"), **settings})
    return read_data(str(tmp_path / "fit.csv"), asked), asked


def test_the_training_file_is_no_test(tmp_path):
    frame = make_frame(80).drop("price")
    reading, settings = read_pair(tmp_path, frame, frame)
    with pytest.raises(DataError, match="all 80 declared test rows are copies of development rows"):
        split_rows(reading, settings)


def test_some_copies_are_kept_and_told(tmp_path):
    frame = make_frame(120).drop("price")
    reading, settings = read_pair(tmp_path, frame[:100], pl.concat([frame[:40], frame[100:]]))
    split = split_rows(reading, settings)
    assert len(split.test) == 60
    assert any("40 of 60 test rows belong to a unit" in note for note in split.notes)


def test_rows_that_agree_because_columns_are_coarse_are_a_test(tmp_path):
    frame = make_frame(200).select("colour", "ill")
    reading, settings = read_pair(tmp_path, frame[:120], frame[120:])
    assert len(split_rows(reading, settings).test) == 80


def test_a_test_of_known_groups_alone_is_refused(tmp_path):
    frame = make_frame(80, site=[f"s{row % 20}" for row in range(80)]).drop("price")
    reading, settings = read_pair(tmp_path, frame[:40], frame[40:], group="site")
    with pytest.raises(DataError, match="belong to groups that have development rows too"):
        split_rows(reading, settings)
