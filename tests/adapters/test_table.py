import json
import types

import numpy as np
import pandas as pd
import polars as pl
import pytest

from heldout.adapters import FORMATS, Roles, read_logs
from heldout.errors import DataError, UsageError

HISTORY = {"loss": [0.9, 0.7, 0.5], "val_loss": [0.8, 0.6, 0.7]}
ROWS = [
    {"epoch": e, "loss": a, "val_loss": b} for e, (a, b) in enumerate(zip(*HISTORY.values(), strict=True))
]


@pytest.mark.parametrize(
    "source",
    [
        HISTORY,
        {name: np.array(values) for name, values in HISTORY.items()},
        types.SimpleNamespace(history=HISTORY, epoch=[0, 1, 2]),
        ROWS,
        pd.DataFrame(HISTORY),
        pl.DataFrame(HISTORY),
        json.loads(pd.DataFrame(HISTORY).to_json()),
    ],
    ids=["dict", "arrays", "History", "rows", "pandas", "polars", "pandas JSON"],
)
def test_objects_read_alike(source):
    found = read_logs([source])
    assert found.format == "keras"
    assert found.curves[0].val_loss.tolist() == HISTORY["val_loss"]
    assert found.curves[0].train_loss.tolist() == HISTORY["loss"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(HISTORY)),
        ("a.json", json.dumps({"history": HISTORY})),
        ("a.json", json.dumps(ROWS)),
        ("a.jsonl", "\n".join(json.dumps(row) for row in ROWS)),
        ("a.tsv", "epoch\tloss\tval_loss\n0\t0.9\t0.8\n1\t0.7\t0.6\n2\t0.5\t0.7\n"),
        ("a.csv", "epoch;loss;val_loss\n0;0.9;0.8\n1;0.7;0.6\n2;0.5;0.7\n"),
    ],
)
def test_texts_read_alike(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    found = read_logs([tmp_path / name])
    assert found.curves[0].val_loss.tolist() == HISTORY["val_loss"]


def test_sparse_json_lines(tmp_path):
    lines = [{"epoch": 0, "train_loss": 0.9}, {"epoch": 0, "val_loss": 0.8}, {"epoch": 1, "val_loss": 0.7}]
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    assert read_logs([tmp_path / "a.jsonl"]).curves[0].val_loss.tolist() == [0.8, 0.7]


def test_parquet_history(tmp_path):
    pl.DataFrame(HISTORY).write_parquet(tmp_path / "a.parquet")
    assert read_logs([tmp_path / "a.parquet"]).curves[0].val_loss.tolist() == HISTORY["val_loss"]


def test_ultralytics_adds_the_parts_of_its_loss(tmp_path):
    """A documented sample (the tool is too heavy to run here), with the blanks its header has."""
    names = "epoch,train/box_loss,train/cls_loss,metrics/mAP50(B),val/box_loss,val/cls_loss"
    (tmp_path / "results.csv").write_text(
        ",".join(f"{name:>23}" for name in names.split(","))
        + "\n0, 1.5, 2.0, 0.1, 1.4, 1.1\n1, 1.0, 1.5, 0.2, 1.25, 1\n"
    )
    found = read_logs([tmp_path])
    assert (found.format, found.loss) == ("ultralytics", "other")
    assert found.curves[0].val_loss == pytest.approx([2.5, 2.25])
    assert found.curves[0].train_loss == pytest.approx([3.5, 2.5])
    assert "box_loss + cls_loss" in " ".join(found.notes)


def test_ultralytics_with_other_parts(tmp_path):
    (tmp_path / "r.csv").write_text("epoch,train/a_loss,val/b_loss,metrics/x\n0,1,1,1\n1,1,1,1\n")
    with pytest.raises(DataError, match=r"parts of the training loss \['a_loss'\], of the validation loss"):
        read_logs([tmp_path / "r.csv"])


def test_ultralytics_classification_has_one_loss(tmp_path):
    (tmp_path / "r.csv").write_text(
        "epoch,train/loss,val/loss,metrics/accuracy_top1\n1,1,0.9,0.5\n2,0.8,0.7,0.6\n"
    )
    found = read_logs([tmp_path / "r.csv"], roles=Roles(accuracy="metrics/accuracy_top1"))
    assert (found.loss, found.curves[0].val_accuracy.tolist()) == ("log-loss", [0.5, 0.6])


@pytest.mark.parametrize("version", [1, 2])
def test_nnunet_logs(tmp_path, version):
    """Documented samples of both versions of the text log."""
    form = {1: "{t} epoch:  {e}\n{t} train loss : {a}\n{t} validation loss: {b}\n",
            2: "{t}: Epoch {e} \n{t}: Current learning rate: 0.01 \n{t}: train_loss {a} \n{t}: val_loss {b} \n"
               "{t}: Pseudo dice [0.5, 0.6] \n"}[version]  # fmt: skip
    stamp = "2024-05-01 10:00:00.000001"
    text = "".join(form.format(t=stamp, e=e, a=-0.1 * e, b=-0.2 * e) for e in range(1, 4))
    text = text.replace(f"{stamp} ", f"{stamp}: ") if version == 1 else text
    (tmp_path / "training_log_2024.txt").write_text(text)
    found = read_logs([tmp_path])
    assert (found.format, found.loss) == ("nnunet", "other")
    assert found.curves[0].epochs.tolist() == [1, 2, 3]
    assert found.curves[0].val_loss == pytest.approx([-0.2, -0.4, -0.6])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train_loss 0.5\nEpoch 1\nval_loss 0.4\n", "a loss stands before the first 'Epoch' line"),
        ("Epoch 1\ntrain_loss 0.5\nval_loss abc\n", "line 3: val_loss is 'abc', expected a number"),
    ],
)
def test_broken_nnunet_logs(tmp_path, text, words):
    (tmp_path / "log.txt").write_text(text)
    with pytest.raises(DataError, match=words):
        read_logs([tmp_path / "log.txt"])


