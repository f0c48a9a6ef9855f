"""The files of a folder or of an archive of many files: listed once, read one by one, never extracted."""

from __future__ import annotations

import gzip
import lzma
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from heldout.errors import DataError
from heldout.records import SetAside
from heldout.sources.files import GZIP_MAGIC, XZ_MAGIC, ZIP_MAGIC, inflate_bytes, is_workbook

# What programs leave behind in folders; hidden files are left out too.
_JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx", "ehthumbs.db", "icon\r"})
_MOST_FILES = 5_000_000
# One file of a folder of examples (assumption: larger ones are no example), and the same bounds against bombs as for
# packed tables.
_LARGEST_FILE, _RATIO, _RATIO_FROM, _LARGEST_ARCHIVE = 2_000_000_000, 200, 100_000_000, 50_000_000_000
_TAR_MARK_AT = 257
_ZIP_FAULTS = (zipfile.BadZipFile, EOFError, OSError, zlib.error, lzma.LZMAError, ValueError, RuntimeError)


@dataclass(frozen=True)
class FileSet:
    """The files below one place, in the order of their names.

    Args:
        name: the folder or archive, for messages.
        files: paths below it, with "/".
        sizes: bytes of each.
        load: gives the content of a file, or raises DataError.
        ignored: what is no file of the data (hidden files, links into nowhere), each with its reason.
        notes: one sentence for each thing worth knowing.
    """

    name: str
    files: tuple[str, ...]
    sizes: tuple[int, ...]
    load: Callable[[str], bytes]
    ignored: tuple[SetAside, ...] = ()
    notes: tuple[str, ...] = ()

    def read(self, file: str) -> bytes:
        """The content of a file, unpacked when it is gzip or xz.

        Raises:
            DataError: it cannot be read, is empty, or is a damaged archive.
        """
        raw = self.load(file)
        if raw.startswith((GZIP_MAGIC, XZ_MAGIC)):
            raw = inflate_bytes(raw, file)
        if not raw:
            raise DataError(f"{file} is empty (0 bytes)")
        return raw


def list_files(source: str | Path) -> FileSet | None:
    """The files of a folder, or of a zip or tar archive of several files; None when the source is one plain file.

    Archives are read in place. Hidden files and what file managers leave behind are ignored and counted.

    Args:
        source: folder or file.

    Raises:
        DataError: the folder holds no files or cannot be listed, or the archive is damaged.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "b.txt").write_text("x")
        ...     list_files(folder).files
        ('b.txt',)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     list_files(folder)
        Traceback (most recent call last):
        heldout.errors.DataError: ... holds no files
          -> check that the download or copy was finished
    """
    path = Path(source)
    if path.is_dir():
        found = _list_folder(path)
    elif path.is_file():
        found = _list_archive(path)
    else:
        return None
    if found is not None and not found.files:
        raise DataError(f"{found.name} holds no files", hint="check that the download or copy was finished")
    return found


def list_named(folder: str | Path, names: Sequence[str]) -> FileSet | None:
    """Files of a folder by their names, without listing the folder; None unless all of them are there.

    A table of a few pictures may lie in a folder of millions of other files.

    Args:
        folder: where they lie.
        names: paths below it, with "/"; "" stands for none.

    Example:
        >>> list_named(".", ["no-such-file.png"]) is None
        True
    """
    root = Path(folder)
    wanted = sorted(set(names) - {""})
    try:
        if not wanted or not all((root / name).is_file() for name in wanted):
            return None
    except (OSError, ValueError):
        return None

    def load(file: str) -> bytes:
        return _load_file(root / file, file)

    sizes = [(name, (root / name).stat().st_size) for name in wanted]
    return _collect(root.resolve().name or str(root), sizes, load, [])


def collect_names(folder: str | Path, *, most: int) -> frozenset[str]:
    """The names of the files below a folder without their folders; of a large one those that are met first.

    Args:
        folder: where to look.
        most: how many files are looked at.

    Example:
        >>> collect_names("no-such-folder", most=9)
        frozenset()
    """
    found: set[str] = set()
    for _, _, names in os.walk(folder):
        found.update(names)
        if len(found) >= most:
            break
    return frozenset(found)


