import numpy as np
import polars as pl
import pytest

from heldout.errors import DataError, UsageError
from heldout.records import Task
from heldout.settings import ColumnSettings
from heldout.stages.reading import is_test_part, name_source, read_parts
from stages.made_data import declare_parts, make_frame, read


def test_the_target_and_what_is_no_feature_are_named():
    frame = make_frame(
        site=[f"s{row // 3}" for row in range(60)], weight=[1.0, 2.0] * 30, part=declare_parts()
    )
    reading, _ = read(
        frame,
        group="site",
        sample_weight="weight",
        split="part",
        columns={"price": ColumnSettings(kind="ignore")},
    )
    assert reading.target.task is Task.BINARY
    assert reading.unused == {
        "ill": "the target",
        "site": "the group column",
        "weight": "the sample weight",
        "part": "the split column",
        "price": "left out by the user",
    }
    assert reading.weight.tolist() == [1.0, 2.0] * 30
    assert len(np.unique(reading.links.unit)) == 20


def test_rows_without_target_are_set_aside():
    frame = (
        make_frame()
        .drop("price")
        .with_columns(pl.when(pl.int_range(60) % 20 == 0).then(None).otherwise(pl.col("ill")).alias("ill"))
    )
    reading, _ = read(frame)
    assert reading.target.missing.tolist() == [0, 20, 40]
    assert len(reading.rows) == 57
    assert not set(reading.rows.tolist()) & {0, 20, 40}


def test_copies_of_a_row_share_a_unit():
    frame = pl.concat([make_frame(30), make_frame(30).head(4)]).drop("price")
    unit = read(frame)[0].links.unit
    assert unit[30:].tolist() == unit[:4].tolist()
    assert len(np.unique(unit)) == 30


def test_an_identifier_does_not_hide_copies():
    frame = pl.concat([make_frame(30), make_frame(30).head(4)]).drop("price")
    frame = frame.with_columns(pl.Series("id", [f"patient{row:04d}" for row in range(34)]))
    unit = read(frame)[0].links.unit
    assert unit[30:].tolist() == unit[:4].tolist()


def test_times_are_read_as_dates_or_numbers():
    days = [f"2020-01-{1 + row % 28:02d}" for row in range(60)]
    time = read(make_frame(day=days).drop("price"), time="day")[0].time
    assert time[1] - time[0] == 1
    numbers = read(make_frame(year=[1900.0 + row for row in range(60)]).drop("price"), time="year")[0].time
    assert numbers[:2].tolist() == [1900.0, 1901.0]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"time": "colour"}, "time column 'colour' was read as number and has no time in line 1"),
        ({"sample_weight": "x"}, "sample weight 'x' in line .* is not a positive number"),
        ({"sample_weight": "colour"}, "sample weight 'colour' in line .* is not a positive number"),
        ({"group": "colours"}, "no column 'colours'"),
        ({"target": "il"}, "no column 'il'"),
        ({"columns": {"colur": ColumnSettings(kind="ignore")}}, "no column 'colur'"),
        ({"target": "price", "target_log": True, "task": "regression"}, "has no logarithm"),
    ],
)
def test_what_does_not_fit_is_refused(settings, message):
    with pytest.raises(DataError, match=message):
        read(make_frame(), **settings)


def test_the_first_row_without_a_logarithm_is_named():
    frame = make_frame().with_columns((pl.col("price").abs() + 1).alias("price"))
    frame = frame.with_columns(
        pl.when(pl.int_range(60) == 17).then(-2.5).otherwise(pl.col("price")).alias("price")
    )
    with pytest.raises(DataError, match=r"target 'price' is -2\.5 in line 18"):
        read(frame, target="price", target_log=True, task="regression")


def test_no_target_is_a_usage_error():
    with pytest.raises(UsageError, match="no target column was named"):
        read(target="")


@pytest.mark.parametrize("n_rows", [1, 9])
def test_too_few_rows_are_counted(n_rows):
    with pytest.raises(DataError, match=rf"has {n_rows} rows?; a study needs at least 10"):
        read(make_frame(n_rows))


def test_nothing_left_to_predict_from_lists_the_reasons():
    frame = pl.DataFrame({"k": [1] * 30, "ill": ["a", "b"] * 15})
    with pytest.raises(
        DataError, match="no column is left to predict from \\('k': constant; 'ill': the target\\)"
    ):
        read(frame)


def test_parts_of_files_are_joined(tmp_path):
    make_frame(40).write_csv(tmp_path / "data.csv")
    make_frame(20, seed=1).write_csv(tmp_path / "later.csv")
    _, settings = read(target="ill", test=str(tmp_path / "later.csv"))
    table = read_parts(tmp_path / "data.csv", settings)
    assert len(table.lines) == 60
    assert is_test_part(table)
    assert not is_test_part(read_parts(tmp_path / "data.csv", read()[1]))


def test_a_source_has_a_name():
    assert name_source("a/b.csv") == "b.csv"
    assert name_source(make_frame()) == "frame"
