"""Starts the server of the live page beside a training, as a process of its own.

The two share one pipe: the training says where and with which token, and when the pipe ends, however the training
ended, the server knows. Nothing goes the other way; a server that is killed is not even noticed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from heldout.live.server import Door

# Servers may outlive their training for a while; whoever drops the last reference to a process must have waited for it.
_left: list[subprocess.Popen[bytes]] = []


@contextmanager
def start_beside(folder: Path, door: Door) -> Iterator[None]:
    """Serve the page of a study while it runs, in another process.

    Args:
        folder: the study's folder; it need not be there yet.
        door: port and token; this process lets go of its socket.
    """
    command = [sys.executable, "-m", "heldout.live", str(door.listener.fileno())]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(door.listener.fileno(),),
        start_new_session=True,  # Ctrl-C is for the training
    )
    pipe = child.stdin
    try:
        if pipe is not None:
            with suppress(OSError):  # the server is gone already: the training goes on without a page
                pipe.write(
                    json.dumps({"folder": str(folder.absolute()), "token": door.token}).encode() + b"\n"
                )
                pipe.flush()
        door.listener.close()
        yield
    finally:
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
        _left[:] = [server for server in (*_left, child) if server.poll() is None]