def _is_junk(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part.casefold() in _JUNK for part in parts)


def _list_folder(root: Path) -> FileSet:
    entries: list[tuple[str, int]] = []
    ignored: list[tuple[str, str]] = []
    empty: list[str] = []
    seen = {os.path.realpath(root)}
    for place, folders, names in os.walk(root, followlinks=True, onerror=_refuse_listing):
        inner = Path(place).relative_to(root)
        # A link to a folder above would be walked for ever.
        folders[:] = [folder for folder in folders if _is_new(Path(place, folder), seen)]
        if not folders and not names:
            empty.append(inner.as_posix())
        for name in names:
            shown = (inner / name).as_posix()
            reason, size = _judge_file(Path(place, name), (*inner.parts, name))
            if reason:
                ignored.append((shown, reason))
            else:
                entries.append((shown, size))
        if len(entries) > _MOST_FILES:
            raise DataError(f"{root} holds more than {_MOST_FILES:,} files", hint="give a smaller folder")
    notes = (f"{root.name} has folders without a file: {', '.join(sorted(empty)[:8])}",) if empty else ()

    def load(file: str) -> bytes:
        return _load_file(root / file, file)

    return _collect(root.resolve().name or str(root), entries, load, ignored, notes=notes)


def _refuse_listing(error: OSError) -> None:
    raise DataError(f"cannot list the folder {error.filename!r}: {error.strerror}") from None


def _is_new(folder: Path, seen: set[str]) -> bool:
    real = os.path.realpath(folder)
    is_new = real not in seen
    seen.add(real)
    return is_new


def _judge_file(path: Path, parts: tuple[str, ...]) -> tuple[str, int]:
    if _is_junk(parts):
        return "a hidden file or one that a file manager left behind", 0
    try:
        # Opening a pipe or a device would wait for ever.
        return ("", path.stat().st_size) if path.is_file() else ("no regular file", 0)
    except OSError as error:
        return f"cannot be read: {error.strerror}", 0


def _load_file(path: Path, shown: str) -> bytes:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise DataError(f"{shown} cannot be read: {getattr(error, 'strerror', None) or error}") from None
    if len(raw) > _LARGEST_FILE:
        raise DataError(f"{shown} is larger than {_LARGEST_FILE // 10**9} GB")
    return raw


def _collect(
    name: str,
    entries: list[tuple[str, int]],
    load: Callable[[str], bytes],
    ignored: list[tuple[str, str]],
    *,
    notes: tuple[str, ...] = (),
) -> FileSet:
    entries = sorted(entries)
    aside = tuple(SetAside(0, reason, text=file, kind="dropped") for file, reason in sorted(ignored))
    return FileSet(
        name, tuple(file for file, _ in entries), tuple(size for _, size in entries), load, aside, notes
    )


def _list_archive(path: Path) -> FileSet | None:
    try:
        with path.open("rb") as stream:
            head = stream.read(512)
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror}") from None
    if head.startswith(ZIP_MAGIC):
        return _list_zip(path)
    if _is_tar(head):
        return _list_tar(path.open("rb"), path.name)
    if head.startswith((GZIP_MAGIC, XZ_MAGIC)):
        return _list_packed_tar(path, is_gzip=head.startswith(GZIP_MAGIC))
    return None


def _is_tar(head: bytes) -> bool:
    return head[_TAR_MARK_AT : _TAR_MARK_AT + 5] == b"ustar"


def _list_zip(path: Path) -> FileSet | None:
    try:
        archive = zipfile.ZipFile(path)
        members = archive.infolist()
    except _ZIP_FAULTS:
        return None  # the reader of tables says what is wrong with it
    names = [member.filename for member in members]
    if "[Content_Types].xml" in names or any(name.endswith(".npy") for name in names):
        return None
    if is_workbook(path.read_bytes()):
        return None
    entries: dict[str, zipfile.ZipInfo] = {}
    ignored: list[tuple[str, str]] = []
    for member in members:
        reason = _judge_member(member, entries)
        if reason:
            ignored.append((member.filename, reason))
        elif not member.is_dir():
            entries[member.filename] = member
    if len(entries) < 2:
        return None

    def load(file: str) -> bytes:
        return _load_member(archive, entries[file])

    sizes = [(file, member.file_size) for file, member in entries.items()]
    return _collect(path.name, sizes, load, ignored)


