"""Hugging Face Trainer: trainer_state.json, training and evaluation logged at different steps."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from heldout.adapters.record import LogFormat, Opened, RawLog, Roles, make_series
from heldout.errors import DataError


def read_huggingface(opened: Opened) -> RawLog:
    """The entries of `log_history` as series over the epoch (a fraction between whole epochs).

    Args:
        opened: JSON with a `log_history`.

    Returns:
        the log; the summary at the end (train_runtime) is left out.

    Raises:
        DataError: an entry without epoch, or a value that is no number.
    """
    data = opened.data
    entries = data["log_history"] if isinstance(data, Mapping) else []
    found: dict[str, list[tuple[int, float, float]]] = {}
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping) or "train_runtime" in entry:
            continue
        for name in set(entry) - {"epoch", "step", "total_flos"}:
            value, epoch = entry[name], entry.get("epoch")
            if not isinstance(value, int | float) or not isinstance(epoch, int | float):
                raise DataError(
                    f"{opened.source}: entry {number} of log_history has {name}={value!r} at epoch {epoch!r}; "
                    "expected numbers"
                )
            found.setdefault(name, []).append((number, float(epoch), float(value)))
    series = tuple(make_series(name, items) for name, items in sorted(found.items()))
    return RawLog(opened.source, series, n_validation_hint=_count_rows(found))


def _count_rows(found: dict[str, list[tuple[int, float, float]]]) -> int:
    """Rows a second times seconds: the validation rows, where all evaluations agree on them to 2 %."""
    speed, seconds = found.get("eval_samples_per_second", []), found.get("eval_runtime", [])
    if not speed or len(speed) != len(seconds):
        return 0
    rows = np.array([one[2] * other[2] for one, other in zip(speed, seconds, strict=True)])
    middle = float(np.median(rows))
    return round(middle) if middle >= 1 and (abs(rows / middle - 1) < 0.02).all() else 0


def is_huggingface(opened: Opened) -> bool:
    """Whether JSON has a `log_history`.

    Args:
        opened: any source.

    Example:
        >>> is_huggingface(Opened("x", "json", data={"log_history": []}))
        True
    """
    return isinstance(opened.data, Mapping) and isinstance(opened.data.get("log_history"), list)


FORMAT = LogFormat(
    "huggingface",
    "trainer_state.json",
    matches=is_huggingface,
    read=read_huggingface,
    roles=Roles(train_loss="loss", val_loss="eval_loss"),
    notes=(
        "The Trainer logs the training loss as a mean since its last entry, in training mode (dropout on).",
    ),
    axis="epoch",
)
