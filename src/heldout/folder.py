"""The study folder: one writer, whole files only, and never over an existing study.

Every file is written under a temporary name, forced to disk and renamed, so that after a crash a file is old or
new and never torn. A lock of the operating system, released by the kernel when the process ends in any way,
keeps a second study out.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from heldout.errors import HeldoutError, StudyError

IDENTITY_FILE = "identity.json"
LOCK_FILE = ".lock"
CACHE_FOLDER = "cache"  # decoded pictures, while the study lasts
_TEMPORARY = ".heldout-tmp-"
# Endings of files and archives that are read; the name of a study is better without them.
_DATA_SUFFIXES = re.compile(
    r"((\.(csv|tsv|txt|data|dat|parquet|json|jsonl|gz|xz|bz2|zst|zip|tar|tgz|npz|npy|xlsx|xlsb|xls|ods|sav|dta|db"
    r"|fasta|fastq|fa|fq|fna|ffn|faa|frn|fits|fit|fts|fz|png|jpg|jpeg|tif|tiff|gif|bmp|webp))"
    r"|-idx\d-ubyte)+$",
    re.IGNORECASE,
)
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")
# On disk one file name holds 255 bytes; the rest of the name is ours.
_LONGEST_STEM_BYTES = 180


class StudyFolder:
    """An open, locked study folder; made by `open_folder`.

    Args:
        path: the folder.
        lock: file descriptor that holds the lock.
        resumed: True when an earlier study of the same identity is continued.
    """

    def __init__(self, path: Path, *, lock: int, resumed: bool) -> None:
        self.path, self.resumed, self._lock = path, resumed, lock

    def has(self, name: str) -> bool:
        """Whether the folder holds this file."""
        return self._place(name).is_file()

    def write_text(self, name: str, text: str) -> Path:
        """Write a UTF-8 file as a whole; see `write_bytes`."""
        return self.write_bytes(name, text.encode("utf-8", "backslashreplace"))

    def write_json(self, name: str, value: Any) -> Path:  # noqa: ANN401 - any JSON value
        """Write a JSON file as a whole; NaN and infinity are refused, as JSON has no such numbers.

        Raises:
            ValueError: a number is not finite.
            StudyError: as `write_bytes`.
        """
        text = json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False)
        return self.write_text(name, text + "\n")

    def write_bytes(self, name: str, content: bytes) -> Path:
        """Write a file as a whole: temporary name, forced to disk, renamed.

        Args:
            name: file name relative to the folder, e.g. "curves/rung-3.parquet".
            content: all bytes of the file.

        Returns:
            The path written.

        Raises:
            StudyError: the disk is full or the file cannot be written; the former file is untouched.
        """
        target = self._place(name)
        temporary = target.with_name(f"{_TEMPORARY}{os.getpid()}-{target.name}"[:255])
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_through(temporary, content)
            os.replace(temporary, target)
            sync_folder(target.parent)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise _explain(error, target, size=len(content)) from None
        return target

    def read_json(self, name: str) -> Any:  # noqa: ANN401 - any JSON value
        """The value of a JSON file of this folder.

        Raises:
            StudyError: there is no such file, or it is damaged.
        """
        return _read_json(self._place(name))

    def discard(self) -> None:
        """Remove what a study left that was refused before it began, so that the same name can be used again."""
        for name in (IDENTITY_FILE, "events.jsonl", LOCK_FILE):
            (self.path / name).unlink(missing_ok=True)
        drop_cache(self.path)
        self.close()

    def close(self) -> None:
        """Release the lock; closing twice does nothing."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _place(self, name: str) -> Path:
        parts = Path(name).parts
        if not parts or Path(name).is_absolute() or ".." in parts:
            raise ValueError(f"a file of a study is named relative to its folder, got {name!r}")
        return self.path.joinpath(*parts)