def _judge_member(member: zipfile.ZipInfo, known: dict[str, zipfile.ZipInfo]) -> str:
    if _is_junk(PurePosixPath(member.filename).parts):
        return "a hidden file or one that a file manager left behind"
    if member.filename in known:
        return "the archive holds this name twice"
    return "encrypted" if member.flag_bits & 1 else ""


def _load_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    size = member.file_size
    if size > _LARGEST_FILE or (size > _RATIO_FROM and size > _RATIO * max(member.compress_size, 1)):
        raise DataError(f"{member.filename} would inflate from {member.compress_size} to {size} bytes")
    try:
        return archive.read(member)
    except (*_ZIP_FAULTS, NotImplementedError) as error:
        raise DataError(f"{member.filename} is damaged in the archive ({error})") from None


def _list_packed_tar(path: Path, *, is_gzip: bool) -> FileSet | None:
    packed = path.stat().st_size
    spool = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the files are read
    try:
        with gzip.open(path) if is_gzip else lzma.open(path) as stream:
            head = stream.read(512)
            if not _is_tar(head):
                spool.close()
                return None
            spool.write(head)
            _spool(stream, spool, packed, path.name)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        spool.close()
        raise DataError(
            f"{path.name} is a damaged or truncated archive ({error})", hint="copy or download it again"
        ) from None
    return _list_tar(spool, path.name)


def _spool(stream: gzip.GzipFile | lzma.LZMAFile, spool: IO[bytes], packed: int, name: str) -> None:
    while chunk := stream.read(1 << 20):
        spool.write(chunk)
        size = spool.tell()
        if (size > _RATIO_FROM and size > _RATIO * packed) or size > _LARGEST_ARCHIVE:
            raise DataError(
                f"{name} inflates from {packed} to more than {size} bytes",
                hint="unpack it yourself and give the folder",
            )


class _Descriptor:
    """An open file that is closed when nothing reads from it any more."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


def _list_tar(stream: IO[bytes], name: str) -> FileSet:
    places: dict[str, tuple[int, int]] = {}
    ignored: list[tuple[str, str]] = []
    try:
        stream.seek(0)
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for member in archive:
                _place_member(member, places, ignored)
    except (tarfile.TarError, EOFError, OSError, ValueError, OverflowError) as error:
        stream.close()
        raise DataError(
            f"{name} is a damaged or truncated tar archive ({error})", hint="copy or download it again"
        ) from None
    kept = _Descriptor(os.dup(stream.fileno()))
    stream.close()

    def load(file: str) -> bytes:
        start, size = places[file]
        if size > _LARGEST_FILE:
            raise DataError(f"{file} is larger than {_LARGEST_FILE // 10**9} GB")
        # Unlike a seek, this may be done by several threads at once.
        raw = os.pread(kept.number, size, start)
        if len(raw) < size:
            raise DataError(f"{file} is cut short: {len(raw)} of {size} bytes are in the archive")
        return raw

    return _collect(name, [(file, size) for file, (_, size) in places.items()], load, ignored)


def _place_member(
    member: tarfile.TarInfo, places: dict[str, tuple[int, int]], ignored: list[tuple[str, str]]
) -> None:
    if member.isdir():
        return
    name = str(PurePosixPath(member.name))
    if _is_junk(PurePosixPath(name).parts):
        ignored.append((name, "a hidden file or one that a file manager left behind"))
    elif not member.isreg() or member.issparse():
        ignored.append((name, "no regular file"))
    elif name in places:
        ignored.append((name, "the archive holds this name twice"))
    else:
        places[name] = (member.offset_data, member.size)


def as_file_set(name: str, contents: dict[str, bytes]) -> FileSet:
    """A file set of contents in memory, for a single file and for tests.

    Args:
        name: for messages.
        contents: content by path.

    Example:
        >>> as_file_set("x", {"b": b"2", "a": b"1"}).files
        ('a', 'b')
    """
    return _collect(name, [(file, len(raw)) for file, raw in contents.items()], contents.__getitem__, [])
