"""Bytes of a file: found, inflated within limits, and recognised by content before anything is parsed."""

from __future__ import annotations

import difflib
import gzip
import io
import lzma
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

from heldout.errors import DataError

GZIP_MAGIC, XZ_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"\xfd7zXZ\x00", b"PAR1"
ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16
# Memory that a table needs per byte of text: 2.7 mixed, 3.2 with every cell distinct (measured on 100 MB with 5
# million cells, bench/reading.py); asked for with a margin, and only where a file is large.
_MEMORY_RATIO, _LARGE_BYTES = 5, 500_000_000
# Members of an archive that are no data, and names that make a zip archive a workbook.
_NO_DATA = ("__MACOSX/", ".DS_Store", "Thumbs.db")
_WORKBOOK_MEMBERS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
# A table of text shrinks 5 to 50 times; 200 times above 100 MB is no table but a bomb (limits are assumptions).
_RATIO_LIMIT, _RATIO_FROM_BYTES, _ABSOLUTE_LIMIT = 200, 100_000_000, 20_000_000_000

_BLANKS = b"\r\n\t \x00\x1a\xef\xbb\xbf"
_EXPORT = "save or export the table as CSV and give that file"
# first bytes -> (what it is, what to do); the closed list of kinds that are refused by content
_WRONG_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"\x89PNG", "a PNG image", "give a table of text, Parquet or JSON lines"),
    (b"\xff\xd8\xff", "a JPEG image", "give a table of text, Parquet or JSON lines"),
    (b"GIF8", "a GIF image", "give a table of text, Parquet or JSON lines"),
    (b"%PDF", "a PDF document", "copy its table into a CSV file"),
    (b"SQLite format 3", "a SQLite database", "export the table you mean as CSV"),
    (b"\x89HDF", "an HDF5 file", _EXPORT),
    (b"\x93NUMPY", "a numpy array file", _EXPORT),
    (b"SIMPLE  =", "a FITS file", _EXPORT),
    (b"BZh", "a bzip2 archive", "unpack it first, or pack it with gzip or xz"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "unpack it first, or pack it with gzip or xz"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first, or pack it with gzip or xz"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer, not the data themselves",
        "fetch the data with 'git lfs pull'",
    ),
    (b"\x80\x04\x95", "a Python pickle, which can run code when opened", _EXPORT),
    (b"\x80\x05\x95", "a Python pickle, which can run code when opened", _EXPORT),
    (b"ARROW1", "an Arrow IPC file", "save it as Parquet"),
)
# A title and a line of letters; tables have delimiters in their second line.
_FASTA = re.compile(r">[^\r\n]*[\r\n]+[a-z*\-]{10,}[\r\n]")
_WRONG_TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "<!doctype html",
        "a web page (HTML)",
        "the download may have given a login or error page: fetch the data again",
    ),
    ("<head", "a web page (HTML)", "the download may have given a login or error page: fetch the data again"),
    ("<body", "a web page (HTML)", "the download may have given a login or error page: fetch the data again"),
    ("<html", "a web page (HTML)", "the download may have given a login or error page: fetch the data again"),
    ("<?xml", "an XML document", _EXPORT),
    (
        "@relation",
        "an ARFF file (Weka)",
        "delete the lines up to and including @data and name the columns in line 1",
    ),
    ("{\\rtf", "a rich text document", _EXPORT),
)


def load_bytes(path: str | Path) -> bytes:
    """The content of a file, unpacked when it is gzip, xz or a zip archive of one table.

    Args:
        path: file to read; the ending does not matter.

    Returns:
        The bytes of the table itself.

    Raises:
        DataError: the file is missing, a folder, empty, unreadable, truncated, inflates without bound, or is
            known by its first bytes to be no table.

    Example:
        >>> load_bytes("no-such-file.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: there is no file 'no-such-file.csv'
          -> check the path; it is read relative to the current folder
    """
    found = open_content(path)
    return found if isinstance(found, bytes) else _read(Path(path), -1)


