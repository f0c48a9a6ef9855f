"""Ultralytics: results.csv, whose loss is a sum of parts."""

from __future__ import annotations

import numpy as np

from heldout.adapters.plain import read_plain
from heldout.adapters.record import LogFormat, Opened, RawLog, Series
from heldout.errors import DataError


def read_ultralytics(opened: Opened) -> RawLog:
    """The log with the parts of the loss (box, cls, dfl, ...) added up.

    Args:
        opened: a table.

    Returns:
        the log; parts already carry their gains, so their plain sum is what was trained.

    Raises:
        DataError: training and validation have different parts.
    """
    raw = read_plain(opened)
    parts = {side: [item for item in raw.series if _is_part(item.name, side)] for side in ("train", "val")}
    if not parts["val"]:  # classification: one loss
        return RawLog(raw.source, raw.series, raw.notes, loss="log-loss")
    names = {side: {item.name.split("/")[1] for item in found} for side, found in parts.items()}
    if names["train"] != names["val"]:
        raise DataError(
            f"{raw.source}: parts of the training loss {sorted(names['train'])}, of the validation loss "
            f"{sorted(names['val'])}; expected the same",
            hint="name the columns with --train-loss and --val-loss",
        )
    sums = tuple(_add_parts(f"{side}/loss", found) for side, found in parts.items())
    shown = " + ".join(sorted(names["val"]))
    note = f"The loss is the sum {shown}, as trained; its spread from image to image is unknown."
    return RawLog(raw.source, (*raw.series, *sums), (*raw.notes, note), loss="other")


def _is_part(name: str, side: str) -> bool:
    return name.startswith(f"{side}/") and name.endswith("_loss")


def _add_parts(name: str, parts: list[Series]) -> Series:
    shared = parts[0].lines
    for part in parts[1:]:
        shared = np.intersect1d(shared, part.lines)
    total = np.sum([part.values[np.isin(part.lines, shared)] for part in parts], axis=0)
    unreadable = tuple(cell for part in parts for cell in part.unreadable)
    return Series(name, np.asarray(total, dtype=np.float64), shared, unreadable=unreadable)


def is_ultralytics(opened: Opened) -> bool:
    """Whether a table has the columns of results.csv.

    Args:
        opened: any source.

    Example:
        >>> is_ultralytics(Opened("x", "json"))
        False
    """
    names = opened.names
    starts = {name.split("/")[0] for name in names if "/" in name}
    return "epoch" in names and {"train", "val", "metrics"} <= starts


FORMAT = LogFormat(
    "ultralytics",
    "results.csv",
    matches=is_ultralytics,
    read=read_ultralytics,
    running_mean=True,
    notes=("Ultralytics logs the training loss in training mode, on augmented images.",),
)
