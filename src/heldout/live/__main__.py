"""The process that serves the live page beside a training; `heldout fit --live` starts it."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from pathlib import Path

import uvicorn

from heldout.live.server import Door, Visitors, serve

GRACE_SECONDS = 3.0  # for the last events, and for a page that is just coming back
LONGEST_STAY_SECONDS = (
    600.0  # after the training, while a page is open: time to follow the link to the report
)


def main() -> None:
    """Serve until the training has ended and no page is open any more."""
    os.nice(5)  # the training goes first
    asked = json.loads(sys.stdin.buffer.readline())
    listener = socket.socket(fileno=int(sys.argv[1]))
    door = Door(listener, listener.getsockname()[1], asked["token"])
    serve(Path(asked["folder"]), door, watch=_leave_after_training)


def _leave_after_training(server: uvicorn.Server, visitors: Visitors) -> None:
    def wait() -> None:
        sys.stdin.buffer.read()  # ends with the training, whichever way that ends
        ended = time.monotonic()
        while (passed := time.monotonic() - ended) < LONGEST_STAY_SECONDS:
            if passed > GRACE_SECONDS and not visitors.n_open:
                break
            time.sleep(0.2)
        server.should_exit = True

    threading.Thread(target=wait, name="training", daemon=True).start()


if __name__ == "__main__":
    main()
