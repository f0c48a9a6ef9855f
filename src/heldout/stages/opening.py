"""Where a study begins: the data are read, the folder is locked, and from then on everything that happens is recorded.

Importing this loads JAX: it comes after the devices are settled.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from heldout.errors import HeldoutError, StudyError, StudyInterrupted
from heldout.events import Events, ProgressChoice, open_display, record_end
from heldout.folder import IDENTITY_FILE, drop_cache, open_cache, open_folder
from heldout.signals import catch_signals
from heldout.stages.reading import Reading, read_data
from heldout.stages.reporting import drop_rest, leave_report
from heldout.stages.saving import describe_identity
from heldout.stages.spawning import Asked
from heldout.stages.workplace import Workplace


@dataclass(frozen=True)
class Opened:
    """A study that can begin.

    Args:
        reading: the data as read.
        workplace: its locked folder, its events, its clock.
    """

    reading: Reading
    workplace: Workplace


def refuse_absent(folder: Path) -> None:
    """Refuse to continue a study that is not there: a misspelt name must not begin another one without a word.

    Raises:
        StudyError: the folder holds no study; the names nearest to it are given.

    Example:
        >>> refuse_absent(Path("no/such/study"))
        Traceback (most recent call last):
        heldout.errors.StudyError: there is no study 'no/such/study' to continue
          -> leave out --resume to begin it
    """
    if (folder / IDENTITY_FILE).is_file():
        return
    begun = sorted(path.parent.name for path in folder.parent.glob(f"*/{IDENTITY_FILE}"))
    near = difflib.get_close_matches(folder.name, begun, n=3, cutoff=0.5)
    names = " or ".join(repr(str(folder.with_name(name))) for name in near)
    hint = "leave out --resume to begin it"
    raise StudyError(
        f"there is no study {str(folder)!r} to continue",
        hint=f"did you mean {names}? Else {hint}" if near else hint,
    )


@contextmanager
def open_study(asked: Asked, *, progress: ProgressChoice) -> Iterator[Opened | None]:
    """Read the data and open the study's folder; None where it holds this study already, finished.

    Data and folder are refused here, before anything is computed. A study that is refused before it has written
    `study.json` leaves no trace; one that is interrupted later can be resumed, and leaves a report of what there is.

    Args:
        asked: what is to be studied, and where it is to lie.
        progress: how progress is shown on standard error.

    Raises:
        HeldoutError: the data or the folder are refused.
        StudyInterrupted: Ctrl-C or SIGTERM came while the study was open.
    """
    if asked.resume:
        refuse_absent(asked.folder)
    with open_cache(asked.folder, resume=asked.resume) as cache:
        reading = read_data(asked.source, asked.settings, cache=cache)
    identity = describe_identity(reading, asked.settings)
    with open_folder(asked.folder, resume=asked.resume, identity=identity) as folder:
        if folder.has("content.json"):
            yield None
            return
        try:
            sink = Events(folder.path / "events.jsonl", open_display(progress))
            with catch_signals(), sink as events, record_end(events):
                told = json.dumps(identity, sort_keys=True)
                yield Opened(reading, Workplace(folder, events, told, started=asked.started))
            drop_cache(asked.folder)
            drop_rest(folder.path)
        except StudyInterrupted as stop:
            stop.folder = str(asked.folder) if folder.has("study.json") else ""
            stop.report = str(leave_report(asked.folder) or "")
            raise
        except HeldoutError:
            if not folder.has("study.json"):
                folder.discard()
            raise
