"""All formats in one table, and the way from a path or object to curves."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from heldout.adapters import (
    fastai,
    huggingface,
    keras,
    lightning,
    mlflow,
    nnunet,
    plain,
    tensorboard,
    ultralytics,
    wandb,
)
from heldout.adapters.align import align_log
from heldout.adapters.doubts import refuse_copies
from heldout.adapters.folders import list_logs, peek_bytes
from heldout.adapters.names import find_columns
from heldout.adapters.record import LogFormat, Opened, RawLog, Roles
from heldout.errors import DataError, UsageError
from heldout.evidence.logged_records import LoggedCurves
from heldout.sources.files import load_bytes
from heldout.sources.read import read_table, recognise_kind
from heldout.sources.request import Request

# A new format is one file and one line here. The first that recognises a source reads it; `plain` takes the rest.
FORMATS: dict[str, LogFormat] = {
    item.name: item
    for item in (
        tensorboard.FORMAT,
        mlflow.FORMAT,
        huggingface.FORMAT,
        nnunet.FORMAT,
        fastai.FORMAT,
        ultralytics.FORMAT,
        wandb.FORMAT,
        lightning.FORMAT,
        keras.FORMAT,
        plain.FORMAT,
    )
}
_SQLITE = b"SQLite format 3\0"
_CELLS = Request(is_fixed=True)  # numbered columns of a log are no signal


@dataclass(frozen=True)
class ReadLogs:
    """Curves of one configuration with everything that was assumed.

    Args:
        curves: one per seed.
        format: name of the format.
        columns: which column plays which part, one sentence.
        notes: assumptions.
        loss: kind of loss the tool is known to log, or "".
        n_validation_hint: validation rows the log suggests, 0 for none.
    """

    curves: tuple[LoggedCurves, ...]
    format: str
    columns: str
    notes: tuple[str, ...]
    loss: str
    n_validation_hint: int


def read_logs(
    sources: Sequence[object],
    *,
    format_name: str = "auto",
    roles: Roles | None = None,
    is_said: bool = False,
) -> ReadLogs:
    """The curves in logs of other tools; several logs, folders of logs, or a seed column are several seeds.

    Args:
        sources: paths (files or folders), Keras histories, dictionaries of lists, lists of dictionaries, frames.
        format_name: "auto" or a key of `FORMATS`.
        roles: columns named by the user.
        is_said: the user says which loss it is.

    Returns:
        `ReadLogs`.

    Raises:
        DataError: a log that cannot be read or judged as it stands.
        UsageError: an unknown format, a column that does not exist, no source.

    Example:
        >>> found = read_logs([{"loss": [0.6, 0.4], "val_loss": [0.6, 0.5]}])
        >>> found.format, found.columns
        ('keras', 'val_loss = val_loss, train_loss = loss')
        >>> read_logs([])
        Traceback (most recent call last):
        heldout.errors.UsageError: no log was given
    """
    if format_name != "auto" and format_name not in FORMATS:
        raise UsageError(
            f"unknown format {format_name!r}", hint=f"expected auto or one of {', '.join(FORMATS)}"
        )
    opened = [item for source in sources for item in open_source(source)]
    if not opened:
        raise UsageError("no log was given", hint="heldout diagnose history.csv --n-validation 2000")
    log_format = _choose_format(opened, format_name)
    raws = [log_format.read(item) for item in opened]
    curves: list[LoggedCurves] = []
    notes = list(log_format.notes)
    shown = ""
    for raw in raws:
        columns = find_columns(raw, roles or Roles(), log_format.roles)
        found, assumed = align_log(raw, columns, log_format, is_said=is_said)
        curves += found
        notes += [note for note in (*raw.notes, *assumed) if note not in notes]
        _refuse_change(shown, columns.shown, raw)
        shown = columns.shown
    refuse_copies(curves)
    if len(curves) > 1:
        notes.append(
            f"The {len(curves)} logs are taken to be seeds of one configuration on the same validation rows."
        )
    hint = {raw.n_validation_hint for raw in raws}
    return ReadLogs(
        tuple(curves), log_format.name, shown, tuple(notes), raws[0].loss, hint.pop() if len(hint) == 1 else 0
    )


def open_source(source: object) -> list[Opened]:
    """A source opened far enough to recognise its format; a folder may hold several.

    Args:
        source: see `read_logs`.

    Raises:
        DataError: a file that is missing, empty, or of a kind that holds no log.
        UsageError: an object that is no log.
    """
    if isinstance(source, str | Path):
        return [_open_path(path) for path in list_logs(Path(source))]
    history = getattr(source, "history", None)
    if isinstance(history, Mapping):  # keras.callbacks.History
        epochs = getattr(source, "epoch", None)
        data = {**({"epoch": list(epochs)} if epochs else {}), **history}
        return [Opened("history", "json", data=data)]
    if isinstance(source, Mapping):
        return [Opened("dictionary", "json", data=source)]
    if isinstance(source, int | float | bytes) or source is None:
        raise UsageError(
            f"{type(source).__name__} {source!r} is no log",
            hint="give a path, a history, a dictionary or a frame",
        )
    return [Opened("frame", "table", table=read_table(source, request=_CELLS))]


def _open_path(path: Path) -> Opened:
    source = str(path)
    if path.is_dir():
        kind = "mlflow files" if path.name == "metrics" else "events"
        return Opened(source, kind, path)
    if "tfevents" in path.name:
        return Opened(source, "events", path)
    if peek_bytes(path, len(_SQLITE)) == _SQLITE:
        return Opened(source, "sqlite", path)
    raw = load_bytes(path)
    opening = raw[:100].lstrip()
    if opening.startswith((b"{", b"[")) and (data := _parse_json(raw)) is not None:
        if isinstance(data, list) and data and not mlflow.is_mlflow(Opened(source, "json", data=data)):
            return Opened(source, "table", path, table=read_table(data, request=_CELLS))
        return Opened(
            source, "json", path, data=data.get("history", data) if isinstance(data, dict) else data
        )
    if recognise_kind(raw) == "delimited":
        text = Opened(source, "text", path, text=raw.decode("utf-8", errors="replace"))
        if nnunet.is_nnunet(text):
            return text
        return Opened(source, "table", path, table=read_table(path, header="yes", request=_CELLS))
    return Opened(source, "table", path, table=read_table(path, request=_CELLS))


def _parse_json(raw: bytes) -> dict | list | None:
    """JSON of one value; None for JSON lines (whose first line is a whole object) and for what is no JSON."""
    try:
        data = json.loads(raw)
    except ValueError:
        return None
    if isinstance(data, dict) and not any(isinstance(value, list | dict) for value in data.values()):
        return None  # a single line of JSON lines
    return data if isinstance(data, dict | list) else None


def _choose_format(opened: Sequence[Opened], name: str) -> LogFormat:
    if name != "auto":
        chosen = FORMATS[name]
        wrong = [item.source for item in opened if not chosen.matches(item)]
        if wrong:
            raise DataError(
                f"{wrong[0]}: no {name} log; expected {chosen.about}",
                hint="leave out --format to recognise it",
            )
        return chosen
    found = [_recognise(item) for item in opened]
    names = sorted({item.name for item in found})
    if len(names) > 1:
        listed = ", ".join(f"{one.source}: {two.name}" for one, two in zip(opened, found, strict=True))
        raise DataError(
            f"logs of {len(names)} formats ({listed}): seeds of one configuration come from one tool",
            hint="give the logs of one tool",
        )
    return found[0]


def _recognise(opened: Opened) -> LogFormat:
    for log_format in FORMATS.values():
        if log_format.matches(opened):
            return log_format
    raise DataError(
        f"{opened.source}: not recognised as a log ({opened.kind})",
        hint=f"formats are {', '.join(FORMATS)}; a CSV with columns epoch, train_loss, val_loss always works",
    )


def _refuse_change(before: str, now: str, raw: RawLog) -> None:
    if before and before != now:
        raise DataError(
            f"{raw.source}: columns are {now}, in the log before they are {before}",
            hint="seeds of one configuration have the same columns; name them with --train-loss and --val-loss",
        )
