"""TensorBoard event files: of one run in one folder, or in folders named train and validation."""

from __future__ import annotations

from pathlib import Path

from heldout.adapters.names import TRAIN_WORDS, VALIDATION_WORDS, split_words
from heldout.adapters.record import LogFormat, Opened, RawLog, make_series
from heldout.adapters.tfrecord import read_scalars
from heldout.errors import DataError


def read_tensorboard(opened: Opened) -> RawLog:
    """The scalars of one run over the logged step; those of a subfolder carry its name before the tag.

    Args:
        opened: an event file or the folder of one run.

    Returns:
        the log, with a note where a file ends in the middle of a record.

    Raises:
        DataError: no scalars, or a damaged file.
    """
    if opened.path is None:
        raise DataError(f"{opened.source}: event files are read from a path")
    found: dict[str, list[tuple[int, float, float]]] = {}
    notes = []
    root = opened.path if opened.path.is_dir() else opened.path.parent
    for file in [opened.path] if opened.path.is_file() else list_event_files(opened.path):
        scalars, is_cut = read_scalars(file.read_bytes(), source=str(file))
        folder = file.parent.relative_to(root).as_posix()
        for item in scalars:
            name = item.tag if folder == "." else f"{folder}/{item.tag}"
            found.setdefault(name, []).append((item.record, float(item.step), item.value))
        if is_cut:
            notes.append(f"{file.name} ends in the middle of a record: the training may still be running.")
    if not found:
        raise DataError(
            f"{opened.source}: event files without a single scalar", hint="log the losses as scalars"
        )
    return RawLog(opened.source, tuple(make_series(*item) for item in found.items()), tuple(notes))


def list_event_files(folder: Path) -> list[Path]:
    """All event files below a folder, in the order of their names (which begin with the time)."""
    return sorted(path for path in folder.rglob("*tfevents*") if path.is_file())


def list_event_runs(folder: Path) -> list[Path]:
    """The folders of single runs below a folder; folders named train and validation belong to the one above.

    Args:
        folder: a log folder.

    Returns:
        sorted; empty when there are no event files.
    """
    return sorted({_find_run(file.parent, folder) for file in list_event_files(folder)})


def _find_run(folder: Path, top: Path) -> Path:
    words = set(split_words(folder.name))
    return folder.parent if folder != top and words & (TRAIN_WORDS | VALIDATION_WORDS) else folder


def _match(opened: Opened) -> bool:
    return opened.kind == "events"


FORMAT = LogFormat(
    "tensorboard",
    "event files, or the folder of a run",
    matches=_match,
    read=read_tensorboard,
)
