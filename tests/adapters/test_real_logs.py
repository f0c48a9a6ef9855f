"""Files that the tools themselves wrote (fixtures/make_fixtures.py, versions in fixtures/versions.txt)."""

import json
from pathlib import Path

import numpy as np
import pytest

from heldout.adapters import read_logs
from heldout.errors import DataError

FIXTURES = Path(__file__).parent / "fixtures"
HISTORY = json.loads((FIXTURES / "keras" / "history.json").read_text())


@pytest.mark.parametrize(
    ("place", "name", "axis"),
    [
        ("keras/history.csv", "keras", "epoch"),
        ("keras/history.json", "keras", "epoch"),
        ("tensorboard_torch", "tensorboard", "step"),
        ("tensorboardx", "tensorboard", "step"),
        ("tensorboard_keras", "tensorboard", "step"),
        ("mlflow/mlruns", "mlflow", "step"),
        ("mlflow/mlruns/0/run_a/metrics", "mlflow", "step"),
        ("mlflow/mlruns/0/run_a/metrics/val_loss", "mlflow", "step"),
        ("mlflow/mlflow.db", "mlflow", "step"),
        ("mlflow/history.json", "mlflow", "step"),
    ],
)
def test_one_training_reads_alike_from_every_log(place, name, axis):
    found = read_logs([FIXTURES / place])
    (curve,) = found.curves
    assert (found.format, curve.axis) == (name, axis)
    np.testing.assert_allclose(curve.val_loss, HISTORY["val_loss"], rtol=1e-6)
    np.testing.assert_allclose(curve.train_loss, HISTORY["loss"], rtol=1e-6)
    assert curve.epochs.size == 12


def test_lightning_rows_are_sparse_and_folders_are_seeds():
    found = read_logs([FIXTURES / "lightning"])
    assert found.format == "lightning"
    assert len(found.curves) == 2
    first = found.curves[0]
    lines = (FIXTURES / "lightning" / "version_0" / "metrics.csv").read_text().splitlines()[1:]
    naive = [float(line.split(",")[5]) for line in lines if line.split(",")[5]]
    assert first.val_loss.tolist() == naive
    assert first.train_epochs[0] == -0.5
    assert "seeds of one configuration" in " ".join(found.notes)


def test_lightning_events_agree_with_its_csv():
    events = read_logs([FIXTURES / "tensorboard_lightning"])
    table = read_logs([FIXTURES / "lightning" / "version_0" / "metrics.csv"])
    np.testing.assert_allclose(events.curves[0].val_loss, table.curves[0].val_loss, rtol=1e-6)
    assert events.curves[0].axis == "step"


def test_huggingface_joins_by_epoch_and_knows_its_rows():
    found = read_logs([FIXTURES / "huggingface" / "trainer_state.json"])
    state = json.loads((FIXTURES / "huggingface" / "trainer_state.json").read_text())
    naive = [entry["eval_loss"] for entry in state["log_history"] if "eval_loss" in entry]
    assert found.curves[0].val_loss.tolist() == naive
    assert found.curves[0].epochs.tolist() == list(range(1, 13))
    assert found.curves[0].train_epochs[0] == 0.75
    assert found.n_validation_hint == 40


def test_fastai_metrics_without_prefix_are_validation():
    found = read_logs([FIXTURES / "fastai" / "history.csv"])
    assert found.format == "fastai"
    assert found.curves[0].val_accuracy.size == 12
    assert np.isnan(found.curves[0].train_accuracy)


def test_keras_validates_every_third_epoch():
    found = read_logs([FIXTURES / "keras" / "every_third.csv"])
    assert found.curves[0].epochs.tolist() == [2, 5, 8, 11]
    assert found.curves[0].train_loss.size == 12


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_validation.csv", "column 'val_loss' has no finite value: nothing was validated"),
        ("restarted.csv", "restarted.csv, line 6: epoch goes back from 3 to 0 in 'val_loss'"),
    ],
)
def test_traps_of_keras_are_refused(name, words):
    with pytest.raises(DataError, match=words):
        read_logs([FIXTURES / "keras" / name])
