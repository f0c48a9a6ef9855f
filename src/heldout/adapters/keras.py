"""Keras: the History object, its dictionary (also saved as JSON), and CSVLogger."""

from __future__ import annotations

from collections.abc import Mapping

from heldout.adapters.plain import read_plain
from heldout.adapters.record import LogFormat, Opened, Roles

_NO_METRIC = {"epoch", "lr", "learning_rate"}


def is_keras(opened: Opened) -> bool:
    """Whether names come in pairs `x`, `val_x` with `loss` among them.

    Args:
        opened: a table or JSON.

    Example:
        >>> is_keras(Opened("h", "json", data={"loss": [1.0], "val_loss": [1.0]}))
        True
        >>> is_keras(Opened("h", "json", data={"train_loss": [1.0], "val_loss": [1.0]}))
        False
    """
    names = {str(name) for name in opened.data} if isinstance(opened.data, Mapping) else set(opened.names)
    if "loss" not in names or any("/" in name for name in names):
        return False
    validated = {name[4:] for name in names if name.startswith("val_")}
    trained = {name for name in names if not name.startswith("val_")} - _NO_METRIC
    return validated <= trained and (bool(validated) or "epoch" in names)


FORMAT = LogFormat(
    "keras",
    "History object, history.history, CSVLogger",
    matches=is_keras,
    read=read_plain,
    roles=Roles(train_loss="loss", val_loss="val_loss"),
    running_mean=True,
    notes=(
        "Keras logs the training loss as a mean over the epoch's moving weights (drawn half an epoch earlier), with "
        "dropout on; weight penalties are part of both losses.",
    ),
)
