"""Which column is the validation loss: read from its name, shown, and refused where two would do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from heldout.adapters.record import RawLog, Roles
from heldout.errors import DataError, UsageError

TRAIN_WORDS = frozenset({"train", "training", "tr", "trn"})
VALIDATION_WORDS = frozenset({"val", "valid", "validation", "vali", "eval", "evaluation", "dev"})
TEST_WORDS = frozenset({"test", "testing"})
_LOSS_WORDS = frozenset(
    {"loss", "losses", "nll", "logloss", "crossentropy", "entropy", "xent", "bce", "ce", "mse", "cost"}
)
_ACCURACY_WORDS = frozenset({"acc", "accuracy"})
_NEUTRAL = frozenset(
    {"epoch", "avg", "average", "mean", "total", "overall", "global", "cross", "log", "binary", "categorical"}
    | {"sparse", "top1", "metrics", "metric"}
)
_STEP_WORDS = frozenset({"step", "batch", "iter"})
_EPOCH_NAMES = frozenset({"epoch", "epochs", "ep"})
_STEP_NAMES = frozenset({"step", "steps", "global_step", "_step", "iteration", "iterations", "iter"})
_SEED_NAMES = frozenset({"seed", "run", "run_id", "run_name", "trial", "repetition", "fold"})


@dataclass(frozen=True)
class Columns:
    """The columns of a log with their parts, and how each was found.

    Args:
        roles: the names.
        step: a second axis, counted in steps, "" for none.
        shown: one sentence that names every column and says where names were guessed.
        is_seed_given: the user named the seed's column.
    """

    roles: Roles
    step: str
    shown: str
    is_seed_given: bool = False


def split_words(name: str) -> tuple[str, ...]:
    """The words of a column name, in small letters.

    Args:
        name: e.g. "valLoss", "Loss/val", "val_loss_epoch".

    Example:
        >>> split_words("valLoss"), split_words("metrics/accuracy_top1")
        (('val', 'loss'), ('metrics', 'accuracy', 'top1'))
    """
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return tuple(word.lower() for word in re.split(r"[^A-Za-z0-9]+", spaced) if word)


def find_columns(raw: RawLog, given: Roles, known: Roles) -> Columns:
    """The columns to judge: those the user names, then those the format knows, then those whose name says it.

    Args:
        raw: the log.
        given: names from the user.
        known: names that the format always uses.

    Returns:
        `Columns`; training loss, accuracy, axis and seed may be "".

    Raises:
        UsageError: a given column does not exist.
        DataError: no validation loss, or several columns could be one.

    Example:
        >>> import numpy as np
        >>> from heldout.adapters.record import Series
        >>> one = lambda name: Series(name, np.ones(2), np.arange(2))
        >>> log = RawLog("a.csv", (one("epoch"), one("train_loss"), one("valid_loss")))
        >>> find_columns(log, Roles(), Roles()).shown
        'guessed by name: val_loss = valid_loss, train_loss = train_loss, epoch = epoch'
        >>> log = RawLog("a.csv", (one("val_box_loss"), one("val_cls_loss")))
        >>> find_columns(log, Roles(), Roles())
        Traceback (most recent call last):
        heldout.errors.DataError: a.csv: 'val_box_loss', 'val_cls_loss' could each be the validation loss
          -> name it with --val-loss COLUMN
    """
    names = raw.names
    for option, name in (
        ("--train-loss", given.train_loss),
        ("--val-loss", given.val_loss),
        ("--accuracy", given.accuracy),
        ("--epoch", given.epoch),
        ("--seed-column", given.seed),
    ):
        if name and name not in names:
            raise UsageError(
                f"{raw.source}: no column {name!r} for {option}", hint=f"it has {list_names(names)}"
            )
    there = replace(
        known,
        **{
            part: ""
            for part in ("train_loss", "val_loss", "accuracy", "epoch")
            if getattr(known, part) not in names
        },
    )
    val_loss = given.val_loss or there.val_loss or _pick(raw, "validation", "loss")
    if not val_loss:
        _refuse_missing(raw)
    if f"{val_loss}#2" in names and not given.val_loss:
        raise DataError(
            f"{raw.source}: two columns are called {val_loss!r}",
            hint=f"name one: --val-loss {val_loss} (the first) or --val-loss '{val_loss}#2'",
        )
    has_positions = any(item.name == val_loss and item.at.size for item in raw.series)
    roles = Roles(
        train_loss=given.train_loss or there.train_loss or _pick(raw, "train", "loss"),
        val_loss=val_loss,
        accuracy=given.accuracy or there.accuracy or _pick(raw, "validation", "accuracy", is_needed=False),
        epoch=given.epoch or ("" if has_positions else there.epoch or _find_named(names, _EPOCH_NAMES)),
        train_accuracy="" if there.accuracy else _pick(raw, "train", "accuracy", is_needed=False),
        seed=given.seed or _find_named(names, _SEED_NAMES),
    )
    _refuse_accuracy(roles, raw.source, is_given=bool(given.val_loss))
    step = "" if given.epoch or has_positions else _find_named(names, _STEP_NAMES)
    return Columns(roles, step, _show(roles, given, there, step), bool(given.seed))


def list_names(names: Sequence[str], *, most: int = 12) -> str:
    """Names for a message.

    Example:
        >>> list_names(["a", "b", "c"], most=2)
        "'a', 'b' and 1 more"
    """
    shown = ", ".join(repr(name) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")


def rank_name(name: str) -> tuple[str, str, int] | None:
    """Which rows a name speaks of, what it is, and how plainly it says so (0: nothing else in it).

    Args:
        name: a column name.

    Returns:
        ("train", "validation" or "", "loss" or "accuracy", rank), or None for something else.

    Example:
        >>> rank_name("val_loss"), rank_name("train_loss_step"), rank_name("val/box_loss"), rank_name("lr")
        (('validation', 'loss', 0), ('train', 'loss', 1), ('validation', 'loss', 10), None)
    """
    words = set(split_words(name))
    if words & TEST_WORDS:
        return None
    kind = "accuracy" if words & _ACCURACY_WORDS else "loss" if words & _LOSS_WORDS else ""
    is_validation, is_train = bool(words & VALIDATION_WORDS), bool(words & TRAIN_WORDS)
    if not kind or (is_validation and is_train):
        return None
    known = VALIDATION_WORDS | TRAIN_WORDS | _LOSS_WORDS | _ACCURACY_WORDS | _NEUTRAL | _STEP_WORDS
    rank = 1 if words & _STEP_WORDS else 0
    rank += 2 if kind == "loss" and not words & {"loss", "losses"} else 0
    rank += 10 if words - known else 0
    return "validation" if is_validation else "train" if is_train else "", kind, rank


def _pick(raw: RawLog, rows: str, kind: str, *, is_needed: bool = True) -> str:
    ranked = [(name, found) for name in raw.names if (found := rank_name(name)) and found[1] == kind]
    mine = [(found[2], name) for name, found in ranked if found[0] == rows]
    if not mine and rows == "train":  # "loss" beside "val_loss"
        mine = [(found[2], name) for name, found in ranked if found[0] == "" and found[2] < 10]
    best = [name for rank, name in mine if rank == min(mine)[0]]
    if len(best) > 1 and rows == "train" and kind == "loss" and min(mine)[0] >= 10:
        return ""  # parts of a training loss decide nothing; the validation loss is what is judged
    if len(best) > 1 and is_needed:
        option = "--val-loss" if rows == "validation" else "--train-loss"
        raise DataError(
            f"{raw.source}: {list_names(best)} could each be the {rows}{'ing' * (rows == 'train')} {kind}",
            hint=f"name it with {option} COLUMN",
        )
    return best[0] if len(best) == 1 else ""


def _refuse_missing(raw: RawLog) -> None:
    tests = [name for name in raw.names if set(split_words(name)) & TEST_WORDS]
    if tests:
        hint = f"{tests[0]!r} looks like test rows: name it with --val-loss only if nothing was chosen by it"
    else:
        hint = (
            "log the loss on validation rows, or name its column: --train-loss COL --val-loss COL --epoch COL"
        )
    raise DataError(f"{raw.source}: no validation loss among {list_names(raw.names)}", hint=hint)


def _refuse_accuracy(roles: Roles, source: str, *, is_given: bool) -> None:
    for part, name in (("val_loss", roles.val_loss), ("train_loss", roles.train_loss)):
        if is_given and name and set(split_words(name)) & _ACCURACY_WORDS:
            raise DataError(
                f"{source}: {name!r} was given as {part}, but its name says accuracy",
                hint="name a loss; an accuracy is given with --accuracy",
            )


def _find_named(names: Sequence[str], wanted: frozenset[str]) -> str:
    return next((name for name in names if name.lower() in wanted), "")


def _show(roles: Roles, given: Roles, known: Roles, step: str) -> str:
    sure, guessed = [], []
    for part in ("val_loss", "train_loss", "accuracy", "train_accuracy", "epoch", "seed"):
        name = getattr(roles, part)
        if name:
            (sure if getattr(given, part) or getattr(known, part) else guessed).append(f"{part} = {name}")
    if step and not roles.epoch:
        guessed.append(f"step = {step}")
    told = f"guessed by name: {', '.join(guessed)}" if guessed else ""
    return "; ".join(text for text in (", ".join(sure), told) if text)