def open_content(path: str | Path) -> bytes | Path:
    """The unpacked bytes of a packed file, or the path of a plain one, which can then be read in pieces.

    Args:
        path: file to read; the ending does not matter.

    Raises:
        DataError: as `load_bytes`; or the file is so large that its table would not fit into memory.

    Example:
        >>> open_content("no-such-file.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: there is no file 'no-such-file.csv'
          -> check the path; it is read relative to the current folder
    """
    file = Path(path)
    head = _read(file, _HEAD_BYTES)
    if len(head) == _HEAD_BYTES and not head.strip(_BLANKS):
        head = _read(file, -1)
    refuse_wrong_kind(head, file.name)
    if not head.startswith((GZIP_MAGIC, XZ_MAGIC, ZIP_MAGIC)):
        check_memory(file.stat().st_size, file.name)
        return file
    raw = _read(file, -1)
    if head.startswith(ZIP_MAGIC):
        if is_workbook(raw):
            return file
        raw = inflate_zip(raw, file.name)
    else:
        raw = inflate_bytes(raw, file.name)
    refuse_wrong_kind(raw, f"{file.name} (unpacked)")
    check_memory(len(raw), file.name)
    return raw


def read_head(content: bytes | Path) -> bytes:
    """The first bytes of what `open_content` gave, enough to know its kind."""
    return content[:_HEAD_BYTES] if isinstance(content, bytes) else _read(content, _HEAD_BYTES)


def _read(file: Path, size: int) -> bytes:
    if file.is_dir():
        raise DataError(f"{str(file)!r} is a folder, a table file was expected", hint="give one file in it")
    try:
        with file.open("rb") as stream:
            return stream.read(size)
    except FileNotFoundError:
        raise DataError(f"there is no file {str(file)!r}", hint=_suggest_file(file)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"cannot read {str(file)!r}: {reason}") from None


def check_memory(size: int, name: str) -> None:
    """Refuse a large file whose table would not fit into the memory that is free.

    Args:
        size: bytes of text.
        name: file name for messages.

    Raises:
        DataError: says what is needed and what is there.
    """
    if size < _LARGE_BYTES:
        return
    free = _find_free_memory()
    if free and _MEMORY_RATIO * size > free:
        raise DataError(
            f"{name} holds {size / 1e9:.1f} GB of text; its table needs about {_MEMORY_RATIO * size / 1e9:.1f} GB of "
            f"memory and {free / 1e9:.1f} GB are free",
            hint="use a larger machine, or give a sample of the rows or fewer columns",
        )


