"""Lightning: metrics.csv of CSVLogger, with training and validation on separate, mostly empty rows."""

from __future__ import annotations

from heldout.adapters.plain import read_plain
from heldout.adapters.record import LogFormat

FORMAT = LogFormat(
    "lightning",
    "metrics.csv of CSVLogger (columns epoch and step)",
    matches=lambda opened: opened.kind == "table" and {"epoch", "step"} <= set(opened.names),
    read=read_plain,
    running_mean=True,
    notes=(
        "Lightning logs the training loss in training mode (dropout on) while the weights move: drawn half an epoch "
        "earlier.",
    ),
)
