"""nnU-Net: training_log_*.txt of versions 1 and 2."""

from __future__ import annotations

import re

from heldout.adapters.record import LogFormat, Opened, RawLog, Roles, make_series
from heldout.errors import DataError

_EPOCH = re.compile(r"(?:^|: )\s*epoch:?\s+(\d+)\s*$", re.IGNORECASE)
_VALUE = re.compile(r"(?:^|: )\s*(train[_ ]loss|val[_ ]loss|validation loss)\s*:?\s+(\S+)\s*$", re.IGNORECASE)


def read_nnunet(opened: Opened) -> RawLog:
    """The losses under each "Epoch" line.

    Args:
        opened: text.

    Returns:
        the log, `train_loss` and `val_loss` over the epoch.

    Raises:
        DataError: a loss before the first epoch, or one that is no number.
    """
    found: dict[str, list[tuple[int, float, float]]] = {"train_loss": [], "val_loss": []}
    epoch = -1
    for number, line in enumerate(opened.text.splitlines(), start=1):
        if match := _EPOCH.search(line):
            epoch = int(match[1])
        elif match := _VALUE.search(line):
            name = "train_loss" if match[1].lower().startswith("train") else "val_loss"
            found[name].append((number, epoch, _read_value(match[2], opened.source, number, name)))
    if any(items and items[0][1] < 0 for items in found.values()):
        raise DataError(f"{opened.source}: a loss stands before the first 'Epoch' line")
    series = tuple(make_series(name, items) for name, items in found.items() if items)
    note = "The loss is Dice and cross-entropy together; its spread from case to case is unknown."
    return RawLog(opened.source, series, (note,), loss="other")


def is_nnunet(opened: Opened) -> bool:
    r"""Whether text has nnU-Net's epoch and loss lines.

    Args:
        opened: any source.

    Example:
        >>> is_nnunet(Opened("x", "text", text="Epoch 0 \ntrain_loss -0.1\nval_loss -0.2"))
        True
    """
    lines = opened.text.splitlines()[:2000] if opened.kind == "text" else []
    return any(_EPOCH.search(line) for line in lines) and any(_VALUE.search(line) for line in lines)


def _read_value(text: str, source: str, line: int, name: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise DataError(f"{source}, line {line}: {name} is {text!r}, expected a number") from None


FORMAT = LogFormat(
    "nnunet",
    "training_log_*.txt",
    matches=is_nnunet,
    read=read_nnunet,
    roles=Roles(train_loss="train_loss", val_loss="val_loss"),
    running_mean=True,
    notes=("nnU-Net logs both losses on random patches, the training loss on augmented ones.",),
    axis="epoch",
)
