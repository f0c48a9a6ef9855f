"""The framing of TensorFlow records and the few fields of event files that hold scalars, read without TensorFlow.

Closed vocabulary: wall time is skipped; step, tag, `simple_value` and one-element float tensors are read; everything
else (images, texts, histograms, graphs) is stepped over. Checksums are CRC-32C, masked, as the format has it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from heldout.errors import DataError

_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected
_MASK_DELTA = 0xA282EAD8
# A scalar event is under 1 kB; larger records are images or graphs, whose checksum would cost a second a megabyte.
LARGEST_RECORD = 1 << 16
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FLOAT, _DOUBLE = 1, 2  # DataType of tensors


@dataclass(frozen=True)
class Scalar:
    """One logged number.

    Args:
        tag: its name.
        step: its position.
        value: the number.
        record: 1-based number of the record in the file.
    """

    tag: str
    step: int
    value: float
    record: int


def _make_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        code = byte
        for _ in range(8):
            code = (code >> 1) ^ (_POLYNOMIAL if code & 1 else 0)
        table.append(code)
    return tuple(table)


_TABLE = _make_table()


def mask_crc(data: bytes) -> int:
    """The masked CRC-32C of some bytes.

    Args:
        data: any bytes.

    Source:
        RFC 3720 B.4 for the check value; the mask is that of TensorFlow's record format.

    Example:
        >>> hex(((mask_crc(b"123456789") - 0xA282EAD8) % 2**32 << 15 | (mask_crc(b"123456789") - 0xA282EAD8)
        ...     % 2**32 >> 17) % 2**32)
        '0xe3069283'
    """
    code = 0xFFFFFFFF
    for byte in data:
        code = _TABLE[(code ^ byte) & 0xFF] ^ (code >> 8)
    code ^= 0xFFFFFFFF
    return (((code >> 15) | (code << 17)) + _MASK_DELTA) & 0xFFFFFFFF


def read_scalars(raw: bytes, *, source: str) -> tuple[tuple[Scalar, ...], bool]:
    """All scalars of one event file, and whether its last record is cut off.

    A cut-off last record is normal while the training runs, so it is told and not refused.

    Args:
        raw: content of the file.
        source: for messages.

    Raises:
        DataError: a checksum that does not hold, or a record that is no event.
    """
    scalars: list[Scalar] = []
    end = 0
    for number, (start, data) in enumerate(_split_records(raw, source), start=1):
        end = start + len(data) + 16
        if len(data) <= LARGEST_RECORD:
            _check(data, raw[start + 12 + len(data) : end], f"{source}: record {number} at byte {start}")
            try:
                scalars += _read_event(data, number)
            except (IndexError, struct.error, UnicodeDecodeError):
                raise DataError(f"{source}: record {number} at byte {start} is no event") from None
    return tuple(scalars), end < len(raw)


def _split_records(raw: bytes, source: str) -> Iterator[tuple[int, bytes]]:
    start = 0
    while start + 12 <= len(raw):
        (length,) = struct.unpack_from("<Q", raw, start)
        _check(raw[start : start + 8], raw[start + 8 : start + 12], f"{source}: length at byte {start}")
        if start + 16 + length > len(raw):
            return
        yield start, raw[start + 12 : start + 12 + length]
        start += 16 + length


def _check(data: bytes, given: bytes, where: str) -> None:
    if mask_crc(data) != int.from_bytes(given, "little"):
        raise DataError(
            f"{where}: the checksum does not hold (read {given.hex()})",
            hint="the file is damaged or no event file; copy it again",
        )


def _read_event(data: bytes, number: int) -> Iterator[Scalar]:
    fields = list(_split_fields(data))
    step = next((value for key, value in fields if key == 2 and isinstance(value, int)), 0)
    step = step - (1 << 64) if step >> 63 else step
    for key, summary in fields:
        if key != 5 or not isinstance(summary, bytes):
            continue
        for item, value in _split_fields(summary):
            if item == 1 and isinstance(value, bytes) and (found := _read_value(value)):
                yield Scalar(found[0], step, found[1], number)


def _read_value(data: bytes) -> tuple[str, float] | None:
    tag, value = "", None
    for key, content in _split_fields(data):
        if not isinstance(content, bytes):
            continue
        if key == 1:
            tag = content.decode("utf-8")
        elif key == 2:
            (value,) = struct.unpack("<f", content)
        elif key == 8:
            value = _read_tensor(content)
    return (tag, value) if tag and value is not None else None


def _read_tensor(data: bytes) -> float | None:
    """The number in a float tensor of one element, None for everything else."""
    kind, content, shape = 0, b"", b""
    for key, value in _split_fields(data):
        if key == 1 and isinstance(value, int):
            kind = value
        elif key == 2 and isinstance(value, bytes):
            shape = value
        elif key in (4, 5, 6) and isinstance(value, bytes):
            content = value
    form = {_FLOAT: "<f", _DOUBLE: "<d"}.get(kind)
    if form is None or len(content) != struct.calcsize(form) or len(shape) > 4:
        return None
    return struct.unpack(form, content)[0]


def _split_fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a protocol buffer message: number and content (fixed-width numbers as bytes)."""
    at = 0
    while at < len(data):
        key, at = _read_varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_varint(data, at)
            yield key >> 3, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind, -1)
        if kind == _BYTES:
            size, at = _read_varint(data, at)
        if size < 0 or at + size > len(data):
            raise IndexError
        yield key >> 3, data[at : at + size]
        at += size


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
        if shift > 63:
            raise IndexError
