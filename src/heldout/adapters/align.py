"""From sparse, repeated or broken columns to one curve per training; what cannot be mended is refused."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from heldout.adapters.doubts import count_unmeasured, doubt_jump, doubt_loss, refuse_same, space_lists
from heldout.adapters.names import Columns
from heldout.adapters.record import LogFormat, RawLog, Series
from heldout.errors import DataError
from heldout.evidence.logged_records import LoggedCurves
from heldout.records import DoubleArray, IndexArray

HALF_EPOCH = 0.5
FEWEST_FOR_TREND = 5
RISING_CORRELATION = 0.5  # a training loss that rises like this is no loss (assumption)


@dataclass(frozen=True)
class _Placed:
    """Values with their positions and lines, in the order of the log."""

    at: DoubleArray
    values: DoubleArray
    lines: IndexArray


def align_log(
    raw: RawLog, columns: Columns, log_format: LogFormat, *, is_said: bool = False
) -> tuple[tuple[LoggedCurves, ...], tuple[str, ...]]:
    """One curve per seed, with what was assumed.

    Args:
        raw: the log.
        columns: which column plays which part.
        log_format: for the half epoch by which running means are early.
        is_said: the user says which loss it is, so that a rising one is not asked about.

    Returns:
        curves and notes.

    Raises:
        DataError: unreadable cells, an epoch that goes back, two values at one epoch, values that are not finite,
            a score in place of a loss.
    """
    curves, notes = [], []
    for name, part in _split_seeds(raw, columns):
        found: list[str] = []
        part = space_lists(part, columns, log_format, found)
        curve = _align_one(part, columns, log_format, found)
        curve = replace(curve, source=name)
        found.append(
            doubt_loss(
                curve.val_loss, curve.train_loss, name=columns.roles.val_loss, source=name, is_said=is_said
            )
        )
        refuse_same(curve, columns.roles.val_loss, columns.roles.accuracy)
        curves.append(curve)
        notes += [note for note in found if note and note not in notes]
    return tuple(curves), tuple(notes)


def _align_one(raw: RawLog, columns: Columns, log_format: LogFormat, notes: list[str]) -> LoggedCurves:
    roles = columns.roles
    loss = _take(raw, roles.val_loss)
    axis = roles.epoch or columns.step
    if roles.epoch and columns.step and _has_conflict(loss, raw, roles.epoch):
        axis = columns.step
        notes.append(f"Validation ran several times an epoch: positions are {axis!r}.")
    is_step = log_format.axis == "step" if loss.at.size else bool(axis) and axis == columns.step
    kind = "step" if is_step else "epoch"
    validation = _place(loss, raw, axis, notes)
    notes += [
        count_unmeasured(loss, validation.at),
        doubt_jump(validation.at, validation.lines.tolist(), axis=axis or kind, source=raw.source),
    ]
    validation = _keep_finite(validation, roles.val_loss, raw.source)
    validation = _make_unique(validation, roles.val_loss, raw.source, notes)
    train = _place_training(raw, columns, axis, notes)
    accuracy = _place_accuracy(raw, columns, axis, notes)
    _refuse_rising(train, validation, columns, raw.source)
    shift = HALF_EPOCH if log_format.running_mean and kind == "epoch" else 0.0
    return LoggedCurves(
        raw.source,
        validation.at,
        validation.values,
        train_epochs=train.at - shift,
        train_loss=train.values,
        accuracy_epochs=accuracy.at,
        val_accuracy=accuracy.values,
        axis=kind,
        train_accuracy=_last_share(raw, roles.train_accuracy),
    )


def _take(raw: RawLog, name: str) -> Series:
    return next(item for item in raw.series if item.name == name)


def _place(series: Series, raw: RawLog, axis: str, notes: list[str]) -> _Placed:
    """Give each value its position, from itself or from the axis column of the same line."""
    if series.unreadable:
        line, text = series.unreadable[0]
        raise DataError(
            f"{raw.source}, line {line}, column {series.name!r}: {text!r}, expected a number",
            hint="mend the cell, or leave it empty where nothing was measured",
        )
    if series.at.size:
        at = series.at
    elif axis:
        at = _look_up(series, _take(raw, axis), raw.source)
    else:
        rows = np.unique(np.concatenate([item.lines for item in raw.series]))
        at = (np.searchsorted(rows, series.lines) + 1).astype(np.float64)
        note = "No epoch column: rows are counted as epochs 1, 2, ..."
        notes += [note] if note not in notes else []
    back = np.flatnonzero(np.diff(at) < 0)
    if back.size:
        first = int(back[0])
        raise DataError(
            f"{raw.source}, line {series.lines[first + 1]}: {axis or 'step'} goes back from {at[first]:g} to "
            f"{at[first + 1]:g} in {series.name!r}: two trainings, or one that was resumed, in one log",
            hint="give each training a file of its own, or a column with the seed (--seed-column)",
        )
    return _Placed(at, series.values, series.lines)


def _look_up(series: Series, axis: Series, source: str) -> DoubleArray:
    if axis.unreadable:
        line, text = axis.unreadable[0]
        raise DataError(f"{source}, line {line}, column {axis.name!r}: {text!r}, expected a number")
    where = dict(zip(axis.lines.tolist(), axis.values.tolist(), strict=True))
    missing = [line for line in series.lines.tolist() if not np.isfinite(where.get(line, np.nan))]
    if missing:
        raise DataError(
            f"{source}, line {missing[0]}: {series.name!r} has a value, {axis.name!r} has none",
            hint="name another axis with --epoch COLUMN",
        )
    return np.array([where[line] for line in series.lines.tolist()], dtype=np.float64)


def _has_conflict(series: Series, raw: RawLog, axis: str) -> bool:
    """Whether one epoch has several different values, also after repeats of the value before are left out."""
    if series.at.size or series.unreadable:
        return False
    placed = _drop_repeats(
        _Placed(_look_up(series, _take(raw, axis), raw.source), series.values, series.lines)
    )
    return bool(np.unique(placed.at).size < placed.at.size)


def _drop_repeats(placed: _Placed) -> _Placed:
    """Leave out values that repeat the one before (forward-filled cells); a finite value is always kept once."""
    keep = np.ones(placed.values.size, dtype=bool)
    keep[1:] = placed.values[1:] != placed.values[:-1]
    return _Placed(placed.at[keep], placed.values[keep], placed.lines[keep])


def _keep_finite(placed: _Placed, name: str, source: str) -> _Placed:
    """Leave out cells that say nan where nothing was measured; refuse a loss that broke."""
    finite = np.isfinite(placed.values)
    if not finite.any():
        raise DataError(
            f"{source}: column {name!r} has no finite value: nothing was validated",
            hint="train with validation rows so that their loss is logged",
        )
    last = int(np.flatnonzero(finite)[-1])
    gaps = np.diff(np.flatnonzero(finite), prepend=-1)
    is_tail_longer = finite.size - 1 - last >= max(int(gaps.max()), 1)
    broken = np.flatnonzero(np.isinf(placed.values))
    if broken.size or is_tail_longer:
        first = int(broken[0]) if broken.size else last + 1
        raise DataError(
            f"{source}, line {placed.lines[first]}, column {name!r}: {placed.values[first]} at {placed.at[first]:g}: "
            "the training diverged",
            hint="a diverged training has no last epoch to judge: lower the learning rate, or cut the log before it",
        )
    return _Placed(placed.at[finite], placed.values[finite], placed.lines[finite])


def _make_unique(placed: _Placed, name: str, source: str, notes: list[str]) -> _Placed:
    """One value per position: equal ones are one, forward-filled ones are left out, others are refused."""
    if np.unique(placed.at).size == placed.at.size:
        repeated = int((placed.values[1:] == placed.values[:-1]).sum())
        if placed.at.size >= FEWEST_FOR_TREND and repeated >= placed.at.size / 2:
            notes.append(
                f"{name!r} repeats its previous value at {repeated} of {placed.at.size} positions (rounded, or "
                "forward-filled): the position of the last value may be later than its measurement."
            )
        return placed
    reduced = _drop_repeats(placed)
    _, first = np.unique(reduced.at, return_index=True)
    if first.size < reduced.at.size:
        extra = int(np.setdiff1d(np.arange(reduced.at.size), first)[0])
        raise DataError(
            f"{source}, line {reduced.lines[extra]}: a second value {reduced.values[extra]:g} of {name!r} at "
            f"{reduced.at[extra]:g}",
            hint="name an axis on which every value has its own position (--epoch COLUMN), or the seed's column "
            "(--seed-column)",
        )
    notes.append(f"Repeats of {name!r} (forward-filled cells) were left out.")
    return reduced


def _place_training(raw: RawLog, columns: Columns, axis: str, notes: list[str]) -> _Placed:
    """The training loss, averaged where there are several values at one position; it decides nothing."""
    name = columns.roles.train_loss
    if not name:
        return _Placed(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    placed = _place(_take(raw, name), raw, axis, notes)
    finite = np.isfinite(placed.values)
    if not finite.all():
        notes.append(f"{name!r} is not finite at {int((~finite).sum())} of {finite.size} positions.")
    at, where = np.unique(placed.at[finite], return_inverse=True)
    counts = np.bincount(where, minlength=at.size)
    values = np.bincount(where, weights=placed.values[finite], minlength=at.size) / np.maximum(counts, 1)
    if counts.size and counts.max() > 1:
        notes.append(f"{name!r} has several values at one position: their mean is drawn.")
    return _Placed(at, values, np.zeros(at.size, dtype=np.int64))


def _place_accuracy(raw: RawLog, columns: Columns, axis: str, notes: list[str]) -> _Placed:
    """The accuracy as shares; left out, with a note, where it is none."""
    empty = _Placed(np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.int64))
    name = columns.roles.accuracy
    if not name:
        return empty
    placed = _place(_take(raw, name), raw, axis, notes)
    finite = np.isfinite(placed.values)
    at, first = np.unique(placed.at[finite], return_index=True)
    values = placed.values[finite][first]
    if not values.size:
        return empty
    if values.max() > 1.0 and values.min() >= 0 and values.max() <= 100:
        notes.append(f"{name!r} is taken to be in percent.")
        values = values / 100
    if values.min() < 0 or values.max() > 1:
        notes.append(f"{name!r} runs from {values.min():g} to {values.max():g}: no accuracy, left out.")
        return empty
    return _Placed(at, values, placed.lines[finite][first])


def _last_share(raw: RawLog, name: str) -> float:
    """The last finite training accuracy, NaN where there is none or it is no share."""
    values = _take(raw, name).values if name else np.zeros(0)
    values = values[np.isfinite(values)]
    return float(values[-1]) if values.size and values.min() >= 0 and values.max() <= 1 else float("nan")


def _refuse_rising(train: _Placed, validation: _Placed, columns: Columns, source: str) -> None:
    """A training loss that goes up with the epochs is a score, or the columns are mistaken."""
    n = train.values.size
    if n < FEWEST_FOR_TREND:
        return
    ranks = train.values.argsort(kind="stable").argsort(kind="stable")
    correlation = float(np.corrcoef(np.arange(n), ranks)[0, 1])
    both = validation.values[-1] > validation.values[0]
    if correlation > RISING_CORRELATION and train.values[-1] > train.values[0] and both:
        raise DataError(
            f"{source}: {columns.roles.train_loss!r} rises from {train.values[0]:.4g} to {train.values[-1]:.4g} and "
            f"{columns.roles.val_loss!r} from {validation.values[0]:.4g} to {validation.values[-1]:.4g}: scores, "
            "not losses?",
            hint="name the losses with --train-loss COLUMN --val-loss COLUMN",
        )


def _split_seeds(raw: RawLog, columns: Columns) -> list[tuple[str, RawLog]]:
    """The lines of each seed as a log of their own."""
    name = columns.roles.seed
    if not name:
        return [(raw.source, raw)]
    series = _take(raw, name)
    cells = dict(zip(series.lines.tolist(), (f"{value:g}" for value in series.values), strict=True))
    cells |= dict(series.unreadable)
    texts = list(dict.fromkeys(cells[line] for line in sorted(cells)))
    if len(texts) < 2:
        return [(raw.source, raw)]
    if name.lower() == "fold" and not columns.is_seed_given:
        raise DataError(
            f"{raw.source}: {len(texts)} folds: each is validated on other rows and cannot be compared as a seed",
            hint="give one fold per call; --seed-column fold treats them as seeds all the same",
        )
    return [
        (f"{raw.source} ({name} {text})", _keep_lines(raw, {line for line in cells if cells[line] == text}))
        for text in texts
    ]


def _keep_lines(raw: RawLog, lines: set[int]) -> RawLog:
    kept = []
    for item in raw.series:
        mask = np.isin(item.lines, list(lines))
        at = item.at[mask] if item.at.size else item.at
        unreadable = tuple(cell for cell in item.unreadable if cell[0] in lines)
        kept.append(Series(item.name, item.values[mask], item.lines[mask], at=at, unreadable=unreadable))
    return RawLog(raw.source, tuple(kept), raw.notes, raw.loss, raw.n_validation_hint)