def test_wandb_panel_and_history(tmp_path):
    """Documented samples: exports need an account."""
    (tmp_path / "panel.csv").write_text(
        '"Step","calm-sky-1 - val/loss","calm-sky-1 - val/loss__MIN","calm-sky-1 - val/loss__MAX"\n'
        '0,"0.8","0.8","0.8"\n10,"0.7","0.7","0.7"\n'
    )
    (tmp_path / "history.csv").write_text(
        "_step,_runtime,train/loss,val/loss\n0,1.5,0.9,\n1,2.5,,0.8\n2,3.5,0.7,\n3,4.5,,0.75\n"
    )
    panel, history = read_logs([tmp_path / "panel.csv"]), read_logs([tmp_path / "history.csv"])
    assert panel.format == history.format == "wandb"
    assert panel.columns.startswith("guessed by name: val_loss = val/loss")
    assert (history.curves[0].axis, history.curves[0].epochs.tolist()) == ("step", [1, 3])


def test_wandb_panel_of_two_runs_is_ambiguous(tmp_path):
    (tmp_path / "p.csv").write_text("Step,a - val_loss,b - val_loss\n0,0.8,0.8\n1,0.7,0.7\n")
    with pytest.raises(DataError, match="'a - val_loss', 'b - val_loss' could each be the validation loss"):
        read_logs([tmp_path / "p.csv"])


def test_sampled_export_is_told(tmp_path):
    rows = "".join(f"{step},{1 / (step + 1)},0.5{step}\n" for step in range(500))
    (tmp_path / "h.csv").write_text("_step,train/loss,val/loss\n" + rows)
    assert "Exactly 500 rows" in " ".join(read_logs([tmp_path / "h.csv"]).notes)


@pytest.mark.parametrize(
    ("sources", "error", "words"),
    [
        ([], UsageError, "no log was given"),
        ([None], UsageError, "NoneType None is no log"),
        ([3.5], UsageError, "float 3.5 is no log"),
        (["no-such.csv"], DataError, "there is no file 'no-such.csv'"),
        ([{}], DataError, "expected name -> list of numbers"),
        ([{"val_loss": [0.5, True]}], DataError, "'val_loss' at position 2 holds True, expected a number"),
        ([{"val_loss": [0.5, "x"]}], DataError, "'val_loss' at position 2 holds 'x', expected a number"),
        ([{"val_loss": [0.5, 0.4]}, {"valid_loss": [0.5, 0.4]}], DataError, "in the log before they are"),
    ],
)
def test_what_is_no_log(sources, error, words):
    with pytest.raises(error, match=words):
        read_logs(sources)


def test_format_by_name(tmp_path):
    with pytest.raises(UsageError, match="unknown format 'kears'"):
        read_logs([HISTORY], format_name="kears")
    with pytest.raises(DataError, match="dictionary: no lightning log; expected metrics.csv"):
        read_logs([HISTORY], format_name="lightning")
    assert read_logs([HISTORY], format_name="plain").curves[0].train_epochs[0] == 1


def test_logs_of_two_tools_are_refused(tmp_path):
    (tmp_path / "metrics.csv").write_text("epoch,step,val_loss\n0,1,0.5\n1,2,0.4\n")
    with pytest.raises(DataError, match="logs of 2 formats"):
        read_logs([HISTORY, tmp_path / "metrics.csv"])


def test_every_format_says_what_it_reads():
    assert list(FORMATS)[-1] == "plain"
    assert all(item.about and item.name == name for name, item in FORMATS.items())
