"""What a log leaves open: scores called losses, axes of two units, lists of unequal length, one training twice.

Each is refused, or taken in one way with a sentence that says so and what to do if it is the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from heldout.adapters.names import Columns
from heldout.adapters.record import LogFormat, RawLog, Series
from heldout.errors import DataError
from heldout.evidence.logged_records import LoggedCurves
from heldout.records import DoubleArray

SMALL_DIP = 0.1  # share of the range: a score hardly falls below its first value, a loss does (assumption)
NEAR_CEILING = (
    0.9  # a curve that ends in the last tenth below 1 is as good as at a score's ceiling (assumption)
)
SLOWING = 0.6  # mean height above this share of the range: fast first, then slow, as scores rise (assumption)
FEWEST_BEFORE = 3  # gaps that tell what one step of the axis is
JUMP = 20.0  # times the largest gap before; steps of 1, 10, 100, 1000 make 10
FAR_JUMP = 100.0


def doubt_loss(
    validation: DoubleArray, train: DoubleArray, *, name: str, source: str, is_said: bool = False
) -> str:
    """Say what a validation loss that rises like a score is taken for, or refuse it.

    An accuracy goes up from its first value on and stays below 1 (or 100); read as a loss it is "overfit" in every
    epoch. Losses that rise from the first epoch on exist too: beside a training loss that falls, one is believed and
    the sentence says so. With nothing beside it, a curve that nears the ceiling or slows down cannot be told from a
    score.

    Args:
        validation: float64 [T], finite, in the order of the log.
        train: float64 [U], finite; empty for none.
        name: column.
        source: for messages.
        is_said: the user says which loss it is.

    Returns:
        the assumption; "" where the curve does not rise like a score.

    Raises:
        DataError: it rises like a score and nothing speaks for a loss.

    Example:
        >>> doubt_loss(np.array([0.6, 0.3, 0.5, 0.8]), np.zeros(0), name="val_loss", source="a.csv")
        ''
        >>> doubt_loss(np.array([0.5, 0.8, 0.95]), np.array([0.6, 0.4, 0.1]), name="val_loss", source="a.csv")[:47]
        "'val_loss' rises from its first value on, below"
        >>> doubt_loss(np.array([0.5, 0.8, 0.95]), np.zeros(0), name="val_loss", source="a")
        Traceback (most recent call last):
        heldout.errors.DataError: a: 'val_loss' rises from 0.5 to 0.95 and stays below 1: a loss, or a score such as \
accuracy?
          -> if it is a score, name the loss with --val-loss COLUMN (and the score with --accuracy); if it is a loss, \
