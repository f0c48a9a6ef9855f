"""The process in which a notebook's study runs: `python -m heldout.child`, started by `heldout.stages.spawning`.

One line of JSON comes in on standard input and says what to do; events go out on standard error, one JSON object a
line; a refusal goes out on standard output. When standard input ends, the notebook is gone and the study stops at its
next safe point.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading

from heldout import study
from heldout.errors import EXIT_REFUSED, HeldoutError, StudyInterrupted
from heldout.settings import Settings


def main() -> int:
    """Run the study that is asked for.

    Returns:
        The exit code: 0 done, 3 refused, 130 or 143 stopped.
    """
    asked = json.loads(sys.stdin.readline())
    threading.Thread(target=_stop_when_alone, daemon=True).start()
    try:
        study.fit(
            _read_frame(asked["source"]) if asked["is_frame"] else asked["source"],
            Settings.model_validate(asked["settings"]),
            out=asked["out"],
            resume=asked["resume"],
            strict=asked["strict"],
            progress="json",
        )
    except HeldoutError as error:
        return _tell(type(error).__name__, error.message, error.hint, code=error.exit_code or EXIT_REFUSED)
    except StudyInterrupted as stop:
        place = {"folder": stop.folder, "report": stop.report}
        return _tell("StudyInterrupted", str(stop), "", code=stop.exit_code, **place)
    return 0


def _read_frame(path: str) -> object:
    import polars as pl

    return pl.read_parquet(path)


def _stop_when_alone() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _tell(kind: str, message: str, hint: str, *, code: int, **place: str) -> int:
    sys.stdout.write(json.dumps({"kind": kind, "message": message, "hint": hint, **place}))
    return code


if __name__ == "__main__":
    sys.exit(main())
