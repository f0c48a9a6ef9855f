"""What every adapter gives: the series of one log, before anybody decides which of them is the validation loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from heldout.records import DoubleArray, IndexArray, Table


@dataclass(frozen=True)
class Series:
    """One logged quantity; cells without a value are left out.

    Args:
        name: as logged.
        values: float64 [n]; NaN or infinite where the log says so.
        lines: int64 [n], 1-based line of the file, or position of the event.
        at: float64 [n], own position (step) of each value; empty when the position is in another column.
        unreadable: (line, text) of cells that are no numbers.
        length: entries of the list it came from, empty ones among them; 0 where lines are those of a file.
    """

    name: str
    values: DoubleArray
    lines: IndexArray
    at: DoubleArray = field(default_factory=lambda: np.zeros(0))
    unreadable: tuple[tuple[int, str], ...] = ()
    length: int = 0


def make_series(name: str, items: Sequence[tuple[int, float, float]]) -> Series:
    """A series that carries its own positions.

    Args:
        name: as logged.
        items: (line or number of the event, position, value), at least one, in the order of the log.

    Example:
        >>> make_series("loss", [(1, 0.0, 0.5), (2, 1.0, 0.4)]).values
        array([0.5, 0.4])
    """
    numbers = np.array(items, dtype=np.float64)
    return Series(name, numbers[:, 2], numbers[:, 0].astype(np.int64), at=numbers[:, 1])


@dataclass(frozen=True)
class RawLog:
    """One log as read.

    Args:
        source: for messages.
        series: all quantities.
        notes: what was assumed while reading.
        loss: kind of loss the tool is known to log, or "".
        n_validation_hint: number of validation rows the log suggests, 0 for none.
    """

    source: str
    series: tuple[Series, ...]
    notes: tuple[str, ...] = ()
    loss: str = ""
    n_validation_hint: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all series."""
        return tuple(item.name for item in self.series)


@dataclass(frozen=True)
class Roles:
    """Which series plays which part; "" for none.

    Args:
        train_loss: training loss.
        val_loss: validation loss.
        accuracy: accuracy on the validation rows.
        epoch: the axis.
        seed: the column that tells several trainings of one file apart.
        train_accuracy: accuracy on the training rows.
    """

    train_loss: str = ""
    val_loss: str = ""
    accuracy: str = ""
    epoch: str = ""
    seed: str = ""
    train_accuracy: str = ""


@dataclass(frozen=True)
class Opened:
    """One source, opened far enough to recognise its format.

    Args:
        source: for messages.
        kind: "table", "json", "text", "events", "mlflow files", "sqlite" or "npz".
        path: where it lies, None for objects.
        table: cells (kind table).
        data: parsed JSON or an object with the same form (kind json).
        text: the text (kind text).
    """

    source: str
    kind: str
    path: Path | None = None
    table: Table | None = None
    data: object = None
    text: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """Column names (kind table)."""
        return tuple(column.name.strip() for column in self.table.columns) if self.table else ()


@dataclass(frozen=True)
class LogFormat:
    """One tool's log: how to recognise and read it, and what its numbers are.

    Args:
        name: as in `--format`.
        about: which files, for the help.
        matches: whether an opened source is of this format.
        read: the log.
        roles: names that are known and need no guess.
        running_mean: the training loss is a mean over the epoch's moving weights, half an epoch early.
        notes: what its numbers are, for the verdict.
        axis: what values are counted in that carry their own position: "step" or "epoch".
    """

    name: str
    about: str
    matches: Callable[[Opened], bool]
    read: Callable[[Opened], RawLog]
    roles: Roles = field(default_factory=Roles)
    running_mean: bool = False
    notes: tuple[str, ...] = ()
    axis: str = "step"
