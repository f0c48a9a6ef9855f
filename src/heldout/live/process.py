"""Which process holds a study's folder, and how it is asked to stop.

The lock tells it: the kernel releases it however a process ends, and lists its holder. No lock is taken here, so
that a study which begins at this moment is never turned away.
"""

from __future__ import annotations

import json
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from heldout.folder import LOCK_FILE

_LOCKS = Path("/proc/locks")


@dataclass(frozen=True)
class Holder:
    """Who holds a study's folder.

    Args:
        state: "running", "ended", or "unknown": on another machine, or where the system does not tell.
        process: its number on this machine, 0 where it is not running here.
        host: the machine, "" when nobody ever held the folder.
    """

    state: str
    process: int = 0
    host: str = ""


def find_holder(folder: Path, *, locks: Path = _LOCKS) -> Holder:
    """Who holds a study's folder at this moment.

    Args:
        folder: the study's folder.
        locks: the kernel's table of locks; tests give their own.

    Example:
        >>> find_holder(Path("/no/such/folder"))
        Holder(state='ended', process=0, host='')
    """
    path = folder / LOCK_FILE
    try:
        inode, text = path.stat().st_ino, path.read_text(encoding="utf-8")
    except OSError:
        return Holder("ended")
    process, host = _read_owner(text)
    if host != socket.gethostname():
        return Holder("unknown", host=host)
    holders = _list_holders(locks, inode)
    if holders is None:
        return Holder("unknown", host=host)
    return Holder("running", process, host) if process in holders else Holder("ended", host=host)


def ask_to_stop(folder: Path) -> bool:
    """Ask the process that holds the folder to stop at its next safe point, as Ctrl-C once does.

    Args:
        folder: the study's folder.

    Returns:
        False where no process of this machine holds it; nothing was asked then.
    """
    holder = find_holder(folder)
    if holder.state != "running" or holder.process <= 1:
        return False
    try:
        os.kill(holder.process, signal.SIGINT)
    except OSError:
        return False
    return True


def _read_owner(text: str) -> tuple[int, str]:
    try:
        owner = json.loads(text)
        return int(owner["pid"]), str(owner["host"])
    except (ValueError, KeyError, TypeError):
        return 0, ""


def _list_holders(locks: Path, inode: int) -> set[int] | None:
    """Numbers of the processes that hold a lock on a file; None where the system does not tell."""
    try:
        lines = locks.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    found = set()
    for line in lines:
        words = line.split()  # 1: FLOCK ADVISORY WRITE 4711 08:01:1234 0 EOF
        if len(words) >= 6 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(inode):
            found.add(int(words[4]))
    return found
