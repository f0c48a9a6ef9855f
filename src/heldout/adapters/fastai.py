"""fastai: history.csv of CSVLogger; every metric without a prefix is one on validation rows."""

from __future__ import annotations

from heldout.adapters.plain import read_plain
from heldout.adapters.record import LogFormat, Roles

FORMAT = LogFormat(
    "fastai",
    "history.csv of CSVLogger (epoch, train_loss, valid_loss, ..., time)",
    matches=lambda opened: {"epoch", "train_loss", "valid_loss", "time"} <= set(opened.names),
    read=read_plain,
    roles=Roles(train_loss="train_loss", val_loss="valid_loss", accuracy="accuracy", epoch="epoch"),
    running_mean=True,
    notes=("fastai logs the training loss as a smoothed mean over the epoch, in training mode.",),
)