def _find_free_memory() -> int:
    """Bytes of memory that can be had without swapping, 0 where the system does not say."""
    free = 0
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                free = int(line.split()[1]) * 1024
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        used = int(Path("/sys/fs/cgroup/memory.current").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return free
    return min(free, int(limit) - used) if limit.isdecimal() else free


def _suggest_file(file: Path) -> str:
    try:
        names = [entry.name for entry in file.parent.iterdir()]
    except OSError:
        return f"the folder {str(file.parent)!r} does not exist or cannot be listed"
    near = difflib.get_close_matches(file.name, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {str(file.with_name(near[0]))!r}?"
    return "check the path; it is read relative to the current folder"


def inflate_bytes(raw: bytes, name: str) -> bytes:
    """The content of a gzip or xz file, refused when it is cut off or inflates without bound.

    Args:
        raw: the packed bytes.
        name: file name for messages.

    Raises:
        DataError: truncated or damaged archive; more than 200 times the packed size above 100 MB; above 20 GB.

    Example:
        >>> inflate_bytes(gzip.compress(b"a,b"), "t.gz")
        b'a,b'
        >>> inflate_bytes(gzip.compress(b"a,b")[:-9], "t.gz")
        Traceback (most recent call last):
        heldout.errors.DataError: t.gz is a damaged or truncated archive: it ends before its end mark
          -> copy or download it again
    """
    with io.BytesIO(raw) as packed, _open_packed(packed, is_gzip=raw.startswith(GZIP_MAGIC)) as stream:
        try:
            return _read_inflated(stream, len(raw), name)  # type: ignore[arg-type]
        except EOFError:
            raise DataError(
                f"{name} is a damaged or truncated archive: it ends before its end mark",
                hint="copy or download it again",
            ) from None
        except (OSError, zlib.error, lzma.LZMAError) as error:
            raise DataError(
                f"{name} is a damaged or truncated archive ({error})", hint="copy or download it again"
            ) from None


def is_workbook(raw: bytes) -> bool:
    """Whether a zip archive is a workbook of a spreadsheet program (.xlsx, .xlsb, .ods).

    Args:
        raw: the whole archive.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    return any(member in names for member in _WORKBOOK_MEMBERS)


def inflate_zip(raw: bytes, name: str) -> bytes:
    r"""The content of a zip archive that holds one file.

    Args:
        raw: the packed bytes.
        name: file name for messages.

    Raises:
        DataError: damaged or encrypted archive, no file or several files in it, or inflation without bound.

    Example:
        >>> inflate_zip(b"PK\x03\x04 and nothing else", "t.zip")
        Traceback (most recent call last):
        heldout.errors.DataError: t.zip is a damaged or truncated zip archive (File is not a zip file)
          -> copy or download it again
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [item for item in archive.infolist() if not item.is_dir() and _is_data(item.filename)]
            if len(members) != 1:
                shown = ", ".join(item.filename for item in members[:8]) or "none"
                raise DataError(
                    f"{name} is a zip archive of {len(members)} files ({shown}); one table was expected",
                    hint="unpack it and give the file you mean",
                )
            if members[0].flag_bits & 1:
                raise DataError(
                    f"{name} is an encrypted zip archive", hint="unpack it and give the file in it"
                )
            with archive.open(members[0]) as stream:
                return _read_inflated(stream, len(raw), name)
    except (
        zipfile.BadZipFile,
        EOFError,
        OSError,
        zlib.error,
        lzma.LZMAError,
        ValueError,
        NotImplementedError,
    ) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{name} is a damaged or truncated zip archive ({error})", hint="copy or download it again"
        ) from None


def _is_data(member: str) -> bool:
    return not member.startswith(_NO_DATA[0]) and not member.endswith(_NO_DATA[1:])


def _read_inflated(stream: IO[bytes], packed: int, name: str) -> bytes:
    out = io.BytesIO()
    while chunk := stream.read(_CHUNK_BYTES):
        out.write(chunk)
        _check_inflation(out.tell(), packed, name)
    return out.getvalue()


def _open_packed(packed: io.BytesIO, *, is_gzip: bool) -> gzip.GzipFile | lzma.LZMAFile:
    return gzip.GzipFile(fileobj=packed) if is_gzip else lzma.LZMAFile(packed)


def _check_inflation(size: int, packed: int, name: str) -> None:
    if (size > _RATIO_FROM_BYTES and size > _RATIO_LIMIT * packed) or size > _ABSOLUTE_LIMIT:
        raise DataError(
            f"{name} inflates from {packed} to more than {size} bytes; the limits are {_RATIO_LIMIT} times the packed "
            f"size above {_RATIO_FROM_BYTES // 1_000_000} MB and {_ABSOLUTE_LIMIT // 10**9} GB",
            hint="if the data are meant to be so large, unpack the file yourself and give the unpacked file",
        )


def refuse_wrong_kind(raw: bytes, name: str) -> None:
    """Refuse content that is known to be no table: empty, office files, images, web pages, archives.

    Args:
        raw: the first bytes at least.
        name: file name for messages.

    Raises:
        DataError: names what the content is and what to do.

    Example:
        >>> refuse_wrong_kind(b"<html><body>Login", "data.csv")
        Traceback (most recent call last):
        heldout.errors.DataError: data.csv is a web page (HTML), not a table
          -> the download may have given a login or error page: fetch the data again
    """
    if not raw:
        raise DataError(f"{name} is empty (0 bytes)", hint="check that the export or download was finished")
    if not raw[:_HEAD_BYTES].strip(_BLANKS) and not raw.strip(_BLANKS):
        raise DataError(
            f"{name} holds only line ends and blanks ({len(raw)} bytes)",
            hint="check that the export or download was finished",
        )
    for magic, kind, hint in _WRONG_KINDS:
        if raw.startswith(magic):
            raise DataError(f"{name} is {kind}, not a table", hint=hint)
    opening = raw[:4096].decode("latin-1").lstrip("\ufeff\u00ef\u00bb\u00bf \t\r\n").lower()
    # ARFF files may begin with % comments.
    while opening.startswith("%") and "\n" in opening:
        opening = opening.split("\n", 1)[1].lstrip()
    if _FASTA.match(opening):
        raise DataError(f"{name} is a FASTA file, not a table", hint="give it where sequences are expected")
    for beginning, kind, hint in _WRONG_TEXTS:
        if opening.startswith(beginning):
            raise DataError(f"{name} is {kind}, not a table", hint=hint)
