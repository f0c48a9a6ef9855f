"""Ctrl-C and SIGTERM: once asks the training to stop at its next step, a second Ctrl-C leaves at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from heldout.errors import EXIT_INTERRUPTED, EXIT_TERMINATED, StudyInterrupted

# Some wrappers deliver one Ctrl-C twice within milliseconds; that is not the user's second one.
_ECHO_SECONDS = 0.1
_EXIT_CODES = {signal.SIGINT: EXIT_INTERRUPTED, signal.SIGTERM: EXIT_TERMINATED}


class StopFlag:
    """What has been asked since `catch_signals` began.

    Example:
        >>> flag = StopFlag()
        >>> flag.exit_code
        0
        >>> flag.record(signal.SIGTERM)
        >>> flag.exit_code
        143
    """

    def __init__(self) -> None:
        self.exit_code = 0
        self._first_interrupt: float | None = None

    def record(self, number: int) -> None:
        """Keep the exit code of the first signal."""
        self.exit_code = self.exit_code or _EXIT_CODES[signal.Signals(number)]

    def is_second_interrupt(self, now: float) -> bool:
        """Whether this Ctrl-C is a second one.

        Args:
            now: seconds of the monotonic clock.
        """
        if self._first_interrupt is None:
            self._first_interrupt = now
            return False
        return now - self._first_interrupt > _ECHO_SECONDS


_active: list[StopFlag] = []


def stop_requested() -> bool:
    """Whether the study should stop at its next safe point; polled by the training between two steps.

    Example:
        >>> stop_requested()
        False
    """
    return any(flag.exit_code for flag in _active)


def stop_if_requested() -> None:
    """Raise where a stop was asked for; to be called where everything done so far is on disk.

    Raises:
        StudyInterrupted: with exit code 130 after Ctrl-C, 143 after SIGTERM.

    Example:
        >>> stop_if_requested()
    """
    for flag in _active:
        if flag.exit_code:
            raise StudyInterrupted(flag.exit_code)


@contextmanager
def catch_signals() -> Iterator[StopFlag]:
    """Turn the first SIGINT or SIGTERM into a flag, and put the former behaviour back at the end.

    A second Ctrl-C ends the process at once, even in the middle of a compilation: Python's own handlers would
    wait for the end of the native call, so a watching thread reads the signals as they come. Outside the main
    thread, where Python takes no signals, the flag is simply never set.

    Yields:
        The flag; `stop_requested()` reads it from anywhere.

    Example:
        >>> with catch_signals() as flag:
        ...     signal.raise_signal(signal.SIGINT)
        ...     flag.exit_code, stop_requested()
        (130, True)
        >>> stop_requested()
        False
    """
    flag = StopFlag()
    if threading.current_thread() is not threading.main_thread():
        yield flag
        return

    def mark(number: int, frame: FrameType | None) -> None:
        flag.record(number)

    former = {number: signal.signal(number, mark) for number in _EXIT_CODES}
    _active.append(flag)
    try:
        with _watch(flag):
            yield flag
    finally:
        _active.remove(flag)
        for number, handler in former.items():
            # None: the former handler was not installed from Python and cannot be put back
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextmanager
def _watch(flag: StopFlag) -> Iterator[None]:
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    former = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_read_signals, args=(reading, flag), name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(former)
        writing.close()  # the thread reads the end of the stream and ends
        thread.join()
        reading.close()


def _read_signals(reading: socket.socket, flag: StopFlag) -> None:
    while received := reading.recv(1):
        if received[0] == signal.SIGINT and flag.is_second_interrupt(time.monotonic()):
            _leave_now()


def _leave_now() -> None:
    # The cursor may be hidden by a progress bar; nothing else needs care, every file is written by renaming.
    show_cursor = b"\x1b[?25h" if sys.stderr.isatty() else b""
    os.write(2, show_cursor + b"\nheldout: left at once; what was finished is kept\n")
    os._exit(EXIT_INTERRUPTED)
