"""Bytes of a file: found, inflated within limits, and recognised by content before anything is parsed."""

from __future__ import annotations

import difflib
import gzip
import io
import lzma
import zlib
from pathlib import Path

from heldout.errors import DataError

GZIP_MAGIC, XZ_MAGIC, PARQUET_MAGIC = b"\x1f\x8b", b"\xfd7zXZ\x00", b"PAR1"
_CHUNK_BYTES = 1 << 20
# A table of text shrinks 5 to 50 times; 200 times above 100 MB is no table but a bomb (limits are assumptions).
_RATIO_LIMIT, _RATIO_FROM_BYTES, _ABSOLUTE_LIMIT = 200, 100_000_000, 20_000_000_000

_EXPORT = "save or export the table as CSV and give that file"
# first bytes -> (what it is, what to do); the closed list of kinds that are refused by content
_WRONG_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook (.xlsx)", f"open it and {_EXPORT}"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Office file (.xls)", f"open it and {_EXPORT}"),
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
_WRONG_TEXTS: tuple[tuple[str, str, str], ...] = (
    (
        "<!doctype html",
        "a web page (HTML)",
        "the download may have given a login or error page: fetch the data again",
    ),
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
    """The content of a file, inflated when it is gzip or xz, after checking that it can be a table.

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
    file = Path(path)
    raw = _read_whole(file)
    refuse_wrong_kind(raw, file.name)
    if raw.startswith((GZIP_MAGIC, XZ_MAGIC)):
        raw = inflate_bytes(raw, file.name)
        refuse_wrong_kind(raw, f"{file.name} (unpacked)")
    return raw


def _read_whole(file: Path) -> bytes:
    if file.is_dir():
        raise DataError(f"{str(file)!r} is a folder, a table file was expected", hint="give one file in it")
    try:
        return file.read_bytes()
    except FileNotFoundError:
        raise DataError(f"there is no file {str(file)!r}", hint=_suggest_file(file)) from None
    except OSError as error:
        raise DataError(f"cannot read {str(file)!r}: {error.strerror or error}") from None


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
    chunks: list[bytes] = []
    size = 0
    with io.BytesIO(raw) as packed, _open_packed(packed, is_gzip=raw.startswith(GZIP_MAGIC)) as stream:
        try:
            while chunk := stream.read(_CHUNK_BYTES):
                chunks.append(chunk)
                size += len(chunk)
                _check_inflation(size, len(raw), name)
        except EOFError:
            raise DataError(
                f"{name} is a damaged or truncated archive: it ends before its end mark",
                hint="copy or download it again",
            ) from None
        except (OSError, zlib.error, lzma.LZMAError) as error:
            raise DataError(
                f"{name} is a damaged or truncated archive ({error})", hint="copy or download it again"
            ) from None
    return b"".join(chunks)


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
    if not raw[:65536].strip(b"\r\n\t \x00\x1a\xef\xbb\xbf") and not raw.strip(
        b"\r\n\t \x00\x1a\xef\xbb\xbf"
    ):
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
    for beginning, kind, hint in _WRONG_TEXTS:
        if opening.startswith(beginning):
            raise DataError(f"{name} is {kind}, not a table", hint=hint)
