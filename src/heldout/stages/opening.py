"""Where a study begins: the data are read, the folder is locked, and from then on everything that happens is recorded.

Importing this loads JAX: it comes after the devices are settled.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from heldout.errors import HeldoutError
from heldout.events import Events, ProgressChoice, open_display, record_end
from heldout.folder import drop_cache, open_cache, open_folder
from heldout.signals import catch_signals
from heldout.stages.reading import Reading, read_data
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


@contextmanager
def open_study(asked: Asked, *, progress: ProgressChoice) -> Iterator[Opened | None]:
    """Read the data and open the study's folder; None where it holds this study already, finished.

    Data and folder are refused here, before anything is computed. A study that is refused before it has written
    `study.json` leaves no trace; one that is interrupted later can be resumed.

    Args:
        asked: what is to be studied, and where it is to lie.
        progress: how progress is shown on standard error.

    Raises:
        HeldoutError: the data or the folder are refused.
        StudyInterrupted: Ctrl-C or SIGTERM came while the study was open.
    """
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
                yield Opened(reading, Workplace(folder, events, json.dumps(identity, sort_keys=True)))
            drop_cache(asked.folder)
        except HeldoutError:
            if not folder.has("study.json"):
                folder.discard()
            raise
