"""The sealed test: its labels open once, and every opening is written down before a label is shown."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import numpy as np

from heldout.errors import StudyError
from heldout.folder import sync_folder
from heldout.records import DoubleArray, Split

if sys.platform != "win32":
    import fcntl


class SealedTest:
    """The labels of the test rows, shut until `open` is called once.

    The labels live in a closure, so that neither printing nor copying nor `vars` shows them: a label that was seen
    by accident is a test that was used by accident.

    Args:
        split: the split; its test rows say which labels are sealed.
        values: float64 [N], the target of all rows; only those of the test rows are kept (a copy).
        study: name of the study, for the journal.

    Example:
        >>> rows = np.arange(4)
        >>> split = Split((), rows[:2], rows[2:], rows, "", False, False, "", "abc", 0)
        >>> sealed = SealedTest(split, np.array([0.0, 1.0, 1.0, 0.0]), study="demo")
        >>> sealed
        SealedTest(2 rows, study 'demo', sealed)
    """

    __slots__ = ("_fingerprint", "_n_rows", "_split_seed", "_study", "_take")

    def __init__(self, split: Split, values: DoubleArray, *, study: str) -> None:
        labels = np.array(values[split.test], dtype=np.float64)
        self._fingerprint = split.fingerprint
        self._split_seed = split.split_seed
        self._n_rows = len(labels)
        self._study = study
        self._take: Callable[[], DoubleArray] | None = lambda: labels

    def __repr__(self) -> str:
        return f"SealedTest({self._n_rows} rows, study {self._study!r}, {'opened' if self.is_open else 'sealed'})"

    def __reduce__(self) -> NoReturn:
        raise StudyError("a sealed test cannot be copied or stored; its labels would leave the seal")

    @property
    def is_open(self) -> bool:
        """True once the labels were given out."""
        return self._take is None

    def open(self, reason: str, journal: Path) -> DoubleArray:
        """Give out the labels, once, after the opening stands in the journal on disk.

        Args:
            reason: why the test is opened, one sentence for the journal.
            journal: the journal file, `runs/.journal.jsonl`; made if absent.

        Returns:
            float64 [n], the target of `Split.test` in its order.

        Raises:
            StudyError: opened before, no test rows, or the journal cannot be written (the seal then stays shut).
        """
        if self._take is None:
            raise StudyError(
                f"the test rows of study {self._study!r} were opened before; a second look is no longer a test",
                hint="the first result stands in test.json; new data are needed for a new test",
            )
        if not self._n_rows:
            raise StudyError(f"study {self._study!r} has no test rows to open")
        append_opening(
            journal,
            {
                "fingerprint": self._fingerprint,
                "split_seed": self._split_seed,
                "reason": reason,
                "study": self._study,
                "n": self._n_rows,
            },
        )
        labels = self._take()
        self._take = None
        return labels


def append_opening(journal: Path, entry: Mapping[str, str | float]) -> None:
    """Append one line to the journal of openings so that it survives a crash right after.

    Several studies may share a journal: the file is locked while a line is added. A line torn by an earlier crash
    is closed by a line break, never changed.

    Args:
        journal: the file; made if absent, with its folder.
        entry: what is written as one JSON line.

    Raises:
        StudyError: the file cannot be written.

    Example:
        >>> append_opening(Path("/proc/none/journal"), {})
        Traceback (most recent call last):
        heldout.errors.StudyError: cannot write the journal of openings '/proc/none/journal': No such file or directory
          -> the test stays sealed; make the folder writable and start again with --resume
    """
    entry = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **entry}
    line = (json.dumps(entry, ensure_ascii=True, allow_nan=False) + "\n").encode()
    try:
        journal.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(journal, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            _lock(handle)
            size = os.fstat(handle).st_size
            os.lseek(handle, max(size - 1, 0), os.SEEK_SET)
            torn = size > 0 and os.read(handle, 1) != b"\n"
            _write_all(handle, b"\n" + line if torn else line)
            os.fsync(handle)
        finally:
            os.close(handle)
        if sys.platform != "win32":
            sync_folder(journal.parent)
    except OSError as error:
        raise StudyError(
            f"cannot write the journal of openings {str(journal)!r}: {error.strerror}",
            hint="the test stays sealed; make the folder writable and start again with --resume",
        ) from None


def count_openings(journal: Path, fingerprint: str, *, except_study: str = "") -> int:
    """How often the test rows of these data were opened.

    Every look makes the next one a little less of a test; the report says the number. Torn lines do not count: the
    line is on disk before a label is given out, so a torn line is an opening that never happened.

    Args:
        journal: the journal file; 0 when it does not exist.
        fingerprint: sha256 of the data.
        except_study: openings by this study are not counted (a resumed study opens its own test again).

    Raises:
        StudyError: the journal cannot be read.

    Example:
        >>> count_openings(Path("no-such-journal"), "abc")
        0
    """
    openings = [entry for entry in _read_journal(journal) if entry.get("fingerprint") == fingerprint]
    return sum(not except_study or entry.get("study") != except_study for entry in openings)


def append_shown(place: Path, entry: Mapping[str, str | float]) -> None:
    """Note which score may be shown after a look at test rows.

    Only the rounded score is kept, never losses of rows: who has the predictions reads a row's label off its loss.

    Args:
        place: the file, beside the journal of openings; made if absent.
        entry: `shown` (the score), `shown_of` (fingerprint of the data), `split_seed`, `n`, `loss` (its name), `study`.

    Raises:
        StudyError: the file cannot be written.
    """
    append_opening(place, entry)


def list_shown(
    place: Path, fingerprint: str, *, split_seed: int, n: int, loss: str, except_study: str = ""
) -> tuple[float, ...]:
    """List the scores shown after each look at the same test rows, oldest first.

    Args:
        place: the file of scores shown; nothing was shown where it does not exist.
        fingerprint: sha256 of the data.
        split_seed: seed of the split.
        n: number of test rows.
        loss: name of the loss; another target or another unit is another question.
        except_study: looks of this study are left out (a resumed study looks at its own test again).

    Raises:
        StudyError: the file cannot be read.

    Example:
        >>> list_shown(Path("no-such-file"), "abc", split_seed=0, n=10, loss="log-loss")
        ()
    """
    wanted = {"shown_of": fingerprint, "split_seed": split_seed, "n": n, "loss": loss}
    return tuple(
        float(value)
        for entry in _read_journal(place)
        if all(entry.get(name) == given for name, given in wanted.items())
        and isinstance(value := entry.get("shown"), (int, float))
        and not (except_study and entry.get("study") == except_study)
    )


def _read_journal(journal: Path) -> Iterator[dict[str, object]]:
    try:
        text = journal.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise StudyError(f"cannot read the journal of openings {str(journal)!r}: {error.strerror}") from None
    for line in text.split("\n"):
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(entry, dict):
            yield entry


def _lock(handle: int) -> None:
    """Wait for the file's lock; it falls with the handle, so that a killed study leaves none behind."""
    if sys.platform != "win32":
        fcntl.flock(handle, fcntl.LOCK_EX)


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
