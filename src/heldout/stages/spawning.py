"""A study that is asked for in a notebook runs in a process of its own.

JAX fixes its devices when it is first used, and a notebook may have used it before; a study also takes its memory and
its way of catching Ctrl-C with it. So the kernel only hands over the table and the settings, shows what happens, and
passes an interrupt on; what comes back is the study's folder. It is run by `heldout.child`.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from heldout import errors
from heldout.errors import HeldoutError, StudyError, StudyInterrupted
from heldout.events import Display, ProgressChoice, open_display
from heldout.settings import Settings

HERE = "HELDOUT_IN_KERNEL"  # set to 1, the study runs in the kernel itself
LAST_LINES = 20
_ERRORS = {kind.__name__: kind for kind in vars(errors).values() if isinstance(kind, type)}


@dataclass(frozen=True)
class Asked:
    """A study as it is asked for.

    Args:
        source: path or frame.
        settings: all settings.
        folder: where it is to lie.
        resume: continue the study in the folder.
        strict: refuse data with a critical finding.
        started: monotonic time at which it was asked for: a budget counts from there, reading included.
    """

    source: Any
    settings: Settings
    folder: Path
    resume: bool = False
    strict: bool = False
    started: float = field(default_factory=time.monotonic)


def is_kernel() -> bool:
    """Say whether this process is a notebook's kernel that shall not train itself.

    Example:
        >>> is_kernel()
        False
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None and os.environ.get(HERE) != "1"


def run_apart(asked: Asked, *, progress: ProgressChoice = "auto") -> None:
    """Run a study in a child process and show its progress here; the folder then holds it.

    Args:
        asked: what to do.
        progress: how progress is shown on standard error.

    Raises:
        HeldoutError: what the child refused, as if it had been refused here.
        StudyInterrupted: the kernel was interrupted; a second interrupt ends the child at once.
    """
    with tempfile.TemporaryDirectory(prefix="heldout-") as place:
        request = {
            "source": hand_over(asked.source, Path(place)),
            "is_frame": not isinstance(asked.source, str | Path),
            "settings": asked.settings.model_dump(mode="json"),
            "out": str(asked.folder),
            "resume": asked.resume,
            "strict": asked.strict,
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "heldout.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment(),
            start_new_session=True,  # an interrupt of the kernel reaches the child once: through us
        )
        with process:
            _converse(process, json.dumps(request) + "\n", open_display(progress))


def child_environment() -> dict[str, str]:
    """Give the environment in which another Python finds this very package."""
    package = str(Path(__file__).parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def hand_over(source: Any, place: Path) -> str:  # noqa: ANN401 - a path or any data frame
    """Give a path the child can read: a path as it is, a frame as a Parquet file of its cells' texts.

    The cells are those that would have been read here, one text each, so that the study has the same fingerprint.

    Args:
        source: path, frame or list of dicts.
        place: folder for the file.

    Returns:
        The path.
    """
    if isinstance(source, str | Path):
        return str(source)
    import polars as pl

    from heldout.sources.frames import read_dicts, read_frame

    table = read_dicts(source) if isinstance(source, list | tuple) else read_frame(source)
    columns = [
        pl.Series(column.name, column.levels or [None], dtype=pl.String).gather(
            pl.Series([None if code < 0 else code for code in column.codes.tolist()], dtype=pl.UInt32)
        )
        for column in table.columns
    ]
    path = place / "frame.parquet"
    pl.DataFrame(columns).write_parquet(path)
    return str(path)


def _converse(process: subprocess.Popen[str], request: str, display: Display) -> None:
    """Send the request, show what the child tells, and end as it ends."""
    told: deque[str] = deque(maxlen=LAST_LINES)
    answer: list[str] = []
    signals = iter((signal.SIGINT, signal.SIGKILL))
    is_open = True
    try:
        _send(process.stdin, request)
        while is_open:
            try:
                _show_lines(process.stderr, display, told)
                answer.extend(process.stdout or ())
                is_open = process.wait() is None
            except KeyboardInterrupt:
                process.send_signal(next(signals, signal.SIGKILL))
    finally:
        display.close()
        if process.poll() is None:
            process.kill()
    if process.returncode:
        raise _explain("".join(answer), process.returncode, told)


def _send(pipe: IO[str] | None, request: str) -> None:
    """The pipe stays open: its end tells the child that nobody waits any more."""
    if pipe is not None:
        pipe.write(request)
        pipe.flush()


def _show_lines(pipe: IO[str] | None, display: Display, told: deque[str]) -> None:
    for line in pipe or ():
        event = _read_event(line)
        if event is None:
            told.append(line.rstrip())  # not an event: a warning of some library, or why the child ended
        else:
            display.show(event)


def _read_event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and {"t", "kind"} <= event.keys() else None


def _explain(answer: str, code: int, told: deque[str]) -> Exception:
    """What ended the child, as the error it was."""
    try:
        error = json.loads(answer)
        kind = _ERRORS.get(error["kind"], StudyError)
        if kind is StudyInterrupted:
            return StudyInterrupted(code, folder=error.get("folder", ""), report=error.get("report", ""))
        return (
            kind(error["message"], hint=error["hint"])
            if issubclass(kind, HeldoutError)
            else StudyInterrupted()
        )
    except (ValueError, KeyError, TypeError):
        if -code in (signal.SIGINT, signal.SIGKILL, signal.SIGTERM):
            return StudyInterrupted()
        last = "\n".join(told) or "it said nothing"
        return StudyError(
            f"the process of the study ended with code {code}:\n{last}",
            hint=f"run it in the kernel itself with the environment variable {HERE}=1, to see where",
        )
