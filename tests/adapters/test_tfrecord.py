import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heldout.adapters.tfrecord import mask_crc, read_scalars
from heldout.errors import DataError

REAL = next((Path(__file__).parent / "fixtures" / "tensorboardx").iterdir())


def naive_crc(data):
    """CRC-32C bit by bit, as the definition has it."""
    code = 0xFFFFFFFF
    for byte in data:
        for bit in range(8):
            code = (code >> 1) ^ (0x82F63B78 if (code ^ (byte >> bit)) & 1 else 0)
    return code ^ 0xFFFFFFFF


def naive_mask(data):
    code = naive_crc(data)
    return ((code >> 15 | code << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def record(data):
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", naive_mask(length)) + data + struct.pack("<I", naive_mask(data))


def event(tag, step, value):
    name = tag.encode()
    item = b"\x0a" + varint(len(name)) + name + b"\x15" + struct.pack("<f", value)
    summary = b"\x0a" + varint(len(item)) + item
    return b"\x09" + bytes(8) + b"\x10" + varint(step) + b"\x2a" + varint(len(summary)) + summary


def test_check_value_of_the_standard():
    assert naive_crc(b"123456789") == 0xE3069283


@settings(max_examples=50)
@given(st.binary(max_size=80))
def test_checksum_agrees_with_the_definition(data):
    assert mask_crc(data) == naive_mask(data)


@settings(max_examples=30)
@given(
    st.lists(
        st.tuples(
            st.text(min_size=1, max_size=9), st.integers(0, 2**40), st.floats(width=32, allow_nan=False)
        )
    )
)
def test_what_is_written_is_read(items):
    raw = b"".join(record(event(*item)) for item in items)
    scalars, is_cut = read_scalars(raw, source="x")
    assert [(item.tag, item.step, item.value) for item in scalars] == items
    assert not is_cut


def test_real_file_cut_anywhere_is_read_up_to_there():
    raw = REAL.read_bytes()
    whole, _ = read_scalars(raw, source="x")
    assert len(whole) == 24
    for cut in range(len(raw) - 200, len(raw), 7):
        scalars, is_cut = read_scalars(raw[:cut], source="x")
        assert scalars == whole[: len(scalars)]
        assert is_cut or len(scalars) < len(whole)  # a cut between two records cannot be seen


def test_flipped_bits_are_refused():
    raw = bytearray(REAL.read_bytes())
    for place in range(len(raw) - 300, len(raw), 11):
        raw[place] ^= 4
        with pytest.raises(DataError, match=r"run-1: .* at byte \d+: the checksum does not hold"):
            read_scalars(bytes(raw), source="run-1")
        raw[place] ^= 4


def test_sound_frame_without_event_is_refused():
    with pytest.raises(DataError, match="record 1 at byte 0 is no event"):
        read_scalars(record(b"\x2a\xff\x01"), source="x")
