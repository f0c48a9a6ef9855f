"""The zip container of a bundle: one canonical layout, so that equal members give equal bytes.

Only the members in `MEMBERS`, stored without compression, in this order, with the date 1980-01-01 and nothing else.
Because there is exactly one right file for given members, reading ends by writing again and comparing: any changed
or added byte is noticed, and no odd feature of the zip format (links, comments, extra data) can hide anything.

Source:
    PKWARE, APPNOTE.TXT 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end).
"""

from __future__ import annotations

import stat
import struct
import zlib

from heldout.errors import BundleError

MEMBERS = (
    "manifest.json",
    "recipe.json",
    "recipe.safetensors",
    "weights.safetensors",
    "rows.safetensors",
    "example.jsonl",
    "README.md",
)
MAX_BUNDLE_BYTES = 1 << 30
SAVE_AGAIN = "copy the bundle again from where it was made, or make it again with 'heldout fit'"

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE_1980_01_01 = (1 << 5) | 1
_VERSION = 20
_MADE_BY_UNIX = (3 << 8) | _VERSION
_PLAIN_FILE = (stat.S_IFREG | 0o644) << 16


def pack_members(members: dict[str, bytes]) -> bytes:
    """Write the members as one uncompressed zip with fixed order, dates and attributes.

    Args:
        members: the content of each name in `MEMBERS`.

    Returns:
        The bytes of the zip; the same members always give the same bytes.

    Example:
        >>> data = pack_members(dict.fromkeys(MEMBERS, b"{}"))
        >>> len(data)
        766
    """
    body, directory = bytearray(), bytearray()
    for name in MEMBERS:
        content, label = members[name], name.encode("ascii")
        crc, size = zlib.crc32(content), len(content)
        shared = (_VERSION, 0, 0, 0, _DATE_1980_01_01, crc, size, size, len(label), 0)
        directory += (
            _CENTRAL.pack(b"PK\x01\x02", _MADE_BY_UNIX, *shared, 0, 0, 0, _PLAIN_FILE, len(body)) + label
        )
        body += _LOCAL.pack(b"PK\x03\x04", *shared) + label + content
    count = len(MEMBERS)
    end = _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), 0)
    return bytes(body + directory + end)


def unpack_members(data: bytes, *, source: str) -> dict[str, bytes]:
    """Read the members of a bundle, refusing everything that `pack_members` would not have written.

    Args:
        data: the bytes of the file.
        source: name of the file, for messages.

    Returns:
        The content of each name in `MEMBERS`.

    Raises:
        BundleError: not a zip, cut short, extra or repeated or missing members, folders, links, encryption,
            compression, comments, extra data, or a checksum that does not fit.

    Example:
        >>> unpack_members(b"hello", source="a.zip")
        Traceback (most recent call last):
        heldout.errors.BundleError: a.zip is not a bundle: it does not end as a zip file without comment does
          -> copy the bundle again from where it was made, or make it again with 'heldout fit'
    """
    members: dict[str, bytes] = {}
    for name, start, size, crc in _read_directory(data, source):
        if name in members:
            raise _refuse(source, f"member {name!r} stands in it twice")
        content = data[start : start + size]
        if len(content) != size or zlib.crc32(content) != crc:
            raise _refuse(source, f"member {name!r} is damaged: its checksum does not fit its content")
        members[name] = content
    _check_names(list(members), source)
    if pack_members(members) != data:
        raise _refuse(source, "it holds bytes beside its members (extra data, other order, changed headers)")
    return members


def _read_directory(data: bytes, source: str) -> list[tuple[str, int, int, int]]:
    """List (name, first byte, size, checksum) of each entry of the central directory."""
    n_entries, directory, first = _read_end(data, source)
    entries, at = [], 0
    for _ in range(n_entries):
        if at + _CENTRAL.size > len(directory):
            raise _refuse(source, "its list of members is cut short")
        fields = _CENTRAL.unpack_from(directory, at)
        _, _, _, flags, method, _, _, crc, packed, size, n_name, n_extra, n_comment, _, _, mode, offset = (
            fields
        )
        raw_name = directory[at + _CENTRAL.size : at + _CENTRAL.size + n_name]
        name = raw_name.decode("ascii", errors="backslashreplace")
        _check_entry(name, flags, method, mode, source=source)
        if n_extra or n_comment or packed != size or offset + _LOCAL.size + n_name + size > first:
            raise _refuse(source, f"member {name!r} has extra data, a comment, or sizes that do not fit")
        entries.append((name, offset + _LOCAL.size + n_name, size, crc))
        at += _CENTRAL.size + n_name
    return entries


def _read_end(data: bytes, source: str) -> tuple[int, bytes, int]:
    """Read the number of members, the central directory and where it begins."""
    at = len(data) - _END.size
    if at < 0 or data[at : at + 4] != b"PK\x05\x06" or data[-2:] != b"\0\0":
        raise _refuse(source, "it does not end as a zip file without comment does")
    _, _, _, _, n_entries, size, first, _ = _END.unpack_from(data, at)
    if first + size != len(data) - _END.size:
        raise _refuse(source, "its list of members does not lie at its end")
    return n_entries, data[first : first + size], first


def _check_entry(name: str, flags: int, method: int, mode: int, *, source: str) -> None:
    """Refuse what an uncompressed plain file is not."""
    if name.endswith(("/", "\\")):
        raise _refuse(source, f"member {name!r} is a folder")
    if stat.S_ISLNK(mode >> 16):
        raise _refuse(source, f"member {name!r} is a symbolic link")
    if flags & 1:
        raise _refuse(source, f"member {name!r} is encrypted")
    if method != 0:
        raise _refuse(
            source, f"member {name!r} is compressed (method {method}); bundles are stored uncompressed"
        )
    if name not in MEMBERS:
        raise _refuse(source, f"member {name!r} is unknown, expected only {', '.join(MEMBERS)}")


def _check_names(names: list[str], source: str) -> None:
    absent = [name for name in MEMBERS if name not in names]
    if absent:
        raise _refuse(source, f"member {absent[0]!r} is missing")


def _refuse(source: str, reason: str) -> BundleError:
    return BundleError(f"{source} is not a bundle: {reason}", hint=SAVE_AGAIN)