say which: --loss log-loss
    """
    ceiling = _find_ceiling(validation)
    if not ceiling:
        return ""
    falls = bool(train.size >= 2 and train[-1] < train[0])
    if not falls and not is_said and _looks_saturated(validation, ceiling):
        raise DataError(
            f"{source}: {name!r} rises from {validation[0]:.4g} to {validation[-1]:.4g} and stays below {ceiling:g}: a "
            "loss, or a score such as accuracy?",
            hint="if it is a score, name the loss with --val-loss COLUMN (and the score with --accuracy); if it is a "
            "loss, say which: --loss log-loss",
        )
    why = "as --loss says" if is_said else "as the training loss falls" if falls else "by its name"
    return (
        f"{name!r} rises from its first value on, below {ceiling:g}, as a score such as accuracy would; it is taken to "
        f"be a loss, {why}. If it is a score, name the loss: --val-loss COLUMN."
    )


def _find_ceiling(values: DoubleArray) -> float:
    """The ceiling of a score (1, or 100 for percent) below which the values rise; 0 where they do not."""
    low, high = float(values.min()), float(values.max())
    if values.size < 2 or low < 0 or values[-1] <= values[0] or values[0] - low > SMALL_DIP * (high - low):
        return 0.0
    if high <= 1:
        return 1.0
    return 100.0 if low > 100 * (1 - NEAR_CEILING) and 50 < high <= 100 else 0.0


def _looks_saturated(values: DoubleArray, ceiling: float) -> bool:
    low, high = float(values.min()), float(values.max())
    return high >= NEAR_CEILING * ceiling or float(values.mean()) > low + SLOWING * (high - low)


def refuse_same(curve: LoggedCurves, loss: str, accuracy: str) -> None:
    """Refuse a loss whose values are those of the accuracy column.

    Args:
        curve: as aligned.
        loss: column of the loss.
        accuracy: column of the accuracy.

    Raises:
        DataError: equal at every position.
    """
    same = curve.epochs.size > 1 and np.array_equal(curve.epochs, curve.accuracy_epochs)
    if same and any(np.allclose(curve.val_loss, scale * curve.val_accuracy, atol=1e-6) for scale in (1, 100)):
        raise DataError(
            f"{curve.source}: {loss!r} and {accuracy!r} have the same values: an accuracy twice",
            hint="name the loss with --val-loss COLUMN",
        )


def doubt_jump(at: DoubleArray, lines: Sequence[int], *, axis: str, source: str) -> str:
    """Say where an axis leaves out a stretch, and refuse one that goes on in another unit.

    Args:
        at: float64 [T], positions in the order of the log, not falling.
        lines: their lines.
        axis: column.
        source: for messages.

    Returns:
        a sentence; "" where the steps are of one kind.

    Raises:
        DataError: epochs first, then steps.

    Example:
        >>> doubt_jump(np.array([1.0, 2, 3, 4, 90, 91]), [2, 3, 4, 5, 6, 7], axis="epoch", source="a.csv")
        "'epoch' leaves out 4 to 90: nothing is known of the losses between."
        >>> doubt_jump(np.array([1.0, 2, 3, 4, 900, 1200]), [2, 3, 4, 5, 6, 7], axis="epoch", source="a.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: a.csv, line 6: epoch jumps from 4 to 900, in steps of 1 before: epochs and steps in \
one column?
          -> give all positions in one unit, or another column with --epoch COLUMN
    """
    places = np.flatnonzero(np.diff(at) > 0)
    gaps = np.diff(at)[places]
    for number in range(FEWEST_BEFORE, gaps.size):
        usual = float(gaps[:number].max())
        if gaps[number] < JUMP * usual:
            continue
        place, after = int(places[number]), gaps[number + 1 :]
        is_other = np.median(after) >= JUMP * usual if after.size else gaps[number] >= FAR_JUMP * usual
        if is_other:
            raise DataError(
                f"{source}, line {lines[place + 1]}: {axis} jumps from {at[place]:g} to {at[place + 1]:g}, in steps of "
                f"{usual:g} before: epochs and steps in one column?",
                hint="give all positions in one unit, or another column with --epoch COLUMN",
            )
        return (
            f"{axis!r} leaves out {at[place]:g} to {at[place + 1]:g}: nothing is known of the losses between."
        )
    return ""


def space_lists(raw: RawLog, columns: Columns, log_format: LogFormat, notes: list[str]) -> RawLog:
    """Put a validation list that is shorter than the training list where it was measured, or refuse it.

    Keras appends a validation loss only where it validated, every k-th epoch with `validation_freq=k`; from lists of
    12 and 4 follows k = 3. Elsewhere the shorter list may belong to any epochs.

    Args:
        raw: a log of lists; others are returned as they are.
        columns: which is the validation loss.
        log_format: whose lists they are.
        notes: the assumption is added.

    Raises:
        DataError: lists of unequal length whose positions are not known.
    """
    roles = columns.roles
    lengths = {item.name: item.length for item in raw.series}
    mine = lengths[roles.val_loss]
    longest, other = max((lengths.get(name, 0), name) for name in (roles.train_loss, roles.epoch))
    if not mine or not longest or mine == longest:
        return raw
    told = f"{longest} values of {other!r} and {mine} of {roles.val_loss!r}"
    if mine > longest:
        notes += [] if roles.epoch else [f"{told}, no epochs: both are counted from 1."]
        return raw
    every = [k for k in range(2, longest + 1) if longest // k == mine]
    if log_format.name != "keras" or len(every) != 1:
        raise DataError(
            f"{raw.source}: {told}: at which epochs was it validated?",
            hint="give lists of one length with None where nothing was measured, or a training loss per validation",
        )
    notes.append(f"{told}: taken to be validated every {every[0]} epochs (validation_freq={every[0]}).")
    moved = (
        replace(item, lines=item.lines * every[0]) if item.length == mine else item for item in raw.series
    )
    return replace(raw, series=tuple(moved))


def count_unmeasured(series: Series, at: DoubleArray) -> str:
    """Say how many values are nan where others are not.

    Args:
        series: the validation loss.
        at: positions of its values.

    Returns:
        a sentence; "" for none.
    """
    lost = np.flatnonzero(np.isnan(series.values))
    if not lost.size:
        return ""
    return (
        f"{series.name!r} is nan at {lost.size} of {series.values.size} positions (first at {at[lost[0]]:g}): taken "
        "as not measured there, and left out."
    )


def refuse_copies(curves: Sequence[LoggedCurves]) -> None:
    """Refuse the same training given twice: two copies are one seed.

    Args:
        curves: one per log.

    Raises:
        DataError: two logs with the same values throughout.
    """
    for number, curve in enumerate(curves):
        for other in curves[:number]:
            if all(
                np.array_equal(getattr(curve, part), getattr(other, part))
                for part in ("epochs", "val_loss", "train_epochs", "train_loss", "val_accuracy")
            ):
                raise DataError(
                    f"{other.source} and {curve.source} hold the same values throughout: one training, not two seeds",
                    hint="give each training once; seeds are trainings with other random numbers",
                )
