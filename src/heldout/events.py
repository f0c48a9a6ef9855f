"""What happens in a study, as it happens: an append-only file for machines and one display for people.

Everything goes to standard error or to `events.jsonl`; standard output belongs to the answer. Times are seconds
of the monotonic clock since the sink was opened, so a wrong or changing wall clock alters nothing.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self, TextIO

from heldout.errors import StudyError, StudyInterrupted

ProgressChoice = Literal["auto", "bar", "lines", "json", "none"]
Plain = str | int | float | bool | None
TESTING = (
    "testing"  # the phase in which the seal is broken; the live page hides what may hold a score from then on
)
SECONDS_BETWEEN_LINES = 10.0


class Display(Protocol):
    """Something that shows events to a person or a program."""

    def show(self, event: dict[str, Plain]) -> None:
        """Show one event."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


class Events:
    """The sink of one study: writes every event as one JSON line and hands it to a display.

    Args:
        path: file to append to, or None for no file.
        display: what people see; `open_display` makes one.
        clock: seconds of a clock that never goes back; tests give their own.

    Raises:
        StudyError: the file cannot be opened or written.

    Example:
        >>> with Events(None, open_display("none")) as events:
        ...     events.start_phase("ladder", total=28)
        ...     events.advance(7)
        ...     events.phase, events.done, events.total
        ('ladder', 7, 28)
    """

    def __init__(
        self, path: Path | None, display: Display, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.phase, self.done, self.total = "", 0, 0
        self._path, self._display, self._clock = path, display, clock
        self._opened = self._phase_began = clock()
        self._file = -1 if path is None else _open_to_append(path)

    def emit(self, kind: str, **values: Any) -> None:  # noqa: ANN401 - any plain value, also NumPy's scalars
        """Record one event.

        Args:
            kind: what happened, one word, e.g. "finding".
            **values: plain values (text, numbers, yes/no, None); NaN and infinity are written as null.

        Raises:
            StudyError: the file cannot be written.
            TypeError: a value is not plain.
        """
        event = self._begin(kind)
        event.update({name: _plain(value) for name, value in values.items()})
        self._write(event)
        self._display.show(event)

    def keep(self, kind: str, **values: Any) -> None:  # noqa: ANN401 - plain values and lists of them
        """Record one event in the file alone: what a later reader needs and no terminal shows, e.g. curves.

        One line is one write, so that whoever reads the file while it grows never waits and is never waited for.

        Args:
            kind: what happened, one word, e.g. "curves".
            **values: plain values as in `emit`, or sequences of them.

        Raises:
            StudyError: the file cannot be written.
            TypeError: a value is neither plain nor a sequence of plain values.
        """
        event: dict[str, Any] = dict(self._begin(kind))
        for name, value in values.items():
            event[name] = (
                [_plain(part) for part in value] if isinstance(value, (list, tuple)) else _plain(value)
            )
        self._write(event)

    def say(self, sentence: str) -> None:
        """Record one sentence of narration, e.g. a guess made while reading."""
        self.emit("note", text=sentence)

    def start_phase(self, name: str, *, total: int = 0) -> None:
        """Begin a phase of the study.

        Args:
            name: its name for people, e.g. "ladder".
            total: number of steps it will take, 0 when unknown.
        """
        self.phase, self.done, self.total = name, 0, total
        self._phase_began = self._clock()
        self.emit("phase", phase=name, done=0, total=total)

    def advance(self, done: int) -> None:
        """Record how many steps of the phase are done, with the seconds left at the pace so far."""
        self.done = done
        self.emit(
            "progress",
            phase=self.phase,
            done=done,
            total=self.total,
            seconds_left=self.estimate_seconds_left(),
        )

    def estimate_seconds_left(self) -> float | None:
        """Seconds the phase will still take at its pace so far; None while nothing is known."""
        if self.done <= 0 or self.total <= 0:
            return None
        elapsed = self._clock() - self._phase_began
        return round(elapsed / self.done * max(0, self.total - self.done), 1)

    def close(self) -> None:
        """Close the file and leave the terminal as it was; closing twice does nothing."""
        self._display.close()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _begin(self, kind: str) -> dict[str, Plain]:
        return {"t": round(self._clock() - self._opened, 3), "kind": kind}

    def _write(self, event: dict[str, Any]) -> None:
        if self._file >= 0:
            line = json.dumps(event, ensure_ascii=True, allow_nan=False) + "\n"
            _append(self._file, line.encode("ascii"), self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@contextmanager
def record_end(events: Events) -> Iterator[None]:
    """Record how a study ended, whichever way it ends: finished, stopped or failed.

    A study that is killed records nothing; whoever reads the file sees then that nobody holds the folder any more.

    Args:
        events: the sink, still open at the end.

    Example:
        >>> with Events(None, open_display("none")) as events, record_end(events):
        ...     events.say("work")
    """
    events.keep("begin")
    try:
        yield
    except BaseException as error:
        how = "stopped" if isinstance(error, (StudyInterrupted, KeyboardInterrupt)) else "failed"
        with suppress(StudyError):  # a full disk must not hide why the study failed
            events.keep("end", how=how, text="" if how == "stopped" else str(error))
        raise
    events.keep("end", how="finished", text="")


def open_display(choice: ProgressChoice = "auto", *, stream: TextIO | None = None) -> Display:
    """The display for people or programs, always on standard error.

    Args:
        choice: `auto` is a bar on a terminal and plain lines otherwise; `json` is one JSON object a line.
        stream: where to write; standard error when None.

    Example:
        >>> type(open_display("none")).__name__
        'SilentDisplay'
    """
    target: TextIO = sys.stderr if stream is None else stream
    if choice == "auto":
        choice = "bar" if _is_lively(target) else "lines"
    if choice == "bar":
        return BarDisplay(target)
    if choice == "lines":
        return LineDisplay(target)
    return JsonDisplay(target) if choice == "json" else SilentDisplay()


def escape_controls(text: str) -> str:
    r"""Text that cannot steer a terminal: control and direction-changing characters are shown as escapes.

    Names of files, columns and cells may hold anything; printed raw, an escape sequence could recolour, move or
    rewrite what stands on the screen. Line feed and tab stay.

    Example:
        >>> escape_controls("caf\u00e9 \x1b[31mred")
        'café \\x1b[31mred'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(letter) for letter in text)


class SilentDisplay:
    """Shows nothing."""

    def show(self, event: dict[str, Plain]) -> None:
        """Show nothing."""

    def close(self) -> None:
        """Do nothing."""


class JsonDisplay:
    """One JSON object a line, for programs.

    Args:
        stream: where to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, event: dict[str, Plain]) -> None:
        """Write the event as one line."""
        self._stream.write(json.dumps(event, allow_nan=False) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Do nothing: every line was flushed."""


class LineDisplay:
    """Plain lines: every phase and note, and progress at most every ten seconds.

    Args:
        stream: where to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last, self._shown = -math.inf, ""

    def show(self, event: dict[str, Plain]) -> None:
        """Write the event if it is news."""
        now = float(event["t"] or 0.0)
        is_finished = event["kind"] == "progress" and event["done"] == event["total"]
        if event["kind"] == "progress" and not is_finished and now - self._last < SECONDS_BETWEEN_LINES:
            return
        text = _describe(event)
        if text and text != self._shown:
            self._last, self._shown = now, text
            self._stream.write(escape_controls(text) + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Do nothing: every line was flushed."""


class BarDisplay:
    """A bar per phase on a terminal; colours only where NO_COLOR is not set.

    Args:
        stream: a terminal.
    """

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(file=stream, no_color="NO_COLOR" in os.environ, highlight=False, markup=False)
        columns = (
            TextColumn("{task.description:<12}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}", markup=False),
        )
        self._progress = Progress(*columns, console=console)
        self._task: Any = None

    def show(self, event: dict[str, Plain]) -> None:
        """Move the bar, or print a note above it."""
        self._progress.start()
        if event["kind"] == "phase":
            self._begin(event)
        elif event["kind"] == "progress" and self._task is not None:
            left = _left(event["seconds_left"])
            self._progress.update(self._task, completed=float(event["done"] or 0), left=left)
        elif text := _describe(event):
            self._progress.console.print(escape_controls(text))

    def close(self) -> None:
        """Stop drawing and show the cursor."""
        self._progress.stop()

    def _begin(self, event: dict[str, Plain]) -> None:
        total = int(event["total"] or 0) or None
        name = escape_controls(str(event["phase"]))
        if self._task is not None and self._progress.tasks[-1].total is None:
            self._progress.update(self._task, total=1, completed=1, left="")
        self._task = self._progress.add_task(name, total=total, left="")


def _describe(event: dict[str, Plain]) -> str:
    kind = event["kind"]
    if kind == "note":
        return str(event["text"])
    if kind == "phase":
        return f"{event['phase']}: {event['total']} to do" if event["total"] else f"{event['phase']} ..."
    if kind == "progress":
        share = f"{event['done']}/{event['total']}" if event["total"] else str(event["done"])
        return f"{event['phase']}: {share}{_left(event['seconds_left'], before=', ')}"
    return ""


def _left(seconds: Plain, *, before: str = "") -> str:
    if not isinstance(seconds, (int, float)) or seconds <= 0:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    return f"{before}{minutes}:{rest:02d} left"


def _escape(letter: str) -> str:
    # The two joiners are Cf as well, but part of correct writing in several scripts and steer nothing.
    if letter in "\n\t\u200c\u200d" or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return letter
    number = ord(letter)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _is_lively(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM", "") != "dumb"


def _plain(value: Any) -> Plain:  # noqa: ANN401 - checked here
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, int, bool)):
        return value
    raise TypeError(f"an event holds plain values, got {type(value).__name__}: {value!r}")


def _open_to_append(path: Path) -> int:
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
        size = os.fstat(file).st_size
        if size and os.pread(file, 1, size - 1) != b"\n":  # a killed process may have left half a line
            _append(file, b"\n", path)
    except OSError as error:
        raise _explain(error, path) from None
    return file


def _append(file: int, line: bytes, path: Path | None) -> None:
    try:
        while line:
            line = line[os.write(file, line) :]
    except OSError as error:
        raise _explain(error, path) from None


def _explain(error: OSError, path: Path | None) -> StudyError:
    reason = error.strerror or "unknown reason"
    return StudyError(
        f"cannot write {str(path)!r}: {reason}", hint="free space or choose another folder with --out"
    )