def open_folder(path: str | Path, *, resume: bool, identity: Mapping[str, Any]) -> StudyFolder:
    """Create or reopen a study folder and lock it, before anything is computed.

    An existing study is never overwritten, and never continued with other data, settings or versions: the result
    would belong to neither. With `resume` and nothing there yet, the study begins (`resumed` is False).

    Args:
        path: the folder; it and its parents are created.
        resume: whether an existing study is to be continued.
        identity: what the results depend on, as JSON values: data fingerprint, settings, versions.

    Returns:
        The locked folder.

    Raises:
        StudyError: it holds a study and `resume` is False; it holds other files; its identity differs; another
            process uses it; it cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as place:
        ...     open_folder(f"{place}/a", resume=False, identity={"seed": 0}).close()
        ...     open_folder(f"{place}/a", resume=True, identity={"seed": 1})
        Traceback (most recent call last):
        heldout.errors.StudyError: cannot resume '.../a': seed: was 0, now 1
    """
    folder = Path(path)
    _create(folder)
    _refuse_foreign(folder)
    study = StudyFolder(folder, lock=_lock(folder), resumed=False)
    try:
        study.resumed = _check_identity(folder, resume=resume, identity=identity)
        _remove_leftovers(folder)
        if not study.resumed:
            study.write_json(IDENTITY_FILE, dict(identity))
    except BaseException:
        study.close()
        raise
    return study


def default_name(source: str | Path, *, runs: Path = Path("runs"), resume: bool = False) -> Path:
    """The folder of a study without `--out`: `runs/<name of the source>`, then `-2`, `-3` and so on.

    Args:
        source: what is read; a path or a name.
        runs: folder of all studies.
        resume: take the newest existing one instead of a new one.

    Example:
        >>> default_name("data/patients.csv.gz", runs=Path("/no/such/runs")).as_posix()
        '/no/such/runs/patients'
    """
    stem = _DATA_SUFFIXES.sub("", Path(source).name)
    stem = (
        _UNSAFE.sub("_", stem)
        .lstrip(".-")
        .encode("utf-8", "replace")[:_LONGEST_STEM_BYTES]
        .decode("utf-8", "ignore")
    )
    first = runs / (stem or "study")
    newest, number = first, 1
    while newest.exists():
        number += 1
        following = first.with_name(f"{first.name}-{number}")
        if resume and not following.exists():
            return newest
        newest = following
    return newest


def cache_root() -> Path:
    """Where what outlives studies is kept: `$HELDOUT_CACHE`, else `$XDG_CACHE_HOME/heldout`, else `~/.cache/heldout`.

    Compiled programs and the native library are run from there, so that no folder that others may write stands in for
    a missing home.

    Raises:
        FileNotFoundError: neither of the two is set, and there is no home folder.

    Example:
        >>> cache_root().is_absolute()
        True
    """
    own, shared = os.environ.get("HELDOUT_CACHE"), os.environ.get("XDG_CACHE_HOME")
    if own:
        return Path(own).absolute()
    try:
        return (Path(shared) if shared else Path.home() / ".cache").absolute() / "heldout"
    except RuntimeError:
        raise FileNotFoundError(
            errno.ENOENT, "there is no home folder; set HELDOUT_CACHE to a folder of your own"
        ) from None


@contextmanager
def open_cache(path: str | Path, *, resume: bool) -> Iterator[Path | None]:
    """Where the decoded pictures of a study are kept until it is finished; None where its folder will be refused.

    The data are read before the folder is locked, since what a study depends on is known only then. Nothing may be
    written into a folder that is no study's, or another study's; data that are refused leave nothing behind.

    Args:
        path: folder of the study.
        resume: whether an existing study is to be continued.

    Example:
        >>> with open_cache("no/such/folder", resume=False) as cache:
        ...     cache.as_posix()
        'no/such/folder/cache'
    """
    folder = Path(path)
    try:
        names = {entry.name for entry in folder.iterdir()} - {CACHE_FOLDER}
    except FileNotFoundError:
        names = set()
    except OSError:
        names = {path}
    is_ours = not names or (resume and IDENTITY_FILE in names)
    try:
        yield folder / CACHE_FOLDER if is_ours else None
    except HeldoutError:
        if is_ours:
            drop_cache(folder)
        raise


