import sqlite3
from contextlib import closing

import pytest

from heldout.adapters import read_logs
from heldout.errors import DataError


def test_broken_metric_line(tmp_path):
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "val_loss").write_text("17 0.5 0\n18 x 1\n")
    with pytest.raises(DataError, match=r"val_loss, line 2: '18 x 1', expected 'timestamp value step'"):
        read_logs([tmp_path])


def test_entry_without_a_value():
    with pytest.raises(DataError, match="no mlflow log"):
        read_logs([{"key": [1]}], format_name="mlflow")


def make_store(path, runs):
    with closing(sqlite3.connect(path)) as store:
        store.execute("create table metrics (key, value, timestamp, run_uuid, step, is_nan)")
        for run in runs:
            store.executemany(
                "insert into metrics values ('val_loss', ?, 0, ?, ?, 0)", [(0.5, run, 0), (0.4, run, 1)]
            )
        store.commit()


def test_store_with_two_runs_is_refused(tmp_path):
    make_store(tmp_path / "mlflow.db", ["r1", "r2"])
    with pytest.raises(DataError, match=r"2 runs \(r1, r2\); which are seeds"):
        read_logs([tmp_path / "mlflow.db"])


def test_other_database_is_refused(tmp_path):
    with closing(sqlite3.connect(tmp_path / "x.db")) as store:
        store.execute("create table t (a)")
        store.commit()
    with pytest.raises(DataError, match=r"no metrics table of MLflow \(no such table: metrics\)"):
        read_logs([tmp_path / "x.db"])
