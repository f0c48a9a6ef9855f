"""Which files of a folder are logs, and which of them are one training."""

from __future__ import annotations

import re
from pathlib import Path

from heldout.adapters.tensorboard import list_event_runs
from heldout.errors import DataError

# names under which tools leave one log per training, in the order in which they are looked for
_KNOWN = ("metrics.csv", "trainer_state.json", "results.csv", "history.csv", "training_log*.txt")
_PLAIN = ("*.csv", "*.jsonl", "*.json", "*.npz")
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
MOST_LOGS = 100


def list_logs(path: Path) -> list[Path]:
    """The logs below a path: itself when it is a file, else one file or folder per training.

    Args:
        path: a file or folder.

    Returns:
        sorted.

    Raises:
        DataError: a folder without logs, or with more than 100.

    Example:
        >>> list_logs(Path("history.csv"))
        [PosixPath('history.csv')]
    """
    if not path.is_dir():
        return [path.parent] if path.parent.name == "metrics" and path.suffix == "" else [path]
    found = list_event_runs(path) or _list_metric_folders(path)
    for pattern in () if found else _KNOWN:
        found = sorted(path.rglob(pattern))
        if found:
            break
    for pattern in () if found else _PLAIN:
        found = sorted(path.glob(pattern))
        if found:
            break
    found = _keep_last_checkpoint(found)
    if not found:
        raise DataError(
            f"{str(path)!r} holds no log", hint="give a log file, or a folder with one log per seed"
        )
    if len(found) > MOST_LOGS:
        raise DataError(
            f"{str(path)!r} holds {len(found)} logs, at most {MOST_LOGS} are taken as seeds of one configuration",
            hint="give the folder of one configuration",
        )
    return found


def peek_bytes(path: Path, size: int) -> bytes:
    """The first bytes of a file; nothing where there is no readable file (who reads it says so).

    Args:
        path: any path.
        size: number of bytes.
    """
    try:
        with path.open("rb") as file:
            return file.read(size)
    except OSError:
        return b""


def _list_metric_folders(path: Path) -> list[Path]:
    """MLflow's folders `metrics`, one per run."""
    if path.name == "metrics":
        return [path]
    return sorted(folder for folder in path.rglob("metrics") if folder.is_dir())


def _keep_last_checkpoint(files: list[Path]) -> list[Path]:
    """Of checkpoint-500, checkpoint-1000, ... of one training only the last: the others are its beginning."""
    last: dict[Path, tuple[int, Path]] = {}
    kept = []
    for file in files:
        match = _CHECKPOINT.fullmatch(file.parent.name)
        if match is None:
            kept.append(file)
            continue
        training, number = file.parent.parent, int(match[1])
        if training not in last or number > last[training][0]:
            last[training] = (number, file)
    whole = {file.parent for file in kept}
    return sorted([*kept, *(file for training, (_, file) in last.items() if training not in whole)])