def drop_cache(path: str | Path) -> None:
    """Remove the decoded pictures of a study, and its folder if nothing else is in it.

    Args:
        path: folder of the study.
    """
    folder = Path(path)
    shutil.rmtree(folder / CACHE_FOLDER, ignore_errors=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _create(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{str(folder)!r} is a file, not a folder", hint="choose another name with --out")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _explain(error, folder) from None


def _refuse_foreign(folder: Path) -> None:
    try:
        names = {entry.name for entry in folder.iterdir()} - {CACHE_FOLDER}
    except OSError as error:
        raise _explain(error, folder) from None
    if names and not names & {IDENTITY_FILE, LOCK_FILE}:
        raise StudyError(
            f"{str(folder)!r} holds {len(names)} files that are no study, e.g. {sorted(names)[0]!r}",
            hint="choose a new folder with --out",
        )


def _lock(folder: Path) -> int:
    path = folder / LOCK_FILE
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise _explain(error, path) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        owner = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        os.ftruncate(file, 0)
        os.pwrite(file, owner.encode(), 0)
    except BlockingIOError:
        message = f"{str(folder)!r} is in use by another study ({_read_owner(file)})"
        os.close(file)
        raise StudyError(message, hint="wait for it, stop it, or choose another folder with --out") from None
    except OSError as error:
        os.close(file)
        raise _explain(error, path) from None
    return file


def _read_owner(file: int) -> str:
    try:
        owner = json.loads(os.pread(file, 4096, 0))
        return f"process {int(owner['pid'])} on {owner['host']!s}"
    except (ValueError, KeyError, TypeError, OSError):
        return "process unknown"


def _check_identity(folder: Path, *, resume: bool, identity: Mapping[str, Any]) -> bool:
    path = folder / IDENTITY_FILE
    if not path.exists():
        return False
    if not resume:
        raise StudyError(
            f"{str(folder)!r} holds a study already; it is never overwritten",
            hint="continue it with --resume, or choose a new folder with --out",
        )
    former, wanted = _flatten(_read_json(path)), _flatten(json.loads(json.dumps(dict(identity))))
    differing = [
        f"{key}: was {former.get(key, 'absent')!r}, now {wanted.get(key, 'absent')!r}"
        for key in sorted(former.keys() | wanted.keys())
        if former.get(key, "absent") != wanted.get(key, "absent")
    ]
    if differing:
        raise StudyError(
            f"cannot resume {str(folder)!r}: {'; '.join(differing)}",
            hint="use the same data, settings and versions, or start a new study with --out",
        )
    return True


def _flatten(value: Any, above: str = "") -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if not isinstance(value, dict) or not value:
        return {above or "identity": value}
    flat: dict[str, Any] = {}
    for key, below in value.items():
        flat.update(_flatten(below, f"{above}.{key}" if above else str(key)))
    return flat


def _remove_leftovers(folder: Path) -> None:
    for path in list(folder.rglob(f"{_TEMPORARY}*")):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _write_through(path: Path, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)


def sync_folder(folder: Path) -> None:
    """Make the names of new files in a folder survive a power loss, as their content does.

    Args:
        folder: where they were made.
    """
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _read_json(path: Path) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{str(path.parent)!r} has no {path.name}", hint="is it a study folder?") from None
    except OSError as error:
        raise StudyError(f"cannot read {str(path)!r}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise StudyError(
            f"{str(path)!r} is damaged: {error}", hint="restore it, or start a new study"
        ) from None


def _explain(error: OSError, path: Path, *, size: int = 0) -> StudyError:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StudyError(
            f"no space left to write {str(path)!r} ({size:,} bytes needed{_free_space(path)})",
            hint="free some space and continue with --resume",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StudyError(
            f"{str(path)!r} is not writable: {error.strerror}",
            hint="choose a folder you may write to with --out",
        )
    return StudyError(
        f"cannot write {str(path)!r}: {error.strerror}", hint="choose another folder with --out"
    )


def _free_space(path: Path) -> str:
    try:
        disk = os.statvfs(path.parent)
    except OSError:
        return ""
    return f", {disk.f_bavail * disk.f_frsize:,} free"
